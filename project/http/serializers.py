"""Serializers and fields that refuse what they do not know, with bounded work for any input."""

from __future__ import annotations

from typing import Any, Self

from rest_framework import serializers
from rest_framework.settings import api_settings

# More than anybody corrects at once; those beyond are counted. Each costs DRF some 60 microseconds, because it copies
# the errors of a field at every level.
MAX_ERRORS = 20


class SummaryCode(str):
    """The code of one error that stands for `error_count` of the same kind.

    On the code, because DRF makes new `ErrorDetail`s of the texts and codes of those that it is given.
    """

    error_count: int

    def __new__(cls, code: str, error_count: int) -> Self:
        summary = super().__new__(cls, code)
        summary.error_count = error_count
        return summary


def count_errors(code: str) -> int:
    """Return for how many errors the one with this code stands."""
    return code.error_count if isinstance(code, SummaryCode) else 1


class StrictCharField(serializers.CharField):
    """A string field that takes strings alone: DRF's own would turn a number into its digits."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        text: str = super().to_internal_value(data)
        return text


class KnownChoiceField(serializers.ChoiceField):
    """A choice whose error names the values there are: DRF's own repeats the wrong one alone."""

    def to_internal_value(self, data: Any) -> Any:
        try:
            return super().to_internal_value(data)
        except serializers.ValidationError:
            known = ", ".join(str(value) for value in self.choices)
            raise serializers.ValidationError(
                f"There is no such value here. Known: {known}.", code=f"unknown_{self.field_name}"
            ) from None


class SortField(KnownChoiceField):
    """The order of a list, by one of the columns that are named; a minus sign in front sorts downwards.

    None of the columns may be null: cursors compare by them (`project.http.pagination`).
    """

    def __init__(self, *columns: str, default: str) -> None:
        names = [name for column in columns for name in (column, f"-{column}")]
        super().__init__(
            choices=names, default=default, help_text="The order; a minus sign in front turns it round. Ties by id."
        )


def build_order(sort: str) -> tuple[str, str]:
    """Return the columns to order a list by: the one that `sort` names, then the id, in the same direction."""
    return sort, "-id" if sort.startswith("-") else "id"


class StrictListField(serializers.ListField):
    """A list whose length is looked at before its items: DRF's own validates all of them first."""

    def __init__(self, *, max_length: int, **options: Any) -> None:
        super().__init__(max_length=max_length, **options)

    def to_internal_value(self, data: Any) -> list[Any]:
        if not isinstance(data, list):
            self.fail("not_a_list", input_type=type(data).__name__)
        if self.max_length is not None and len(data) > self.max_length:
            self.fail("max_length", max_length=self.max_length)
        items: list[Any] = super().to_internal_value(data)
        return items

    def run_child_validation(self, data: list[Any]) -> list[Any]:
        """Return the validated items. Raises ValidationError with MAX_ERRORS wrong ones and the count of others."""
        items: list[Any] = []
        errors: dict[Any, Any] = {}
        left = 0
        for index, item in enumerate(data):
            try:
                items.append(self.child.run_validation(item))
            except serializers.ValidationError as exc:
                if len(errors) < MAX_ERRORS:
                    errors[index] = exc.detail
                else:
                    left += 1
        if left:
            text = f"{left} more items are not valid."
            errors[api_settings.NON_FIELD_ERRORS_KEY] = [
                serializers.ErrorDetail(text, code=SummaryCode("invalid", left))
            ]
        if errors:
            raise serializers.ValidationError(errors)
        return items


class StrictSerializer(serializers.Serializer[Any]):
    """A serializer that refuses unknown fields: a misspelt one is an error instead of being ignored."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict) and (unknown := sorted(set(map(str, data)) - set(self.fields))):
            raise serializers.ValidationError(self._describe_unknown_fields(unknown))
        return super().to_internal_value(data)

    def _describe_unknown_fields(self, unknown: list[str]) -> dict[str, list[serializers.ErrorDetail]]:
        said = (
            f"Unknown field. Known: {', '.join(self.fields)}." if self.fields else "Unknown field: none is taken here."
        )
        named = {name: [serializers.ErrorDetail(said, code="unknown")] for name in unknown[:MAX_ERRORS]}
        if left := len(unknown) - len(named):
            summary = serializers.ErrorDetail(f"{left} more unknown fields.", code=SummaryCode("unknown", left))
            named[api_settings.NON_FIELD_ERRORS_KEY] = [summary]
        return named


class ListQuerySerializer(StrictSerializer):
    """The query parameters of a list: those that a subclass names, beside those that every list has."""

    _COMMON_PARAMETERS = frozenset({"limit", "cursor", "format"})

    def to_internal_value(self, data: Any) -> Any:
        return super().to_internal_value(
            {name: value for name, value in data.items() if name not in self._COMMON_PARAMETERS}
        )
