"""Finding questions with choices among the paragraphs and lists of a section."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from materials.documents import ChunkKind
from structures.engines.base.drafts import Citation
from structures.engines.base.sources import SourceChunk
from structures.engines.outline import names
from structures.engines.outline.exercises import choices, headings, vocabulary
from structures.engines.outline.exercises.tasks import Member, Task, cite_first_sentence, format_chunk
from structures.engines.outline.sections import Section
from structures.engines.outline.words import count_words

# `3.`, `Question 3:` before a question.
_NUMBER = re.compile(
    rf"^\W*(?:(?:{vocabulary.QUESTIONS})\s*)?[(（]?(?P<number>\d{{1,3}})\s*(?:题)?\s*[.):：、）]\s*", re.IGNORECASE
)
# A numbered task among the items or paragraphs of an exam.
_NUMBERED = re.compile(r"^\W*(?P<number>\d{1,3})\s*[.)、）]\s+")
# Words of a choice without a mark of its own. Longer items are steps or explanations. A choice: half and twice give the
# same exercises on the sample courses.
_MAX_CHOICE_WORDS = 20


# On the sample courses half of it changes nothing, twice loses tasks of one line.
MIN_TASK_WORDS = 4
_SENTENCE_END = re.compile(r"[.!?。！？:：][\s»”\")）]*$")


@dataclass(frozen=True, kw_only=True)
class FoundQuestions:
    """Questions with choices that begin at one place, and how many members of the section they take."""

    tasks: list[Task]
    member_count: int


def read_questions(members: Sequence[Member], at: int, *, context: headings.Context) -> FoundQuestions | None:
    """Return the questions with choices that begin with the member `at`; None when none does.

    Where a heading or the file announces questions, items without marks can be choices, too.
    """
    in_quiz = context is not headings.Context.TEXT
    chunk = members[at]
    if not isinstance(chunk, SourceChunk):
        return None
    if chunk.kind is ChunkKind.LIST:
        tasks = list(_read_list(chunk, context=context))
        if tasks:
            return FoundQuestions(tasks=tasks, member_count=1)
        # One item, and its choices as a list of their own: a blank line parted them.
        items = choices.group_items(chunk.text)
        if len(items) > 1 or items[0][2] or not choices.is_stem(items[0][1], in_quiz=in_quiz):
            return None
        return _read_choices_below(chunk, members, at, in_quiz=in_quiz)
    if chunk.kind is not ChunkKind.PARAGRAPH:
        return None
    stem, inside = choices.split_choices(chunk.text)
    if inside and stem:
        if not choices.is_stem(stem, in_quiz=in_quiz):
            return None
        question = choices.build_question(_strip_number(stem), inside)
        tasks = [_build_task(question, chunk, _find_number(stem))] if question is not None else []
        return FoundQuestions(tasks=tasks, member_count=1) if tasks else None
    if not choices.is_stem(chunk.text, in_quiz=in_quiz):
        return None
    return _read_choices_below(chunk, members, at, in_quiz=in_quiz)


def read_choices_of_heading(
    heading: SourceChunk, members: Sequence[Member], *, in_quiz: bool
) -> tuple[choices.ChoiceQuestion, int] | None:
    """Return the question whose stem is a heading and whose choices stand first below it, and how many members."""
    found = _find_choices(members, 0, allow_plain=in_quiz)
    if found is None:
        return None
    question = choices.build_question(_strip_number(heading.text), found[0])
    return (question, found[1]) if question is not None else None


def _read_choices_below(
    chunk: SourceChunk, members: Sequence[Member], at: int, *, in_quiz: bool
) -> FoundQuestions | None:
    """Read the choices that stand below the paragraph of a question, perhaps behind the code that it asks about."""
    between: list[str] = []
    next_at = at + 1
    member = members[next_at] if next_at < len(members) else None
    if isinstance(member, SourceChunk) and member.kind in {ChunkKind.CODE, ChunkKind.TABLE}:
        between.append(format_chunk(member))
        next_at += 1
    is_question = chunk.text.rstrip().endswith(("?", "？"))
    found = _find_choices(members, next_at, allow_plain=in_quiz and is_question)
    if found is None:
        return None
    stem = "\n\n".join([_strip_number(chunk.text), *between])
    question = choices.build_question(stem, found[0])
    if question is None:
        return None
    task = _build_task(question, chunk, _find_number(chunk.text), quote=_strip_number(chunk.text))
    return FoundQuestions(tasks=[task], member_count=next_at - at + found[1])


def _find_choices(members: Sequence[Member], at: int, *, allow_plain: bool) -> tuple[tuple[str, ...], int] | None:
    """Return the choices that begin at a place, and how many members they take.

    They are the items of one list, paragraphs of their own, or one paragraph. Without marks only where `allow_plain`.
    """
    first = members[at] if at < len(members) else None
    if not isinstance(first, SourceChunk):
        return None
    if first.kind is ChunkKind.LIST:
        lines = choices.read_item_lines(first.text)
        is_marked = all(choices.has_choice_mark(text) for _, _, text in lines)
        is_flat = len({depth for depth, _, _ in lines}) == 1
        is_short = all(len(text.split()) <= _MAX_CHOICE_WORDS for _, _, text in lines)
        if is_flat and (is_marked or (allow_plain and is_short and not any(number for _, number, _ in lines))):
            return tuple(text for _, _, text in lines), 1
        return None
    if first.kind is not ChunkKind.PARAGRAPH or not choices.has_choice_mark(first.text):
        return None
    run: list[str] = []
    for member in islice(members, at, None):
        is_choice = isinstance(member, SourceChunk) and member.kind is ChunkKind.PARAGRAPH
        if not is_choice or not isinstance(member, SourceChunk) or not choices.has_choice_mark(member.text):
            break
        # More are a list of things; and among thousands each may be a question of its own.
        if len(run) == choices.MAX_CHOICES:
            return None
        run.append(member.text)
    # All in one paragraph, or each in its own; both are read in one way, which checks the order of the letters.
    stem, found = choices.split_choices("\n".join(run))
    if found and not stem:
        return found, len(run)
    return (tuple(run), len(run)) if all(choices.has_check_box(text) for text in run) and len(run) > 1 else None


def _read_list(chunk: SourceChunk, *, context: headings.Context) -> Iterator[Task]:
    """Yield the questions that the items of a list are: with their choices on the same line, or as items inside.

    Among tasks the items between them that have no choices are tasks, too.
    """
    in_quiz = context is not headings.Context.TEXT
    items = choices.group_items(chunk.text)
    questions = [_read_item(text, inside, in_quiz=in_quiz) for _, text, inside in items]
    if not any(questions):
        return
    for question, (number, text, inside) in zip(questions, items, strict=True):
        if question is not None:
            yield _build_task(question, chunk, number, quote=text)
        elif context is headings.Context.TASKS and number and is_task_sentence(text):
            yield build_item_task(chunk, number, text, inside)


def _read_item(text: str, inside: list[tuple[int, str, str]], *, in_quiz: bool) -> choices.ChoiceQuestion | None:
    stem, found = choices.split_choices(text)
    if not inside and found and stem and choices.is_stem(stem, in_quiz=in_quiz):
        return choices.build_question(stem, found)
    if inside and _are_choices(text, inside, in_quiz=in_quiz):
        return choices.build_question(text, tuple(line for _, _, line in inside))
    return None


def build_item_task(chunk: SourceChunk, number: str, text: str, inside: list[tuple[int, str, str]]) -> Task:
    """Return the task that an item of a list is, with the items inside it."""
    whole = "\n".join([text, *(f"- {line}" for _, _, line in inside)])
    return build_numbered_task(chunk, number, whole, Citation(chunk_id=chunk.id, quote=text))


def build_numbered_task(chunk: SourceChunk, number: str, text: str, citation: Citation) -> Task:
    """Return the task with a number whose title is its first words, without what one gets for it."""
    title = headings.shorten_text(vocabulary.POINTS.sub("", text).strip())
    return Task(title=names.capitalize_title(title), number=number, citation=citation, parts=[text])


def is_task_sentence(text: str) -> bool:
    """Tell whether a text is long enough for a task, and ends as a sentence or with the points that one gets for it."""
    without_points = vocabulary.POINTS.sub("", text).strip()
    is_sentence = without_points != text.strip() or _SENTENCE_END.search(without_points) is not None
    return is_sentence and count_words(without_points) >= MIN_TASK_WORDS


def _are_choices(stem: str, inside: list[tuple[int, str, str]], *, in_quiz: bool) -> bool:
    if len({depth for depth, _, _ in inside}) > 1 or not choices.is_stem(stem, in_quiz=in_quiz):
        return False
    if all(choices.has_choice_mark(text) for _, _, text in inside):
        return True
    # Items without marks below a question may be its answer.
    is_short = all(len(text.split()) <= _MAX_CHOICE_WORDS for _, _, text in inside)
    return in_quiz and is_short and not any(number for _, number, _ in inside)


def _build_task(question: choices.ChoiceQuestion, chunk: SourceChunk, number: str, *, quote: str = "") -> Task:
    return Task(
        title=headings.shorten_text(question.stem),
        number=number,
        citation=Citation(chunk_id=chunk.id, quote=quote) if quote else cite_first_sentence(chunk),
        parts=[question.format_task()],
        solution=list(question.right),
    )


def _strip_number(text: str) -> str:
    return _NUMBER.sub("", text, count=1)


def _find_number(text: str) -> str:
    found = _NUMBER.match(text)
    return found["number"] if found is not None else ""


def read_numbered_tasks(member: Member) -> list[Task]:
    """Return the tasks that the numbered items of a list, or a numbered paragraph, are; each is a sentence at least."""
    if not isinstance(member, SourceChunk):
        return []
    if member.kind is ChunkKind.PARAGRAPH:
        found = _NUMBERED.match(member.text)
        if found is None or not is_task_sentence(text := member.text[found.end() :]):
            return []
        return [build_numbered_task(member, found["number"], text, cite_first_sentence(member))]
    if member.kind is not ChunkKind.LIST:
        return []
    items = choices.group_items(member.text)
    if not all(number and is_task_sentence(text) for number, text, _ in items):
        return []
    # One alone is a step as well as a task.
    if len(items) == 1 and not (vocabulary.POINTS.search(items[0][1]) or items[0][1].endswith(("?", "？"))):
        return []
    return [build_item_task(member, *item) for item in items]


def is_question_heading(section: Section) -> bool:
    title = section.title
    return headings.is_numbered_question(title) or (
        _NUMBERED.match(title) is not None and title.rstrip().endswith(("?", "？"))
    )
