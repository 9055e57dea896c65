"""Keys that are restricted to one course node: enforced once, in front of every view.

A restricted key reaches `/{collection}/{id}/...` only if the row lies at or below the node of the key
(`tenants.collections`). What is not registered is closed to such keys, so that a new address is safe before anybody
has thought of it (docs/decisions/0091-keys-say-what-where-and-from-where.md).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from io import BytesIO
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db.models import QuerySet
from rest_framework.exceptions import APIException
from rest_framework.filters import BaseFilterBackend
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from project.errors import DomainError, NotFound
from project.http.parsers import MAX_BYTES, StrictJSONParser
from tenants.collections import find_collection, find_outside, list_collections
from tenants.errors import KeyRestricted
from tenants.models import ApiKey
from tenants.requests import get_api_key
from tenants.throttling import charge_request

if TYPE_CHECKING:
    from rest_framework.views import APIView

# As in the routes of `project.urls`.
_PREFIX = "api/v1/"
# `serializers.UUIDField` takes 32 digits with or without hyphens, braces and `urn:uuid:`, and whole numbers.
_ID_LENGTHS = range(32, 46)
# The UUIDs of this system begin with the time, which makes them larger than any other number that is sent.
_SMALLEST_ID = 2**64


def require_parent(request: Request, parent: UUID | None) -> None:
    """Raise KeyRestricted when a restricted key would make a course: those lie outside whatever node it has."""
    if parent is None and get_api_key(request).node_id is not None:
        raise KeyRestricted(
            "This key is restricted to one course node: it cannot make courses.",
            next_step="Name a `parent` at or below the node of the key.",
        )


class StaysInside(BasePermission):
    """Grants a request whose key is not restricted, or that names nothing outside the node of the key."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Return True. Raises NotFound for what lies outside, and KeyRestricted for what belongs to the whole tenant.

        At most three statements, none for keys without restriction. A refused request counts against the rate
        limit like any other.
        """
        key = get_api_key(request)
        if key.node_id is None:
            return True
        try:
            _check_address(request, view)
            _check_ids(key, key.node_id, view.kwargs.get("pk"), _list_named_ids(request, view))
        except DomainError:
            charge_request(request)
            raise
        return True


class ShowsInside(BaseFilterBackend):
    """Leaves out of a list what lies outside the node of a restricted key."""

    def filter_queryset(self, request: Request, queryset: QuerySet[Any], view: APIView) -> QuerySet[Any]:
        key = get_api_key(request)
        if key.node_id is None:
            return queryset
        for collection in list_collections():
            if collection.model is queryset.model:
                return queryset.filter(collection.build_condition(key.tenant, key.node_id))
        return queryset  # rows of one thing that is inside, as its address was checked


def _check_address(request: Request, view: APIView) -> None:
    """Raise KeyRestricted unless all that the address can name is known to lie inside or outside."""
    match = request._request.resolver_match
    name = match.route.removeprefix(_PREFIX).partition("/")[0] if match else ""
    pk = view.kwargs.get("pk")
    if pk is None and getattr(view, "serves_restricted_keys", False):
        return
    if pk is None or find_collection(name) is None:
        raise KeyRestricted(
            "This key is restricted to one course node, and this address belongs to the whole tenant.",
            next_step="Use a key that is not restricted.",
        )


def _check_ids(key: ApiKey, node_id: UUID, pk: UUID | None, named: set[UUID]) -> None:
    """Raise NotFound when the id of the address is not inside, or a named one is of something that is outside."""
    ids = named if pk is None else named | {pk}
    if not ids:
        return
    known, outside = find_outside(key.tenant, node_id, ids)
    if pk is not None and pk not in known:
        outside.add(pk)
    for each in sorted(outside):
        raise NotFound(f"There is nothing with the id {each} here.")


def _list_named_ids(request: Request, view: APIView) -> set[UUID]:
    """Return all UUIDs among the values of the query and of a JSON body, whatever their fields are called."""
    given: list[Any] = [value for _, values in request.query_params.lists() for value in values]
    length = request.META.get("CONTENT_LENGTH") or "0"
    # Whatever type it claims to have: Django REST framework takes `*/*` for JSON, too. What is longer is never parsed.
    if not getattr(view, "takes_files", False) and length.isdecimal() and 0 < int(length) <= MAX_BYTES:
        # Not `request.data`: it would hide from the view that the body is not JSON, which the view has to say.
        with suppress(APIException):
            given.append(StrictJSONParser().parse(BytesIO(request._request.body)))
    return set(_find_ids(given))


def _find_ids(values: Iterable[Any]) -> Iterator[UUID]:
    # The parser has bounded depth and number of values.
    waiting = list(values)
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            waiting.extend((*value, *value.values()))
        elif isinstance(value, list):
            waiting.extend(value)
        elif isinstance(value, str) and len(value) in _ID_LENGTHS:
            with suppress(ValueError):
                yield UUID(value)
        elif isinstance(value, int) and _SMALLEST_ID <= value < 2**128:
            yield UUID(int=value)
