"""What undo and redo mean, computed from a whole history: stored working copies must give the same.

The history has rows that are only ever appended. To undo is to append a row, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from structures.editing.changes import TreeChange
from structures.editing.errors import HistoryMismatch
from structures.editing.trees import KeyedTree


@dataclass(frozen=True, kw_only=True)
class HistoryRow:
    """One step of a working copy. `change` is what it did to the tree, whichever way it went.

    `undoes` or `redoes` is the index of the row that the step took back or did again; an edit has neither. A rebase and
    the decision of a conflict are edits here: they are undone in the same way.
    """

    change: TreeChange
    undoes: int | None = None
    redoes: int | None = None


def append_edit(rows: Sequence[HistoryRow], change: TreeChange) -> tuple[HistoryRow, ...]:
    """Return the history with one more edit. What was undone before it can no longer be redone."""
    return (*rows, HistoryRow(change=change))


def undo_last(rows: Sequence[HistoryRow], tree: KeyedTree) -> tuple[tuple[HistoryRow, ...], KeyedTree]:
    """Take the last step back that still stands. Raises HistoryMismatch when there is none."""
    standing, _ = _list_open_steps(rows)
    if not standing:
        raise HistoryMismatch("There is nothing to undo.", next_step="Nothing is left to undo: edit the tree.")
    change = rows[standing[-1]].change.invert()
    return (*rows, HistoryRow(change=change, undoes=standing[-1])), change.apply(tree)


def redo_last(rows: Sequence[HistoryRow], tree: KeyedTree) -> tuple[tuple[HistoryRow, ...], KeyedTree]:
    """Do again what was undone last. Raises HistoryMismatch when there is nothing, or an edit came since."""
    _, undone = _list_open_steps(rows)
    if not undone:
        raise HistoryMismatch("There is nothing to redo.", next_step="Redo only follows an undo, with no edit between.")
    change = rows[undone[-1]].change
    return (*rows, HistoryRow(change=change, redoes=undone[-1])), change.apply(tree)


def replay_rows(base: KeyedTree, rows: Sequence[HistoryRow]) -> KeyedTree:
    """Return the tree after all rows, from the tree before the first. Raises HistoryMismatch."""
    for row in rows:
        base = row.change.apply(base)
    return base


def _list_open_steps(rows: Sequence[HistoryRow]) -> tuple[list[int], list[int]]:
    """Return the indexes of the edits that stand, and of those that were undone and can be redone, last ones last."""
    standing: list[int] = []
    undone: list[int] = []
    for index, row in enumerate(rows):
        if row.undoes is not None:
            undone.append(standing.pop())
        elif row.redoes is not None:
            standing.append(undone.pop())
        else:
            standing.append(index)
            undone.clear()
    return standing, undone
