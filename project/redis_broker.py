"""The Redis broker of django-q2 with time limits, which its own lacks: a Redis that hangs held requests for ever."""

from __future__ import annotations

import redis
from django.conf import settings
from django_q.brokers.redis_broker import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

CONNECT_SECONDS = 1.0
# More than the second for which idle workers wait in BLPOP.
ANSWER_SECONDS = 2.0


class RedisBroker(Redis):  # type: ignore[misc]  # django-q2 has no types
    """Fails after seconds and does not try again by itself: redis-py's retries take up to half a minute."""

    @staticmethod
    def get_connection(list_key: str | None = None) -> redis.Redis:
        return redis.from_url(
            settings.Q_BROKER_URL,
            socket_connect_timeout=CONNECT_SECONDS,
            socket_timeout=ANSWER_SECONDS,
            retry=Retry(NoBackoff(), 0),
        )
