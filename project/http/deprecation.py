"""Operations that are going to be removed: `Deprecation` (RFC 9745) and `Sunset` (RFC 8594) in their answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar

from django.http import HttpRequest, HttpResponse
from django.utils.http import http_date

_Action = TypeVar("_Action", bound=Callable[..., Any])
# Half a year: a school changes its programs between two terms.
MIN_NOTICE = timedelta(days=183)


@dataclass(frozen=True, kw_only=True)
class Deprecation:
    """Since when an operation should not be used, from when on it may be gone, and what to use instead."""

    since: date
    sunset: date
    instead: str

    def __post_init__(self) -> None:
        if self.sunset - self.since < MIN_NOTICE:
            raise ValueError(f"An operation is removed {MIN_NOTICE.days} days after its deprecation at the earliest.")

    def describe(self) -> str:
        """Return a sentence for the description of the operation."""
        return f"Deprecated since {self.since:%Y-%m-%d}, and gone from {self.sunset:%Y-%m-%d} on: use {self.instead}."

    def build_headers(self) -> dict[str, str]:
        """Return the headers of each answer."""
        return {"Deprecation": f"@{_count_seconds(self.since)}", "Sunset": http_date(_count_seconds(self.sunset))}


def deprecate_operation(*, since: date, sunset: date, instead: str) -> Callable[[_Action], _Action]:
    """Return a decorator for an action of a view that is going to be removed.

    All of its answers carry the headers, and the OpenAPI document says so.
    """
    deprecation = Deprecation(since=since, sunset=sunset, instead=instead)

    def decorate(action: _Action) -> _Action:
        action.deprecation = deprecation  # type: ignore[attr-defined]  # functions take attributes
        return action

    return decorate


def get_deprecation(action: Any) -> Deprecation | None:
    """Return what is announced of an action; None when it stays."""
    found: Deprecation | None = getattr(action, "deprecation", None)
    return found


class DeprecationMiddleware:
    """Adds the headers to whatever is answered at the address of a deprecated operation: refusals and replays, too."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self._get_response(request)
        match = request.resolver_match
        deprecation = get_deprecation(_find_action(match.func, request.method or "")) if match else None
        for name, value in deprecation.build_headers().items() if deprecation else ():
            response[name] = value
        return response


def _find_action(view: Any, method: str) -> Any:
    """Return the action of a view of DRF that answers the method; None of other views."""
    name = (getattr(view, "actions", None) or {}).get(method.lower(), method.lower())
    return getattr(getattr(view, "cls", None), name, None)


def _count_seconds(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())
