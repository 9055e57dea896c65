"""Shapes that refuse what they do not know."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers


class StrictCharField(serializers.CharField):
    """Text that is sent as text: a number in its place is a mistake, not its digits."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        text: str = super().to_internal_value(data)
        return text


class StrictSerializer(serializers.Serializer[Any]):
    """Refuses unknown fields, so that a misspelt one is noticed instead of ignored."""

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
