"""REST endpoints of reviews."""

from __future__ import annotations

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import status, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from project.http.responses import paginated_response, validated, validated_query
from project.http.schema import declare_problems
from structures.models import Publication, ReviewEvent, StructureSnapshot
from structures.reviews.queries import get_publication, list_review_events, load_review
from structures.reviews.serializers import (
    PublicationSerializer,
    ReasonSerializer,
    ReviewEventQuerySerializer,
    ReviewEventSerializer,
    SnapshotReviewSerializer,
)
from structures.reviews.services import approve_snapshot, publish_snapshot, unpublish_node
from tenants.actors import describe_api_key
from tenants.idempotency import IdempotentActions
from tenants.requests import get_api_key, get_tenant
from tenants.scopes import Scope


class SnapshotReviewViewSet(IdempotentActions, viewsets.GenericViewSet[StructureSnapshot]):
    """The review of one snapshot."""

    queryset = StructureSnapshot.objects.none()
    read_scope = Scope.PREP
    write_scope = Scope.APPROVE

    @extend_schema(request=ReasonSerializer, responses=SnapshotReviewSerializer)
    def approve(self, request: Request, pk: UUID) -> Response:
        """Approve the snapshot as it is. The same key counts once."""
        wanted = validated(ReasonSerializer(data=request.data))
        actor = describe_api_key(get_api_key(request))
        snapshot = approve_snapshot(tenant=get_tenant(request), snapshot_id=pk, actor=actor, **wanted)
        return _review_response(snapshot)

    @declare_problems("not_approved")
    @extend_schema(request=ReasonSerializer, responses=SnapshotReviewSerializer)
    def publish(self, request: Request, pk: UUID) -> Response:
        """Make the snapshot what readers of its node get. An earlier one may be published again."""
        wanted = validated(ReasonSerializer(data=request.data))
        actor = describe_api_key(get_api_key(request))
        snapshot = publish_snapshot(tenant=get_tenant(request), snapshot_id=pk, actor=actor, **wanted)
        return _review_response(snapshot)


class PublicationViewSet(IdempotentActions, viewsets.GenericViewSet[Publication]):
    """What is published of one material node."""

    queryset = Publication.objects.none()
    serializer_class = PublicationSerializer
    read_scope = Scope.CHECK
    write_scope = Scope.APPROVE

    @declare_problems("nothing_published")
    @extend_schema(responses=PublicationSerializer)
    def retrieve(self, request: Request, pk: UUID) -> Response:
        """Read which snapshot of the node is published."""
        return Response(PublicationSerializer(get_publication(tenant=get_tenant(request), node_id=pk)).data)

    @declare_problems("nothing_published")
    def destroy(self, request: Request, pk: UUID) -> Response:
        """Take back all that was ever published of the node. Its snapshots stay."""
        actor = describe_api_key(get_api_key(request))
        unpublish_node(tenant=get_tenant(request), node_id=pk, reason="", actor=actor)
        return Response(status=status.HTTP_204_NO_CONTENT)


class ReviewEventViewSet(viewsets.GenericViewSet[ReviewEvent]):
    """The trail of the reviews of one material node."""

    queryset = ReviewEvent.objects.none()
    serializer_class = ReviewEventSerializer
    read_scope = Scope.PREP
    write_scope = Scope.PREP

    @extend_schema(parameters=[ReviewEventQuerySerializer], responses=ReviewEventSerializer(many=True))
    def list(self, request: Request, pk: UUID) -> Response:
        """List who submitted, approved and published what, newest first."""
        query = validated_query(request, ReviewEventQuerySerializer)
        rows = list_review_events(
            tenant=get_tenant(request), node_id=pk, snapshot_id=query["snapshot"], copy_id=query["working_copy"]
        )
        return paginated_response(self, rows, ReviewEventSerializer)


def _review_response(snapshot: StructureSnapshot) -> Response:
    return Response(SnapshotReviewSerializer(load_review(snapshot)).data)
