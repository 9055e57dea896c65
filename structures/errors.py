"""Errors of generations and of shared links.

* DomainError
  x NothingReady         422  no entry below the node is ready, and none is being ingested
  x GenerationRunning    409  a generation over the same subtree is open
  x LinkClosed           410  a shared link was revoked, or has expired
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
