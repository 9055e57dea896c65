"""JSON shapes of used storage."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from materials.models import Quota
from project.http.serializers import StrictSerializer


class UsageSerializer(serializers.Serializer[Any]):
    """How much the tenant stores and may store. A file that several entries share counts once."""

    entries = serializers.IntegerField()
    objects = serializers.IntegerField(help_text="Stored files, pictures of videos included.")
    stored_bytes = serializers.IntegerField(source="stored")
    promised_bytes = serializers.IntegerField(
        source="promised", help_text="Of open uploads and what is being received."
    )
    soft_limit_bytes = serializers.IntegerField(source="soft_limit", allow_null=True)
    hard_limit_bytes = serializers.IntegerField(source="hard_limit", allow_null=True)
    left_bytes = serializers.IntegerField(allow_null=True, help_text="null: there is no hard limit.")
    is_beyond_soft_limit = serializers.BooleanField()


class QuotaChangeSerializer(StrictSerializer):
    """What the tenant itself wants to store at most. Both are replaced; null is as much as the operator says."""

    soft_limit_bytes = serializers.IntegerField(
        min_value=0,
        max_value=2**63 - 1,
        allow_null=True,
        source="soft_limit",
        help_text="Beyond it there is a warning.",
    )
    hard_limit_bytes = serializers.IntegerField(
        min_value=0, max_value=2**63 - 1, allow_null=True, source="hard_limit",
        help_text="What could go beyond it is refused.",
    )  # fmt: skip


class QuotaSerializer(serializers.ModelSerializer[Quota]):
    """How many bytes a tenant may store: its own limits, the operator's, and the lower ones, which hold."""

    soft_limit_bytes = serializers.IntegerField(source="own_soft_limit", allow_null=True)
    hard_limit_bytes = serializers.IntegerField(source="own_hard_limit", allow_null=True)
    operator_soft_limit_bytes = serializers.IntegerField(source="soft_limit", allow_null=True)
    operator_hard_limit_bytes = serializers.IntegerField(source="hard_limit", allow_null=True)
    lower_soft_limit_bytes = serializers.IntegerField(source="lower_soft_limit", allow_null=True)
    lower_hard_limit_bytes = serializers.IntegerField(source="lower_hard_limit", allow_null=True)

    class Meta:
        model = Quota
        fields = tuple(
            f"{prefix}{name}_limit_bytes" for prefix in ("", "operator_", "lower_") for name in ("soft", "hard")
        )
        read_only_fields = fields
