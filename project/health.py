"""Is it alive, and can it work? Two addresses for machines: no key, no limit, no secrets."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta

from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from llm.breakers import open_breakers
from llm.errors import KeyRefused, ModelUnknown, ModelUnsuited, QuotaExhausted
from llm.loading import watched_registry
from project.jobs.models import Job, Pulse
from project.storage.objects import objects

QUEUE_LATE = timedelta(minutes=15)
CANARY_LATE = timedelta(seconds=90)
REFUSALS = {error.kind for error in (KeyRefused, QuotaExhausted, ModelUnknown, ModelUnsuited)}
"""Of a provider: only an operator can mend them."""


class NotHealthy(Exception):
    """A check failed; the message says how."""


class Degraded(Exception):
    """Work goes on, but an operator should look; the message says at what."""


@require_safe
def live(request: HttpRequest) -> JsonResponse:
    """Answer as long as the process can answer at all."""
    return JsonResponse({"status": "ok", "version": settings.VERSION})


@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """Answer 200 when everything that work needs is there, else 503; each check says how it went.

    `degraded` is a 200 too: work goes on, but something waits for an operator.
    """
    checks = {name: _run(check) for name, check in _CHECKS.items()}
    healthy = all(check["ok"] for check in checks.values())
    degraded = any(check["degraded"] for check in checks.values())
    status = "degraded" if degraded else "ok"
    return JsonResponse(
        {"status": status if healthy else "unavailable", "version": settings.VERSION, "checks": checks},
        status=200 if healthy else 503,
    )


def _run(check: Callable[[], str]) -> dict[str, object]:
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


def _database() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return "answers"


def _migrations() -> str:
    executor = MigrationExecutor(connection)
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if missing:
        raise NotHealthy(f"{len(missing)} migrations are not applied: run manage.py migrate.")
    return "applied"


def _queue() -> str:
    oldest = Job.objects.runnable(timezone.now()).order_by("queued_at").values_list("queued_at", flat=True).first()
    if oldest is None:
        return "empty"
    age = timezone.now() - oldest
    if age > QUEUE_LATE:
        raise NotHealthy(f"The oldest job has waited for {age.total_seconds():.0f} s.")
    return f"oldest job waits for {age.total_seconds():.0f} s"


def _worker() -> str:
    answered = Pulse.objects.order_by("-answered_at").exclude(answered_at=None).values_list("answered_at", flat=True)
    busy = Job.objects.filter(status=Job.Status.ACTIVE, lease_until__gt=timezone.now()).exists()
    last = answered.first()
    if last is None and not busy:
        raise NotHealthy("No worker has answered yet: start manage.py worker.")
    if last is not None and timezone.now() - last > CANARY_LATE and not busy:
        raise NotHealthy(f"No worker has answered for {(timezone.now() - last).total_seconds():.0f} s.")
    return "busy" if busy else "answers"


def _storage() -> str:
    objects().exists("health")
    return "reachable"


def _models() -> str:
    fault = watched_registry().fault()
    if fault:
        raise Degraded(f"The registry of models cannot be used as it stands: {fault}")
    refused = [row for row in open_breakers() if row.kind in REFUSALS]
    if refused:
        raise Degraded("; ".join(f"{row.provider}/{row.model or '*'}: {row.kind}" for row in refused))
    return "in force"


_CHECKS: dict[str, Callable[[], str]] = {
    "database": _database,
    "migrations": _migrations,
    "queue": _queue,
    "worker": _worker,
    "storage": _storage,
    "models": _models,
}
