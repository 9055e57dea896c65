"""The kinds of job, registered by the apps that own the work. Jobs know that work only by its dotted name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from django.utils.module_loading import import_string

if TYPE_CHECKING:
    from project.jobs.runner import Run

Work = Callable[["Run"], None]


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One kind of job: who does it, how often it may be tried."""

    name: str
    work: str
    max_attempts: int

    def load(self) -> Work:
        """Return the function that does the work."""
        return cast(Work, import_string(self.work))


_kinds: dict[str, Kind] = {}


def register(name: str, *, work: str, max_attempts: int = 3) -> None:
    """Make a kind known. Call it from `AppConfig.ready`; `work` is the dotted name of a function that takes a Run."""
    _kinds[name] = Kind(name=name, work=work, max_attempts=max_attempts)


def get(name: str) -> Kind:
    """Return a registered kind. Raises KeyError."""
    return _kinds[name]
