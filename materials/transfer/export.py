"""Export a node's materials as a ZIP archive that is made while it is sent."""

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
from materials.transfer.layout import ExportFolder, lay_out_folders
from materials.transfer.safe_names import build_safe_name
from materials.transfer.shortcuts import build_shortcut
from materials.transfer.zip_writer import ZipMember, compute_zip_length, stream_zip
from project import logs
from project.storage.objects import get_object_storage
from tenants.models import Tenant

# What an export holds in memory, as `materials.uploads.views` does for a download. The exact value is a choice.
_PIECE_BYTES = 256 * 1024
# A bucket needs a round trip for each file. Well below the 32 connections of its client, which other requests share.
_CHECK_THREADS = 8
# For the problem document: enough to see what is wrong.
_MAX_LISTED_ENTRIES = 20

log = logs.get_logger(__name__)


class StoredFileChanged(Exception):
    """A stored file has other bytes than its SHA-256 says, so the archive is broken off."""


@dataclass(frozen=True, kw_only=True)
class MaterialsExport:
    """An archive: its file name, its exact length in bytes, and its bytes, which are made while they are iterated."""

    name: str
    length: int
    pieces: Iterator[bytes]


def export_materials(*, tenant: Tenant, node_id: UUID) -> MaterialsExport:
    """Return a ZIP archive of the files of a node and its descendants, with a manifest.

    Runs a constant number of SQL statements, all before the first byte. Raises NotFound, and ExportIncomplete when
    stored files are missing. A file that is lost or changed while the archive is read ends the iteration with an
    exception, short of the announced length.
    """
    parts = list(lay_out_folders(get_tree(tenant=tenant, node_id=node_id)))
    files = [(entry, path) for part in parts for entry, path in part.entries]
    _check_stored_files([entry for entry, _ in files])
    now = timezone.now()
    members = [_build_memory_member(manifest.FILE_NAME, _build_manifest(parts, now), now)]
    members += [ZipMember(path=part.path, modified_at=part.node.created_at) for part in parts if part.path]
    members += [_build_member(entry, path) for entry, path in files]
    top = parts[0].node
    return MaterialsExport(
        name=build_safe_name(top.title, ".zip"), length=compute_zip_length(members), pieces=stream_zip(members)
    )


def _check_stored_files(entries: list[MaterialEntry]) -> None:
    # Before the first byte, because a response that has begun cannot become an error.
    stored = [entry for entry in entries if entry.object_key]
    with ThreadPoolExecutor(_CHECK_THREADS) as pool:
        there = list(pool.map(get_object_storage().exists, [entry.object_key for entry in stored]))
    missing = [entry for entry, is_there in zip(stored, there, strict=True) if not is_there]
    if missing:
        raise ExportIncomplete(
            f"The stored files of {len(missing)} entries are missing, such as that of {missing[0].name!r}.",
            extra={"entries": [str(entry.pk) for entry in missing[:_MAX_LISTED_ENTRIES]]},
        )


def _build_member(entry: MaterialEntry, path: str) -> ZipMember:
    if not entry.object_key:
        return _build_memory_member(path, build_shortcut(entry.source_url), entry.created_at)
    return ZipMember(
        path=path, modified_at=entry.created_at, size=entry.size_bytes, read=partial(_read_stored_file, entry)
    )


def _build_memory_member(path: str, data: bytes, when: datetime) -> ZipMember:
    return ZipMember(path=path, modified_at=when, size=len(data), read=lambda: [data])


def _read_stored_file(entry: MaterialEntry) -> Iterator[bytes]:
    digest = hashlib.sha256()
    with get_object_storage().open(entry.object_key) as file:
        while piece := file.read(_PIECE_BYTES):
            digest.update(piece)
            yield piece
    # The bytes are sent already; the exception withholds the directory, so that no program opens the archive.
    if digest.hexdigest() != entry.raw_sha256:
        log.error("stored object changed", entry=str(entry.pk))
        raise StoredFileChanged(str(entry.pk))


def _build_manifest(parts: list[ExportFolder], now: datetime) -> bytes:
    return manifest.build_manifest(
        nodes=(_build_manifest_node(part.node, part.path) for part in parts),
        entries=(_build_manifest_entry(entry, path) for part in parts for entry, path in part.entries),
        version=settings.VERSION,
        made_at=now.isoformat(timespec="seconds"),
    )


def _build_manifest_node(node: MaterialNode, path: str) -> dict[str, Any]:
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


def _build_manifest_entry(entry: MaterialEntry, path: str) -> dict[str, Any]:
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
