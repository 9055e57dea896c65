"""The concurrency limit of a provider, over all processes: one advisory lock of PostgreSQL for each slot.

Session-level advisory locks belong to the database connection, so that PostgreSQL frees the slots of a killed process.
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

# Polled, because a blocking lock would not call the checkpoint. A tenth of a second is short beside any answer of a
# model, and costs the database ten light statements a second for each waiting call.
POLL_SECONDS = 0.1

# LIMIT stops the series at the first lock that is free: without it, one call would take all free slots.
_ACQUIRE_SQL = "SELECT slot FROM generate_series(1, $1::int) AS slot WHERE pg_try_advisory_lock($2::int, slot) LIMIT 1"
_RELEASE_SQL = "SELECT pg_advisory_unlock($1::int, $2::int)"


class ConcurrencyLimitReached(ProviderBusy):
    """All slots of the provider were taken for as long as the call could wait."""

    kind = "no_slot"


@dataclass(kw_only=True)
class ConcurrencySlot:
    """A slot that is held: its advisory lock is `(namespace, number)`.

    Who releases the lock before the body of `hold_slot` ends must set `is_held` to False.
    """

    namespace: int
    number: int
    is_held: bool = True


_UNLIMITED: AbstractContextManager[None] = nullcontext()


class ConcurrencyLimiter:
    """Concurrency limits of all providers. Keeps no state of its own."""

    def hold_slot(
        self, provider: str, *, limit: int | None, seconds: float, checkpoint: Callable[[], None]
    ) -> AbstractContextManager[ConcurrencySlot | None]:
        """Hold one of the provider's `limit` slots while the body runs; without a limit the slot is None.

        Raises ConcurrencyLimitReached when no slot becomes free within `seconds`, and what `checkpoint` raises, which
        is called while waiting. The body may release the slot before it ends.
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
    except (OperationalError, InterfaceError):
        # The connection broke while the model was answering, and PostgreSQL released its locks with it.
        connection.close()


def _compute_namespace(provider: str) -> int:
    """Return the first key of the provider's advisory locks: a signed 32-bit integer, the same in every process."""
    # Not hash(): Python seeds it anew for each process. CRC-32 is unsigned, PostgreSQL's int is signed.
    return zlib.crc32(f"coursewright llm slots: {provider}".encode()) - 2**31
