"""The input of engines: the material tree as frozen values, so that engines need no database."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from materials.documents import ChunkKind, Format, Locator


@dataclass(frozen=True, kw_only=True)
class SourceChunk:
    """One chunk of an entry; the fields mean what they mean in `materials.documents.Piece`."""

    id: UUID
    kind: ChunkKind
    text: str
    locator: Locator
    level: int | None = None
    emphasised: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class SourceEntry:
    """One ready entry. `name` is the file name as uploaded, `title` what the source calls itself (may be blank)."""

    id: UUID
    name: str
    title: str
    format: Format
    chunks: tuple[SourceChunk, ...]


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
