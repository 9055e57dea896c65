"""uvicorn, with streams that end before it waits for connections, and connections that the web server hands over."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from pathlib import Path

import uvicorn

from project import logs
from project.server.handover import MAX_MESSAGE_BYTES
from project.streams.application import StreamApplication

# What clients have that read slowly when the process ends; then they are cut off, and connect again all the same.
GRACE_SECONDS = 10

log = logs.get_logger(__name__)


class StreamServer(uvicorn.Server):
    """Serves a StreamApplication until SIGTERM, on a port and, for connections handed over, on a socket file."""

    def __init__(self, application: StreamApplication, *, host: str, port: int, handover: str = "") -> None:
        config = uvicorn.Config(
            application,
            host=host,
            port=port,
            http="httptools",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,  # `project.http.requests` logs each request
            server_header=False,
            proxy_headers=False,  # `X-Forwarded-…` counts as TRUSTED_PROXIES says
            backlog=2048,
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
        super().__init__(config)
        self._application = application
        self._handover = handover
        self._adopting: set[asyncio.Task[None]] = set()
        self._listener: socket.socket | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self._application.start()
        await super().startup(sockets=sockets)
        if self._handover:
            self._listener = _bind(self._handover)
            asyncio.get_running_loop().add_reader(self._listener, self._accept_web_server, self._listener)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if self._listener is not None:
            asyncio.get_running_loop().remove_reader(self._listener)
            self._listener.close()
            with contextlib.suppress(OSError):
                os.unlink(self._handover)  # noqa: PTH108  # a socket, which pathlib would unlink in the same way
        self._application.close()
        await super().shutdown(sockets=sockets)
        await self._application.stop()

    def _accept_web_server(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            channel, _ = listener.accept()
            channel.setblocking(False)
            asyncio.get_running_loop().add_reader(channel, self._receive_connection, channel)

    def _receive_connection(self, channel: socket.socket) -> None:
        """Take one connection, with what was received on it, of a process of the web server."""
        try:
            received, handles, _, _ = socket.recv_fds(channel, MAX_MESSAGE_BYTES, 1)
        except BlockingIOError:
            return
        except OSError:
            received, handles = b"", []
        if not handles:
            asyncio.get_running_loop().remove_reader(channel)
            channel.close()
            return
        task = asyncio.get_running_loop().create_task(self._adopt(socket.socket(fileno=handles[0]), received))
        self._adopting.add(task)
        task.add_done_callback(self._adopting.discard)

    async def _adopt(self, client: socket.socket, received: bytes) -> None:
        client.setblocking(False)
        protocol = self.config.http_protocol_class(  # type: ignore[call-arg]
            config=self.config, server_state=self.server_state, app_state={}
        )
        try:
            await asyncio.get_running_loop().connect_accepted_socket(lambda: protocol, client)
        except OSError:
            client.close()
            return
        protocol.data_received(received)


def _bind(path: str) -> socket.socket:
    """Return a listening socket file, for this user alone. One that a killed process has left is replaced."""
    with contextlib.suppress(FileNotFoundError):
        Path(path).unlink()
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    before = os.umask(0o177)
    try:
        listener.bind(path)
    finally:
        os.umask(before)
    listener.listen()
    listener.setblocking(False)
    return listener
