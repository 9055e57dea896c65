"""Which jobs a request may read: its key needs the scope that the kind of the job names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from rest_framework.request import Request

from project.errors import NotFound
from project.jobs.job_kinds import list_job_kinds, load_node_function, load_subject_functions
from project.jobs.models import Job
from tenants.models import Tenant
from tenants.permissions import has_scope
from tenants.requests import get_api_key, get_tenant


def select_readable_jobs(request: Request) -> QuerySet[Job]:
    """Return the tenant's jobs that the request's key may read."""
    return Job.objects.for_tenant(get_tenant(request)).exclude(kind__in=list_hidden_kinds(request))


def list_hidden_kinds(request: Request) -> list[str]:
    """Return the kinds of job that the request's key may not read."""
    key = get_api_key(request)
    return [kind.name for kind in list_job_kinds() if not has_scope(key, kind.read_scope)]


def get_readable_job(request: Request, job_id: UUID) -> Job:
    """Return a job that the request's key may read. Raises NotFound for others, as if they were not there."""
    job = select_readable_jobs(request).filter(pk=job_id).first()
    if job is None:
        raise NotFound(f"There is no job {job_id}.")
    return job


def build_restriction(tenant: Tenant, node_id: UUID) -> Q:
    """Return the condition of the jobs that a key may read that is restricted to a node. One statement here."""
    try:
        return Q(subject_id__in=select_subjects_below(tenant=tenant, node_id=node_id))
    except NotFound:
        return Q(pk__in=[])


def select_subjects_below(*, tenant: Tenant, node_id: UUID) -> QuerySet[Any, Any]:
    """Return the ids of what jobs work on at or below a node: it and those below, entries, uploads, imports, exports.

    One statement here, for the nodes: of a recursion inside the query the planner of PostgreSQL would not know how few
    it finds, and scan all jobs. Raises NotFound for a node that the tenant does not have.
    """
    return select_subjects_at(tenant=tenant, node_ids=load_node_function()(tenant=tenant, node_id=node_id))


def select_subjects_at(*, tenant: Tenant, node_ids: Sequence[UUID]) -> QuerySet[Any, Any]:
    """Return the ids of what jobs work on at these nodes. Each app says what of its own that is."""
    # The ids of all tables differ, so kinds of jobs need not be compared.
    first, *others = [select_subjects(tenant, node_ids) for select_subjects in load_subject_functions()]
    return first.union(*others, all=True)
