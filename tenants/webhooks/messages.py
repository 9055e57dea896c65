"""The bodies of messages: events as the API answers with them, in compact JSON."""

from __future__ import annotations

import json
from datetime import datetime
from uuid import UUID

from rest_framework.fields import DateTimeField

from tenants.events.bodies import build_event_body
from tenants.models import Event

# No event of the log: it is made for one endpoint when somebody asks for it.
TEST_TYPE = "webhook.test"


def build_message_body(event: Event) -> str:
    """Return what is sent of an event, in ASCII, so that its bytes are the same whoever encodes it."""
    return _encode(build_event_body(event))


def build_test_body(message_id: UUID, *, endpoint_id: UUID, occurred_at: datetime) -> str:
    """Return what a test sends: like an event, but of an endpoint."""
    return _encode(
        {
            "id": str(message_id),
            "type": TEST_TYPE,
            "timestamp": DateTimeField().to_representation(occurred_at),
            "data": {"webhook": str(endpoint_id), "links": {"webhook": f"/api/v1/webhooks/{endpoint_id}"}},
        }
    )


def _encode(body: object) -> str:
    return json.dumps(body, separators=(",", ":"))
