"""The material tree, and the modules and lessons of a structure, as values that a change is planned from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, kw_only=True)
class PresentEntry:
    """An entry as it is now. `sources` are what a node may have once: the digest of its bytes, its URL."""

    entry_id: UUID
    node_id: UUID
    name: str
    fingerprint: str = ""
    is_contents: bool = False
    captions_of: UUID | None = None
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class PresentTree:
    """A material node with all below it.

    `parents` and `titles` are by node, parents first, the root among them with None as its parent; `children` and
    `files` are the ids of child nodes and of entries in order, for every node. `level` is how many levels of the
    tenant's tree end with the root.
    """

    root: UUID
    level: int
    parents: Mapping[UUID, UUID | None]
    titles: Mapping[UUID, str]
    children: Mapping[UUID, Sequence[UUID]]
    files: Mapping[UUID, Sequence[UUID]]
    entries: Mapping[UUID, PresentEntry]


@dataclass(frozen=True, kw_only=True)
class StructuredNode:
    """A module or lesson by its key; `parent` is None at the top."""

    key: UUID
    parent: UUID | None
    title: str


@dataclass(frozen=True, kw_only=True)
class Structure:
    """The modules and lessons of a structure in order, parents first, and how often each cites which entry.

    A citation of a concept or exercise counts for the module or lesson that it is in. `citations` are by entry, then by
    key; the key is None for what is in no module and no lesson. `lost` is how many of them lead to no entry any more.
    """

    nodes: Sequence[StructuredNode]
    citations: Mapping[UUID, Mapping[UUID | None, int]]
    lost: int = 0

    def iter_parents(self) -> Iterator[tuple[UUID, UUID | None]]:
        """Yield the key of each node and of its parent."""
        for node in self.nodes:
            yield node.key, node.parent
