"""The REST endpoint of the material tree, which says of each node whether its structure is up to date.

It is here and not with the other endpoints of nodes, because materials know no structures.
"""

from __future__ import annotations

from uuid import UUID

from django.http.response import HttpResponseBase
from drf_spectacular.utils import extend_schema
from rest_framework import viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from materials.models import MaterialNode
from materials.queries import get_tree
from project.http.etags import build_version_etag, conditional_response
from structures.reviews.access import may_see_drafts
from structures.staleness.queries import find_structure_marks
from structures.staleness.trees import CourseTreeSerializer
from structures.staleness.versions import read_course_version
from tenants.requests import get_tenant
from tenants.scopes import Scope


class CourseTreeViewSet(viewsets.GenericViewSet[MaterialNode]):
    """The material tree with its structures."""

    queryset = MaterialNode.objects.none()
    serializer_class = CourseTreeSerializer
    read_scope = Scope.CHECK
    write_scope = Scope.PREP

    @extend_schema(responses=CourseTreeSerializer)
    def retrieve_tree(self, request: Request, pk: UUID) -> HttpResponseBase:
        """Read a node with its entries and, nested, everything below it. Extracted text is not in it."""
        tenant, is_published_only = get_tenant(request), not may_see_drafts(request)

        def build_response() -> Response:
            tree = get_tree(tenant=tenant, node_id=pk)
            marks = find_structure_marks(tenant=tenant, tree=tree, is_published_only=is_published_only)
            return Response(CourseTreeSerializer(tree, marks=marks).data)

        etag = build_version_etag(request, read_course_version(tenant=tenant, node_id=pk), is_published_only)
        return conditional_response(request, etag, build_response)
