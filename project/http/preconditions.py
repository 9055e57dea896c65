"""Versions of what may be changed by several people at once: strong ETags, and `If-Match` before each change."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from rest_framework.request import Request

from project.errors import DomainError, RuleViolation

_ETAG = re.compile(r'(?:W/)?("[^"]*")')
_OPTIONAL, _REQUIRED = "optional", "required"

_Action = TypeVar("_Action", bound=Callable[..., Any])

CheckVersion = Callable[[Any], None]
"""Raises VersionChanged unless a row, as it is now, is what the change is meant for. Call it holding the row's lock."""


class PreconditionRequired(DomainError):
    """A change was asked for without the version that it is meant for."""

    code = "if_match_required"
    status = 428
    next_step = "Read the resource and send the `ETag` of that answer as `If-Match`."


class VersionChanged(DomainError):
    """Somebody else has changed the resource; `version` is the present one."""

    code = "version_changed"
    status = 412
    next_step = "Read it again, look at what has changed, and send the request with the new `ETag` as `If-Match`."


class IfMatchNotSupported(RuleViolation):
    """The request has a condition that nobody would look at."""

    code = "if_match_not_supported"
    next_step = "Send the request without `If-Match`."


@dataclass(frozen=True)
class IfMatch:
    """The versions for which a change is meant; None for any (`*`)."""

    etags: frozenset[str] | None

    def check(self, etag: str) -> None:
        """Raise VersionChanged unless this is one of the versions."""
        if self.etags is not None and etag not in self.etags:
            raise VersionChanged(f"The present version is {etag}.", extra={"version": etag})


def accept_if_match(action: _Action) -> _Action:
    """Mark an action of a view that looks at `If-Match` when there is one (`read_optional_if_match`)."""
    action.if_match = _OPTIONAL  # type: ignore[attr-defined]  # functions take attributes
    return action


def require_if_match(action: _Action) -> _Action:
    """Mark an action of a view that is refused without `If-Match` (`read_if_match`)."""
    action.if_match = _REQUIRED  # type: ignore[attr-defined]
    return action


def takes_if_match(action: object) -> bool:
    """Tell whether an action looks at `If-Match`."""
    return hasattr(action, "if_match")


def needs_if_match(action: object) -> bool:
    """Tell whether an action is refused without `If-Match`."""
    return getattr(action, "if_match", "") == _REQUIRED


def read_if_match(request: Request) -> IfMatch:
    """Return what the header `If-Match` asks for. Raises PreconditionRequired without one."""
    given = request.headers.get("If-Match", "").strip()
    if given == "*":
        return IfMatch(None)
    etags = parse_etags(given)
    if not etags:
        raise PreconditionRequired("The request must say in `If-Match` which version it changes.")
    return IfMatch(etags)


def read_optional_if_match(request: Request) -> IfMatch:
    """Return what the header `If-Match` asks for; any version without one, none for what is no ETag."""
    given = request.headers.get("If-Match", "*").strip()
    return IfMatch(None if given == "*" else parse_etags(given))


def accept_any_version(_row: object) -> None:
    """Check nothing: for changes that are meant for whatever is there."""


def refuse_unread_if_match(request: Request, action: object) -> None:
    """Raise IfMatchNotSupported for a change of a version that the action does not look at; `*` is no version."""
    if request.headers.get("If-Match", "*").strip() != "*" and not takes_if_match(action):
        raise IfMatchNotSupported("This request cannot be made to depend on a version.")


def parse_etags(header: str) -> frozenset[str]:
    """Return the ETags in a header. `W/` is not looked at: nginx marks as weak what it compresses."""
    return frozenset(_ETAG.findall(header))
