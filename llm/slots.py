"""How many calls a provider gets at a time, over all processes: advisory locks of the database, one for each slot.

A lock belongs to the connection that took it, so that a killed process gives its slots back by dying.
"""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import InterfaceError, OperationalError, connection

from llm.errors import ProviderBusy
from project.db import prepared

POLL_SECONDS = 0.1

_TAKE = "SELECT slot FROM generate_series(1, %s) AS slot WHERE pg_try_advisory_lock(%s, slot) LIMIT 1"
_GIVE_BACK = "SELECT pg_advisory_unlock(%s, %s)"


class NoSlot(ProviderBusy):
    """All slots of the provider were taken for as long as we could wait."""

    kind = "no_slot"


@dataclass(kw_only=True)
class Slot:
    """A slot that is held: its advisory lock is `(space, number)`. Whoever gives the lock back says so in `is_held`."""

    space: int
    number: int
    is_held: bool = True


class Slots:
    """The slots of all providers."""

    @contextmanager
    def hold(self, provider: str, *, limit: int, seconds: float, checkpoint: Callable[[], None]) -> Iterator[Slot]:
        """Hold one of the provider's `limit` slots while the body runs. Raises NoSlot when none is free in time.

        The body may give the slot back before it ends.
        """
        space = _space(provider)
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
    row = prepared.execute(_TAKE, [limit, space]).fetchone()
    return Slot(space=space, number=row[0]) if row else None


def _give_back(slot: Slot) -> None:
    try:
        prepared.execute(_GIVE_BACK, [slot.space, slot.number])
    except (OperationalError, InterfaceError):  # the connection broke meanwhile, and its locks went with it
        connection.close()


def _space(provider: str) -> int:
    """Return the number under which the provider's locks are kept: a signed 32-bit integer."""
    return zlib.crc32(f"coursewright llm slots: {provider}".encode()) - 2**31
