"""Finding exercises: only where the materials name one, with its whole task, and once however many files hold it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile

from materials.documents import ChunkKind
from structures.engines.base.drafts import Citation, DraftNode, NodeType
from structures.engines.base.sentences import sentences_of
from structures.engines.base.sources import SourceChunk
from structures.engines.outline import names, words
from structures.engines.outline.sections import Section

_EXERCISE = words.within(words.EXERCISES)
_STARTS = words.starting(words.EXERCISES_ANYWHERE)
_ENDS = re.compile(
    rf"^(?!(?:the|our|these|more|about|all|die|der|les?|los|las)\s)(?:\S+\s+){{1,3}}(?:{words.EXERCISES})$",
    re.IGNORECASE,
)
_SOLUTION = words.within(words.SOLUTIONS)
_LABEL = re.compile(rf"^\W*(?P<label>(?:{words.EXERCISES})(?:\s*[№#]?\s*\d+(?:\.\d+)*)?)\s*[:.—–]\s*", re.IGNORECASE)
_BARE = re.compile(rf"^\W*(?:{words.EXERCISES})\s*[№#]?\s*(?:\d+(?:\.\d+)*|[ivx]+)?\W*$", re.IGNORECASE)
_MAX_TITLE_WORDS = 14
_MAX_HEADING_WORDS = 8
_LEAST_WORDS = 4
_ATTACHED = {ChunkKind.LIST, ChunkKind.CODE, ChunkKind.TABLE}
_SAME_TASK = 0.5
_SAME_TITLE_AND_TASK = 0.25


@dataclass(frozen=True, kw_only=True)
class Exercises:
    """The exercises of some sections, and the sections that they take up (no concept is sought there)."""

    nodes: tuple[DraftNode, ...]
    taken: frozenset[int]


def exercises_in(sections: Sequence[Section], *, whole: bool = False) -> Exercises:
    """Find the exercises in sections. With `whole` the file itself is called one, and is it if none is inside."""
    nodes: list[DraftNode] = []
    taken: set[int] = set()
    for section in sections:
        _search(section, nodes, taken)
    if whole and not nodes:
        for section in sections:
            if (node := _exercise(section)) is not None:
                nodes.append(node)
                taken.update(id(below) for below in section.walk())
    return Exercises(nodes=tuple(nodes), taken=frozenset(taken))


def is_exercise_title(title: str) -> bool:
    """Tell whether a title or file name calls what it names an exercise."""
    return (
        len(title.split()) <= _MAX_TITLE_WORDS
        and _EXERCISE.search(title.replace("-", " ").replace("_", " ")) is not None
    )


def merge(lessons: list[list[DraftNode]]) -> list[list[DraftNode]]:
    """Join the exercises of a module that are the same: the first stays, with the evidence of all."""
    first: list[tuple[int, int, DraftNode]] = []
    merged: list[list[DraftNode]] = []
    for at, lesson in enumerate(lessons):
        merged.append([])
        for exercise in lesson:
            same = next((i for i, (_, _, earlier) in enumerate(first) if _is_same(earlier, exercise)), None)
            if same is None:
                first.append((at, len(merged[at]), exercise))
                merged[at].append(exercise)
                continue
            home, place, earlier = first[same]
            longer = max(earlier.description, exercise.description, key=len)
            citations = tuple(dict.fromkeys([*earlier.citations, *exercise.citations]))
            joined = replace(earlier, description=longer, citations=citations)
            first[same] = (home, place, joined)
            merged[home][place] = joined
    return merged


def _search(section: Section, nodes: list[DraftNode], taken: set[int]) -> None:
    if section.heading is not None and is_exercise_heading(section.title):
        tasks = [below for below in section.inside if is_exercise_heading(below.title)]
        is_one_task = len(tasks) * 2 <= len(section.inside)
        if is_one_task and (section.level > 1 or not tasks) and (node := _exercise(section)) is not None:
            nodes.append(node)
            taken.update(id(below) for below in section.walk())
            return
        if section.level > 1:
            taken.update(id(below) for below in section.inside if below not in tasks)
    elif section.heading is not None and _SOLUTION.search(section.title) and len(section.title.split()) <= 6:
        taken.update(id(below) for below in section.walk())
        if nodes and (first := next(iter(section.chunks()), None)) is not None:
            solved = Citation(chunk_id=first.id, quote=first.text.split("\n")[0])
            nodes[-1] = replace(nodes[-1], citations=(*nodes[-1].citations, solved))
        return
    nodes.extend(_labelled(section.body))
    for below in section.inside:
        _search(below, nodes, taken)


def is_exercise_heading(title: str) -> bool:
    """Tell whether a heading calls what stands below it an exercise."""
    bare = names.clean_title(title)
    if len(bare.split()) > _MAX_TITLE_WORDS or bare.endswith("?") or _SOLUTION.search(bare):
        return False
    forms = (_STARTS.match(bare), _ENDS.match(bare), _BARE.match(title), _BARE.match(bare), _LABEL.match(title))
    return any(form is not None for form in forms)


def _exercise(section: Section) -> DraftNode | None:
    """Make an exercise of a section, its task being all that stands in it but the solution."""
    parts: list[str] = []
    citations: list[Citation] = []
    for below in section.walk():
        if below is not section and below.heading is not None:
            if _SOLUTION.search(below.title):
                citations.append(Citation(chunk_id=below.heading.id, quote=below.title))
                break
            parts.append(below.title)
        parts.extend(_as_text(chunk) for chunk in below.body)
    task = "\n\n".join(parts)
    if len(task.split()) < _LEAST_WORDS:
        return None
    first = section.heading or next(section.chunks())
    quote = section.title if section.heading is not None else next(sentences_of(first), first.text.split("\n")[0])
    return DraftNode(
        node_type=NodeType.EXERCISE,
        title=_title(section.title) or _title(quote),
        description=task,
        citations=(Citation(chunk_id=first.id, quote=quote), *citations),
    )


def _labelled(body: Sequence[SourceChunk]) -> Iterator[DraftNode]:
    """Find tasks inside running text: a paragraph that begins with `Task:`, and what belongs to it.

    That is the list or code behind a colon; or, when the paragraph is only a title, all up to the next such paragraph.
    """
    for position, chunk in enumerate(body):
        label = _label_of(chunk)
        if label is None:
            continue
        own = chunk.text[label.end() :].strip()
        behind = list(takewhile(lambda follower: _label_of(follower) is None, body[position + 1 :]))
        if _is_title(own) and behind:
            parts = [_as_text(follower) for follower in behind]
        else:
            parts = [own] if own else []
            if chunk.text.rstrip().endswith(":") and behind and behind[0].kind in _ATTACHED:
                parts.append(_as_text(behind[0]))
        task = "\n\n".join(parts)
        if len(task.split()) < _LEAST_WORDS:
            continue
        yield DraftNode(
            node_type=NodeType.EXERCISE,
            title=names.capitalised(_shortened(own.split("\n")[0].rstrip(":")) or label["label"]),
            description=task,
            citations=(Citation(chunk_id=chunk.id, quote=next(sentences_of(chunk), chunk.text)),),
        )


def _label_of(chunk: SourceChunk) -> re.Match[str] | None:
    return _LABEL.match(chunk.text) if chunk.kind is ChunkKind.PARAGRAPH else None


def _is_title(text: str) -> bool:
    return bool(text) and len(text.split()) <= _MAX_HEADING_WORDS and text[-1] not in ".:!?…"


def _as_text(chunk: SourceChunk) -> str:
    return f"```\n{chunk.text}\n```" if chunk.kind is ChunkKind.CODE else chunk.text


def _title(heading: str) -> str:
    """Return an exercise's own title: without `Exercise 3:` when something else is left."""
    label = _LABEL.match(heading)
    rest = heading[label.end() :].strip() if label is not None else ""
    return names.capitalised(rest if names.says_something(rest) else names.clean_title(heading))


def _shortened(text: str) -> str:
    parts = text.split()
    short = " ".join(parts[:_MAX_TITLE_WORDS])
    return short if len(parts) <= _MAX_TITLE_WORDS else f"{short}…"


def _is_same(one: DraftNode, other: DraftNode) -> bool:
    alike = _likeness(one.description, other.description)
    same_title = names.key(one.title) == names.key(other.title) and not _BARE.match(one.title)
    return alike >= _SAME_TASK or (same_title and alike >= _SAME_TITLE_AND_TASK)


def _likeness(one: str, other: str) -> float:
    """Return the share of three-word runs that two texts have in common (Jaccard index), 0 to 1."""
    mine, theirs = _shingles(one), _shingles(other)
    return len(mine & theirs) / len(mine | theirs) if mine and theirs else 0.0


def _shingles(text: str) -> set[tuple[str, ...]]:
    parts = names.key(text).split()
    return {tuple(parts[i : i + 3]) for i in range(max(1, len(parts) - 2))}
