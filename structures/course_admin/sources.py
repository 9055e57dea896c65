"""The materials that references may cite, and their text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import QuerySet

from materials.chunks.markdown import format_timestamp
from materials.documents import ChunkKind
from materials.models import Chunk, MaterialEntry
from materials.queries import get_entry, list_node_entries, list_subtree
from project.errors import NotFound
from structures.models import WorkingCopy
from structures.staleness.queries import build_title_paths

# In each list of a form; others are found by their text.
MAX_CHOICES = 1_000


@dataclass(frozen=True, kw_only=True)
class SourceChoice:
    """An entry that can be cited, by the path that evidence shows."""

    entry_id: UUID
    path: str


@dataclass(frozen=True, kw_only=True)
class SourceText:
    """A chunk of an entry, and where it stands there."""

    chunk: Chunk
    place: str

    @property
    def is_machine_written(self) -> bool:
        return ChunkKind(self.chunk.kind).is_machine_written


def list_sources(copy: WorkingCopy) -> list[SourceChoice]:
    """Return the entries below the node of a working copy that have a text, by path. Two statements."""
    nodes = list_subtree(tenant=copy.tenant, node_id=copy.node_id)
    titles = build_title_paths(nodes)
    entries = list_node_entries(tenant=copy.tenant, nodes=nodes)
    found = [
        SourceChoice(entry_id=entry.pk, path=titles[entry.node_id] + entry.name)
        for entry in entries
        if entry.chunk_count
    ]
    return sorted(found, key=lambda choice: choice.path)


def get_source(copy: WorkingCopy, entry_id: UUID) -> MaterialEntry:
    """Return an entry below the node of a working copy. Raises NotFound for any other."""
    entry = get_entry(tenant=copy.tenant, entry_id=entry_id)
    if all(node.pk != entry.node_id for node in list_subtree(tenant=copy.tenant, node_id=copy.node_id)):
        raise NotFound(f"The course has no entry {entry_id}.")
    return entry


def select_source_texts(copy: WorkingCopy, entry: MaterialEntry) -> QuerySet[Chunk]:
    """Return the chunks of an entry in order."""
    return Chunk.objects.for_tenant(copy.tenant).filter(entry=entry).order_by("position")


def describe_source_texts(chunks: Sequence[Chunk]) -> list[SourceText]:
    """Return chunks with their places in words."""
    return [SourceText(chunk=chunk, place=_describe_place(chunk)) for chunk in chunks]


def _describe_place(chunk: Chunk) -> str:
    parts = [
        "" if chunk.page is None else f"page {chunk.page}",
        "" if chunk.slide is None else f"slide {chunk.slide}",
        "" if chunk.start_ms is None else format_timestamp(chunk.start_ms),
        " › ".join(chunk.heading_path),
    ]
    return ", ".join(filter(None, parts))
