"""The work of the engine grows with its input whatever the input looks like.

Work is counted as calls of functions, which are the same on every machine. What compares each file with each other one
makes four times as many for twice the input.
"""

from __future__ import annotations

import cProfile
import pstats
from collections.abc import Callable, Iterable, Sequence
from itertools import count
from uuid import UUID

import pytest

from materials.documents import ChunkKind, Contents, ContentsItem, Format, Locator
from structures.engines.base.sources import SourceChunk, SourceEntry, SourceNode
from structures.engines.outline import titles
from structures.engines.outline.catalog import build_catalog
from structures.engines.outline.engine import build_outline
from structures.engines.outline.levels import find_lessons
from structures.engines.outline.materials import attach_materials
from structures.engines.outline.readings.names import read_folders, read_names

_IDS = count(1)
_VOWELS, _CONSONANTS = "aeiou", "bcdfghklmnprstvz"


def test_linear_work_makes_twice_the_calls_and_quadratic_work_four_times() -> None:
    def compare_all(size: int) -> None:
        for one in range(size):
            for other in range(size):
                max(one, other)

    assert 3.5 < count_calls(lambda: compare_all(200)) / count_calls(lambda: compare_all(100)) < 4.5


def word(number: int) -> str:
    """Return a word that is no real one, another for each number."""
    text = ""
    for _ in range(4):
        number, at = divmod(number, len(_CONSONANTS) * len(_VOWELS))
        text += _CONSONANTS[at // len(_VOWELS)] + _VOWELS[at % len(_VOWELS)]
    return text


def chunk(kind: ChunkKind, text: str, level: int | None = None, links: Sequence[str] = ()) -> SourceChunk:
    path = (text,) if level is not None else ()
    return SourceChunk(
        id=UUID(int=next(_IDS)),
        kind=kind,
        text=text,
        locator=Locator(heading_path=path),
        level=level,
        links=tuple(links),
    )


def entry(
    name: str,
    chunks: Iterable[SourceChunk],
    format_: Format = Format.MARKDOWN,
    contents: Contents | None = None,
    parent: str = "",
) -> SourceEntry:
    metadata = {"title": name, "parent": parent} if parent else {}
    return SourceEntry(
        id=UUID(int=next(_IDS)), name=name, title="", format=format_, chunks=tuple(chunks), contents=contents,
        metadata=metadata,
    )  # fmt: skip


def folder(title: str, entries: Iterable[SourceEntry] = (), *folders: SourceNode) -> SourceNode:
    return SourceNode(id=UUID(int=next(_IDS)), title=title, entries=tuple(entries), children=folders)


def text_of(number: int, links: Sequence[str] = ()) -> list[SourceChunk]:
    heading, sentence = word(number).title(), f"A {word(number)} is a {word(number + 1)} that keeps {word(number + 2)}."
    return [chunk(ChunkKind.HEADING, heading, 1), chunk(ChunkKind.PARAGRAPH, sentence, links=links)]


def task_of(number: int) -> list[SourceChunk]:
    sentence = f"Measure the {word(number + 5)} of the {word(number + 9)} and write it down."
    return [chunk(ChunkKind.HEADING, f"Exercise {word(number)}", 1), chunk(ChunkKind.PARAGRAPH, sentence)]


def text(number: int, name: str = "", parent: str = "") -> SourceEntry:
    return entry(name or f"{word(number)}.md", text_of(number), parent=parent)


def in_course(title: str, entries: Iterable[SourceEntry], *folders: SourceNode) -> SourceNode:
    """Return a course of two modules, of which the first has the entries."""
    return folder("Course", [], folder(title, entries, *folders), folder("Module 2", [text(90_001), text(90_002)]))


def texts_and_tasks(size: int) -> SourceNode:
    tasks = [entry(f"exercise_{word(70_000 + i)}.md", task_of(i)) for i in range(size)]
    return in_course("Module 1", [*(text(i) for i in range(size)), *tasks])


def texts_and_solutions(size: int) -> SourceNode:
    solutions = [entry(f"{word(i)}_solution.md", text_of(40_000 + i)) for i in range(size)]
    return in_course("Module 1", [*(text(i) for i in range(size)), *solutions])


def one_lesson_with_solutions(size: int) -> SourceNode:
    tasks = folder("exercises", [entry(f"e{i}.md", task_of(i)) for i in range(size)])
    solutions = folder("solutions", [entry(f"e{i}.md", text_of(40_000 + i)) for i in range(size)])
    return in_course("Module 1", [text(1, "lesson.md")], tasks, solutions)


def modules_with_slides(size: int) -> SourceNode:
    def module(i: int) -> SourceNode:
        return folder(word(i), [text(i), text(i + 1)], folder("slides", [entry("z.pptx", text_of(i), Format.PPTX)]))

    return folder("Course", [], *(module(i) for i in range(size)))


def texts_and_numbered_slides(size: int) -> SourceNode:
    slides = [entry(f"{i} {word(i)}.pptx", text_of(i), Format.PPTX) for i in range(size)]
    texts = [text(i, f"{i} {word(i)}.md") for i in range(size)]
    return folder("Course", [], folder("texts", texts), folder("slides", slides))


def one_number_for_all(size: int) -> SourceNode:
    return folder("Course", [text(i, f"1 {word(i)} {word(i + 9)}.md") for i in range(size)])


def quizzes(size: int) -> SourceNode:
    def quiz(i: int) -> SourceEntry:
        question = [
            chunk(ChunkKind.HEADING, f"Question {i}", 1),
            chunk(ChunkKind.PARAGRAPH, f"What is the {word(i)} of {word(i + 1)}?"),
            chunk(ChunkKind.LIST, "- a) one\n- b) two"),
        ]
        return entry(f"quiz {i}.gift", question, Format.QUIZ)

    return folder("Course", [text(1, "lesson.md"), *(quiz(i) for i in range(size))])


def tables_of_lessons(size: int) -> SourceNode:
    tables = [chunk(ChunkKind.TABLE, f"| Week | Title |\n| --- | --- |\n| {i} | {word(i)} |") for i in range(size)]
    return in_course("Module 1", [entry("README.md", tables), *(text(i, f"W{i}.md") for i in range(size))])


def links_to_one_file(size: int) -> SourceNode:
    items = tuple(ContentsItem(title=word(i).title(), target="a.md") for i in range(size))
    table = entry("_toc.yml", [], Format.CONTENTS, contents=Contents(dialect="_toc.yml", items=items))
    return folder("Course", [table, text(1, "a.md"), text(2, "b.md")])


def pages_of_one_name(size: int) -> SourceNode:
    items = tuple(ContentsItem(title="", target=f"site/{word(i)}/index.md") for i in range(size))
    table = entry("_toc.yml", [], Format.CONTENTS, contents=Contents(dialect="_toc.yml", items=items))
    site = folder("site", [], *(folder(word(i), [text(i, "index.md")]) for i in range(size)))
    return folder("Course", [], folder("tables", [table]), folder("upload", [], site))


def tables_in_circles(size: int) -> SourceNode:
    def page(i: int) -> SourceEntry:
        items = tuple(ContentsItem(title="", target=f"p{(i * 5 + j) % size}") for j in range(5))
        return entry(f"p{i}.rst", text_of(i), Format.RST, contents=Contents(dialect="toctree", items=items))

    return folder("Course", [page(i) for i in range(size)])


def chain_of_parents(size: int) -> SourceNode:
    return folder("Course", [text(i, f"p{i}", parent=f"p{i + 1}") for i in range(size)])


def circle_of_parents(size: int) -> SourceNode:
    return folder("Course", [text(i, f"p{i}", parent=f"p{(i + 1) % size}") for i in range(size)])


def folders_in_folders(size: int) -> SourceNode:
    deepest = folder("deepest", [text(0)])
    for i in range(size):
        deepest = folder(f"{word(i)} {i}", [text(i)], deepest)
    return deepest


def same_titles(size: int) -> SourceNode:
    return folder("Course", [entry(f"f{i}.md", text_of(1)) for i in range(size)])


def paragraphs_that_look_like_choices(size: int) -> SourceNode:
    lines = [chunk(ChunkKind.PARAGRAPH, f"a) {word(i)} {word(i + 1)}?") for i in range(size)]
    return folder("Course", [entry("quiz.md", [chunk(ChunkKind.HEADING, "Quiz", 1), *lines])])


def one_list_with_all_terms(size: int) -> SourceNode:
    rows = chunk(
        ChunkKind.LIST, "\n".join(f"- The {word(i)} is used with some other things here." for i in range(size))
    )
    terms = [
        chunk(ChunkKind.PARAGRAPH, f"A {word(i)} is a {word(70_000 + i)} that keeps others in it.") for i in range(size)
    ]
    return folder("Course", [entry("01 terms.md", terms), entry("02 uses.md", [rows]), text(3, "03 more.md")])


SHAPES: Sequence[tuple[Callable[[int], SourceNode], int]] = [
    (one_lesson_with_solutions, 60),
    (modules_with_slides, 40),
    (texts_and_numbered_slides, 60),
    (one_number_for_all, 150),
    (quizzes, 60),
    (tables_of_lessons, 150),
    (links_to_one_file, 200),
    (pages_of_one_name, 100),
    (tables_in_circles, 100),
    (chain_of_parents, 100),
    (circle_of_parents, 100),
    (folders_in_folders, 100),
    (same_titles, 100),
    (paragraphs_that_look_like_choices, 100),
    (one_list_with_all_terms, 200),
]
SLOW_SHAPES = (one_number_for_all, tables_of_lessons, tables_in_circles)


def count_calls(work: Callable[[], object]) -> int:
    profile = cProfile.Profile()
    profile.enable()
    try:
        work()
    finally:
        profile.disable()
    return pstats.Stats(profile).total_calls  # type: ignore[attr-defined, no-any-return]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("shape", "size"),
    [
        pytest.param(shape, size, id=shape.__name__, marks=[pytest.mark.slow] if shape in SLOW_SHAPES else [])
        for shape, size in SHAPES
    ],
)
def test_twice_the_input_is_at_most_about_twice_the_work(shape: Callable[[int], SourceNode], size: int) -> None:
    smaller, larger = shape(2 * size), shape(4 * size)
    build_outline(larger)  # what is compiled, loaded and remembered once

    growth = count_calls(lambda: build_outline(larger)) / count_calls(lambda: build_outline(smaller))

    assert growth < 2.3


