"""Tables of models: attempts, batches, spending limits, rates of providers and breakers."""

from __future__ import annotations

from decimal import Decimal
from typing import Self

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q

from project.db.fields import UUIDModel
from project.jobs.models import Job
from tenants.models import Tenant
from tenants.own_limits import choose_lower

# Of dollars. Prices are for a million tokens and have at most four decimals (PRICE_DECIMALS), so that the cost of one
# token is exact with ten; the other ten digits are more than any bill has.
DIGITS, DECIMALS = 20, 10


class ExternalCallQuerySet(models.QuerySet["ExternalCall"]):
    def for_tenant(self, tenant: Tenant) -> Self:
        return self.filter(tenant=tenant)


class CallOutcome:
    """Outcomes of attempts that are no kind of failure."""

    IN_FLIGHT = "in_flight"
    ANSWERED = "answered"
    LOST = "lost"


class ExternalCall(UUIDModel):
    """One attempt at one model, written before the call and ended after it. The sum of the rows is the bill.

    Rows of sandboxes are simulated: they belong to tenants of their own, and to no bill.

    Units are tokens as in `llm.messages.TokenUsage`. `cost` is null when it is unknown whether the vendor charges: the
    connection broke or the time was up before the usage came, the call is in flight, or it was lost with the
    process that made it. Spending limits count `estimated_cost` instead of it.
    """

    # Neither foreign key is checked by the database: PostgreSQL would lock the tenant's row (FOR KEY SHARE) with every
    # attempt. The indexes are those of the Meta, which serve the queries there are.

    tenant = models.ForeignKey(
        Tenant,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        db_constraint=False,
        help_text="None: an operator asked.",
    )
    job = models.ForeignKey(
        Job,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    call_id = models.UUIDField(help_text="The same for all attempts of one question.")
    attempt = models.PositiveSmallIntegerField(help_text="1 for the first attempt of the question.")
    action = models.CharField(max_length=100)
    strategy = models.CharField(max_length=100, help_text="As it was asked for.")
    path = models.CharField(max_length=400, help_text="The strategies that led to the model.")
    provider = models.CharField(max_length=100)
    model = models.CharField(max_length=100)
    served_model = models.CharField(
        max_length=200, blank=True, db_default="", help_text="As the vendor calls what answered."
    )
    prompt_version = models.CharField(max_length=64, blank=True)
    registry = models.CharField(max_length=12, help_text="The version of config/models.yaml that was in force.")
    units_in = models.PositiveBigIntegerField(db_default=0)
    units_cached = models.PositiveBigIntegerField(db_default=0)
    units_cache_write = models.PositiveBigIntegerField(db_default=0)
    units_audio = models.PositiveBigIntegerField(db_default=0)
    units_out = models.PositiveBigIntegerField(db_default=0)
    units_thinking = models.PositiveBigIntegerField(db_default=0)
    units_estimated = models.BooleanField(db_default=False, help_text="The server gave no numbers; these are ours.")
    cost = models.DecimalField(
        max_digits=DIGITS, decimal_places=DECIMALS, null=True, blank=True, help_text="Dollars; none when nobody knows."
    )
    estimated_cost = models.DecimalField(
        max_digits=DIGITS,
        decimal_places=DECIMALS,
        db_default=0,
        help_text="Dollars that the attempt can have cost: what spending limits count while the cost is unknown.",
    )
    latency_ms = models.PositiveIntegerField(db_default=0)
    outcome = models.CharField(
        max_length=30,
        db_default=CallOutcome.IN_FLIGHT,
        help_text="`in_flight`, `answered`, the kind of failure, or `lost` with the process that made the call.",
    )
    ends_by = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="After this, a call in flight counts as lost."
    )
    is_simulated = models.BooleanField(
        db_default=False, help_text="In a sandbox: no vendor was asked, and the cost is what it would have been."
    )
    http_status = models.PositiveSmallIntegerField(null=True, blank=True)
    request_id = models.CharField(max_length=200, blank=True, db_default="")

    objects = ExternalCallQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["call_id", "attempt"], name="external_call_counts_each_attempt_once"),
        ]
        indexes = [
            # Includes the costs, so that a month is added up by the index alone, before each call of a limited tenant.
            models.Index(
                fields=["tenant", "created_at"],
                include=["cost", "estimated_cost", "outcome"],
                name="external_call_of_the_month",
            ),
            models.Index(fields=["job"], condition=Q(job__isnull=False), name="external_call_of_the_job"),
            # For the periodic task that looks for lost ones; as small as the number of calls in flight.
            models.Index(
                fields=["ends_by"], condition=Q(outcome=CallOutcome.IN_FLIGHT), name="external_call_in_flight"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.action} by {self.provider}/{self.model}: {self.outcome}"


class BatchStatus(models.TextChoices):
    SUBMITTING = "submitting"
    RUNNING = "running"
    ENDED = "ended"


class ModelBatchQuerySet(models.QuerySet["ModelBatch"]):
    def for_tenant(self, tenant: Tenant) -> Self:
        return self.filter(tenant=tenant)

    def open(self) -> Self:
        """Keep the batches that may still be answered and paid."""
        return self.exclude(status=BatchStatus.ENDED)


class ModelBatch(UUIDModel):
    """Many questions to one model that its vendor answers together, within a day, for less money.

    Written before it is sent, and its id is the name by which the vendor's list tells it: so one whose answer was lost
    with the process that sent it is found again, and never sent twice.
    """

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")
    job = models.ForeignKey(Job, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", db_index=False)
    action = models.CharField(max_length=100)
    strategy = models.CharField(max_length=100)
    provider = models.CharField(max_length=100)
    model = models.CharField(max_length=100)
    key = models.CharField(max_length=100, blank=True, help_text="The variable of the key that it was sent with.")
    vendor_id = models.CharField(max_length=200, blank=True, help_text="As the vendor calls it; blank until known.")
    status = models.CharField(max_length=10, choices=BatchStatus.choices, default=BatchStatus.SUBMITTING)
    requests_total = models.PositiveIntegerField()
    requests_done = models.PositiveIntegerField(default=0)
    max_output_tokens = models.PositiveIntegerField(help_text="Of each answer.")
    fault_code = models.CharField(max_length=30, blank=True, help_text="Why it came to nothing, or not to all.")
    fault = models.TextField(blank=True)
    cancel_requested_at = models.DateTimeField(null=True, blank=True)
    ends_by = models.DateTimeField(help_text="After this it is cancelled.")
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = ModelBatchQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "model batches"
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "vendor_id"], condition=~Q(vendor_id=""), name="batch_is_named_once"
            ),
            models.CheckConstraint(
                condition=Q(status="ended", ended_at__isnull=False) | (~Q(status="ended") & Q(ended_at__isnull=True)),
                name="batch_has_an_end_when_it_ended",
            ),
        ]
        indexes = [
            models.Index(fields=["job"], name="batch_of_the_job"),
            # For the look at those whose job is gone; as small as the number of open ones.
            models.Index(fields=["created_at"], condition=~Q(status="ended"), name="batch_open"),
        ]

    def __str__(self) -> str:
        return f"{self.requests_total} × {self.action} by {self.provider}/{self.model}: {self.status}"


