"""Uploads into both kinds of store: files of this machine, and a bucket on a real S3 server."""

from __future__ import annotations

import hashlib
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID

import pytest
from pytest_django import Settings
from rest_framework.test import APIClient

from materials.job_kinds import INGEST_ENTRY
from project.jobs import runner
from project.jobs.models import Job
from project.jobs.queues import JobQueue
from project.storage import direct_uploads
from project.storage.objects import get_object_storage
from tests.fakes.s3 import Bucket, new_bucket, s3_server

MIB = 2**20


class Store(Protocol):
    """A store as a client of the product and as its operator see it."""

    kind: str

    def put(self, part: dict[str, Any], body: bytes) -> int:
        """PUT a part where the product said; return the status."""

    def get(self, url: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
        """GET an address that the product gave out; return status, headers with small names, and body."""

    def list_leftovers(self) -> list[str]:
        """Return what is stored besides whole objects of entries: parts, and uploads that were begun."""


@dataclass
class Disk:
    """The product serves its signed addresses itself."""

    folder: Path
    kind: str = "disk"
    client: APIClient = field(default_factory=APIClient)

    def put(self, part: dict[str, Any], body: bytes) -> int:
        status: int = self.client.put(part["url"], body, content_type="application/octet-stream").status_code
        return status

    def get(self, url: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
        answer = self.client.get(url, headers=headers)
        body = b"".join(answer) if answer.streaming else answer.content
        return answer.status_code, {name.lower(): value for name, value in answer.items()}, body

    def list_leftovers(self) -> list[str]:
        files = [path for path in self.folder.rglob("*") if path.is_file()]
        return [name for path in files if not (name := str(path.relative_to(self.folder))).startswith("tenants/")]


@dataclass
class Elsewhere:
    """A bucket, which clients talk to without us."""

    bucket: Bucket
    kind: str = "bucket"

    def put(self, part: dict[str, Any], body: bytes) -> int:
        headers = {"Content-Type": "application/octet-stream", **part["headers"]}
        return _ask("PUT", part["url"], headers, body)[0]

    def get(self, url: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
        return _ask("GET", url, headers)

    def list_leftovers(self) -> list[str]:
        parts = [found.key for found in self.bucket.objects.list_objects() if not found.key.startswith("tenants/")]
        return parts + self.bucket.open_uploads()


def _ask(
    method: str, url: str, headers: dict[str, str], body: bytes | None = None
) -> tuple[int, dict[str, str], bytes]:
    request = urllib.request.Request(url, body, headers, method=method)  # noqa: S310  # an address on this machine
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310  # as above
            return answer.status, {name.lower(): value for name, value in answer.headers.items()}, answer.read()
    except urllib.error.HTTPError as refused:
        return refused.code, dict(refused.headers.items()), refused.read()


@pytest.fixture(scope="package")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with s3_server(tmp_path_factory.mktemp("s3")) as address:
        yield address


@pytest.fixture
def bucket(endpoint: str, settings: Settings) -> Elsewhere:
    made = new_bucket(endpoint)
    settings.STORAGES = {**settings.STORAGES, "default": made.storages}
    return Elsewhere(made)


@pytest.fixture
def disk(tmp_path: Path) -> Disk:
    return Disk(tmp_path / "objects")


@pytest.fixture(params=["disk", "bucket"])
def store(request: pytest.FixtureRequest) -> Store:
    made: Store = request.getfixturevalue(request.param)
    return made


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Send in parts what has more than 6 MiB. S3 takes no parts below 5 MiB but the last."""
    monkeypatch.setattr(direct_uploads, "MAX_SINGLE_PART_BYTES", 6 * MIB)
    monkeypatch.setattr(direct_uploads, "PART_BYTES", 5 * MIB)


def announce(
    client: APIClient, node: UUID | str, content: bytes, *, name: str = "lecture.md", **wishes: Any
) -> dict[str, Any]:
    """Open an upload and return it; fails unless it is opened."""
    answer = client.post(f"/api/v1/nodes/{node}/uploads", announcement(content, name=name, **wishes), format="json")
    assert answer.status_code == 201, answer.content
    upload: dict[str, Any] = answer.json()
    assert answer["Location"] == f"/api/v1/uploads/{upload['id']}"
    return upload


def announcement(content: bytes, *, name: str = "lecture.md", **wishes: Any) -> dict[str, Any]:
    """Return what a client says of a file before it sends it."""
    return {"name": name, "size_bytes": len(content), "sha256": hashlib.sha256(content).hexdigest(), **wishes}


def send_all(store: Store, upload: dict[str, Any], content: bytes) -> None:
    """Send every part for which there is an address; fails unless all are taken."""
    for part in upload["urls"]:
        begin = (part["number"] - 1) * upload["part_bytes"]
        assert store.put(part, content[begin : begin + part["size_bytes"]]) in {200, 204}


def complete(client: APIClient, upload: dict[str, Any]) -> Any:
    return client.post(f"/api/v1/uploads/{upload['id']}/complete")


def verify() -> None:
    """Do the jobs that verify. Reading millions of lines afterwards would take long and show nothing of uploads."""
    Job.objects.filter(kind=INGEST_ENTRY).delete()
    while runner.run_next_job(JobQueue.LIGHT):
        Job.objects.filter(kind=INGEST_ENTRY).delete()


def text_of(size: int, *, seed: str = "water") -> bytes:
    """Return readable text of this size that no other seed gives."""
    line = f"# {seed}\n\nWhat is said of {seed} is said here, at some length and more than once.\n".encode()
    return (line * (size // len(line) + 1))[:size]


def stored_bytes(key: str) -> bytes:
    with get_object_storage().open(key) as file:
        return file.read()
