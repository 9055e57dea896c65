"""The kinds of job, registered by the apps that own the work. Jobs know that work only by its dotted name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from django.utils.module_loading import import_string

from project.jobs.queues import Room

if TYPE_CHECKING:
    from project.jobs.runner import Run

Work = Callable[["Run"], None]


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One kind of job: who does it, how often it may be tried, in which room it waits."""

    name: str
    work: str
    max_attempts: int
    room: Room

    def load(self) -> Work:
        """Return the function that does the work."""
        return cast(Work, import_string(self.work))


_kinds: dict[str, Kind] = {}


def register(name: str, *, work: str, max_attempts: int = 3, room: str = Room.LIGHT) -> None:
    """Make a kind known. Call it from `AppConfig.ready`; `work` is the dotted name of a function that takes a Run.

    What takes minutes of processor time or much memory belongs into the room `heavy`. Raises ValueError for others.
    """
    _kinds[name] = Kind(name=name, work=work, max_attempts=max_attempts, room=Room(room))


def get(name: str) -> Kind:
    """Return a registered kind. Raises KeyError."""
    return _kinds[name]
