"""Jobs, their attempts and dependencies, and the heartbeats of the clusters that do them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar, Self

from django.db import models
from django.db.models import F, Q

from project.db.fields import UUIDModel
from project.jobs.queues import IMMEDIATE, JobQueue, is_work_window_open
from tenants.models import Tenant


class JobQuerySet(models.QuerySet["Job"]):
    def for_tenant(self, tenant: Tenant) -> Self:
        return self.filter(tenant=tenant)

    def open(self) -> Self:
        """Keep the jobs that are not finished."""
        return self.filter(status__in=Job.OPEN)

    def runnable(self, now: datetime) -> Self:
        """Keep the queued jobs that are due, may begin at this hour, and whose dependencies are all complete."""
        due = self.filter(status=JobStatus.QUEUED, queued_at__lte=now)
        if not is_work_window_open(now):
            due = due.filter(Q(queue=JobQueue.LIGHT) | Q(priority__gte=IMMEDIATE))
        return due.exclude(pk__in=_select_unfinished_dependencies())

    def held_by(self, claim: Job) -> Self:
        """Keep the job while the claim holds: nobody has claimed it since, nor ended it."""
        return self.filter(pk=claim.pk, token=claim.token, status=JobStatus.ACTIVE)


class JobStatus(models.TextChoices):
    QUEUED = "queued"
    ACTIVE = "active"
    COMPLETE = "complete"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Job(UUIDModel):
    """One piece of work for one tenant.

    Whoever claims a job raises `token` by one and holds the job until `lease_until`, which heartbeats extend. All that
    the holder writes names the token, so that a holder who lost the job can no longer change anything.
    """

    OPEN: ClassVar[tuple[JobStatus, ...]] = (JobStatus.QUEUED, JobStatus.ACTIVE)

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=50)
    subject_id = models.UUIDField(help_text="What the job works on, such as an entry or a node.")
    params = models.JSONField(default=dict)
    status = models.CharField(max_length=10, choices=JobStatus.choices, default=JobStatus.QUEUED)
    queue = models.CharField(
        max_length=10, choices=JobQueue.choices, default=JobQueue.LIGHT, help_text="Whose workers do it."
    )
    priority = models.SmallIntegerField(default=0, help_text="Higher goes first among waiting jobs.")
    depends_on: models.ManyToManyField[Job, JobDependency] = models.ManyToManyField(
        "self",
        symmetrical=False,
        related_name="dependants",
        blank=True,
        through="JobDependency",
        through_fields=("job", "needed"),
    )

    work_ms = models.PositiveBigIntegerField(
        null=True, blank=True, help_text="How much material, such as the milliseconds of a recording."
    )

    worked_ms = models.PositiveBigIntegerField(
        null=True,
        blank=True,
        help_text="How much of the material this attempt has worked on: not what earlier ones did, nor silence.",
    )

    attempt = models.PositiveSmallIntegerField(default=0)
    max_attempts = models.PositiveSmallIntegerField(default=3)
    outages = models.PositiveSmallIntegerField(
        default=0, help_text="How many attempts in a row ended because something that we depend on was away."
    )
    outage_since = models.DateTimeField(null=True, blank=True, help_text="When the first of those attempts ended.")
    waits_for = models.CharField(
        max_length=50, blank=True, db_default="", help_text="What is done elsewhere while the job is queued."
    )
    runs_alone = models.BooleanField(
        default=False, help_text="Its processes were killed again and again: nothing else runs beside it on its host."
    )
    token = models.PositiveIntegerField(default=0)
    worker = models.CharField(max_length=100, blank=True, help_text="Host, cluster and process that hold the job.")
    lease_until = models.DateTimeField(null=True, blank=True)
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    cancel_requested_at = models.DateTimeField(null=True, blank=True)

    plan = models.JSONField(null=True, blank=True, help_text="What the work said it is going to do.")
    stage = models.CharField(max_length=50, blank=True)
    done = models.PositiveBigIntegerField(default=0)
    total = models.PositiveBigIntegerField(default=0)

    error_code = models.CharField(
        max_length=50, blank=True, help_text="What went wrong last; blank again once the job is complete."
    )
    error_message = models.TextField(blank=True)
    next_step = models.TextField(blank=True)
    result = models.JSONField(null=True, blank=True)

    # Written by a trigger of the table (0007_changes), whatever is written here.
    changed_in = models.BigIntegerField(
        default=0,
        db_default=0,
        editable=False,
        help_text="The transaction that last changed what is told of the job.",
    )

    queued_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "subject_id"],
                condition=Q(status__in=["queued", "active"]),
                name="job_is_the_only_open_one_of_its_kind_and_subject",
            ),
            models.CheckConstraint(condition=Q(done__lte=F("total")), name="job_progress_stays_in_bounds"),
            models.CheckConstraint(
                condition=Q(status="active", lease_until__isnull=False)
                | (~Q(status="active") & Q(lease_until__isnull=True)),
                name="job_has_a_lease_while_active",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["queued", "active"], finished_at__isnull=True)
                | Q(status__in=["complete", "failed", "cancelled"], finished_at__isnull=False),
                name="job_has_an_end_when_finished",
            ),
            models.CheckConstraint(condition=~Q(status="failed") | ~Q(error_code=""), name="job_says_why_it_failed"),
        ]
        indexes = [
            models.Index(fields=["tenant", "-created_at", "-id"], name="job_newest_first"),
            models.Index(
                fields=["queue", "status", "-priority", "queued_at"],
                condition=Q(status__in=["queued", "active"]),
                name="job_next",
            ),
            models.Index(fields=["kind", "-finished_at"], condition=Q(status="complete"), name="job_speed"),
            # Of lists: by kind, by status, of an entry or of all below a node, by error, and those that ended since.
            models.Index(fields=["tenant", "kind", "-created_at", "-id"], name="job_by_kind"),
            models.Index(fields=["tenant", "status", "-created_at", "-id"], name="job_by_status"),
            models.Index(fields=["subject_id"], name="job_by_subject"),
            models.Index(fields=["tenant", "error_code"], condition=~Q(error_code=""), name="job_by_error"),
            models.Index(
                fields=["tenant", "finished_at", "id"], condition=Q(finished_at__isnull=False), name="job_by_end"
            ),
            models.Index(
                fields=["queued_at"], condition=Q(runs_alone=True, status__in=["queued", "active"]), name="job_alone"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"

    @property
    def is_open(self) -> bool:
        return self.status in self.OPEN

    @property
    def has_attempts_left(self) -> bool:
        """Tell whether the job is tried again when the attempt that is counted now fails unexpectedly."""
        return self.attempt < self.max_attempts


class JobAttempt(UUIDModel):
    """One ended attempt at a job: when, by which worker, and why it ended (`project.jobs.attempts`).

    It is written in the transaction that ends the attempt. `number` counts the attempts of all runs of the job, also
    those before a person retried it: it is the token with which the worker held the job.
    """

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")
    # The constraint's index begins with the job, and a row for every attempt should not pay for a second one.
    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="attempts", db_index=False)
    number = models.PositiveIntegerField()
    worker = models.CharField(max_length=100, help_text="Host, cluster and process that held the job.")
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField()
    code = models.CharField(max_length=50)
    message = models.TextField()
    next_step = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["job", "number"], name="job_attempt_is_recorded_once"),
            models.CheckConstraint(condition=~Q(code=""), name="job_attempt_says_why_it_ended"),
        ]

    def __str__(self) -> str:
        return f"{self.number}: {self.code}"


class JobDependency(UUIDModel):
    """One job waits for another to be complete."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="+")
    needed = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="+")

    class Meta:
        verbose_name_plural = "job dependencies"
        constraints = [
            models.UniqueConstraint(fields=["job", "needed"], name="job_dependency_is_stated_once"),
            models.CheckConstraint(condition=~Q(job=F("needed")), name="job_does_not_wait_for_itself"),
        ]

    def __str__(self) -> str:
        return f"{self.job_id} waits for {self.needed_id}"


def _select_unfinished_dependencies() -> models.QuerySet[JobDependency, Any]:
    return JobDependency.objects.exclude(needed__status=JobStatus.COMPLETE).values("job")


class ClusterHeartbeat(UUIDModel):
    """When one running cluster was last seen, its canary was last sent, and a worker last answered it."""

    cluster = models.CharField(max_length=100, unique=True, help_text="Host and process of the supervisor, and queue.")
    queue = models.CharField(max_length=10, choices=JobQueue.choices, default=JobQueue.LIGHT)
    workers = models.PositiveSmallIntegerField(default=1, help_text="How many worker processes the cluster has.")
    sent_at = models.DateTimeField(null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    seen_at = models.DateTimeField(help_text="When the supervisor last wrote this row.")
    clock_offset = models.FloatField(
        default=0.0, help_text="By how many seconds the host's clock is ahead of the database's."
    )

    def __str__(self) -> str:
        return self.cluster

    @property
    def is_canary_under_way(self) -> bool:
        """Tell whether the canary that was sent last has not been answered yet."""
        return self.sent_at is not None and (self.answered_at is None or self.answered_at < self.sent_at)
