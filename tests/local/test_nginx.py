"""The nginx configuration that operators are given, in a real nginx before the real web server."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import socket
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from materials.models import MaterialEntry
from tests.fakes.dns import NameServer
from tests.local.conftest import Server
from tests.process_table import eventually
from tests.web_server import Gunicorn

pytestmark = pytest.mark.django_db(transaction=True)

MIB = 2**20
GIVEN = settings.BASE_DIR / "config" / "nginx" / "coursewright.conf"
MAIN = """
{user}
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
worker_processes 1;
events {{}}
http {{
    client_body_temp_path {folder}/bodies;
    proxy_temp_path {folder}/answers;
    fastcgi_temp_path {folder}/unused;
    uwsgi_temp_path {folder}/unused;
    scgi_temp_path {folder}/unused;
    include {folder}/coursewright.conf;
}}
"""


@dataclass(frozen=True, kw_only=True)
class Nginx:
    """A running nginx: its port, its folder, and the name server that it asks for `coursewright`."""

    port: int
    folder: Path
    names: NameServer

    def ask(self, path: str, *, data: bytes | None = None, **headers: str) -> tuple[int, Any, Any]:
        """Return status, headers and the answer's JSON."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", data=data, headers=named)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310  # an address of our own
                return answer.status, answer.headers, json.load(answer)
        except urllib.error.HTTPError as refused:
            return refused.code, refused.headers, json.load(refused)

    def spooled(self) -> list[Path]:
        """Return the files that nginx itself keeps of bodies and answers."""
        kept = (self.folder / "bodies", self.folder / "answers")
        return [path for folder in kept for path in folder.rglob("*") if path.is_file()]


def changed(text: str, *changes: tuple[str, str]) -> str:
    """Replace what differs between a Docker network and this machine: each of them stands there once."""
    for before, after in changes:
        assert text.count(before) == 1, before
        text = text.replace(before, after)
    return text


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture(scope="module")
def nginx(gunicorn: Gunicorn, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nginx]:
    program = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None:
        if os.environ.get("CI"):
            pytest.fail("CI must have nginx.")
        pytest.skip("nginx is not installed here; CI has it (Debian: apt install nginx-light)")
    folder, port = tmp_path_factory.mktemp("nginx"), free_port()
    with NameServer("127.0.0.1") as names:
        text = changed(
            GIVEN.read_text(),
            ("listen 80;", f"listen 127.0.0.1:{port};"),
            ("/var/log/nginx/coursewright.log", str(folder / "access.log")),
            ("resolver 127.0.0.11 valid=10s", f"resolver 127.0.0.1:{names.port} valid=1s"),
            ("http://coursewright:8000", f"http://coursewright:{gunicorn.port}"),
        )
        (folder / "coursewright.conf").write_text(text)
        main = folder / "nginx.conf"
        main.write_text(MAIN.format(folder=folder, user="user root;" if os.geteuid() == 0 else ""))
        tested = subprocess.run([program, "-t", "-c", str(main)], capture_output=True, text=True, check=False)
        assert tested.returncode == 0, tested.stderr
        assert "warn" not in tested.stderr
        process = subprocess.Popen([program, "-c", str(main)], stderr=subprocess.DEVNULL)
        found = Nginx(port=port, folder=folder, names=names)
        eventually(lambda: answers(found), seconds=60, what="nginx did not come up", log=folder / "error.log")
        yield found
        process.terminate()
        process.wait(timeout=20)


def answers(nginx: Nginx) -> bool:
    try:
        return nginx.ask("/health/live")[0] == 200
    except urllib.error.URLError:
        return False


