"""A snapshot as export formats take it, with what they may read of its materials. A constant number of statements."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from functools import partial
from uuid import UUID

from materials.documents import ChunkKind, Format
from materials.models import Chunk, MaterialEntry
from materials.models.entries import MaterialEntryQuerySet
from materials.objects.stored_files import open_entry_stream
from structures.export_files.passages import PassageReader
from structures.exports.base import ExportedFile, ExportedRecording, ExportedSnapshot
from structures.models import Reference, SnapshotSource, StructureSnapshot
from structures.queries import load_structure_tree

# Of a transcript, read at a time: as many as a download of it reads.
_CHUNKS_AT_ONCE = 500


def load_exported_snapshot(snapshot: StructureSnapshot, *, with_materials: bool) -> ExportedSnapshot:
    """Return a snapshot for a format that reads materials, or for one that does not."""
    if not with_materials:
        return ExportedSnapshot(course=snapshot, modules=load_structure_tree(snapshot))
    paths = _load_paths(snapshot)
    return ExportedSnapshot(
        course=snapshot,
        modules=load_structure_tree(snapshot),
        recordings=_list_recordings(snapshot, paths),
        addresses=_find_addresses(snapshot, paths),
        open_passages=PassageReader(snapshot),
        files=_list_files(snapshot, paths),
    )


def compute_materials_digest(snapshot: StructureSnapshot) -> str:
    """Return a digest that changes with whatever a format could read of the snapshot's materials.

    So an export is made anew when an entry was deleted, read again or corrected.
    """
    rows = _select_entries(snapshot, _load_paths(snapshot)).order_by("pk")
    fields = ("pk", "name", "fingerprint", "raw_sha256", "duration_ms", "source_url", "key_frames_stored_at")
    read = [[str(value) for value in row] for row in rows.values_list(*fields)]
    return hashlib.sha256(json.dumps(read).encode()).hexdigest()


def _load_paths(snapshot: StructureSnapshot) -> dict[UUID, str]:
    """Return the paths of the entries that the snapshot was made from or cites, by their ids."""
    cited = Reference.objects.filter(tenant=snapshot.tenant_id, snapshot=snapshot)
    paths = dict(cited.order_by("entry_id").distinct("entry_id").values_list("entry_id", "entry_path"))
    sources = SnapshotSource.objects.filter(tenant=snapshot.tenant_id, snapshot=snapshot)
    return paths | dict(sources.values_list("entry_id", "path"))


def _select_entries(snapshot: StructureSnapshot, ids: Iterable[UUID]) -> MaterialEntryQuerySet:
    return MaterialEntry.objects.for_tenant(snapshot.tenant).filter(pk__in=list(ids))


def _find_addresses(snapshot: StructureSnapshot, paths: Mapping[UUID, str]) -> dict[UUID, str]:
    entries = _select_entries(snapshot, paths).exclude(source_url="")
    return dict(entries.values_list("pk", "source_url"))


def _list_files(snapshot: StructureSnapshot, paths: Mapping[UUID, str]) -> list[ExportedFile]:
    fields = ("name", "object_key", "size_bytes", "raw_sha256")
    files = [
        ExportedFile(
            entry_id=entry.pk,
            name=entry.name,
            path=paths[entry.pk],
            size_bytes=entry.size_bytes,
            open=partial(open_entry_stream, entry),
        )
        for entry in _select_entries(snapshot, paths).exclude(object_key="").only(*fields)
    ]
    return sorted(files, key=lambda each: (each.path, str(each.entry_id)))


def _list_recordings(snapshot: StructureSnapshot, paths: Mapping[UUID, str]) -> list[ExportedRecording]:
    spoken = [format_.value for format_ in Format if format_.is_recording or format_.is_captions]
    rows = _select_entries(snapshot, paths).filter(format__in=spoken).only("name", "duration_ms", "captions_of")
    entries = list(rows)
    # Captions beside a recording are its transcript, which is exported with it.
    own = [entry for entry in entries if entry.captions_of_id is None or entry.captions_of_id not in paths]
    recordings = [
        ExportedRecording(
            entry_id=entry.pk,
            name=entry.name,
            path=paths[entry.pk],
            duration_ms=entry.duration_ms,
            open_transcript=partial(_read_transcript, snapshot, entry.pk),
        )
        for entry in own
    ]
    return sorted(recordings, key=lambda each: (each.path, str(each.entry_id)))


def _read_transcript(snapshot: StructureSnapshot, entry_id: UUID) -> Iterable[Chunk]:
    chunks = Chunk.objects.for_tenant(snapshot.tenant).filter(entry=entry_id, kind=ChunkKind.TRANSCRIPT)
    return chunks.without_word_boxes().order_by("position").iterator(chunk_size=_CHUNKS_AT_ONCE)
