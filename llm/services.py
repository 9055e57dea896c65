"""Services for operators: setting spending limits and closing breakers."""

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

    Applies to calls that begin a second later or after that, since processes cache who has a limit.
    """
    budget = SpendingLimit.objects.select_for_update().filter(tenant=tenant).first() or SpendingLimit(tenant=tenant)
    # A new limit is warned about anew in the same month.
    budget.soft_limit, budget.hard_limit, budget.warned_at = soft_limit, hard_limit, None
    try:
        budget.full_clean()
    except ValidationError as exc:
        raise BudgetRefused(" ".join(exc.messages)) from exc
    budget.save()
    return budget


def close_breaker(*, breaker: Breaker) -> None:
    """Delete the breaker, so that the model is asked again; other processes notice within a second."""
    Breaker.objects.filter(pk=breaker.pk).delete()
