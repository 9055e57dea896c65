"""The real web server, and one test's view of it."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from materials.models import MaterialNode
from tests.process_table import eventually, start


@dataclass(frozen=True, kw_only=True)
class Gunicorn:
    """A running web server. Starting one costs more than most tests, so that the tests of a module share it."""

    port: int
    pid: int
    log: Path


@contextmanager
def gunicorn(folder: Path, *, environment: Mapping[str, str], threads: int = 4) -> Iterator[Gunicorn]:
    """Run the web server as production does. Needs the test database."""
    log = folder / "web.log"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    arguments = ["-m", "gunicorn", "-c", "config/gunicorn.py", "--bind", f"127.0.0.1:{port}"]
    process = start(*arguments, log=log, WEB_THREADS=str(threads), **environment)

    def answers() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    try:
        eventually(answers, seconds=60, what="the web server did not come up", log=log)
        yield Gunicorn(port=port, pid=process.pid, log=log)
    finally:
        process.terminate()
        process.wait(timeout=20)


class Server:
    """The running gunicorn as one test sees it, with a tenant's key and a node to upload to."""

    def __init__(self, gunicorn: Gunicorn, key: str, node: MaterialNode) -> None:
        self.port, self.pid, self.key = gunicorn.port, gunicorn.pid, key
        self.path = f"/api/v1/nodes/{node.pk}/entries"
        self._log = gunicorn.log
        self._log_before = self._log.stat().st_size

    def logged(self) -> str:
        """Return what was logged since the test began."""
        return self._log.read_bytes()[self._log_before :].decode()

    def memory(self) -> int:
        """Return the resident bytes of its largest process."""
        family = [psutil.Process(self.pid), *psutil.Process(self.pid).children(recursive=True)]
        return max(process.memory_info().rss for process in family)

    def head(self, *headers: str, method: str = "POST", path: str = "", key: str | None = None) -> bytes:
        given = self.key if key is None else key
        lines = [f"{method} {path or self.path} HTTP/1.1", "Host: localhost"]
        if given:
            lines.append(f"X-API-Key: {given}")
        return "\r\n".join([*lines, *headers, "", ""]).encode()

    def send(self, parts: Iterable[bytes]) -> int:
        """Send raw bytes and return the status of the answer."""
        return self.asked(parts)[0]

    def asked(self, parts: Iterable[bytes]) -> tuple[int, dict[str, Any]]:
        """Send raw bytes and return status and body of the answer."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=60) as connection:
            for part in parts:
                connection.sendall(part)
            connection.shutdown(socket.SHUT_WR)
            answer = http.client.HTTPResponse(connection)
            answer.begin()
            return answer.status, json.loads(answer.read() or b"{}")
