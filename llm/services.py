"""The verbs by which operators steer models: budgets and breakers."""

from __future__ import annotations

from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import transaction

from llm.errors import BudgetRefused
from llm.models import Breaker, SpendingLimit
from tenants.models import Tenant


@transaction.atomic
def set_budget(*, tenant: Tenant, soft_limit: Decimal | None, hard_limit: Decimal | None) -> SpendingLimit:
    """Set what the tenant may spend in a month, in dollars; None means no limit. Raises BudgetRefused.

    Holds for calls that begin a second from now or later.
    """
    budget = SpendingLimit.objects.select_for_update().filter(tenant=tenant).first() or SpendingLimit(tenant=tenant)
    budget.soft_limit, budget.hard_limit, budget.warned_at = soft_limit, hard_limit, None
    try:
        budget.full_clean()
    except ValidationError as exc:
        raise BudgetRefused(" ".join(exc.messages)) from exc
    budget.save()
    return budget


def close_breaker(*, breaker: Breaker) -> None:
    """Let the model be asked again at once."""
    Breaker.objects.filter(pk=breaker.pk).delete()
