"""The running process that waits, and clients that read its events."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.process_table import eventually, start


@dataclass(frozen=True, kw_only=True)
class StreamEvent:
    """One event as a client reads it."""

    name: str
    data: dict[str, Any]
    id: str = ""


@dataclass(kw_only=True)
class ReadStream:
    """An open stream: `read` waits for the next event. `comments` and `retry` are what came beside events."""

    connection: http.client.HTTPConnection
    response: http.client.HTTPResponse
    comments: list[str] = field(default_factory=list)
    retry: int = 0

    def read(self) -> StreamEvent | None:
        """Return the next event, or None when the stream has ended."""
        found: dict[str, str] = {}
        while line := self.response.readline().decode():
            name, _, value = line.rstrip("\n").partition(": ")
            if line.startswith(":"):
                self.comments.append(value)
            elif name == "retry":
                self.retry = int(value)
            elif name:
                found[name] = value
            elif "data" in found:
                return StreamEvent(name=found["event"], data=json.loads(found["data"]), id=found.get("id", ""))
        return None

    def read_until_end(self) -> list[StreamEvent]:
        return list(iter(self.read, None))

    def close(self) -> None:
        self.response.close()
        self.connection.close()


@dataclass(frozen=True, kw_only=True)
class WholeAnswer:
    """A whole answer."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes


@dataclass(frozen=True, kw_only=True)
class StreamProcess:
    """A running `manage.py stream_events`, with the streams that are open."""

    port: int
    pid: int
    log: Path
    opened: list[ReadStream] = field(default_factory=list)

    def open(self, path: str, key: str, **headers: str) -> ReadStream:
        """Open a stream; fails unless it is one."""
        connection, response = self._request(path, key, headers)
        stream = ReadStream(connection=connection, response=response)
        self.opened.append(stream)
        assert response.status == 200, (response.status, response.read())
        return stream

    def ask(self, path: str, key: str, **headers: str) -> WholeAnswer:
        """Return the whole answer to a request, the head alone of a stream."""
        connection, response = self._request(path, key, headers)
        is_stream = response.status == 200 and response.headers["Content-Type"] == "text/event-stream"
        body = b"" if is_stream else response.read()
        response.close()
        connection.close()
        return WholeAnswer(status=response.status, headers=response.headers, body=body)

    def close_streams(self) -> None:
        while self.opened:
            self.opened.pop().close()

    def _request(
        self, path: str, key: str, headers: Mapping[str, str]
    ) -> tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request("GET", f"/api/v1/{path}", headers={"X-API-Key": key, "Host": "localhost", **named})
        return connection, connection.getresponse()


def find_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def stream_process(folder: Path, **environment: str) -> Iterator[StreamProcess]:
    """Run the process as `make up` does. Needs the test database."""
    log, port = folder / "streams.log", find_port()
    arguments = ["manage.py", "stream_events", "--port", str(port)]
    process = start(*arguments, log=log, **{"STREAMS_SOCKET": "", "LOG_LEVEL": "INFO", **environment})

    def answers() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    try:
        eventually(answers, seconds=120, what="the process did not come up", log=log)
        yield StreamProcess(port=port, pid=process.pid, log=log)
    finally:
        process.terminate()
        process.wait(timeout=30)
