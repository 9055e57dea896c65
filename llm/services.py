"""Services for operators, such as settling calls of unknown cost, and spending limits of both sides."""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction

from llm.errors import BudgetRefused, SettlementRefused
from llm.models import Breaker, CallOutcome, ExternalCall, SpendingLimit
from tenants.models import Tenant
from tenants.own_limits import require_not_above


@transaction.atomic
def set_budget(*, tenant: Tenant, soft_limit: Decimal | None, hard_limit: Decimal | None) -> SpendingLimit:
    """Set what the tenant may spend in a month, in dollars; None means no limit. Raises BudgetRefused.

    Applies to calls that begin a second later or after that, since processes cache who has a limit.
    """
    budget = SpendingLimit.objects.select_for_update().filter(tenant=tenant).first() or SpendingLimit(tenant=tenant)
    budget.soft_limit, budget.hard_limit = soft_limit, hard_limit
    return _save_budget(budget)


@transaction.atomic
def set_own_budget(*, tenant: Tenant, soft_limit: Decimal | None, hard_limit: Decimal | None) -> SpendingLimit:
    """Set what the tenant itself wants to spend at most in a month, in dollars; None is what the operator says.

    Raises BudgetRefused, or AboveOperatorLimit for more than `set_budget` allows. Holds as `set_budget` does.
    """
    budget = SpendingLimit.objects.select_for_update().filter(tenant=tenant).first() or SpendingLimit(tenant=tenant)
    require_not_above(
        soft=soft_limit, hard=hard_limit, operator_soft=budget.soft_limit, operator_hard=budget.hard_limit
    )
    budget.own_soft_limit, budget.own_hard_limit = soft_limit, hard_limit
    return _save_budget(budget)


def _save_budget(budget: SpendingLimit) -> SpendingLimit:
    # A new limit is warned about and told to be used up anew in the same month.
    budget.warned_at = budget.exhausted_at = None
    try:
        budget.full_clean()
    except ValidationError as exc:
        raise BudgetRefused(" ".join(exc.messages)) from exc
    budget.save()
    return budget


@transaction.atomic
def settle_calls(*, ids: Collection[UUID], cost: Decimal) -> None:
    """Set what each of these calls of unknown cost did cost, in dollars; limits no longer count their estimates.

    Raises SettlementRefused, with nothing changed, when one of them is not there, is in flight or has a cost.
    """
    unknown = ExternalCall.objects.filter(pk__in=ids, cost=None).exclude(outcome=CallOutcome.IN_FLIGHT)
    if unknown.update(cost=cost) != len(set(ids)):
        raise SettlementRefused("Not all of these calls end without a known cost.")


def close_breaker(*, breaker: Breaker) -> None:
    """Delete the breaker, so that the model is asked again; other processes notice within a second."""
    Breaker.objects.filter(pk=breaker.pk).delete()
