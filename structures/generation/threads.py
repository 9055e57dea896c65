"""Running tasks in threads that use the database."""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from django.db import connection, connections

from structures.engines.base.llm_client import TaskOutcome

R = TypeVar("R")


def run_in_threads(
    tasks: Sequence[Callable[[], R]], *, thread_count: int, stops: Callable[[Exception], bool]
) -> list[TaskOutcome[R]]:
    """Run tasks in so many threads, each begun in order, and return how they ended, in order.

    After an exception for which `stops` is true no further task begins, and those that did not begin end with it.
    Inside a transaction, of which other connections would see nothing, they run one after the other in this thread.
    """
    work = _Work(tasks, stops)
    if min(thread_count, len(tasks)) < 2 or connection.in_atomic_block:
        work.run()
    else:
        threads = [
            # Each with a copy of the context: what is logged there names the job, too.
            threading.Thread(target=contextvars.copy_context().run, args=(_run_and_disconnect, work), daemon=True)
            for _ in range(min(thread_count, len(tasks)))
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    return work.list_outcomes()


class _Work(Generic[R]):
    def __init__(self, tasks: Sequence[Callable[[], R]], stops: Callable[[Exception], bool]) -> None:
        self._tasks = tasks
        self._stops = stops
        self._next = iter(range(len(tasks)))
        self._lock = threading.Lock()
        self._outcomes: dict[int, TaskOutcome[R]] = {}
        self._reason: Exception | None = None

    def run(self) -> None:
        """Run tasks until none is left or one has shown that the others would fail, too."""
        while (number := self._take()) is not None:
            try:
                self._outcomes[number] = TaskOutcome(value=self._tasks[number]())
            except Exception as exc:  # noqa: BLE001  # whoever asked for the outcomes raises it
                self._outcomes[number] = TaskOutcome(error=exc)
                if self._stops(exc):
                    self._reason = self._reason or exc

    def _take(self) -> int | None:
        with self._lock:
            return None if self._reason is not None else next(self._next, None)

    def list_outcomes(self) -> list[TaskOutcome[R]]:
        missing = TaskOutcome[R](error=self._reason)
        return [self._outcomes.get(number, missing) for number in range(len(self._tasks))]


def _run_and_disconnect(work: _Work[R]) -> None:
    try:
        work.run()
    finally:
        connections.close_all()
