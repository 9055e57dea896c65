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

_ACQUIRE_SQL = "SELECT slot FROM generate_series(1, $1::int) AS slot WHERE pg_try_advisory_lock($2::int, slot) LIMIT 1"
_RELEASE_SQL = "SELECT pg_advisory_unlock($1::int, $2::int)"


class ConcurrencyLimitReached(ProviderBusy):
    """All slots of the provider were taken for as long as we could wait."""

    kind = "no_slot"


@dataclass(kw_only=True)
class ConcurrencySlot:
    """A slot that is held: its advisory lock is `(space, number)`. Whoever gives the lock back says so in `is_held`."""

    namespace: int
    number: int
    is_held: bool = True


_UNLIMITED: AbstractContextManager[None] = nullcontext()


class ConcurrencyLimiter:
    """The slots of all providers."""

    def hold_slot(
        self, provider: str, *, limit: int | None, seconds: float, checkpoint: Callable[[], None]
    ) -> AbstractContextManager[ConcurrencySlot | None]:
        """Hold one of the provider's `limit` slots while the body runs; without a limit there is none to hold.

        Raises NoSlot when none is free in time. The body may give the slot back before it ends.
        """
        return (
            _UNLIMITED
            if limit is None
            else self._wait_for_slot(_compute_namespace(provider), limit, seconds, checkpoint)
        )

    @contextmanager
    def _wait_for_slot(
        self, namespace: int, limit: int, seconds: float, checkpoint: Callable[[], None]
    ) -> Iterator[ConcurrencySlot]:
        deadline = time.monotonic() + seconds
        while (slot := _acquire_slot(namespace, limit)) is None:
            if time.monotonic() >= deadline:
                raise ConcurrencyLimitReached(f"all {limit} calls that the provider gets at a time are under way")
            checkpoint()
            time.sleep(POLL_SECONDS)
        try:
            yield slot
        finally:
            if slot.is_held:
                _release_slot(slot)


def _acquire_slot(namespace: int, limit: int) -> ConcurrencySlot | None:
    number = prepared_statements.execute_prepared(_ACQUIRE_SQL, [limit, namespace])
    return None if number is None else ConcurrencySlot(namespace=namespace, number=int(number))


def _release_slot(slot: ConcurrencySlot) -> None:
    try:
        prepared_statements.execute_prepared(_RELEASE_SQL, [slot.namespace, slot.number])
    except (OperationalError, InterfaceError):  # the connection broke meanwhile, and its locks went with it
        connection.close()


def _compute_namespace(provider: str) -> int:
    """Return the number under which the provider's locks are kept: a signed 32-bit integer."""
    return zlib.crc32(f"coursewright llm slots: {provider}".encode()) - 2**31
