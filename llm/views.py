"""REST endpoint of the costs of model calls."""

from __future__ import annotations

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from llm.queries import list_costs_by_model
from llm.router.budgets import compute_spending, get_month_start, get_next_month_start
from llm.serializers import CostsQuerySerializer, CostsSerializer
from project.http.responses import validated
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
            "rows": rows,
        }
        return Response(CostsSerializer(answer).data)
