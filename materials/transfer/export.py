"""Handing out a node's materials as one archive."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from materials.errors import ExportIncomplete
from materials.models import MaterialEntry, MaterialNode
from materials.queries import get_tree
from materials.transfer import manifest
from materials.transfer.layout import Placed, placed, safe
from materials.transfer.shortcuts import shortcut_to
from materials.transfer.zip_writer import Member, length_of, zipped
from project import logs
from project.storage.objects import get_object_storage
from tenants.models import Tenant

_PIECE = 256 * 1024
_LOOKERS = 8
_NAMED = 20

log = logs.get_logger(__name__)


class StoredFileChanged(Exception):
    """A stored file is not what was stored, so that the archive cannot be finished."""


@dataclass(frozen=True, kw_only=True)
class Export:
    """An archive on its way: its file name, its exact length, and its bytes, made as they are asked for."""

    name: str
    length: int
    pieces: Iterator[bytes]


def export_materials(*, tenant: Tenant, node_id: UUID) -> Export:
    """Return a zip of the files of a node and of all below it, with a manifest.

    Takes a constant number of statements, all of them before the first byte. Raises NotFound, and ExportIncomplete when
    stored files are missing. One that is lost or changed while the archive is read ends it with an exception, short of
    its length.
    """
    parts = list(placed(get_tree(tenant=tenant, node_id=node_id)))
    files = [(entry, path) for part in parts for entry, path in part.entries]
    _check_files([entry for entry, _ in files])
    now = timezone.now()
    members = [_in_memory(manifest.NAME, _manifest(parts, now), now)]
    members += [Member(path=part.path, when=part.node.created_at) for part in parts if part.path]
    members += [_member(entry, path) for entry, path in files]
    top = parts[0].node
    return Export(name=safe(top.title, ".zip"), length=length_of(members), pieces=zipped(members))


def _check_files(entries: list[MaterialEntry]) -> None:
    stored = [entry for entry in entries if entry.object_key]
    with ThreadPoolExecutor(_LOOKERS) as pool:
        there = list(pool.map(get_object_storage().exists, [entry.object_key for entry in stored]))
    missing = [entry for entry, is_there in zip(stored, there, strict=True) if not is_there]
    if missing:
        raise ExportIncomplete(
            f"The stored files of {len(missing)} entries are missing, such as that of {missing[0].name!r}.",
            extra={"entries": [str(entry.pk) for entry in missing[:_NAMED]]},
        )


def _member(entry: MaterialEntry, path: str) -> Member:
    if not entry.object_key:
        return _in_memory(path, shortcut_to(entry.source_url), entry.created_at)
    return Member(path=path, when=entry.created_at, size=entry.size_bytes, read=partial(_stored, entry))


def _in_memory(path: str, data: bytes, when: datetime) -> Member:
    return Member(path=path, when=when, size=len(data), read=lambda: [data])


def _stored(entry: MaterialEntry) -> Iterator[bytes]:
    digest = hashlib.sha256()
    with get_object_storage().open(entry.object_key) as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
            yield piece
    if digest.hexdigest() != entry.raw_sha256:
        log.error("stored object changed", entry=str(entry.pk))
        raise StoredFileChanged(str(entry.pk))


def _manifest(parts: list[Placed], now: datetime) -> bytes:
    return manifest.write(
        nodes=(_said_of_node(part.node, part.path) for part in parts),
        entries=(_said_of_entry(entry, path) for part in parts for entry, path in part.entries),
        version=settings.VERSION,
        made_at=now.isoformat(timespec="seconds"),
    )


def _said_of_node(node: MaterialNode, path: str) -> dict[str, Any]:
    return {
        "id": str(node.pk),
        "parent": str(node.parent_id) if path else None,
        "path": path.rstrip("/"),
        "title": node.title,
        "language": node.language,
        "learning_goal": node.learning_goal,
        "expected_knowledge": node.expected_knowledge,
        "expected_skills": node.expected_skills,
    }


def _said_of_entry(entry: MaterialEntry, path: str) -> dict[str, Any]:
    return {
        "id": str(entry.pk),
        "node": str(entry.node_id),
        "path": path,
        "name": entry.name,
        "size_bytes": entry.size_bytes,
        "sha256": entry.raw_sha256,
        "format": entry.format,
        "source_url": entry.source_url,
        "language": entry.language,
        "use_captions": entry.use_captions,
        "state": entry.state.value,
        "fingerprint": entry.fingerprint,
    }
