"""REST endpoints of shared links, and the pages that they open."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import status, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from project.http.responses import created_response, paginated_response, validated, validated_query
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
    render_served_page,
)
from structures.course_page.serializers import EvidenceQuerySerializer
from structures.models import SharedLink
from structures.problem_codes import LINK_CODES, PICTURE_CODES
from structures.queries import load_structure_tree
from structures.shared_links.queries import get_link, list_publication_links, list_snapshot_links
from structures.shared_links.serializers import MadeLinkSerializer, SharedLinkCreateSerializer, SharedLinkSerializer
from structures.shared_links.services import (
    MadeLink,
    create_publication_link,
    create_snapshot_link,
    find_cited_snapshot_id,
    find_shown_snapshot,
    open_shared_link,
    revoke_shared_link,
)
from tenants.idempotency import IdempotentActions
from tenants.requests import get_tenant
from tenants.scopes import Scope


class _LinkViewSet(IdempotentActions, viewsets.GenericViewSet[SharedLink]):
    """The links to one thing, which a subclass names. Who may look at a course need not know to whom it is shown."""

    queryset = SharedLink.objects.none()
    serializer_class = SharedLinkSerializer
    read_scope = Scope.PREP
    write_scope = Scope.PREP
    action_scopes: ClassVar = {"create": Scope.EXPORT}

    def select_links(self, request: Request, pk: UUID) -> QuerySet[SharedLink]:
        """Return the links to the thing, newest first. Raises NotFound."""
        raise NotImplementedError

    @extend_schema(responses=SharedLinkSerializer(many=True))
    def list(self, request: Request, pk: UUID) -> Response:
        """List the links, newest first, with those that are closed."""
        validated_query(request)
        return paginated_response(self, self.select_links(request, pk), SharedLinkSerializer)

    @extend_schema(responses=SharedLinkSerializer)
    def retrieve(self, request: Request, pk: UUID, link: UUID) -> Response:
        """Read one link."""
        return Response(SharedLinkSerializer(get_link(self.select_links(request, pk), link)).data)

    def destroy(self, request: Request, pk: UUID, link: UUID) -> Response:
        """Revoke a link: it opens nothing from now on."""
        revoke_shared_link(get_link(self.select_links(request, pk), link))
        return Response(status=status.HTTP_204_NO_CONTENT)


class SnapshotLinkViewSet(_LinkViewSet):
    """The links to the course page of one snapshot."""

    def select_links(self, request: Request, pk: UUID) -> QuerySet[SharedLink]:
        return list_snapshot_links(tenant=get_tenant(request), snapshot_id=pk)

    @declare_problems("expiry_out_of_range")
    @extend_schema(request=SharedLinkCreateSerializer, responses={201: MadeLinkSerializer})
    def create(self, request: Request, pk: UUID) -> Response:
        """Make a link that shows the course page, its evidence and the cited recordings to whoever has it."""
        wanted = validated(SharedLinkCreateSerializer(data=request.data))
        made = create_snapshot_link(tenant=get_tenant(request), snapshot_id=pk, **wanted)
        return _made_response(request, made, location=f"/api/v1/snapshots/{pk}/links/{made.link.pk}")


class PublicationLinkViewSet(_LinkViewSet):
    """The links to the course page of what is published of one material node."""

    def select_links(self, request: Request, pk: UUID) -> QuerySet[SharedLink]:
        return list_publication_links(tenant=get_tenant(request), node_id=pk)

    @declare_problems("expiry_out_of_range")
    @extend_schema(request=SharedLinkCreateSerializer, responses={201: MadeLinkSerializer})
    def create(self, request: Request, pk: UUID) -> Response:
        """Make a link that shows the page of what is published of the node at the time to whoever has it."""
        wanted = validated(SharedLinkCreateSerializer(data=request.data))
        made = create_publication_link(tenant=get_tenant(request), node_id=pk, **wanted)
        return _made_response(request, made, location=f"/api/v1/nodes/{pk}/links/{made.link.pk}")


def _made_response(request: Request, made: MadeLink, *, location: str) -> Response:
    shape = MadeLinkSerializer(made.link, context={"request": request, "token": made.token})
    return created_response(shape.data, location=location)


class SharedPageViewSet(viewsets.GenericViewSet[SharedLink]):
    """What a shared link opens: to whoever has it, without a key."""

    queryset = SharedLink.objects.none()
    authentication_classes = ()
    permission_classes = ()
    throttle_classes = ()
    content_negotiation_class = AnyMediaType

    @declare_problems(*LINK_CODES)
    @extend_schema(responses={(200, "text/html"): OpenApiTypes.STR})
    def retrieve_page(self, request: Request, token: str) -> HttpResponse:
        """Open the course page of a shared link."""
        link = open_shared_link(token=token, request=request._request)
        snapshot = find_shown_snapshot(link)
        html = render_served_page(snapshot, load_structure_tree(snapshot), base=f"{token}/")
        return build_page_response(html)

    @declare_problems(*LINK_CODES)
    @extend_schema(parameters=[EvidenceQuerySerializer], responses={(200, "text/html"): OpenApiTypes.STR})
    def retrieve_evidence(self, request: Request, token: str, reference: UUID) -> HttpResponse:
        """Open the evidence of a reference of the shared snapshot."""
        link = open_shared_link(token=token, request=request._request)
        wanted = validated(EvidenceQuerySerializer(data=request.query_params.dict()))
        snapshot_id = find_cited_snapshot_id(link, reference)
        evidence = load_evidence(
            tenant=link.tenant,
            snapshot_id=snapshot_id,
            reference_id=reference,
            label_language=wanted["language"],
        )
        if wanted["fragment"]:
            return build_page_response(render_evidence(evidence, base=f"{token}/"))
        return build_page_response(render_evidence_page(evidence, base="../", course_url=f"../../{token}"))

    @declare_problems(*LINK_CODES, "too_many_transfers")
    @extend_schema(responses=RECORDING_RESPONSES)
    def retrieve_media(self, request: Request, token: str, reference: UUID) -> HttpResponseBase:
        """Play the recording that a reference of the shared snapshot cites."""
        link = open_shared_link(token=token, request=request._request)
        return build_media_response(
            request._request,
            tenant=link.tenant,
            snapshot_id=find_cited_snapshot_id(link, reference),
            reference_id=reference,
        )

    @declare_problems(*LINK_CODES, "no_transcript")
    @extend_schema(responses=CAPTIONS_RESPONSES)
    def retrieve_captions(self, request: Request, token: str, reference: UUID) -> StreamingHttpResponse:
        """Read the captions of the recording that a reference of the shared snapshot cites."""
        link = open_shared_link(token=token, request=request._request)
        return build_captions_response(
            tenant=link.tenant, snapshot_id=find_cited_snapshot_id(link, reference), reference_id=reference
        )

    @declare_problems(*LINK_CODES, *PICTURE_CODES)
    @extend_schema(responses={(200, "image/jpeg"): OpenApiTypes.BINARY})
    def retrieve_picture(self, request: Request, token: str, reference: UUID) -> HttpResponse:
        """See the page that a reference of the shared snapshot cites, with the passage marked."""
        link = open_shared_link(token=token, request=request._request)
        return build_picture_response(
            request._request,
            tenant=link.tenant,
            snapshot_id=find_cited_snapshot_id(link, reference),
            reference_id=reference,
        )
