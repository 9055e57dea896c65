"""REST endpoints of the material tree."""

from __future__ import annotations

from uuid import UUID

from django.http.response import HttpResponseBase
from drf_spectacular.utils import extend_schema
from rest_framework import status, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from materials.models import MaterialNode
from materials.queries import get_node, get_tree
from materials.tree.serializers import (
    BranchSerializer,
    NodeCopySerializer,
    NodeCreateSerializer,
    NodeFieldsSerializer,
    NodeListSerializer,
    NodeMoveSerializer,
    NodeReorderSerializer,
    NodeSerializer,
)
from materials.tree.services import copy_node, create_node, delete_node, move_node, reorder_node, update_node
from project.db.row_versions import RowVersion
from project.http.etags import build_version_check, versioned_response
from project.http.preconditions import accept_if_match
from project.http.responses import created_response, validated, validated_query, versioned_page_response
from project.http.schema import declare_problems
from tenants.idempotency import IdempotentActions
from tenants.requests import get_api_key, get_tenant
from tenants.restrictions import require_parent
from tenants.scopes import Scope


class NodeViewSet(IdempotentActions, viewsets.GenericViewSet[MaterialNode]):
    """The material tree. A node without a parent is a course."""

    queryset = MaterialNode.objects.none()
    serializer_class = NodeSerializer
    serves_restricted_keys = True
    read_scope = Scope.CHECK
    write_scope = Scope.PREP

    @extend_schema(parameters=[NodeListSerializer])
    def list(self, request: Request) -> HttpResponseBase:
        """List the courses, or with `parent` the children of a node, newest first."""
        parent = validated_query(request, NodeListSerializer).get("parent")
        if parent is not None:
            get_node(tenant=get_tenant(request), node_id=parent)
        top = get_api_key(request).node_id
        # A key that is restricted to a part of a course has that part where others have their courses.
        where = {"pk": top} if parent is None and top is not None else {"parent_id": parent}
        rows = MaterialNode.objects.for_tenant(get_tenant(request)).filter(**where)
        return versioned_page_response(self, rows.order_by("-created_at", "-id"), NodeSerializer, RowVersion("title"))

    @declare_problems("tree_refused")
    @extend_schema(request=NodeCreateSerializer, responses={201: NodeSerializer})
    def create(self, request: Request) -> Response:
        """Create a node below `parent`, or a course."""
        fields = validated(NodeCreateSerializer(data=request.data))
        parent = fields.pop("parent", None)
        require_parent(request, parent)
        node = create_node(tenant=get_tenant(request), parent_id=parent, **fields)
        return created_response(NodeSerializer(node).data, location=f"/api/v1/nodes/{node.pk}")

    def retrieve(self, request: Request, pk: UUID) -> Response:
        """Read a node without its entries and children."""
        return Response(NodeSerializer(get_node(tenant=get_tenant(request), node_id=pk)).data)

    @accept_if_match
    @extend_schema(request=NodeFieldsSerializer)
    def partial_update(self, request: Request, pk: UUID) -> Response:
        """Change a node's title, language, learning goal, expected knowledge or expected skills."""
        changes = validated(NodeFieldsSerializer(data=request.data, partial=True))
        node = update_node(
            tenant=get_tenant(request),
            node_id=pk,
            changes=changes,
            check_version=build_version_check(request, NodeSerializer),
        )
        return versioned_response(NodeSerializer(node).data)

    @accept_if_match
    def destroy(self, request: Request, pk: UUID) -> Response:
        """Delete a node with everything below it. Open jobs of what is deleted are cancelled."""
        delete_node(tenant=get_tenant(request), node_id=pk, check_version=build_version_check(request, NodeSerializer))
        return Response(status=status.HTTP_204_NO_CONTENT)

    @declare_problems("tree_refused")
    @extend_schema(request=NodeMoveSerializer)
    def move(self, request: Request, pk: UUID) -> Response:
        """Move a node below another parent, or to another place among its siblings."""
        goal = validated(NodeMoveSerializer(data=request.data))
        require_parent(request, goal["parent"])
        node = move_node(
            tenant=get_tenant(request), node_id=pk, parent_id=goal["parent"], position=goal.get("position")
        )
        return Response(NodeSerializer(node).data)

    @declare_problems("tree_refused")
    @extend_schema(request=NodeReorderSerializer, responses=BranchSerializer)
    def reorder(self, request: Request, pk: UUID) -> Response:
        """Put the node's children, its entries, or both into a new order, and read the tree."""
        orders = validated(NodeReorderSerializer(data=request.data))
        reorder_node(tenant=get_tenant(request), node_id=pk, **orders)
        return Response(BranchSerializer(get_tree(tenant=get_tenant(request), node_id=pk)).data)

    @declare_problems("tree_refused")
    @extend_schema(request=NodeCopySerializer, responses={201: NodeSerializer})
    def copy(self, request: Request, pk: UUID) -> Response:
        """Copy a node with everything below it. What ingestion made of the entries is copied too."""
        goal = validated(NodeCopySerializer(data=request.data))
        require_parent(request, goal["parent"])
        node = copy_node(tenant=get_tenant(request), node_id=pk, parent_id=goal["parent"], title=goal.get("title", ""))
        return created_response(NodeSerializer(node).data, location=f"/api/v1/nodes/{node.pk}")
