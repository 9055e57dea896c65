"""The editor of a working copy: make one, read it, edit it, undo and redo, approve, close."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpRequest, HttpResponse, QueryDict
from django.urls import reverse

from project.errors import DomainError
from project.http.preconditions import IfMatch, PreconditionRequired
from structures.course_admin.corrections import list_panel_corrections
from structures.course_admin.course_forms import CourseFormView
from structures.course_admin.field_inputs import DIFFICULTIES, read_changed_fields, unify_lines
from structures.course_admin.node_panel import build_node_panel
from structures.course_admin.operation_forms import read_operation
from structures.course_admin.outline import Outline, load_outline
from structures.course_admin.pages import CourseAdminView
from structures.course_admin.refusals import build_refused_form
from structures.course_admin.sources import (
    MAX_CHOICES,
    describe_source_texts,
    get_source,
    list_sources,
    select_source_texts,
)
from structures.course_admin.threads import count_open_threads, list_panel_threads
from structures.editing.errors import InvalidValue, UnknownKey
from structures.editing.texts import check_length, require_text
from structures.editing.trees import COURSE_KEY, KeyedNode
from structures.models import CopyStatus, ReviewState, StructureSnapshot, WorkingCopy
from structures.reviews.serializers import MAX_REASON
from structures.working_copies.approval import approve_working_copy
from structures.working_copies.queries import get_working_copy, select_open_conflicts
from structures.working_copies.rows import load_named
from structures.working_copies.services import (
    StepResult,
    close_working_copy,
    create_working_copy,
    edit_working_copy,
    redo_step,
    undo_step,
)
from tenants.models import Tenant

_TEXTS_PER_PAGE = 100


class CopyView(CourseAdminView):
    """A page of one working copy."""

    tenant: Tenant
    copy: WorkingCopy

    def find_copy(self, copy: UUID) -> WorkingCopy:
        """Set and return the working copy, if the user may see it. Raises NotFound."""
        self.tenant = self.access.find_tenant(WorkingCopy, copy)
        self.copy = get_working_copy(tenant=self.tenant, copy_id=copy)
        # Everybody's tenant is known here; rows would ask for it again.
        self.copy.tenant = self.tenant
        return self.copy

    def build_url(self, key: UUID | str | None = None) -> str:
        """Return the URL of the editor with a node open."""
        url = reverse("course_admin:copy", args=[self.copy.pk])
        return url if not key or str(key) == str(COURSE_KEY) else f"{url}?{urlencode({'node': str(key)})}"

    def build_frame(self) -> dict[str, Any]:
        """Return what the head of every page of a working copy shows. One statement."""
        return {
            "copy": self.copy,
            "is_open": self.copy.status == CopyStatus.OPEN,
            "is_in_review": self.copy.review_state == ReviewState.IN_REVIEW,
            "conflict_count": select_open_conflicts(self.copy).count(),
        }

    def read_common(self, form: QueryDict) -> dict[str, Any]:
        """Return what every change needs. Raises PreconditionRequired and EditRefused."""
        return {
            "tenant": self.tenant,
            "copy_id": self.copy.pk,
            "actor": self.access.actor,
            "reason": read_reason(form),
            "if_match": read_revision(form),
        }

    def refuse(self, error: DomainError, form: QueryDict) -> HttpResponse:
        """Return the page of a form that was refused, with all that was typed."""
        self.copy.refresh_from_db(fields=["revision", "status"])
        node = self._find_node(form.get("key", ""))
        match = self.request.resolver_match
        assert match is not None  # a view was found
        step = str(match.kwargs.get("operation", match.url_name))
        refused = build_refused_form(error, form, self.copy, node, step=step, seen=_read_seen(form))
        context = {
            **self.build_frame(),
            "refused": refused,
            "difficulties": DIFFICULTIES,
            "key": form.get("key", ""),
            "node": node,
        }
        return self.render_page("refused.html", context, status=error.status)

    def _find_node(self, key: str) -> KeyedNode | None:
        try:
            return load_named(self.copy, [UUID(key)]).nodes.get(UUID(key))
        except ValueError:
            return None


class EditorView(CopyView):
    """The working copy: all its parts on one side, and the one that is open on the other."""

    def get(self, request: HttpRequest, copy: UUID) -> HttpResponse:
        self.find_copy(copy)
        outline = load_outline(self.copy)
        key, notice = _choose_node(request.GET.get("node", ""), outline)
        node = self._load_node(key)
        sources = list_sources(self.copy)
        context = {
            **self.build_frame(),
            "sections": outline.list_sections(),
            "open_keys": {each.key for each in outline.list_above(key)} | {key},
            "panel": build_node_panel(node, outline),
            "sources": sources[:MAX_CHOICES],
            "left_out_sources": max(0, len(sources) - MAX_CHOICES),
            "difficulties": DIFFICULTIES,
            "notice": notice,
            "corrections": list_panel_corrections(self.copy) if key == COURSE_KEY else [],
            "threads": list_panel_threads(self.copy, key),
            "open_threads": count_open_threads(self.copy),
        }
        return self.render_page("copy.html", context)

    def _load_node(self, key: UUID) -> KeyedNode:
        return load_named(self.copy, [key]).get_node(key)


class CreateCopyView(CourseFormView):
    """Makes a working copy of a snapshot."""

    def post(self, request: HttpRequest, snapshot: UUID) -> HttpResponse:
        try:
            tenant = self.access.find_tenant(StructureSnapshot, snapshot)
            name = _read_name(request.POST)
            copy = create_working_copy(tenant=tenant, snapshot_id=snapshot, name=name, actor=self.access.actor)
        except DomainError as error:
            return self.refuse(error, intent="Make a working copy", name="name", label="Name")
        return self.redirect_with("The working copy is made.", reverse("course_admin:copy", args=[copy.pk]))


class EditView(CopyView):
    """Does one operation on a node of the working copy."""

    def post(self, request: HttpRequest, copy: UUID, operation: str) -> HttpResponse:
        self.find_copy(copy)
        form = request.POST
        try:
            if operation == "change_fields":
                return self._change_fields(form)
            key = read_key(form)
            node = load_named(self.copy, [key]).get_node(key)
            name, arguments = read_operation(operation, form, node)
            result = edit_working_copy(**self.read_common(form), operation=name, arguments=arguments)
        except DomainError as error:
            return self.refuse(error, form)
        url = self.build_url(form.get("back") or _find_next_key(result, node))
        return self.redirect_with(_describe_result(result), url)

    def _change_fields(self, form: QueryDict) -> HttpResponse:
        """Make a step of each field that the person changed: all of them, or none."""
        key = read_key(form)
        common = self.read_common(form)
        node = load_named(self.copy, [key]).get_node(key)
        changed = read_changed_fields(form, node.field_kinds)
        with transaction.atomic():
            for name, value in changed.items():
                arguments = {"key": str(key), "field": name, "value": value}
                result = edit_working_copy(**common, operation="change_field", arguments=arguments)
                common["if_match"] = build_if_match(result.copy.revision)
        count = len(changed)
        words = "1 field is saved." if count == 1 else f"{count} fields are saved." if count else "Nothing had changed."
        return self.redirect_with(words, self.build_url(key))


class StepView(CopyView):
    """Takes a step back, or does it again."""

    def post(self, request: HttpRequest, copy: UUID, step: str) -> HttpResponse:
        self.find_copy(copy)
        try:
            change = undo_step if step == "undo" else redo_step
            change(**self.read_common(request.POST))
        except DomainError as error:
            return self.refuse(error, request.POST)
        words = "The last step is taken back." if step == "undo" else "The step is done again."
        return self.redirect_with(words, self.build_url(request.POST.get("key")))


class ApproveView(CopyView):
    """Makes a snapshot of the working copy."""

    def post(self, request: HttpRequest, copy: UUID) -> HttpResponse:
        self.find_copy(copy)
        try:
            _, is_new = approve_working_copy(**self.read_common(request.POST))
        except DomainError as error:
            return self.refuse(error, request.POST)
        words = (
            "It is approved: the course has a new structure."
            if is_new
            else "You approve the structure of this version."
        )
        return self.redirect_with(words, reverse("course_admin:course", args=[self.copy.node_id]))


class CloseView(CopyView):
    """Closes the working copy."""

    def post(self, request: HttpRequest, copy: UUID) -> HttpResponse:
        self.find_copy(copy)
        try:
            close_working_copy(tenant=self.tenant, copy_id=copy, if_match=read_revision(request.POST))
        except DomainError as error:
            return self.refuse(error, request.POST)
        url = reverse("course_admin:course", args=[self.copy.node_id])
        return self.redirect_with("The working copy is closed. It can still be read.", url)


class SourceView(CopyView):
    """The text of an entry, to take words from as evidence of a node."""

    def get(self, request: HttpRequest, copy: UUID, entry: UUID) -> HttpResponse:
        self.find_copy(copy)
        row = get_source(self.copy, entry)
        page = Paginator(select_source_texts(self.copy, row), _TEXTS_PER_PAGE).get_page(request.GET.get("page"))
        key = request.GET.get("node", "")
        node = self._find_node(key)
        context = {
            **self.build_frame(),
            "entry": row,
            "page": page,
            "texts": describe_source_texts(list(page.object_list)),
            "node": node,
            "can_cite": node is not None and node.node_type is not None,
            "query": "" if node is None else f"node={node.key}&",
        }
        return self.render_page("source.html", context)


def _read_name(form: QueryDict) -> str:
    name = require_text("name", form.get("name", "").strip())
    if not 0 < len(name) <= 100:
        raise InvalidValue("A working copy has a name of 1 to 100 characters.", next_step="Type another name.")
    return name


def read_reason(form: QueryDict) -> str:
    """Return why a step is made. Raises EditRefused for what no history keeps."""
    reason = unify_lines(require_text("reason", form.get("reason", "").strip()))
    check_length("reason", reason, limit=MAX_REASON)
    return reason


def read_revision(form: QueryDict) -> IfMatch:
    """Return the version of the working copy for which the form is meant. Raises PreconditionRequired without one."""
    seen = _read_seen(form)
    if seen is None:
        raise PreconditionRequired("The form does not say which version of the working copy it changes.")
    return build_if_match(seen)


def build_if_match(revision: int) -> IfMatch:
    """Return the condition that the working copy has this revision."""
    return IfMatch(frozenset({f'"{revision}"'}))


def _read_seen(form: QueryDict) -> int | None:
    """Return the version that the form was made of, or the later one to which the person has chosen to apply it."""
    text = form.get("apply_to") or form.get("revision", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 10 else None


def read_key(form: QueryDict) -> UUID:
    """Return the key of the node that a form is about. Raises UnknownKey."""
    try:
        return UUID(form.get("key", ""))
    except ValueError:
        raise UnknownKey("The form names no part of the course.") from None


def _choose_node(given: str, outline: Outline) -> tuple[UUID, str]:
    """Return the node to open, and what to say when it is not the one that was asked for."""
    try:
        key = UUID(given) if given else COURSE_KEY
    except ValueError:
        key = None
    if key is not None and key in outline.rows:
        return key, ""
    return COURSE_KEY, "That part of the course is gone: it was deleted, merged, or is in no newer structure."


def _find_next_key(result: StepResult, node: KeyedNode) -> UUID | str | None:
    """Return the node to show after a step: the one that was added, or what is left of the one that was edited."""
    record = result.record
    if record is not None and record.kind == "add_node":
        return str(record.arguments["key"])
    return node.parent if record is not None and record.kind == "delete_node" else node.key


def _describe_result(result: StepResult) -> str:
    return "Nothing had changed." if result.record is None else f"Done. This is step {result.record.number}."
