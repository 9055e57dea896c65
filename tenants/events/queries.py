"""Reads of the log of events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from project.errors import NotFound
from tenants.events.errors import EventsExpired
from tenants.events.retention import compute_oldest_id
from tenants.events.services import number_events
from tenants.models import Event, Tenant


@dataclass(frozen=True, kw_only=True)
class EventPage:
    """Events in order, whether there are more of them now, and the event to go on from; None before the first."""

    events: Sequence[Event]
    has_more: bool
    last_id: UUID | None


def list_events(
    *, tenant: Tenant, after: UUID | None, limit: int, event_type: str = "", subject_id: UUID | None = None
) -> EventPage:
    """Return the events after one of them, or from the oldest on. Two statements, three with `after`.

    To be called outside a transaction, as `number_events`. Raises NotFound for an event that there is not, and
    EventsExpired when it is so old that events after it may be deleted.
    """
    number_events(tenant.pk)
    rows = Event.objects.for_tenant(tenant).after(0 if after is None else _find_position(tenant, after))
    if event_type:
        rows = rows.filter(type=event_type)
    if subject_id is not None:
        rows = rows.filter(subject_id=subject_id)
    found = list(rows[: limit + 1])
    events = found[:limit]
    return EventPage(events=events, has_more=len(found) > limit, last_id=events[-1].pk if events else after)


def get_event(*, tenant: Tenant, event_id: UUID) -> Event:
    """Return an event of the tenant. Raises NotFound, also for one that is deleted by now."""
    event = Event.objects.for_tenant(tenant).filter(pk=event_id).first()
    if event is None:
        raise NotFound(
            f"There is no event {event_id}.", next_step=f"Check the id. Events are kept for {settings.EVENT_DAYS} days."
        )
    return event


def _find_position(tenant: Tenant, event_id: UUID) -> int:
    row = Event.objects.for_tenant(tenant).filter(pk=event_id).values_list("position", flat=True).first()
    if row is not None:
        return row
    if event_id.version == 7 and event_id < compute_oldest_id(timezone.now()):  # of RFC 9562
        raise EventsExpired(f"Event {event_id} is older than {settings.EVENT_DAYS} days, and what followed it is gone.")
    raise NotFound(f"There is no event {event_id}.", next_step="Give the `next_cursor` of an answer, or an event's id.")
