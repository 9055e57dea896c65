"""Requests with one `Idempotency-Key` at the same time, and processes that die between effect and answer."""

from __future__ import annotations

import io
import json
import threading
import zipfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from rest_framework.test import APIClient

from materials.models import MaterialEntry, MaterialImport, MaterialNode, Upload
from materials.tree import views as tree_views
from materials.tree.services import create_node
from project.jobs.models import Job
from tenants.models import Tenant
from tenants.services import issue_api_key
from tests.conftest import EDITOR, Api, post_raw
from tests.process_table import start

pytestmark = pytest.mark.django_db(transaction=True)

# Sends one request as a client would, in a process that is killed when the answer is about to be stored.
DIES = """
import json, os, signal, sys
import django
django.setup()
from rest_framework.test import APIClient
from tenants import idempotency
idempotency._encode = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
path, body, headers = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
content_type = headers.pop("Content-Type")
answer = APIClient(headers=headers, HTTP_HOST="localhost").generic("POST", path, bytes.fromhex(body), content_type)
print(answer.status_code, answer.content)
"""


def test_twenty_at_once_have_one_effect(api: Api, acme: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = threading.Barrier(20)
    clients = [api(acme) for _ in range(20)]

    def create_slowly(**values: Any) -> MaterialNode:
        node = create_node(**values)
        with connection.cursor() as cursor:  # so that the others come before the commit
            cursor.execute("SELECT pg_sleep(0.3)")
        return node

    def send(client: APIClient) -> Any:
        gate.wait()
        try:
            return client.post("/api/v1/nodes", {"title": "Water"}, format="json", headers={"Idempotency-Key": "a"})
        finally:
            connection.close()

    monkeypatch.setattr(tree_views, "create_node", create_slowly)
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(send, clients))

    seen = Counter((answer.status_code, answer.get("Idempotent-Replayed")) for answer in answers)
    assert MaterialNode.objects.count() == 1
    assert seen[201, None] == 1
    assert set(seen) <= {(201, None), (201, "true"), (409, None)}
    refused = [answer for answer in answers if answer.status_code == 409]
    assert refused
    assert {(answer["Retry-After"], answer.json()["code"]) for answer in refused} == {("1", "request_running")}


def test_two_uploads_at_once_are_one(api: Api, acme: Tenant, course: MaterialNode) -> None:
    gate = threading.Barrier(8)
    clients = [api(acme) for _ in range(8)]

    def send(client: APIClient) -> Any:
        gate.wait()
        try:
            return send_archive(client, course)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(send, clients))

    assert MaterialImport.objects.count() == Job.objects.count() == 1
    assert {answer.status_code for answer in answers} <= {202, 409}
    assert sum(answer.status_code == 202 and "Idempotent-Replayed" not in answer for answer in answers) == 1
    assert send_archive(clients[0], course)["Idempotent-Replayed"] == "true"  # no lock was left behind


@pytest.mark.slow
def test_a_process_that_dies_before_its_commit_has_done_nothing(
    api: Api, acme: Tenant, secret: str, tmp_path: Path
) -> None:
    body = {"title": "Water"}
    die(tmp_path, secret, "/api/v1/nodes", json.dumps(body).encode(), **{"Content-Type": "application/json"})
    assert not MaterialNode.objects.exists()

    again = api(acme).post("/api/v1/nodes", body, format="json", headers={"Idempotency-Key": "a"})

    assert (again.status_code, "Idempotent-Replayed" in again) == (201, False)
    assert MaterialNode.objects.count() == 1


@pytest.mark.slow
def test_a_file_that_came_before_its_process_died_is_one_entry(
    api: Api, acme: Tenant, course: MaterialNode, secret: str, tmp_path: Path
) -> None:
    path = f"/api/v1/nodes/{course.pk}/entries"
    named = {"Content-Disposition": 'attachment; filename="a.md"'}
    die(tmp_path, secret, path, b"# Water", **named, **{"Content-Type": "application/octet-stream"})
    entry = MaterialEntry.objects.get()

    again = post_raw(
        api(acme), path, b"# Water", content_type="application/octet-stream",
        headers={"Idempotency-Key": "a", **named},
    )  # fmt: skip

    assert (again.status_code, again.json()["id"]) == (200, str(entry.pk))
    assert MaterialEntry.objects.count() == Job.objects.count() == 1


@pytest.mark.slow
def test_an_import_whose_process_died_is_not_made_twice(
    api: Api, acme: Tenant, course: MaterialNode, secret: str, tmp_path: Path
) -> None:
    die(tmp_path, secret, f"/api/v1/nodes/{course.pk}/import", ARCHIVE, **{"Content-Type": "application/zip"})
    job = Job.objects.get()

    again = [send_archive(api(acme), course) for _ in range(2)]

    assert [(each.status_code, each.json()["code"]) for each in again] == [(409, "answer_lost")] * 2
    assert again[0].json()["location"] == f"/api/v1/jobs/{job.pk}"
    assert MaterialImport.objects.count() == Job.objects.count() == 1


@pytest.mark.slow
def test_an_announced_upload_whose_process_died_is_not_made_twice(
    api: Api, acme: Tenant, course: MaterialNode, secret: str, tmp_path: Path
) -> None:
    path = f"/api/v1/nodes/{course.pk}/uploads"
    body = json.dumps({"name": "a.md", "size_bytes": 1, "sha256": "0" * 64}).encode()
    die(tmp_path, secret, path, body, **{"Content-Type": "application/json"})

    again = post_raw(api(acme), path, body, content_type="application/json", headers={"Idempotency-Key": "a"})

    assert again.json()["location"] == f"/api/v1/uploads/{Upload.objects.get().pk}"


@pytest.fixture
def secret(acme: Tenant) -> str:
    # With the scopes of the client that asks again: a key with others is another sender.
    return issue_api_key(tenant=acme, label="dies", scopes=EDITOR).secret


def die(folder: Path, secret: str, path: str, body: bytes, **headers: str) -> None:
    """Send a request in a process that dies when its action is done; fails when it does not come so far."""
    log = folder / "dies.log"
    given = json.dumps({"X-API-Key": secret, "Idempotency-Key": "a", **headers})
    process = start("-c", DIES, path, body.hex(), given, log=log)
    assert process.wait(timeout=60) == -9, log.read_text()


def build_archive() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(zipfile.ZipInfo("a.md"), "# Water")
    return buffer.getvalue()


ARCHIVE = build_archive()


def send_archive(client: APIClient, node: MaterialNode) -> Any:
    return post_raw(
        client, f"/api/v1/nodes/{node.pk}/import", ARCHIVE, content_type="application/zip",
        headers={"Idempotency-Key": "a"},
    )  # fmt: skip
