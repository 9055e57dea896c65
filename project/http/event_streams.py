"""Answers that come later: what a view leaves to the process that can wait (`project.streams`); server-sent events.

A view asks `can_wait`. Where it cannot, because a thread would be held for as long as the client likes, the view
answers at once with what there is, and the client comes again.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpResponse
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from project.errors import TooManyRequests

EVENT_STREAM = "text/event-stream"
# How long a client waits before it connects again, as the events say it themselves.
RETRY_MILLISECONDS = 3000
# Of ids of events: 63 bits, as PostgreSQL's bigint.
_MAX_EVENT_ID = 2**63 - 1
# A guess at when one of the streams has ended. Clients that come too early are told so again.
_SLOT_SECONDS = 10


class TooManyStreams(TooManyRequests):
    """A limit on requests that wait was reached."""

    code = "too_many_streams"


@dataclass(frozen=True, kw_only=True, slots=True)
class Watch:
    """What a request waits for, and in whose name."""

    tenant_id: UUID
    key_id: UUID


@dataclass(frozen=True, kw_only=True, slots=True)
class JobWatch(Watch):
    """The events of a job."""

    job_id: UUID
    last_event_id: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class NodeWatch(Watch):
    """The events of the jobs at and below a node, except those of hidden kinds."""

    node_id: UUID
    hidden_kinds: tuple[str, ...] = ()
    last_event_id: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class JobEndWatch(Watch):
    """The end of a job, or so many seconds; `build_answer` is called then, in a thread."""

    job_id: UUID
    seconds: int
    build_answer: Callable[[], HttpResponse]


class WatchResponse(HttpResponse):
    """The head of an answer whose body comes later."""

    def __init__(self, watch: Watch, *, content_type: str = EVENT_STREAM) -> None:
        # nginx must pass on each event at once.
        super().__init__(content_type=content_type, headers={"X-Accel-Buffering": "no"})
        self.watch = watch


class EventStreamRenderer(BaseRenderer):
    """Lets content negotiation know the type; views of events answer with bytes of their own."""

    media_type = EVENT_STREAM
    format = "events"

    def render(self, data: Any, *_arguments: Any, **_options: Any) -> Any:
        return data


class StreamSlots:
    """Counts the requests that wait in this process, in all and of each tenant."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: Counter[UUID] = Counter()
        self._count = 0

    def take_slot(self, tenant_id: UUID) -> None:
        """Take a slot. Raises TooManyStreams."""
        with self._lock:
            if self._held[tenant_id] >= settings.STREAMS_PER_TENANT:
                raise TooManyStreams(
                    f"The tenant has {settings.STREAMS_PER_TENANT} requests that wait, its share.",
                    seconds=_SLOT_SECONDS,
                )
            if self._count >= settings.STREAMS_AT_ONCE:
                raise TooManyStreams(
                    f"{settings.STREAMS_AT_ONCE} requests wait, as many as may.", seconds=_SLOT_SECONDS
                )
            self._held[tenant_id] += 1
            self._count += 1

    def give_back(self, tenant_id: UUID) -> None:
        with self._lock:
            self._count -= 1
            self._held[tenant_id] -= 1
            if not self._held[tenant_id]:
                del self._held[tenant_id]


def can_wait(request: Request) -> bool:
    """Tell whether the process that has the request can hold it without holding a thread."""
    return hasattr(request._request, "stream_slots")


def watch_response(request: Request, watch: Watch, *, content_type: str = EVENT_STREAM) -> WatchResponse:
    """Leave the rest of the answer to the process that waits. Raises TooManyStreams."""
    slots: StreamSlots = request._request.stream_slots  # type: ignore[attr-defined]
    slots.take_slot(watch.tenant_id)
    request._request.stream_owner = watch.tenant_id  # type: ignore[attr-defined]
    return WatchResponse(watch, content_type=content_type)


def present_events_response(events: bytes) -> HttpResponse:
    """Answer with the events that there are now, and end; the client comes again for more."""
    return HttpResponse(build_stream_start() + events, content_type=EVENT_STREAM)


def read_last_event_id(request: Request) -> int | None:
    """Return the id of the last event that the client has seen; None without one, or when it is none of ours."""
    text = request.headers.get("Last-Event-ID", "").strip()
    number = int(text) if text.isascii() and text.isdecimal() and len(text) <= 19 else None
    return number if number is not None and number <= _MAX_EVENT_ID else None


def build_stream_start() -> bytes:
    """Return what each stream begins with."""
    return b"retry: %d\n\n" % RETRY_MILLISECONDS


def build_event(name: str, data: bytes, *, event_id: int | None = None) -> bytes:
    """Return one event. `data` is JSON on one line; without an id, a client that comes again gets the event again."""
    head = b"" if event_id is None else b"id: %d\n" % event_id
    return b"%sevent: %s\ndata: %s\n\n" % (head, name.encode(), data)
