"""The list of courses, the page of a course, and a snapshot's page inside it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from materials.models import MaterialNode
from structures.course_admin.overview import list_courses, load_course_overview
from structures.course_admin.pages import CourseAdminView
from structures.course_page.evidence import load_evidence
from structures.course_page.files import build_captions_response, build_media_response, build_picture_response
from structures.course_page.rendering import (
    build_page_response,
    render_evidence,
    render_evidence_page,
    render_served_page,
)
from structures.differences.page import build_difference_page, render_difference_page
from structures.differences.queries import compare_snapshots
from structures.exports.languages import choose_label_language
from structures.models import StructureSnapshot
from structures.queries import get_snapshot, load_structure_tree
from structures.staleness.queries import find_changes
from structures.staleness.sentences import describe_changes

_COURSES_PER_PAGE = 50


class CourseListView(CourseAdminView):
    """The courses whose structures the user may read."""

    def get(self, request: HttpRequest) -> HttpResponse:
        pages = Paginator(list_courses(self.access.tenant), _COURSES_PER_PAGE)
        return self.render_page("courses.html", {"page": pages.get_page(request.GET.get("page"))})


class CourseView(CourseAdminView):
    """One course: materials beside the structure, the structure's page, working copies."""

    def get(self, request: HttpRequest, node: UUID) -> HttpResponse:
        tenant = self.access.find_tenant(MaterialNode, node)
        course = load_course_overview(tenant=tenant, node_id=node)
        mine = {row.snapshot.pk for row in course.snapshots if row.is_approved_by(self.access.actor)}
        context = {
            "course": course,
            "tenant": tenant,
            "approved_by_me": mine,
            "required": settings.APPROVALS_REQUIRED,
        }
        return self.render_page("course.html", context)


class _SnapshotView(CourseAdminView):
    """What a snapshot shows; `tenant` is whose it must be."""

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        self.snapshot_id: UUID = kwargs["snapshot"]

    def get_names(self) -> dict[str, Any]:
        """Return the tenant and the snapshot as services take them."""
        tenant = self.access.find_tenant(StructureSnapshot, self.snapshot_id)
        return {"tenant": tenant, "snapshot_id": self.snapshot_id}


class SnapshotPageView(_SnapshotView):
    """The course page of a snapshot, to be shown inside the page of the course."""

    def get(self, request: HttpRequest, snapshot: UUID) -> HttpResponse:
        row = get_snapshot(**self.get_names())
        return build_page_response(
            render_served_page(row, load_structure_tree(row), base="", shows_edits=True), is_framed=True
        )


class EvidenceView(_SnapshotView):
    """The evidence of a reference: a page of its own, or with `fragment` a piece of one."""

    def get(self, request: HttpRequest, snapshot: UUID, reference: UUID) -> HttpResponse:
        language = choose_label_language(request.GET.get("language", ""))
        evidence = load_evidence(**self.get_names(), reference_id=reference, label_language=language)
        if request.GET.get("fragment") == "true":
            return build_page_response(render_evidence(evidence, base=""), is_framed=True)
        return build_page_response(render_evidence_page(evidence, base="../", course_url="../page"), is_framed=True)


class MediaView(_SnapshotView):
    """The recording that a reference cites."""

    def get(self, request: HttpRequest, snapshot: UUID, reference: UUID) -> HttpResponseBase:
        return build_media_response(request, **self.get_names(), reference_id=reference)


class CaptionsView(_SnapshotView):
    """The captions of the recording that a reference cites."""

    def get(self, request: HttpRequest, snapshot: UUID, reference: UUID) -> HttpResponseBase:
        return build_captions_response(**self.get_names(), reference_id=reference)


class PictureView(_SnapshotView):
    """The page of a PDF that a reference cites."""

    def get(self, request: HttpRequest, snapshot: UUID, reference: UUID) -> HttpResponse:
        return build_picture_response(request, **self.get_names(), reference_id=reference)


class ChangesView(_SnapshotView):
    """What has happened to the materials since a snapshot was made."""

    def get(self, request: HttpRequest, snapshot: UUID) -> HttpResponse:
        row = get_snapshot(**self.get_names())
        changes = find_changes(tenant=row.tenant, snapshot=row, references=row.references.all())
        return self.render_page("changes.html", {"snapshot": row, "sentences": describe_changes(changes)})


class DifferencesView(_SnapshotView):
    """What differs between an earlier snapshot and this one."""

    def get(self, request: HttpRequest, snapshot: UUID, earlier: UUID) -> HttpResponse:
        tenant = self.access.find_tenant(StructureSnapshot, snapshot)
        compared = compare_snapshots(tenant=tenant, before_id=earlier, after_id=snapshot)
        return build_page_response(render_difference_page(build_difference_page(compared)), is_framed=True)
