"""Requests and tokens a minute of a provider, over all processes: one leaky bucket for each in the database.

A bucket holds what a minute allows and leaks as much in a minute, as the vendors' own do: up to the whole limit may go
out at once, and then only what has leaked. A call takes the tokens that it can need; what it did not use is given back
when it has ended. What a killed process took leaks away by itself.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from django.db import connection

from llm.errors import RateLimitReached
from llm.models import ProviderRate
from llm.registry import ProviderSpec
from project.db import prepared_statements
from project.db.fields import new_id

# How often a waiting call calls its checkpoint, in seconds: as for every pause of the router.
WAIT_SLICE = 0.25
# Stands for a limit that is not set: more than any provider takes, and far below where a double loses whole numbers.
UNLIMITED = 1e12

_TABLE = connection.ops.quote_name(ProviderRate._meta.db_table)
_ELAPSED = "extract(epoch FROM clock_timestamp() - rate.counted_at)"
_REQUESTS = f"greatest(0, rate.requests - {_ELAPSED} * $4::float8 / 60)"
_TOKENS = f"greatest(0, rate.tokens - {_ELAPSED} * $5::float8 / 60)"

# A request with more tokens than a minute allows goes out when the bucket is empty; the vendor decides.
_TAKE_SQL = (
    f"INSERT INTO {_TABLE} AS rate (id, created_at, provider, requests, tokens, counted_at) "  # noqa: S608  # no values
    "SELECT $1::uuid, clock_timestamp(), $2, 1, $3::float8, clock_timestamp() "
    "FROM (SELECT set_config('synchronous_commit', 'off', true)) AS before "
    f"ON CONFLICT (provider) DO UPDATE SET requests = {_REQUESTS} + 1, tokens = {_TOKENS} + $3::float8, "
    f"counted_at = clock_timestamp() WHERE {_REQUESTS} + 1 <= $4::float8 "
    f"AND ({_TOKENS} + $3::float8 <= $5::float8 OR {_TOKENS} = 0) RETURNING 1"
)
_WAIT_SQL = (
    f"SELECT greatest(({_REQUESTS} + 1 - $4::float8) * 60 / $4::float8, "  # noqa: S608  # no values
    f"least({_TOKENS}, {_TOKENS} + $3::float8 - $5::float8) * 60 / $5::float8) "
    f"FROM {_TABLE} AS rate WHERE provider = $2 AND $1::uuid IS NOT NULL"
)
_RETURN_SQL = f"UPDATE {_TABLE} SET tokens = greatest(0, tokens - $2::float8) WHERE provider = $1"  # noqa: S608


class RateLimiter:
    """The requests and tokens a minute of all providers. Keeps no state of its own."""

    def take(
        self, provider: str, spec: ProviderSpec, *, tokens: int, seconds: float, checkpoint: Callable[[], None]
    ) -> None:
        """Count a request of so many tokens, once the provider's limits allow one.

        Raises RateLimitReached, without waiting, when that is in more than `seconds`, and what `checkpoint` raises,
        which is called while waiting.
        """
        values: list[prepared_statements.SqlValue] = [
            new_id(),
            provider,
            str(tokens),
            str(spec.requests_per_minute or UNLIMITED),
            str(spec.tokens_per_minute or UNLIMITED),
        ]
        deadline = time.monotonic() + seconds
        while prepared_statements.execute_prepared(_TAKE_SQL, values) is None:
            # Read apart: by now another call may have taken what there was, or given some back.
            wait = float(prepared_statements.execute_prepared(_WAIT_SQL, values) or 0)
            if wait > deadline - time.monotonic():
                raise RateLimitReached(
                    f"the provider's requests or tokens of a minute are used up, {wait:.0f} s more", retry_after=wait
                )
            self._pause(wait, checkpoint)

    def give_back(self, provider: str, tokens: int) -> None:
        """Give back tokens that a call took and did not use; a negative number takes more."""
        prepared_statements.execute_prepared(_RETURN_SQL, [provider, str(tokens)])

    def _pause(self, seconds: float, checkpoint: Callable[[], None]) -> None:
        end = time.monotonic() + seconds
        checkpoint()
        # At least for a moment, so that calls that wait for each other do not keep the database busy.
        time.sleep(min(max(seconds, 0.01), WAIT_SLICE))
        while (left := end - time.monotonic()) > 0:
            checkpoint()
            time.sleep(min(left, WAIT_SLICE))
