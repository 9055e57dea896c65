"""Sending one message: signing it, and what its receiver answers. Knows no rows, so that threads may call it."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING

from django.conf import settings

from project.errors import DomainError, shorten_message
from project.outbound.responses import FetchLimits
from tenants.models.webhooks import MAX_EXCERPT_LENGTH
from tenants.webhooks.signing import sign_message

if TYPE_CHECKING:
    from project.outbound.fetcher import Fetcher

# The specification asks for 15 to 30 s. A receiver that needs longer than the least of them does its work too early:
# it shall answer first.
SEND_SECONDS = 15.0
_CONNECT_SECONDS = 10.0
_MAX_MESSAGE_LENGTH = 500
# A character of UTF-8 has up to four bytes.
_MAX_READ_BYTES = 4 * MAX_EXCERPT_LENGTH


@dataclass(frozen=True, kw_only=True)
class OutgoingMessage:
    """What is sent: to where, under which id, and signed with which secrets."""

    url: str
    message_id: str
    body: str
    secrets: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class AttemptResult:
    """How one attempt ended. `error_code` is blank when the message was delivered."""

    milliseconds: int
    response_status: int | None = None
    response_excerpt: str = ""
    retry_after: int | None = None
    error_code: str = ""
    error_message: str = ""

    @property
    def is_delivered(self) -> bool:
        return not self.error_code


def send_message(message: OutgoingMessage, *, sent_at: datetime) -> AttemptResult:
    """Send a message once, and return what came of it. Raises nothing that a receiver or a network can cause."""
    limits = FetchLimits(
        max_bytes=_MAX_READ_BYTES,
        seconds=SEND_SECONDS,
        connect_seconds=_CONNECT_SECONDS,
        silence_seconds=SEND_SECONDS,
    )
    headers = build_headers(message, sent_at=sent_at)
    started = time.monotonic()
    try:
        answer = get_fetcher().post(message.url, content=message.body.encode(), headers=headers, limits=limits)
    except DomainError as exc:
        return AttemptResult(
            milliseconds=_measure(started),
            error_code=exc.code,
            error_message=shorten_message(str(exc), limit=_MAX_MESSAGE_LENGTH),
        )
    is_delivered = 200 <= answer.status < 300
    return AttemptResult(
        milliseconds=_measure(started),
        response_status=answer.status,
        response_excerpt=_decode_excerpt(answer.start),
        retry_after=answer.retry_after,
        error_code="" if is_delivered else "http_status",
        error_message="" if is_delivered else _describe_status(answer.status),
    )


def build_headers(message: OutgoingMessage, *, sent_at: datetime) -> Mapping[str, str]:
    """Return the headers that are our own, besides those that every request has."""
    signed = sign_message(message.body, message_id=message.message_id, sent_at=sent_at, secrets=message.secrets)
    return {"Content-Type": "application/json", **signed}


def check_url(url: str) -> None:
    """Raise FetchRefused when a URL alone shows that nothing is sent to it."""
    get_fetcher().check_url(url)


def get_fetcher() -> Fetcher:
    """Return the fetcher that sends webhooks."""
    return _build_fetcher(tuple(settings.WEBHOOK_ALLOWED_HOSTS), settings.FETCH_CONTACT)


@cache
def _build_fetcher(allowed_hosts: tuple[str, ...], contact: str) -> Fetcher:
    from project.outbound.fetcher import Fetcher  # noqa: PLC0415  # with httpx2, which web processes do without

    agent = f"Coursewright-Webhooks/{settings.VERSION}" + (f" (+{contact})" if contact else "")
    return Fetcher(user_agent=agent, allowed_hosts=allowed_hosts, requires_https=True)


def _measure(started: float) -> int:
    return round((time.monotonic() - started) * 1000)


def _decode_excerpt(start: bytes) -> str:
    """Return the beginning of an answer as text that PostgreSQL can store."""
    return start.decode("utf-8", "replace").replace("\0", "\N{REPLACEMENT CHARACTER}")[:MAX_EXCERPT_LENGTH]


def _describe_status(status: int) -> str:
    if 300 <= status < 400:
        return f"The receiver answered with status {status}: redirects are not followed."
    return f"The receiver answered with status {status}."
