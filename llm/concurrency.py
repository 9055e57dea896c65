"""How many calls a provider gets at a time, over all processes: advisory locks of the database, one for each slot.

A lock belongs to the connection that took it, so that a killed process gives its slots back by dying.
"""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass

from django.db import InterfaceError, OperationalError, connection

from llm.errors import ProviderBusy
from project.db import prepared_statements

POLL_SECONDS = 0.1

_TAKE = "SELECT slot FROM generate_series(1, $1::int) AS slot WHERE pg_try_advisory_lock($2::int, slot) LIMIT 1"
_GIVE_BACK = "SELECT pg_advisory_unlock($1::int, $2::int)"


class NoSlot(ProviderBusy):
    """All slots of the provider were taken for as long as we could wait."""

    kind = "no_slot"


@dataclass(kw_only=True)
class Slot:
    """A slot that is held: its advisory lock is `(space, number)`. Whoever gives the lock back says so in `is_held`."""

    space: int
    number: int
    is_held: bool = True


_UNLIMITED: AbstractContextManager[None] = nullcontext()


class Slots:
    """The slots of all providers."""

    def hold(
        self, provider: str, *, limit: int | None, seconds: float, checkpoint: Callable[[], None]
    ) -> AbstractContextManager[Slot | None]:
        """Hold one of the provider's `limit` slots while the body runs; without a limit there is none to hold.

        Raises NoSlot when none is free in time. The body may give the slot back before it ends.
        """
        return _UNLIMITED if limit is None else self._hold(_space(provider), limit, seconds, checkpoint)

    @contextmanager
    def _hold(self, space: int, limit: int, seconds: float, checkpoint: Callable[[], None]) -> Iterator[Slot]:
        deadline = time.monotonic() + seconds
        while (slot := _take(space, limit)) is None:
            if time.monotonic() >= deadline:
                raise NoSlot(f"all {limit} calls that the provider gets at a time are under way")
            checkpoint()
            time.sleep(POLL_SECONDS)
        try:
            yield slot
        finally:
            if slot.is_held:
                _give_back(slot)


def _take(space: int, limit: int) -> Slot | None:
    number = prepared_statements.execute_prepared(_TAKE, [limit, space])
    return None if number is None else Slot(space=space, number=int(number))


def _give_back(slot: Slot) -> None:
    try:
        prepared_statements.execute_prepared(_GIVE_BACK, [slot.space, slot.number])
    except (OperationalError, InterfaceError):  # the connection broke meanwhile, and its locks went with it
        connection.close()


def _space(provider: str) -> int:
    """Return the number under which the provider's locks are kept: a signed 32-bit integer."""
    return zlib.crc32(f"coursewright llm slots: {provider}".encode()) - 2**31
