from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.urls import path
from rest_framework import viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from project.http.deprecation import Deprecation, deprecate_operation
from project.http.schema import DescribedSchema
from project.urls import urlpatterns as all_routes


class LegacyViewSet(viewsets.GenericViewSet[Any]):
    """Something that is going to be removed."""

    authentication_classes = ()
    permission_classes = ()

    @deprecate_operation(since=date(2026, 10, 1), sunset=date(2027, 5, 1), instead="`GET /api/v1/me`")
    def retrieve(self, request: Request) -> Response:
        """Read it."""
        return Response({})

    def list(self, request: Request) -> Response:
        """List it."""
        return Response([])


urlpatterns = [
    path("api/v1/legacy", LegacyViewSet.as_view({"get": "retrieve", "post": "list"})),
    *all_routes,
]


@pytest.mark.urls(__name__)
def test_all_answers_of_a_deprecated_operation_say_since_when_and_until_when(client: Client) -> None:
    for answer in (client.get("/api/v1/legacy"), client.get("/api/v1/legacy", headers={"Accept": "text/nonsense"})):
        assert answer["Deprecation"] == "@1790812800"
        assert answer["Sunset"] == "Sat, 01 May 2027 00:00:00 GMT"
    assert "Deprecation" not in client.post("/api/v1/legacy")
    assert "Deprecation" not in client.get("/api/v1/nothing")


def test_notice_is_given_for_half_a_year() -> None:
    with pytest.raises(ValueError, match="183 days"):
        Deprecation(since=date(2026, 10, 1), sunset=date(2027, 3, 1), instead="another")


def test_the_document_says_what_to_use_instead() -> None:
    schema = DescribedSchema()
    view = LegacyViewSet()
    view.action, view.schema = "retrieve", schema
    schema.view, schema.method, schema.path = view, "GET", "/api/v1/legacy"

    assert schema.is_deprecated()
    assert schema.get_description().endswith(
        "Deprecated since 2026-10-01, and gone from 2027-05-01 on: use `GET /api/v1/me`."
    )
