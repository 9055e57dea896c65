"""How far all work at and below a node is: two statements and, while jobs are open, those of the forecast."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.postgres.aggregates import ArrayAgg
from django.contrib.postgres.fields import ArrayField
from django.db.models import (
    BigIntegerField,
    Case,
    CharField,
    Count,
    DateTimeField,
    F,
    Field,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    TextField,
    UUIDField,
    Value,
    When,
)
from django.db.models.functions import Cast, Coalesce

from materials.models import EntryState, MaterialEntry
from materials.models.entries import build_state_condition
from materials.queries import list_node_ids_below
from project.db.clock import get_database_time
from project.db.conditions import IsAnyOf
from project.jobs.access import select_subjects_at
from project.jobs.forecasts import forecast_jobs
from project.jobs.models import Job, JobStatus
from tenants.models import Tenant

# As many as a person looks at; the counts by code say how many there are.
MAX_FAILURES = 50


@dataclass(frozen=True, kw_only=True)
class StageCount:
    """Active jobs of one kind in one stage, and how far they are together."""

    kind: str
    stage: str
    jobs: int
    done: int
    total: int


@dataclass(frozen=True, kw_only=True)
class JobFailure:
    """A job that failed and was not tried again. `name` is that of its entry, blank of other subjects."""

    job_id: UUID
    kind: str
    subject_id: UUID
    name: str
    code: str
    message: str
    next_step: str
    finished_at: datetime


@dataclass(frozen=True, kw_only=True)
class NodeStatus:
    """What there is at and below a node, and how far the work on it is.

    Of several jobs of one kind on one subject the newest counts alone. `estimated_end` is None when nothing is open,
    or nothing can be said of one of the open jobs.
    """

    node_id: UUID
    node_count: int
    entries: Mapping[EntryState, int]
    jobs: Mapping[JobStatus, int]
    stages: Sequence[StageCount]
    failures: Sequence[JobFailure]
    failure_counts: Mapping[str, int]
    estimated_end: datetime | None

    @property
    def open_count(self) -> int:
        return sum(self.jobs[status] for status in Job.OPEN)


def load_node_status(
    *, tenant: Tenant, node_id: UUID, readable: QuerySet[Job], with_forecast: bool = True
) -> NodeStatus:
    """Return how far the work at and below a node is. `readable` are the jobs that may be told of. Raises NotFound."""
    nodes = list_node_ids_below(tenant=tenant, node_id=node_id)
    newest = (
        readable.filter(subject_id__in=select_subjects_at(tenant=tenant, node_ids=nodes))
        .order_by("kind", "subject_id", "-created_at", "-id")
        .distinct("kind", "subject_id")
    )
    jobs = Job.objects.filter(pk__in=newest.values("pk"))
    rows = _select_entries(tenant, nodes).union(_select_jobs(jobs), _select_failures(jobs), all=True)
    return _build_status(node_id, len(nodes), rows, with_forecast=with_forecast)


def _select_entries(tenant: Tenant, nodes: Sequence[UUID]) -> QuerySet[MaterialEntry, Any]:
    """Select how many entries are in each state."""
    states = [When(build_state_condition(state), then=Value(state.value)) for state in EntryState]
    entries = MaterialEntry.objects.for_tenant(tenant).filter(IsAnyOf("node_id", nodes))
    counts = entries.values(r_status=Case(*states, output_field=CharField())).annotate(r_count=Count("pk"))
    return _fill_columns(counts, part=_ENTRIES, given={"r_status", "r_count"})


def _select_jobs(jobs: QuerySet[Job]) -> QuerySet[Job, Any]:
    """Select how many jobs there are of each kind in each state and stage, or with each error; and which are open."""
    is_open, is_active = Q(status__in=Job.OPEN), Q(status=JobStatus.ACTIVE)
    counts = jobs.values(
        r_status=F("status"),
        r_kind=F("kind"),
        r_text=Case(
            When(is_active, then=F("stage")),
            When(status=JobStatus.FAILED, then=F("error_code")),
            default=Value(""),
            output_field=CharField(),
        ),
    ).annotate(
        r_count=Count("pk"),
        r_done=Cast(Coalesce(Sum("done", filter=is_active), 0), BigIntegerField()),
        r_total=Cast(Coalesce(Sum("total", filter=is_active), 0), BigIntegerField()),
        r_jobs=ArrayAgg("pk", filter=is_open, default=Value([], output_field=ArrayField(UUIDField()))),
    )
    given = {"r_status", "r_kind", "r_text", "r_count", "r_done", "r_total", "r_jobs"}
    return _fill_columns(counts, part=_JOBS, given=given)


def _select_failures(jobs: QuerySet[Job]) -> QuerySet[Job, Any]:
    """Select the newest failures."""
    name = MaterialEntry.objects.filter(pk=OuterRef("subject_id"), tenant=OuterRef("tenant")).values("name")
    rows = jobs.filter(status=JobStatus.FAILED).annotate(
        r_job=F("pk"),
        r_kind=F("kind"),
        r_subject=F("subject_id"),
        r_name=Coalesce(Subquery(name), Value(""), output_field=CharField()),
        r_text=F("error_code"),
        r_message=F("error_message"),
        r_next_step=F("next_step"),
        r_at=F("finished_at"),
    )
    given = {"r_job", "r_kind", "r_subject", "r_name", "r_text", "r_message", "r_next_step", "r_at"}
    return _fill_columns(rows, part=_FAILURES, given=given).order_by("-finished_at", "-pk")[:MAX_FAILURES]


def _fill_columns(rows: QuerySet[Any, Any], *, part: str, given: set[str]) -> QuerySet[Any, Any]:
    """Return the rows with all columns of the union; PostgreSQL must know the type of those that a part has not."""
    rest = {name: Cast(Value(None), kind) for name, kind in _COLUMNS.items() if name not in given}
    filled: QuerySet[Any, Any] = rows.annotate(r_part=Value(part), **rest).values("r_part", *_COLUMNS)
    return filled


def _build_status(
    node_id: UUID, node_count: int, rows: Iterable[Mapping[str, Any]], *, with_forecast: bool
) -> NodeStatus:
    entries = dict.fromkeys(EntryState, 0)
    jobs = dict.fromkeys(JobStatus, 0)
    stages: list[StageCount] = []
    failures: list[JobFailure] = []
    codes: Counter[str] = Counter()
    open_ids: list[UUID] = []
    for row in rows:
        if row["r_part"] == _ENTRIES:
            entries[EntryState(row["r_status"])] += row["r_count"]
        elif row["r_part"] == _FAILURES:
            failures.append(_build_failure(row))
        else:
            status = JobStatus(row["r_status"])
            jobs[status] += row["r_count"]
            open_ids += row["r_jobs"]
            if status == JobStatus.FAILED:
                codes[row["r_text"]] += row["r_count"]
            if status == JobStatus.ACTIVE:
                stages.append(
                    StageCount(
                        kind=row["r_kind"],
                        stage=row["r_text"],
                        jobs=row["r_count"],
                        done=row["r_done"],
                        total=row["r_total"],
                    )
                )
    return NodeStatus(
        node_id=node_id,
        node_count=node_count,
        entries=entries,
        jobs=jobs,
        stages=sorted(stages, key=lambda each: (each.kind, each.stage)),
        failures=sorted(failures, key=lambda each: (each.finished_at, each.job_id), reverse=True),
        failure_counts=dict(sorted(codes.items())),
        estimated_end=_estimate_end(open_ids) if with_forecast else None,
    )


def _build_failure(row: Mapping[str, Any]) -> JobFailure:
    return JobFailure(
        job_id=row["r_job"],
        kind=row["r_kind"],
        subject_id=row["r_subject"],
        name=row["r_name"],
        code=row["r_text"],
        message=row["r_message"],
        next_step=row["r_next_step"],
        finished_at=row["r_at"],
    )


def _estimate_end(open_ids: Sequence[UUID]) -> datetime | None:
    if not open_ids:
        return None
    estimates = forecast_jobs(now=get_database_time())
    if not all(job_id in estimates for job_id in open_ids):
        return None
    return max(estimates[job_id].end for job_id in open_ids)


_ENTRIES, _JOBS, _FAILURES = "entries", "jobs", "failures"
_COLUMNS: dict[str, Field[Any, Any]] = {
    "r_status": CharField(),
    "r_kind": CharField(),
    "r_text": CharField(),
    "r_count": BigIntegerField(),
    "r_done": BigIntegerField(),
    "r_total": BigIntegerField(),
    "r_jobs": ArrayField(UUIDField()),
    "r_job": UUIDField(),
    "r_subject": UUIDField(),
    "r_name": CharField(),
    "r_message": TextField(),
    "r_next_step": TextField(),
    "r_at": DateTimeField(),
}
