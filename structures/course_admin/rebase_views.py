"""Put a working copy onto another structure: look first, then do it; of a large course a job does both."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, QueryDict
from django.urls import reverse

from project.errors import DomainError
from project.jobs.models import Job
from structures.course_admin.conflict_rows import describe_conflicts
from structures.course_admin.copy_views import CopyView
from structures.course_admin.overview import SnapshotRow, describe_snapshots
from structures.editing.conflicts import encode_conflict
from structures.editing.errors import InvalidValue
from structures.job_kinds import PREVIEW_REBASE, REBASE_WORKING_COPY
from structures.models import EditConflictRow
from structures.queries import list_snapshots
from structures.working_copies.rebase_jobs import request_preview, request_rebase
from structures.working_copies.rebasing import RebaseResult

_LATEST = "latest"
_MAX_SNAPSHOTS, _MAX_JOBS, _MAX_SHOWN = 20, 5, 20
_JOB_WORDS = {PREVIEW_REBASE: "Look", REBASE_WORKING_COPY: "Rebase"}


class RebaseView(CopyView):
    """Says what a rebase would do (`do=look`), or does it."""

    def get(self, request: HttpRequest, copy: UUID) -> HttpResponse:
        self.find_copy(copy)
        return self._render_rebase(_LATEST, None)

    def post(self, request: HttpRequest, copy: UUID) -> HttpResponse:
        self.find_copy(copy)
        form = request.POST
        try:
            onto = _read_onto(form)
            if form.get("do") == "look":
                result = request_preview(tenant=self.tenant, copy_id=copy, onto=onto)
                if not isinstance(result, Job):
                    return self._render_rebase(form.get("onto", _LATEST), result)
            else:
                result = request_rebase(**self.read_common(form), onto=onto)
        except DomainError as error:
            return self.refuse(error, form)
        if isinstance(result, Job):
            url = reverse("course_admin:rebase", args=[self.copy.pk])
            return self.redirect_with("It is a large course: a job works on it. Its state is below.", url)
        return self._go_on(result)

    def _go_on(self, result: RebaseResult) -> HttpResponse:
        if result.record is None:
            return self.redirect_with("It stands on that structure already: nothing had changed.", self.build_url())
        if not result.conflicts:
            return self.redirect_with("Done. There is nothing to decide.", self.build_url())
        url = reverse("course_admin:conflicts", args=[self.copy.pk])
        count = len(result.conflicts)
        return self.redirect_with(f"Done. {count} conflict{'s are' if count > 1 else ' is'} to be decided.", url)

    def _render_rebase(self, onto: str, preview: RebaseResult | None) -> HttpResponse:
        context = {
            **self.build_frame(),
            "snapshots": self._list_snapshots(),
            "onto": onto,
            "jobs": self._list_jobs(),
            **({} if preview is None else self._describe_preview(preview)),
        }
        return self.render_page("rebase.html", context)

    def _list_snapshots(self) -> list[SnapshotRow]:
        rows = list_snapshots(tenant=self.tenant, node_id=self.copy.node_id)[:_MAX_SNAPSHOTS]
        return describe_snapshots(list(rows))

    def _list_jobs(self) -> list[dict[str, Any]]:
        """Return the newest jobs that rebase this working copy, or look. One statement."""
        rows = Job.objects.for_tenant(self.tenant).filter(subject_id=self.copy.pk, kind__in=_JOB_WORDS)
        return [{"job": row, "words": _JOB_WORDS[row.kind]} for row in rows.order_by("-created_at", "-id")[:_MAX_JOBS]]

    def _describe_preview(self, preview: RebaseResult) -> dict[str, Any]:
        rows = [EditConflictRow(content=encode_conflict(each)) for each in preview.conflicts[:_MAX_SHOWN]]
        return {
            "preview": preview,
            "counts": preview.counts,
            "conflicts": describe_conflicts(self.copy, rows),
            "conflict_total": len(preview.conflicts),
            "left_out_conflicts": max(0, len(preview.conflicts) - _MAX_SHOWN),
        }


def _read_onto(form: QueryDict) -> UUID | None:
    """Return the snapshot that was chosen, None for the newest that was generated."""
    given = form.get("onto", _LATEST)
    try:
        return None if given == _LATEST else UUID(given)
    except ValueError:
        raise InvalidValue(f"{given!r} is no structure.", next_step="Choose one from the list.") from None
