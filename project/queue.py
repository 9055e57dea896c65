"""The one place that knows django-q2.

A message says that there is work, not which. The worker that receives it claims the next job in the jobs' own table, so
that a message may come twice, late or never without harm, and priorities hold across all that waits. Each queue
of jobs (`project.jobs.queues`) has messages and a cluster of worker processes of its own. With the broker in
our own database a message is a row of the caller's transaction; with Redis it is sent after the commit, and the sweeper
sends again what was lost between the two.
"""

from __future__ import annotations

import time
from functools import partial

from django.conf import settings
from django.db import transaction
from django_q.brokers import get_broker
from django_q.tasks import async_task

from project import logs

RUN_JOB = "project.jobs.tasks.run_job"
ANSWER_CANARY = "project.jobs.tasks.answer_canary"
# While Redis hangs, one request in so many seconds waits for its timeout, and the others leave the message to the
# sweeper at once.
BROKER_RETRY_SECONDS = 5.0

log = logs.get_logger(__name__)
# In seconds of the monotonic clock. Without a lock: the worst that a race does is one more attempt.
_broker_silent_until = 0.0


def notify_workers(count: int = 1, *, queue: str = "light") -> None:
    """Send `count` wake-up messages to the queue's workers when the caller's transaction commits.

    A broker outside the database that cannot be reached is logged and fails nothing: the rows are stored, and the
    sweeper repeats the messages. Raises RuntimeError outside a transaction: the messages could come before the rows
    that they are about.
    """
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("notify_workers must be called inside transaction.atomic()")
    if settings.Q_BROKER_URL:
        transaction.on_commit(partial(_send_wake_up_messages, count, queue))
    else:
        for _ in range(count):
            _enqueue_task(queue, RUN_JOB, queue)


def send_canary(cluster: str, *, queue: str) -> None:
    """Send a message that any free worker of the queue answers, to show that this cluster works."""
    _enqueue_task(queue, ANSWER_CANARY, cluster)


def ping_broker() -> None:
    """Ask the broker for an answer. Raises what its client raises when there is none."""
    get_broker(settings.QUEUES["light"]).ping()


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


def _send_wake_up_messages(count: int, queue: str) -> None:
    """Send the messages after the commit, when an exception would only tell the caller that stored rows are not."""
    global _broker_silent_until
    if time.monotonic() < _broker_silent_until:
        return
    try:
        for _ in range(count):
            _enqueue_task(queue, RUN_JOB, queue)
    except Exception as exc:  # noqa: BLE001  # whatever a broker's client raises, the rows are stored
        _broker_silent_until = time.monotonic() + BROKER_RETRY_SECONDS
        log.warning("wake-up message not sent, the sweep repeats it", queue=queue, reason=type(exc).__name__)


def _enqueue_task(queue: str, task: str, *arguments: str) -> None:
    # Always named: inside a cluster's process the default would be that cluster's own queue.
    async_task(task, *arguments, cluster=settings.QUEUES[queue])
