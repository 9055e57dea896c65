"""Admin pages of jobs, read-only: jobs change through services alone."""

from __future__ import annotations

from collections.abc import Callable

from django.apps import apps
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from project.errors import DomainError
from project.http.admin import ReadOnlyAdmin, ReadOnlyInline
from project.jobs import services
from project.jobs.models import ClusterHeartbeat, Job, JobAttempt, JobDependency

# The queue's own pages run any function that a form or a row names, and the rows of jobs are the record.
for _model in apps.get_app_config("django_q").get_models():
    if admin.site.is_registered(_model):
        admin.site.unregister(_model)


class JobAttemptInline(ReadOnlyInline):
    """The attempts at a job, oldest first."""

    model = JobAttempt
    fields = ("number", "code", "message", "next_step", "worker", "started_at", "ended_at")
    ordering = ("number",)


@admin.register(Job)
class JobAdmin(ReadOnlyAdmin):
    """Jobs, newest first, with retry and cancel."""

    list_display = (
        "id",
        "tenant",
        "kind",
        "queue",
        "status",
        "progress",
        "attempt",
        "error_code",
        "created_at",
        "seconds",
    )
    list_filter = ("queue", "status", "kind", "error_code", "tenant")
    list_select_related = ("tenant",)
    search_fields = ("id", "subject_id", "tenant__slug")
    ordering = ("-created_at", "id")
    actions = ("retry_jobs", "cancel_jobs")
    inlines = (JobAttemptInline,)

    @admin.display(description="Progress")
    def progress(self, job: Job) -> str:
        return f"{job.stage} {job.done}/{job.total}" if job.stage else ""

    @admin.display(description="Seconds")
    def seconds(self, job: Job) -> int | None:
        if job.started_at and job.finished_at:
            return round((job.finished_at - job.started_at).total_seconds())
        return None

    @admin.action(description="Retry", permissions=["operate"])
    def retry_jobs(self, request: HttpRequest, queryset: QuerySet[Job]) -> None:
        self._apply_to_each(request, queryset, lambda job: services.retry_job(job=job), "queued again")

    @admin.action(description="Cancel", permissions=["operate"])
    def cancel_jobs(self, request: HttpRequest, queryset: QuerySet[Job]) -> None:
        self._apply_to_each(request, queryset, lambda job: services.cancel_job(job=job), "cancelled or asked to stop")

    def _apply_to_each(self, request: HttpRequest, jobs: QuerySet[Job], verb: Callable[[Job], Job], done: str) -> None:
        changed = 0
        for job in jobs:
            try:
                verb(job)
                changed += 1
            except DomainError as exc:
                messages.error(request, f"{job}: {exc}")
        messages.success(request, f"{changed} jobs {done}.")


@admin.register(JobAttempt)
class JobAttemptAdmin(ReadOnlyAdmin):
    """Attempts at all jobs, newest first: what goes wrong at present, and on which worker."""

    list_display = ("job", "tenant", "number", "code", "worker", "started_at", "ended_at")
    list_filter = ("code", "tenant")
    list_select_related = ("job", "tenant")
    search_fields = ("job__id", "worker")
    ordering = ("-created_at", "id")


@admin.register(JobDependency)
class JobDependencyAdmin(ReadOnlyAdmin):
    """Which job waits for which."""

    list_display = ("job", "needed", "created_at")
    list_select_related = ("job", "needed")
    search_fields = ("job__id", "needed__id")
    ordering = ("-created_at", "id")


@admin.register(ClusterHeartbeat)
class ClusterHeartbeatAdmin(ReadOnlyAdmin):
    """The clusters of workers and when they were last seen."""

    list_display = ("cluster", "queue", "workers", "seen_at", "sent_at", "answered_at")
    ordering = ("cluster",)
