"""The REST endpoint of how far the work at and below a node is.

It is here and not with the other endpoints of nodes, because materials know no jobs of structures.
"""

from __future__ import annotations

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from materials.models import MaterialNode
from project.jobs.access import select_readable_jobs
from structures.node_status.queries import load_node_status
from structures.node_status.serializers import NodeStatusSerializer
from tenants.requests import get_tenant
from tenants.scopes import Scope


class NodeStatusViewSet(viewsets.GenericViewSet[MaterialNode]):
    """The state of a course."""

    queryset = MaterialNode.objects.none()
    read_scope = Scope.CHECK
    write_scope = Scope.PREP

    @extend_schema(responses=NodeStatusSerializer)
    def retrieve_status(self, request: Request, pk: UUID) -> Response:
        """Read how far all work at and below a node is: entries and jobs by state, stages, failures, expected end.

        Jobs that the key may not read are not counted. It costs two statements however large the course is, and a few
        more for the forecast while jobs are open.
        """
        status = load_node_status(tenant=get_tenant(request), node_id=pk, readable=select_readable_jobs(request))
        return Response(NodeStatusSerializer(status).data)
