"""A running `manage.py worker`, for tests that look at its processes."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import psutil
from django.conf import settings
from django.db import transaction

from materials.models import MaterialNode
from project.jobs.models import ClusterHeartbeat, Job, JobStatus
from project.jobs.queues import NORMAL, JobQueue
from project.jobs.services import submit_job
from tenants.models import Tenant
from tests.jobs.kinds import EFFECT
from tests.process_table import eventually, lives, start

WORKERS = {JobQueue.LIGHT: 2, JobQueue.HEAVY: 1}


@dataclass(kw_only=True)
class Worker:
    """A running `manage.py worker` with the processes that it started."""

    process: subprocess.Popen[bytes]
    log: Path
    effects: Path
    tenant: Tenant
    queue: JobQueue = JobQueue.LIGHT

    @property
    def family(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    @property
    def main(self) -> psutil.Process:
        """django-q2's first process in the queue: the one that has a sentinel."""
        name = settings.QUEUES[self.queue]
        return next(child for child in psutil.Process(self.process.pid).children() if name in child.cmdline())

    @property
    def sentinel(self) -> psutil.Process:
        return self.main.children()[0]

    @property
    def crew(self) -> list[psutil.Process]:
        """The workers, then the monitor and the pusher, in the order in which the sentinel starts them."""
        return self.sentinel.children()

    @property
    def effect_count(self) -> int:
        return MaterialNode.objects.filter(tenant=self.tenant, title=EFFECT).count()

    def submit(self, kind: str = "leave_a_line", *, priority: int = NORMAL, **params: object) -> Job:
        with transaction.atomic():
            return submit_job(
                tenant=self.tenant,
                kind=kind,
                subject_id=uuid4(),
                params={"file": str(self.effects), **params},
                priority=priority,
            )

    def wait_for(self, job: Job, *, seconds: float = 60) -> Job:
        def ended() -> Job | None:
            job.refresh_from_db()
            return None if job.is_open else job

        found: Job = eventually(ended, seconds=seconds, what=f"{job} did not end", log=self.log)
        return found

    def wait_until_it_works(self) -> None:
        eventually(
            lambda: (
                ClusterHeartbeat.objects.exists()
                and not ClusterHeartbeat.objects.filter(answered_at=None).exists()
                and len(self.crew) >= WORKERS[self.queue] + 2
            ),
            seconds=60,
            what="no canary was answered",
            log=self.log,
        )

    def holder_of(self, job: Job) -> int:
        """Return the process that works on the job, once it has really begun."""

        def holder() -> int:
            job.refresh_from_db()
            begun = self.effects.exists() and "started" in self.effects.read_text()
            return int(job.worker.rpartition(":")[2]) if job.status == JobStatus.ACTIVE and begun else 0

        return int(eventually(holder, seconds=30, what="nobody took the job"))


@contextmanager
def running_worker(
    folder: Path, *arguments: str, queue: JobQueue = JobQueue.LIGHT, **variables: str
) -> Iterator[Worker]:
    """Start `manage.py worker` for a tenant of its own, wait until every cluster answers, and kill it at the end.

    `queue` is the queue whose processes the test looks at.
    """
    log = folder / "worker.log"
    counts = {"WORKER_PROCESSES": str(WORKERS[JobQueue.LIGHT]), "HEAVY_WORKER_PROCESSES": str(WORKERS[JobQueue.HEAVY])}
    process = start(
        "manage.py", "worker", *arguments, log=log, **{"WORKER_PATIENCE_SECONDS": "5", **counts, **variables}
    )
    tenant = Tenant.objects.create(slug="acme", name="Acme")
    running = Worker(process=process, log=log, effects=folder / "effects", tenant=tenant, queue=queue)
    try:
        running.wait_until_it_works()
        yield running
    finally:
        family = running.family if process.poll() is None else []
        process.kill()  # all others are on its leash, and one that is killed with it could be replaced first
        process.wait()
        eventually(lambda: not any(lives(one) for one in family), seconds=60, what="processes of the worker stayed")
