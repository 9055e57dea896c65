"""The history of a working copy, its conflicts, and what it changes."""

from __future__ import annotations

from uuid import UUID

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, QueryDict
from django.urls import reverse

from project.errors import DomainError
from structures.course_admin.conflict_rows import describe_conflicts
from structures.course_admin.copy_views import CopyView
from structures.course_admin.step_details import load_step_details
from structures.course_admin.steps import describe_steps
from structures.course_page.rendering import build_page_response
from structures.differences.page import build_difference_page, render_difference_page
from structures.differences.queries import compare_working_copy
from structures.editing.conflicts import Side
from structures.editing.errors import InvalidValue
from structures.working_copies.queries import get_record, list_conflicts, list_history
from structures.working_copies.rebasing import decide_conflicts

_STEPS_PER_PAGE = 50
# Each has three texts, which may be long, with all evidence.
_CONFLICTS_PER_PAGE = 10


class HistoryView(CopyView):
    """The steps of the working copy, newest first."""

    def get(self, request: HttpRequest, copy: UUID) -> HttpResponse:
        self.find_copy(copy)
        pages = Paginator(list_history(tenant=self.tenant, copy_id=copy), _STEPS_PER_PAGE)
        page = pages.get_page(request.GET.get("page"))
        context = {**self.build_frame(), "page": page, "steps": describe_steps(self.copy, page.object_list)}
        return self.render_page("history.html", context)


class StepDetailsView(CopyView):
    """One step with what it changed."""

    def get(self, request: HttpRequest, copy: UUID, number: int) -> HttpResponse:
        self.find_copy(copy)
        record = get_record(tenant=self.tenant, copy_id=copy, number=number)
        (step,) = describe_steps(self.copy, [record])
        context = {**self.build_frame(), "step": step, "details": load_step_details(self.copy, record)}
        return self.render_page("step.html", context)


class CopyDifferencesView(CopyView):
    """What the working copy changes of the snapshot that it stands on."""

    def get(self, request: HttpRequest, copy: UUID) -> HttpResponse:
        self.find_copy(copy)
        compared = compare_working_copy(tenant=self.tenant, copy_id=copy, before_id=None)
        return build_page_response(render_difference_page(build_difference_page(compared)), is_framed=True)


class ConflictsView(CopyView):
    """The conflicts that are open, each with both versions; a form decides one of them, or all by one rule."""

    def get(self, request: HttpRequest, copy: UUID) -> HttpResponse:
        self.find_copy(copy)
        pages = Paginator(list_conflicts(tenant=self.tenant, copy_id=copy), _CONFLICTS_PER_PAGE)
        page = pages.get_page(request.GET.get("page"))
        context = {
            **self.build_frame(),
            "page": page,
            "conflicts": describe_conflicts(self.copy, list(page.object_list)),
        }
        return self.render_page("conflicts.html", context)

    def post(self, request: HttpRequest, copy: UUID) -> HttpResponse:
        self.find_copy(copy)
        form = request.POST
        try:
            result = decide_conflicts(
                **self.read_common(form), conflict_id=_read_conflict(form.get("conflict", "")), keep=_read_side(form)
            )
        except DomainError as error:
            return self.refuse(error, form)
        words = "1 conflict is decided." if result.decided == 1 else f"{result.decided} conflicts are decided."
        return self.redirect_with(words, reverse("course_admin:conflicts", args=[self.copy.pk]))


def _read_side(form: QueryDict) -> Side:
    try:
        return Side(form.get("keep", ""))
    except ValueError:
        raise InvalidValue("Choose which version stays.", next_step="Press one of the two buttons.") from None


def _read_conflict(given: str) -> UUID | None:
    """Return the conflict to decide, None for all."""
    try:
        return UUID(given) if given else None
    except ValueError:
        raise InvalidValue("The form names no conflict.", next_step="Open the conflicts again.") from None
