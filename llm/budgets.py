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
from llm.models import Budget, ExternalCall, Reservation
from project import logs
from tenants.models import Tenant

LOOK_SECONDS = 1.0

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
    def left(self) -> Decimal | None:
        """What may still be spent; None without a hard limit."""
        return None if self.hard_limit is None else max(Decimal(0), self.hard_limit - self.spent - self.reserved)

    @property
    def is_beyond_soft_limit(self) -> bool:
        return self.soft_limit is not None and self.spent >= self.soft_limit


class Budgets:
    """The budgets as one process sees them: which tenants have one is looked up at most once a second."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._limited: frozenset[UUID] = frozenset()
        self._looked_at = float("-inf")

    def reserve(self, tenant: Tenant | None, most: Callable[[], Decimal], *, seconds: float) -> UUID | None:
        """Set aside the most that a call can cost. Raises BudgetExceeded; None when the tenant has no limit."""
        if tenant is None or tenant.pk not in self._tenants_with_limits():
            return None
        now, amount = timezone.now(), most()
        with transaction.atomic():
            budget = Budget.objects.select_for_update().filter(tenant=tenant).first()
            if budget is None:
                return None
            spending = spending_of(tenant, now=now, budget=budget)
            refuse_beyond(tenant, spending, amount)
            Reservation.objects.filter(tenant=tenant, expires_at__lte=now).delete()
            reservation = Reservation.objects.create(
                tenant=tenant, amount=amount, expires_at=now + timedelta(seconds=seconds + 60)
            )
            if spending.is_beyond_soft_limit:
                _warn_once_a_month(budget, spending, now)
        return reservation.pk

    def settle(self, reservation: UUID | None) -> None:
        """Give back what was set aside; the call's row says what it cost."""
        if reservation is not None:
            Reservation.objects.filter(pk=reservation).delete()

    def _tenants_with_limits(self) -> frozenset[UUID]:
        if time.monotonic() - self._looked_at > LOOK_SECONDS:
            with self._lock:
                if time.monotonic() - self._looked_at > LOOK_SECONDS:
                    self._limited = frozenset(Budget.objects.values_list("tenant", flat=True))
                    self._looked_at = time.monotonic()
        return self._limited


def spending_of(
    tenant: Tenant, *, now: datetime, month: datetime | None = None, budget: Budget | None = None
) -> Spending:
    """Return the tenant's month, by default this one so far. Two statements, three without the budget's row."""
    begin = month or month_of(now)
    if budget is None:
        budget = Budget.objects.filter(tenant=tenant).first()
    calls = ExternalCall.objects.for_tenant(tenant).filter(created_at__gte=begin, created_at__lt=next_month(begin))
    reserved = Reservation.objects.filter(tenant=tenant, expires_at__gt=now)
    return Spending(
        spent=calls.aggregate(sum=Sum("cost"))["sum"] or Decimal(0),
        reserved=reserved.aggregate(sum=Sum("amount"))["sum"] or Decimal(0),
        soft_limit=budget.soft_limit if budget else None,
        hard_limit=budget.hard_limit if budget else None,
        renews_at=next_month(begin),
    )


def refuse_beyond(tenant: Tenant, spending: Spending, amount: Decimal) -> None:
    """Raise BudgetExceeded when so much more would go beyond the hard limit."""
    if spending.left is not None and amount > spending.left:
        raise BudgetExceeded(
            f"This could cost up to ${amount:.4f}, but of the month's ${spending.hard_limit} only "
            f"${spending.left:.4f} are left.",
            next_step=(
                f"Ask the operator of this server to raise the budget of tenant {tenant.slug}, choose a cheaper "
                f"strategy, or wait until {spending.renews_at:%Y-%m-%d}, when a new month begins."
            ),
        )


def month_of(now: datetime) -> datetime:
    """Return when the month of a moment began (UTC)."""
    return now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def next_month(begin: datetime) -> datetime:
    """Return when the month after the one that began then begins."""
    return month_of(begin + timedelta(days=32))


def _warn_once_a_month(budget: Budget, spending: Spending, now: datetime) -> None:
    if budget.warned_at is None or budget.warned_at < month_of(now):
        budget.warned_at = now
        budget.save(update_fields=["warned_at", "updated_at"])
        log.warning(
            "a tenant has spent its soft limit",
            tenant=str(budget.tenant_id),
            spent=str(spending.spent),
            soft_limit=str(budget.soft_limit),
        )
