"""Versions of what may be changed by several people at once: strong ETags, and `If-Match` before each change."""

from __future__ import annotations

import re
from dataclasses import dataclass

from rest_framework.request import Request

from project.errors import DomainError

_ETAG = re.compile(r'(?:W/)?("[^"]*")')


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


@dataclass(frozen=True)
class IfMatch:
    """The versions for which a change is meant; None for any (`*`)."""

    etags: frozenset[str] | None

    def check(self, etag: str) -> None:
        """Raise VersionChanged unless this is one of the versions."""
        if self.etags is not None and etag not in self.etags:
            raise VersionChanged(f"The present version is {etag}.", extra={"version": etag})


def read_if_match(request: Request) -> IfMatch:
    """Return what the header `If-Match` asks for. Raises PreconditionRequired without one."""
    given = request.headers.get("If-Match", "").strip()
    if given == "*":
        return IfMatch(None)
    # `W/` is not looked at: nginx marks as weak what it compresses, and the version in it is the same one.
    etags = frozenset(_ETAG.findall(given))
    if not etags:
        raise PreconditionRequired("The request must say in `If-Match` which version it changes.")
    return IfMatch(etags)
