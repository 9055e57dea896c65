"""Rate limits over a sliding window of minutes, counted in memory or in the Redis that `RATE_LIMIT_URL` names.

The counter is the sliding-window one of the `limits` library, an approximation from two fixed windows: it frees keys
that are no longer used, which the exact moving window never does (docs/decisions/0010).
"""

from __future__ import annotations

import contextlib
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

# Every request waits for the storage, so a Redis that hangs may cost one request a quarter of a second (many times what
# one in the same network takes to answer), and then no other request of the process for five seconds.
STORAGE_TIMEOUT_SECONDS = 0.25
STORAGE_RETRY_SECONDS = 5
# 65,536 counters take about 20 MB of a process when all are in use, and two clients still rarely share one.
_CLIENT_BUCKET_BYTES = 2
# What a provider usually gives one customer (RFC 6177); whoever has a /64 can change addresses at will inside it.
_IPV6_CLIENT_PREFIX = 64

log = logs.get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class RateLimit:
    """At most `limit` requests in `minutes` by one owner under one policy.

    Two limits with the same owner and policy share one counter, which each compares with its own `limit`.
    """

    policy: str
    limit: int
    owner: str
    minutes: int = 1


@dataclass(frozen=True, kw_only=True)
class RateLimitResult:
    """The state of a rate limit after a request: what remains, and the seconds until the window resets."""

    rate_limit: RateLimit
    remaining: int
    reset_seconds: int
    is_allowed: bool

    def build_headers(self) -> dict[str, str]:
        """Return the RateLimit header fields (draft-ietf-httpapi-ratelimit-headers), and Retry-After when refused."""
        policy = self.rate_limit.policy
        fields = {
            "RateLimit-Policy": f'"{policy}";q={self.rate_limit.limit};w={self.rate_limit.minutes * 60}',
            "RateLimit": f'"{policy}";r={self.remaining};t={self.reset_seconds}',
        }
        return fields if self.is_allowed else {**fields, "Retry-After": str(self.reset_seconds)}


def consume_request(rate_limit: RateLimit) -> RateLimitResult:
    """Count one request against the limit, if it allows one more. `is_allowed` says whether it did."""
    return _apply_limit(rate_limit, take=True)


def peek_limit(rate_limit: RateLimit) -> RateLimitResult:
    """Return what remains of the limit without counting a request."""
    return _apply_limit(rate_limit, take=False)


def clear_limit(rate_limit: RateLimit) -> None:
    """Forget the requests that were counted against the limit in the storage that counts now."""
    with contextlib.suppress(StorageError):  # what is left there ends with its window
        _get_limiter(settings.RATE_LIMIT_URL).clear(_build_item(rate_limit), rate_limit.owner)


def get_client_bucket(request: HttpRequest, *, scope: str = "") -> str:
    """Return the owner that the request's client IP counts under: one of 65,536, so that a flood fills no memory.

    With a `scope` the client IP counts apart for each. Which of them share an owner depends on `SECRET_KEY`, so that
    nobody can choose whose requests to use up.
    """
    digest = salted_hmac("tenants.limiting", f"{get_client_ip(request)} {scope}").digest()
    return digest[:_CLIENT_BUCKET_BYTES].hex()


def get_client_ip(request: HttpRequest) -> str:
    """Return the client IP, for IPv6 its /64 network, or `unknown` when it is no IP address.

    `X-Forwarded-For` counts only as far as `TRUSTED_PROXIES` proxies of ours have written it.
    """
    client = parse_client_ip(request)
    if client is None:
        return "unknown"
    if isinstance(client, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((client, _IPV6_CLIENT_PREFIX), strict=False))
    return str(client)


