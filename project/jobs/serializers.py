"""JSON shapes of jobs."""

from __future__ import annotations

from datetime import datetime
from functools import cached_property
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from project.db.clock import get_database_time
from project.http.serializers import (
    KnownChoiceField,
    ListQuerySerializer,
    SortField,
    StrictCharField,
    StrictSerializer,
)
from project.jobs.estimates import Estimate
from project.jobs.forecasts import forecast_jobs
from project.jobs.job_kinds import list_job_kinds
from project.jobs.models import Job, JobAttempt, JobStatus
from project.jobs.priorities import Urgency


class ProgressSerializer(serializers.Serializer[Job]):
    """How far the job's present stage is."""

    stage = serializers.CharField()
    done = serializers.IntegerField()
    total = serializers.IntegerField()


class JobErrorSerializer(serializers.Serializer[Job]):
    """Why the job, or the last attempt at it, failed, and what is next."""

    code = serializers.CharField(source="error_code")
    message = serializers.CharField(source="error_message")
    next_step = serializers.CharField()


class JobSerializer(serializers.ModelSerializer[Job]):
    """One piece of work."""

    subject = serializers.UUIDField(source="subject_id", read_only=True)
    plan = serializers.DictField(
        read_only=True,
        allow_null=True,
        help_text="What the job said it is going to do, before it began; which members there are depends on the kind.",
    )
    progress = ProgressSerializer(source="*", read_only=True)
    result = serializers.DictField(
        read_only=True, allow_null=True, help_text="What a complete job made; its members depend on the kind."
    )
    error = serializers.SerializerMethodField(
        help_text="Why the job failed; of an open job that is tried again, why its last attempt ended."
    )
    cancel_requested = serializers.SerializerMethodField()
    estimated_start = serializers.SerializerMethodField(
        help_text="When an open job is expected to begin, or began; null when nothing can be said."
    )
    estimated_end = serializers.SerializerMethodField(
        help_text="When an open job is expected to end; null when nothing can be said."
    )

    class Meta:
        model = Job
        fields = (
            "id",
            "kind",
            "status",
            "queue",
            "priority",
            "subject",
            "plan",
            "progress",
            "attempt",
            "max_attempts",
            "cancel_requested",
            "error",
            "result",
            "created_at",
            "queued_at",
            "started_at",
            "heartbeat_at",
            "finished_at",
            "estimated_start",
            "estimated_end",
        )
        read_only_fields = fields

    @extend_schema_field(JobErrorSerializer(allow_null=True))
    def get_error(self, job: Job) -> dict[str, Any] | None:
        return JobErrorSerializer(job).data if job.error_code else None

    def get_cancel_requested(self, job: Job) -> bool:
        return job.cancel_requested_at is not None

    def get_estimated_start(self, job: Job) -> datetime | None:
        found = self._find_estimate(job)
        return found.start if found else None

    def get_estimated_end(self, job: Job) -> datetime | None:
        found = self._find_estimate(job)
        return found.end if found else None

    def _find_estimate(self, job: Job) -> Estimate | None:
        return self._estimates_by_job.get(job.pk) if job.is_open else None

    @cached_property
    def _estimates_by_job(self) -> dict[UUID, Estimate]:
        """Made once for all rows of a page, when the first open job is met."""
        return forecast_jobs(now=get_database_time())


class JobStateSerializer(JobSerializer):
    """One piece of work in an event: without the estimates, which change by themselves."""

    class Meta:
        model = Job
        fields = tuple(name for name in JobSerializer.Meta.fields if not name.startswith("estimated_"))
        read_only_fields = fields


class JobAttemptSerializer(serializers.ModelSerializer[JobAttempt]):
    """One ended attempt at a job: why it ended, and what was next."""

    class Meta:
        model = JobAttempt
        fields = ("number", "started_at", "ended_at", "code", "message", "next_step")
        read_only_fields = fields
        extra_kwargs = {
            "number": {"help_text": "Counts on when a person retries the job."},
            "code": {"help_text": "`complete`, `cancelled`, or the code of what went wrong."},
        }


class JobDetailSerializer(JobSerializer):
    """One piece of work, with the attempts at it."""

    attempts = serializers.SerializerMethodField(help_text="The ended attempts, oldest first; the newest 20 are kept.")

    class Meta:
        model = Job
        fields = (*JobSerializer.Meta.fields, "attempts")
        read_only_fields = fields

    @extend_schema_field(JobAttemptSerializer(many=True))
    def get_attempts(self, job: Job) -> list[dict[str, Any]]:
        """Return the attempts in a statement of their own, which lists of jobs must not pay for each row."""
        return list(JobAttemptSerializer(job.attempts.order_by("number"), many=True).data)


class JobWaitSerializer(serializers.Serializer[Any]):
    """How long to wait for the end of a job."""

    wait = serializers.IntegerField(
        required=False,
        default=0,
        min_value=0,
        max_value=60,
        help_text="Answer when the job has ended, after so many seconds at most. An answer with `Retry-After` came "
        "earlier, with the job still open: ask again then.",
    )


class PrioritySerializer(StrictSerializer):
    """How urgent the requested work is."""

    priority = serializers.ChoiceField(
        choices=Urgency.choices,
        default=Urgency.NORMAL,
        help_text="`immediate` goes first and does not wait for the work window; it needs a key with that scope.",
    )


class JobListSerializer(ListQuerySerializer):
    """Which jobs to list."""

    kind = StrictCharField(required=False, max_length=50)
    status = KnownChoiceField(choices=JobStatus.choices, required=False)
    subject = serializers.UUIDField(required=False, help_text="Jobs that work on this entry or node.")
    node = serializers.UUIDField(
        required=False,
        help_text="Jobs at or below this node: its own and those of its entries, uploads, imports, working copies and "
        "exports.",
    )
    error_code = serializers.RegexField(
        r"^[a-z][a-z0-9_]*$",
        required=False,
        max_length=50,
        help_text="Jobs whose `error` has this code, also open ones that are tried again after it.",
        error_messages={
            "invalid": "A code is lower-case letters, digits and underscores, as in `error.code` of a job."
        },
    )
    created_after = serializers.DateTimeField(required=False)
    finished_after = serializers.DateTimeField(required=False, help_text="Jobs that have ended since.")
    sort = SortField("created_at", "finished_at", default="-created_at")

    def validate_kind(self, value: str) -> str:
        """Refuse a kind of job that does not exist."""
        kinds = sorted(kind.name for kind in list_job_kinds())
        if value not in kinds:
            raise serializers.ValidationError(f"There is no such kind. Known: {', '.join(kinds)}.", code="unknown_kind")
        return value

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse to order jobs by an end that they need not have."""
        is_finished = "finished_after" in attrs or attrs.get("status") in _FINISHED
        if attrs["sort"].endswith("finished_at") and not is_finished:
            raise serializers.ValidationError(
                {
                    "sort": serializers.ErrorDetail(
                        "Open jobs have no end to sort by. Ask for `finished_after`, or for one `status` of "
                        f"{', '.join(_FINISHED)}.",
                        code="not_finished",
                    )
                }
            )
        return attrs


_FINISHED = [status.value for status in JobStatus if status not in Job.OPEN]
