"""The REST endpoint of how far the work at and below a node is.

It is here and not with the other endpoints of nodes, because materials know no jobs of structures.
"""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import status, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from materials.models import MaterialNode
from project.http.event_streams import (
    EVENT_STREAM,
    EventStreamRenderer,
    NodeWatch,
    can_wait,
    present_events_response,
    read_last_event_id,
    watch_response,
)
from project.http.schema import LAST_EVENT_ID, NOTHING_NEW, declare_problems
from project.jobs.access import list_hidden_kinds, select_readable_jobs
from structures.node_status.events import build_node_events, load_node_view
from structures.node_status.queries import load_node_status
from structures.node_status.serializers import NodeStatusSerializer
from tenants.requests import get_api_key, get_tenant
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
        found = load_node_status(tenant=get_tenant(request), node_id=pk, readable=select_readable_jobs(request))
        return Response(NodeStatusSerializer(found).data)


class NodeEventsViewSet(viewsets.GenericViewSet[MaterialNode]):
    """What happens to the jobs of a course, as it happens."""

    queryset = MaterialNode.objects.none()
    renderer_classes = (EventStreamRenderer,)
    read_scope = Scope.CHECK
    write_scope = Scope.PREP

    @declare_problems("too_many_streams")
    @extend_schema(
        parameters=[LAST_EVENT_ID],
        responses={(200, EVENT_STREAM): OpenApiTypes.STR, 204: OpenApiResponse(description=NOTHING_NEW)},
    )
    def stream_events(self, request: Request, pk: UUID) -> HttpResponse:
        """Follow all jobs at and below a node: server-sent events, until the last open job has ended.

        `progress` has what `GET /nodes/{id}/status` says, without `failures` and `estimated_end`, at the start and at
        most once a second; `state`, `progress` of a job (it has `job`) and `log` are as in `GET /jobs/{id}/events`.
        With `Last-Event-ID` the jobs that have changed since come first; one may come twice. When nothing is open at
        the start, the stream waits for work. A server that cannot wait sends what there is and ends: come again
        after `retry`.
        """
        key = get_api_key(request)
        watch = NodeWatch(
            tenant_id=key.tenant_id,
            key_id=key.pk,
            node_id=pk,
            hidden_kinds=tuple(list_hidden_kinds(request)),
            last_event_id=read_last_event_id(request),
        )
        view = load_node_view(
            tenant_id=watch.tenant_id, node_id=pk, hidden_kinds=watch.hidden_kinds, since=watch.last_event_id
        )
        if watch.last_event_id is not None and view.is_settled and not view.jobs:
            return Response(status=status.HTTP_204_NO_CONTENT)
        if can_wait(request):
            return watch_response(request, watch)
        return present_events_response(build_node_events(view, {}))
