"""Errors of working copies. What is wrong with an edit itself is in `structures.editing.errors`.

* Conflict
  x CopyExists            409  an open working copy of the node has this name
  x CopyClosed            409  the working copy is closed
  x TooManyCopies         409  the node has as many open working copies as may be
  x ConflictsOpen         409  conflicts must be decided before a working copy is approved
  x BaseGone              409  the snapshot that a decision for `theirs` needs was deleted
  x HistoryFull           409  the working copy has as many steps as may be
"""

from __future__ import annotations

from project.errors import Conflict


class CopyExists(Conflict):
    """An open working copy of the node has this name; `extra` names it."""

    code = "working_copy_exists"
    next_step = "Edit the one that `working_copy` names, close it, or give another `name`."


class CopyClosed(Conflict):
    """The working copy is closed: it can be read, and nothing else."""

    code = "working_copy_closed"
    next_step = "Make a new one from a snapshot: POST /api/v1/snapshots/{id}/working-copy."


class TooManyCopies(Conflict):
    """The node has as many open working copies as may be."""

    code = "too_many_working_copies"
    next_step = "Close one that nobody needs: DELETE /api/v1/working-copies/{id}."


class ConflictsOpen(Conflict):
    """Conflicts are not decided."""

    code = "conflicts_open"
    next_step = "Decide them: POST /api/v1/working-copies/{id}/conflicts with `keep`."


class BaseGone(Conflict):
    """The snapshot that the working copy stands on was deleted."""

    code = "base_gone"
    next_step = "Rebase onto another snapshot: POST /api/v1/working-copies/{id}/rebase?onto=latest."


class HistoryFull(Conflict):
    """The working copy has as many steps as may be."""

    code = "history_full"
    next_step = "Approve the working copy, close it, and go on with a new one from the approved snapshot."
