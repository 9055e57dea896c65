"""Marks around tasks and solutions: boxes that end, headings for a start and an end, tasks inside of solutions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

from materials.documents import ChunkKind
from structures.engines.base.sources import SourceChunk
from structures.engines.outline.exercises import headings, vocabulary
from structures.engines.outline.exercises.headings import HeadingKind
from structures.engines.outline.exercises.tasks import Member, ReadingOrder
from structures.engines.outline.sections import Section

# Sections and paragraphs between the headings for the start and the end of a task. What is marked so and is longer is a
# part of the course.
_MAX_MARKED_MEMBERS = 50


def has_solution_boxes(sections: Iterable[Section], order: ReadingOrder) -> bool:
    """Tell whether a solution somewhere in a file ends before the section around it does, as boxes do."""
    for section in sections:
        for below in section.iter_sections():
            members = order.list_members(below) if below.subsections and below.body else []
            for member, following in pairwise(members):
                if (
                    isinstance(member, Section)
                    and isinstance(following, SourceChunk)
                    and headings.is_solution_heading(member.title)
                ):
                    return True
    return False


def find_end_mark(members: Sequence[Member], at: int) -> int | None:
    """Return the place of the heading that ends the task which the one at a place starts; None for others."""
    section = members[at]
    assert isinstance(section, Section)
    start = vocabulary.START_MARK.match(section.title)
    if start is None or not headings.is_exercise_heading(start["label"]):
        return None
    for place in range(at + 1, min(len(members), at + 1 + _MAX_MARKED_MEMBERS)):
        member = members[place]
        if isinstance(member, Section) and (end := vocabulary.END_MARK.match(member.title)) is not None:
            return place if end["label"] == start["label"] else None
    return None


def split_off_tasks(section: Section) -> tuple[Section, Section]:
    """Split a section of solutions before the first task in it that has a solution of its own."""
    kinds = [headings.classify_heading(below.title) for below in section.subsections]
    for at, (kind, below) in enumerate(zip(kinds, section.subsections, strict=True)):
        is_solved = HeadingKind.SOLUTION in kinds[at + 1 : at + 2] or any(
            headings.is_solution_heading(inner.title) for inner in below.subsections
        )
        if kind is HeadingKind.EXERCISE and is_solved:
            first, rest = section.subsections[:at], section.subsections[at:]
            own = Section(heading=section.heading, level=section.level, body=section.body, subsections=first)
            return own, Section(heading=None, level=section.level, subsections=rest)
    return section, Section(heading=None, level=section.level)


def find_request(chunks: Sequence[SourceChunk]) -> str:
    """Return the sentence that a task is best called by: its last question or paragraph, else its first."""
    paragraphs = [chunk.text for chunk in chunks if chunk.kind is ChunkKind.PARAGRAPH]
    questions = [text for text in paragraphs if text.endswith(("?", "？"))]
    return (questions[-1:] or paragraphs or [chunks[0].text])[0]