class BatchRequest(UUIDModel):
    """One question of a batch. Its id is that of its row in the ledger (`ExternalCall`)."""

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")
    batch = models.ForeignKey(ModelBatch, on_delete=models.CASCADE, related_name="requests")
    reference = models.CharField(max_length=64, help_text="What whoever asks calls it, such as a digest.")
    outcome = models.CharField(
        max_length=30, blank=True, help_text="`answered` or the kind of failure; blank until the batch ends."
    )

    def __str__(self) -> str:
        return f"{self.pk}: {self.outcome or 'under way'}"


class SpendingLimit(UUIDModel):
    """What a tenant may spend on models in a calendar month (UTC). No row, or no limit, means no bound."""

    tenant = models.OneToOneField(Tenant, on_delete=models.CASCADE, related_name="+")
    soft_limit = models.DecimalField(
        max_digits=12,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
        help_text="Dollars a month. Beyond it operators are warned, and structures say so.",
    )
    hard_limit = models.DecimalField(
        max_digits=12,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
        help_text="Dollars a month. A call that could go beyond it is refused before it is made.",
    )
    own_soft_limit = models.DecimalField(
        max_digits=12,
        decimal_places=2,
        null=True,
        blank=True,
        editable=False,
        validators=[MinValueValidator(0)],
        help_text="Set by the tenant itself. The lower one holds.",
    )
    own_hard_limit = models.DecimalField(
        max_digits=12,
        decimal_places=2,
        null=True,
        blank=True,
        editable=False,
        validators=[MinValueValidator(0)],
        help_text="Set by the tenant itself. The lower one holds.",
    )
    warned_at = models.DateTimeField(null=True, blank=True, editable=False)
    exhausted_at = models.DateTimeField(null=True, blank=True, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(soft_limit__isnull=True) | Q(hard_limit__isnull=True) | Q(soft_limit__lte=F("hard_limit")),
                name="budget_warns_before_it_refuses",
                violation_error_message="The soft limit must not be larger than the hard one.",
            ),
            models.CheckConstraint(
                condition=(Q(soft_limit__isnull=True) | Q(soft_limit__gte=0))
                & (Q(hard_limit__isnull=True) | Q(hard_limit__gte=0)),
                name="budget_limits_are_not_negative",
                violation_error_message="A limit is at least 0.",
            ),
            models.CheckConstraint(
                condition=Q(own_soft_limit__isnull=True)
                | Q(own_hard_limit__isnull=True)
                | Q(own_soft_limit__lte=F("own_hard_limit")),
                name="own_budget_warns_before_it_refuses",
                violation_error_message="The soft limit must not be larger than the hard one.",
            ),
        ]

    @property
    def lower_soft_limit(self) -> Decimal | None:
        """The soft limit that holds: the operator's or the tenant's own."""
        return choose_lower(self.soft_limit, self.own_soft_limit)

    @property
    def lower_hard_limit(self) -> Decimal | None:
        """The hard limit that holds: the operator's or the tenant's own."""
        return choose_lower(self.hard_limit, self.own_hard_limit)

    def __str__(self) -> str:
        return f"{self.tenant_id}: {self.soft_limit} / {self.hard_limit}"


