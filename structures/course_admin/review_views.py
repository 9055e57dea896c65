"""Reviews: ask for one, approve a structure, publish it, and the trail of who did so."""

from __future__ import annotations

from uuid import UUID

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from materials.models import MaterialNode
from project.errors import DomainError
from structures.course_admin.copy_views import CopyView, read_reason
from structures.course_admin.course_forms import CourseFormView
from structures.course_admin.pages import CourseAdminView
from structures.models import StructureSnapshot
from structures.reviews.queries import list_review_events
from structures.reviews.services import approve_snapshot, publish_snapshot, unpublish_node
from structures.working_copies.reviewing import submit_for_review, withdraw_from_review

_EVENTS_PER_PAGE = 50


class ReviewRequestView(CopyView):
    """Asks colleagues to look at the working copy, or takes that back."""

    def post(self, request: HttpRequest, copy: UUID, step: str) -> HttpResponse:
        self.find_copy(copy)
        try:
            change = submit_for_review if step == "submit" else withdraw_from_review
            change(**self.read_common(request.POST))
        except DomainError as error:
            return self.refuse(error, request.POST)
        words = "It is in review: colleagues see that." if step == "submit" else "It is a draft again."
        return self.redirect_with(words, self.build_url(request.POST.get("key")))


class SnapshotReviewView(CourseFormView):
    """Approves a snapshot as it is, or publishes it."""

    def post(self, request: HttpRequest, snapshot: UUID, step: str) -> HttpResponse:
        change = approve_snapshot if step == "approve" else publish_snapshot
        try:
            tenant = self.access.find_tenant(StructureSnapshot, snapshot)
            reason = read_reason(request.POST)
            row = change(tenant=tenant, snapshot_id=snapshot, reason=reason, actor=self.access.actor)
        except DomainError as error:
            intent = "Approve the structure" if step == "approve" else "Publish the structure"
            return self.refuse(error, intent=intent, name="reason", label="Why")
        words = "Approved." if step == "approve" else "Published: this is what readers get now."
        return self.redirect_with(words, reverse("course_admin:course", args=[row.node_id]))


class UnpublishView(CourseFormView):
    """Takes back all that was published of a course."""

    def post(self, request: HttpRequest, node: UUID) -> HttpResponse:
        try:
            tenant = self.access.find_tenant(MaterialNode, node)
            unpublish_node(tenant=tenant, node_id=node, reason=read_reason(request.POST), actor=self.access.actor)
        except DomainError as error:
            return self.refuse(error, intent="Unpublish the course", name="reason", label="Why")
        url = reverse("course_admin:course", args=[node])
        return self.redirect_with("Nothing of the course is published any more.", url)


class ReviewsView(CourseAdminView):
    """Who asked for reviews, approved and published, newest first."""

    def get(self, request: HttpRequest, node: UUID) -> HttpResponse:
        tenant = self.access.find_tenant(MaterialNode, node)
        events = list_review_events(tenant=tenant, node_id=node).select_related("snapshot", "working_copy")
        page = Paginator(events, _EVENTS_PER_PAGE).get_page(request.GET.get("page"))
        return self.render_page("reviews.html", {"page": page, "node_id": node})
