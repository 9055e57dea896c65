"""What an engine answers: a course structure that is not stored yet, with its citations unchecked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class NodeType(StrEnum):
    """The kinds of structure node, outermost first."""

    MODULE = "module"
    LESSON = "lesson"
    CONCEPT = "concept"
    EXERCISE = "exercise"


@dataclass(frozen=True, kw_only=True)
class Citation:
    """An engine's claim that `quote` stands in the chunk `chunk_id`. `structures.grounding` checks it."""

    chunk_id: UUID
    quote: str


@dataclass(frozen=True, kw_only=True)
class DraftNode:
    """One module, lesson, concept or exercise, with its children in teaching order.

    `description` of a concept is its defining sentence, of an exercise its task, as the materials have them; blank when
    the materials do not say. `citations` point at the evidence; a module or lesson cites where it was found.
    """

    node_type: NodeType
    title: str
    description: str = ""
    citations: tuple[Citation, ...] = ()
    children: tuple[DraftNode, ...] = ()

    def walk(self) -> Iterator[DraftNode]:
        """Yield this node and all below it, parents first, in order."""
        yield self
        for child in self.children:
            yield from child.walk()


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A whole course structure. `warnings` are sentences for the methodologist."""

    title: str
    modules: tuple[DraftNode, ...]
    description: str = ""
    warnings: tuple[str, ...] = ()
