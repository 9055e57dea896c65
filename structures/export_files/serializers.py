"""JSON shapes of exports and of their formats."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from project.http.serializers import ListQuerySerializer, StrictCharField, StrictSerializer
from project.jobs.models import JobStatus
from structures.exports.base import ExportFormat
from structures.exports.json_document import JSONFormat, read_schema
from structures.exports.options import ExportOption, OptionsRefused, OptionType, complete_options
from structures.exports.registry import EXPORT_FORMATS
from structures.models import Export
from structures.models.exports import LOST, READY

LIST = "list"
EXPORT_STATES = [(state, state) for state in (READY, *JobStatus.values, LOST)]


def _refuse_format(name: str) -> serializers.ValidationError:
    known = ", ".join(EXPORT_FORMATS)
    detail = serializers.ErrorDetail(f"There is no format {name[:50]!r}. Known: {known}.", code="unknown_format")
    return serializers.ValidationError({"format": [detail]})


class ExportCreateSerializer(StrictSerializer):
    """What is to be exported as what. `GET /export-formats` says which formats there are and what options they have."""

    format = StrictCharField(max_length=100, help_text="The `name` of a format.")
    options = serializers.DictField(
        required=False, default=dict, help_text="Those that are left out have their defaults."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Replace the name by the format, and complete its options."""
        export_format = EXPORT_FORMATS.get(attrs["format"])
        if export_format is None:
            raise _refuse_format(attrs["format"])
        try:
            options = complete_options(export_format.options, attrs["options"])
        except OptionsRefused as exc:
            faults = {
                name: [serializers.ErrorDetail(fault, code="option_refused")] for name, fault in exc.faults.items()
            }
            raise serializers.ValidationError({"options": faults}) from exc
        return {"export_format": export_format, "options": options}


class ExportListQuerySerializer(ListQuerySerializer):
    """Which exports to list."""

    # Beside those of every list; `format` is one of ours here, not the representation of the answer.
    _COMMON_PARAMETERS = frozenset({"limit", "cursor"})

    format = StrictCharField(
        required=False,
        max_length=100,
        help_text=f"Only exports of this format; `{LIST}` answers as `GET /export-formats`.",
    )

    def validate_format(self, value: str) -> str:
        """Refuse the name of a format that does not exist."""
        if value not in {LIST, *EXPORT_FORMATS}:
            raise serializers.ValidationError(_refuse_format(value).detail["format"])  # type: ignore[call-overload]  # a mapping
        return value


class ExportOptionSerializer(serializers.Serializer[ExportOption]):
    """One option of a format."""

    name = serializers.CharField()
    type = serializers.ChoiceField(choices=[each.value for each in OptionType])
    default = serializers.SerializerMethodField(method_name="represent_default")
    description = serializers.CharField()
    choices = serializers.ListField(child=serializers.CharField(), help_text="Of a choice; empty for other types.")
    minimum = serializers.IntegerField(allow_null=True)
    maximum = serializers.IntegerField(allow_null=True)

    @extend_schema_field({"oneOf": [{"type": "boolean"}, {"type": "integer"}, {"type": "string"}]})
    def represent_default(self, option: ExportOption) -> bool | int | str:
        return option.default


class ExportFormatSerializer(serializers.Serializer[ExportFormat]):
    """A format that structures are exported in."""

    name = serializers.CharField()
    title = serializers.CharField()
    audience = serializers.CharField(help_text="For whom it is.")
    media_type = serializers.CharField()
    extension = serializers.CharField()
    version = serializers.CharField(help_text="Changes when the same structure gives another file.")
    reads_materials = serializers.BooleanField(
        help_text="It reads texts of the materials, too; so another export is made when they have changed."
    )
    options = ExportOptionSerializer(many=True)


class ExportFormatDetailSerializer(ExportFormatSerializer):
    """A format with the schema of its documents."""

    schema = serializers.SerializerMethodField(help_text="JSON Schema (2020-12); null for formats without one.")

    @extend_schema_field(serializers.DictField(allow_null=True))
    def get_schema(self, export_format: ExportFormat) -> dict[str, Any] | None:
        return read_schema() if export_format.name == JSONFormat().name else None


class ExportFormatsSerializer(serializers.Serializer[Any]):
    """All formats, as the one page of a list."""

    data = ExportFormatSerializer(many=True)  # type: ignore[assignment]  # a field named as DRF's property
    has_more = serializers.BooleanField()
    next_cursor = serializers.CharField(allow_null=True)


class LossSerializer(serializers.Serializer[Any]):
    """What a format did not carry of one structure node."""

    key = serializers.UUIDField(allow_null=True, help_text="Of the node; null for what belongs to none.")
    title = serializers.CharField()
    field = serializers.CharField()
    reason = serializers.CharField()


class LossesSerializer(serializers.Serializer[Export]):
    """What the format did not carry: how much, and the first of it."""

    total = serializers.IntegerField(source="loss_count")
    listed = LossSerializer(source="losses", many=True)


class ValidationSerializer(serializers.Serializer[Any]):
    """What a validator said of the file."""

    validator = serializers.CharField()
    version = serializers.CharField()
    exit = serializers.IntegerField(allow_null=True, help_text="0: no fault. null: it could not run here.")
    messages = serializers.ListField(child=serializers.CharField())


class ExportedFileSerializer(serializers.Serializer[Export]):
    """The file of an export."""

    name = serializers.CharField()
    media_type = serializers.CharField()
    size_bytes = serializers.IntegerField()
    sha256 = serializers.CharField()
    download = serializers.SerializerMethodField(help_text="GET it for a URL that is valid for minutes.")

    def get_download(self, export: Export) -> str:
        return f"/api/v1/exports/{export.pk}/download"


class ExportErrorSerializer(serializers.Serializer[Any]):
    """Why an export could not be made."""

    code = serializers.CharField()
    message = serializers.CharField()
    next_step = serializers.CharField()


class ExportSummarySerializer(serializers.ModelSerializer[Export]):
    """A snapshot as a file: which format and options, how far it is, and the file once it is `ready`."""

    snapshot = serializers.UUIDField(source="snapshot_id", read_only=True)
    job = serializers.UUIDField(source="job_id", allow_null=True, read_only=True)
    state = serializers.ChoiceField(
        choices=EXPORT_STATES,
        read_only=True,
        help_text="`ready`, else the status of the job; `lost`: ask again.",
    )
    error = ExportErrorSerializer(allow_null=True, read_only=True)
    file = serializers.SerializerMethodField(help_text="Null until the export is ready.")
    validation = ValidationSerializer(allow_null=True, read_only=True)

    class Meta:
        model = Export
        fields = (
            "id",
            "snapshot",
            "format",
            "format_version",
            "options",
            "state",
            "job",
            "error",
            "file",
            "loss_count",
            "validation",
            "created_at",
            "used_at",
        )
        read_only_fields = fields

    @extend_schema_field(ExportedFileSerializer(allow_null=True))
    def get_file(self, export: Export) -> dict[str, Any] | None:
        return dict(ExportedFileSerializer(export).data) if export.is_ready else None


class ExportSerializer(ExportSummarySerializer):
    """An export with what its format did not carry."""

    losses = LossesSerializer(source="*", read_only=True)

    class Meta:
        model = Export
        fields = tuple("losses" if name == "loss_count" else name for name in ExportSummarySerializer.Meta.fields)
        read_only_fields = fields
