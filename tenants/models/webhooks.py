"""Webhook endpoints, what is delivered to them, and the attempts at it."""

from __future__ import annotations

from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from project.db.fields import UUIDModel
from tenants.models.tenants import Tenant

# What common servers accept in a request line (RFC 9112, section 3, asks for 8,000 octets), as for sources of entries.
MAX_URL_LENGTH = 2048
# A sentence: enough to see what a server's error page says, and little to keep for each of ten attempts.
MAX_EXCERPT_LENGTH = 1_000


class WebhookEndpointQuerySet(models.QuerySet["WebhookEndpoint"]):
    def for_tenant(self, tenant: Tenant) -> Self:
        return self.filter(tenant=tenant)


class DisabledReason(models.TextChoices):
    REQUEST = "request", "by request"
    GONE = "gone", "it answered 410"
    FAILING = "failing", "it failed for days"


class WebhookEndpoint(UUIDModel):
    """A URL of a tenant's own server that is told of events. Its secrets are encrypted (`tenants.webhooks.secrets`).

    `failing_since` is when the first of its attempts failed of which all after it failed too; attempts of tests and
    replays change nothing of its health.
    """

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")
    url = models.CharField(max_length=MAX_URL_LENGTH)
    description = models.CharField(max_length=200, blank=True)
    event_types = ArrayField(
        models.CharField(max_length=64),
        null=True,
        blank=True,
        help_text="Events that are delivered, separated by commas; blank for all.",
    )
    # Events before it are not delivered by themselves. By the same clock as the events' own times.
    enabled_at = models.DateTimeField(editable=False)
    position = models.BigIntegerField(
        default=0, editable=False, help_text="Up to which event of the log deliveries were made."
    )
    secret = models.BinaryField(editable=False)
    previous_secret = models.BinaryField(default=bytes, editable=False)
    previous_secret_until = models.DateTimeField(null=True, editable=False)

    disabled_at = models.DateTimeField(null=True, editable=False)
    disabled_reason = models.CharField(max_length=10, choices=DisabledReason.choices, blank=True, editable=False)
    failing_since = models.DateTimeField(null=True, editable=False)
    throttled_until = models.DateTimeField(null=True, editable=False)

    objects = WebhookEndpointQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(disabled_at__isnull=True, disabled_reason="")
                | (Q(disabled_at__isnull=False) & ~Q(disabled_reason="")),
                name="webhook_says_why_it_is_disabled",
            ),
            models.CheckConstraint(
                condition=Q(event_types__isnull=True) | Q(event_types__len__gte=1), name="webhook_wants_events"
            ),
        ]

    def __str__(self) -> str:
        return self.url

    @property
    def is_enabled(self) -> bool:
        return self.disabled_at is None

    def wants(self, event_type: str) -> bool:
        """Tell whether events of the type are delivered."""
        return self.event_types is None or event_type in self.event_types


class WebhookDeliveryQuerySet(models.QuerySet["WebhookDelivery"]):
    def for_tenant(self, tenant: Tenant) -> Self:
        return self.filter(tenant=tenant)


class DeliveryKind(models.TextChoices):
    EVENT = "event"
    TEST = "test"
    REPLAY = "replay"


class DeliveryStatus(models.TextChoices):
    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"


class WebhookDelivery(UUIDModel):
    """One message to one endpoint, attempted until it is delivered or the schedule ends.

    Whoever claims a delivery raises `token` by one and holds it until `lease_until`; what the end of the attempt writes
    names the token. `body` is what is sent, byte for byte the same at each attempt.
    """

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")
    # The indexes below begin with the endpoint.
    endpoint = models.ForeignKey(WebhookEndpoint, on_delete=models.CASCADE, related_name="deliveries", db_index=False)
    kind = models.CharField(max_length=10, choices=DeliveryKind.choices)
    message_id = models.UUIDField(help_text="The header `webhook-id`: the event's id.")
    event_type = models.CharField(max_length=64)
    occurred_at = models.DateTimeField(help_text="When the event happened.")
    body = models.TextField()

    status = models.CharField(max_length=10, choices=DeliveryStatus.choices, default=DeliveryStatus.PENDING)
    attempt = models.PositiveSmallIntegerField(default=0, help_text="How many attempts have ended.")
    next_attempt_at = models.DateTimeField(null=True, blank=True)
    token = models.PositiveIntegerField(default=0)
    lease_until = models.DateTimeField(null=True, blank=True)
    response_status = models.PositiveSmallIntegerField(null=True, blank=True, help_text="Of the last attempt.")
    error_code = models.CharField(max_length=50, blank=True, help_text="Of the last attempt; blank when delivered.")
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = WebhookDeliveryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "webhook deliveries"
        constraints = [
            models.UniqueConstraint(
                fields=["endpoint", "message_id"],
                condition=Q(kind=DeliveryKind.EVENT.value),
                name="webhook_event_is_delivered_once",
            ),
            models.UniqueConstraint(
                fields=["endpoint", "message_id"],
                condition=Q(kind=DeliveryKind.REPLAY.value, status=DeliveryStatus.PENDING.value),
                name="webhook_replay_waits_once",
            ),
            models.CheckConstraint(
                condition=Q(status="pending", next_attempt_at__isnull=False, finished_at__isnull=True)
                | (~Q(status="pending") & Q(next_attempt_at__isnull=True, finished_at__isnull=False)),
                name="webhook_delivery_is_due_while_pending",
            ),
            models.CheckConstraint(
                condition=~Q(status="failed") | ~Q(error_code=""), name="webhook_delivery_says_why_it_failed"
            ),
        ]
        indexes = [
            models.Index(
                fields=["endpoint", "next_attempt_at"], condition=Q(status="pending"), name="webhook_delivery_due"
            ),
            models.Index(
                fields=["lease_until"], condition=Q(lease_until__isnull=False), name="webhook_delivery_under_way"
            ),
            models.Index(fields=["endpoint", "-created_at", "-id"], name="webhook_delivery_newest"),
            models.Index(fields=["created_at"], name="webhook_delivery_oldest"),
        ]

    def __str__(self) -> str:
        return f"{self.event_type} {self.message_id}"


class WebhookAttempt(UUIDModel):
    """One ended attempt at a delivery: what was answered, or why there was no answer."""

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")
    # The constraint's index begins with the delivery.
    delivery = models.ForeignKey(WebhookDelivery, on_delete=models.CASCADE, related_name="attempts", db_index=False)
    number = models.PositiveSmallIntegerField()
    url = models.CharField(max_length=MAX_URL_LENGTH)
    sent_at = models.DateTimeField()
    milliseconds = models.PositiveIntegerField()
    response_status = models.PositiveSmallIntegerField(null=True)
    response_excerpt = models.CharField(max_length=MAX_EXCERPT_LENGTH, blank=True)
    error_code = models.CharField(max_length=50, blank=True)
    error_message = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["delivery", "number"], name="webhook_attempt_is_recorded_once"),
        ]

    def __str__(self) -> str:
        return f"{self.number}: {self.error_code or self.response_status}"
