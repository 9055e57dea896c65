"""What is told of the jobs at and below a node as they change.

The id of these events is the oldest transaction that was open when they were read. Whoever comes again with it is told
of all that has changed in that transaction or a later one: some of it may have been told before, none of it is missed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from django.db import connection
from rest_framework.renderers import JSONRenderer

from materials.queries import list_node_ids_below
from project.http.event_streams import build_event
from project.jobs.access import select_subjects_at
from project.jobs.events import JobMark, JobView, build_job_events, build_job_view
from project.jobs.models import Job
from structures.node_status.queries import load_node_status
from structures.node_status.serializers import NodeStatusSerializer
from tenants.models import Tenant

# Of one reading: more states than anybody looks at; `progress` counts all.
MAX_STATES = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class NodeView:
    """What has happened below a node since an event, and how far all is (`progress`, JSON), with the id of both."""

    event_id: int
    jobs: tuple[JobView, ...]
    progress: bytes
    is_settled: bool


def load_node_view(*, tenant_id: UUID, node_id: UUID, hidden_kinds: tuple[str, ...], since: int | None) -> NodeView:
    """Return what has changed since the event; without one, of no job alone. Five statements. Raises NotFound."""
    tenant = Tenant(pk=tenant_id)
    event_id, newest = _read_transactions()
    nodes = list_node_ids_below(tenant=tenant, node_id=node_id)
    readable = Job.objects.for_tenant(tenant).exclude(kind__in=hidden_kinds)
    jobs: list[Job] = []
    omitted = 0
    # An id that is newer than the newest is of a database that this one has replaced.
    if since is not None and since <= newest:
        subjects = select_subjects_at(tenant=tenant, node_ids=nodes)
        changed = readable.filter(subject_id__in=subjects, changed_in__gte=since).order_by("-changed_in", "-pk")
        jobs = list(changed[: MAX_STATES + 1])
        if len(jobs) > MAX_STATES:
            jobs, omitted = [], changed.count()
    status = load_node_status(tenant=tenant, node_id=node_id, readable=readable, with_forecast=False)
    told = dict(NodeStatusSerializer(status).data)
    del told["failures"], told["estimated_end"]
    return NodeView(
        event_id=event_id,
        jobs=tuple(build_job_view(job) for job in reversed(jobs)),
        progress=JSONRenderer().render({**told, "omitted_states": omitted}),
        is_settled=status.open_count == 0,
    )


def build_node_events(view: NodeView, told: Mapping[UUID, JobMark]) -> bytes:
    """Return the events of the jobs that are new since `told`, and how far all is."""
    events = [build_job_events(job, told.get(job.job_id), event_id=view.event_id) for job in view.jobs]
    return b"".join(events) + build_event("progress", view.progress, event_id=view.event_id)


def _read_transactions() -> tuple[int, int]:
    """Return the oldest transaction that is open, and the next one."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_snapshot_xmin(now_open)::text::bigint, pg_snapshot_xmax(now_open)::text::bigint"
            " FROM pg_current_snapshot() now_open"
        )
        oldest, newest = cursor.fetchone()
        return oldest, newest
