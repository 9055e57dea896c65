"""Errors of generations, of reviews, of shared links and of differences.

* DomainError
  x NothingReady           422  no entry below the node is ready, and none is being ingested
  x NothingLeft            422  what is to be left out is everything
  x GenerationRunning      409  a generation over the same subtree is open
  x DraftMissing           409  nothing of a generation can be read yet, or it is complete
  x OptionsConflict        422  options of a generation that exclude each other
  x TreeNotHeld            422  a structure cannot hold the tree of nodes that is to be kept
  x OutlineGone            422  the snapshot whose outline is to be kept is not there
  x OutlineOfAnotherNode   422  ... is of another material node
  x OutlineWithoutLessons  422  ... has no lessons
  x RefinedNodeMissing     422  ... has no module or lesson with the key that is to be written again
  x OutlineNotKept         500  an engine's draft departs from the outline that it had to keep
  x NotApproved            409  too few people have approved the snapshot that is to be published or applied
  x NothingPublished       404  nothing of the node is published
  x DraftsHidden           403  the key may read what is published alone
  x LinkClosed             410  a shared link was revoked, or has expired
  x UnrelatedSnapshots     422  the snapshots to compare are of two material nodes
  x SnapshotTooLarge       422  a snapshot to compare has too many nodes or levels
"""

from __future__ import annotations

from project.errors import Conflict, DomainError, NotFound, RuleViolation


class NothingReady(RuleViolation):
    """No entry below the node is ready, so there is nothing to generate from."""

    code = "nothing_ready"
    next_step = "Add materials below the node, or look at the entries in state `error` and mend or delete them."


class NothingLeft(RuleViolation):
    """What the instructions say to leave out is everything there is."""

    code = "nothing_left"
    next_step = "Name less in `instructions.leave_out`."


class DraftMissing(Conflict):
    """Nothing of a generation can be read yet, or it is complete and its snapshot is read instead."""

    code = "no_draft"


class OptionsConflict(RuleViolation):
    """Two options of a generation exclude each other."""

    code = "options_conflict"


class TreeNotHeld(RuleViolation):
    """A structure cannot hold the tree of material nodes as it is, so that it cannot be kept to the letter."""

    code = "tree_not_held"


class OutlineGone(RuleViolation):
    """The snapshot whose outline is to be kept was deleted, or was never there."""

    code = "outline_gone"
    next_step = "Name a snapshot of this node: GET /api/v1/nodes/{id}/snapshots lists them."


class OutlineOfAnotherNode(RuleViolation):
    """The snapshot whose outline is to be kept is of another material node; `extra` names that."""

    code = "outline_of_another_node"
    next_step = "Generate the node that `node` names, or name a snapshot of this one."


class OutlineWithoutLessons(RuleViolation):
    """The snapshot whose outline is to be kept has no lessons, so that there is nothing to go on with."""

    code = "outline_without_lessons"
    next_step = "Add lessons in a working copy of the snapshot and approve it, or generate without `outline`."


class RefinedNodeMissing(RuleViolation):
    """The snapshot has no module or lesson with the key that is to be written again."""

    code = "refined_node_missing"
    next_step = "Take the key of a module or lesson from the snapshot that `outline` names."


class OutlineNotKept(DomainError):
    """An engine's draft departs from the outline that it had to keep; nothing was stored. `extra` says where."""

    code = "outline_not_kept"
    # Not tried again: an engine that departs once does so again, and models would be paid again.
    status = 500
    next_step = "Report this: it is a fault of the engine. Another engine may do: `engine=outline`."


class GenerationRunning(Conflict):
    """A generation over the same subtree is open; `extra` names its job."""

    code = "generation_running"
    next_step = "Wait for the job that `job` names, or cancel it."


class NotApproved(Conflict):
    """Too few people have approved the snapshot; `extra` says who has, and how many must."""

    code = "not_approved"
    next_step = "Approve it: POST /api/v1/snapshots/{id}/approve, each time with the key of another person."


class NothingPublished(NotFound):
    """Nothing of the node is published."""

    code = "nothing_published"
    next_step = "Publish a snapshot with a `prep` key: POST /api/v1/snapshots/{id}/publish."


class DraftsHidden(DomainError):
    """The key may read what is published alone."""

    code = "drafts_hidden"
    status = 403
    next_step = "Leave `version` out to read what is published, or use a key with the scope `prep`."


class LinkClosed(DomainError):
    """The shared link was revoked, or has expired."""

    code = "link_closed"
    status = 410
    next_step = "Ask whoever gave you the link for a new one."


class UnrelatedSnapshots(RuleViolation):
    """Snapshots of two material nodes have no nodes in common, so that nothing could be said of them."""

    code = "unrelated_snapshots"
    next_step = "Compare two snapshots of one material node."


class SnapshotTooLarge(RuleViolation):
    """A snapshot to compare has too many nodes or levels."""

    code = "snapshot_too_large"
    next_step = (
        "Read both snapshots and compare them by the keys of their nodes, or generate smaller parts of the course."
    )
