"""Which materials belong to the lessons of a stored outline."""

from __future__ import annotations

from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st

from structures.editing.references import TreeReference
from structures.editing.trees import COURSE_KEY, KeyedNode, KeyedTree, build_tree
from structures.engines.base.drafts import NodeType
from structures.engines.base.sources import SourceEntry
from structures.generation.outline_materials import DividedMaterials, divide_materials, locate_references
from tests.structures.engines.numbered import entry

Place = tuple[SourceEntry, int]


def cite(place: Place) -> TreeReference:
    found, position = place
    chunk = found.chunks[position]
    return TreeReference(entry_id=found.id, chunk_id=chunk.id, quote=chunk.text, entry_path=found.name)


def build(modules: dict[UUID, list[Place]], lessons: dict[UUID, list[Place]]) -> KeyedTree:
    """Return a tree of modules and lessons side by side, with the places that each cites."""
    nodes = [
        KeyedNode(key=key, node_type=node_type, parent=COURSE_KEY, references=tuple(map(cite, places)))
        for node_type, given in ((NodeType.MODULE, modules), (NodeType.LESSON, lessons))
        for key, places in given.items()
    ]
    course = KeyedNode(key=COURSE_KEY, node_type=None, parent=None, children=tuple(node.key for node in nodes))
    return build_tree([course, *nodes])


def divide(tree: KeyedTree, *entries: SourceEntry) -> DividedMaterials:
    located = locate_references(
        tree, entries, {each.id: each.name for each in entries}, {each.id: each.name for each in entries}
    )
    return divide_materials(tree, located, entries)


def texts_of(divided: DividedMaterials, key: UUID) -> list[str]:
    return [chunk.text for each in divided.by_key[key] for chunk in each.chunks]


A, B, C, D = (uuid4() for _ in range(4))


def test_a_file_is_divided_where_lessons_begin() -> None:
    book = entry("preface", "one", "more", "two", "end")

    divided = divide(build({}, {A: [(book, 1)], B: [(book, 3)]}), book)

    assert texts_of(divided, A) == ["preface", "one", "more"]
    assert texts_of(divided, B) == ["two", "end"]


def test_a_proof_inside_the_file_of_another_lesson_takes_nothing() -> None:
    book, own = entry("one", "in the second lesson", "end"), entry("own")

    divided = divide(build({}, {A: [(book, 0)], B: [(own, 0), (book, 1)]}), book, own)

    assert texts_of(divided, A) == ["one", "in the second lesson", "end"]
    assert texts_of(divided, B) == ["own"]


def test_a_file_that_two_lessons_begin_with_is_both_theirs_and_one_of_many_is_about_the_course() -> None:
    pair, syllabus = entry("pair"), entry("syllabus")
    owns = [entry(f"own {n}") for n in range(4)]
    lessons = {
        key: [(own, 0), (syllabus, 0), *([(pair, 0)] if key in {A, B} else [])]
        for key, own in zip((A, B, C, D), owns, strict=True)
    }

    divided = divide(build({}, lessons), pair, syllabus, *owns)

    assert texts_of(divided, A) == ["pair", "own 0"]
    assert texts_of(divided, B) == ["pair", "own 1"]
    assert texts_of(divided, C) == ["own 2"]
    assert divided.about == [syllabus]


def test_what_only_modules_cite_is_the_first_ones_and_the_rest_is_not_covered() -> None:
    overview, rest = entry("overview"), entry("rest")

    divided = divide(build({A: [(overview, 0)], B: [(overview, 0)]}, {}), overview, rest)

    assert texts_of(divided, A) == ["overview"]
    assert texts_of(divided, B) == []
    assert divided.uncovered == [rest]


@given(
    sizes=st.lists(st.integers(0, 6), min_size=1, max_size=5),
    cited=st.lists(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 5)), max_size=4), max_size=6),
)
def test_no_chunk_is_lost(sizes: list[int], cited: list[list[tuple[int, int]]]) -> None:
    """Each chunk belongs to a lesson, is about the course, or is said not to be covered."""
    entries = [entry(*(f"{number}.{n}" for n in range(size)), name=f"{number}") for number, size in enumerate(sizes)]
    lessons = {
        uuid4(): [
            (entries[number % len(sizes)], position)
            for number, position in places
            if position < sizes[number % len(sizes)]
        ]
        for places in cited
    }

    divided = divide(build({}, lessons), *entries)

    placed = {chunk.id for parts in divided.by_key.values() for part in parts for chunk in part.chunks}
    others = {chunk.id for each in [*divided.about, *divided.uncovered] for chunk in each.chunks}
    assert placed | others == {chunk.id for each in entries for chunk in each.chunks}
    assert not placed & others
