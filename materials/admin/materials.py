"""Read-only admin pages of materials. Lists defer the columns with text, which can be megabytes a page."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from materials.entries.submission import request_ingestion
from materials.mappings.validation import ValidationStatus, filter_by_validation, validate_mapping
from materials.models import (
    Chunk,
    ChunkCorrection,
    ChunkVector,
    HostVisit,
    ImportItem,
    KeyFrame,
    LeftOutPassage,
    MaterialEntry,
    MaterialImport,
    MaterialNode,
    ObjectRemoval,
    PictureDescription,
    SlideVideoMapping,
    TranscriptWindow,
)
from project.errors import DomainError
from project.http.admin import ReadOnlyAdmin


@admin.register(MaterialNode)
class MaterialNodeAdmin(ReadOnlyAdmin):
    """The node trees of all tenants."""

    list_display = ("title", "tenant", "parent", "position", "language", "created_at")
    list_filter = ("tenant", ("parent", admin.EmptyFieldListFilter))
    list_select_related = ("tenant", "parent")
    search_fields = ("title", "id")
    ordering = ("-created_at", "id")


@admin.register(MaterialEntry)
class MaterialEntryAdmin(ReadOnlyAdmin):
    """Entries and how far they have come, with ingestion as an action."""

    list_display = (
        "name",
        "tenant",
        "node",
        "format",
        "state",
        "size_bytes",
        "duration_ms",
        "transcribed_by",
        "chunk_count",
        "processed_at",
    )
    list_filter = ("tenant", "format", "transcribed_by", "job__status")
    list_select_related = ("tenant", "node", "job")
    search_fields = ("name", "id", "raw_sha256")
    ordering = ("-created_at", "id")
    actions = ("ingest_entries",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[MaterialEntry]:
        queryset: QuerySet[MaterialEntry] = super().get_queryset(request)
        return queryset.defer("contents", "metadata") if _is_list(request) else queryset

    @admin.action(description="Ingest again", permissions=["operate"])
    def ingest_entries(self, request: HttpRequest, queryset: QuerySet[MaterialEntry]) -> None:
        submitted = 0
        for entry in queryset.select_related("tenant"):
            # One that is being ingested already must not stop the others.
            try:
                request_ingestion(tenant=entry.tenant, entry_id=entry.pk)
                submitted += 1
            except DomainError as exc:
                messages.error(request, f"{entry}: {exc}")
        messages.success(request, f"{submitted} ingestions submitted.")


@admin.register(Chunk)
class ChunkAdmin(ReadOnlyAdmin):
    """Chunks; the text is read one at a time."""

    list_display = ("id", "entry", "position", "kind", "page", "slide", "start_ms")
    list_filter = ("kind",)
    list_select_related = ("entry",)
    search_fields = ("id", "entry__id")
    ordering = ("entry_id", "position")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Chunk]:
        queryset: QuerySet[Chunk] = super().get_queryset(request)
        return queryset.defer("text", "word_boxes") if _is_list(request) else queryset


@admin.register(ChunkVector)
class ChunkVectorAdmin(ReadOnlyAdmin):
    """Vectors of texts. Their numbers tell a person nothing."""

    list_display = ("id", "entry", "space", "text_digest")
    list_select_related = ("entry",)
    search_fields = ("id", "entry__id", "text_digest")
    ordering = ("entry_id", "space", "text_digest")
    exclude = ("vector",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[ChunkVector]:
        queryset: QuerySet[ChunkVector] = super().get_queryset(request)
        return queryset.defer("vector")


@admin.register(LeftOutPassage)
class LeftOutPassageAdmin(ReadOnlyAdmin):
    """Texts that reading left out of the chunks of an entry."""

    list_display = ("text", "entry", "tenant", "kind", "count", "page", "slide")
    list_filter = ("kind", "tenant")
    list_select_related = ("entry", "tenant")
    search_fields = ("id", "entry__id")
    ordering = ("entry_id", "position")


@admin.register(ChunkCorrection)
class ChunkCorrectionAdmin(ReadOnlyAdmin):
    """Corrections; the texts are read one at a time."""

    list_display = ("id", "tenant", "entry", "position", "corrected_by", "corrected_at")
    list_filter = ("tenant",)
    list_select_related = ("tenant", "entry")
    search_fields = ("id", "entry__id")
    ordering = ("-created_at", "id")

    def get_queryset(self, request: HttpRequest) -> QuerySet[ChunkCorrection]:
        queryset: QuerySet[ChunkCorrection] = super().get_queryset(request)
        return queryset.defer("original_text", "text") if _is_list(request) else queryset


@admin.register(TranscriptWindow)
class TranscriptWindowAdmin(ReadOnlyAdmin):
    """Parts of transcriptions under way; the words are read one part at a time."""

    list_display = ("id", "tenant", "entry", "index", "start_ms", "end_ms", "language", "created_at")
    list_select_related = ("tenant", "entry")
    search_fields = ("id", "entry__id")
    ordering = ("-created_at", "id")

    def get_queryset(self, request: HttpRequest) -> QuerySet[TranscriptWindow]:
        queryset: QuerySet[TranscriptWindow] = super().get_queryset(request)
        return queryset.defer("segments") if _is_list(request) else queryset


@admin.register(KeyFrame)
class KeyFrameAdmin(ReadOnlyAdmin):
    """Key frames of videos."""

    list_display = ("id", "tenant", "entry", "start_ms", "end_ms", "size_bytes")
    list_filter = ("tenant", ("description", admin.EmptyFieldListFilter))
    list_select_related = ("tenant", "entry")
    search_fields = ("id", "entry__id")
    ordering = ("-created_at", "id")

    def get_queryset(self, request: HttpRequest) -> QuerySet[KeyFrame]:
        queryset: QuerySet[KeyFrame] = super().get_queryset(request)
        return queryset.defer("description") if _is_list(request) else queryset


class ValidationFilter(admin.SimpleListFilter):
    """Filters mappings by whether their slide and times exist."""

    title = "validation"
    parameter_name = "validation"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin[Any]) -> list[tuple[str, str]]:
        return [(each.value, each.value) for each in ValidationStatus]

    def queryset(self, request: HttpRequest, queryset: QuerySet[SlideVideoMapping]) -> QuerySet[SlideVideoMapping]:
        value = self.value()
        return filter_by_validation(queryset, ValidationStatus(value)) if value in set(ValidationStatus) else queryset


@admin.register(PictureDescription)
class PictureDescriptionAdmin(ReadOnlyAdmin):
    """Models' descriptions of pictures; the text is read one picture at a time."""

    list_display = ("id", "tenant", "sha256", "model", "created_at")
    list_filter = ("tenant", "model")
    list_select_related = ("tenant",)
    search_fields = ("id", "sha256")
    ordering = ("-created_at", "id")

    def get_queryset(self, request: HttpRequest) -> QuerySet[PictureDescription]:
        queryset: QuerySet[PictureDescription] = super().get_queryset(request)
        return queryset.defer("text", "shows") if _is_list(request) else queryset


