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
from project.http.schema import declare_problems
from structures.course_page.rendering import build_page_response
from structures.differences.page import build_difference_page, render_difference_page
from structures.differences.queries import StructureDifference, compare_snapshots, compare_working_copy
from structures.differences.serializers import (
    HTML,
    CopyDifferenceQuerySerializer,
    DifferenceQuerySerializer,
    StructureDifferenceSerializer,
    build_difference_json,
)
from structures.models import StructureSnapshot, WorkingCopy
from structures.problem_codes import COMPARISON_CODES
from structures.reviews.access import get_readable_snapshot, may_see_drafts
from tenants.requests import get_tenant
from tenants.scopes import Scope


class PageRenderer(BaseRenderer):
    """Lets a client ask for a page. The view builds the page, and problems are JSON: nothing is rendered here."""

    media_type = "text/html"
    format = HTML
    charset = "utf-8"

    def render(self, data: Any, *_context: object) -> bytes:
        return str(data).encode()


_RESPONSES = {
    (200, "application/json"): StructureDifferenceSerializer,
    (200, "text/html"): OpenApiTypes.STR,
}


class SnapshotDifferenceViewSet(viewsets.GenericViewSet[StructureSnapshot]):
    """What makes a snapshot of another tree."""

    queryset = StructureSnapshot.objects.none()
    read_scope = Scope.CHECK
    write_scope = Scope.PREP
    renderer_classes = (JSONRenderer, PageRenderer)

    @declare_problems(*COMPARISON_CODES)
    @extend_schema(parameters=[DifferenceQuerySerializer], responses=_RESPONSES)
    def compare(self, request: Request, pk: UUID) -> HttpResponse:
        """Read what differs between an earlier snapshot, or a working copy, and this snapshot of the same node.

        As data, or as a page for people when the client accepts `text/html` before JSON.
        """
        wanted = validated(DifferenceQuerySerializer(data=request.query_params.dict()))
        if not may_see_drafts(request):
            for each in (wanted["from"], pk):
                get_readable_snapshot(request, each)
        compared = compare_snapshots(tenant=get_tenant(request), before_id=wanted["from"], after_id=pk)
        return _difference_response(request, compared)


class CopyDifferenceViewSet(viewsets.GenericViewSet[WorkingCopy]):
    """What makes a working copy of another tree."""

    queryset = WorkingCopy.objects.none()
    read_scope = Scope.PREP
    write_scope = Scope.PREP
    renderer_classes = (JSONRenderer, PageRenderer)

    @declare_problems(*COMPARISON_CODES, "base_gone")
    @extend_schema(parameters=[CopyDifferenceQuerySerializer], responses=_RESPONSES)
    def compare(self, request: Request, pk: UUID) -> HttpResponse:
        """Read what differs between a snapshot or working copy, or else its base, and this working copy.

        As data, or as a page for people when the client accepts `text/html` before JSON.
        """
        wanted = validated(CopyDifferenceQuerySerializer(data=request.query_params.dict()))
        compared = compare_working_copy(tenant=get_tenant(request), copy_id=pk, before_id=wanted.get("from"))
        return _difference_response(request, compared)


def _difference_response(request: Request, compared: StructureDifference) -> HttpResponse:
    if request.accepted_renderer.format == HTML:
        return build_page_response(render_difference_page(build_difference_page(compared)))
    return Response(build_difference_json(compared))
