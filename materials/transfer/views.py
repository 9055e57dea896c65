"""REST endpoints of imports and exports."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from django.http import StreamingHttpResponse
from django.utils.http import content_disposition_header
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from materials.entries.intake import EntryOptions
from materials.models import ImportItem, ItemKind, MaterialImport, MaterialNode
from materials.problem_codes import ARCHIVE_CODES, SENDING_CODES
from materials.transfer.export import export_materials
from materials.transfer.queries import get_import
from materials.transfer.serializers import (
    ImportItemListSerializer,
    ImportItemSerializer,
    ImportOptionsSerializer,
    ImportSerializer,
)
from materials.transfer.services import request_import
from materials.tree.serializers import NodeSerializer
from project.http.idempotency import run_in_steps
from project.http.responses import paginated_response, validated, validated_query
from project.http.schema import declare_problems
from project.http.transfers import hold_transfer_slot
from project.jobs.priorities import get_requested_priority
from project.jobs.serializers import JobSerializer
from project.jobs.views import accepted_response
from tenants.idempotency import IdempotentActions
from tenants.requests import get_tenant
from tenants.scopes import Scope


class NodeTransferViewSet(IdempotentActions, viewsets.GenericViewSet[MaterialNode]):
    """Import into and export from a node."""

    queryset = MaterialNode.objects.none()
    serializer_class = NodeSerializer
    takes_files = True
    read_scope = Scope.CHECK
    write_scope = Scope.PREP
    action_scopes: ClassVar = {"export_archive": Scope.EXPORT}

    @declare_problems(*ARCHIVE_CODES, *SENDING_CODES)
    @extend_schema(
        request={
            "multipart/form-data": {
                "type": "object",
                "properties": {"file": {"type": "string", "format": "binary"}, "name": {"type": "string"}},
                "required": ["file"],
            },
            "application/zip": OpenApiTypes.BINARY,
            "application/gzip": OpenApiTypes.BINARY,
            "application/epub+zip": OpenApiTypes.BINARY,
        },
        parameters=[
            ImportOptionsSerializer,
            OpenApiParameter(
                "Content-Disposition",
                location=OpenApiParameter.HEADER,
                description='With a raw body: `attachment; filename="course.zip"`.',
            ),
        ],
        responses={202: JobSerializer},
    )
    @run_in_steps
    def request_import(self, request: Request, pk: UUID) -> Response:
        """Import an archive (zip, tar.gz): its folders become nodes below the node, its files entries.

        A course package (Common Cartridge, SCORM, EPUB, OLX of Open edX) becomes the course that it describes: nodes
        and entries have the titles and the order that it gives them.

        Send it as a multipart form (field `file`) or as a raw body. Follow the job in `Location`; its `subject` is the
        import, whose report is read at `/imports/{id}`.
        """
        fields = validated(ImportOptionsSerializer(data=request.query_params.dict()))
        job = request_import(
            tenant=get_tenant(request),
            node_id=pk,
            request=request._request,
            options=EntryOptions(
                language=fields.get("language", ""),
                use_captions=fields["use_captions"],
                priority=get_requested_priority(request, fields["priority"]),
            ),
            unwrap=fields["unwrap"],
        )
        return accepted_response(job)

    @declare_problems("export_incomplete", "too_many_transfers")
    @extend_schema(operation_id="nodes_materials_zip", responses={(200, "application/zip"): OpenApiTypes.BINARY})
    def export_archive(self, request: Request, pk: UUID) -> StreamingHttpResponse:
        """Export the files of the node and of all below it as a zip with a manifest, made while it is sent."""
        hold_transfer_slot(request._request, str(get_tenant(request).pk))
        export = export_materials(tenant=get_tenant(request), node_id=pk)
        return StreamingHttpResponse(
            export.pieces,
            content_type="application/zip",
            headers={
                "Content-Length": str(export.length),
                "Content-Disposition": content_disposition_header(True, export.name) or "attachment",
                "Cache-Control": "no-store",
                # nginx would copy up to 1 GB of the response to its disk when the client is slower than the store.
                "X-Accel-Buffering": "no",
            },
        )


class ImportViewSet(viewsets.GenericViewSet[MaterialImport]):
    """Imports and what became of each file in them."""

    queryset = MaterialImport.objects.none()
    serializer_class = ImportSerializer
    read_scope = Scope.CHECK
    write_scope = Scope.PREP

    def retrieve(self, request: Request, pk: UUID) -> Response:
        """Read an import: how many files were taken, and how many were not, by reason."""
        return Response(ImportSerializer(get_import(tenant=get_tenant(request), import_id=pk)).data)

    @extend_schema(parameters=[ImportItemListSerializer], responses=ImportItemSerializer(many=True))
    def list_items(self, request: Request, pk: UUID) -> Response:
        """List the files and folders of an import in order, with what became of each and why."""
        chosen = validated_query(request, ImportItemListSerializer)
        batch = get_import(tenant=get_tenant(request), import_id=pk)
        rows = ImportItem.objects.for_tenant(get_tenant(request)).filter(batch=batch)
        if (is_folder := chosen.pop("is_folder")) is not None:
            rows = rows.filter(kind=ItemKind.FOLDER if is_folder else ItemKind.FILE)
        rows = rows.filter(**chosen)
        return paginated_response(self, rows.order_by("position", "id"), ImportItemSerializer)
