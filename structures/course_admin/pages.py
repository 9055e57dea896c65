"""What all pages of courses share: who may open them, their frame and policy, and how a refusal reads."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.generic import View

from project.errors import DomainError
from structures.course_admin.access import Access, PageClosed, read_access

# Scripts and styles are files of this server. No text of a course could run, even if it were not escaped.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
# In the query of a page that opens after a log-in in the place of a form.
_UNSAVED = "unsaved"


# Django's own middleware protects forms; nothing here is exempt from it.
@method_decorator(never_cache, name="dispatch")
class CourseAdminView(View):
    """A page of a course. Subclasses ask services with a tenant, which `access` knows, and raise DomainError."""

    @cached_property
    def access(self) -> Access:
        found = read_access(self.request.user)
        assert found is not None  # `dispatch` has looked
        return found

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            if not request.user.is_authenticated:
                return redirect_to_login(self._build_url_after_login(), reverse("admin:login"))
            self.access  # noqa: B018  # raises PageClosed
            return super().dispatch(request, *args, **kwargs)
        except DomainError as error:
            return self.render_error(error)

    def http_method_not_allowed(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Lead whoever opens the URL of a form to the page on which the form stands."""
        if request.method == "GET":
            return redirect(self._build_form_url())
        return super().http_method_not_allowed(request, *args, **kwargs)

    def _build_url_after_login(self) -> str:
        """Return the page to open after a log-in. After a form it says that nothing was saved."""
        if self.request.method in {"GET", "HEAD"}:
            return self.request.get_full_path()
        url = self._build_form_url()
        return f"{url}{'&' if '?' in url else '?'}{_UNSAVED}"

    def _build_form_url(self) -> str:
        """Return the page on which the form of this URL stands, as far as the URL tells."""
        if hasattr(self, "get"):
            return self.request.path
        if "copy" in self.kwargs:
            url = reverse("course_admin:copy", args=[self.kwargs["copy"]])
            key = self.request.POST.get("key", "")
            return f"{url}?{urlencode({'node': key})}" if key else url
        if "node" in self.kwargs:
            return reverse("course_admin:course", args=[self.kwargs["node"]])
        # The course of a snapshot is told to nobody who is not logged in.
        return reverse("course_admin:courses")

    def render_page(self, template: str, context: Mapping[str, Any], *, status: int = 200) -> HttpResponse:
        """Return a page inside the frame of these pages."""
        frame = {"access": self.access, "is_unsaved": _UNSAVED in self.request.GET}
        html = render_to_string(f"course_admin/{template}", {**frame, **context}, self.request)
        return _build_response(html, status=status)

    def render_error(self, error: DomainError) -> HttpResponse:
        """Return a refusal as a page with what happened and what to do."""
        access = None if isinstance(error, PageClosed) else self.access
        context = {"access": access, "error": error, "next_step": describe_next_step(error)}
        html = render_to_string("course_admin/error.html", context, self.request)
        return _build_response(html, status=error.status)

    def redirect_with(self, message: str, url: str) -> HttpResponse:
        """Say what was done on the page that comes next."""
        messages.success(self.request, message)
        response = redirect(url)
        # 303: after a change the browser reads the next page.
        response.status_code = 303
        return response


# Where the next step of an error names a request of the API, these pages have a form or a page.
_NEXT_STEPS = {
    "base_gone": "Choose Rebase above, and a snapshot that is still there.",
    "chunk_not_found": "Open the source's text, and copy the words from there.",
    "conflicts_open": "Open Conflicts above, and decide them.",
    "entry_not_found": "Choose a source of this course.",
    "history_full": "Approve the working copy, close it, and make a new one from the approved snapshot.",
    "if_match_required": "Compare what you typed with what stands there now, and say below that it should be done.",
    "locator_mismatch": "Correct the place, or leave it out: it is found by the words.",
    "not_approved": "Approve it first. As many people must as the operators have set.",
    "nothing_published": "Publish a structure first.",
    "quote_not_found": "Open the source's text, and copy the words as they stand there.",
    "too_many_comments": "Begin another thread on the same part.",
    "too_many_threads": "Reply in a thread that is there.",
    "too_many_working_copies": "Close one that nobody needs.",
    "unknown_key": "Choose a part from the list.",
    "version_changed": "Look at what has changed. What you typed is below; if it should still be done, say so there.",
    "working_copy_closed": "Make a new working copy on the page of the course.",
    "working_copy_exists": "Edit the one that is open, or choose another name.",
}
_NOT_FOUND = "Go back to the courses, and open it from there."


def describe_next_step(error: DomainError) -> str:
    """Return what to do about an error on these pages."""
    if error.status == 404:
        return _NEXT_STEPS.get(error.code, _NOT_FOUND)
    return _NEXT_STEPS.get(error.code, error.next_step)


def can_be_sent_again(error: DomainError) -> bool:
    """Tell whether the same form may be accepted after a correction, a choice or a change elsewhere."""
    return error.status in {409, 412, 422, 428}


def _build_response(html: str, *, status: int) -> HttpResponse:
    return HttpResponse(
        html, status=status, headers={"Content-Security-Policy": POLICY, "Referrer-Policy": "same-origin"}
    )
