"""REST endpoints of the course page."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import viewsets
from rest_framework.request import Request

from project.http.responses import validated
from project.http.schema import declare_problems
from structures.course_page.evidence import load_evidence
from structures.course_page.files import (
    CAPTIONS_RESPONSES,
    RECORDING_RESPONSES,
    build_captions_response,
    build_media_response,
    build_picture_response,
)
from structures.course_page.negotiation import AnyMediaType
from structures.course_page.rendering import (
    build_page_response,
    render_evidence,
    render_evidence_page,
    render_page_file,
    render_served_page,
)
from structures.course_page.serializers import EvidenceQuerySerializer, PageQuerySerializer
from structures.models import StructureSnapshot
from structures.problem_codes import PICTURE_CODES
from structures.queries import load_structure_tree
from structures.reviews.access import get_readable_snapshot, may_see_drafts
from tenants.requests import get_tenant
from tenants.scopes import Scope


class CoursePageViewSet(viewsets.GenericViewSet[StructureSnapshot]):
    """A snapshot as a page for people, and the evidence of its references."""

    queryset = StructureSnapshot.objects.none()
    read_scope = Scope.CHECK
    write_scope = Scope.PREP
    content_negotiation_class = AnyMediaType

    @extend_schema(parameters=[PageQuerySerializer], responses={(200, "text/html"): OpenApiTypes.STR})
    def retrieve_page(self, request: Request, pk: UUID) -> HttpResponse:
        """Read a snapshot as an HTML page.

        Its evidence is fetched when it is opened, from URLs relative to the page's own. With `download` the page is one
        file that needs nothing else. What people changed in an edited snapshot is labelled for keys with scope `prep`.
        """
        wanted = validated(PageQuerySerializer(data=request.query_params.dict()))
        snapshot = get_readable_snapshot(request, pk)
        modules, shows_edits = load_structure_tree(snapshot), may_see_drafts(request)
        if not wanted["download"]:
            return build_page_response(render_served_page(snapshot, modules, base="", shows_edits=shows_edits))
        response = build_page_response(render_page_file(snapshot, modules, shows_edits=shows_edits))
        name = f"{snapshot.title[:100]}.html"
        response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name)
        return response

    @extend_schema(parameters=[EvidenceQuerySerializer], responses={(200, "text/html"): OpenApiTypes.STR})
    def retrieve_evidence(self, request: Request, pk: UUID, reference: UUID) -> HttpResponse:
        """Read the evidence of a reference as HTML: the text around the quote as it stands today, the quote marked.

        When the materials hold the quote no more, it is the quote as it was, and a sentence says so.
        """
        wanted = validated(EvidenceQuerySerializer(data=request.query_params.dict()))
        get_readable_snapshot(request, pk)
        evidence = load_evidence(
            tenant=get_tenant(request), snapshot_id=pk, reference_id=reference, label_language=wanted["language"]
        )
        if wanted["fragment"]:
            return build_page_response(render_evidence(evidence, base=""))
        return build_page_response(render_evidence_page(evidence, base="../", course_url="../page"))

    @declare_problems("too_many_transfers")
    @extend_schema(responses=RECORDING_RESPONSES)
    def retrieve_media(self, request: Request, pk: UUID, reference: UUID) -> HttpResponseBase:
        """Read the recording that a reference cites, or the part of it that `Range` names."""
        get_readable_snapshot(request, pk)
        return build_media_response(
            request._request, tenant=get_tenant(request), snapshot_id=pk, reference_id=reference
        )

    @declare_problems("no_transcript")
    @extend_schema(responses=CAPTIONS_RESPONSES)
    def retrieve_captions(self, request: Request, pk: UUID, reference: UUID) -> StreamingHttpResponse:
        """Read the transcript of the recording that a reference cites as captions (WebVTT), with its corrections."""
        get_readable_snapshot(request, pk)
        return build_captions_response(tenant=get_tenant(request), snapshot_id=pk, reference_id=reference)

    @declare_problems(*PICTURE_CODES)
    @extend_schema(responses={(200, "image/jpeg"): OpenApiTypes.BINARY})
    def retrieve_picture(self, request: Request, pk: UUID, reference: UUID) -> HttpResponse:
        """Read the page of a PDF that a reference cites as a picture, with the passage marked."""
        get_readable_snapshot(request, pk)
        return build_picture_response(
            request._request, tenant=get_tenant(request), snapshot_id=pk, reference_id=reference
        )
