"""How many calls a provider gets at a time, over all processes: advisory locks of the database, one for each slot.

A lock belongs to the connection that took it, so that a killed process gives its slots back by dying.
"""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import InterfaceError, OperationalError, connection

from llm.errors import ProviderBusy

POLL_SECONDS = 0.1

_TAKE = """
SELECT slot FROM generate_series(1, %s) AS slot WHERE pg_try_advisory_lock(%s, slot) LIMIT 1
"""


class NoSlot(ProviderBusy):
    """All slots of the provider were taken for as long as we could wait."""

    kind = "no_slot"


class Slots:
    """The slots of all providers."""

    @contextmanager
    def hold(self, provider: str, *, limit: int, seconds: float, checkpoint: Callable[[], None]) -> Iterator[None]:
        """Hold one of the provider's `limit` slots while the body runs. Raises NoSlot when none is free in time."""
        space = _space(provider)
        deadline = time.monotonic() + seconds
        while (slot := self._take(space, limit)) is None:
            if time.monotonic() >= deadline:
                raise NoSlot(f"all {limit} calls that the provider gets at a time are under way")
            checkpoint()
            time.sleep(POLL_SECONDS)
        try:
            yield
        finally:
            self._give_back(space, slot)

    def _take(self, space: int, limit: int) -> int | None:
        with connection.cursor() as cursor:
            cursor.execute(_TAKE, [limit, space])
            row = cursor.fetchone()
        return row[0] if row else None

    def _give_back(self, space: int, slot: int) -> None:
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [space, slot])
        except (OperationalError, InterfaceError):  # the connection broke meanwhile, and its locks went with it
            connection.close()


def _space(provider: str) -> int:
    """Return the number under which the provider's locks are kept: a signed 32-bit integer."""
    return zlib.crc32(f"coursewright llm slots: {provider}".encode()) - 2**31
