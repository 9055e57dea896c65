"""Uploads through the real web server: what a test client cannot show."""

from __future__ import annotations

import http.client
import shutil
import socket
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from materials.models import MaterialEntry, MaterialNode
from materials.services import create_node
from tenants.models import Tenant
from tenants.scopes import Scope
from tenants.services import create_tenant, issue_api_key
from tests.processes import eventually, start

pytestmark = pytest.mark.django_db(transaction=True)

MIB = 2**20


@dataclass(frozen=True, kw_only=True)
class Gunicorn:
    """The web server that all tests of this module share: starting one costs more than most of them."""

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


@pytest.fixture(scope="module")
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


def test_a_body_that_ends_early_leaves_nothing(server: Server) -> None:
    head = server.head("Content-Type: text/markdown", "Content-Length: 100", "Connection: close")

    status = server.send([head, b"# Half of it"])

    assert status == 400
    assert server.stored() == []
    assert not MaterialEntry.objects.exists()


@pytest.mark.parametrize("kind", ["text/markdown", "multipart/form-data; boundary=b"])
@pytest.mark.parametrize("goes", ["politely", "abruptly"])
def test_a_client_that_goes_away_leaves_nothing(server: Server, goes: str, kind: str) -> None:
    start_of_form = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.md"\r\n\r\n'
    connection = socket.create_connection(("127.0.0.1", server.port))
    if goes == "abruptly":
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.sendall(server.head(f"Content-Type: {kind}", f"Content-Length: {50 * MIB}"))
    connection.sendall((start_of_form if "form" in kind else b"") + b"x" * MIB)
    eventually(server.stored, seconds=10, what="nothing was received")

    connection.close()

    eventually(lambda: not server.stored(), seconds=10, what="a partial file stayed")
    assert not MaterialEntry.objects.exists()
    assert "Traceback" not in server.logged()


def test_a_body_of_unknown_length_is_refused(server: Server) -> None:
    chunked = server.head("Content-Type: text/markdown", "Transfer-Encoding: chunked", "Connection: close")

    assert server.send([chunked, b"5\r\nhello\r\n0\r\n\r\n"]) == 411


@pytest.mark.parametrize("form", [False, True])
def test_a_big_file_takes_no_memory(server: Server, form: bool) -> None:
    start_of_form = b'--b\r\nContent-Disposition: form-data; name="file"; filename="big.txt"\r\n\r\n' if form else b""
    end_of_form = b"\r\n--b--\r\n" if form else b""
    size = 200 * MIB + len(start_of_form) + len(end_of_form)
    kind = "multipart/form-data; boundary=b" if form else "text/plain"
    name = 'Content-Disposition: attachment; filename="big.txt"'
    headers = [f"Content-Type: {kind}", f"Content-Length: {size}", "Connection: close", *([] if form else [name])]
    server.send([server.head("Content-Type: text/plain", "Content-Length: 5", "Connection: close"), b"hello"])
    before = server.memory()
    block = b"A line of text that is sixty-three characters long, more or less.\n" * 16_000
    block = block[:MIB]
    taken = []

    def body() -> Iterator[bytes]:
        yield server.head(*headers) + start_of_form
        yield from [block] * 199
        taken.append(server.memory())
        yield block + end_of_form

    status = server.send(body())

    assert status == 201
    assert max(*taken, server.memory()) - before < 40 * MIB
    assert MaterialEntry.objects.get(name="big.txt").size_bytes == 200 * MIB
    assert Tenant.objects.count() == 1
