"""REST endpoints of jobs: read, wait, follow, cancel, retry."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import status, viewsets
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from project.http.event_streams import (
    EVENT_STREAM,
    EventStreamRenderer,
    JobEndWatch,
    JobWatch,
    can_wait,
    present_events_response,
    read_last_event_id,
    watch_response,
)
from project.http.problems import exception_handler
from project.http.responses import paginated_response, validated, validated_query
from project.http.schema import LAST_EVENT_ID, NOTHING_NEW, declare_problems
from project.http.serializers import build_order
from project.jobs import services
from project.jobs.access import get_readable_job, select_readable_jobs, select_subjects_below
from project.jobs.events import build_job_events, build_job_view
from project.jobs.job_kinds import get_job_kind
from project.jobs.models import Job
from project.jobs.serializers import JobDetailSerializer, JobListSerializer, JobSerializer, JobWaitSerializer
from tenants.idempotency import IdempotentActions
from tenants.permissions import require_scope
from tenants.requests import get_api_key, get_tenant
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

    @declare_problems("too_many_streams")
    @extend_schema(parameters=[JobWaitSerializer], responses=JobDetailSerializer)
    def retrieve(self, request: Request, pk: UUID) -> HttpResponse:
        """Read a job: its status, how far it is, how it ended, and why each attempt at it did.

        With `wait` the answer comes when the job has ended, or after so many seconds.
        """
        seconds: int = validated(JobWaitSerializer(data=request.query_params.dict()))["wait"]
        job = get_readable_job(request, pk)
        if seconds and job.is_open:
            if can_wait(request):
                return self._wait_for_end(request, job, seconds)
            return Response(JobDetailSerializer(job).data, headers={"Retry-After": str(POLL_SECONDS)})
        return Response(JobDetailSerializer(job).data)

    def _wait_for_end(self, request: Request, job: Job, seconds: int) -> HttpResponse:
        def build_answer() -> HttpResponse:
            try:
                data = JobDetailSerializer(get_readable_job(request, job.pk)).data
            except Exception as exc:  # noqa: BLE001  # as in any view: each becomes a problem
                return exception_handler(exc, {"request": request, "view": self})
            return HttpResponse(JSONRenderer().render(data), content_type="application/json")

        key = get_api_key(request)
        watch = JobEndWatch(
            tenant_id=key.tenant_id, key_id=key.pk, job_id=job.pk, seconds=seconds, build_answer=build_answer
        )
        return watch_response(request, watch, content_type="application/json")

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


class JobEventsViewSet(viewsets.GenericViewSet[Job]):
    """What happens to a job, as it happens."""

    queryset = Job.objects.none()
    renderer_classes = (EventStreamRenderer,)
    read_scope = Scope.CHECK
    write_scope = Scope.PREP

    @declare_problems("too_many_streams")
    @extend_schema(
        parameters=[LAST_EVENT_ID],
        responses={(200, EVENT_STREAM): OpenApiTypes.STR, 204: OpenApiResponse(description=NOTHING_NEW)},
    )
    def stream_events(self, request: Request, pk: UUID) -> HttpResponse:
        """Follow a job: server-sent events `state`, `progress` and `log`, until it has ended.

        `state` has the job, without its estimates; `progress` has `job`, `stage`, `done` and `total`; `log` says why an
        attempt ended that is tried again. A comment is sent every 15 seconds. After a lost connection send the last
        `id` as `Last-Event-ID`. A server that cannot wait sends what there is and ends: come again after `retry`.
        """
        job = get_readable_job(request, pk)
        last_event_id = read_last_event_id(request)
        if not job.is_open and last_event_id == job.changed_in:
            return Response(status=status.HTTP_204_NO_CONTENT)
        if can_wait(request):
            key = get_api_key(request)
            watch = JobWatch(tenant_id=key.tenant_id, key_id=key.pk, job_id=job.pk, last_event_id=last_event_id)
            return watch_response(request, watch)
        is_known = last_event_id == job.changed_in
        return present_events_response(b"" if is_known else build_job_events(build_job_view(job), None))


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
