"""Which jobs a request may read: its key needs the scope that the kind of the job names."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Q, QuerySet
from rest_framework.request import Request

from project.errors import NotFound
from project.jobs.job_kinds import list_job_kinds, load_subject_functions
from project.jobs.models import Job
from tenants.models import Tenant
from tenants.permissions import has_scope
from tenants.requests import get_api_key, get_tenant


def select_readable_jobs(request: Request) -> QuerySet[Job]:
    """Return the tenant's jobs that the request's key may read."""
    key = get_api_key(request)
    hidden = [kind.name for kind in list_job_kinds() if not has_scope(key, kind.read_scope)]
    return Job.objects.for_tenant(get_tenant(request)).exclude(kind__in=hidden)


def get_readable_job(request: Request, job_id: UUID) -> Job:
    """Return a job that the request's key may read. Raises NotFound for others, as if they were not there."""
    job = select_readable_jobs(request).filter(pk=job_id).first()
    if job is None:
        raise NotFound(f"There is no job {job_id}.")
    return job


def build_node_condition(tenant: Tenant, node_id: UUID) -> Q:
    """Return the condition of the jobs that work at or below a node: on it, its entries, uploads, imports, exports.

    Each app says what of its own lies below a node. Raises NotFound for a node that the tenant does not have.
    """
    # One subquery, which the index on subjects serves. The ids of all tables differ, so the kind need not be compared.
    first, *others = [select_subjects(tenant, node_id) for select_subjects in load_subject_functions()]
    return Q(subject_id__in=first.union(*others, all=True))
