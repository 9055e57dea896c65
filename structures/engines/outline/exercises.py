"""Finding exercises: only where the materials name one, with the whole task, and once for all files that have it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile

from materials.documents import ChunkKind
from structures.engines.base.drafts import Citation, DraftNode, NodeType
from structures.engines.base.sentences import split_sentences
from structures.engines.base.sources import SourceChunk
from structures.engines.outline import names, words
from structures.engines.outline.plans import LessonPart, Role
from structures.engines.outline.sections import Section

_EXERCISE = words.compile_search(words.EXERCISES)
_EXERCISE_PREFIX = words.compile_prefix_match(words.EXERCISES_ANYWHERE)
# "Sorting exercise", "Lists and loops quiz": up to three words and then the name of a task. Not after an article or the
# like: a heading "The exercises" is about exercises.
_EXERCISE_SUFFIX = re.compile(
    rf"^(?!(?:the|our|these|more|about|all|die|der|les?|los|las)\s)(?:\S+\s+){{1,3}}(?:{words.EXERCISES})$",
    re.IGNORECASE,
)
_SOLUTION = words.compile_search(words.SOLUTIONS)
# `Task 3: ...` at the beginning of a paragraph or heading; the dash may also be a full stop.
_LABEL = re.compile(rf"^\W*(?P<label>(?:{words.EXERCISES})(?:\s*[№#]?\s*\d+(?:\.\d+)*)?)\s*[:.—–]\s*", re.IGNORECASE)
# `Exercise 3` and nothing else. Such a title is no sign that two exercises are the same.
_BARE_LABEL = re.compile(rf"^\W*(?:{words.EXERCISES})\s*[№#]?\s*(?:\d+(?:\.\d+)*|[ivx]+)?\W*$", re.IGNORECASE)
# Longer headings are sentences that happen to mention an exercise, and a title of more words is cut off. On the sample
# courses half of it misses exercises with descriptive headings; twice only lets titles run on.
_MAX_TITLE_WORDS = 14
# What follows `Task:` in a paragraph is the title of the task rather than the task itself when it is no longer than
# this and no sentence. A choice: half and twice give the same exercises on the sample courses.
_MAX_HEADING_WORDS = 8
# A heading that names a solution in passing ("How answers are found by ...") has more words. A choice: half and twice
# give the same exercises on the sample courses.
_MAX_SOLUTION_WORDS = 6
# On the sample courses half of it takes links to a quiz for exercises, twice loses tasks of one line.
_MIN_TASK_WORDS = 4
_ATTACHED_KINDS = {ChunkKind.LIST, ChunkKind.CODE, ChunkKind.TABLE}
# Runs of three words keep some of the order without breaking at every inserted word (w-shingling, Broder 1997).
_SHINGLE_WORDS = 3
# The same task as PDF and as slides keeps most of its runs, two tasks on one topic few. On the sample courses
# half of it joins challenges that only have their form in common; up to 0.9 changes nothing.
_SAME_TASK_SIMILARITY = 0.5
# Less is enough where the titles agree as well. On the sample courses twice leaves exercises double
# whose text was extended in one of the files; a fifth changes nothing.
_SAME_TITLE_SIMILARITY = 0.25


@dataclass(frozen=True, kw_only=True)
class ExerciseSearchResult:
    """The exercises of some sections, and the `id()` of each section that belongs to one.

    No concept is sought in those sections: what a task mentions is not what the materials teach there.
    """

    nodes: tuple[DraftNode, ...]
    section_ids: frozenset[int]


def find_exercises(parts: Sequence[LessonPart]) -> ExerciseSearchResult:
    """Find the exercises in the files of one lesson.

    When no section of a file whose role is exercise is one, each of its sections with a task becomes one.
    """
    nodes: list[DraftNode] = []
    section_ids: set[int] = set()
    for part in parts:
        count = len(nodes)
        for section in part.sections:
            _search_section(section, nodes, section_ids)
        if part.role is Role.EXERCISE and part.is_whole and len(nodes) == count:
            for section in part.sections:
                if (node := _build_exercise(section)) is not None:
                    nodes.append(node)
                    section_ids.update(id(below) for below in section.iter_sections())
    return ExerciseSearchResult(nodes=tuple(nodes), section_ids=frozenset(section_ids))


def is_exercise_title(title: str) -> bool:
    """Tell whether a title or file name calls what it names an exercise."""
    return (
        len(title.split()) <= _MAX_TITLE_WORDS
        and _EXERCISE.search(title.replace("-", " ").replace("_", " ")) is not None
    )


def merge_exercises(lessons: list[list[DraftNode]]) -> list[list[DraftNode]]:
    """Join the exercises of a module that are the same: the first stays, with the citations of all.

    `lessons` are the exercises of each lesson, in order; the result has the same shape. Every exercise is compared with
    all different ones before it, so the time grows with the square of their number in one module.
    """
    first: list[tuple[int, int, DraftNode]] = []
    merged: list[list[DraftNode]] = []
    for at, lesson in enumerate(lessons):
        merged.append([])
        for exercise in lesson:
            same = next((i for i, (_, _, earlier) in enumerate(first) if _is_same_exercise(earlier, exercise)), None)
            if same is None:
                first.append((at, len(merged[at]), exercise))
                merged[at].append(exercise)
                continue
            home, place, earlier = first[same]
            longer = max(earlier.description, exercise.description, key=len)
            citations = tuple(dict.fromkeys([*earlier.citations, *exercise.citations]))
            solution = max(earlier.reference_solution, exercise.reference_solution, key=len)
            joined = replace(earlier, description=longer, citations=citations, reference_solution=solution)
            first[same] = (home, place, joined)
            merged[home][place] = joined
    return merged


def _search_section(section: Section, nodes: list[DraftNode], section_ids: set[int]) -> None:
    if section.heading is not None and is_exercise_heading(section.title):
        tasks = [below for below in section.subsections if is_exercise_heading(below.title)]
        # A heading "Exercises" above "Exercise 1", "Exercise 2" is a list of tasks; one above "Hint" and "Data" is one
        # task. A heading of level 1 is the title of a file: with tasks inside, the file is a collection.
        is_one_task = len(tasks) * 2 <= len(section.subsections)
        if is_one_task and (section.level > 1 or not tasks) and (node := _build_exercise(section)) is not None:
            nodes.append(node)
            section_ids.update(id(below) for below in section.iter_sections())
            return
        if section.level > 1:
            section_ids.update(id(below) for below in section.subsections if below not in tasks)
    elif (
        section.heading is not None
        and _SOLUTION.search(section.title)
        and len(section.title.split()) <= _MAX_SOLUTION_WORDS
    ):
        section_ids.update(id(below) for below in section.iter_sections())
        # Not a part of the task, nor evidence of it: a learner should not read both at once.
        if nodes:
            solution = _join_parts([nodes[-1].reference_solution, *_format_below_heading(section)])
            nodes[-1] = replace(nodes[-1], reference_solution=solution)
        return
    nodes.extend(_find_labelled_tasks(section.body))
    for below in section.subsections:
        _search_section(below, nodes, section_ids)


def is_exercise_heading(title: str) -> bool:
    """Tell whether a heading calls what stands below it an exercise."""
    bare = names.clean_title(title)
    # "What is an exercise?" asks about exercises.
    if len(bare.split()) > _MAX_TITLE_WORDS or bare.endswith("?") or _SOLUTION.search(bare):
        return False
    forms = (
        _EXERCISE_PREFIX.match(bare),
        _EXERCISE_SUFFIX.match(bare),
        _BARE_LABEL.match(title),
        _BARE_LABEL.match(bare),
        _LABEL.match(title),
    )
    return any(form is not None for form in forms)


def _build_exercise(section: Section) -> DraftNode | None:
    """Return the exercise of a section; None when its task is too short.

    What stands below a heading that names a solution is the solution, the rest is the task.
    """
    parts: list[str] = []
    solution: list[str] = []
    solution_level: int | None = None
    for below in section.iter_sections():
        if below is not section:
            if _SOLUTION.search(below.title):
                solution_level = below.level
                solution.extend(_format_chunk(chunk) for chunk in below.body)
                continue
            if solution_level is not None and below.level <= solution_level:
                solution_level = None
            (parts if solution_level is None else solution).append(below.title)
        (parts if solution_level is None else solution).extend(_format_chunk(chunk) for chunk in below.body)
    task = _join_parts(parts)
    if len(task.split()) < _MIN_TASK_WORDS:
        return None
    first = section.heading or next(section.iter_chunks())
    quote = section.title if section.heading is not None else next(split_sentences(first), first.text.split("\n")[0])
    return DraftNode(
        node_type=NodeType.EXERCISE,
        title=_build_title(section.title) or _build_title(quote),
        description=task,
        citations=(Citation(chunk_id=first.id, quote=quote),),
        reference_solution=_join_parts(solution),
    )


def _format_below_heading(section: Section) -> Iterator[str]:
    """Yield the text of a section without its own heading."""
    for below in section.iter_sections():
        if below is not section:
            yield below.title
        yield from (_format_chunk(chunk) for chunk in below.body)


def _join_parts(parts: Iterable[str]) -> str:
    return "\n\n".join(filter(None, parts))


def _find_labelled_tasks(body: Sequence[SourceChunk]) -> Iterator[DraftNode]:
    """Find tasks inside running text: a paragraph that begins with `Task:`, and what belongs to it.

    That is the list or code behind a colon; or, when the paragraph is only a title, all up to the next such paragraph.
    """
    for position, chunk in enumerate(body):
        label = _match_label(chunk)
        if label is None:
            continue
        own = chunk.text[label.end() :].strip()
        followers = list(takewhile(lambda follower: _match_label(follower) is None, body[position + 1 :]))
        if _is_title(own) and followers:
            parts = [_format_chunk(follower) for follower in followers]
        else:
            parts = [own] if own else []
            if chunk.text.rstrip().endswith(":") and followers and followers[0].kind in _ATTACHED_KINDS:
                parts.append(_format_chunk(followers[0]))
        task = "\n\n".join(parts)
        if len(task.split()) < _MIN_TASK_WORDS:
            continue
        yield DraftNode(
            node_type=NodeType.EXERCISE,
            title=names.capitalize_title(_shorten_text(own.split("\n")[0].rstrip(":")) or label["label"]),
            description=task,
            citations=(Citation(chunk_id=chunk.id, quote=next(split_sentences(chunk), chunk.text)),),
        )


def _match_label(chunk: SourceChunk) -> re.Match[str] | None:
    return _LABEL.match(chunk.text) if chunk.kind is ChunkKind.PARAGRAPH else None


def _is_title(text: str) -> bool:
    return bool(text) and len(text.split()) <= _MAX_HEADING_WORDS and text[-1] not in ".:!?…"


def _format_chunk(chunk: SourceChunk) -> str:
    return f"```\n{chunk.text}\n```" if chunk.kind is ChunkKind.CODE else chunk.text


def _build_title(heading: str) -> str:
    """Return an exercise's own title: without `Exercise 3:` when something else is left."""
    label = _LABEL.match(heading)
    rest = heading[label.end() :].strip() if label is not None else ""
    return names.capitalize_title(rest if names.is_meaningful_title(rest) else names.clean_title(heading))


def _shorten_text(text: str) -> str:
    parts = text.split()
    short = " ".join(parts[:_MAX_TITLE_WORDS])
    return short if len(parts) <= _MAX_TITLE_WORDS else f"{short}…"


def _is_same_exercise(one: DraftNode, other: DraftNode) -> bool:
    similarity = _compute_similarity(one.description, other.description)
    # "Exercise 1" is the title of another exercise in every lesson.
    same_title = names.build_title_key(one.title) == names.build_title_key(other.title) and not _BARE_LABEL.match(
        one.title
    )
    return similarity >= _SAME_TASK_SIMILARITY or (same_title and similarity >= _SAME_TITLE_SIMILARITY)


def _compute_similarity(one: str, other: str) -> float:
    """Return the share of three-word runs that two texts have in common (Jaccard index), 0 to 1."""
    mine, theirs = _build_shingles(one), _build_shingles(other)
    return len(mine & theirs) / len(mine | theirs) if mine and theirs else 0.0


def _build_shingles(text: str) -> set[tuple[str, ...]]:
    parts = names.build_title_key(text).split()
    return {tuple(parts[i : i + _SHINGLE_WORDS]) for i in range(max(1, len(parts) - _SHINGLE_WORDS + 1))}
