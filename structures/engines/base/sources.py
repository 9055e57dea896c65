"""The input of engines: the material tree as frozen values, so that engines need no database."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from materials.documents import ChunkKind, Contents, Format, Locator


@dataclass(frozen=True, kw_only=True)
class SourceChunk:
    """One chunk of an entry; the fields mean what they mean in `materials.documents.Piece`."""

    id: UUID
    kind: ChunkKind
    text: str
    locator: Locator
    level: int | None = None
    emphasised: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    speaker: str = ""


@dataclass(frozen=True, kw_only=True)
class SourceEntry:
    """One ready entry.

    `name` is the file name as uploaded, `title` what the source calls itself (may be blank), `sha256` the digest of its
    bytes (blank where unknown). `contents`, `metadata`, `page_count` and `duration_ms` (of recordings, too) mean what
    they mean in `materials.documents.Document`. An entry of the format `contents` has no chunks.
    """

    id: UUID
    name: str
    title: str
    format: Format
    chunks: tuple[SourceChunk, ...]
    sha256: str = ""
    language: str = ""
    contents: Contents | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    page_count: int | None = None
    duration_ms: int | None = None


@dataclass(frozen=True, kw_only=True)
class SlideAppearance:
    """A time for which the entry `video` shows a slide (1-based, or a page) of the entry `presentation`."""

    presentation: UUID
    slide: int
    video: UUID
    start_ms: int
    end_ms: int


@dataclass(frozen=True, kw_only=True)
class SourceNode:
    """One node of the material tree, its entries and children in the owner's order."""

    id: UUID
    title: str
    language: str = ""
    learning_goal: str = ""
    entries: tuple[SourceEntry, ...] = ()
    children: tuple[SourceNode, ...] = ()

    def iter_nodes(self) -> Iterator[SourceNode]:
        """Yield this node and all below it, parents first, in order."""
        yield self
        for child in self.children:
            yield from child.iter_nodes()
