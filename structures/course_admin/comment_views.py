"""Comments: threads on the parts of a course, to reply to and to resolve."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpRequest, HttpResponse, QueryDict
from django.urls import reverse

from materials.models import MaterialNode
from project.errors import DomainError
from structures.comments.queries import get_thread, list_comments, list_threads
from structures.comments.serializers import MAX_TEXT
from structures.comments.services import reopen_thread, reply_to_thread, resolve_thread, start_thread
from structures.course_admin.copy_views import CopyView, read_key
from structures.course_admin.field_inputs import unify_lines
from structures.course_admin.pages import CourseAdminView, describe_next_step
from structures.editing.errors import InvalidValue, UnknownKey
from structures.editing.texts import check_length, require_text
from structures.models import CommentThread
from tenants.models import Tenant

_THREADS_PER_PAGE, _COMMENTS_PER_PAGE = 50, 100


class StartThreadView(CopyView):
    """Begins a thread on a part of the working copy."""

    def post(self, request: HttpRequest, copy: UUID) -> HttpResponse:
        self.find_copy(copy)
        form = request.POST
        try:
            key = read_key(form)
            start_thread(
                tenant=self.tenant,
                node_id=self.copy.node_id,
                key=key,
                text=_read_text(form),
                snapshot_id=None,
                copy_id=copy,
                actor=self.access.actor,
            )
        except DomainError as error:
            return self.refuse(error, form)
        return self.redirect_with("The comment is there.", self.build_url(key))


class ThreadsView(CourseAdminView):
    """The threads of a course, newest first: those that are open, or with `resolved` the others; with `part` of it."""

    def get(self, request: HttpRequest, node: UUID) -> HttpResponse:
        tenant = self.access.find_tenant(MaterialNode, node)
        is_resolved, part = "resolved" in request.GET, _read_part(request.GET)
        rows = list_threads(tenant=tenant, node_id=node, key=part, is_resolved=is_resolved)
        page = Paginator(rows, _THREADS_PER_PAGE).get_page(request.GET.get("page"))
        context = {
            "page": page,
            "node_id": node,
            "is_resolved": is_resolved,
            "part": part,
            "title": next((each.title for each in page.object_list), "") if part else "",
            "part_query": f"part={part}&" if part else "",
        }
        return self.render_page("threads.html", context)


class ThreadView(CourseAdminView):
    """One thread with its comments; `do` replies, resolves or reopens. A reply that is typed goes along with each."""

    def get(self, request: HttpRequest, thread: UUID) -> HttpResponse:
        return self._render_thread(self.access.find_tenant(CommentThread, thread), thread)

    def post(self, request: HttpRequest, thread: UUID) -> HttpResponse:
        tenant = self.access.find_tenant(CommentThread, thread)
        form = request.POST
        try:
            words = self._change(tenant, thread, form)
        except DomainError as error:
            if error.status == 404:
                raise
            return self._render_thread(tenant, thread, error=error, form=form)
        return self.redirect_with(words, _find_way_back(form) or reverse("course_admin:thread", args=[thread]))

    def _change(self, tenant: Tenant, thread: UUID, form: QueryDict) -> str:
        """Do what the form asks for, all of it or nothing, and return it in words."""
        step = form.get("do")
        is_reply = step not in {"resolve", "reopen"} or form.get("text", "").strip() != ""
        words = ["The reply is there."] if is_reply else []
        with transaction.atomic():
            if is_reply:
                reply_to_thread(tenant=tenant, thread_id=thread, text=_read_text(form), actor=self.access.actor)
            if step == "resolve":
                resolve_thread(tenant=tenant, thread_id=thread, actor=self.access.actor)
                words.append("The thread is resolved.")
            elif step == "reopen":
                reopen_thread(tenant=tenant, thread_id=thread)
                words.append("The thread is open again.")
        return " ".join(words)

    def _render_thread(
        self, tenant: Tenant, thread_id: UUID, *, error: DomainError | None = None, form: QueryDict | None = None
    ) -> HttpResponse:
        """Return the page of a thread; with the error and what was typed when a form was refused."""
        thread = get_thread(tenant=tenant, thread_id=thread_id)
        pages = Paginator(list_comments(tenant=tenant, thread_id=thread_id), _COMMENTS_PER_PAGE)
        context: dict[str, Any] = {
            "thread": thread,
            "page": pages.get_page(self.request.GET.get("page")),
            "error": error,
            "next_step": "" if error is None else describe_next_step(error),
            "typed": "" if form is None else form.get("text", ""),
            "way_back": "" if form is None else _find_way_back(form),
            "form": form,
        }
        return self.render_page("thread.html", context, status=200 if error is None else error.status)


def _read_part(query: QueryDict) -> UUID | None:
    """Return the key of the part whose threads are asked for, None for all parts. Raises UnknownKey."""
    given = query.get("part")
    try:
        return UUID(given) if given else None
    except ValueError:
        raise UnknownKey("The address names no part of the course.") from None


def _read_text(form: QueryDict) -> str:
    """Return the comment that was typed. Raises EditRefused for none, or one that is too long."""
    text = unify_lines(require_text("text", form.get("text", ""))).strip()
    if not text:
        raise InvalidValue("A comment has a text.", next_step="Type one.")
    check_length("A comment", text, limit=MAX_TEXT)
    return text


def _find_way_back(form: QueryDict) -> str:
    """Return the page of the working copy from which a thread was answered, blank when it was from its own."""
    try:
        url = reverse("course_admin:copy", args=[UUID(form.get("copy", ""))])
        return f"{url}?node={UUID(form.get('node', ''))}"
    except ValueError:
        return ""
