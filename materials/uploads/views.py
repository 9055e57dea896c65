"""REST endpoints of direct uploads, downloads and signed URLs."""

from __future__ import annotations

from uuid import UUID

from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import status, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from materials.entries.intake import EntryOptions
from materials.entries.serializers import EntrySerializer
from materials.models import MaterialEntry, Upload
from materials.objects.views import add_storage_warning
from materials.problem_codes import FILE_CODES, RECORDING_CODES, SIGNED_CODES
from materials.uploads.downloads import describe_entry_file, get_download
from materials.uploads.file_responses import build_file_response
from materials.uploads.queries import get_signed_entry
from materials.uploads.serializers import (
    DownloadSerializer,
    SignedQuerySerializer,
    UploadCreateSerializer,
    UploadListSerializer,
    UploadProgressSerializer,
    UploadSerializer,
)
from materials.uploads.services import (
    AnnouncedFile,
    UploadProgress,
    abort_upload,
    complete_upload,
    get_upload_progress,
    open_upload,
    receive_part,
)
from materials.uploads.signatures import verify_signed_url
from project.http.idempotency import run_in_steps
from project.http.responses import created_response, paginated_response, validated, validated_query
from project.http.schema import declare_problems
from project.jobs.models import Job
from project.jobs.priorities import get_requested_priority
from project.jobs.serializers import JobSerializer
from project.jobs.views import accepted_response
from tenants.idempotency import IdempotentActions
from tenants.requests import get_tenant
from tenants.scopes import Scope


class NodeUploadViewSet(IdempotentActions, viewsets.GenericViewSet[Upload]):
    """Direct uploads of a node: for large files and unreliable connections."""

    queryset = Upload.objects.none()
    read_scope = Scope.PREP
    write_scope = Scope.PREP

    @declare_problems("name_missing", "quota_exceeded", "type_unsupported", "upload_too_large")
    @extend_schema(request=UploadCreateSerializer, responses={201: UploadProgressSerializer})
    @run_in_steps
    def create(self, request: Request, pk: UUID) -> Response:
        """Announce a file, and learn where to PUT it: in one piece up to 50 MiB, else in parts.

        Send each part to its `url`, in any order, several at once; then complete the upload. Its size is set aside of
        the tenant's quota until then. What is not completed by `expires_at` is removed.
        """
        fields = validated(UploadCreateSerializer(data=request.data))
        progress = open_upload(
            tenant=get_tenant(request),
            node_id=pk,
            announced=AnnouncedFile(
                **{name: fields[name] for name in ("name", "size_bytes", "sha256", "content_type")}
            ),
            options=EntryOptions(
                language=fields["language"],
                use_captions=fields["use_captions"],
                priority=get_requested_priority(request, fields["priority"]),
            ),
        )
        answer = created_response(
            _represent_progress(progress, request), location=f"/api/v1/uploads/{progress.upload.pk}"
        )
        return add_storage_warning(answer, progress.warning)


class UploadViewSet(IdempotentActions, viewsets.GenericViewSet[Upload]):
    """Uploads by their own id. Reading one returns URLs to write to, so it needs the scope `prep`."""

    queryset = Upload.objects.none()
    serializer_class = UploadSerializer
    serves_restricted_keys = True
    read_scope = Scope.PREP
    write_scope = Scope.PREP

    @extend_schema(parameters=[UploadListSerializer], responses=UploadSerializer(many=True))
    def list(self, request: Request) -> Response:
        """List uploads, newest first, to find one that was broken off."""
        chosen = validated_query(request, UploadListSerializer)
        rows = Upload.objects.for_tenant(get_tenant(request)).with_job().filter(**chosen)
        return paginated_response(self, rows.order_by("-created_at", "-id"), UploadSerializer)

    @extend_schema(responses=UploadProgressSerializer)
    def retrieve(self, request: Request, pk: UUID) -> Response:
        """Read which parts have arrived, with fresh URLs for those that have not: so an upload is resumed."""
        return Response(_represent_progress(get_upload_progress(tenant=get_tenant(request), upload_id=pk), request))

    @declare_problems("upload_closed")
    @run_in_steps
    def destroy(self, request: Request, pk: UUID) -> Response:
        """Abort an upload and remove what has arrived of it."""
        abort_upload(tenant=get_tenant(request), upload_id=pk)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @declare_problems(
        *FILE_CODES, *RECORDING_CODES, "conflict", "job_already_open", "parts_missing", "sha256_mismatch",
        "size_mismatch", "upload_closed",
    )  # fmt: skip
    @extend_schema(request=None, responses={201: EntrySerializer, 200: EntrySerializer, 202: JobSerializer})
    @run_in_steps
    def complete(self, request: Request, pk: UUID) -> Response:
        """Verify size, type and SHA-256 of what has arrived, and make it an entry.

        A file in one piece is verified at once: 201 with the entry, or 200 with the entry that already has the same
        bytes in the node. A file in parts is verified by a job: 202, and the job's `result` names the `entry`. What is
        not what was announced is removed (422, or the job's error). Completing twice gives the same entry.
        """
        done = complete_upload(tenant=get_tenant(request), upload_id=pk)
        if isinstance(done, Job):
            return accepted_response(done)
        answer = EntrySerializer(done.entry).data
        return (
            created_response(answer, location=f"/api/v1/entries/{done.entry.pk}") if done.created else Response(answer)
        )


class DownloadViewSet(viewsets.GenericViewSet[MaterialEntry]):
    """The stored files of entries."""

    queryset = MaterialEntry.objects.none()
    read_scope = Scope.CHECK
    write_scope = Scope.PREP

    @declare_problems("nothing_to_download")
    @extend_schema(responses=DownloadSerializer)
    def get_download_url(self, request: Request, pk: UUID) -> Response:
        """Get a URL where the entry's file can be read for some minutes, without a key.

        It is a URL, not a redirect, because clients would send the key along to the store.
        """
        download = get_download(tenant=get_tenant(request), entry_id=pk)
        data = DownloadSerializer(download).data
        return Response({**data, "url": request.build_absolute_uri(download.url)})


class SignedURLViewSet(viewsets.GenericViewSet[MaterialEntry]):
    """Parts and files by signed URLs of this service. A store that signs URLs itself (S3) makes these unused."""

    queryset = MaterialEntry.objects.none()
    authentication_classes = ()
    permission_classes = ()
    throttle_classes = ()

    @declare_problems(*SIGNED_CODES, "size_mismatch", "too_many_transfers", "upload_closed", "upload_incomplete")
    @extend_schema(
        parameters=[SignedQuerySerializer],
        request={"application/octet-stream": OpenApiTypes.BINARY},
        responses={204: None},
    )
    def put_part(self, request: Request, pk: UUID, number: int) -> Response:
        """Send a part of an upload, as a raw body of exactly its size."""
        verify_signed_url(request)
        receive_part(upload_id=pk, number=number, request=request._request)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @declare_problems(*SIGNED_CODES, "too_many_transfers")
    @extend_schema(
        parameters=[SignedQuerySerializer], responses={(200, "application/octet-stream"): OpenApiTypes.BINARY}
    )
    def download_file(self, request: Request, pk: UUID) -> HttpResponseBase:
        """Read an entry's file, or the part of it that `Range` names, as an attachment."""
        verify_signed_url(request)
        return build_file_response(request._request, describe_entry_file(get_signed_entry(entry_id=pk)))


def _represent_progress(progress: UploadProgress, request: Request) -> dict[str, object]:
    shape = UploadProgressSerializer(progress, context={"request": request})  # type: ignore[arg-type]  # shows its upload
    return dict(shape.data)
