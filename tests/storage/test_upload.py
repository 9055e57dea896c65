"""Uploads through the real web server into a real bucket."""

from __future__ import annotations

import hashlib
import socket
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from materials.models import MaterialEntry
from materials.tree.services import create_node
from tenants.scopes import Scope
from tenants.services import create_tenant, issue_api_key
from tests.fakes.proxy import CutRequest, Fault, FaultyProxy, Refuse, Slow
from tests.fakes.s3 import Bucket, new_bucket
from tests.process_table import eventually
from tests.storage.test_objects import MIB
from tests.web_server import Gunicorn, Server, gunicorn

pytestmark = pytest.mark.django_db(transaction=True)

LINE = b"A line of text that is sixty-three characters long, more or less.\n"
BLOCK = (LINE * (MIB // len(LINE) + 1))[:MIB]
FORM = b'--b\r\nContent-Disposition: form-data; name="file"; filename="big.txt"\r\n\r\n'
END_OF_FORM = b"\r\n--b--\r\n"


@pytest.fixture(scope="module")
def between(s3_address: str) -> Iterator[FaultyProxy]:
    with FaultyProxy(s3_address) as proxy:
        yield proxy


@pytest.fixture(scope="module")
def kept(s3_address: str) -> Bucket:
    return new_bucket(s3_address)


@pytest.fixture(scope="module")
def temporary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("temporary")


@pytest.fixture(scope="module")
def running(
    tmp_path_factory: pytest.TempPathFactory, between: FaultyProxy, kept: Bucket, temporary: Path, django_db_setup: None
) -> Iterator[Gunicorn]:
    spoiled = Bucket(endpoint=between.address, name=kept.name)
    limits = {"UPLOAD_MAX_BYTES": "300MiB", "DOCUMENT_MAX_BYTES": "300MiB"}
    folder = tmp_path_factory.mktemp("web")
    with gunicorn(folder, environment={**spoiled.environment, **limits, "TMPDIR": str(temporary)}) as server:
        yield server


@pytest.fixture
def server(running: Gunicorn, between: FaultyProxy, kept: Bucket) -> Iterator[Server]:
    tenant = create_tenant(slug="acme", name="Acme")
    issued = issue_api_key(tenant=tenant, label="t", scopes=[Scope.PREP], prep_per_minute=1000, check_per_minute=1000)
    yield Server(running, issued.secret, create_node(tenant=tenant, title="Course"))
    between.fault = lambda _method, _path: None
    for key in kept.keys():  # noqa: SIM118  # it is no dictionary
        kept.objects.delete(key)


def body(server: Server, blocks: int, *, form: bool = False) -> Iterator[bytes]:
    length = blocks * MIB + (len(FORM) + len(END_OF_FORM) if form else 0)
    kind = "multipart/form-data; boundary=b" if form else "text/plain"
    named = [] if form else ['Content-Disposition: attachment; filename="big.txt"']
    yield server.head(f"Content-Type: {kind}", f"Content-Length: {length}", "Connection: close", *named)
    yield FORM if form else b""
    yield from [BLOCK] * blocks
    yield END_OF_FORM if form else b""


@pytest.mark.parametrize("form", [False, True])
@pytest.mark.parametrize(("blocks", "parts"), [(1, 1), (55, 6)])
def test_a_file_is_stored_under_ids_only(server: Server, kept: Bucket, form: bool, blocks: int, parts: int) -> None:
    status = server.send(body(server, blocks, form=form))

    assert status == 201
    entry = MaterialEntry.objects.get()
    assert kept.keys() == [entry.object_key] == [f"tenants/{entry.tenant_id}/entries/{entry.pk}/raw"]
    assert (entry.size_bytes, entry.raw_sha256) == (blocks * MIB, hashlib.sha256(BLOCK * blocks).hexdigest())
    found = kept.client.head_object(Bucket=kept.name, Key=entry.object_key)
    assert found["ContentLength"] == blocks * MIB
    assert found["ETag"].strip('"').partition("-")[2] == (str(parts) if parts > 1 else "")
    assert kept.open_uploads() == []


@pytest.mark.parametrize("form", [False, True])
def test_a_body_that_ends_early_leaves_nothing(server: Server, kept: Bucket, form: bool) -> None:
    sent = list(body(server, 22, form=form))

    assert server.send(sent[:20]) == 400

    assert kept.keys() == kept.open_uploads() == []
    assert not MaterialEntry.objects.exists()


@pytest.mark.parametrize("form", [False, True])
@pytest.mark.parametrize("goes", ["politely", "abruptly"])
def test_a_client_that_goes_away_leaves_nothing(server: Server, kept: Bucket, goes: str, form: bool) -> None:
    connection = socket.create_connection(("127.0.0.1", server.port))
    if goes == "abruptly":
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    for piece in list(body(server, 30, form=form))[:15]:
        connection.sendall(piece)
    eventually(kept.open_uploads, seconds=60, what="no part was sent")

    connection.close()

    eventually(lambda: not kept.open_uploads(), seconds=60, what="an open upload stayed")
    assert kept.keys() == []
    assert not MaterialEntry.objects.exists()
    assert "Traceback" not in server.logged()


@pytest.mark.parametrize("fault", [Refuse(), CutRequest(after_bytes=MIB)])
def test_a_part_that_fails_for_good_is_told_and_leaves_nothing(
    server: Server, kept: Bucket, between: FaultyProxy, fault: Fault
) -> None:
    between.fault = lambda _method, path: fault if "partNumber=2" in path else None

    status, problem = server.asked(body(server, 22))

    assert (status, problem["code"]) == (503, "storage_unavailable")
    assert problem["next_step"]
    assert kept.keys() == kept.open_uploads() == []
    assert not MaterialEntry.objects.exists()
    assert "Traceback" not in server.logged()


def test_a_store_that_refuses_everything_is_told(server: Server, kept: Bucket, between: FaultyProxy) -> None:
    between.fault = lambda _method, _path: Refuse()

    status, problem = server.asked(body(server, 1))

    assert (status, problem["code"]) == (503, "storage_unavailable")
    assert not MaterialEntry.objects.exists()
    between.fault = lambda _method, _path: None
    assert kept.keys() == []


def test_a_slow_store_only_takes_longer(server: Server, kept: Bucket, between: FaultyProxy) -> None:
    between.fault = lambda method, _path: Slow(seconds=0.3) if method == "PUT" else None

    assert server.send(body(server, 22)) == 201

    assert len(kept.keys()) == 1


@pytest.mark.parametrize("form", [False, True])
def test_a_big_file_takes_no_memory_and_no_disk(server: Server, temporary: Path, form: bool) -> None:
    assert server.send(body(server, 1)) == 201
    before, files = server.memory(), set(temporary.iterdir())
    taken: list[int] = []

    def watched() -> Iterator[bytes]:
        for number, piece in enumerate(body(server, 200, form=form)):
            yield piece
            if number % 20 == 19:
                taken.append(server.memory())
                assert set(temporary.iterdir()) == files

    status = server.send(watched())

    assert status == 201
    assert max(*taken, server.memory()) - before < 40 * MIB
    assert MaterialEntry.objects.filter(size_bytes=200 * MIB).exists()
