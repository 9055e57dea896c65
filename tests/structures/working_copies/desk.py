"""A person at work: a client that keeps the ETag of a working copy, and finds its nodes by title."""

from __future__ import annotations

import hashlib
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.db import transaction
from rest_framework.test import APIClient

from materials.documents import Format
from materials.ingestion.recording import record_chunks
from materials.models import MaterialEntry, MaterialNode
from materials.readers.registry import read_document
from structures.editing.trees import COURSE_KEY

COURSE = str(COURSE_KEY)


class Desk:
    """Reads and changes one working copy over HTTP."""

    def __init__(self, client: APIClient, copy_id: str, etag: str = '"1"') -> None:
        self.client, self.etag = client, etag
        self.path = f"/api/v1/working-copies/{copy_id}"

    def post(self, below: str, body: Any = None, *, status: int = 200, etag: str | None = None) -> Any:
        """Send a change in the version that was seen last; fails unless it is answered with `status`."""
        headers = {"If-Match": self.etag if etag is None else etag}
        answer = self.client.post(f"{self.path}/{below}", body or {}, format="json", headers=headers)
        assert answer.status_code == status, answer.content
        self.etag = answer.get("ETag", self.etag)
        return answer.json()

    def edit(self, operation: str, *, status: int = 200, reason: str = "", **arguments: Any) -> Any:
        body = {"operation": operation, "arguments": arguments, "reason": reason}
        return self.post("edits", body, status=status)

    def refuse(self, operation: str, *, status: int = 422, **arguments: Any) -> str:
        """Return the code with which an edit is refused; fails unless it says what to do and changes nothing."""
        before = self.read()
        problem = self.edit(operation, status=status, **arguments)
        assert problem["next_step"]
        assert self.read() == before
        return str(problem["code"])

    def read(self) -> Any:
        answer = self.client.get(self.path)
        assert answer.status_code == 200, answer.content
        self.etag = answer["ETag"]
        return answer.json()

    def get(self, below: str) -> Any:
        answer = self.client.get(f"{self.path}/{below}")
        assert answer.status_code == 200, answer.content
        return answer.json()

    def list_nodes(self) -> list[Any]:
        return list(self.read()["tree"]["nodes"])

    def find(self, title: str) -> Any:
        """Return the one node with this title."""
        (node,) = [node for node in self.list_nodes() if node["fields"].get("title") == title]
        return node

    def key(self, title: str) -> str:
        return str(self.find(title)["key"])


def create_copy(client: APIClient, snapshot_id: Any, name: str = "main") -> Desk:
    answer = client.post(f"/api/v1/snapshots/{snapshot_id}/working-copy", {"name": name}, format="json")
    assert answer.status_code == 201, answer.content
    assert answer["Location"] == f"/api/v1/working-copies/{answer.json()['id']}"
    return Desk(client, answer.json()["id"], answer["ETag"])


def add_text(node: MaterialNode, name: str, text: bytes) -> MaterialEntry:
    """Store a Markdown file as an entry that was read, without a job."""
    sha256 = hashlib.sha256(text).hexdigest()
    entry = MaterialEntry.objects.create(
        tenant=node.tenant, node=node, position=node.entries.count(), name=name, format="markdown",
        object_key=f"tests/{name}", raw_sha256=sha256, processed_sha256=sha256,
    )  # fmt: skip
    with TemporaryDirectory() as folder, transaction.atomic():
        path = Path(folder) / name
        path.write_bytes(text)
        record_chunks(entry=entry, document=read_document(path, Format.MARKDOWN))
    return MaterialEntry.objects.get(pk=entry.pk)
