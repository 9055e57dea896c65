"""The log of what happened."""

from __future__ import annotations

from .core import PAGE_ITEMS, Core
from .operations import iteration
from .steps import Emit, Pause, Steps
from .types import EventJson, EventPageJson

_FOLLOW_SECONDS = 2.0


class EventResources(Core):
    """Events of the tenant, in the order in which they are told."""

    @iteration(EventJson)
    def iterate_events(
        self,
        *,
        after: str | None = None,
        event_type: str | None = None,
        subject: str | None = None,
        follow: bool = False,
    ) -> Steps[None]:
        """Yield events, the oldest first: those after an event that was seen before, of a type, of a subject.

        With `follow` it waits for more and does not end. Keep the `id` of the last one, and give it as `after` the next
        time: no event is missed.
        """
        while True:
            query = {"after": after, "type": event_type, "subject": subject, "limit": PAGE_ITEMS}
            page = yield from self.call_json(EventPageJson, "GET", "/events", query=query)
            for event in page["data"]:
                yield Emit(item=event)
            # Further than the last event that was shown, when others were left out by the filters.
            after = page["next_cursor"] or after
            if page["has_more"]:
                continue
            if not follow:
                return
            yield Pause(seconds=_FOLLOW_SECONDS)
