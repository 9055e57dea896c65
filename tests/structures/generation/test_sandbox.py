"""Structures in the sandbox: the whole way of an integrator, and names that force an outcome."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from llm.models import ExternalCall
from materials.forced_outcomes import BUSY_SECONDS
from materials.models import MaterialNode
from materials.tree.services import create_node
from project.jobs.models import Job
from tenants.models import Tenant
from tests.conftest import LECTURE, Api, drain, upload
from tests.llm.world import World
from tests.structures.generation.llm_courses import ask_for, honest, nodes_in, written

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_long_pauses")]

UKRAINIAN = """# Вода

Температура кипіння води на рівні моря становить сто градусів за Цельсієм.

На високій горі вода закипає раніше, бо повітря там тисне слабше.
""".encode()


def build_course(client: APIClient, tenant: Tenant, **files: bytes) -> MaterialNode:
    course = create_node(tenant=tenant, title="Water")
    for number, (name, content) in enumerate(files.items(), start=1):
        node = create_node(tenant=tenant, title=f"Lesson {number}", parent_id=course.pk)
        upload(client, node.pk, f"{name.replace('_', '-')}.md", content)
    drain()
    return course


@pytest.mark.slow
def test_the_whole_way_of_an_integrator(world: World, api: Api, acme: Tenant, sandbox: Tenant) -> None:
    client = api(sandbox)
    course = build_course(client, sandbox, lecture=LECTURE, water=UKRAINIAN)

    plan = client.get(f"/api/v1/nodes/{course.pk}/generation-plan", {"engine": "llm"}).json()
    snapshot = written(client, course.pk, engine="llm", verify="model")
    export = client.post(f"/api/v1/snapshots/{snapshot['id']}/exports", {"format": "markdown"}, format="json")
    drain()
    costs = client.get("/api/v1/costs").json()

    assert Decimal(plan["expected_cost_usd"]) > 0
    assert snapshot["provenance"]["is_simulated"] is True
    assert any("No model was asked" in warning for warning in snapshot["warnings"])
    concepts = nodes_in(snapshot, "concept")
    assert concepts
    assert all(concept["references"] for concept in concepts)
    assert any("Температура" in concept["title"] for concept in concepts)
    assert snapshot["grounding"]["sentences"] > 0
    assert snapshot["grounding"]["sentences_unproved"] == 0
    assert client.get(export["Location"]).json()["status"] == "complete"
    assert costs["is_simulated"] is True
    assert Decimal(costs["spent_usd"]) > 0
    assert {row["action"] for row in costs["rows"]} == {"write_lesson", "reconcile_course", "judge_statements"}
    assert not any(vendor.asked for vendor in world.vendors)
    live = api(acme).get("/api/v1/costs").json()
    assert (live["is_simulated"], Decimal(live["spent_usd"]), live["rows"]) == (False, Decimal(0), [])


@pytest.mark.slow
def test_the_same_materials_give_the_same_structure(world: World, api: Api, sandbox: Tenant) -> None:
    client = api(sandbox)

    first, second = (
        written(client, build_course(client, sandbox, lecture=LECTURE, water=UKRAINIAN).pk, engine="llm")
        for _ in range(2)
    )

    assert read_titles(first) == read_titles(second)


def read_titles(node: dict[str, Any]) -> list[Any]:
    return [(child["title"], child["description"], read_titles(child)) for child in node["children"]]


def test_auto_asks_models_in_the_sandbox_though_no_key_is_set(
    world: World, api: Api, sandbox: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("TEST_GOOGLE_KEY", "TEST_ANTHROPIC_KEY", "TEST_OPENAI_KEY", "TEST_DEEPSEEK_KEY"):
        monkeypatch.delenv(name)
    client = api(sandbox)

    assert written(client, build_course(client, sandbox, lecture=LECTURE).pk)["engine"] == "llm"


@pytest.mark.slow
def test_a_batch_is_answered_at_once(world: World, api: Api, sandbox: Tenant) -> None:
    world.file["models"]["gemini"]["batch_prices"] = {"input": 0.5, "output": 5}
    world.write()
    client = api(sandbox)
    course = build_course(client, sandbox, lecture=LECTURE)

    snapshot = written(client, course.pk, engine="llm", economy="batch", mode="guided")

    assert snapshot["provenance"]["is_simulated"] is True
    assert not any(vendor.asked for vendor in world.vendors)


def test_the_budget_is_exceeded_where_a_name_says_so(world: World, api: Api, sandbox: Tenant) -> None:
    client = api(sandbox)
    course = build_course(client, sandbox, budget_exceeded=LECTURE)

    refused = client.post(f"/api/v1/nodes/{course.pk}/generate", {"engine": "llm"}, format="json")

    assert (refused.status_code, refused.json()["code"]) == (402, "budget_exceeded")
    assert written(client, course.pk, engine="outline")["engine"] == "outline"


def test_busy_models_are_waited_for_where_a_name_says_so(world: World, api: Api, sandbox: Tenant) -> None:
    client = api(sandbox)
    course = build_course(client, sandbox, models_busy=LECTURE)

    job = ask_for(client, course.pk, engine="llm")

    assert (job["status"], job["attempts"][0]["code"]) == ("queued", "models_exhausted")
    past = timezone.now() - timedelta(seconds=BUSY_SECONDS + 1)
    Job.objects.filter(pk=job["id"]).update(created_at=past, queued_at=past)
    drain()
    assert client.get(f"/api/v1/jobs/{job['id']}").json()["status"] == "complete"


def test_a_lesson_is_refused_where_a_name_says_so(world: World, api: Api, sandbox: Tenant) -> None:
    client = api(sandbox)
    course = build_course(client, sandbox, lecture=LECTURE, refused_lesson=UKRAINIAN)

    failed = ask_for(client, course.pk, engine="llm", mode="guided")
    snapshot = written(client, course.pk, engine="llm", mode="guided", on_failure="partial")

    assert (failed["status"], failed["error"]["code"]) == ("failed", "models_exhausted")
    assert "refused" in failed["error"]["message"]
    assert [failure["lesson"] for failure in snapshot["provenance"]["failures"]] == ["Lesson 2"]
    assert nodes_in(snapshot, "concept")


@pytest.mark.slow
def test_names_mean_nothing_to_a_live_tenant(world: World, api: Api, acme: Tenant) -> None:
    world.google.always(honest)
    client = api(acme)
    files = {"budget_exceeded": LECTURE, "models_busy": UKRAINIAN, "refused_lesson": b"# A\n\nText.\n"}
    course = build_course(client, acme, **files)

    snapshot = written(client, course.pk, engine="llm")

    assert "is_simulated" not in snapshot["provenance"]
    assert not ExternalCall.objects.filter(is_simulated=True).exists()
