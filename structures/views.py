"""The doors of structures: each parses, makes one call and answers."""

from __future__ import annotations

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import viewsets
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from project.http.answers import asked, page, valid
from project.jobs.serializers import JobSerializer
from project.jobs.views import accepted
from structures import queries, services
from structures.markdown import render
from structures.models import StructureSnapshot
from structures.serializers import (
    GenerateSerializer,
    PlanSerializer,
    SnapshotSerializer,
    SnapshotSummarySerializer,
    StructureNodeSerializer,
)
from tenants.requests import tenant_of
from tenants.scopes import Scope


class MarkdownRenderer(BaseRenderer):
    """Structures as Markdown, for people: `Accept: text/markdown` or `?format=markdown`."""

    media_type = "text/markdown"
    format = "markdown"
    charset = "utf-8"

    def render(self, data: object, *_context: object) -> bytes:
        return str(data).encode()


class NodeStructureViewSet(viewsets.GenericViewSet[StructureSnapshot]):
    """The structures of one material node."""

    queryset = StructureSnapshot.objects.none()
    serializer_class = SnapshotSummarySerializer
    read_scope = Scope.CHECK
    write_scope = Scope.PREP

    @extend_schema(request=GenerateSerializer, responses={200: SnapshotSerializer, 202: JobSerializer})
    def generate(self, request: Request, pk: UUID) -> Response:
        """Make a structure of everything below the node.

        Answers 202 with a job to follow; when nothing has changed since the newest snapshot of the same engine and
        options, 200 with that snapshot.
        """
        wanted = valid(GenerateSerializer(data=request.data))
        requested = services.request_generation(tenant=tenant_of(request), node_id=pk, **wanted)
        if requested.job is not None:
            return accepted(requested.job)
        assert requested.snapshot is not None
        return _snapshot(request, requested.snapshot)

    @extend_schema(parameters=[GenerateSerializer], responses=PlanSerializer)
    def plan(self, request: Request, pk: UUID) -> Response:
        """Read what a generation would ask models if it began now, and what that is expected to cost. Asks nothing."""
        wanted = valid(GenerateSerializer(data=request.query_params.dict()))
        return Response(services.plan_generation(tenant=tenant_of(request), node_id=pk, **wanted))

    @extend_schema(responses=SnapshotSummarySerializer(many=True))
    def history(self, request: Request, pk: UUID) -> Response:
        """List the node's snapshots, newest first."""
        asked(request)
        return page(self, queries.snapshots_of(tenant=tenant_of(request), node_id=pk), SnapshotSummarySerializer)


class SnapshotViewSet(viewsets.GenericViewSet[StructureSnapshot]):
    """Snapshots, as JSON or as Markdown."""

    queryset = StructureSnapshot.objects.none()
    serializer_class = SnapshotSerializer
    read_scope = Scope.CHECK
    write_scope = Scope.PREP
    renderer_classes = (JSONRenderer, MarkdownRenderer)

    @extend_schema(responses=SnapshotSerializer)
    def latest(self, request: Request, pk: UUID) -> Response:
        """Read the node's newest structure."""
        return _snapshot(request, queries.latest_snapshot(tenant=tenant_of(request), node_id=pk))

    @extend_schema(responses=SnapshotSerializer)
    def retrieve(self, request: Request, pk: UUID) -> Response:
        """Read one snapshot."""
        return _snapshot(request, queries.get_snapshot(tenant=tenant_of(request), snapshot_id=pk))


def _snapshot(request: Request, snapshot: StructureSnapshot) -> Response:
    children = queries.nodes_of(snapshot)
    if isinstance(request.accepted_renderer, MarkdownRenderer):
        return Response(render(snapshot, children))
    shape = StructureNodeSerializer()
    shown = [shape.to_representation(child) for child in children]
    return Response({**SnapshotSummarySerializer(snapshot).data, "children": shown})
