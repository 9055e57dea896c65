"""Giving solutions to their exercises: by number, or to the one before."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice

from materials.documents import ChunkKind
from materials.readers.base import task_words
from structures.engines.outline.exercises import headings, vocabulary
from structures.engines.outline.exercises.tasks import ReadingOrder, Task, format_chunk, format_section, join_parts
from structures.engines.outline.sections import Section

_NUMBERED_LINE = re.compile(
    r"^\s*(?:[-*•]\s*)?(?:[^\W\d_]{1,12}\.?\s*)?(?P<number>\d{1,3}(?:\.\d{1,3})*)\s*[.):：、–—=-]?\s*(?P<answer>\S.*)$"
)
# "1b, 2a", "1 – b; 2 – a": a key on one line.
_KEY = re.compile(r"(?<!\w)(?P<number>\d{1,3})\s*[.):–—=-]?\s*(?P<answer>[a-jA-Jа-иА-И]|[+-])(?!\w)")
_ROW = re.compile(r"^\|\s*(?P<number>\d{1,3})[.)]?\s*\|\s*(?P<answer>.*?)\s*\|?$")
# Two numbers that agree may be chance in one answer that is a numbered list; so each task of a run has to have one, and
# a key names two at least.
_MIN_NUMBERED = 2
# Tasks of one file that an answer is sought for: more are no exam. Each number in each solution is compared with them.
_MAX_TASKS_BACK = 1_000
# "Aufgabe 1: 5. Aufgabe 2: ...": answers on one line, each with its label.
_INLINE_LABEL = re.compile(
    rf"(?<!\w)(?:{task_words.EXERCISES}|{vocabulary.QUESTIONS}|{vocabulary.TASKS})\s*(?P<number>\d{{1,3}})\s*[:.)：）]\s*",
    re.IGNORECASE,
)


def attach_solution(section: Section, tasks: Sequence[Task], order: ReadingOrder, *, is_near: bool) -> bool:
    """Add what stands below the heading of a solution to the tasks that it belongs to; return whether there are any.

    That is the task with the number in the heading; or each task with a number, when the section has an answer for
    several; or else the last task, when it stands near.
    """
    whole = list(format_section(section, order, has_heading=False))
    number = headings.find_number(section.title)
    named = _find_task(tasks, number)
    if named is not None:
        named.solution.extend(whole)
        return True
    answers = {number: text for number, text in split_answers(section, order).items() if _find_task(tasks, number)}
    if len(answers) >= _MIN_NUMBERED:
        for number, text in answers.items():
            task = _find_task(tasks, number)
            assert task is not None
            task.solution.append(text)
    elif is_near:
        tasks[-1].solution.extend(whole)
    return is_near or len(answers) >= _MIN_NUMBERED


def distribute_key(text: str, tasks: Sequence[Task]) -> bool:
    """Give the answers of a key on one line (`1b, 2a`) to their tasks; return whether it is one."""
    answers = [(number, answer) for number, answer in _iter_lines(text) if number]
    if len(answers) < _MIN_NUMBERED or any(_find_task(tasks, number) is None for number, _ in answers):
        return False
    for number, answer in answers:
        task = _find_task(tasks, number)
        assert task is not None
        task.solution.append(answer)
    return True


def split_answers(section: Section, order: ReadingOrder) -> dict[str, str]:
    """Return the answers of a section by the number of what they answer; empty when it does not number them."""
    found: dict[str, list[str]] = {}
    for member in order.list_members(section):
        if isinstance(member, Section):
            if number := headings.find_number(member.title):
                found.setdefault(number, []).extend(format_section(member, order, has_heading=False))
        elif member.kind is ChunkKind.CODE:
            # Code below a number belongs to it.
            if found:
                found[next(reversed(found))].append(format_chunk(member))
        else:
            for number, text in _iter_lines(member.text):
                if number:
                    found.setdefault(number, []).append(text)
                elif found:
                    found[next(reversed(found))].append(text)
    return {number: join_parts(texts) for number, texts in found.items()}


def _iter_lines(text: str) -> Iterator[tuple[str, str]]:
    """Yield (number, answer) for the lines of a text; the number is blank for a line that goes on with the last."""
    for line in text.split("\n"):
        labels = list(_INLINE_LABEL.finditer(line))
        if len(labels) >= _MIN_NUMBERED and labels[0].start() == 0:
            ends = [*(label.start() for label in labels[1:]), len(line)]
            yield from (
                (label["number"], line[label.end() : end].strip()) for label, end in zip(labels, ends, strict=True)
            )
            continue
        keys = list(_KEY.finditer(line))
        if len(keys) >= _MIN_NUMBERED and len(_KEY.sub("", line).strip(" ,;.|")) <= len(keys) * 3:
            yield from ((key["number"], key["answer"]) for key in keys)
        elif (found := _ROW.match(line) or _NUMBERED_LINE.match(line)) is not None:
            yield found["number"], found["answer"]
        elif line.strip():
            yield "", line


def _find_task(tasks: Sequence[Task], number: str) -> Task | None:
    """Return the last task with a number; None when there is none."""
    recent = islice(reversed(tasks), _MAX_TASKS_BACK)
    return next((task for task in recent if number and task.number == number), None)
