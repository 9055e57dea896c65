"""A history is only appended to; undo and redo are rows of it."""

from __future__ import annotations

from typing import Any

import pytest

from structures.editing.changes import compute_change, decode_change, encode_change
from structures.editing.errors import HistoryMismatch, MalformedTree
from structures.editing.operations import ChangeField, DeleteNode, Operation, perform_operation
from structures.editing.trees import KeyedTree
from tests.structures.editing.courses import course, key
from tests.structures.editing.reference_history import HistoryRow, append_edit, redo_last, replay_rows, undo_last

RENAME = ChangeField(key=key("Heat"), field="title", value="Warmth")
DELETE = DeleteNode(key=key("Cold"))


def edit(*operations: Operation) -> tuple[tuple[HistoryRow, ...], KeyedTree]:
    rows: tuple[HistoryRow, ...] = ()
    tree = course()
    for operation in operations:
        done = perform_operation(tree, operation)
        rows, tree = append_edit(rows, done.change), done.tree
    return rows, tree


def test_undo_appends_and_takes_back_the_last_edit_with_its_locks() -> None:
    rows, _ = edit(RENAME, DELETE)

    undone, tree = undo_last(*edit(RENAME, DELETE))

    assert undone[:2] == rows
    assert undone[2].undoes == 1
    assert tree == edit(RENAME)[1]
    assert undo_last(undone, tree)[1] == course()


def test_redo_does_again_what_was_undone() -> None:
    rows, tree = edit(RENAME, DELETE)

    again, redone = redo_last(*undo_last(rows, tree))

    assert redone == tree
    assert again[3].redoes == 1
    assert replay_rows(course(), again) == tree


def test_an_edit_after_an_undo_ends_what_can_be_redone() -> None:
    rows, tree = undo_last(*edit(RENAME))
    done = perform_operation(tree, DELETE)
    rows = append_edit(rows, done.change)

    with pytest.raises(HistoryMismatch) as refused:
        redo_last(rows, done.tree)

    assert refused.value.next_step
    assert undo_last(rows, done.tree)[1] == course()


def test_there_is_nothing_to_undo_at_the_beginning() -> None:
    with pytest.raises(HistoryMismatch):
        undo_last((), course())
    with pytest.raises(HistoryMismatch):
        undo_last(*undo_last(*edit(RENAME)))


@pytest.mark.parametrize(
    "other",
    [
        ChangeField(key=key("Heat"), field="title", value="Fire"),
        DeleteNode(key=key("Heat")),
        DeleteNode(key=key("Ice")),
    ],
)
def test_a_change_is_not_taken_back_from_another_tree(other: Operation) -> None:
    rows, tree = edit(RENAME, DELETE) if other.key == key("Ice") else edit(RENAME)  # type: ignore[attr-defined]
    other_tree = perform_operation(course(), other).tree

    with pytest.raises(HistoryMismatch):
        undo_last(rows, other_tree)
    assert undo_last(rows, tree)


def test_a_change_keeps_only_what_changed() -> None:
    stored = encode_change(perform_operation(course(), RENAME).change)

    assert stored["changed"] == [
        {
            "key": str(key("Heat")),
            "before": {"locks": {}, "fields.title": "Heat"},
            "after": {"locks": {"fields": ["title"]}, "fields.title": "Warmth"},
        }
    ]
    assert decode_change(stored) == perform_operation(course(), RENAME).change


def test_damaged_json_of_a_change_is_said_to_be_damaged() -> None:
    stored = encode_change(compute_change(course(), perform_operation(course(), DELETE).tree))

    damages: tuple[dict[str, Any], ...] = ({"removed": [{}]}, {"retired_after": {"x": {}}}, {"changed": [{"key": "x"}]})
    for damage in damages:
        with pytest.raises(MalformedTree):
            decode_change({**stored, **damage})
