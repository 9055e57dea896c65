"""Counting requests over a sliding minute: in memory, or in Redis when `RATE_LIMIT_URL` says so.

The counter is the sliding-window one of the `limits` library, an approximation from two fixed windows: it frees keys
that are no longer used, which the exact moving window never does (docs/decisions/0010).
"""

from __future__ import annotations

import ipaddress
import math
import threading
import time
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.conf import settings
from django.core import checks
from django.http import HttpRequest
from django.utils.crypto import salted_hmac
from limits import RateLimitItemPerMinute
from limits.errors import ConfigurationError, StorageError
from limits.storage import Storage, storage_from_string
from limits.strategies import SlidingWindowCounterRateLimiter

from project import logs

WINDOW_SECONDS = 60
STORAGE_PATIENCE_SECONDS = 0.25
STORAGE_AWAY_SECONDS = 5
_ADDRESS_BUCKET_BYTES = 2

log = logs.get(__name__)


@dataclass(frozen=True, kw_only=True)
class Budget:
    """So many requests a minute for one owner under one policy.

    Two budgets of the same owner and policy are one counter, compared with each budget's own limit.
    """

    policy: str
    limit: int
    owner: str


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What is left of a budget."""

    budget: Budget
    remaining: int
    reset_seconds: int
    allowed: bool

    def headers(self) -> dict[str, str]:
        """Return the RateLimit header fields (draft-ietf-httpapi-ratelimit-headers), and Retry-After when refused."""
        policy = self.budget.policy
        fields = {
            "RateLimit-Policy": f'"{policy}";q={self.budget.limit};w={WINDOW_SECONDS}',
            "RateLimit": f'"{policy}";r={self.remaining};t={self.reset_seconds}',
        }
        return fields if self.allowed else {**fields, "Retry-After": str(self.reset_seconds)}


def spend(budget: Budget) -> Verdict:
    """Take one request from the budget, if one is left."""
    return _decide(budget, take=True)


def look(budget: Budget) -> Verdict:
    """Tell what is left of the budget without taking from it."""
    return _decide(budget, take=False)


def owner_of_address(request: HttpRequest) -> str:
    """Return the budget that the request's address shares: one of 65,536, so that a flood fills no memory.

    Which addresses share one depends on `SECRET_KEY`, so that nobody can choose whose budget to use up.
    """
    digest = salted_hmac("tenants.limiting", client_address(request)).digest()
    return digest[:_ADDRESS_BUCKET_BYTES].hex()


def client_address(request: HttpRequest) -> str:
    """Return the address of the client, or for IPv6 its /64 network.

    `X-Forwarded-For` counts only as far as `TRUSTED_PROXIES` proxies of ours have written it.
    """
    address = request.META.get("REMOTE_ADDR", "")
    hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",") if hop.strip()]
    proxies: int = settings.TRUSTED_PROXIES
    if proxies and hops:
        address = hops[-min(proxies, len(hops))]
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)


class _PerMinute(RateLimitItemPerMinute):
    """A limit whose counter does not depend on its amount, so that all keys of a tenant count together."""

    def key_for(self, *identifiers: bytes | str | float) -> str:
        return "/".join([self.namespace, *map(str, identifiers)])


_making = threading.Lock()
_away_until: dict[str, float] = {}


def _decide(budget: Budget, *, take: bool) -> Verdict:
    url = settings.RATE_LIMIT_URL
    if time.monotonic() >= _away_until.get(url, 0):
        try:
            return _ask(_limiter(url), budget, take=take)
        except StorageError as exc:
            _away_until[url] = time.monotonic() + STORAGE_AWAY_SECONDS
            log.warning("rate limit storage unreachable, counting locally", reason=str(exc.__cause__ or exc))
    return _ask(_limiter("memory://"), budget, take=take)


def _ask(limiter: SlidingWindowCounterRateLimiter, budget: Budget, *, take: bool) -> Verdict:
    item = _PerMinute(budget.limit, namespace=budget.policy)
    taken = take and limiter.hit(item, budget.owner)
    stats = limiter.get_window_stats(item, budget.owner)
    allowed = taken if take else stats.remaining > 0
    return Verdict(
        budget=budget,
        remaining=stats.remaining if allowed else 0,
        reset_seconds=max(1, math.ceil(stats.reset_time - time.time())),
        allowed=allowed,
    )


def _limiter(url: str) -> SlidingWindowCounterRateLimiter:
    """Return the process's limiter for this storage, made on first use so that each worker has its own after a fork."""
    with _making:
        return _make_limiter(url)


@cache
def _make_limiter(url: str) -> SlidingWindowCounterRateLimiter:
    patience = {} if url.startswith("memory:") else _patience()
    storage = storage_from_string(url, wrap_exceptions=True, **patience)
    assert isinstance(storage, Storage)
    return SlidingWindowCounterRateLimiter(storage)


def _patience() -> dict[str, Any]:
    """Return how long Redis is waited for. Its client takes a fifth of a second to import, so only where it is used."""
    from redis.backoff import NoBackoff  # noqa: PLC0415
    from redis.retry import Retry  # noqa: PLC0415

    return {
        "socket_connect_timeout": STORAGE_PATIENCE_SECONDS,
        "socket_timeout": STORAGE_PATIENCE_SECONDS,
        "retry": Retry(NoBackoff(), 0),
    }


@checks.register
def check_storage(**_kwargs: Any) -> list[checks.CheckMessage]:
    """Report a `RATE_LIMIT_URL` that cannot be used. Nothing is connected to."""
    try:
        _limiter(settings.RATE_LIMIT_URL)
    except (ConfigurationError, ValueError):
        return [checks.Error("RATE_LIMIT_URL must be memory:// or a redis:// address.", id="tenants.E003")]
    return []
