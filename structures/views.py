"""REST endpoints of snapshots."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.http.response import HttpResponseBase
from drf_spectacular.utils import extend_schema
from rest_framework import viewsets
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from project.http.etags import build_version_etag, conditional_response
from project.http.responses import validated
from project.http.schema import declare_problems
from structures.export_files.renderers import ExportRenderer, build_renderers
from structures.exports.base import ExportedSnapshot
from structures.models import StructureSnapshot
from structures.queries import iter_stored_nodes, load_structure_tree
from structures.reviews.access import get_readable_snapshot, may_see_drafts
from structures.reviews.queries import get_default_snapshot
from structures.reviews.serializers import StructureQuerySerializer
from structures.serializers import SnapshotSerializer, build_snapshot_json
from structures.staleness.queries import find_changes
from structures.staleness.versions import read_course_version
from tenants.requests import get_tenant
from tenants.scopes import Scope


class SnapshotViewSet(viewsets.GenericViewSet[StructureSnapshot]):
    """Snapshots, as JSON or in an export format."""

    queryset = StructureSnapshot.objects.none()
    serializer_class = SnapshotSerializer
    read_scope = Scope.CHECK
    write_scope = Scope.PREP
    renderer_classes = (JSONRenderer, *build_renderers())

    @declare_problems("drafts_hidden", "nothing_published")
    @extend_schema(parameters=[StructureQuerySerializer], responses=SnapshotSerializer)
    def retrieve_default(self, request: Request, pk: UUID) -> HttpResponseBase:
        """Read the node's structure: what is published, or its newest one."""
        wanted = validated(StructureQuerySerializer(data=request.query_params.dict()))
        snapshot = get_default_snapshot(
            tenant=get_tenant(request),
            node_id=pk,
            version=wanted.get("version", ""),
            may_see_drafts=may_see_drafts(request),
        )
        return _conditional_snapshot_response(request, snapshot)

    @extend_schema(responses=SnapshotSerializer)
    def retrieve(self, request: Request, pk: UUID) -> HttpResponseBase:
        """Read one snapshot. Keys without the scope `prep` find those that are or were published."""
        return _conditional_snapshot_response(request, get_readable_snapshot(request, pk))


def _conditional_snapshot_response(request: Request, snapshot: StructureSnapshot) -> HttpResponseBase:
    version = read_course_version(tenant=get_tenant(request), node_id=snapshot.node_id)
    etag = build_version_etag(request, snapshot.pk, settings.APPROVALS_REQUIRED, version)
    return conditional_response(request, etag, lambda: snapshot_response(request, snapshot))


def snapshot_response(request: Request, snapshot: StructureSnapshot) -> Response:
    """Return the response with a snapshot in the representation that the client accepts."""
    children = load_structure_tree(snapshot)
    if isinstance(request.accepted_renderer, ExportRenderer):
        return Response(ExportedSnapshot(course=snapshot, modules=children))
    references = (reference for node in iter_stored_nodes(children) for reference in node.references)
    changes = find_changes(tenant=get_tenant(request), snapshot=snapshot, references=references)
    return Response(build_snapshot_json(snapshot, children, changes))
