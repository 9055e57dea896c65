"""Periodic tasks: short work that apps register and the supervisor of the workers runs every few seconds."""

from __future__ import annotations

import threading

from django.db import connections
from django.utils.module_loading import import_string

from project import logs

# Between two rounds. Tasks clean up, which may wait; each costs a statement or two when there is nothing to do.
PERIODIC_TASK_SECONDS = 10.0

log = logs.get_logger(__name__)
_periodic_tasks: list[str] = []


def register_periodic_task(function_path: str) -> None:
    """Have a function, given by its dotted name, called in every round.

    The function must bear running on several machines at once, end within a minute, and cost little when there is
    nothing to do.
    """
    if function_path not in _periodic_tasks:
        _periodic_tasks.append(function_path)


def run_periodic_tasks() -> None:
    """Run every task once. One that fails is logged and does not keep the next from running."""
    for work in _periodic_tasks:
        try:
            import_string(work)()
        except Exception:  # it comes back
            log.warning("periodic task failed", task=work, exc_info=True)


class PeriodicTaskRunner:
    """Runs the tasks in a thread, one round at a time, so that a slow one does not delay the supervisor."""

    def __init__(self) -> None:
        self._thread: threading.Thread | None = None

    def start_round(self) -> None:
        """Begin a round, unless the last one still goes on."""
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._run_round, name="periodic tasks", daemon=True)
            self._thread.start()

    def _run_round(self) -> None:
        try:
            run_periodic_tasks()
        finally:
            connections.close_all()
