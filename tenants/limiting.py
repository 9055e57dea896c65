"""Counting requests over a sliding minute: in memory, or in Redis when `RATE_LIMIT_URL` says so.

The counter is the sliding-window one of the `limits` library, an approximation from two fixed windows: it frees keys
that are no longer used, which the exact moving window never does (docs/decisions/0010).
"""

from __future__ import annotations

import ipaddress
import threading
import time
import zlib
from dataclasses import dataclass
from functools import cache

from django.conf import settings
from django.http import HttpRequest
from limits import RateLimitItemPerMinute
from limits.errors import StorageError
from limits.storage import Storage, storage_from_string
from limits.strategies import SlidingWindowCounterRateLimiter

from project import logs

WINDOW_SECONDS = 60
_ADDRESS_BUCKETS = 65_536

log = logs.get(__name__)


@dataclass(frozen=True, kw_only=True)
class Budget:
    """So many requests a minute for one owner under one policy."""

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
    """Return the budget that the request's address shares: one of a bounded number, so that a flood fills no memory."""
    return str(zlib.crc32(client_address(request).encode()) % _ADDRESS_BUCKETS)


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
    if parsed.version == 6:
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)


_making = threading.Lock()


def _decide(budget: Budget, *, take: bool) -> Verdict:
    try:
        return _ask(_limiter(settings.RATE_LIMIT_URL), budget, take=take)
    except StorageError as exc:
        log.warning("rate limit storage unreachable, counting locally", reason=str(exc.__cause__ or exc))
        return _ask(_limiter("memory://"), budget, take=take)


def _ask(limiter: SlidingWindowCounterRateLimiter, budget: Budget, *, take: bool) -> Verdict:
    item = RateLimitItemPerMinute(budget.limit, namespace=budget.policy)
    allowed = limiter.hit(item, budget.owner) if take else limiter.test(item, budget.owner)
    stats = limiter.get_window_stats(item, budget.owner)
    return Verdict(
        budget=budget,
        remaining=stats.remaining if allowed else 0,
        reset_seconds=max(1, round(stats.reset_time - time.time())),
        allowed=allowed,
    )


def _limiter(url: str) -> SlidingWindowCounterRateLimiter:
    """Return the process's limiter for this storage, made on first use so that each worker has its own after a fork."""
    with _making:
        return _make_limiter(url)


@cache
def _make_limiter(url: str) -> SlidingWindowCounterRateLimiter:
    storage = storage_from_string(url, wrap_exceptions=True)
    assert isinstance(storage, Storage)
    return SlidingWindowCounterRateLimiter(storage)
