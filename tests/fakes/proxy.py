"""An HTTP proxy on 127.0.0.1 that spoils what a test tells it to spoil."""

from __future__ import annotations

import contextlib
import http.client
import socket
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self
from urllib.parse import urlsplit


@dataclass(frozen=True, kw_only=True)
class Refuse:
    """Answer instead of the server."""

    status: int = 503


@dataclass(frozen=True, kw_only=True)
class RefuseHeaders:
    """Answer instead of the server when the request has a header that begins like this; else hand it on."""

    beginning: str
    status: int = 400


@dataclass(frozen=True, kw_only=True)
class Slow:
    """Wait before the request is handed on."""

    seconds: float


@dataclass(frozen=True, kw_only=True)
class CutRequest:
    """Reset the connection when so many bytes of the request's body have come."""

    after_bytes: int


@dataclass(frozen=True, kw_only=True)
class CutAnswer:
    """Hand the request on, and reset the connection when so many bytes of the answer's body have gone."""

    after_bytes: int


@dataclass(frozen=True, kw_only=True)
class NoAnswer:
    """Hand the request on, and reset the connection instead of answering."""


Fault = Refuse | RefuseHeaders | Slow | CutRequest | CutAnswer | NoAnswer


class FaultyProxy:
    """Hands requests on to a server inside its `with` block. `fault` looks at the method and the path with its query.

    `asked` holds both of every request, in order, and `headers` what came with them.
    """

    def __init__(self, server: str) -> None:
        self.target = urlsplit(server).netloc
        self.fault: Callable[[str, str], Fault | None] = lambda _method, _path: None
        self.asked: list[tuple[str, str]] = []
        self.headers: list[Message] = []
        self._listener = _Listener(self)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._listener.server_address[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._listener.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._listener.shutdown()
        self._listener.server_close()


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, proxy: FaultyProxy) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.proxy = proxy

    def handle_error(self, request: object, client_address: object) -> None:
        """Stay silent: broken connections are what this is for."""


class _Handler(BaseHTTPRequestHandler):
    server: _Listener
    connection: socket.socket
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: object) -> None:
        return

    def _serve(self) -> None:
        proxy = self.server.proxy
        proxy.asked.append((self.command, self.path))
        proxy.headers.append(self.headers)
        fault = proxy.fault(self.command, self.path)
        length = int(self.headers.get("Content-Length") or 0)
        if isinstance(fault, CutRequest):
            self.rfile.read(min(fault.after_bytes, length))
            self._reset()
            return
        body = self.rfile.read(length)
        if len(body) < length:
            self.close_connection = True
        elif isinstance(fault, Refuse) or (isinstance(fault, RefuseHeaders) and self._has(fault.beginning)):
            self.send_response(fault.status)
            self.send_header("Content-Length", "0")
            self.end_headers()
        else:
            if isinstance(fault, Slow):
                time.sleep(fault.seconds)
            self._hand_on(body, fault)

    def _has(self, beginning: str) -> bool:
        return any(name.lower().startswith(beginning) for name in self.headers)

    def _hand_on(self, body: bytes, fault: Fault | None) -> None:
        with contextlib.closing(http.client.HTTPConnection(self.server.proxy.target)) as server:
            server.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():
                if name.lower() not in {"expect", "connection"}:
                    server.putheader(name, value)
            server.endheaders(body)
            answer = server.getresponse()
            content = answer.read()
            if isinstance(fault, NoAnswer):
                self._reset()
                return
            self.send_response_only(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in {"connection", "transfer-encoding", "content-length"}:
                    self.send_header(name, value)
            announced = answer.getheader("Content-Length") if self.command == "HEAD" else str(len(content))
            self.send_header("Content-Length", announced or "0")
            self.end_headers()
            if isinstance(fault, CutAnswer):
                self.wfile.write(content[: fault.after_bytes])
                self._reset()
            else:
                self.wfile.write(content)

    def _reset(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = _serve  # noqa: N815  # the names that the handler looks for