def test_an_upload_streams_through(nginx: Nginx, server: Server) -> None:
    block = (b"A line of text that is sixty-three characters long, more or less.\n" * 16_000)[:MIB]
    head = server.head(
        "Content-Type: text/plain",
        f"Content-Length: {40 * MIB}",
        'Content-Disposition: attachment; filename="big.txt"',
        "Connection: close",
    )
    with socket.create_connection(("127.0.0.1", nginx.port), timeout=30) as connection:
        connection.sendall(head)
        for _ in range(20):
            connection.sendall(block)
        eventually(
            lambda: sum(path.stat().st_size for path in server.stored()) > 10 * MIB,
            seconds=60, what="nothing came through before the body had ended",
        )  # fmt: skip
        assert nginx.spooled() == []
        for _ in range(20):
            connection.sendall(block)
        answer = connection.makefile("rb").read()

    assert answer.startswith(b"HTTP/1.1 201 ")
    assert MaterialEntry.objects.get().raw_sha256 == hashlib.sha256(block * 40).hexdigest()
    assert nginx.spooled() == []


def test_a_client_that_goes_away_leaves_nothing(nginx: Nginx, server: Server) -> None:
    with socket.create_connection(("127.0.0.1", nginx.port), timeout=30) as connection:
        connection.sendall(server.head("Content-Type: text/plain", f"Content-Length: {50 * MIB}"))
        connection.sendall(b"x" * 2 * MIB)
        eventually(server.stored, seconds=60, what="nothing was received")

    eventually(lambda: not server.stored(), seconds=60, what="a partial file stayed")


def test_a_body_of_unknown_length_is_refused(nginx: Nginx, server: Server) -> None:
    chunked = server.head("Content-Type: text/markdown", "Transfer-Encoding: chunked", "Connection: close")
    with socket.create_connection(("127.0.0.1", nginx.port), timeout=30) as connection:
        connection.sendall(chunked)  # its first bytes could be on their way when the server ends the connection
        answer = connection.makefile("rb").read()

    assert answer.startswith(b"HTTP/1.1 411 ")


def test_each_header_of_safety_is_sent_once(nginx: Nginx) -> None:
    _, headers, _ = nginx.ask("/api/v1/nodes", X_Request_Id="from-the-client")

    assert headers.get_all("X-Content-Type-Options") == ["nosniff"]
    assert headers.get_all("X-Frame-Options") == ["DENY"]
    assert headers.get_all("Referrer-Policy") == ["same-origin"]
    assert headers["Server"] == "nginx"
    assert headers["X-Request-Id"] == "from-the-client"


def test_a_question_that_is_too_large_is_refused_by_nginx(nginx: Nginx, server: Server) -> None:
    status, headers, problem = nginx.ask("/api/v1/nodes", data=b" " * 3 * MIB, Content_Type="application/json")

    assert status == 413
    assert headers["Content-Type"] == "application/problem+json"
    assert headers.get_all("X-Content-Type-Options") == ["nosniff"]
    assert problem["code"] == "body_too_large"
    assert problem["next_step"]
    assert "3145728" not in server.logged()


def test_what_the_client_calls_its_request_cannot_break_the_answer(nginx: Nginx) -> None:
    _, _, problem = nginx.ask("/api/v1/nodes", data=b" " * 3 * MIB, X_Request_Id='"}')

    assert len(problem["request_id"]) == 32


def test_signatures_do_not_reach_the_log(nginx: Nginx) -> None:
    nginx.ask("/api/v1/nodes?signature=of-a-download")

    assert "/api/v1/nodes" in (nginx.folder / "access.log").read_text()
    assert "of-a-download" not in (nginx.folder / "access.log").read_text()


def test_a_web_service_that_moves_is_found_again(nginx: Nginx) -> None:
    nginx.names.address = "127.0.0.9"  # nobody listens there
    eventually(lambda: nginx.ask("/health/live")[0] == 503, seconds=60, what="the old address was kept")
    _, headers, problem = nginx.ask("/health/live")

    nginx.names.address = "127.0.0.1"

    assert headers["Content-Type"] == "application/problem+json"
    assert headers["Retry-After"] == "10"
    assert (headers["X-Frame-Options"], headers["Referrer-Policy"]) == ("DENY", "same-origin")
    assert problem["code"] == "unavailable"
    eventually(lambda: answers(nginx), seconds=60, what="the new address was not asked for")
