"""What a syllabus says of a course in which order: modules and lessons, numbered, with the minutes of their lessons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from project.counts import format_count
from structures.exports.base import ExportedNode, ExportedSnapshot
from structures.exports.numbering import NumberedSection, list_subsections, number_sections
from structures.exports.syllabus.parts import HEADING_LEVELS


def get_level(section: NumberedSection) -> int:
    """Return the level of the heading of a section."""
    return min(section.depth + 1, HEADING_LEVELS)


def format_title(section: NumberedSection) -> str:
    """Return the number and the title of a section."""
    return f"{section.number}. {join_lines(section.node.row.title)}"


def get_bookmark(section: NumberedSection) -> str:
    """Return the name of the bookmark of a section: it begins with a letter and has 40 characters at most."""
    return f"node_{section.node.row.key.hex}"


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
    for section in reversed(list(number_sections(snapshot.modules))):
        node = section.node
        own = [] if section.is_module else [node.row.estimated_minutes or 0]
        lesson = LessonTotals(lessons=len(own), minutes=sum(own), unknown=own.count(0))
        totals[node.row.key] = add_totals([lesson, *list_totals(node.children, totals)])
    return totals


def list_totals(nodes: Sequence[ExportedNode], totals: Mapping[UUID, LessonTotals]) -> list[LessonTotals]:
    """Return the totals of the modules and lessons among some nodes."""
    return [totals[node.row.key] for node in list_subsections(nodes)]


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
