"""Deleting what is old in sandboxes: a course some weeks after it was made, and what jobs and models have left."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import QuerySet

from llm.models import ExternalCall, ModelBatch
from materials.models import MaterialNode, PictureDescription
from materials.tree.services import delete_node
from project import logs
from project.errors import NotFound
from project.jobs.models import Job
from tenants.models import Tenant

# Courses of one run, each a transaction of its own that holds the tree lock of its tenant, and rows of one statement.
# The next run, some seconds later, goes on.
_MAX_COURSES, _BATCH_SIZE = 100, 1000

log = logs.get_logger(__name__)


def wipe_sandboxes(*, now: datetime, seconds: float) -> None:
    """Delete what was made in sandboxes more than `SANDBOX_DAYS` ago, for about `seconds`.

    A course goes as a whole with all that is in it, its files too, through `delete_node`. Keys, quotas and limits stay.
    May run in several processes at once.
    """
    sandboxes = list(Tenant.objects.exclude(sandbox_of=None))
    if not sandboxes:
        return
    oldest, end = now - timedelta(days=settings.SANDBOX_DAYS), time.monotonic() + seconds
    tenants = {tenant.pk: tenant for tenant in sandboxes}
    courses = MaterialNode.objects.filter(tenant__in=tenants, parent=None, created_at__lt=oldest)
    deleted = 0
    for tenant_id, course in courses.order_by("created_at").values_list("tenant", "pk")[:_MAX_COURSES]:
        if time.monotonic() > end:
            return
        with suppress(NotFound):  # another process, or its owner, was first
            delete_node(tenant=tenants[tenant_id], node_id=course)
            deleted += 1
    if deleted:
        log.info("courses of sandboxes deleted", courses=deleted)
    for rows in _iterate_leftovers(list(tenants), oldest):
        while time.monotonic() < end and rows.filter(pk__in=rows.values("pk")[:_BATCH_SIZE]).delete()[0]:
            pass


def _iterate_leftovers(tenants: list[Any], oldest: datetime) -> Iterator[QuerySet[Any]]:
    """Yield the old rows of sandboxes that belong to no course."""
    for model in (ExternalCall, ModelBatch, PictureDescription):
        yield model._default_manager.filter(tenant__in=tenants, created_at__lt=oldest)
    # Not those that wait for something: they are cancelled with their course, or end by themselves.
    yield Job.objects.filter(tenant__in=tenants, created_at__lt=oldest).exclude(status__in=Job.OPEN)
