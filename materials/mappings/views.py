"""REST endpoints of mappings."""

from __future__ import annotations

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import status, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from materials.errors import MappingBatchRefused
from materials.mappings.queries import get_mapping, list_mappings_below
from materials.mappings.serializers import (
    MappingBatchSerializer,
    MappingFieldsSerializer,
    MappingListSerializer,
    MappingResultSerializer,
    MappingSerializer,
    build_batch_json,
    parse_claims,
)
from materials.mappings.services import create_mappings, decide_mapping, delete_mapping, update_mapping
from materials.mappings.validation import ValidationStatus, filter_by_validation
from materials.models import MappingState, SlideVideoMapping
from project.http.etags import build_version_check, versioned_response
from project.http.preconditions import accept_if_match
from project.http.responses import paginated_response, validated, validated_query
from project.http.schema import declare_problems
from tenants.idempotency import IdempotentActions
from tenants.requests import get_tenant
from tenants.scopes import Scope


class NodeMappingViewSet(IdempotentActions, viewsets.GenericViewSet[SlideVideoMapping]):
    """The mappings of slides to the videos of a node."""

    queryset = SlideVideoMapping.objects.none()
    serializer_class = MappingSerializer
    read_scope = Scope.CHECK
    write_scope = Scope.PREP

    @extend_schema(parameters=[MappingListSerializer], responses=MappingSerializer(many=True))
    def list(self, request: Request, pk: UUID) -> Response:
        """List the mappings of the videos below the node, newest first."""
        chosen = validated_query(request, MappingListSerializer)
        validation = chosen.pop("validation", None)
        rows = list_mappings_below(tenant=get_tenant(request), node_id=pk).filter(**chosen)
        if validation is not None:
            rows = filter_by_validation(rows, ValidationStatus(validation))
        return paginated_response(self, rows.order_by("-created_at", "-id"), MappingSerializer)

    @declare_problems("mappings_refused")
    @extend_schema(
        request=MappingBatchSerializer, responses={201: MappingResultSerializer, 207: MappingResultSerializer}
    )
    def create(self, request: Request, pk: UUID) -> Response:
        """Create mappings: which slides are shown when.

        201: no item was rejected. 207: some were rejected. 422: some were rejected, and nothing was created. Both
        entries of an item must be below the node. They need not be ready: the mapping is validated when they are.
        Created mappings are accepted. An item that is stored already is skipped.
        """
        claims, malformed = parse_claims(validated(MappingBatchSerializer(data=request.data))["items"])
        batch = create_mappings(tenant=get_tenant(request), node_id=pk, claims=claims)
        answer = build_batch_json(batch, malformed)
        if not answer["rejected"]:
            return Response(answer, status=status.HTTP_201_CREATED)
        if not answer["created"]:
            raise MappingBatchRefused("None of the mappings was created.", extra=answer)
        return Response(answer, status=status.HTTP_207_MULTI_STATUS)


class MappingViewSet(IdempotentActions, viewsets.GenericViewSet[SlideVideoMapping]):
    """Mappings by their own id. Found mappings are proposed; a person accepts, corrects or rejects them."""

    queryset = SlideVideoMapping.objects.none()
    serializer_class = MappingSerializer
    read_scope = Scope.CHECK
    write_scope = Scope.PREP

    def retrieve(self, request: Request, pk: UUID) -> Response:
        """Read a mapping."""
        return Response(MappingSerializer(get_mapping(tenant=get_tenant(request), mapping_id=pk)).data)

    @declare_problems("mapping_exists", "mapping_refused")
    @accept_if_match
    @extend_schema(request=MappingFieldsSerializer)
    def partial_update(self, request: Request, pk: UUID) -> Response:
        """Correct a mapping's slide, beginning or end, and accept it."""
        changes = validated(MappingFieldsSerializer(data=request.data, partial=True))
        mapping = update_mapping(
            tenant=get_tenant(request),
            mapping_id=pk,
            changes=changes,
            check_version=build_version_check(request, MappingSerializer),
        )
        return versioned_response(MappingSerializer(mapping).data)

    @accept_if_match
    def destroy(self, request: Request, pk: UUID) -> Response:
        """Delete a mapping. To keep a wrong proposal from coming back, reject it instead."""
        check_version = build_version_check(request, MappingSerializer)
        delete_mapping(tenant=get_tenant(request), mapping_id=pk, check_version=check_version)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(request=None)
    def accept(self, request: Request, pk: UUID) -> Response:
        """Accept a mapping. It stays when the video's key frames are taken again."""
        return self._decide_mapping(request, pk, MappingState.ACCEPTED)

    @extend_schema(request=None)
    def reject(self, request: Request, pk: UUID) -> Response:
        """Reject a mapping. It is not proposed again."""
        return self._decide_mapping(request, pk, MappingState.REJECTED)

    def _decide_mapping(self, request: Request, pk: UUID, state: MappingState) -> Response:
        mapping = decide_mapping(tenant=get_tenant(request), mapping_id=pk, state=state)
        return Response(MappingSerializer(mapping).data)
