"""Differences of trees, and of texts by words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from structures.editing.differences import compare_trees, encode_difference, find_out_of_order
from structures.editing.fields import Minutes
from structures.editing.operations import AddNote, ChangeField, perform_operation
from structures.editing.references import KeyedPrerequisite
from structures.editing.trees import COURSE_KEY, KeyedTree, build_tree
from structures.editing.words import ADDED, REMOVED, SAME, WordChange, compare_words
from structures.engines.base.drafts import NodeType
from tests.executed_lines import count_executed_lines
from tests.structures.editing.courses import Outline, course, key, quote


def test_it_names_each_change_once() -> None:
    before = course(Heat={"description": "Water is hot."}, Ice={"references": (quote("One."), quote("Two.", chunk=1))})
    after = course(
        {
            "M Rivers": {"L Springs": {"C Source": {}}, "L Cold": {"C Ice": {}, "C Frost": {}}, "L Mouths": {}},
            "M Basics": {"L Heat": {"C Boiling": {}, "C Melting": {}, "E Egg": {}}},
        },
        Heat={"description": "Water is cold."},
        Ice={"references": (quote("Two.", chunk=2), quote("Three."))},
    )

    difference = compare_trees(before, after)

    assert [(one.node.title, one.position) for one in difference.added] == [("Melting", 1)]
    assert [node.title for node in difference.removed] == ["Steam"]
    (move,) = difference.moved
    assert (move.title, move.parent_before, move.parent, move.position) == ("Cold", key("Basics"), key("Rivers"), 1)
    (reordering,) = difference.reordered
    assert (reordering.parent, reordering.title in {"Rivers", "Basics"}) == (COURSE_KEY, True)
    (change,) = difference.changed
    assert change.words == (
        WordChange(SAME, "Water is "),
        WordChange(REMOVED, "hot"),
        WordChange(ADDED, "cold"),
        WordChange(SAME, "."),
    )
    (evidence,) = difference.evidence
    assert [reference.quote for reference in evidence.gained] == ["Three."]
    assert [reference.quote for reference in evidence.lost] == ["One."]
    assert encode_difference(difference)["counts"] == {
        "added": 1, "removed": 1, "moved": 1, "reordered": 1, "changed": 1, "evidence": 1,
    }  # fmt: skip


def test_lists_are_compared_by_words_and_numbers_are_not() -> None:
    before = course(Heat={"key_points": ("One", "Two"), "difficulty": 1, "estimated_minutes": Minutes(3, "stated")})
    after = course(Heat={"key_points": ("One", "Three"), "difficulty": 2})

    changes = {change.field: change for change in compare_trees(before, after).changed}

    assert changes["key_points"].words == (
        WordChange(SAME, "One\n"),
        WordChange(REMOVED, "Two"),
        WordChange(ADDED, "Three"),
    )
    assert (changes["difficulty"].before, changes["difficulty"].after) == (1, 2)
    assert (changes["estimated_minutes"].before, changes["estimated_minutes"].after) == (Minutes(3, "stated"), None)
    assert changes["difficulty"].words == ()


def test_prerequisites_go_by_their_evidence_and_not_by_its_chunks() -> None:
    def build(words: str, chunk: int) -> KeyedTree:
        term = KeyedPrerequisite(
            term="Steam", lesson=key("Heat"), definition=quote(words, chunk=chunk), use=quote("It steams.", chunk=chunk)
        )
        return course(Cold={"prerequisites": (term,)})

    assert compare_trees(build("Steam is gas.", 1), build("Steam is gas.", 2)).is_empty
    (change,) = compare_trees(build("Steam is gas.", 1), build("Steam is vapour.", 1)).changed
    assert (change.title, change.field) == ("Cold", "prerequisites")
    (change,) = compare_trees(build("Steam is gas.", 1), course()).changed
    assert change.after == ()


def test_another_type_is_said() -> None:
    def retype(tree: KeyedTree) -> KeyedTree:
        egg = replace(tree.nodes[key("Egg")], node_type=NodeType.CONCEPT)
        return build_tree([node for node in tree.nodes.values() if node.key != egg.key] + [egg])

    (change,) = compare_trees(course(), retype(course())).changed

    assert (change.field, change.before, change.after) == ("node_type", "exercise", "concept")


def test_locks_and_notes_are_no_difference() -> None:
    before = course()
    tree = perform_operation(before, AddNote(key=key("Heat"), note=key("note"), text="Why?")).tree
    for title in ("Warmth", "Heat"):
        tree = perform_operation(tree, ChangeField(key=key("Heat"), field="title", value=title)).tree

    assert compare_trees(before, tree).is_empty


@given(st.permutations(range(6)))
def test_as_few_as_possible_are_out_of_order(numbers: Sequence[int]) -> None:
    out = find_out_of_order(numbers)

    left = [number for index, number in enumerate(numbers) if index not in out]
    longest = max(size for size in range(7) for some in combinations(numbers, size) if list(some) == sorted(some))
    assert left == sorted(left)
    assert len(left) == longest


@pytest.mark.parametrize(
    ("before", "after", "changes"),
    [
        ("", "", []),
        ("same", "same", [(SAME, "same")]),
        ("", "new", [(ADDED, "new")]),
        ("old", "", [(REMOVED, "old")]),
        ("a b c", "a x c", [(SAME, "a "), (REMOVED, "b"), (ADDED, "x"), (SAME, " c")]),
        ("one, two", "one; two", [(SAME, "one"), (REMOVED, ","), (ADDED, ";"), (SAME, " two")]),
        ("水是热的", "水是冷的", [(SAME, "水是"), (REMOVED, "热"), (ADDED, "冷"), (SAME, "的")]),
        ("हिन्दी में", "हिन्दू में", [(REMOVED, "हिन्दी"), (ADDED, "हिन्दू"), (SAME, " में")]),
    ],
)
def test_texts_are_compared_by_words(before: str, after: str, changes: list[object]) -> None:
    assert [(one.operation, one.text) for one in compare_words(before, after)] == changes


@given(st.text(alphabet="ab .\n水"), st.text(alphabet="ab .\n水"))
def test_both_texts_can_be_read_from_the_changes(before: str, after: str) -> None:
    changes = compare_words(before, after)

    assert "".join(one.text for one in changes if one.operation is not ADDED) == before
    assert "".join(one.text for one in changes if one.operation is not REMOVED) == after
    assert all(one.text for one in changes)
    assert all(one.operation is not other.operation for one, other in pairwise(changes))


def test_long_texts_that_differ_everywhere_are_two_texts() -> None:
    before, after = ("".join(f"{letter}{number} " for number in range(6000)) for letter in "ab")

    changes = compare_words(f"Begin {before}end", f"Begin {after}end")

    assert [one.operation for one in changes] == [SAME, REMOVED, ADDED, SAME]
    assert changes[0].text == "Begin "


def build_large(lessons: int, *, shift: int) -> tuple[Outline, dict[str, dict[str, str]]]:
    """Return an outline whose lessons come in another order, and whose concepts say something else, for each shift."""
    numbers = [(number * 7 + shift) % lessons for number in range(lessons)]
    texts = {f"{number}": {"description": f"Lesson {number} is number {shift} of all."} for number in numbers}
    return {"M Large": {f"L {number}": {f"C {number}.{part}": {} for part in range(3)} for number in numbers}}, texts


@pytest.mark.slow
def test_the_work_grows_as_the_trees_do() -> None:
    def count(lessons: int) -> int:
        trees = []
        for shift in (1, 2):
            outline, texts = build_large(lessons, shift=shift)
            trees.append(course(outline, **texts))
        return count_executed_lines(lambda: compare_trees(*trees), at_most=3_000_000)

    assert count(400) < 5 * count(100)
