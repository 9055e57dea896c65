"""Requests and tokens a minute of a provider, over all processes: one leaky bucket for each in the database.

A bucket holds what a minute allows and leaks as much in a minute, as the vendors' own do: up to the whole limit may go
out at once, and then only what has leaked. A call reserves the tokens that it can need; when it has ended, the bucket
is corrected by what it used. What came first leaks first: of a reservation only that part is given back which has not
leaked meanwhile, or others' tokens would go with it. What a killed process reserved leaks away by itself.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

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
_RESERVE_SQL = (
    f"INSERT INTO {_TABLE} AS rate (id, created_at, provider, requests, tokens, counted_at) "  # noqa: S608  # no values
    "SELECT $1::uuid, clock_timestamp(), $2, 1, $3::float8, clock_timestamp() "
    "FROM (SELECT set_config('synchronous_commit', 'off', true)) AS before "
    f"ON CONFLICT (provider) DO UPDATE SET requests = {_REQUESTS} + 1, tokens = {_TOKENS} + $3::float8, "
    f"counted_at = clock_timestamp() WHERE {_REQUESTS} + 1 <= $4::float8 "
    f"AND ({_TOKENS} + $3::float8 <= $5::float8 OR {_TOKENS} = 0) "
    "RETURNING concat_ws(' ', rate.requests, rate.tokens)"
)
_WAIT_SQL = (
    f"SELECT greatest(({_REQUESTS} + 1 - $4::float8) * 60 / $4::float8, "  # noqa: S608  # no values
    f"least({_TOKENS}, {_TOKENS} + $3::float8 - $5::float8) * 60 / $5::float8) "
    f"FROM {_TABLE} AS rate WHERE provider = $2 AND $1::uuid IS NOT NULL"
)
_CORRECT_SQL = (
    f"UPDATE {_TABLE} AS rate SET requests = greatest(0, {_REQUESTS} + $2::float8), "  # noqa: S608  # no values
    f"tokens = greatest(0, {_TOKENS} + $3::float8), counted_at = clock_timestamp() WHERE provider = $1"
)


@dataclass(frozen=True, kw_only=True)
class RateReservation:
    """A request that was counted, with its tokens: what the provider's bucket held then, and when (monotonic)."""

    provider: str
    spec: ProviderSpec
    tokens: int
    bucket_requests: float
    bucket_tokens: float
    made_at: float


class RateLimiter:
    """The requests and tokens a minute of all providers. Keeps no state of its own."""

    def reserve_request(
        self, provider: str, spec: ProviderSpec, *, tokens: int, seconds: float, checkpoint: Callable[[], None]
    ) -> RateReservation:
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
        made_at = time.monotonic()
        deadline = made_at + seconds
        while (levels := prepared_statements.execute_prepared(_RESERVE_SQL, values)) is None:
            # Read apart: by now another call may have taken what there was, or given some back.
            wait = float(prepared_statements.execute_prepared(_WAIT_SQL, values) or 0)
            if wait > deadline - time.monotonic():
                raise RateLimitReached(
                    f"the provider's requests or tokens of a minute are used up, {wait:.0f} s more", retry_after=wait
                )
            self._pause(wait, checkpoint)
            made_at = time.monotonic()
        bucket_requests, bucket_tokens = map(float, levels.split())
        return RateReservation(
            provider=provider,
            spec=spec,
            tokens=tokens,
            bucket_requests=bucket_requests,
            bucket_tokens=bucket_tokens,
            made_at=made_at,
        )

    def settle_request(self, reservation: RateReservation, *, used_tokens: int) -> None:
        """Correct the tokens of a request that was made by what it used, more or less than was reserved."""
        if reservation.spec.tokens_per_minute is not None:
            self._correct_bucket(reservation, requests=0, tokens=used_tokens - reservation.tokens)

    def cancel_request(self, reservation: RateReservation) -> None:
        """Give back a request that was never made, and its tokens."""
        self._correct_bucket(reservation, requests=-1, tokens=-reservation.tokens)

    def _correct_bucket(self, reservation: RateReservation, *, requests: float, tokens: float) -> None:
        spec, minutes = reservation.spec, (time.monotonic() - reservation.made_at) / 60
        rates = (spec.requests_per_minute or UNLIMITED, spec.tokens_per_minute or UNLIMITED)
        # Of the reservation, the last to leave the bucket, so much is left of what it held then.
        left = (reservation.bucket_requests - rates[0] * minutes, reservation.bucket_tokens - rates[1] * minutes)
        changes = (max(requests, -max(0.0, left[0])), max(tokens, -max(0.0, left[1])))
        prepared_statements.execute_prepared(_CORRECT_SQL, [reservation.provider, *map(str, changes), *map(str, rates)])

    def _pause(self, seconds: float, checkpoint: Callable[[], None]) -> None:
        end = time.monotonic() + seconds
        checkpoint()
        # At least for a moment, so that calls that wait for each other do not keep the database busy.
        time.sleep(min(max(seconds, 0.01), WAIT_SLICE))
        while (left := end - time.monotonic()) > 0:
            checkpoint()
            time.sleep(min(left, WAIT_SLICE))
