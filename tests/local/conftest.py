"""The real web server, shared by the tests that need one."""

from __future__ import annotations

import http.client
import shutil
import socket
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from materials.models import MaterialNode
from materials.services import create_node
from tenants.scopes import Scope
from tenants.services import create_tenant, issue_api_key
from tests.processes import eventually, start


@dataclass(frozen=True, kw_only=True)
class Gunicorn:
    """The web server that all tests of this folder share: starting one costs more than most of them."""

    port: int
    pid: int
    log: Path
    objects: Path


class Server:
    """The running gunicorn as one test sees it, with a tenant's key and a node to upload to."""

    def __init__(self, gunicorn: Gunicorn, key: str, node: MaterialNode) -> None:
        self.port, self.pid, self.key = gunicorn.port, gunicorn.pid, key
        self.path = f"/api/v1/nodes/{node.pk}/entries"
        self._objects, self._log = gunicorn.objects, gunicorn.log
        self._log_before = self._log.stat().st_size

    def stored(self) -> list[Path]:
        return [path for path in self._objects.rglob("*") if path.is_file()]

    def logged(self) -> str:
        """Return what was logged since the test began."""
        return self._log.read_bytes()[self._log_before :].decode()

    def memory(self) -> int:
        family = [psutil.Process(self.pid), *psutil.Process(self.pid).children(recursive=True)]
        return max(process.memory_info().rss for process in family)

    def head(self, *headers: str) -> bytes:
        lines = [f"POST {self.path} HTTP/1.1", "Host: localhost", f"X-API-Key: {self.key}", *headers, "", ""]
        return "\r\n".join(lines).encode()

    def send(self, parts: Iterable[bytes]) -> int:
        """Send raw bytes and return the status of the answer."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=30) as connection:
            for part in parts:
                connection.sendall(part)
            connection.shutdown(socket.SHUT_WR)
            answer = http.client.HTTPResponse(connection)
            answer.begin()
            return answer.status


@pytest.fixture(scope="package")
def gunicorn(tmp_path_factory: pytest.TempPathFactory, django_db_setup: None) -> Iterator[Gunicorn]:
    folder = tmp_path_factory.mktemp("web")
    log, objects = folder / "web.log", folder / "objects"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    arguments = ["-m", "gunicorn", "project.wsgi", "--bind", f"127.0.0.1:{port}", "--worker-class", "gthread"]
    process = start(
        *arguments, "--threads", "4", "--no-control-socket", log=log, OBJECTS_DIR=str(objects),
        UPLOAD_MAX_BYTES="300MiB", DOCUMENT_MAX_BYTES="300MiB",
    )  # fmt: skip

    def answers() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    eventually(answers, seconds=30, what="the web server did not come up", log=log)
    yield Gunicorn(port=port, pid=process.pid, log=log, objects=objects)
    process.terminate()
    process.wait(timeout=20)


@pytest.fixture
def server(gunicorn: Gunicorn) -> Iterator[Server]:
    tenant = create_tenant(slug="acme", name="Acme")
    issued = issue_api_key(tenant=tenant, label="t", scopes=[Scope.PREP], prep_per_minute=1000, check_per_minute=1000)
    yield Server(gunicorn, issued.secret, create_node(tenant=tenant, title="Course"))
    shutil.rmtree(gunicorn.objects, ignore_errors=True)
