"""Exports through the real web server: what a test client cannot show."""

from __future__ import annotations

import http.client
import io
import zipfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from materials.models import MaterialEntry
from tests.local.conftest import Server

pytestmark = pytest.mark.django_db(transaction=True)

MIB = 2**20
BLOCK = b"A line of text that is sixty-three characters long, more or less.\n" * 16_000


def upload(server: Server, name: str, data: bytes) -> None:
    headers = [f"Content-Length: {len(data)}", f'Content-Disposition: attachment; filename="{name}"']
    assert server.send([server.head("Content-Type: text/plain", *headers, "Connection: close"), data]) == 201


@contextmanager
def asked(server: Server) -> Iterator[http.client.HTTPResponse]:
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)) as connection:
        path = server.path.removesuffix("entries") + "materials.zip"
        connection.request("GET", path, headers={"X-API-Key": server.key})
        with connection.getresponse() as answer:
            assert answer.status == 200
            yield answer


def test_a_big_export_takes_no_memory(server: Server) -> None:
    upload(server, "big.txt", BLOCK * 30)
    before = most = server.memory()
    data = io.BytesIO()

    with asked(server) as answer:
        length = int(answer.headers["Content-Length"])
        while piece := answer.read(MIB):
            data.write(piece)
            most = max(most, server.memory())

    assert data.tell() == length
    with zipfile.ZipFile(data) as archive:
        assert archive.testzip() is None
        assert archive.getinfo("big.txt").file_size == 30 * len(BLOCK)
    assert most - before < 10 * MIB


def test_an_export_that_cannot_go_on_ends_short_of_its_length(server: Server) -> None:
    for name in ("first.txt", "second.txt"):
        upload(server, name, name.encode() + BLOCK * 20)

    with asked(server) as answer:
        answer.read(MIB)
        _path(server, "second.txt").unlink()
        with pytest.raises(http.client.IncompleteRead):
            answer.read()

    assert "FileNotFoundError" in server.logged()


def _path(server: Server, name: str) -> Path:
    key = MaterialEntry.objects.get(name=name).object_key
    return next(path for path in server.stored() if path.as_posix().endswith(key))
