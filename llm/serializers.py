"""Serializers of costs. Money is dollars as decimal strings, units are tokens."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from llm.models import SpendingLimit
from project.http.serializers import StrictSerializer

_MONTH = re.compile(r"(20\d\d)-(0[1-9]|1[0-2])")


@extend_schema_field({"type": "string", "pattern": _MONTH.pattern})
class MonthField(serializers.Field[datetime, str, str, datetime]):
    """A calendar month such as 2026-11; its value is the moment it begins (UTC)."""

    def to_internal_value(self, data: Any) -> datetime:
        found = _MONTH.fullmatch(str(data))
        if found is None:
            raise serializers.ValidationError("Give a month such as 2026-11.")
        return datetime(int(found[1]), int(found[2]), 1, tzinfo=UTC)

    def to_representation(self, value: datetime) -> str:
        return f"{value:%Y-%m}"


class CostsQuerySerializer(StrictSerializer):
    """Which month."""

    month = MonthField(required=False, help_text="A calendar month (UTC) such as 2026-11; default: this one.")


class CostRowSerializer(serializers.Serializer[dict[str, Any]]):
    """What one model cost for one action."""

    action = serializers.CharField()
    provider = serializers.CharField()
    model = serializers.CharField()
    calls = serializers.IntegerField(help_text="Attempts, failed ones too.")
    failed = serializers.IntegerField()
    units_in = serializers.IntegerField(help_text="Tokens sent, cached ones included.")
    units_cached = serializers.IntegerField()
    units_out = serializers.IntegerField(help_text="Tokens answered, thinking included.")
    units_thinking = serializers.IntegerField()
    cost_usd = serializers.DecimalField(source="spent", max_digits=20, decimal_places=10)
    cost_unknown = serializers.IntegerField(help_text="Attempts of which nobody knows what they cost.")
    estimated_usd = serializers.DecimalField(
        source="estimated", max_digits=20, decimal_places=10, help_text="What those attempts can have cost."
    )
    average_latency_ms = serializers.IntegerField(allow_null=True, help_text="None: no attempt has ended yet.")


class CostsSerializer(serializers.Serializer[dict[str, Any]]):
    """What a tenant's calls of models cost in a month, and what it may spend."""

    month = MonthField()
    spent_usd = serializers.DecimalField(max_digits=20, decimal_places=10)
    estimated_usd = serializers.DecimalField(
        max_digits=20,
        decimal_places=10,
        help_text="What attempts of unknown cost can have cost. Counted against the limits until it is known.",
    )
    reserved_usd = serializers.DecimalField(
        max_digits=20, decimal_places=10, help_text="Set aside for calls that are under way now."
    )
    soft_limit_usd = serializers.DecimalField(max_digits=12, decimal_places=2, allow_null=True)
    hard_limit_usd = serializers.DecimalField(max_digits=12, decimal_places=2, allow_null=True)
    renews_at = serializers.DateTimeField(help_text="When the next month begins.")
    is_simulated = serializers.BooleanField(
        help_text="In the sandbox: no vendor was asked, and these sums are what it would have cost."
    )
    rows = CostRowSerializer(many=True)


class BudgetChangeSerializer(StrictSerializer):
    """What the tenant itself wants to spend at most. Both are replaced; null is as much as the operator says."""

    soft_limit_usd = serializers.DecimalField(
        max_digits=12, decimal_places=2, min_value=0, allow_null=True, source="soft_limit",
        help_text="Dollars a month; beyond it there is a warning.",
    )  # fmt: skip
    hard_limit_usd = serializers.DecimalField(
        max_digits=12, decimal_places=2, min_value=0, allow_null=True, source="hard_limit",
        help_text="Dollars a month; what could go beyond it is refused.",
    )  # fmt: skip


class BudgetSerializer(serializers.ModelSerializer[SpendingLimit]):
    """What a tenant may spend in a month: its own limits, the operator's, and the lower ones, which hold."""

    soft_limit_usd = serializers.DecimalField(12, 2, source="own_soft_limit", allow_null=True)
    hard_limit_usd = serializers.DecimalField(12, 2, source="own_hard_limit", allow_null=True)
    operator_soft_limit_usd = serializers.DecimalField(12, 2, source="soft_limit", allow_null=True)
    operator_hard_limit_usd = serializers.DecimalField(12, 2, source="hard_limit", allow_null=True)
    lower_soft_limit_usd = serializers.DecimalField(12, 2, source="lower_soft_limit", allow_null=True)
    lower_hard_limit_usd = serializers.DecimalField(12, 2, source="lower_hard_limit", allow_null=True)

    class Meta:
        model = SpendingLimit
        fields = tuple(
            f"{prefix}{name}_limit_usd" for prefix in ("", "operator_", "lower_") for name in ("soft", "hard")
        )
        read_only_fields = fields
