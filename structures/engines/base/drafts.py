"""The output of engines: a course structure that is not stored yet, with its citations unverified."""

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
    """An engine's claim that `quote` stands in the chunk `chunk_id`. `structures.grounding.quotes` checks it."""

    chunk_id: UUID
    quote: str


@dataclass(frozen=True, kw_only=True)
class Expectation:
    """Something a student knows or can do after the course: in a few words, and in full (may be blank)."""

    summary: str
    details: str = ""


@dataclass(frozen=True, kw_only=True)
class DraftNode:
    """One module, lesson, concept or exercise, with its children in teaching order.

    `description` of a concept is its definition, of an exercise its task; blank when the materials do not say.
    `citations` point at the evidence; a module or lesson cites where it was found. `reference_solution`
    of an exercise is the materials' own, or a model's. The other fields are set only by engines that ask models: goal,
    minutes and difficulty (1 to 5) of a module; examples of a concept; difficulty and criteria of an exercise.
    """

    node_type: NodeType
    title: str
    description: str = ""
    citations: tuple[Citation, ...] = ()
    children: tuple[DraftNode, ...] = ()
    learning_goal: str = ""
    difficulty: int | None = None
    estimated_minutes: int | None = None
    examples: tuple[str, ...] = ()
    reference_solution: str = ""
    grading_criteria: tuple[str, ...] = ()

    def iter_nodes(self) -> Iterator[DraftNode]:
        """Yield this node and all below it, parents first, in order."""
        yield self
        for child in self.children:
            yield from child.iter_nodes()


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A whole course structure. `warnings` are sentences for the methodologist."""

    title: str
    modules: tuple[DraftNode, ...]
    description: str = ""
    learning_goal: str = ""
    expected_knowledge: tuple[Expectation, ...] = ()
    expected_skills: tuple[Expectation, ...] = ()
    prerequisites: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
