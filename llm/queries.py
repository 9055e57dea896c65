"""Queries of what was spent on models, and for what."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Avg, Count, Q, QuerySet, Sum

from llm.models import CallOutcome, ExternalCall, SpendingLimit
from project.jobs.models import Job
from tenants.models import Tenant


@dataclass(frozen=True, kw_only=True)
class CallTotals:
    """The number of attempts, their known cost in dollars, and the number of those whose cost is unknown."""

    calls: int
    cost: Decimal
    unknown: int


def compute_job_totals(job: Job) -> CallTotals:
    """Return the totals of a job's attempts so far, failed ones included. One statement."""
    found = ExternalCall.objects.filter(job=job).aggregate(
        calls=Count("pk"), known=Sum("cost", default=Decimal(0)), unknown=Count("pk", filter=Q(cost=None))
    )
    return CallTotals(calls=found["calls"], cost=found["known"], unknown=found["unknown"])


def list_costs_by_model(*, tenant: Tenant, begin: datetime, end: datetime) -> QuerySet[ExternalCall, Any]:
    """Return the tenant's cost from `begin` to before `end` by action, provider and model, largest first.

    One statement.
    """
    rows = ExternalCall.objects.for_tenant(tenant).filter(created_at__gte=begin, created_at__lt=end)
    unknown = Q(cost=None) & ~Q(outcome=CallOutcome.IN_FLIGHT)
    return (
        rows.values("action", "provider", "model")
        .annotate(
            calls=Count("pk"),
            failed=Count("pk", filter=~Q(outcome__in=[CallOutcome.ANSWERED, CallOutcome.IN_FLIGHT])),
            units_in=Sum("units_in"),
            units_cached=Sum("units_cached"),
            units_out=Sum("units_out"),
            units_thinking=Sum("units_thinking"),
            spent=Sum("cost", default=Decimal(0)),
            cost_unknown=Count("pk", filter=unknown),
            estimated=Sum("estimated_cost", filter=unknown, default=Decimal(0)),
            # Of those in flight and lost nobody knows how long they take.
            average_latency_ms=Avg("latency_ms", filter=~Q(outcome__in=[CallOutcome.IN_FLIGHT, CallOutcome.LOST])),
        )
        .order_by("-spent", "action", "provider", "model")
    )


def get_budget(*, tenant: Tenant) -> SpendingLimit:
    """Return the limits of a tenant, without any when there is no row of it. One statement."""
    return SpendingLimit.objects.filter(tenant=tenant).first() or SpendingLimit(tenant=tenant)
