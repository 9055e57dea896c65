"""JSON shapes of events."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from project.http.pagination import DEFAULT_LIMIT, MAX_LIMIT
from project.http.serializers import KnownChoiceField, ListQuerySerializer
from tenants.events.catalogue import EventType, build_data_schema

EVENT_TYPES = [event_type.value for event_type in EventType]


class EventListSerializer(ListQuerySerializer):
    """Which events to list."""

    _COMMON_PARAMETERS = frozenset({"format"})

    after = serializers.UUIDField(
        required=False,
        default=None,
        help_text="The events after this one: `next_cursor` of the answer before, or the id of an event. Without it: "
        "from the oldest on.",
    )
    limit = serializers.IntegerField(
        min_value=1, max_value=MAX_LIMIT, default=DEFAULT_LIMIT, help_text="How many at most."
    )
    type = KnownChoiceField(choices=EVENT_TYPES, required=False)
    subject = serializers.UUIDField(
        required=False, default=None, help_text="What they tell of, such as a job, an entry, a snapshot or a course."
    )


@extend_schema_field({"anyOf": [build_data_schema(event_type) for event_type in EventType]})
class EventDataField(serializers.DictField):
    """What happened: ids and names of states, and `links` to read more. Its members depend on the type."""


class EventSerializer(serializers.Serializer[Any]):
    """Something that happened. More types may come: ignore those that you do not know."""

    id = serializers.UUIDField(help_text="The same wherever the event is told, also in webhooks.")
    type = serializers.ChoiceField(choices=EVENT_TYPES)
    timestamp = serializers.DateTimeField()
    data = EventDataField()  # type: ignore[assignment]  # a field named as DRF's property


class EventPageSerializer(serializers.Serializer[Any]):
    """Events in the order in which they are told."""

    data = EventSerializer(many=True)  # type: ignore[assignment]  # a field named as DRF's property
    has_more = serializers.BooleanField(help_text="Whether there are more now.")
    next_cursor = serializers.UUIDField(
        allow_null=True, help_text="Send it as `after`, now or later. Null only when there was no event yet."
    )
