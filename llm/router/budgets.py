"""What a tenant may spend in a month: looked at before each call, with an estimate, and settled by the call's row.

Only tenants with a limit pay for the look. Each call sets the most it can cost aside, so that calls under way at the
same time cannot go beyond the hard limit together.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from llm.errors import BudgetExceeded
from llm.models import ExternalCall, Reservation, SpendingLimit
from project import logs
from tenants.models import Tenant

REFRESH_SECONDS = 1.0

log = logs.get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class Spending:
    """A tenant's month: what was spent and set aside, the limits, and when a new month begins."""

    spent: Decimal
    reserved: Decimal
    soft_limit: Decimal | None
    hard_limit: Decimal | None
    renews_at: datetime

    @property
    def remaining(self) -> Decimal | None:
        """What may still be spent; None without a hard limit."""
        return None if self.hard_limit is None else max(Decimal(0), self.hard_limit - self.spent - self.reserved)

    @property
    def is_beyond_soft_limit(self) -> bool:
        return self.soft_limit is not None and self.spent >= self.soft_limit


class SpendingLimits:
    """The budgets as one process sees them: which tenants have one is looked up at most once a second."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._limited_tenants: frozenset[UUID] = frozenset()
        self._loaded_at = float("-inf")

    def reserve_amount(
        self, tenant: Tenant | None, compute_max_cost: Callable[[], Decimal], *, seconds: float
    ) -> UUID | None:
        """Set aside the most that a call can cost. Raises BudgetExceeded; None when the tenant has no limit."""
        if tenant is None or tenant.pk not in self._list_limited_tenants():
            return None
        now, amount = timezone.now(), compute_max_cost()
        with transaction.atomic():
            budget = SpendingLimit.objects.select_for_update().filter(tenant=tenant).first()
            if budget is None:
                return None
            spending = compute_spending(tenant, now=now, limit=budget)
            check_hard_limit(tenant, spending, amount)
            Reservation.objects.filter(tenant=tenant, expires_at__lte=now).delete()
            reservation = Reservation.objects.create(
                tenant=tenant, amount=amount, expires_at=now + timedelta(seconds=seconds + 60)
            )
            if spending.is_beyond_soft_limit:
                _warn_once_a_month(budget, spending, now)
        return reservation.pk

    def release_reservation(self, reservation: UUID | None) -> None:
        """Give back what was set aside; the call's row says what it cost."""
        if reservation is not None:
            Reservation.objects.filter(pk=reservation).delete()

    def _list_limited_tenants(self) -> frozenset[UUID]:
        if time.monotonic() - self._loaded_at > REFRESH_SECONDS:
            with self._lock:
                if time.monotonic() - self._loaded_at > REFRESH_SECONDS:
                    self._limited_tenants = frozenset(SpendingLimit.objects.values_list("tenant", flat=True))
                    self._loaded_at = time.monotonic()
        return self._limited_tenants


def compute_spending(
    tenant: Tenant, *, now: datetime, month: datetime | None = None, limit: SpendingLimit | None = None
) -> Spending:
    """Return the tenant's month, by default this one so far. Two statements, three without the budget's row."""
    begin = month or get_month_start(now)
    if limit is None:
        limit = SpendingLimit.objects.filter(tenant=tenant).first()
    calls = ExternalCall.objects.for_tenant(tenant).filter(
        created_at__gte=begin, created_at__lt=get_next_month_start(begin)
    )
    reserved = Reservation.objects.filter(tenant=tenant, expires_at__gt=now)
    return Spending(
        spent=calls.aggregate(sum=Sum("cost"))["sum"] or Decimal(0),
        reserved=reserved.aggregate(sum=Sum("amount"))["sum"] or Decimal(0),
        soft_limit=limit.soft_limit if limit else None,
        hard_limit=limit.hard_limit if limit else None,
        renews_at=get_next_month_start(begin),
    )


def check_hard_limit(tenant: Tenant, spending: Spending, amount: Decimal) -> None:
    """Raise BudgetExceeded when so much more would go beyond the hard limit."""
    if spending.remaining is not None and amount > spending.remaining:
        raise BudgetExceeded(
            f"This could cost up to ${amount:.4f}, but of the month's ${spending.hard_limit} only "
            f"${spending.remaining:.4f} are left.",
            next_step=(
                f"Ask the operator of this server to raise the budget of tenant {tenant.slug}, choose a cheaper "
                f"strategy, or wait until {spending.renews_at:%Y-%m-%d}, when a new month begins."
            ),
        )


def get_month_start(now: datetime) -> datetime:
    """Return when the month of a moment began (UTC)."""
    return now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def get_next_month_start(begin: datetime) -> datetime:
    """Return when the month after the one that began then begins."""
    return get_month_start(begin + timedelta(days=32))


def _warn_once_a_month(limit: SpendingLimit, spending: Spending, now: datetime) -> None:
    if limit.warned_at is None or limit.warned_at < get_month_start(now):
        limit.warned_at = now
        limit.save(update_fields=["warned_at", "updated_at"])
        log.warning(
            "a tenant has spent its soft limit",
            tenant=str(limit.tenant_id),
            spent=str(spending.spent),
            soft_limit=str(limit.soft_limit),
        )
