"""The body of an event, as the API answers with it and webhooks send it."""

from __future__ import annotations

from typing import Any

from rest_framework.fields import DateTimeField

from tenants.events.catalogue import build_links
from tenants.models import Event


def build_event_body(event: Event) -> dict[str, Any]:
    """Return the members of an event: `id`, `type`, `timestamp`, and `data` with ids, names of states and links."""
    return {
        "id": str(event.pk),
        "type": event.type,
        "timestamp": DateTimeField().to_representation(event.created_at),
        "data": {**event.data, "links": build_links(event.type, event.data)},
    }
