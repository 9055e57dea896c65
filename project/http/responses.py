"""What viewsets share: validated input, pages of lists, and responses with a Location."""

from __future__ import annotations

from typing import Any

from django.db.models import Expression, Model, QuerySet
from django.http import HttpResponseNotModified
from rest_framework import serializers, status, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from project.http.etags import build_version_etag, is_not_modified
from project.http.pagination import CursorPagination
from project.http.serializers import ListQuerySerializer


def validated(serializer: serializers.BaseSerializer[Any]) -> dict[str, Any]:
    """Return the serializer's validated values. Raises ValidationError, which becomes a 422 problem."""
    serializer.is_valid(raise_exception=True)
    values: dict[str, Any] = serializer.validated_data
    return values


def validated_query(
    request: Request, serializer_class: type[ListQuerySerializer] = ListQuerySerializer
) -> dict[str, Any]:
    """Return the query parameters of a list. Raises ValidationError for those it does not know, too."""
    return validated(serializer_class(data=request.query_params.dict()))


def paginated_response(
    view: viewsets.GenericViewSet[Any],
    rows: QuerySet[Model],
    serializer_class: type[serializers.BaseSerializer[Any]],
    **context: Any,
) -> Response:
    """Answer with one page of the rows. Their order makes the cursor and must end in a unique column.

    `context` is that of the serializer.
    """
    page = view.paginate_queryset(view.filter_queryset(rows))
    return view.get_paginated_response(serializer_class(page, many=True, context=context).data)


def versioned_page_response(
    view: viewsets.GenericViewSet[Any],
    rows: QuerySet[Model],
    serializer_class: type[serializers.BaseSerializer[Any]],
    version: Expression,
    **context: Any,
) -> Response | HttpResponseNotModified:
    """Answer as `paginated_response`, with an ETag; 304 after one statement when the client has it.

    `version` is a text that changes whenever what the serializer shows of a row does.
    """
    request, paginator = view.request, view.paginator
    assert isinstance(paginator, CursorPagination)
    rows = rows.annotate(row_version=version)
    if "If-None-Match" in request.headers:
        values = paginator.read_page_values(view.filter_queryset(rows), request, "row_version")
        etag = build_version_etag(request, *values)
        if is_not_modified(request._request, etag):
            return HttpResponseNotModified(headers={"ETag": etag})
    response = paginated_response(view, rows, serializer_class, **context)
    response["ETag"] = build_version_etag(request, *paginator.list_page_values("row_version"))
    return response


def created_response(data: Any, *, location: str) -> Response:
    """Answer 201 with the URL of the new resource in `Location`."""
    return Response(data, status=status.HTTP_201_CREATED, headers={"Location": location})
