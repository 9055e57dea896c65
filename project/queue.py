"""The one place that knows django-q2.

A message says that there is work, not which. The worker that receives it claims the next job in the jobs' own table, so
that a message may come twice, late or never without harm, and priorities hold across all that waits. Each queue
of jobs (`project.jobs.queues`) has messages and a cluster of worker processes of its own. With the broker in
our own database a message is a row of the caller's transaction; with Redis it is sent after the commit, and the sweeper
sends again what was lost between the two.
"""

from __future__ import annotations

from django.conf import settings
from django.db import transaction
from django_q.brokers import get_broker
from django_q.tasks import async_task

RUN_JOB = "project.jobs.tasks.run_job"
ANSWER_CANARY = "project.jobs.tasks.answer_canary"


def notify_workers(count: int = 1, *, queue: str = "light") -> None:
    """Send `count` wake-up messages to the queue's workers when the caller's transaction commits.

    Raises RuntimeError outside a transaction: the messages could come before the rows that they are about.
    """
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("notify_workers must be called inside transaction.atomic()")
    for _ in range(count):
        _enqueue_task(queue, RUN_JOB, queue)


def send_canary(cluster: str, *, queue: str) -> None:
    """Send a message that any free worker of the queue answers, to show that this cluster works."""
    _enqueue_task(queue, ANSWER_CANARY, cluster)


def count_messages(queue: str = "light") -> int:
    """Return how many messages of the queue no worker has taken yet."""
    size: int = get_broker(settings.QUEUES[queue]).queue_size()
    return size


def build_cluster_command(queue: str) -> list[str]:
    """Return the arguments of `manage.py` that start the queue's cluster.

    The name is for lists of processes; what counts is `build_cluster_environment`, because django-q2 reads its settings
    before its arguments. The checks, which take a second, have been made by the command that starts the cluster.
    """
    return ["qcluster", "--skip-checks", "--name", settings.QUEUES[queue]]


def build_cluster_environment(queue: str) -> dict[str, str]:
    """Return the variables that make a process belong to the queue's cluster."""
    return {"Q_CLUSTER_NAME": settings.QUEUES[queue]}


def _enqueue_task(queue: str, task: str, *arguments: str) -> None:
    def send() -> None:
        # Always named: inside a cluster's process the default would be that cluster's own queue.
        async_task(task, *arguments, cluster=settings.QUEUES[queue])

    if settings.Q_BROKER_URL:
        transaction.on_commit(send)
    else:
        send()
