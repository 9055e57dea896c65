"""The REST endpoint of differences."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import viewsets
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from project.http.responses import validated
from structures.course_page.rendering import build_page_response
from structures.differences.page import build_difference_page, render_difference_page
from structures.differences.queries import compare_snapshots
from structures.differences.serializers import (
    HTML,
    DifferenceQuerySerializer,
    SnapshotDifferenceSerializer,
    build_difference_json,
)
from structures.models import StructureSnapshot
from tenants.requests import get_tenant
from tenants.scopes import Scope


class PageRenderer(BaseRenderer):
    """Lets a client ask for a page. The view builds the page, and problems are JSON: nothing is rendered here."""

    media_type = "text/html"
    format = HTML
    charset = "utf-8"

    def render(self, data: Any, *_context: object) -> bytes:
        return str(data).encode()


class DifferenceViewSet(viewsets.GenericViewSet[StructureSnapshot]):
    """What differs between two snapshots."""

    queryset = StructureSnapshot.objects.none()
    read_scope = Scope.CHECK
    write_scope = Scope.PREP
    renderer_classes = (JSONRenderer, PageRenderer)

    @extend_schema(
        parameters=[DifferenceQuerySerializer],
        responses={
            (200, "application/json"): SnapshotDifferenceSerializer,
            (200, "text/html"): OpenApiTypes.STR,
        },
    )
    def compare(self, request: Request, pk: UUID) -> HttpResponse:
        """Read what differs between an earlier snapshot and this one, both of one material node.

        As data, or as a page for people when the client accepts `text/html` before JSON.
        """
        wanted = validated(DifferenceQuerySerializer(data=request.query_params.dict()))
        compared = compare_snapshots(tenant=get_tenant(request), before_id=wanted["from"], after_id=pk)
        if request.accepted_renderer.format == HTML:
            return build_page_response(render_difference_page(build_difference_page(compared)))
        return Response(build_difference_json(compared))
