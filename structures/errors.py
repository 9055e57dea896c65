"""Errors of generations, of shared links and of differences.

* DomainError
  x NothingReady         422  no entry below the node is ready, and none is being ingested
  x GenerationRunning    409  a generation over the same subtree is open
  x LinkClosed           410  a shared link was revoked, or has expired
  x UnrelatedSnapshots   422  the snapshots to compare are of two material nodes
  x SnapshotTooLarge     422  a snapshot to compare has too many nodes or levels
"""

from __future__ import annotations

from project.errors import Conflict, DomainError, RuleViolation


class NothingReady(RuleViolation):
    """No entry below the node is ready, so there is nothing to generate from."""

    code = "nothing_ready"
    next_step = "Add materials below the node, or look at the entries in state `error` and mend or delete them."


class GenerationRunning(Conflict):
    """A generation over the same subtree is open; `extra` names its job."""

    code = "generation_running"
    next_step = "Wait for the job that `job` names, or cancel it."


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
