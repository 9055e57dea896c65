"""Errors of changes of the tree.

* Conflict
  x TreeChangedSince  409  what a change changed was changed since, so that it cannot be undone
  x LaterTreeChange   409  a later change of the same node has to be undone first
  x ChangeUndone      409  the change is undone already
"""

from __future__ import annotations

from project.errors import Conflict


class TreeChangedSince(Conflict):
    """What a change changed was changed since; `extra` says what."""

    code = "tree_changed_since"
    next_step = "Take back what `changed` lists, then undo again; or move nodes and entries one by one."


class LaterTreeChange(Conflict):
    """Another snapshot was applied to the node later; `extra` names that change."""

    code = "later_tree_change"
    next_step = "Undo the change that `tree_change` names first."


class ChangeUndone(Conflict):
    """The change is undone already."""

    code = "tree_change_undone"
    next_step = "Apply the snapshot again if it is wanted after all: POST /api/v1/snapshots/{id}/apply."
