"""The tree of errors that users may see.

* DomainError
  x NotFound              404  there is no such thing, or it is another tenant's: the answer is the same
  x Refused               422  the request is well formed, but the rule forbids it
  x Conflict              409  something else is in the way now
  x TooManyRequests       429  a limit was reached; `seconds` says when to come back

StorageUnavailable, an OSError, is none of these: a request is answered with 503, and a job waits for the store.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any


class DomainError(Exception):
    """A refusal or failure that the caller is told about.

    `code` is stable and meant for programs, `status` is the HTTP answer, the message says what happened and why, and
    `next_step` what to do about it. `extra` are further members of the problem document. A leaf class sets the first
    three; a raise may replace them.

    `max_outage_hours` is for failures of what we depend on, such as a provider that does not answer: for so long a job
    waits for it to come back, without using up attempts. None when waiting would not help. `is_our_fault` is for faults
    of ours that may be gone the next time: a job is tried again while it has attempts. Other errors end it at once.
    """

    code: str = "refused"
    status: int = 400
    next_step: str = ""
    max_outage_hours: float | None = None
    is_our_fault: bool = False

    def __init__(
        self,
        message: str,
        *,
        code: str = "",
        status: int = 0,
        next_step: str = "",
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code or type(self).code
        self.status = status or type(self).status
        self.next_step = next_step or type(self).next_step
        self.extra: dict[str, Any] = dict(extra or {})

    @property
    def is_final(self) -> bool:
        """Tell whether the same work would fail in the same way again, so that its subject may be refused for good."""
        return self.max_outage_hours is None and not self.is_our_fault


class NotFound(DomainError):
    """There is no such thing for this tenant."""

    code = "not_found"
    status = 404
    next_step = "Check the id. Objects of other tenants are never shown."


class RuleViolation(DomainError):
    """The request is well formed, but a rule forbids it."""

    code = "refused"
    status = 422


class Conflict(DomainError):
    """Something else is in the way now; the same request may succeed later."""

    code = "conflict"
    status = 409


class TooManyRequests(DomainError):
    """A limit was reached."""

    code = "rate_limited"
    status = 429

    def __init__(self, message: str, *, seconds: int) -> None:
        super().__init__(message, next_step=f"Try again in {seconds} seconds.")
        self.seconds = seconds


def build_problem_type(code: str) -> str:
    """Return what tells problems with the code apart (RFC 9457, `type`): the path of the page that explains it.

    A path and no URL, so that it is the same behind every name of the server, and in an answer that is given again.
    """
    return f"/api/errors/{code}"


class StorageUnavailable(OSError):
    """The store of the objects cannot be reached, is full, or does not do as asked. Nothing is known to be lost."""

    code = "storage_unavailable"
    status = 503
    next_step = "Try again in a moment. If it goes on, the operator should look at /health/ready and the log."
    retry_after = 10
    max_outage_hours = math.inf


def shorten_message(text: str, *, limit: int) -> str:
    """Return what another program says as one line of at most `limit` characters, for use inside a message of ours.

    A longer text ends after a whole word, with an ellipsis: half a word looks as if the message were lost.
    """
    text = " ".join(text.split())
    if len(text) <= limit:
        return text
    cut = text[: limit - 1]
    words = cut if text[limit - 1].isspace() else cut.rpartition(" ")[0]
    # A text without spaces, as in Chinese, or one long path is cut where it has to be.
    return (words if len(words) > limit // 2 else cut).rstrip(" ,;:(") + "…"
