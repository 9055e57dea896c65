"""Uploads through the real web server: what a test client cannot show."""

from __future__ import annotations

import json
import socket
import struct
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from materials.models import MaterialEntry
from tenants.models import Tenant
from tests.local.conftest import Server
from tests.process_table import eventually

pytestmark = pytest.mark.django_db(transaction=True)

MIB = 2**20


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
    eventually(server.stored, seconds=60, what="nothing was received")

    connection.close()

    eventually(lambda: not server.stored(), seconds=60, what="a partial file stayed")
    assert not MaterialEntry.objects.exists()
    assert "Traceback" not in server.logged()


def test_a_body_of_unknown_length_is_refused(server: Server) -> None:
    chunked = server.head("Content-Type: text/markdown", "Transfer-Encoding: chunked", "Connection: close")

    assert server.send([chunked, b"5\r\nhello\r\n0\r\n\r\n"]) == 411


def test_eight_bodies_of_unknown_fields_at_once_take_little_and_hold_nobody_up(server: Server) -> None:
    body = json.dumps({"title": "x", **{f"key{number}": 1 for number in range(60_000)}}).encode()
    head = server.head(
        "Content-Type: application/json", f"Content-Length: {len(body)}", "Connection: close", path="/api/v1/nodes"
    )
    server.asked([head, body])
    before = server.memory()

    with ThreadPoolExecutor(9) as clients:
        hostile = [clients.submit(server.asked, [head, body]) for _ in range(8)]
        bystander = clients.submit(server.asked, [server.head("Connection: close", method="GET", path="/api/v1/me")])
        answers = [client.result() for client in hostile]
        memory = server.memory()

    assert bystander.result()[0] == 200
    assert {(status, len(problem["errors"]), problem["error_count"]) for status, problem in answers} == {
        (422, 20, 60_000)
    }
    assert memory - before < 200 * MIB  # 900 MiB when each unknown field was an error of its own


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
