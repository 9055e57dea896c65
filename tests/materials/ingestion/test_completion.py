from __future__ import annotations

import threading
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from django.db import OperationalError, connection, connections, transaction
from django.utils import timezone

from materials.ingestion.completion import store_result
from materials.locks import lock_tree
from materials.models import MaterialNode
from project.errors import RuleViolation
from project.jobs import sweeper
from project.jobs.claims import claim_next_job
from project.jobs.errors import JobCancelled, JobLost
from project.jobs.models import Job, JobStatus
from project.jobs.run import JobRun
from project.jobs.services import cancel_job, submit_job
from tenants.models import Tenant
from tests.process_table import eventually

RESULT = {"nodes": 1}


@pytest.fixture
def tenant(transactional_db: None) -> Tenant:
    return Tenant.objects.create(slug="acme", name="Acme")


@pytest.fixture
def run(tenant: Tenant) -> JobRun:
    with transaction.atomic():
        submit_job(tenant=tenant, kind="leave_a_line", subject_id=uuid4())
    return claim()


def claim() -> JobRun:
    job = claim_next_job()
    assert job is not None
    return JobRun(job)


def store(run: JobRun, title: str = "stored") -> None:
    with store_result(run, result=RESULT):
        MaterialNode.objects.create(tenant=run.tenant, title=title, position=0)


def get_stored_titles() -> list[str]:
    return list(MaterialNode.objects.values_list("title", flat=True))


def is_locked(table: str, id_: UUID) -> bool:
    """Tell whether another session holds the row. Asked from a thread, which has a connection of its own."""
    found: list[bool] = []

    def ask() -> None:
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(f"SELECT 1 FROM {table} WHERE id = %s FOR NO KEY UPDATE NOWAIT", [id_])  # noqa: S608
            found.append(False)
        except OperationalError:
            found.append(True)
        finally:
            connections.close_all()

    thread = threading.Thread(target=ask)
    thread.start()
    thread.join()
    return found[0]


def is_waited_for() -> bool:
    """Tell whether another session waits for a lock that this one holds."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))")
        return cursor.fetchone() is not None


def test_the_result_and_the_end_of_the_job_are_stored_together(run: JobRun) -> None:
    store(run)

    job = Job.objects.get()
    assert (job.status, job.result, run.is_complete) == (JobStatus.COMPLETE, RESULT, True)
    assert get_stored_titles() == ["stored"]


def test_a_job_that_was_cancelled_meanwhile_stores_nothing(run: JobRun) -> None:
    cancel_job(job=Job.objects.get())

    with pytest.raises(JobCancelled):
        store(run)

    assert get_stored_titles() == []
    assert (Job.objects.get().result, run.is_complete) == (None, False)


def test_a_job_that_another_worker_took_over_stores_nothing(run: JobRun) -> None:
    sweeper.sweep_jobs(now=timezone.now() + timedelta(hours=1))
    Job.objects.update(queued_at=timezone.now())
    second = claim()

    with pytest.raises(JobLost):
        store(run, "of the first")
    store(second, "of the second")

    assert get_stored_titles() == ["of the second"]
    assert Job.objects.get().status == JobStatus.COMPLETE


def test_the_block_holds_the_tree_lock_and_the_job(run: JobRun) -> None:
    with store_result(run, result=RESULT):
        assert is_locked("tenants_tenant", run.tenant.pk)
        assert is_locked("jobs_job", run.job.pk)

    assert not is_locked("tenants_tenant", run.tenant.pk)
    assert not is_locked("jobs_job", run.job.pk)


def test_the_job_is_not_held_while_the_tree_lock_is_waited_for(run: JobRun) -> None:
    def work() -> None:
        store(run)
        connections.close_all()

    worker = threading.Thread(target=work)
    with transaction.atomic():
        lock_tree(run.tenant)
        worker.start()
        eventually(is_waited_for, seconds=10, what="nobody waited for the tree lock")
        assert not is_locked("jobs_job", run.job.pk)
    worker.join()

    assert get_stored_titles() == ["stored"]
    assert Job.objects.get().status == JobStatus.COMPLETE


def test_a_failure_in_the_block_undoes_the_end_of_the_job(run: JobRun) -> None:
    def store_half() -> None:
        with store_result(run, result=RESULT):
            MaterialNode.objects.create(tenant=run.tenant, title="half", position=0)
            with transaction.atomic():
                MaterialNode.objects.create(tenant=run.tenant, title="nested", position=1)
                raise RuleViolation("This cannot be stored.")

    with pytest.raises(RuleViolation):
        store_half()

    job = Job.objects.get()
    assert (job.status, job.result, run.is_complete) == (JobStatus.ACTIVE, None, False)
    assert get_stored_titles() == []


def test_a_failure_around_the_block_undoes_the_end_of_the_job(run: JobRun) -> None:
    @transaction.atomic
    def store_and_fail() -> None:
        store(run)
        raise RuleViolation("The rest cannot be stored.")

    with pytest.raises(RuleViolation):
        store_and_fail()

    job = Job.objects.get()
    assert (job.status, job.result) == (JobStatus.ACTIVE, None)
    assert get_stored_titles() == []