@admin.register(MaterialImport)
class MaterialImportAdmin(ReadOnlyAdmin):
    """Imports of archives and folders."""

    list_display = ("name", "tenant", "node", "size_bytes", "job", "created_at")
    list_filter = ("tenant",)
    list_select_related = ("tenant", "node", "job")
    search_fields = ("name", "id", "node__id")
    ordering = ("-created_at", "id")


@admin.register(ImportItem)
class ImportItemAdmin(ReadOnlyAdmin):
    """The files of imports and their outcomes."""

    list_display = ("path", "kind", "outcome", "code", "size_bytes", "batch")
    list_filter = ("outcome", "code", "tenant")
    list_select_related = ("batch",)
    search_fields = ("id", "batch__id", "path")
    ordering = ("batch_id", "position")


@admin.register(SlideVideoMapping)
class SlideVideoMappingAdmin(ReadOnlyAdmin):
    """Slides that videos show: what was proposed, stated and decided, and whether the slides and times exist."""

    list_display = (
        "id",
        "tenant",
        "presentation",
        "slide",
        "video",
        "start_ms",
        "end_ms",
        "confidence",
        "state",
        "display_validation",
    )
    list_filter = ("tenant", "state", ValidationFilter)
    list_select_related = ("tenant", "presentation__job", "video__job")
    search_fields = ("id", "presentation__id", "presentation__name", "video__id", "video__name")
    ordering = ("-created_at", "id")

    @admin.display(description="Validation")
    def display_validation(self, mapping: SlideVideoMapping) -> str:
        return validate_mapping(mapping).status.value


@admin.register(HostVisit)
class HostVisitAdmin(ReadOnlyAdmin):
    """Web hosts and the time of the next allowed request to each."""

    list_display = ("host", "next_at")
    search_fields = ("host",)
    ordering = ("-next_at", "id")


def _is_list(request: HttpRequest) -> bool:
    return request.resolver_match is not None and (request.resolver_match.url_name or "").endswith("changelist")


@admin.register(ObjectRemoval)
class ObjectRemovalAdmin(ReadOnlyAdmin):
    """Scheduled deletions of stored objects, and when each is tried next."""

    list_display = ("key", "attempts", "next_try_at", "created_at")
    search_fields = ("key",)
    ordering = ("next_try_at",)
