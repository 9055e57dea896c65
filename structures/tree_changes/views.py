"""REST endpoints of changes of the tree."""

from __future__ import annotations

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from project.http.responses import created_response, paginated_response, validated, validated_query
from project.http.schema import declare_problems
from structures.models import TreeChange
from structures.reviews.serializers import ReasonSerializer
from structures.tree_changes.queries import get_tree_change, list_tree_changes
from structures.tree_changes.serializers import (
    ApplyQuerySerializer,
    TreeChangeSerializer,
    TreeChangeSummarySerializer,
)
from structures.tree_changes.services import apply_snapshot, undo_tree_change
from tenants.actors import describe_api_key
from tenants.idempotency import IdempotentActions
from tenants.requests import get_api_key, get_tenant
from tenants.scopes import Scope


class NodeTreeChangesViewSet(IdempotentActions, viewsets.GenericViewSet[TreeChange]):
    """The structures that were applied to the tree below one material node."""

    queryset = TreeChange.objects.none()
    serializer_class = TreeChangeSerializer
    read_scope = Scope.PREP
    write_scope = Scope.PREP

    @declare_problems("not_approved", "tree_refused")
    @extend_schema(
        parameters=[ApplyQuerySerializer],
        request=ReasonSerializer,
        responses={200: TreeChangeSerializer, 201: TreeChangeSerializer},
    )
    def apply(self, request: Request, pk: UUID) -> Response:
        """Make the material tree follow an approved snapshot: new nodes, moves, renames. Nothing is deleted.

        Answers 200 to a dry run, and when there is nothing to do.
        """
        query = validated(ApplyQuerySerializer(data=request.query_params.dict()))
        wanted = validated(ReasonSerializer(data=request.data))
        actor = describe_api_key(get_api_key(request))
        change = apply_snapshot(tenant=get_tenant(request), snapshot_id=pk, actor=actor, **query, **wanted)
        data = TreeChangeSerializer(change).data
        if data["id"] is None:
            return Response(data)
        return created_response(data, location=f"/api/v1/tree-changes/{change.pk}")

    @extend_schema(responses=TreeChangeSummarySerializer(many=True))
    def list(self, request: Request, pk: UUID) -> Response:
        """List the structures that were applied to the tree below the node, newest first."""
        validated_query(request)
        rows = list_tree_changes(tenant=get_tenant(request), node_id=pk)
        return paginated_response(self, rows, TreeChangeSummarySerializer)


class TreeChangeViewSet(IdempotentActions, viewsets.GenericViewSet[TreeChange]):
    """One structure that was applied to the material tree."""

    queryset = TreeChange.objects.none()
    serializer_class = TreeChangeSerializer
    read_scope = Scope.PREP
    write_scope = Scope.PREP

    @extend_schema(responses=TreeChangeSerializer)
    def retrieve(self, request: Request, pk: UUID) -> Response:
        """Read what was done to the tree."""
        return Response(TreeChangeSerializer(get_tree_change(tenant=get_tenant(request), change_id=pk)).data)

    @declare_problems("later_tree_change", "tree_change_undone", "tree_changed_since")
    @extend_schema(request=None, responses=TreeChangeSerializer)
    def undo(self, request: Request, pk: UUID) -> Response:
        """Put the tree back as it was: nodes, entries, order and titles. What was added to nodes that stay, stays."""
        actor = describe_api_key(get_api_key(request))
        change = undo_tree_change(tenant=get_tenant(request), change_id=pk, actor=actor)
        return Response(TreeChangeSerializer(change).data)
