"""Why an edit of a working copy is refused. A refused edit has changed nothing.

* RuleViolation
  x EditRefused               422  one of the rules below; `code` says which
    + UnknownKey                   no node has the key
    + RetiredKey                   the node that had the key was deleted, merged or dropped
    + TakenKey                     the key of a new node is or was another node's
    + WrongPlace                   node and parent do not go together, or the place is below the node
    + InvalidValue                 a field, text or list is not of the form that it must have
    + LimitExceeded                the tree, node, list or text would be too large
    + ReferenceMismatch            the reference is there already, or is not there
    + NotTakenBack                 what a correction made is not there any more, or cannot be undone
    + UnprovenReference            the quote of a new reference does not stand where it is said to
* Conflict
  x HistoryMismatch           409  the tree is not the one that the change was made on, or there is nothing to undo
* DomainError
  x MalformedTree             400  values that are no tree: ours are, so that stored ones are damaged
"""

from __future__ import annotations

from project.errors import Conflict, DomainError, RuleViolation


class EditRefused(RuleViolation):
    """A rule of working copies forbids the edit."""

    code = "edit_refused"


class UnknownKey(EditRefused):
    """No node of the tree has this key."""

    code = "unknown_key"
    next_step = "Read the working copy again and take the key from there."


class RetiredKey(EditRefused):
    """The node that had this key is gone; `extra` says how, and into which node it was merged."""

    code = "retired_key"
    next_step = "Undo what removed the node, or edit another one."


class TakenKey(EditRefused):
    """The key of a new node belongs, or belonged, to another node."""

    code = "taken_key"
    next_step = "Give the new node a new UUID."


class WrongPlace(EditRefused):
    """A node of this type cannot stand there."""

    code = "wrong_place"
    next_step = "Modules and lessons go below the course or a module, concepts and exercises below a lesson."


class InvalidValue(EditRefused):
    """A value is not of the form that its field must have."""

    code = "invalid_value"
    next_step = "Send a value of the form that the message names."


class LimitExceeded(EditRefused):
    """Something would grow beyond its limit."""

    code = "limit_exceeded"
    next_step = "Shorten it, or divide it among several nodes."


class ReferenceMismatch(EditRefused):
    """The reference to add is there already, or the one to remove is not."""

    code = "reference_mismatch"
    next_step = "Read the node's references again."


class UnprovenReference(EditRefused):
    """A new reference names no entry of the course, or a quote that does not stand there."""

    code = "quote_not_found"
    next_step = "Copy the words from the entry's chunks: GET /api/v1/entries/{id}/chunks."


class NotTakenBack(EditRefused):
    """A correction cannot be taken back, since what it made was changed, or what it changed is not known any more."""

    code = "correction_not_taken_back"
    next_step = "Edit the part itself."


class HistoryMismatch(Conflict):
    """A change does not fit the tree, or there is nothing to undo or redo."""

    code = "history_mismatch"
    next_step = "Read the working copy again."


class MalformedTree(DomainError):
    """Values that should be a tree are none."""

    code = "malformed_tree"
    next_step = "Report this: what is stored is damaged."
    is_our_fault = True
