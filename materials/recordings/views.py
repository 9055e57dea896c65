"""REST endpoints of key frames."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from materials.models import KeyFrame
from materials.objects.stored_files import refuse_missing_file
from materials.queries import get_entry
from materials.recordings.queries import get_frame
from materials.recordings.serializers import KeyFrameSerializer
from project.http.responses import paginated_response, validated_query
from project.http.schema import declare_problems
from project.storage.objects import get_object_storage
from tenants.requests import get_tenant
from tenants.scopes import Scope


class EntryFrameViewSet(viewsets.GenericViewSet[KeyFrame]):
    """The key frames of one video."""

    queryset = KeyFrame.objects.none()
    serializer_class = KeyFrameSerializer
    read_scope = Scope.CHECK
    write_scope = Scope.PREP

    @extend_schema(responses=KeyFrameSerializer(many=True))
    def list(self, request: Request, pk: UUID) -> Response:
        """List a video's key frames in order of time, with the descriptions of a vision model."""
        validated_query(request)
        entry = get_entry(tenant=get_tenant(request), entry_id=pk)
        rows = KeyFrame.objects.for_tenant(get_tenant(request)).filter(entry=entry)
        return paginated_response(self, rows.order_by("start_ms", "id"), KeyFrameSerializer)


class FrameViewSet(viewsets.GenericViewSet[KeyFrame]):
    """Key frames by their own id."""

    queryset = KeyFrame.objects.none()
    serializer_class = KeyFrameSerializer
    read_scope = Scope.CHECK
    write_scope = Scope.PREP

    @declare_problems("stored_file_missing")
    @extend_schema(responses={(200, "image/jpeg"): OpenApiTypes.BINARY})
    def retrieve_picture(self, request: Request, pk: UUID) -> HttpResponse:
        """Read a key frame's picture."""
        frame = get_frame(tenant=get_tenant(request), frame_id=pk)
        with (
            refuse_missing_file(f"The picture at {frame.start_ms // 1000} s"),
            get_object_storage().open(frame.object_key) as file,
        ):
            return HttpResponse(file.read(), content_type="image/jpeg")
