"""JSON shapes of webhook endpoints and their deliveries."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from project.http.serializers import (
    KnownChoiceField,
    ListQuerySerializer,
    StrictCharField,
    StrictListField,
    StrictSerializer,
)
from tenants.events.catalogue import EventType
from tenants.models import DeliveryKind, DeliveryStatus, WebhookAttempt, WebhookDelivery, WebhookEndpoint
from tenants.models.webhooks import MAX_URL_LENGTH
from tenants.webhooks.messages import TEST_TYPE
from tenants.webhooks.replays import ReplayedEvents
from tenants.webhooks.services import DEFAULT_OVERLAP_HOURS, MAX_OVERLAP_HOURS

_EVENT_TYPES = [(each.value, each.value) for each in EventType]


class EventTypeField(KnownChoiceField):
    """The name of a type of event."""

    def __init__(self, **options: Any) -> None:
        super().__init__(choices=_EVENT_TYPES, **options)


class WebhookCreateSerializer(StrictSerializer):
    """An endpoint that is wanted."""

    url = StrictCharField(max_length=MAX_URL_LENGTH, help_text="A public address that begins with `https://`.")
    description = StrictCharField(default="", allow_blank=True, max_length=200)
    event_types = StrictListField(
        child=EventTypeField(),
        min_length=1,
        max_length=len(_EVENT_TYPES),
        allow_null=True,
        default=None,
        help_text="The events that are delivered; null for all, also of types that are new one day.",
    )


class WebhookChangeSerializer(StrictSerializer):
    """What is changed of an endpoint."""

    url = StrictCharField(max_length=MAX_URL_LENGTH, required=False)
    description = StrictCharField(allow_blank=True, max_length=200, required=False)
    event_types = StrictListField(
        child=EventTypeField(), min_length=1, max_length=len(_EVENT_TYPES), allow_null=True, required=False
    )
    enabled = serializers.BooleanField(
        required=False,
        help_text="False: nothing is sent any more, and what waits is given up. True: from now on it is.",
    )


class WebhookRotateSerializer(StrictSerializer):
    """How a secret is replaced."""

    overlap_hours = serializers.IntegerField(
        default=DEFAULT_OVERLAP_HOURS,
        min_value=0,
        max_value=MAX_OVERLAP_HOURS,
        help_text="For so long messages are signed with the secret before as well.",
    )


class WebhookSerializer(serializers.ModelSerializer[WebhookEndpoint]):
    """A URL that is told of events. Its secret cannot be read again."""

    enabled = serializers.BooleanField(source="is_enabled", read_only=True)
    disabled_reason = serializers.CharField(
        read_only=True,
        help_text="`request`: by you; `gone`: it answered 410; `failing`: all attempts of five days failed.",
    )
    failing_since = serializers.DateTimeField(
        read_only=True, allow_null=True, help_text="Since when every attempt has failed; null when the last did not."
    )
    throttled_until = serializers.SerializerMethodField(
        help_text="Until when nothing is sent, because the endpoint asked to wait or is overloaded."
    )
    previous_secret_until = serializers.DateTimeField(
        read_only=True, allow_null=True, help_text="Until when messages are signed with the secret before as well."
    )

    class Meta:
        model = WebhookEndpoint
        fields = (
            "id",
            "url",
            "description",
            "event_types",
            "enabled",
            "disabled_at",
            "disabled_reason",
            "failing_since",
            "throttled_until",
            "previous_secret_until",
            "created_at",
        )
        read_only_fields = fields

    def get_throttled_until(self, endpoint: WebhookEndpoint) -> datetime | None:
        until = endpoint.throttled_until
        return until if until is not None and until > timezone.now() else None


class MadeWebhookSerializer(WebhookSerializer):
    """An endpoint with its new secret, which is shown this once."""

    secret = serializers.SerializerMethodField()

    class Meta:
        model = WebhookEndpoint
        fields = (*WebhookSerializer.Meta.fields, "secret")
        read_only_fields = fields

    def get_secret(self, endpoint: WebhookEndpoint) -> str:
        """Return `whsec_` and 32 random bytes as base64, with which receivers verify messages."""
        secret: str = self.context["secret"]
        return secret


class DeliveryListSerializer(ListQuerySerializer):
    """Which deliveries to list."""

    status = KnownChoiceField(choices=DeliveryStatus.choices, required=False)
    kind = KnownChoiceField(choices=DeliveryKind.choices, required=False)
    event_type = KnownChoiceField(choices=[*_EVENT_TYPES, (TEST_TYPE, TEST_TYPE)], required=False)
    created_after = serializers.DateTimeField(required=False)


class DeliverySerializer(serializers.ModelSerializer[WebhookDelivery]):
    """One message to one endpoint."""

    webhook = serializers.UUIDField(source="endpoint_id", read_only=True)
    message_id = serializers.UUIDField(
        read_only=True, help_text="The header `webhook-id`: the event's id, the same at every attempt and replay."
    )
    attempt = serializers.IntegerField(read_only=True, help_text="How many attempts have ended.")
    next_attempt_at = serializers.DateTimeField(read_only=True, allow_null=True)
    response_status = serializers.IntegerField(
        read_only=True, allow_null=True, help_text="What the last attempt was answered with; null without an answer."
    )

    class Meta:
        model = WebhookDelivery
        fields = (
            "id",
            "webhook",
            "kind",
            "message_id",
            "event_type",
            "occurred_at",
            "status",
            "attempt",
            "next_attempt_at",
            "response_status",
            "error_code",
            "created_at",
            "finished_at",
        )
        read_only_fields = fields


class DeliveryRequestSerializer(serializers.Serializer[WebhookDelivery]):
    """What is sent at each attempt; the signature, which differs, is not shown."""

    headers = serializers.DictField(child=serializers.CharField())
    body = serializers.CharField(help_text="To the byte.")


class WebhookAttemptSerializer(serializers.ModelSerializer[WebhookAttempt]):
    """One ended attempt at a delivery."""

    webhook_timestamp = serializers.SerializerMethodField(help_text="The header `webhook-timestamp` of this attempt.")
    response_excerpt = serializers.CharField(
        read_only=True, help_text="The first 1,000 characters of what was answered."
    )

    class Meta:
        model = WebhookAttempt
        fields = (
            "number",
            "url",
            "sent_at",
            "webhook_timestamp",
            "milliseconds",
            "response_status",
            "response_excerpt",
            "error_code",
            "error_message",
        )
        read_only_fields = fields

    def get_webhook_timestamp(self, attempt: WebhookAttempt) -> str:
        return str(int(attempt.sent_at.timestamp()))


class DeliveryDetailSerializer(DeliverySerializer):
    """One message to one endpoint, with what is sent and the attempts at it."""

    request = serializers.SerializerMethodField()
    attempts = serializers.SerializerMethodField(help_text="The ended attempts, oldest first.")

    class Meta:
        model = WebhookDelivery
        fields = (*DeliverySerializer.Meta.fields, "request", "attempts")
        read_only_fields = fields

    @extend_schema_field(DeliveryRequestSerializer)
    def get_request(self, delivery: WebhookDelivery) -> dict[str, Any]:
        headers = {"content-type": "application/json", "webhook-id": str(delivery.message_id)}
        return {"headers": headers, "body": delivery.body}

    @extend_schema_field(WebhookAttemptSerializer(many=True))
    def get_attempts(self, delivery: WebhookDelivery) -> list[dict[str, Any]]:
        return list(WebhookAttemptSerializer(delivery.attempts.order_by("number"), many=True).data)


class ReplaySerializer(StrictSerializer):
    """Which events are sent again."""

    after = serializers.DateTimeField(help_text="Events that happened then or later.")
    before = serializers.DateTimeField(
        default=lambda: datetime.now(UTC), help_text="Events that happened before then; now when it is not given."
    )
    which = KnownChoiceField(
        choices=[each.value for each in ReplayedEvents],
        default=ReplayedEvents.UNDELIVERED.value,
        help_text="`undelivered`, or `all`: those that were delivered too.",
    )


class ReplayedSerializer(serializers.Serializer[dict[str, int]]):
    """How many events are sent again."""

    count = serializers.IntegerField()
