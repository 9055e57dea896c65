"""A job whose child process is killed is tried again, at last with nothing beside it. The material is not blamed."""

from __future__ import annotations

from datetime import timedelta

from project.db.clock import get_database_time
from project.jobs import claims, job_kinds, runner
from project.jobs.models import ClusterHeartbeat, Job, JobAttempt, JobStatus
from project.jobs.queues import JobQueue
from project.jobs.services import retry_job
from tenants.models import Tenant
from tests.jobs.test_outages import try_now
from tests.jobs.test_runner import again, submit


def submit_alone(tenant: Tenant, *, waited: timedelta = timedelta(0), kind: str = "leave_a_line") -> Job:
    job = submit(tenant, kind)
    Job.objects.filter(pk=job.pk).update(runs_alone=True, queued_at=get_database_time() - waited)
    return again(job)


def claim(queue: JobQueue = JobQueue.LIGHT) -> Job | None:
    return claims.claim_next_job(queue)


def test_it_is_tried_again_and_then_alone_and_told_as_ours(acme: Tenant) -> None:
    job = submit(acme, "lose_a_child")

    alone = []
    for _ in range(3):
        alone.append(again(job).runs_alone)
        assert try_now(job).status == JobStatus.QUEUED
    assert alone == [False, False, False]
    assert again(job).runs_alone
    failed = try_now(job)

    attempts = list(JobAttempt.objects.filter(job=job).order_by("number").values_list("code", "message"))
    reason = "the process that did the work was killed"
    assert attempts == [
        ("process_killed", f"Attempt 1 of 3: {reason}. This is no fault of the material."),
        ("process_killed", f"Attempt 2 of 3: {reason}. This is no fault of the material."),
        ("process_killed", f"Attempt 3 of 3: {reason}. This is no fault of the material."),
        (
            "process_killed",
            f"Attempt 4 of 4: {reason}, though nothing else ran beside it. This is no fault of the material.",
        ),
    ]
    assert (failed.status, failed.next_step) == (
        JobStatus.FAILED,
        "Retry the job. If it fails again, give the operator the job's id.",
    )
    retried = retry_job(job=failed)
    assert (retried.runs_alone, retried.max_attempts) == (False, job_kinds.get_job_kind("lose_a_child").max_attempts)


def test_it_waits_for_a_moment_in_which_nothing_runs_beside_it(acme: Tenant) -> None:
    submit(acme)
    other = claim()
    assert other is not None
    alone = submit_alone(acme)
    submit(acme)

    third = claim()  # others go on meanwhile
    assert third is not None
    assert third != alone
    runner._run_job(other)
    assert claim() is None
    runner._run_job(third)
    assert claim() == alone


def test_nothing_begins_beside_it(acme: Tenant) -> None:
    submit_alone(acme)
    alone = claim()
    assert alone is not None
    submit(acme)
    submit(acme, "heavy_leave_a_line")

    assert claim() is None
    assert claim(JobQueue.HEAVY) is None
    runner._run_job(alone)
    assert claim() is not None
    assert claim(JobQueue.HEAVY) is not None


def test_others_are_held_back_for_it_but_not_for_long(acme: Tenant) -> None:
    now = get_database_time()
    host = claims.get_worker_name().partition(":")[0]
    for queue in JobQueue:
        ClusterHeartbeat.objects.create(cluster=f"{host}:1:{queue}", queue=queue, seen_at=now)
    submit(acme, "heavy_leave_a_line")
    lecture = claim(JobQueue.HEAVY)
    assert lecture is not None
    alone = submit_alone(acme, waited=claims.ALONE_PATIENCE * 2)
    submit(acme, priority=5)

    assert claim() is None
    Job.objects.filter(pk=alone.pk).update(queued_at=now - claims.ALONE_PATIENCE - claims.MAX_HOLD)
    urgent = claim()
    assert urgent is not None
    assert urgent.priority == 5
    assert claim() == alone  # beside the lecture after all


def test_a_job_of_another_queue_is_waited_for_only_where_that_queue_is_served(acme: Tenant) -> None:
    """A host without heavy workers would wait for the heavy job for nothing."""
    submit_alone(acme, waited=claims.ALONE_PATIENCE * 2, kind="heavy_leave_a_line")
    light = submit(acme)

    assert claim() == light
