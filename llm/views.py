"""REST endpoints of the costs of model calls, and of what they may cost."""

from __future__ import annotations

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from llm.queries import get_budget, list_costs_by_model
from llm.router.budgets import compute_spending, get_month_start, get_next_month_start
from llm.serializers import BudgetChangeSerializer, BudgetSerializer, CostsQuerySerializer, CostsSerializer
from llm.services import set_own_budget
from project.http.responses import validated
from project.http.schema import declare_problems
from tenants.requests import get_tenant
from tenants.scopes import Scope


class CostsView(APIView):
    """What models cost the tenant."""

    read_scope = Scope.CHECK
    write_scope = Scope.PREP

    @extend_schema(parameters=[CostsQuerySerializer], responses=CostsSerializer, operation_id="costs")
    def get(self, request: Request) -> Response:
        """Read what was spent on models in a month, by action and model, and what may be spent."""
        wanted = validated(CostsQuerySerializer(data=request.query_params.dict()))
        tenant, now = get_tenant(request), timezone.now()
        begin = wanted.get("month", get_month_start(now))
        spending = compute_spending(tenant, month=begin, now=now)
        rows = list(list_costs_by_model(tenant=tenant, begin=begin, end=get_next_month_start(begin)))
        answer = {
            "month": begin,
            "spent_usd": spending.spent,
            "estimated_usd": spending.estimated,
            "reserved_usd": spending.reserved,
            "soft_limit_usd": spending.soft_limit,
            "hard_limit_usd": spending.hard_limit,
            "renews_at": spending.renews_at,
            "is_simulated": tenant.is_sandbox,
            "rows": rows,
        }
        return Response(CostsSerializer(answer).data)


class BudgetView(APIView):
    """What the tenant may spend on models in a month."""

    read_scope = Scope.ADMIN
    write_scope = Scope.ADMIN

    @extend_schema(responses=BudgetSerializer, operation_id="budget")
    def get(self, request: Request) -> Response:
        """Read the limits of a month: the tenant's own, the operator's, and the lower ones, which hold."""
        return Response(BudgetSerializer(get_budget(tenant=get_tenant(request))).data)

    @declare_problems("above_operator_limit", "budget_refused")
    @extend_schema(request=BudgetChangeSerializer, responses=BudgetSerializer, operation_id="budget_set")
    def put(self, request: Request) -> Response:
        """Set the tenant's own limits, never above the operator's; null is none. Holds from a second later on."""
        wanted = validated(BudgetChangeSerializer(data=request.data))
        return Response(BudgetSerializer(set_own_budget(tenant=get_tenant(request), **wanted)).data)