class ProviderRate(UUIDModel):
    """How much of a minute's requests and tokens a provider was sent, as of `counted_at`: see `llm.router.rates`."""

    provider = models.CharField(max_length=100, unique=True)
    requests = models.FloatField()
    tokens = models.FloatField()
    counted_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.provider}: {self.requests:.0f} requests, {self.tokens:.0f} tokens"


class Breaker(UUIDModel):
    """Why and how long a model is passed over; a row without `model` is about the whole provider.

    A row with a `shape` is about requests of that shape only (`llm.router.shapes`), one with a `key` about that key of
    a provider with several. A model without a row is healthy.
    """

    provider = models.CharField(max_length=100)
    model = models.CharField(max_length=100, blank=True)
    shape = models.CharField(
        max_length=200, blank=True, help_text="Requests that the model refuses as malformed; blank: all requests."
    )
    key = models.CharField(
        max_length=100, blank=True, help_text="The variable of the key that is passed over; blank: all keys."
    )
    failures = models.PositiveIntegerField(default=0, help_text="One after the other, without a success between them.")
    opened = models.PositiveIntegerField(default=0, help_text="How often it was opened, without a success since.")
    open_until = models.DateTimeField(null=True, blank=True)
    probe_until = models.DateTimeField(null=True, blank=True, help_text="Until when one call has the right to try.")
    kind = models.CharField(max_length=30)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["provider", "model", "shape", "key"], name="breaker_is_one_per_model")
        ]

    def __str__(self) -> str:
        only = "".join(f" ({about})" for about in (self.shape, self.key) if about)
        return f"{self.provider}/{self.model or '*'}{only}: {self.kind}"
