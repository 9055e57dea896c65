"""Small work that comes back: upper apps register it, the supervisor of the workers does it between its looks."""

from __future__ import annotations

import threading

from django.db import connections
from django.utils.module_loading import import_string

from project import logs

CHORE_SECONDS = 10.0
"""How long the supervisor rests between two rounds."""

log = logs.get(__name__)
_chores: list[str] = []


def register(work: str) -> None:
    """Have a function, given by its dotted name, called in rounds.

    It may run on several machines at once, ends within a minute, and is short when there is nothing to do.
    """
    if work not in _chores:
        _chores.append(work)


def do_all() -> None:
    """Do every chore once. One that fails does not hinder the next."""
    for work in _chores:
        try:
            import_string(work)()
        except Exception:  # it comes back
            log.warning("chore failed", chore=work, exc_info=True)


class Rounds:
    """Does the chores in a thread, one round at a time, so that a slow one holds nobody up."""

    def __init__(self) -> None:
        self._thread: threading.Thread | None = None

    def begin(self) -> None:
        """Begin a round, unless the last one still goes on."""
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._round, name="chores", daemon=True)
            self._thread.start()

    def _round(self) -> None:
        try:
            do_all()
        finally:
            connections.close_all()
