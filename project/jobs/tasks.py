"""Functions that messages of the queue call by name."""

from __future__ import annotations

from django.db.models.functions import Now

from project.jobs import runner
from project.jobs.models import ClusterHeartbeat
from project.jobs.queues import JobQueue


def run_job(queue: str = JobQueue.LIGHT, **_future: object) -> None:
    """Run the next job of the queue, if there is one left to claim."""
    runner.run_next_job(JobQueue(queue))


def answer_canary(cluster: str, **_future: object) -> None:
    """Record that a worker of the cluster is alive and free."""
    ClusterHeartbeat.objects.filter(cluster=cluster).update(answered_at=Now())
