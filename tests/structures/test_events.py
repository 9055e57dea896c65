"""The events of structures and of what is made of them."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from llm.errors import BudgetExceeded
from llm.models import SpendingLimit
from llm.router.budgets import check_budget
from llm.services import set_budget
from materials.models import MaterialEntry, MaterialNode
from structures.models import StructureSnapshot
from tenants.models import Event, Tenant
from tests.conftest import Api, drain
from tests.materials.transfer.test_import import bring, packed, work
from tests.structures.course_page.stored import store_snapshot
from tests.structures.reviews.test_reviews import post
from tests.structures.working_copies.desk import COURSE, create_copy

pytestmark = pytest.mark.django_db
TREE = [{"node_type": "module", "title": "Steam", "quotes": ["Water boils."]}]


def list_told(*types: str) -> list[dict[str, Any]]:
    return [row.data for row in Event.objects.filter(type__in=types).order_by("id")]


def test_a_generated_structure_is_told_and_one_that_is_there_is_not(
    api: Api, acme: Tenant, lecture: MaterialEntry
) -> None:
    for _ in range(2):
        api(acme).post(f"/api/v1/nodes/{lecture.node_id}/generate", {}, format="json")
        drain()

    snapshot = StructureSnapshot.objects.get()
    assert list_told("snapshot.created") == [{"snapshot": str(snapshot.pk), "node": str(lecture.node_id)}]


def test_a_structure_is_told_to_be_approved_when_as_many_have_as_must(
    api: Api, acme: Tenant, course: MaterialNode, settings: Settings
) -> None:
    settings.APPROVALS_REQUIRED = 2
    desk = create_copy(api(acme), store_snapshot(acme, course, TREE).pk)
    desk.edit("change_field", key=COURSE, field="title", value="Mine")
    made = desk.post("approve", status=201)["id"]
    desk.post("approve")
    told = [{"snapshot": made, "node": str(course.pk)}]
    assert (list_told("snapshot.created"), list_told("structure.approved")) == (told, [])

    second, third = api(acme), api(acme)
    post(second, f"snapshots/{made}/approve")
    post(third, f"snapshots/{made}/approve")
    assert list_told("structure.approved") == told

    post(second, f"snapshots/{made}/publish")
    post(second, f"snapshots/{made}/publish")
    assert list_told("structure.published") == told
    assert len(list_told("snapshot.created")) == 1


def test_an_export_is_told_to_be_ready_once(api: Api, acme: Tenant, course: MaterialNode) -> None:
    snapshot = store_snapshot(acme, course, TREE)
    for _ in range(2):
        export = api(acme).post(f"/api/v1/snapshots/{snapshot.pk}/exports", {"format": "csv"}, format="json").json()
        drain()

    assert list_told("export.ready") == [{"export": export["id"], "snapshot": str(snapshot.pk), "format": "csv"}]


def test_an_import_is_told_to_have_ended_however_it_did(api: Api, acme: Tenant, course: MaterialNode) -> None:
    client = api(acme)
    archives = [packed({"a.md": "Water boils."}), packed({"b.md": "Ice melts."})]
    jobs = [bring(client, course.pk, archive).json()["id"] for archive in archives]
    client.post(f"/api/v1/jobs/{jobs[1]}/cancel")
    work(jobs[0])

    cancelled, complete = list_told("import.finished")
    assert (complete["job"], complete["status"], complete["node"]) == (jobs[0], "complete", str(course.pk))
    assert (cancelled["job"], cancelled["status"], cancelled["node"]) == (jobs[1], "cancelled", str(course.pk))
    assert client.get(f"/api/v1/imports/{complete['import']}").status_code == 200


def test_a_budget_is_told_to_be_exhausted_once_a_month_and_anew_when_it_is_set(acme: Tenant) -> None:
    def refuse() -> None:
        with pytest.raises(BudgetExceeded):
            check_budget(acme, Decimal(2), now=timezone.now())

    set_budget(tenant=acme, soft_limit=None, hard_limit=Decimal(1))
    refuse()
    refuse()
    (told,) = list_told("budget.exhausted")
    assert told == {"tenant": str(acme.pk), "month": f"{timezone.now():%Y-%m}", "spent": "0", "hard_limit": "1.00"}

    set_budget(tenant=acme, soft_limit=None, hard_limit=Decimal("1.5"))
    refuse()
    assert len(list_told("budget.exhausted")) == 2
    SpendingLimit.objects.update(exhausted_at=timezone.now() - timedelta(days=32))
    refuse()
    assert len(list_told("budget.exhausted")) == 3