@pytest.mark.parametrize("shape", [texts_and_tasks, texts_and_solutions])
def test_tasks_are_given_to_texts_without_comparing_all_of_them(shape: Callable[[int], SourceNode]) -> None:
    def attach(size: int) -> int:
        root = read_names(read_folders(build_catalog(shape(size)).files, "Course")).root
        lessons = find_lessons(root)
        return count_calls(lambda: attach_materials(root, lessons))

    assert attach(400) / attach(200) < 2.3


@pytest.mark.parametrize("name", ["123456789", "²", "①", "🖥🖥", "درس", "‏١٢", "", " ", "..", "/", "\x00", "1" * 400])
def test_names_and_titles_of_any_signs_are_read(name: str) -> None:
    entries = [entry(f"{name}{i}.md", [chunk(ChunkKind.HEADING, name or "-", 1), *text_of(i)[1:]]) for i in range(3)]

    draft = build_outline(folder(name, entries, folder(name, [text(9)])))

    cited = {
        citation.chunk_id for module in draft.modules for node in module.iter_nodes() for citation in node.citations
    }
    assert all(any(each.id in cited for each in one.chunks) for one in entries)


@pytest.mark.parametrize("text", ["a" + " " * 100_000 + "b", "b" + "¶" * 100_000, "[[" * 50_000, "1." * 50_000])
def test_a_title_longer_than_titles_are_is_not_searched_for_labels(text: str) -> None:
    assert titles.clean_title(text) == " ".join(text.split())


def test_a_text_of_one_word_of_a_megabyte_is_read() -> None:
    source = folder("Course", [entry("long.md", [chunk(ChunkKind.PARAGRAPH, "a" * 2**20)])])

    assert len(build_outline(source).modules) == 1
