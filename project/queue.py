"""The one place that knows django-q2.

A message is a bell: it says that there is work, not which. Who hears it claims the next job in the jobs' own table, so
that a message may come twice, late or never without harm, and priorities hold across all that waits. With the broker in
our own database a message is a row of the caller's transaction; with Redis it is sent after the commit, and the sweeper
rings again for what was lost between the two.
"""

from __future__ import annotations

from django.conf import settings
from django.db import transaction
from django_q.brokers import get_broker
from django_q.tasks import async_task

RUN_JOB = "project.jobs.tasks.run_job"
ANSWER_CANARY = "project.jobs.tasks.answer_canary"
CLUSTER_COMMAND = "qcluster"


def ring(times: int = 1) -> None:
    """Tell the workers that there are so many more jobs to claim, with the commit of the caller's transaction.

    Outside a transaction that promise is empty, so it is refused with a RuntimeError.
    """
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("queue.ring must be called inside transaction.atomic()")
    for _ in range(times):
        _send(RUN_JOB)


def send_canary(cluster: str) -> None:
    """Ask any free worker for a sign of life on behalf of this cluster."""
    _send(ANSWER_CANARY, cluster)


def length() -> int:
    """Return how many messages no worker has taken yet."""
    size: int = get_broker().queue_size()
    return size


def _send(task: str, *arguments: str) -> None:
    def send() -> None:
        async_task(task, *arguments)

    if settings.Q_BROKER_URL:
        transaction.on_commit(send)
    else:
        send()
