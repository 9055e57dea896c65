"""Errors of comments.

* Conflict
  x ThreadsFull       409  the node has as many threads as may be
  x ThreadFull        409  the thread has as many comments as may be
* RuleViolation
  x UnknownKey        422  the snapshot or working copy has no node with the key
"""

from __future__ import annotations

from project.errors import Conflict, RuleViolation


class ThreadsFull(Conflict):
    """The node has as many threads as may be."""

    code = "too_many_threads"
    next_step = "Reply in a thread that is there: GET /api/v1/nodes/{id}/comments."


class ThreadFull(Conflict):
    """The thread has as many comments as may be."""

    code = "too_many_comments"
    next_step = "Begin another thread on the same key: POST /api/v1/nodes/{id}/comments."


class UnknownKey(RuleViolation):
    """The snapshot or working copy has no node with the key."""

    code = "unknown_key"
    next_step = "Take a `key` of the snapshot or working copy that you name. The course itself has the key of zeros."
