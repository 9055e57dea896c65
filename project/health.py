"""Liveness and readiness: two endpoints for load balancers and monitors, without a key, a limit or secrets."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Max
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from llm.errors import OPERATOR_KINDS
from llm.registry_loader import get_registry_loader
from llm.router.breakers import list_open_breakers
from materials.models import MaterialEntry
from project.db.clock import describe_clock_offset, get_database_time, measure_clock_offset
from project.jobs.models import ClusterHeartbeat, Job, JobStatus
from project.jobs.queues import JobQueue, get_work_window
from project.queue import ping_broker
from project.storage.objects import get_object_storage
from tenants.webhooks.health import find_longest_waiting

# Light jobs take seconds: one that has waited a quarter of an hour shows that the workers do not keep up.
MAX_QUEUE_AGE = timedelta(minutes=15)
# Each cluster sends a canary every few seconds and restarts itself when none comes back; after 90 s it has not helped.
MAX_CANARY_AGE = timedelta(seconds=90)
# A supervisor writes every three seconds (CANARY_SECONDS). One that was not seen for ten minutes is gone for good, such
# as that of a container which was replaced.
MAX_LOOK_AGE, GONE_AFTER = timedelta(seconds=30), timedelta(minutes=10)
# A webhook is sent within a second or two of its event; nobody waits for more than the 15 s of one attempt.
MAX_WEBHOOK_AGE = timedelta(minutes=2)
# Of the newest stored files, to see whether the store is the right one.
MAX_PROBED_FILES = 3


class NotHealthy(Exception):
    """A check failed; the message says how."""


class Degraded(Exception):
    """Work goes on, but an operator should act; the message says on what."""


@require_safe
def check_liveness(request: HttpRequest) -> JsonResponse:
    """Answer 200 as long as the process answers at all. Asks nothing else."""
    return JsonResponse({"status": "ok", "version": settings.VERSION})


@require_safe
def check_readiness(request: HttpRequest) -> JsonResponse:
    """Answer 200 when everything that requests and jobs need is there, else 503, with the result of each check.

    `degraded` is a 200 too: work goes on, but an operator should look.
    """
    checks: dict[str, dict[str, object]] = {}
    for name, check in _CHECKS.items():
        # A database behind a network that swallows packets answers no connection for ten seconds: it is asked once.
        is_away = name in _ROW_CHECKS and not checks["database"]["ok"]
        checks[name] = dict(_NOT_ASKED) if is_away else _run_check(check)
    healthy = all(check["ok"] for check in checks.values())
    degraded = any(check["degraded"] for check in checks.values())
    status = "degraded" if degraded else "ok"
    return JsonResponse(
        {"status": status if healthy else "unavailable", "version": settings.VERSION, "checks": checks},
        status=200 if healthy else 503,
    )


def _run_check(check: Callable[[], str]) -> dict[str, object]:
    started = time.monotonic()
    degraded = False
    try:
        ok, detail = True, check()
    except Degraded as exc:
        ok, degraded, detail = True, True, str(exc)
    except NotHealthy as exc:
        ok, detail = False, str(exc)
    except Exception as exc:  # noqa: BLE001  # whatever is wrong is the answer; its text may hold a secret
        ok, detail = False, type(exc).__name__
    return {
        "ok": ok,
        "degraded": degraded,
        "detail": detail,
        "milliseconds": round((time.monotonic() - started) * 1000, 1),
    }


def _check_database() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return "answers"


def _check_migrations() -> str:
    executor = MigrationExecutor(connection)
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if missing:
        raise NotHealthy(f"{len(missing)} migrations are not applied: run manage.py migrate.")
    return "applied"


def _check_broker() -> str:
    try:
        ping_broker()
    except Exception as exc:
        raise NotHealthy(
            f"The queue's broker does not answer ({type(exc).__name__}): jobs are taken and wait until it is back."
        ) from exc
    return "answers"


def _check_queues() -> str:
    now = get_database_time()
    return "; ".join(f"{queue.value}: {_check_queue(queue, now)}" for queue in JobQueue)


def _check_queue(queue: JobQueue, now: datetime) -> str:
    waiting = Job.objects.runnable(now).filter(queue=queue).order_by("queued_at")
    oldest = waiting.values_list("queued_at", flat=True).first()
    if oldest is None:
        return "empty"
    window = get_work_window() if queue is JobQueue.HEAVY else None
    if window is not None and window.is_open(now):
        oldest = max(oldest, window.find_last_opening(now))
    age = now - oldest
    if age > MAX_QUEUE_AGE and queue is JobQueue.LIGHT:
        raise NotHealthy(f"The oldest job has waited for {age.total_seconds():.0f} s.")
    # A heavy job may well wait for hours behind another; it is late only where nobody works.
    if age > MAX_QUEUE_AGE and not _is_busy(queue, now):
        raise Degraded(f"The oldest heavy job has waited for {age.total_seconds():.0f} s, and nobody does any.")
    return f"oldest job waits for {age.total_seconds():.0f} s"


def _check_supervisors() -> str:
    """Say when nobody looks after the workers: dead ones are not replaced then, and no job is taken back."""
    now = get_database_time()
    rows = ClusterHeartbeat.objects.filter(seen_at__gt=now - GONE_AFTER).order_by("cluster")
    seen = [(JobQueue(row.queue), row.cluster, now - row.seen_at) for row in rows]
    looking = {queue for queue, _, age in seen if age <= MAX_LOOK_AGE}
    blind = [f"{name} has not looked for {age.total_seconds():.0f} s" for _, name, age in seen if age > MAX_LOOK_AGE]
    if JobQueue.LIGHT not in looking:
        raise NotHealthy(f"No supervisor looks after the light workers: {'; '.join(blind) or 'none was seen'}.")
    if blind:
        raise Degraded(f"{'; '.join(blind)}.")
    return "looking"


def _check_clocks() -> str:
    """Compare the clocks of this host and of the workers' hosts with the database's, which decides."""
    since = get_database_time() - GONE_AFTER
    rows = ClusterHeartbeat.objects.filter(seen_at__gt=since).values_list("cluster", "clock_offset")
    offsets = {name.partition(":")[0]: offset for name, offset in rows}
    faults = [
        f"The clock of {host} {fault}"
        for host, fault in (
            ("this web server", describe_clock_offset(measure_clock_offset())),
            *((f"the workers' host {host}", describe_clock_offset(offset)) for host, offset in sorted(offsets.items())),
        )
        if fault
    ]
    if faults:
        raise Degraded(f"{'; '.join(faults)}. Jobs go by the database's, but logs and signed addresses do not: set it.")
    return "agree"


def _check_workers() -> str:
    now = get_database_time()
    said = {queue: _describe_workers(queue, now) for queue in JobQueue}
    silent = {queue: detail for queue, detail in said.items() if detail not in {"busy", "answers"}}
    if JobQueue.LIGHT in silent:
        raise NotHealthy(f"light: {silent[JobQueue.LIGHT]}")
    if JobQueue.HEAVY in silent and Job.objects.open().filter(queue=JobQueue.HEAVY).exists():
        raise Degraded(f"Heavy jobs wait, but there: {silent[JobQueue.HEAVY]}")
    return "; ".join(f"{queue.value}: {detail}" for queue, detail in said.items())


def _describe_workers(queue: JobQueue, now: datetime) -> str:
    """Return `busy`, `answers`, or what is wrong."""
    if _is_busy(queue, now):
        return "busy"
    last = ClusterHeartbeat.objects.filter(queue=queue).aggregate(last=Max("answered_at"))["last"]
    if last is None:
        return "No worker has answered yet: start manage.py worker."
    silence = now - last
    return f"No worker has answered for {silence.total_seconds():.0f} s." if silence > MAX_CANARY_AGE else "answers"


def _is_busy(queue: JobQueue, now: datetime) -> bool:
    return Job.objects.filter(queue=queue, status=JobStatus.ACTIVE, lease_until__gt=now).exists()


def _check_storage() -> str:
    try:
        get_object_storage().ping()
        _look_for_newest_files()
    except OSError as exc:
        raise NotHealthy(exc.strerror or type(exc).__name__) from exc
    return "reachable"


def _look_for_newest_files() -> None:
    """Raise NotHealthy when the store has none of the newest files. Says nothing while the database is away."""
    newest = MaterialEntry.objects.exclude(object_key="").order_by("-pk").values_list("object_key", flat=True)
    try:
        keys = list(dict.fromkeys(newest[:MAX_PROBED_FILES]))
    except Error:  # its own check says so
        return
    # One may be lost, or be deleted at this moment; a store that has none of them is another one, or not mounted.
    if keys and not any(map(get_object_storage().exists, keys)):
        raise NotHealthy("The store answers, but the newest files are not in it. Is it the right one, and mounted?")


def _check_models() -> str:
    fault = get_registry_loader().get_fault()
    if fault:
        raise Degraded(f"The registry of models cannot be used as it stands: {fault}")
    refused = [row for row in list_open_breakers() if row.kind in OPERATOR_KINDS]
    if refused:
        raise Degraded("; ".join(f"{row.provider}/{row.model or '*'}: {row.kind}" for row in refused))
    return "in force"


def _check_webhooks() -> str:
    now = get_database_time()
    since = find_longest_waiting(now=now)
    if since is None:
        return "none waits"
    age = now - since
    if age > MAX_WEBHOOK_AGE:
        raise Degraded(
            f"A webhook has waited for {age.total_seconds():.0f} s, nobody sends: run manage.py deliver_webhooks."
        )
    return f"the oldest waits for {age.total_seconds():.0f} s"


_CHECKS: dict[str, Callable[[], str]] = {
    "database": _check_database,
    "migrations": _check_migrations,
    "broker": _check_broker,
    "queue": _check_queues,
    "worker": _check_workers,
    "supervisor": _check_supervisors,
    "clocks": _check_clocks,
    "storage": _check_storage,
    "models": _check_models,
    "webhooks": _check_webhooks,
}
# Those that are made of rows.
_ROW_CHECKS = {"migrations", "queue", "worker", "supervisor", "clocks", "models", "webhooks"}
_NOT_ASKED = {"ok": False, "degraded": False, "detail": "not asked: the database does not answer", "milliseconds": 0.0}
