"""REST endpoints of exports."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import PolymorphicProxySerializer, extend_schema
from rest_framework import status, viewsets
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from materials.problem_codes import SIGNED_CODES
from materials.uploads.file_responses import build_file_response
from materials.uploads.serializers import DownloadSerializer, SignedQuerySerializer
from materials.uploads.signatures import verify_signed_url
from project.errors import NotFound
from project.http.negotiation import FormatIsAFilter
from project.http.responses import paginated_response, validated, validated_query
from project.http.schema import declare_problems
from project.jobs.serializers import JobSerializer
from project.jobs.views import accepted_response
from structures.export_files.queries import get_readable_export, get_signed_export, list_readable_exports
from structures.export_files.serializers import (
    LIST,
    ExportCreateSerializer,
    ExportFormatDetailSerializer,
    ExportFormatSerializer,
    ExportFormatsSerializer,
    ExportListQuerySerializer,
    ExportSerializer,
    ExportSummarySerializer,
)
from structures.export_files.services import build_download, delete_export, describe_export_file, request_export
from structures.exports.registry import EXPORT_FORMATS
from structures.models import Export
from structures.reviews.access import get_readable_snapshot
from tenants.idempotency import IdempotentActions
from tenants.requests import get_tenant
from tenants.scopes import Scope

_EXPORT_OR_FORMAT = PolymorphicProxySerializer(
    component_name="ExportOrFormat",
    serializers=[ExportSummarySerializer, ExportFormatSerializer],
    resource_type_field_name=None,
    many=True,
)


class ExportFormatsView(APIView):
    """The formats that structures are exported in."""

    serves_restricted_keys = True
    read_scope = Scope.CHECK
    write_scope = Scope.PREP

    @extend_schema(responses=ExportFormatsSerializer, operation_id="export_formats_list")
    def get(self, request: Request) -> Response:
        """List the formats: for whom each is, what options it has, and the version that this server writes."""
        return _formats_response()


class ExportFormatView(APIView):
    """One format that structures are exported in."""

    serves_restricted_keys = True
    read_scope = Scope.CHECK
    write_scope = Scope.PREP

    @extend_schema(responses=ExportFormatDetailSerializer, operation_id="export_formats_retrieve")
    def get(self, request: Request, name: str) -> Response:
        """Read a format, with the JSON Schema of its documents where it has one."""
        if name not in EXPORT_FORMATS:
            raise NotFound(f"There is no format {name}.", next_step=f"Known: {', '.join(EXPORT_FORMATS)}.")
        return Response(ExportFormatDetailSerializer(EXPORT_FORMATS[name]).data)


class SnapshotExportViewSet(IdempotentActions, viewsets.GenericViewSet[Export]):
    """The exports of one snapshot."""

    queryset = Export.objects.none()
    serializer_class = ExportSummarySerializer
    content_negotiation_class = FormatIsAFilter
    read_scope = Scope.CHECK
    write_scope = Scope.EXPORT

    @extend_schema(parameters=[ExportListQuerySerializer], responses=_EXPORT_OR_FORMAT)
    def list(self, request: Request, pk: UUID) -> Response:
        """List the exports of a snapshot, newest first; `format=list` lists what formats there are."""
        query = validated_query(request, ExportListQuerySerializer)
        if query.get("format") == LIST:
            get_readable_snapshot(request, pk)
            return _formats_response()
        rows = list_readable_exports(request, snapshot_id=pk, format_name=query.get("format", ""))
        return paginated_response(self, rows, ExportSummarySerializer)

    @declare_problems("job_already_open", "quota_exceeded")
    @extend_schema(request=ExportCreateSerializer, responses={200: ExportSerializer, 202: JobSerializer})
    def create(self, request: Request, pk: UUID) -> Response:
        """Export the snapshot: 202 with the job, whose `subject` is the export, or 200 with the export that is there.

        The same snapshot, format and options are exported once. Keys without the scope `prep` export what is or was
        published.
        """
        get_readable_snapshot(request, pk)
        wanted: dict[str, Any] = validated(ExportCreateSerializer(data=request.data))
        export = request_export(tenant=get_tenant(request), snapshot_id=pk, **wanted)
        if not export.is_ready and export.job is not None:
            return accepted_response(export.job)
        return Response(ExportSerializer(export).data, headers={"Location": f"/api/v1/exports/{export.pk}"})


class ExportViewSet(IdempotentActions, viewsets.GenericViewSet[Export]):
    """Exports by their own id. Keys without the scope `prep` find those of snapshots that are or were published."""

    queryset = Export.objects.none()
    serializer_class = ExportSerializer
    read_scope = Scope.CHECK
    write_scope = Scope.PREP
    action_scopes: ClassVar = {"get_download_url": Scope.EXPORT}

    @extend_schema(responses=ExportSerializer)
    def retrieve(self, request: Request, pk: UUID) -> Response:
        """Read an export: its state, its file, what the format did not carry, and what a validator said."""
        return Response(ExportSerializer(get_readable_export(request, pk)).data)

    @declare_problems("export_not_ready")
    @extend_schema(responses=DownloadSerializer)
    def get_download_url(self, request: Request, pk: UUID) -> Response:
        """Get a URL where the file can be read for some minutes, without a key."""
        download = build_download(get_readable_export(request, pk))
        data = DownloadSerializer(download).data
        return Response({**data, "url": request.build_absolute_uri(download.url)})

    def destroy(self, request: Request, pk: UUID) -> Response:
        """Delete an export and its file. It can be made again."""
        delete_export(tenant=get_tenant(request), export_id=pk)
        return Response(status=status.HTTP_204_NO_CONTENT)


class ExportFileViewSet(viewsets.GenericViewSet[Export]):
    """Files of exports by signed URLs of this service. A store that signs URLs itself (S3) makes this unused."""

    queryset = Export.objects.none()
    authentication_classes = ()
    permission_classes = ()
    throttle_classes = ()

    @declare_problems(*SIGNED_CODES, "too_many_transfers")
    @extend_schema(
        parameters=[SignedQuerySerializer], responses={(200, "application/octet-stream"): OpenApiTypes.BINARY}
    )
    def download_file(self, request: Request, pk: UUID) -> HttpResponseBase:
        """Read an export's file, or the part of it that `Range` names, as an attachment."""
        verify_signed_url(request)
        return build_file_response(request._request, describe_export_file(get_signed_export(export_id=pk)))


def _formats_response() -> Response:
    page = {"data": list(EXPORT_FORMATS.values()), "has_more": False, "next_cursor": None}
    return Response(ExportFormatsSerializer(page).data)
