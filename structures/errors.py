"""Errors of generations, of reviews, of shared links and of differences.

* DomainError
  x NothingReady         422  no entry below the node is ready, and none is being ingested
  x GenerationRunning    409  a generation over the same subtree is open
  x NotApproved          409  too few people have approved the snapshot that is to be published
  x NothingPublished     404  nothing of the node is published
  x DraftsHidden         403  the key may read what is published alone
  x LinkClosed           410  a shared link was revoked, or has expired
  x UnrelatedSnapshots   422  the snapshots to compare are of two material nodes
  x SnapshotTooLarge     422  a snapshot to compare has too many nodes or levels
"""

from __future__ import annotations

from project.errors import Conflict, DomainError, NotFound, RuleViolation


class NothingReady(RuleViolation):
    """No entry below the node is ready, so there is nothing to generate from."""

    code = "nothing_ready"
    next_step = "Add materials below the node, or look at the entries in state `error` and mend or delete them."


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
