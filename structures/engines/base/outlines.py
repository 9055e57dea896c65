"""An outline that must be kept: the modules and lessons of a course, and which materials belong to each.

An engine that is given one only finds the details. `assemble_nodes` makes the tree from the outline and takes nothing
but details from the engine, so that no model can add, drop, rename or move a module or lesson.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any
from uuid import UUID

from structures.engines.base.drafts import Citation, DraftNode, NodeType
from structures.engines.base.sources import SourceEntry
from structures.engines.base.text import normalize_quote

# What an outline decides by itself. All other fields of a node are details.
_STRUCTURE = frozenset(
    {"node_type", "title", "given_title", "citations", "children", "key", "minutes_basis", "unproved"}
)
_DETAILS = tuple(field.name for field in fields(DraftNode) if field.name not in _STRUCTURE)


@dataclass(frozen=True, kw_only=True)
class OutlineNode:
    """A module or lesson that must be kept, with the modules and lessons inside a module in order.

    `entries` are the materials of a lesson, or those about a whole module, each with the chunks that belong here alone.
    `known` is what the outline says already: fields, evidence, and in a lesson the content that must be kept. An engine
    may change its fields, but not those in `locked`, even where they are blank, and cites none of `removed` for the
    node itself: evidence that a person took away, with normalized quotes. A lesson that `is_settled` is whole: it is
    not asked about.
    """

    key: UUID
    node_type: NodeType
    title: str
    children: tuple[OutlineNode, ...] = ()
    entries: tuple[SourceEntry, ...] = ()
    known: DraftNode | None = None
    locked: frozenset[str] = frozenset()
    removed: frozenset[Citation] = frozenset()
    is_settled: bool = False

    def iter_nodes(self) -> Iterator[OutlineNode]:
        """Yield this node and all below it, parents first, in order."""
        waiting = [self]
        while waiting:
            node = waiting.pop()
            yield node
            waiting.extend(reversed(node.children))


@dataclass(frozen=True, kw_only=True)
class Outline:
    """The modules and lessons of a course in order. `entries` are about the whole of it.

    `explanation` says as JSON values where the outline is from; `arranged_by` is that of modules which do not say it
    themselves. `warnings` say what the outline does not cover. One that `is_fixed` must be kept; another is a proposal.
    """

    title: str
    nodes: tuple[OutlineNode, ...]
    entries: tuple[SourceEntry, ...] = ()
    explanation: Mapping[str, Any]
    is_fixed: bool = True
    arranged_by: str = ""
    warnings: tuple[str, ...] = ()

    def iter_nodes(self) -> Iterator[OutlineNode]:
        """Yield all modules and lessons, parents first, in order."""
        for node in self.nodes:
            yield from node.iter_nodes()

    def list_citations(self) -> frozenset[Citation]:
        """Return the evidence that the outline has already."""
        known = (node.known for node in self.iter_nodes() if node.known is not None)
        return frozenset(citation for draft in known for each in draft.iter_nodes() for citation in each.citations)

    def list_kept_fields(self) -> dict[UUID, frozenset[str]]:
        """Return by key which fields of modules, lessons and their contents stay as they are, whatever is found."""
        kept = {node.key: node.locked for node in self.iter_nodes()}
        return kept | dict.fromkeys(self.list_kept_contents(), frozenset(_DETAILS))

    def list_kept_contents(self) -> frozenset[UUID]:
        """Return the keys of the concepts and exercises that stay as they are."""
        known = (node.known for node in self.iter_nodes() if node.known is not None)
        return frozenset(child.key for draft in known for child in draft.children if child.key is not None)

    def list_lessons(self) -> list[OutlineNode]:
        """Return the lessons in order."""
        return [node for node in self.iter_nodes() if node.node_type is NodeType.LESSON]


def list_lesson_materials(outline: Outline) -> dict[UUID, tuple[SourceEntry, ...]]:
    """Return the materials to read for each lesson, by its key.

    Those about a module, or about the course, are read with the first lesson inside that has materials of its own; with
    the first lesson where none has. What is about a module without lessons is read with no lesson.
    """
    materials = {lesson.key: list(lesson.entries) for lesson in outline.list_lessons()}
    own = {key for key, entries in materials.items() if any(entry.chunks for entry in entries)}
    for about, inside in _iter_overviews(outline):
        keys = [node.key for node in inside if node.node_type is NodeType.LESSON]
        if keys:
            materials[next((key for key in keys if key in own), keys[0])].extend(about)
    return {key: tuple(entries) for key, entries in materials.items()}


def _iter_overviews(outline: Outline) -> Iterator[tuple[tuple[SourceEntry, ...], Iterable[OutlineNode]]]:
    for node in outline.iter_nodes():
        if node.node_type is NodeType.MODULE and node.entries:
            yield node.entries, node.iter_nodes()
    if outline.entries:
        yield outline.entries, outline.iter_nodes()


def assemble_nodes(outline: Outline, details: Mapping[UUID, DraftNode]) -> tuple[DraftNode, ...]:
    """Return the outline's nodes with the details that an engine found for them, by key.

    Of a lesson's details, `children` are its concepts and exercises. Type, title, order and parents are the outline's.
    """
    return tuple(_assemble_node(node, details) for node in outline.nodes)


def _assemble_node(node: OutlineNode, details: Mapping[UUID, DraftNode]) -> DraftNode:
    empty = DraftNode(node_type=node.node_type, title=node.title)
    known, found = node.known or empty, details.get(node.key, empty)
    values = {name: _choose_value(name, node.locked, known, found) for name in _DETAILS}
    minutes_from = known if "estimated_minutes" in node.locked or found.estimated_minutes is None else found
    inside = tuple(_assemble_node(child, details) for child in node.children)
    return DraftNode(
        node_type=node.node_type,
        title=node.title,
        key=node.key,
        citations=_drop_repeated_citations(
            (*known.citations, *(each for each in found.citations if not _is_removed(each, node)))
        ),
        children=inside if node.node_type is NodeType.MODULE else _join_contents(known.children, found.children),
        minutes_basis=minutes_from.minutes_basis,
        unproved=known.unproved if node.is_settled else (),
        **values,
    )


def _is_removed(citation: Citation, node: OutlineNode) -> bool:
    return bool(node.removed) and replace(citation, quote=normalize_quote(citation.quote)) in node.removed


def _choose_value(name: str, locked: frozenset[str], known: DraftNode, found: DraftNode) -> Any:
    kept, new = getattr(known, name), getattr(found, name)
    return kept if name in locked or new in ("", (), None) else new


def _join_contents(kept: tuple[DraftNode, ...], found: tuple[DraftNode, ...]) -> tuple[DraftNode, ...]:
    """Return kept content, then what was found beside it: what has type and title of kept content is the same."""
    taken = {(node.node_type, node.title.casefold()) for node in kept}
    return (*kept, *(node for node in found if (node.node_type, node.title.casefold()) not in taken))


def _drop_repeated_citations(citations: Iterable[Citation]) -> tuple[Citation, ...]:
    return tuple(dict.fromkeys(citations))


def select_chunks(entry: SourceEntry, positions: Iterable[int]) -> SourceEntry:
    """Return the entry with the chunks at these positions, which come in order."""
    return replace(entry, chunks=tuple(entry.chunks[position] for position in positions))
