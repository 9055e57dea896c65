"""JSON shapes of uploads and downloads."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from materials.entries.serializers import EntryErrorSerializer
from materials.models import Upload, UploadStatus
from materials.serializers import LANGUAGE_TAG_PATTERN
from materials.uploads.services import MAX_PART_URLS, UploadProgress
from project.http.serializers import KnownChoiceField, ListQuerySerializer, StrictCharField, StrictSerializer
from project.jobs.serializers import PrioritySerializer

UPLOAD_STATES = [(state, state) for state in ("open", "verifying", "complete", "refused", "aborted", "expired")]


class UploadCreateSerializer(PrioritySerializer):
    """A file that is going to be sent to the store."""

    name = StrictCharField(max_length=500)
    # JSON numbers are exact up to 2**53 in JavaScript (RFC 8259, section 6); the settings allow less.
    size_bytes = serializers.IntegerField(min_value=1, max_value=2**53)
    sha256 = serializers.RegexField(r"^[0-9A-Fa-f]{64}$", help_text="Of the whole file, hexadecimal.")
    content_type = StrictCharField(
        max_length=255,
        required=False,
        default="",
        allow_blank=True,
        help_text="For your own use: the format is detected from the bytes.",
    )
    language = serializers.RegexField(
        LANGUAGE_TAG_PATTERN,
        max_length=35,
        required=False,
        default="",
        allow_blank=True,
        help_text="BCP 47 tag of a recording's speech; default: that of the nearest node above, else it is detected.",
    )
    use_captions = serializers.BooleanField(
        required=False, default=True, help_text="`false`: transcribe a recording even when there are captions."
    )


class UploadListSerializer(ListQuerySerializer):
    """Which uploads to list."""

    status = KnownChoiceField(choices=UploadStatus.choices, required=False)


class UploadSerializer(serializers.ModelSerializer[Upload]):
    """A file that is sent to the store. While the job `job` reads it, the state is `verifying`."""

    node = serializers.UUIDField(source="node_id", read_only=True, allow_null=True)
    state = serializers.ChoiceField(choices=UPLOAD_STATES, read_only=True)
    entry = serializers.UUIDField(source="entry_id", read_only=True, allow_null=True)
    job = serializers.UUIDField(source="job_id", read_only=True, allow_null=True)
    error = serializers.SerializerMethodField(help_text="Why the file was refused.")

    class Meta:
        model = Upload
        fields = (
            "id",
            "node",
            "name",
            "size_bytes",
            "sha256",
            "content_type",
            "language",
            "use_captions",
            "state",
            "entry",
            "job",
            "error",
            "part_bytes",
            "expires_at",
            "created_at",
        )
        read_only_fields = fields

    @extend_schema_field(EntryErrorSerializer(allow_null=True))
    def get_error(self, upload: Upload) -> dict[str, Any] | None:
        if not upload.error_code:
            return None
        return {"code": upload.error_code, "message": upload.error_message, "next_step": upload.next_step}


class PartSerializer(serializers.Serializer[Any]):
    """A part that has not arrived, and where to PUT exactly its bytes. Send `headers` along as they are."""

    number = serializers.IntegerField(help_text="1-based. Part n begins at byte (n - 1) * `part_bytes`.")
    size_bytes = serializers.IntegerField()
    url = serializers.CharField()
    headers = serializers.DictField(child=serializers.CharField())


class UploadProgressSerializer(UploadSerializer):
    """An upload, which parts of it have arrived, and URLs for the first of those that have not."""

    parts = serializers.IntegerField(read_only=True, help_text="1: the file is sent in one piece.")
    arrived = serializers.ListField(
        child=serializers.IntegerField(), read_only=True, help_text="Numbers of the parts that have arrived."
    )
    urls = PartSerializer(many=True, read_only=True, help_text=f"At most {MAX_PART_URLS}; read again for more.")
    urls_expire_at = serializers.DateTimeField(read_only=True, allow_null=True)

    class Meta:
        model = Upload
        fields = (*UploadSerializer.Meta.fields, "parts", "arrived", "urls", "urls_expire_at")
        read_only_fields = fields

    def to_representation(self, instance: Any) -> dict[str, Any]:
        """Represent an `UploadProgress`. The request in the context completes paths of this service to URLs."""
        progress: UploadProgress = instance
        request = self.context["request"]
        return {
            **UploadSerializer(progress.upload).data,
            "parts": progress.parts,
            "arrived": list(progress.arrived),
            "urls": [
                {
                    "number": part.number,
                    "size_bytes": part.size_bytes,
                    "url": request.build_absolute_uri(part.signed_url.url),
                    "headers": dict(part.signed_url.headers),
                }
                for part in progress.missing
            ],
            "urls_expire_at": progress.urls_expire_at,
        }


class DownloadSerializer(serializers.Serializer[Any]):
    """Where to read an entry's file: with GET, without a key, until `expires_at`. `Range` is supported."""

    url = serializers.CharField()
    expires_at = serializers.DateTimeField()
    name = serializers.CharField()
    media_type = serializers.CharField()
    size_bytes = serializers.IntegerField()
    sha256 = serializers.CharField()


class SignedQuerySerializer(StrictSerializer):
    """The query of a signed URL."""

    expires = serializers.CharField()
    signature = serializers.CharField()