def parse_client_ip(request: HttpRequest) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Return the whole client IP, None when it is no IP address; an IPv4 address is one however it is reported."""
    client_ip = request.META.get("REMOTE_ADDR", "")
    hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",") if hop.strip()]
    proxies: int = settings.TRUSTED_PROXIES
    if proxies and hops:
        # Each proxy appends the address that connected to it. Hops further left came with the request, and a client
        # can write there what it likes.
        client_ip = hops[-min(proxies, len(hops))]
    try:
        parsed = ipaddress.ip_address(client_ip)
    except ValueError:
        return None
    # A socket that accepts both families reports IPv4 clients as ::ffff:a.b.c.d (RFC 4291, 2.5.5.2). They would all
    # be in one /64.
    return getattr(parsed, "ipv4_mapped", None) or parsed


class _PerMinute(RateLimitItemPerMinute):
    """A limit whose counter does not depend on its amount, so that all keys of a tenant count together.

    The library's own key contains the amount: keys with different limits would have a counter each.
    """

    def key_for(self, *identifiers: bytes | str | float) -> str:
        return "/".join([self.namespace, *map(str, identifiers)])


_limiter_lock = threading.Lock()
# By URL, in seconds of the monotonic clock. Without a lock: the worst that a race does is one more attempt.
_unreachable_until: dict[str, float] = {}


def _apply_limit(rate_limit: RateLimit, *, take: bool) -> RateLimitResult:
    url = settings.RATE_LIMIT_URL
    if time.monotonic() >= _unreachable_until.get(url, 0):
        try:
            return _query_limiter(_get_limiter(url), rate_limit, take=take)
        except StorageError as exc:
            _unreachable_until[url] = time.monotonic() + STORAGE_RETRY_SECONDS
            log.warning("rate limit storage unreachable, counting locally", reason=str(exc.__cause__ or exc))
    # Neither refusing everybody nor counting nothing: each process counts for itself until Redis answers again.
    return _query_limiter(_get_limiter("memory://"), rate_limit, take=take)


def _query_limiter(limiter: SlidingWindowCounterRateLimiter, rate_limit: RateLimit, *, take: bool) -> RateLimitResult:
    item = _build_item(rate_limit)
    taken = take and limiter.hit(item, rate_limit.owner)
    stats = limiter.get_window_stats(item, rate_limit.owner)
    allowed = taken if take else stats.remaining > 0
    return RateLimitResult(
        rate_limit=rate_limit,
        # Another thread's window may have moved between hit() and get_window_stats(); a refusal never says "1 left".
        remaining=stats.remaining if allowed else 0,
        # At least 1: Retry-After: 0 would invite a client to repeat at once.
        reset_seconds=max(1, math.ceil(stats.reset_time - time.time())),
        is_allowed=allowed,
    )


def _build_item(rate_limit: RateLimit) -> _PerMinute:
    return _PerMinute(rate_limit.limit, rate_limit.minutes, namespace=rate_limit.policy)


def _get_limiter(url: str) -> SlidingWindowCounterRateLimiter:
    """Return the process's limiter for this storage, made on first use so that each worker has its own after a fork."""
    # `cache` alone may call the function in two threads at once, and each would count in a memory of its own.
    with _limiter_lock:
        return _make_limiter(url)


@cache
def _make_limiter(url: str) -> SlidingWindowCounterRateLimiter:
    patience = {} if url.startswith("memory:") else _build_redis_options()
    storage = storage_from_string(url, wrap_exceptions=True, **patience)
    assert isinstance(storage, Storage)
    return SlidingWindowCounterRateLimiter(storage)


def _build_redis_options() -> dict[str, Any]:
    """Return the Redis client's timeouts and its retry policy: none, because a request waits meanwhile."""
    # Imported here because the client takes a fifth of a second to import, and the default is to count in memory.
    from redis.backoff import NoBackoff  # noqa: PLC0415
    from redis.retry import Retry  # noqa: PLC0415

    return {
        "socket_connect_timeout": STORAGE_TIMEOUT_SECONDS,
        "socket_timeout": STORAGE_TIMEOUT_SECONDS,
        "retry": Retry(NoBackoff(), 0),
    }


@checks.register
def check_rate_limit_url(**_kwargs: Any) -> list[checks.CheckMessage]:
    """Report a `RATE_LIMIT_URL` that cannot be used. No connection is made."""
    try:
        _get_limiter(settings.RATE_LIMIT_URL)
    except (ConfigurationError, ValueError):
        return [checks.Error("RATE_LIMIT_URL must be memory:// or a redis:// address.", id="tenants.E003")]
    return []
