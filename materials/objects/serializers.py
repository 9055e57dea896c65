"""JSON shapes of used storage."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers


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
