"""What is old in sandboxes goes, all of it, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.db import models
from django.utils import timezone
from pytest_django import Settings

from llm.models import ExternalCall
from materials.models import MaterialEntry, MaterialNode, ObjectRemoval
from materials.objects.removal import remove_objects
from materials.sandbox.wiping import wipe_sandboxes
from materials.tree.services import create_node
from project.jobs.models import Job
from tenants.models import Tenant
from tests.conftest import LECTURE, Api, Stored, drain, upload

pytestmark = pytest.mark.django_db(transaction=True)

KEPT = {"ApiKey", "Event"}  # events have a time of their own


def iterate_rows(tenant: Tenant) -> Iterator[tuple[str, int]]:
    for model in apps.get_models():
        fields: dict[str, Any] = {field.name: field for field in model._meta.concrete_fields}
        if isinstance(fields.get("tenant"), models.ForeignKey) and model.__name__ not in KEPT:
            yield model.__name__, model._default_manager.filter(tenant=tenant).count()


def fill(api: Api, tenant: Tenant, *, engine: str) -> MaterialNode:
    course, client = create_node(tenant=tenant, title="Course"), api(tenant)
    upload(client, course.pk, "lecture.md", LECTURE)
    drain()
    assert client.post(f"/api/v1/nodes/{course.pk}/generate", {"engine": engine}, format="json").status_code == 202
    drain()
    return course


@pytest.mark.slow
def test_an_old_course_goes_with_everything_and_its_files(
    api: Api, acme: Tenant, sandbox: Tenant, stored: Stored, settings: Settings
) -> None:
    live = fill(api, acme, engine="outline")
    files = stored()
    fill(api, sandbox, engine="llm")
    assert len(stored()) > len(files)
    assert ExternalCall.objects.for_tenant(sandbox).exists()
    before = dict(iterate_rows(acme))

    soon, late = (timezone.now() + timedelta(days=days) for days in (29, 31))
    wipe_sandboxes(now=soon, seconds=60)
    assert MaterialNode.objects.for_tenant(sandbox).count() == 1

    wipe_sandboxes(now=late, seconds=60)
    remove_objects(seconds=60)

    assert {name: count for name, count in iterate_rows(sandbox) if count} == {}
    assert stored() == files
    assert not ObjectRemoval.objects.exists()
    assert dict(iterate_rows(acme)) == before
    assert MaterialNode.objects.filter(pk=live.pk).exists()


def test_what_is_young_and_what_waits_is_kept(api: Api, sandbox: Tenant) -> None:
    old = create_node(tenant=sandbox, title="Old")
    young = create_node(tenant=sandbox, title="Young")
    # In the old course, and yet not older than it: the course decides.
    upload(api(sandbox), young.pk, "lecture.md", LECTURE)
    MaterialNode.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(days=40))
    Job.objects.update(created_at=timezone.now() - timedelta(days=40))

    wipe_sandboxes(now=timezone.now(), seconds=60)

    assert list(MaterialNode.objects.values_list("title", flat=True)) == ["Young"]
    assert Job.objects.count() == 1
    drain()
    assert MaterialEntry.objects.filter_ready().count() == 1


def test_without_time_it_leaves_the_rest_to_the_next_run(sandbox: Tenant) -> None:
    create_node(tenant=sandbox, title="Old")
    late = timezone.now() + timedelta(days=31)

    wipe_sandboxes(now=late, seconds=-1)
    assert MaterialNode.objects.exists()

    wipe_sandboxes(now=late, seconds=60)
    assert not MaterialNode.objects.exists()


def test_without_a_sandbox_it_costs_one_statement(acme: Tenant, django_assert_num_queries: Any) -> None:
    create_node(tenant=acme, title="Live")

    with django_assert_num_queries(1):
        wipe_sandboxes(now=timezone.now() + timedelta(days=31), seconds=60)
    assert MaterialNode.objects.exists()
