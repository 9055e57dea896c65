"""Cursor pagination: stable under writes, no counting, the same cost on every page."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import urlencode

from django.core import signing
from django.db.models import Model, Q, QuerySet
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

DEFAULT_LIMIT = 50
MAX_LIMIT = 200


class CursorPagination(BasePagination):
    """Pages through a query by the columns it is ordered by; the last of them must be unique.

    `limit` (1 to 200, default 50) and `cursor` (opaque, from `next_cursor`) are the query parameters. Every ordering
    column must not be null. An answer is `{"data": [...], "has_more": ..., "next_cursor": ...}` with a `Link` header.
    """

    def paginate_queryset(self, queryset: Any, request: Request, view: APIView | None = None) -> list[Any]:
        """Return the rows of the page that the request asks for. Raises ValidationError."""
        self._rows, self._has_more = self._read_page(queryset, request)
        return self._rows

    def read_page_values(self, queryset: Any, request: Request, name: str) -> list[object]:
        """Return what `list_page_values` would of the page that the request asks for, and load no rows."""
        values, has_more = self._read_page(queryset, request, name)
        return [*values, has_more]

    def list_page_values(self, name: str) -> list[object]:
        """Return an attribute of each row of the page that was read last, and whether there is a next page."""
        return [*(getattr(row, name) for row in self._rows), self._has_more]

    def _read_page(self, queryset: Any, request: Request, *columns: str) -> tuple[list[Any], bool]:
        """Return the rows, or the values of a column, of a page, and whether there is a next one. One statement."""
        rows: QuerySet[Model] = queryset
        self._request = request
        self._order = [str(name) for name in rows.query.order_by]
        limit = _parse_limit(request)
        if cursor := request.query_params.get("cursor"):
            rows = rows.filter(_build_after_condition(self._order, self._decode_cursor(cursor)))
        # One row more than asked for shows whether there is a next page, without a second statement.
        found = list((rows.values_list(*columns, flat=True) if columns else rows)[: limit + 1])
        return found[:limit], len(found) > limit

    def get_paginated_response(self, data: Any) -> Response:
        cursor = self._encode_cursor(self._rows[-1]) if self._has_more else None
        headers = {"Link": f'<{self._build_next_url(cursor)}>; rel="next"'} if cursor else None
        return Response({"data": data, "has_more": self._has_more, "next_cursor": cursor}, headers=headers)

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        return {
            "type": "object",
            "required": ["data", "has_more", "next_cursor"],
            "properties": {
                "data": schema,
                "has_more": {"type": "boolean"},
                "next_cursor": {"type": ["string", "null"]},
            },
        }

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        return [
            {
                "name": "limit",
                "in": "query",
                "schema": {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT},
                "description": "How many at most.",
            },
            {
                "name": "cursor",
                "in": "query",
                "schema": {"type": "string"},
                "description": "Where to go on: `next_cursor` of the page before.",
            },
        ]

    def _build_next_url(self, cursor: str) -> str:
        parameters = {**self._request.query_params.dict(), "cursor": cursor}
        return f"{self._request.path}?{urlencode(parameters)}"

    def _encode_cursor(self, row: Model) -> str:
        values = [str(getattr(row, name.lstrip("-"))) for name in self._order]
        packed = base64.urlsafe_b64encode(json.dumps(values).encode()).decode()
        # Signed: a cursor holds column values that go into a query, and one of another list must not pass.
        return signing.Signer(salt=self._build_salt(), sep=".").sign(packed)

    def _decode_cursor(self, cursor: str) -> list[str]:
        try:
            packed = signing.Signer(salt=self._build_salt(), sep=".").unsign(cursor)
        except signing.BadSignature:
            raise ValidationError(
                {"cursor": ["This is not a cursor of this list. Use next_cursor as it was given."]}, code="bad_cursor"
            ) from None
        values: list[str] = json.loads(base64.urlsafe_b64decode(packed))
        return values

    def _build_salt(self) -> str:
        return "cursor:" + ",".join(self._order)


def _parse_limit(request: Request) -> int:
    given = request.query_params.get("limit", str(DEFAULT_LIMIT))
    if not (given.isascii() and given.isdecimal() and len(given) <= 9 and 1 <= int(given) <= MAX_LIMIT):
        raise ValidationError({"limit": [f"Give a whole number from 1 to {MAX_LIMIT}."]}, code="bad_limit")
    return int(given)


def _build_after_condition(order: list[str], values: list[str]) -> Q:
    """Return the condition for rows behind `values` in the order: (a, b) > (x, y) spelled out for mixed directions."""
    condition = Q(pk__in=[])
    equal = Q()
    for name, value in zip(order, values, strict=True):
        column, direction = name.lstrip("-"), "lt" if name.startswith("-") else "gt"
        condition |= equal & Q(**{f"{column}__{direction}": value})
        equal &= Q(**{column: value})
    return condition
