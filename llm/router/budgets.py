"""Spending limits: what a tenant may spend on models in a calendar month (UTC).

The row of a call is written before it with the most that it can cost, so that concurrent calls cannot go beyond the
hard limit together; afterwards it says what the call did cost, or, when nobody knows, what it can have cost. Calls of
tenants without a limit cost no statement here.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TypeVar
from uuid import UUID

from django.db import transaction
from django.db.models import Q, Sum

from llm.errors import BudgetExceeded
from llm.models import CallOutcome, ExternalCall, SpendingLimit
from project import logs
from project.db.clock import get_database_time
from tenants.events.catalogue import BudgetExhausted, BudgetWarning
from tenants.events.services import record_event
from tenants.models import Tenant

# As for the breakers: a call of a tenant without a limit must not pay a statement. `set_budget` promises no more than
# that a new limit holds from a second later on.
REFRESH_SECONDS = 1.0

log = logs.get_logger(__name__)

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Spending:
    """What a tenant has spent and reserved in a month and may spend, in dollars, and when the next month begins.

    `estimated` is what the calls can have cost whose cost is unknown, such as after a broken connection; `reserved` the
    same of calls in flight.
    """

    spent: Decimal
    estimated: Decimal
    reserved: Decimal
    soft_limit: Decimal | None
    hard_limit: Decimal | None
    renews_at: datetime

    @property
    def remaining(self) -> Decimal | None:
        """What may still be spent; None without a hard limit."""
        return None if self.hard_limit is None else max(Decimal(0), self.hard_limit - self.charged - self.reserved)

    @property
    def charged(self) -> Decimal:
        """What counts as spent: all that is known, and the estimates of what is not."""
        return self.spent + self.estimated

    @property
    def is_beyond_soft_limit(self) -> bool:
        return self.soft_limit is not None and self.charged >= self.soft_limit


class SpendingLimits:
    """The limits of all tenants. Which tenants have one is cached for a second. Safe under threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._limited_tenants: frozenset[UUID] = frozenset()
        self._loaded_at = float("-inf")

    def admit_call(self, tenant: Tenant | None, max_cost: Decimal, *, begin: Callable[[], T]) -> T:
        """Return what `begin` returns, which writes a call's row, when the tenant may spend `max_cost` dollars more.

        For tenants with a limit in a transaction of its own, in which their SpendingLimit is locked. Raises
        BudgetExceeded. None for the tenant is an operator's call.
        """
        if tenant is None or tenant.pk not in self._list_limited_tenants():
            return begin()
        now = get_database_time()
        with _announce_exhaustion(tenant, now), transaction.atomic():
            self._check_locked(tenant, max_cost, now)
            return begin()

    def check_amount(self, tenant: Tenant, amount: Decimal) -> None:
        """Raise BudgetExceeded when the tenant may not spend `amount` dollars more. Reserves nothing."""
        self.admit_call(tenant, amount, begin=lambda: None)

    def _check_locked(self, tenant: Tenant, amount: Decimal, now: datetime) -> None:
        # The lock orders the calls of one tenant: two that each fit alone may not both fit.
        limit = SpendingLimit.objects.select_for_update().filter(tenant=tenant).first()
        if limit is None:
            return
        spending = compute_spending(tenant, now=now, limit=limit)
        check_hard_limit(tenant, spending, amount)
        if spending.is_beyond_soft_limit:
            _warn_once_a_month(limit, spending, now)

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
    """Return what a tenant spent in a month (by default the current one), reserved and may spend.

    `month` is the beginning of the month. One statement; two without the row of the limit as an argument.
    """
    begin = month or get_month_start(now)
    if limit is None:
        limit = SpendingLimit.objects.filter(tenant=tenant).first()
    calls = ExternalCall.objects.for_tenant(tenant).filter(
        created_at__gte=begin, created_at__lt=get_next_month_start(begin)
    )
    in_flight = Q(outcome=CallOutcome.IN_FLIGHT)
    sums = calls.aggregate(
        spent=Sum("cost", default=Decimal(0)),
        estimated=Sum("estimated_cost", filter=Q(cost=None) & ~in_flight, default=Decimal(0)),
        reserved=Sum("estimated_cost", filter=in_flight, default=Decimal(0)),
    )
    return Spending(
        **sums,
        soft_limit=limit.lower_soft_limit if limit else None,
        hard_limit=limit.lower_hard_limit if limit else None,
        renews_at=get_next_month_start(begin),
    )


def check_budget(tenant: Tenant, amount: Decimal, *, now: datetime) -> None:
    """Raise BudgetExceeded when the tenant may not spend `amount` dollars more, with or without a cached limit.

    To be called outside a transaction, as the event of the first refusal in a month is written in one of its own.
    """
    with _announce_exhaustion(tenant, now):
        check_hard_limit(tenant, compute_spending(tenant, now=now), amount)


def check_hard_limit(tenant: Tenant, spending: Spending, amount: Decimal) -> None:
    """Raise BudgetExceeded when spending `amount` more would go beyond the hard limit."""
    if spending.remaining is not None and amount > spending.remaining:
        raise BudgetExceeded(
            f"This could cost up to ${amount:.4f}, but of the month's ${spending.hard_limit} only "
            f"${spending.remaining:.4f} are left.",
            next_step=(
                f"Ask the operator of this server to raise the budget of tenant {tenant.slug}, or raise your own limit "
                "if it is the lower one (PUT /api/v1/budget). Or choose a cheaper strategy, or wait until "
                f"{spending.renews_at:%Y-%m-%d}, when a new month begins."
            ),
        )


def get_month_start(now: datetime) -> datetime:
    """Return the first moment of the calendar month that `now` (UTC) lies in."""
    return now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def get_next_month_start(begin: datetime) -> datetime:
    """Return the first moment of the month after the one that begins at `begin`."""
    # 32 days after the first of any month lie in the next one: months have 28 to 31 days.
    return get_month_start(begin + timedelta(days=32))


@contextmanager
def _announce_exhaustion(tenant: Tenant, now: datetime) -> Iterator[None]:
    """Tell of the first BudgetExceeded of a month that the block raises, once what the block did is undone."""
    try:
        yield
    except BudgetExceeded:
        with transaction.atomic():
            _record_exhaustion(tenant, now)
        raise


def _record_exhaustion(tenant: Tenant, now: datetime) -> None:
    limits = SpendingLimit.objects.filter(tenant=tenant)
    is_first = Q(exhausted_at=None) | Q(exhausted_at__lt=get_month_start(now))
    if limits.filter(is_first).update(exhausted_at=now):
        spending = compute_spending(tenant, now=now)
        record_event(
            tenant.pk,
            BudgetExhausted(
                tenant=tenant.pk,
                month=f"{now:%Y-%m}",
                spent=str(spending.charged),
                hard_limit=str(spending.hard_limit),
            ),
        )


def _warn_once_a_month(limit: SpendingLimit, spending: Spending, now: datetime) -> None:
    # The caller holds the lock of the limit's row, so that concurrent calls do not warn twice.
    if limit.warned_at is None or limit.warned_at < get_month_start(now):
        limit.warned_at = now
        limit.save(update_fields=["warned_at", "updated_at"])
        record_event(
            limit.tenant_id,
            BudgetWarning(
                tenant=limit.tenant_id,
                month=f"{now:%Y-%m}",
                spent=str(spending.charged),
                soft_limit=str(spending.soft_limit),
            ),
        )
        log.warning(
            "a tenant has spent its soft limit",
            tenant=str(limit.tenant_id),
            spent=str(spending.charged),
            soft_limit=str(spending.soft_limit),
        )
