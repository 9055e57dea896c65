"""Materials, to look at. Lists never load extracted text."""

from __future__ import annotations

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from materials import services
from materials.models import Chunk, MaterialEntry, MaterialNode
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

    list_display = ("name", "tenant", "node", "format", "state", "size_bytes", "chunk_count", "processed_at")
    list_filter = ("tenant", "format", "job__status")
    list_select_related = ("tenant", "node", "job")
    search_fields = ("name", "id", "raw_sha256")
    ordering = ("-created_at", "id")
    actions = ("ingest",)

    @admin.action(description="Ingest again", permissions=["operate"])
    def ingest(self, request: HttpRequest, queryset: QuerySet[MaterialEntry]) -> None:
        submitted = 0
        for entry in queryset.select_related("tenant"):
            try:
                services.request_ingestion(tenant=entry.tenant, entry_id=entry.pk)
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
        is_list = request.resolver_match is not None and (request.resolver_match.url_name or "").endswith("changelist")
        return queryset.defer("text") if is_list else queryset
