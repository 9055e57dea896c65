"""Read-only admin pages of structures: a snapshot never changes, the API does the rest."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.postgres.fields import ArrayField
from django.db.models import JSONField, QuerySet, TextField
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from project.http.admin import ReadOnlyAdmin
from structures.models import (
    AppliedNode,
    CachedAnswer,
    Comment,
    CommentThread,
    EditConflictRow,
    EditRecord,
    Export,
    GenerationStep,
    Publication,
    Reference,
    ReviewEvent,
    SharedLink,
    SnapshotSource,
    StructureNode,
    StructureSnapshot,
    TreeChange,
    WorkingCopy,
    WorkingNode,
)
from structures.quality.sentences import describe_quality
from structures.staleness.queries import find_changes
from structures.staleness.sentences import describe_changes
from tenants.memberships import is_operator

_LARGE_FIELDS = (ArrayField, JSONField, TextField)


class StructureAdmin(ReadOnlyAdmin):
    """What the admin pages of structures have in common.

    A list reads no column of texts or JSON that it does not show, neither of its rows nor of those that it joins: a
    change or a snapshot may have megabytes. `links_to_courses` are fields with a link to the pages of courses, which
    do not answer everybody who may look here.
    """

    links_to_courses: tuple[str, ...] = ()

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        queryset: QuerySet[Any] = super().get_queryset(request)
        return queryset.defer(*self._list_large_columns()) if _is_list(request) else queryset

    def _list_large_columns(self) -> list[str]:
        """Return what may be large and is not shown by a list, of joined rows behind the name of their relation."""
        assert not isinstance(self.list_select_related, bool)  # all of ours name their relations
        joined: list[tuple[str, Any]] = [
            (f"{name}__", self.opts.get_field(name).related_model) for name in self.list_select_related
        ]
        return [
            f"{prefix}{field.name}"
            for prefix, model in [("", self.model), *joined]
            for field in model._meta.concrete_fields
            if isinstance(field, _LARGE_FIELDS) and (prefix or field.name not in self.list_display)
        ]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self._leave_out_closed(request, super().get_fields(request, obj))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self._leave_out_closed(request, super().get_readonly_fields(request, obj))

    def _leave_out_closed(self, request: HttpRequest, names: Any) -> Any:
        # Members get no page of these tables at all; of the others the pages of courses answer operators alone.
        if is_operator(request.user):
            return names
        return [name for name in names if name not in self.links_to_courses]


@admin.register(StructureSnapshot)
class StructureSnapshotAdmin(StructureAdmin):
    """Snapshots, newest first."""

    list_display = ("title", "tenant", "engine", "counts", "grounding", "created_at")
    list_filter = ("tenant", "engine")
    list_select_related = ("tenant",)
    search_fields = ("title", "id", "node__id")
    ordering = ("-created_at", "id")
    readonly_fields = ("course", "quality_report", "materials_changed")
    links_to_courses = ("course",)

    @admin.display(description="Course")
    def course(self, snapshot: StructureSnapshot) -> str:
        url = reverse("course_admin:course", args=[snapshot.node_id])
        return format_html('<a href="{}">Materials, structures and working copies</a>', url)

    @admin.display(description="Quality")
    def quality_report(self, snapshot: StructureSnapshot) -> str:
        return "\n".join(describe_quality(snapshot.quality)) or "-"

    @admin.display(description="Materials since then")
    def materials_changed(self, snapshot: StructureSnapshot) -> str:
        changes = find_changes(tenant=snapshot.tenant, snapshot=snapshot, references=snapshot.references.all())
        return "\n".join(describe_changes(changes))


@admin.register(SnapshotSource)
class SnapshotSourceAdmin(StructureAdmin):
    """The entries that snapshots were made from."""

    list_display = ("path", "snapshot", "entry_id", "fingerprint")
    list_select_related = ("snapshot",)
    search_fields = ("name", "entry_id", "snapshot__id")
    ordering = ("snapshot_id", "path")


@admin.register(StructureNode)
class StructureNodeAdmin(StructureAdmin):
    """Modules, lessons, concepts and exercises in the order of their snapshot."""

    list_display = ("title", "node_type", "estimated_minutes", "minutes_basis", "snapshot", "position")
    list_filter = ("node_type", "minutes_basis")
    list_select_related = ("snapshot",)
    search_fields = ("title", "key", "snapshot__id")
    ordering = ("snapshot_id", "position")


@admin.register(Reference)
class ReferenceAdmin(StructureAdmin):
    """The evidence of structure nodes."""

    list_display = ("entry_path", "page", "slide", "start_ms", "structure_node")
    list_select_related = ("structure_node",)
    search_fields = ("entry_name", "entry_id", "snapshot__id")
    ordering = ("snapshot_id", "structure_node_id", "position")


@admin.register(CachedAnswer)
class CachedAnswerAdmin(StructureAdmin):
    """Cached answers of models."""

    list_display = ("node", "model", "digest", "used_at", "created_at")
    list_select_related = ("node",)
    search_fields = ("node__id", "digest")
    ordering = ("-created_at", "id")


@admin.register(GenerationStep)
class GenerationStepAdmin(StructureAdmin):
    """Modules and lessons of generations that are not complete."""

    list_display = ("title", "node_type", "state", "tenant", "job")
    list_filter = ("state", "tenant")
    list_select_related = ("tenant", "job")
    search_fields = ("job__id", "title")
    ordering = ("job_id", "position")


@admin.register(SharedLink)
class SharedLinkAdmin(StructureAdmin):
    """Links to course pages, newest first. Their tokens are not stored."""

    list_display = ("prefix", "label", "tenant", "snapshot", "expires_at", "revoked_at", "created_at")
    list_filter = ("tenant",)
    list_select_related = ("tenant", "snapshot")
    search_fields = ("label", "prefix", "snapshot__id")
    ordering = ("-created_at", "id")
    exclude = ("digest",)


@admin.register(Export)
class ExportAdmin(StructureAdmin):
    """Exports, newest first: which format, how large, and what a validator found."""

    list_display = ("name", "format", "tenant", "snapshot", "size_bytes", "loss_count", "used_at", "created_at")
    list_filter = ("tenant", "format")
    list_select_related = ("tenant", "snapshot")
    search_fields = ("name", "id", "snapshot__id")
    ordering = ("-created_at", "id")


@admin.register(WorkingCopy)
class WorkingCopyAdmin(StructureAdmin):
    """Working copies, newest first."""

    list_display = ("name", "tenant", "node", "status", "revision", "node_count", "created_by", "changed_at")
    list_filter = ("tenant", "status")
    list_select_related = ("tenant", "node")
    search_fields = ("name", "id", "node__id")
    ordering = ("-created_at", "id")
    readonly_fields = ("editor",)
    links_to_courses = ("editor",)

    @admin.display(description="Editor")
    def editor(self, copy: WorkingCopy) -> str:
        return format_html('<a href="{}">Read and edit it</a>', reverse("course_admin:copy", args=[copy.pk]))


@admin.register(WorkingNode)
class WorkingNodeAdmin(StructureAdmin):
    """The nodes and retired keys of working copies."""

    list_display = ("key", "working_copy", "parent")
    list_select_related = ("working_copy",)
    search_fields = ("key", "working_copy__id")
    ordering = ("working_copy_id", "key")


@admin.register(EditRecord)
class EditRecordAdmin(StructureAdmin):
    """The steps of working copies, newest first."""

    list_display = ("number", "kind", "actor_name", "reason", "working_copy", "created_at")
    list_filter = ("kind",)
    list_select_related = ("working_copy",)
    search_fields = ("working_copy__id", "actor_name")
    ordering = ("-created_at", "id")


@admin.register(EditConflictRow)
class EditConflictRowAdmin(StructureAdmin):
    """Conflicts of rebases, newest first."""

    list_display = ("id", "working_copy", "opened_by", "closed_by", "decision", "is_hidden")
    list_filter = ("decision", "is_hidden")
    list_select_related = ("working_copy",)
    search_fields = ("working_copy__id",)
    ordering = ("-created_at", "id")


@admin.register(ReviewEvent)
class ReviewEventAdmin(StructureAdmin):
    """The steps of reviews, newest first."""

    list_display = ("action", "actor_name", "reason", "snapshot", "working_copy", "node", "created_at")
    list_filter = ("tenant", "action")
    list_select_related = ("snapshot", "working_copy", "node")
    search_fields = ("actor_name", "node__id", "snapshot__id", "working_copy__id")
    ordering = ("-created_at", "id")


@admin.register(Publication)
class PublicationAdmin(StructureAdmin):
    """What readers may see of each course, newest first."""

    list_display = ("snapshot", "node", "is_current", "published_at", "published_by", "tenant")
    list_filter = ("tenant", "is_current")
    list_select_related = ("snapshot", "node", "tenant")
    search_fields = ("node__id", "snapshot__id")
    ordering = ("-published_at", "id")


@admin.register(CommentThread)
class CommentThreadAdmin(StructureAdmin):
    """Threads of comments, newest first."""

    list_display = ("title", "node", "comment_count", "resolved_at", "resolved_by", "created_at")
    list_filter = ("tenant",)
    list_select_related = ("node",)
    search_fields = ("title", "key", "node__id")
    ordering = ("-created_at", "id")


@admin.register(Comment)
class CommentAdmin(StructureAdmin):
    """Comments, newest first."""

    list_display = ("actor_name", "text", "thread", "created_at")
    list_select_related = ("thread",)
    search_fields = ("text", "thread__id")
    ordering = ("-created_at", "id")


def _is_list(request: HttpRequest) -> bool:
    match = request.resolver_match
    return match is not None and (match.url_name or "").endswith("_changelist")


@admin.register(TreeChange)
class TreeChangeAdmin(StructureAdmin):
    """The structures that were applied to the material tree, newest first."""

    list_display = ("node", "snapshot_id", "actor_name", "reason", "undone_at", "undone_by", "created_at")
    list_filter = ("tenant",)
    list_select_related = ("node",)
    ordering = ("-created_at", "-id")


@admin.register(AppliedNode)
class AppliedNodeAdmin(StructureAdmin):
    """The material nodes of modules and lessons."""

    list_display = ("key", "material_node", "node", "change")
    list_filter = ("tenant",)
    list_select_related = ("material_node", "node", "change")
    ordering = ("-created_at", "-id")
