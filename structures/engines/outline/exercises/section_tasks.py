"""Sections that are one exercise: what in them is the task, what its solution, its hints and its criteria."""

from __future__ import annotations

from collections.abc import Sequence

from materials.documents import ChunkKind
from structures.engines.base.sources import SourceChunk
from structures.engines.outline.exercises import choices, headings, vocabulary
from structures.engines.outline.exercises.criteria import iter_criteria, read_criteria
from structures.engines.outline.exercises.headings import HeadingKind
from structures.engines.outline.exercises.labels import match_label
from structures.engines.outline.exercises.questions import MIN_TASK_WORDS, read_choices_of_heading
from structures.engines.outline.exercises.tasks import (
    Member,
    ReadingOrder,
    Task,
    cite_first_sentence,
    format_chunk,
    format_section,
)
from structures.engines.outline.sections import Section
from structures.engines.outline.words import count_words

# Words of a line that is only a link, such as the title of the page it leads to. On the sample courses half of it takes
# links to assignments for exercises; twice changes nothing.
_MAX_LINK_WORDS = 12


def build_task(section: Section, order: ReadingOrder, *, is_file: bool = False) -> Task | None:
    """Return the exercise of a whole section; None when its task is too short, or only links to one elsewhere.

    What stands below a heading that names a solution, a hint or a rubric is that, the rest is the task. The exercise of
    a file may be short.
    """
    first = section.heading or next(iter(_sort_chunks(section, order)), None)
    if first is None:
        return None
    task = Task(
        title=headings.build_title(first.text if section.heading is not None else headings.shorten_text(first.text)),
        number=headings.find_number(section.title) if headings.is_exercise_heading(section.title) else "",
        citation=cite_first_sentence(first),
    )
    if section.heading is not None and not headings.is_bare_label(section.title):
        found = read_choices_of_heading(section.heading, order.list_members(section), in_quiz=True)
        if found is not None and choices.is_stem(section.title, in_quiz=False):
            task.parts.append(found[0].stem)
    _fill_task(task, section, order)
    if is_file:
        return task
    return None if count_words(task.description) < MIN_TASK_WORDS or is_link_list(section) else task


def _fill_task(task: Task, section: Section, order: ReadingOrder) -> None:
    """Sort what a section holds into the task, its solution and its criteria."""
    members = order.list_members(section)
    at = 0
    while at < len(members):
        member = members[at]
        at += 1
        if isinstance(member, SourceChunk):
            if (label := match_label(vocabulary.SOLUTION_LABEL, member)) is not None and task.parts:
                own = member.text[label.end() :].strip()
                if own:
                    task.solution.append(own)
                else:
                    while at < len(members) and isinstance(chunk := members[at], SourceChunk):
                        task.solution.append(format_chunk(chunk))
                        at += 1
            elif match_label(vocabulary.HINT_LABEL, member) is not None and task.parts:
                task.solution.append(member.text)
            elif (rubric := _find_rubric_below(members, at - 1)) is not None:
                task.criteria.extend(iter_criteria([rubric]))
                at += 1
            else:
                _add_to_task(task, member)
            continue
        kind = headings.classify_heading(member.title)
        if kind is HeadingKind.SOLUTION:
            task.solution.extend(format_section(member, order, has_heading=False))
        elif kind is HeadingKind.HINT:
            task.solution.extend(format_section(member, order, has_heading=True))
        elif kind is HeadingKind.CRITERIA:
            task.criteria.extend(read_criteria(member))
        else:
            task.parts.append(member.title)
            _fill_task(task, member, order)


def _find_rubric_below(members: Sequence[Member], at: int) -> SourceChunk | None:
    """Return the list or table below a paragraph that says that criteria follow; None for other paragraphs."""
    chunk, below = members[at], members[at + 1] if at + 1 < len(members) else None
    is_label = isinstance(chunk, SourceChunk) and chunk.kind is ChunkKind.PARAGRAPH
    if not is_label or not isinstance(chunk, SourceChunk) or not vocabulary.CRITERIA_TITLE.fullmatch(chunk.text):
        return None
    is_rubric = isinstance(below, SourceChunk) and below.kind in {ChunkKind.LIST, ChunkKind.TABLE}
    return below if is_rubric and isinstance(below, SourceChunk) else None


def _add_to_task(task: Task, chunk: SourceChunk) -> None:
    """Add a chunk to a task, without the marks that say which of its choices are right."""
    if chunk.kind is ChunkKind.LIST:
        lines = choices.read_item_lines(chunk.text)
        question = choices.build_question("?", tuple(text for _, _, text in lines))
        if question is not None and question.right and len(lines) == len(question.choices):
            task.parts.append("\n".join(f"- {choice}" for choice in question.choices))
            task.solution.extend(question.right)
            return
    task.parts.append(format_chunk(chunk))


def _sort_chunks(section: Section, order: ReadingOrder) -> list[SourceChunk]:
    """Return the chunks of a section and of all inside it in reading order."""
    return sorted(section.iter_chunks(), key=lambda chunk: order.positions.get(chunk.id, 0))


def is_walkthrough(section: Section) -> bool:
    """Tell whether a section leads through numbered steps with the code to write."""
    chunks = [chunk for below in section.iter_sections() for chunk in below.body]
    has_steps = any(chunk.kind is ChunkKind.LIST and chunk.text.lstrip()[:1].isdecimal() for chunk in chunks)
    return has_steps and any(chunk.kind is ChunkKind.CODE for chunk in chunks)


def is_link_list(section: Section) -> bool:
    """Tell whether a section holds nothing but links to exercises that stand elsewhere."""
    chunks = [chunk for below in section.iter_sections() for chunk in below.body]
    return bool(chunks) and all(is_link(chunk) for chunk in chunks)


def is_link(chunk: SourceChunk) -> bool:
    """Tell whether each line of a chunk is a link: as many links as lines, none of them a sentence."""
    if not chunk.links or chunk.kind not in {ChunkKind.PARAGRAPH, ChunkKind.LIST}:
        return False
    lines = [text for _, _, text in choices.read_item_lines(chunk.text) if text]
    return len(lines) <= len(chunk.links) and all(_is_link_text(line) for line in lines)


def _is_link_text(line: str) -> bool:
    return len(line.split()) <= _MAX_LINK_WORDS and not line.rstrip().endswith((".", "?", "!", "。"))
