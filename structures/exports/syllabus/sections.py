"""What a syllabus says of a course in which order: modules and lessons, numbered, with the minutes of their lessons."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from project.counts import format_count
from structures.engines.base.drafts import NodeType
from structures.exports.base import ExportedNode, ExportedSnapshot
from structures.exports.syllabus.parts import HEADING_LEVELS

_SECTION_TYPES = {NodeType.MODULE, NodeType.LESSON}


@dataclass(frozen=True, kw_only=True)
class Section:
    """A module or lesson with its number, such as `1.2`. `level` is that of its heading."""

    node: ExportedNode
    number: str
    depth: int

    @property
    def level(self) -> int:
        return min(self.depth, HEADING_LEVELS)

    @property
    def title(self) -> str:
        return f"{self.number}. {join_lines(self.node.row.title)}"

    @property
    def bookmark(self) -> str:
        # Names of bookmarks begin with a letter and have 40 characters at most.
        return f"node_{self.node.row.key.hex}"

    @property
    def is_module(self) -> bool:
        return self.node.node_type is NodeType.MODULE


def list_sections(snapshot: ExportedSnapshot) -> Iterator[Section]:
    """Yield the modules and lessons in order, parents first."""
    pending = _number_sections(snapshot.modules, "", 1)
    while pending:
        section = pending.pop()
        yield section
        pending.extend(_number_sections(section.node.children, f"{section.number}.", section.depth + 1))


@dataclass(frozen=True, kw_only=True)
class LessonTotals:
    """How many lessons there are, how many minutes they take together, and of how many this is not known."""

    lessons: int
    minutes: int
    unknown: int

    def describe(self, *, with_minutes: bool = True) -> str:
        """Return it in words, such as `3 lessons, 45 minutes (1 lesson without minutes)`."""
        said = f", {describe_minutes(self.minutes)}" if self.minutes and with_minutes else ""
        missing = f" ({format_count(self.unknown, 'lesson')} without minutes)" if self.minutes and self.unknown else ""
        return f"{format_count(self.lessons, 'lesson')}{said}{missing}"


def count_lessons(snapshot: ExportedSnapshot) -> dict[UUID, LessonTotals]:
    """Return the totals of the lessons in each module and lesson, by its key."""
    totals: dict[UUID, LessonTotals] = {}
    # Children before their parents, so that each node is looked at once however deep the tree is.
    for section in reversed(list(list_sections(snapshot))):
        node = section.node
        own = [] if section.is_module else [node.row.estimated_minutes or 0]
        lesson = LessonTotals(lessons=len(own), minutes=sum(own), unknown=own.count(0))
        totals[node.row.key] = add_totals([lesson, *list_totals(node.children, totals)])
    return totals


def list_totals(nodes: Sequence[ExportedNode], totals: Mapping[UUID, LessonTotals]) -> list[LessonTotals]:
    """Return the totals of the modules and lessons among some nodes."""
    return [totals[node.row.key] for node in nodes if node.node_type in _SECTION_TYPES]


def add_totals(totals: Sequence[LessonTotals]) -> LessonTotals:
    """Return the sums of totals."""
    return LessonTotals(
        lessons=sum(each.lessons for each in totals),
        minutes=sum(each.minutes for each in totals),
        unknown=sum(each.unknown for each in totals),
    )


def describe_minutes(minutes: int) -> str:
    """Return minutes in words, from an hour on also as hours."""
    hours, rest = divmod(minutes, 60)
    also = f" ({hours} h {rest} min)" if hours else ""
    return f"{format_count(minutes, 'minute')}{also}"


def join_lines(text: str) -> str:
    """Return a text as one line."""
    return " ".join(text.split())


def _number_sections(nodes: Sequence[ExportedNode], prefix: str, depth: int) -> list[Section]:
    """Return the modules and lessons among the nodes, the last one first."""
    sections = [node for node in nodes if node.node_type in _SECTION_TYPES]
    return [
        Section(node=node, number=f"{prefix}{position}", depth=depth) for position, node in enumerate(sections, start=1)
    ][::-1]
