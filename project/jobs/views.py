"""REST endpoints of jobs: read, cancel, retry."""

from __future__ import annotations

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import status, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from project.http.responses import paginated_response, validated_query
from project.http.schema import declare_problems
from project.http.serializers import build_order
from project.jobs import services
from project.jobs.access import get_readable_job, select_readable_jobs, select_subjects_below
from project.jobs.job_kinds import get_job_kind
from project.jobs.models import Job
from project.jobs.serializers import JobDetailSerializer, JobListSerializer, JobSerializer
from tenants.idempotency import IdempotentActions
from tenants.permissions import require_scope
from tenants.requests import get_tenant
from tenants.scopes import Scope

# Sent as Retry-After with a 202: most documents are read within a second or two.
POLL_SECONDS = 1


class JobViewSet(IdempotentActions, viewsets.GenericViewSet[Job]):
    """The tenant's jobs."""

    queryset = Job.objects.none()
    serializer_class = JobSerializer
    serves_restricted_keys = True
    read_scope = Scope.CHECK
    write_scope = Scope.PREP

    @extend_schema(parameters=[JobListSerializer], responses=JobSerializer(many=True))
    def list(self, request: Request) -> Response:
        """List jobs, newest first. Keys without the scope `prep` find none of working copies, which are drafts.

        `node` takes one statement more than a list without it, however much is below the node.
        """
        wanted = validated_query(request, JobListSerializer)
        rows = select_readable_jobs(request)
        for parameter, column in _FILTER_COLUMNS.items():
            if parameter in wanted:
                rows = rows.filter(**{column: wanted[parameter]})
        if wanted["sort"].endswith("finished_at"):
            rows = rows.filter(finished_at__isnull=False)  # as the index says it; the serializer sees that it is so
        if "node" in wanted:
            rows = rows.filter(subject_id__in=select_subjects_below(tenant=get_tenant(request), node_id=wanted["node"]))
        return paginated_response(self, rows.order_by(*build_order(wanted["sort"])), JobSerializer)

    @extend_schema(responses=JobDetailSerializer)
    def retrieve(self, request: Request, pk: UUID) -> Response:
        """Read a job: its status, how far it is, how it ended, and why each attempt at it did."""
        return Response(JobDetailSerializer(get_readable_job(request, pk)).data)

    @declare_problems("job_not_open")
    @extend_schema(request=None, responses={200: JobSerializer})
    def cancel(self, request: Request, pk: UUID) -> Response:
        """End a queued job now; an active one stops within seconds. Cancelling twice is no error."""
        job = get_readable_job(request, pk)
        return Response(JobSerializer(services.cancel_job(job=job)).data)

    @declare_problems("job_already_open", "job_not_retryable")
    @extend_schema(request=None, responses={202: JobSerializer})
    def retry(self, request: Request, pk: UUID) -> Response:
        """Queue a failed or cancelled job again. It needs the scope that starting such work needs, too."""
        job = get_readable_job(request, pk)
        require_scope(request, get_job_kind(job.kind).start_scope)
        return accepted_response(services.retry_job(job=job))


_FILTER_COLUMNS = {
    "kind": "kind",
    "status": "status",
    "subject": "subject_id",
    "error_code": "error_code",
    "created_after": "created_at__gt",
    "finished_after": "finished_at__gt",
}


def accepted_response(job: Job) -> Response:
    """Answer 202 with the job and where to follow it."""
    return Response(
        JobSerializer(job).data,
        status=status.HTTP_202_ACCEPTED,
        headers={"Location": f"/api/v1/jobs/{job.pk}", "Retry-After": str(POLL_SECONDS)},
    )
