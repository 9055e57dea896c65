"""Shapes of API keys in requests and responses."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone
from rest_framework import serializers

from project.http.serializers import (
    KnownChoiceField,
    ListQuerySerializer,
    StrictCharField,
    StrictListField,
    StrictSerializer,
)
from tenants.models import ApiKey
from tenants.scopes import Scope
from tenants.services import MAX_NETWORKS

STATES = ("active", "expired", "revoked")
SCOPES = [scope.value for scope in Scope]
# A month: whoever cannot exchange a key in that time issues another one.
MAX_OVERLAP_HOURS = 31 * 24
MAX_PER_MINUTE = 1_000_000


class KeySerializer(serializers.ModelSerializer[ApiKey]):
    """An API key. Its secret is shown once, when it is made."""

    state = serializers.SerializerMethodField()
    node = serializers.UUIDField(
        source="node_id", allow_null=True, read_only=True, help_text="The only course node that the key reaches."
    )
    networks = serializers.ListField(
        child=serializers.CharField(), read_only=True, help_text="The only networks that the key may be used from."
    )
    created_by = serializers.UUIDField(
        source="created_by_id", allow_null=True, read_only=True, help_text="The key that made it; null: an operator."
    )
    rotated_from = serializers.UUIDField(
        source="rotated_from_id", allow_null=True, read_only=True, help_text="The key that it replaces."
    )
    scopes = serializers.ListField(child=serializers.ChoiceField(choices=SCOPES), read_only=True)

    class Meta:
        model = ApiKey
        fields: tuple[str, ...] = (
            "id",
            "prefix",
            "label",
            "state",
            "scopes",
            "node",
            "networks",
            "prep_per_minute",
            "check_per_minute",
            "created_at",
            "created_by",
            "rotated_from",
            "last_used_at",
            "expires_at",
            "revoked_at",
        )
        read_only_fields: tuple[str, ...] = fields

    @staticmethod
    def get_state(key: ApiKey) -> str:
        return key.get_state(timezone.now())


class IssuedKeySerializer(KeySerializer):
    """A key that was just made, with its secret, which is shown only now."""

    secret = serializers.SerializerMethodField(help_text="Shown only now. Store it where the key is used.")

    class Meta(KeySerializer.Meta):
        fields: tuple[str, ...] = (*KeySerializer.Meta.fields, "secret")
        read_only_fields: tuple[str, ...] = fields

    def get_secret(self, _key: ApiKey) -> str:
        return str(self.context["secret"])


class KeyListSerializer(ListQuerySerializer):
    """The query parameters of a list of keys."""

    state = KnownChoiceField(choices=STATES, required=False, help_text="Those in this state alone.")


class KeyChangesSerializer(StrictSerializer):
    """What may be changed of a key. To change its scopes or restrictions, make another one."""

    label = StrictCharField(  # type: ignore[assignment]  # a field named as DRF's property
        max_length=100, required=False, help_text="Who holds the key."
    )
    expires_at = serializers.DateTimeField(
        required=False, allow_null=True, help_text="Until when it works; null is without end."
    )
    prep_per_minute = serializers.IntegerField(min_value=1, max_value=MAX_PER_MINUTE, required=False)
    check_per_minute = serializers.IntegerField(min_value=1, max_value=MAX_PER_MINUTE, required=False)


class KeyCreateSerializer(KeyChangesSerializer):
    """A key to make. What is not given is as of the key that asks; nothing may go beyond that."""

    label = StrictCharField(max_length=100, help_text="Who holds the key.")
    scopes = StrictListField(
        child=KnownChoiceField(choices=SCOPES), min_length=1, max_length=len(SCOPES), help_text="What it may do."
    )
    node = serializers.UUIDField(
        required=False, allow_null=True, help_text="The only course node that it reaches, with all below it."
    )
    networks = StrictListField(
        child=StrictCharField(max_length=49),
        max_length=MAX_NETWORKS,
        required=False,
        help_text="The only networks that it may be used from, such as `192.0.2.0/24`; empty is from everywhere.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "node" in attrs:
            attrs["node_id"] = attrs.pop("node")
        return attrs


class KeyRotateSerializer(StrictSerializer):
    """How a key is replaced."""

    overlap_hours = serializers.IntegerField(
        min_value=0, max_value=MAX_OVERLAP_HOURS, default=24, help_text="How long the old key works on."
    )

    def validate_overlap_hours(self, hours: int) -> timedelta:
        return timedelta(hours=hours)


class KeyRevokeSerializer(StrictSerializer):
    """The query parameters of a revocation."""

    leave_none = serializers.BooleanField(
        default=False, help_text="Revoke also the last key that can manage the tenant's keys."
    )
