"""Serializers that refuse unknown fields."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers


class StrictCharField(serializers.CharField):
    """A string field that takes strings alone: DRF's own would turn a number into its digits."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        text: str = super().to_internal_value(data)
        return text


class StrictSerializer(serializers.Serializer[Any]):
    """A serializer that refuses unknown fields: a misspelt one is an error instead of being ignored."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict) and (unknown := sorted(set(map(str, data)) - set(self.fields))):
            known = ", ".join(self.fields)
            raise serializers.ValidationError(
                {name: [serializers.ErrorDetail(f"Unknown field. Known: {known}.", code="unknown")] for name in unknown}
            )
        return super().to_internal_value(data)


class ListQuerySerializer(StrictSerializer):
    """The query parameters of a list: those that a subclass names, beside those that every list has."""

    _COMMON_PARAMETERS = frozenset({"limit", "cursor", "format"})

    def to_internal_value(self, data: Any) -> Any:
        return super().to_internal_value(
            {name: value for name, value in data.items() if name not in self._COMMON_PARAMETERS}
        )
