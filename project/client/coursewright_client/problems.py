"""What can go wrong, as exceptions.

* ClientError
  x ServerUnreachable     no answer came, however often it was tried
  x ApiProblem            the API answered with a problem: `code`, `detail`, `next_step`, `request_id`
    + KeyRefused          401
    + ScopeMissing        403
    + ResourceMissing     404
    + StateConflict       409
    + VersionOutdated     412  somebody else changed it: `present_version`
    + LimitReached        429  for longer than the client is patient
    + InputRefused        the other 4xx
    + ServerFailed        5xx
  x UnusableAddress       the base URL or the key cannot be one
  x UnexpectedAnswer      what answers is not the API
  x WorkFailed            a job, an upload or an export ended without a result
  x WaitedTooLong         it had not ended when the time was over
"""

from __future__ import annotations

import email.utils
import json
import time
from collections.abc import Mapping
from typing import Any

from .steps import Answer


class ClientError(Exception):
    """The branch of all failures."""


class ServerUnreachable(ClientError):
    """Nothing answers at the base URL, or the connection broke each time."""


class UnusableAddress(ClientError):
    """The base URL or the key cannot be one."""


class UnexpectedAnswer(ClientError):
    """Something answers at the base URL that is not the API, such as a log-in page or a redirection."""


class ApiProblem(ClientError):
    """The API answered with a problem (RFC 9457); `problem` is the whole of it."""

    def __init__(self, problem: Mapping[str, Any], *, status: int, retry_after: float | None = None) -> None:
        self.problem = dict(problem)
        self.status = status
        self.retry_after = retry_after
        self.code = str(problem.get("code", ""))
        self.detail = str(problem.get("detail") or problem.get("title") or f"The server answered {status}.")
        self.next_step = str(problem.get("next_step", ""))
        self.request_id = str(problem.get("request_id", ""))
        super().__init__(self.detail)

    @property
    def errors(self) -> list[dict[str, Any]]:
        """Return what is wrong with which value: `pointer`, `code`, `detail`."""
        return list(self.problem.get("errors", []))

    def describe(self) -> str:
        """Return for people: what happened, with which values, what to do, and what the operator can look for."""
        lines = [f"{each['pointer']}: {each['detail']}" for each in self.errors]
        shown = [self.detail, *lines, self.next_step, f"(request {self.request_id})" if self.request_id else ""]
        return "\n".join(filter(None, shown))


class KeyRefused(ApiProblem):
    """The API key is missing, unknown, expired or revoked."""


class ScopeMissing(ApiProblem):
    """The key may not do that."""


class ResourceMissing(ApiProblem):
    """There is no such thing for this tenant."""


class StateConflict(ApiProblem):
    """Something else is in the way now."""


class VersionOutdated(ApiProblem):
    """The version that the request was meant for is not the present one."""

    @property
    def present_version(self) -> str:
        """Return the present ETag, blank when it is not said."""
        return str(self.problem.get("version", ""))


class LimitReached(ApiProblem):
    """Requests came too fast for longer than the client waits."""


class InputRefused(ApiProblem):
    """The request cannot be done as it is."""


class ServerFailed(ApiProblem):
    """The server failed, or something that it needs is not there."""


class WorkFailed(ClientError):
    """Work that was begun ended without a result."""

    def __init__(self, error: Mapping[str, Any] | None, *, what: str) -> None:
        error = error or {}
        self.code = str(error.get("code", ""))
        self.detail = str(error.get("message") or f"{what} ended without a result.")
        self.next_step = str(error.get("next_step", ""))
        super().__init__(f"{self.detail} {self.next_step}".strip())


class WaitedTooLong(ClientError):
    """It is still going on; nothing was cancelled."""


_BY_STATUS: dict[int, type[ApiProblem]] = {
    401: KeyRefused,
    403: ScopeMissing,
    404: ResourceMissing,
    409: StateConflict,
    412: VersionOutdated,
    429: LimitReached,
}


def build_problem(answer: Answer) -> ApiProblem:
    """Return the exception for an answer of 400 or more, whether or not it is a problem document."""
    try:
        parsed = json.loads(answer.body)
    except ValueError:
        parsed = None
    kind = _BY_STATUS.get(answer.status, ServerFailed if answer.status >= 500 else InputRefused)
    problem = parsed if isinstance(parsed, dict) else {}
    return kind(problem, status=answer.status, retry_after=read_retry_after(answer.headers))


def read_retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that `Retry-After` asks for, as a number or as a date; None when it says nothing."""
    given = headers.get("retry-after", "").strip()
    if given.isascii() and given.isdigit():
        return float(given)
    try:
        return max(0.0, email.utils.parsedate_to_datetime(given).timestamp() - time.time())
    except (ValueError, OverflowError):
        return None
