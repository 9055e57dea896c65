"""The output of engines: a course structure that is not stored yet, with its citations unverified."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
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


class Basis(StrEnum):
    """Where a value comes from: the materials state it, it was computed from them, or a model estimated it."""

    STATED = "stated"
    COMPUTED = "computed"
    ESTIMATED = "estimated"


@dataclass(frozen=True, kw_only=True)
class Prerequisite:
    """A lesson uses `term`, which an earlier lesson defines, quoted in both.

    `lesson` is the defining lesson's place among the lessons of the draft, counted from 0 in the order of a walk.
    """

    term: str
    lesson: int
    definition: Citation
    use: Citation


@dataclass(frozen=True, kw_only=True)
class UnprovedStatement:
    """A part of a text that a model wrote and that the cited passages do not prove.

    It is `text[start:end]` of the field, of a list of its `item`. `kind` says what it is, such as `number` or `name`
    (`structures.grounding.claims.unproved`).
    """

    field: str
    item: int | None
    start: int
    end: int
    kind: str


@dataclass(frozen=True, kw_only=True)
class DraftNode:
    """One module, lesson, concept or exercise, with its children in teaching order.

    `description` of a concept is its definition, of an exercise its task; blank when the materials do not say.
    `citations` point at the evidence; a module or lesson cites where it was found. `reference_solution`
    of an exercise is the materials' own, or a model's. `learning_goal` has one goal a line. `difficulty` is 1 to 5.
    `minutes_basis` is set where `estimated_minutes` is. `topics` of a lesson are its outline: the headings of its
    materials. `required_knowledge` are the prerequisites that the materials state, `prerequisites` those between
    lessons. `arranged_by` of a module says what its place and lessons follow: `SUMMARY.md`, `folders`. `key` names the
    node of an outline that this one is, where one had to be kept; `line` is the number by which corrections name it.
    `given_title` is the title before a model corrected it, which of modules and lessons is the outline's; blank where
    `title` still is the first one.
    """

    node_type: NodeType
    title: str
    given_title: str = ""
    description: str = ""
    citations: tuple[Citation, ...] = ()
    children: tuple[DraftNode, ...] = ()
    learning_goal: str = ""
    difficulty: int | None = None
    estimated_minutes: int | None = None
    examples: tuple[str, ...] = ()
    reference_solution: str = ""
    grading_criteria: tuple[str, ...] = ()
    minutes_basis: Basis | None = None
    key_points: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    required_knowledge: tuple[str, ...] = ()
    prerequisites: tuple[Prerequisite, ...] = ()
    arranged_by: str = ""
    unproved: tuple[UnprovedStatement, ...] = ()
    key: UUID | None = None
    # Not compared: it is no part of what the node says.
    line: int | None = field(default=None, compare=False)

    def iter_nodes(self) -> Iterator[DraftNode]:
        """Yield this node and all below it, parents first, in order."""
        yield self
        for child in self.children:
            yield from child.iter_nodes()


@dataclass(frozen=True, kw_only=True)
class OrderFaults:
    """What speaks against the order of lessons, in counts.

    `early_uses` counts pairs of a term and a lesson that uses it before the lesson that defines it, `mutual_uses` pairs
    of lessons that use terms of each other.
    """

    early_uses: int = 0
    mutual_uses: int = 0


@dataclass(frozen=True, kw_only=True)
class Reversal:
    """What is needed to take an applied correction back. Nodes are named by their `DraftNode.line`.

    `parent` is where a moved lesson or a merged concept stood, behind the child `behind` or at the beginning. `other`
    is the concept, in the lesson `other_parent`, that a lesson requires, or that another one was merged into: before
    that it was `kept`, and the other one `merged`.
    """

    line: int
    parent: int | None = None
    behind: int | None = None
    other: int | None = None
    other_parent: int | None = None
    merged: DraftNode | None = None
    kept: DraftNode | None = None


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A whole course structure. `warnings` are sentences for the methodologist.

    `arrangement` explains, as JSON values, how the engine arranged the materials, and `corrections` say what a model
    wanted otherwise in the draft, why, and whether it was done. `reversals` take back those that were, by their places
    in that list. `failures` are what is missing as no model answered: lessons, or (with a blank `lesson`) the reading
    of the whole course or the judgement of statements, each with the reason. They become part of the snapshot's
    provenance. `given_title` is what the outline calls the course, where a model has written the `title`.
    """

    title: str
    modules: tuple[DraftNode, ...]
    given_title: str = ""
    description: str = ""
    learning_goal: str = ""
    expected_knowledge: tuple[Expectation, ...] = ()
    expected_skills: tuple[Expectation, ...] = ()
    prerequisites: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    order_faults: OrderFaults = OrderFaults()
    arrangement: Mapping[str, Any] = field(default_factory=dict)
    corrections: tuple[Mapping[str, Any], ...] = ()
    reversals: Mapping[int, Reversal] = field(default_factory=dict)
    failures: tuple[Mapping[str, Any], ...] = ()
