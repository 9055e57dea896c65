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
STORAGE_TIMEOUT_SECONDS = 0.25
STORAGE_RETRY_SECONDS = 5
_CLIENT_BUCKET_BYTES = 2

log = logs.get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class RateLimit:
    """So many requests a minute for one owner under one policy.

    Two budgets of the same owner and policy are one counter, compared with each budget's own limit.
    """

    policy: str
    limit: int
    owner: str


@dataclass(frozen=True, kw_only=True)
class RateLimitResult:
    """What is left of a budget."""

    rate_limit: RateLimit
    remaining: int
    reset_seconds: int
    is_allowed: bool

    def build_headers(self) -> dict[str, str]:
        """Return the RateLimit header fields (draft-ietf-httpapi-ratelimit-headers), and Retry-After when refused."""
        policy = self.rate_limit.policy
        fields = {
            "RateLimit-Policy": f'"{policy}";q={self.rate_limit.limit};w={WINDOW_SECONDS}',
            "RateLimit": f'"{policy}";r={self.remaining};t={self.reset_seconds}',
        }
        return fields if self.is_allowed else {**fields, "Retry-After": str(self.reset_seconds)}


def consume_request(rate_limit: RateLimit) -> RateLimitResult:
    """Take one request from the budget, if one is left."""
    return _apply_limit(rate_limit, take=True)


def peek_limit(rate_limit: RateLimit) -> RateLimitResult:
    """Tell what is left of the budget without taking from it."""
    return _apply_limit(rate_limit, take=False)


def get_client_bucket(request: HttpRequest) -> str:
    """Return the budget that the request's address shares: one of 65,536, so that a flood fills no memory.

    Which addresses share one depends on `SECRET_KEY`, so that nobody can choose whose budget to use up.
    """
    digest = salted_hmac("tenants.limiting", get_client_ip(request)).digest()
    return digest[:_CLIENT_BUCKET_BYTES].hex()


def get_client_ip(request: HttpRequest) -> str:
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


_limiter_lock = threading.Lock()
_unreachable_until: dict[str, float] = {}


def _apply_limit(rate_limit: RateLimit, *, take: bool) -> RateLimitResult:
    url = settings.RATE_LIMIT_URL
    if time.monotonic() >= _unreachable_until.get(url, 0):
        try:
            return _query_limiter(_get_limiter(url), rate_limit, take=take)
        except StorageError as exc:
            _unreachable_until[url] = time.monotonic() + STORAGE_RETRY_SECONDS
            log.warning("rate limit storage unreachable, counting locally", reason=str(exc.__cause__ or exc))
    return _query_limiter(_get_limiter("memory://"), rate_limit, take=take)


def _query_limiter(limiter: SlidingWindowCounterRateLimiter, rate_limit: RateLimit, *, take: bool) -> RateLimitResult:
    item = _PerMinute(rate_limit.limit, namespace=rate_limit.policy)
    taken = take and limiter.hit(item, rate_limit.owner)
    stats = limiter.get_window_stats(item, rate_limit.owner)
    allowed = taken if take else stats.remaining > 0
    return RateLimitResult(
        rate_limit=rate_limit,
        remaining=stats.remaining if allowed else 0,
        reset_seconds=max(1, math.ceil(stats.reset_time - time.time())),
        is_allowed=allowed,
    )


def _get_limiter(url: str) -> SlidingWindowCounterRateLimiter:
    """Return the process's limiter for this storage, made on first use so that each worker has its own after a fork."""
    with _limiter_lock:
        return _make_limiter(url)


@cache
def _make_limiter(url: str) -> SlidingWindowCounterRateLimiter:
    patience = {} if url.startswith("memory:") else _build_redis_options()
    storage = storage_from_string(url, wrap_exceptions=True, **patience)
    assert isinstance(storage, Storage)
    return SlidingWindowCounterRateLimiter(storage)


def _build_redis_options() -> dict[str, Any]:
    """Return how long Redis is waited for. Its client takes a fifth of a second to import, so only where it is used."""
    from redis.backoff import NoBackoff  # noqa: PLC0415
    from redis.retry import Retry  # noqa: PLC0415

    return {
        "socket_connect_timeout": STORAGE_TIMEOUT_SECONDS,
        "socket_timeout": STORAGE_TIMEOUT_SECONDS,
        "retry": Retry(NoBackoff(), 0),
    }


@checks.register
def check_rate_limit_url(**_kwargs: Any) -> list[checks.CheckMessage]:
    """Report a `RATE_LIMIT_URL` that cannot be used. Nothing is connected to."""
    try:
        _get_limiter(settings.RATE_LIMIT_URL)
    except (ConfigurationError, ValueError):
        return [checks.Error("RATE_LIMIT_URL must be memory:// or a redis:// address.", id="tenants.E003")]
    return []
