"""Vectors that are made by themselves after texts have changed: by one job of a tenant, and where it is wanted."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from pytest_django import Settings
from rest_framework.test import APIClient

from llm.models import ExternalCall
from materials.chunks.services import correct_chunk
from materials.models import Chunk, ChunkVector, MaterialEntry, MaterialNode
from materials.tree.services import copy_node
from project.jobs.models import Job
from tenants.models import Tenant
from tests.conftest import Api, drain, upload
from tests.fakes.steps import Fail
from tests.llm.world import World, set_limits
from tests.materials.chunks.meanings import build_models

LOOPS = b"# Loops\n\nA loop repeats its body.\n\nA function has a name.\n"
ICE = b"# Ice\n\nGlaciers are ice.\n"


@pytest.fixture
def client(api: Api, acme: Tenant) -> APIClient:
    return api(acme)


@pytest.fixture
def always(settings: Settings, models: World) -> World:
    """Return models that cost money, and are asked all the same."""
    settings.EMBED_AFTER_INGESTION = "always"
    return models


def list_jobs() -> list[Job]:
    return list(Job.objects.filter(kind="embed_changes").order_by("created_at", "id"))


def list_asked(world: World) -> list[str]:
    return [text for asked in world.openai.asked for text in asked.body["input"]]


def search(client: APIClient, node: MaterialNode, words: str) -> dict[str, Any]:
    page: dict[str, Any] = client.get(f"/api/v1/nodes/{node.pk}/search", {"q": words}).json()
    return page


def test_search_by_meaning_works_after_an_upload(client: APIClient, course: MaterialNode, always: World) -> None:
    upload(client, course.pk, "loops.md", LOOPS)
    upload(client, course.pk, "ice.md", ICE)
    drain()

    page = search(client, course, "bucle")

    assert page["meaning"]["is_used"]
    assert page["meaning"]["entries_without_vectors"] == 0
    assert "loop" in page["data"][0]["snippet"].lower()
    [job] = list_jobs()
    assert (job.status, job.subject_id, job.result) == (
        "complete",
        job.tenant_id,
        {"space": "meanings@4", "entries": 2, "made": 5, "reused": 0, "cut": 0, "left_out": 0},
    )
    assert ExternalCall.objects.filter(job=job, action="embed_texts").count() == 2


def test_the_job_says_beforehand_what_it_costs(client: APIClient, course: MaterialNode, always: World) -> None:
    upload(client, course.pk, "loops.md", LOOPS)
    drain()

    [job] = list_jobs()
    plan = client.get(f"/api/v1/jobs/{job.pk}").json()["plan"]

    assert (plan["model"], plan["space"], plan["texts"]) == ("vec", "meanings@4", 3)
    charged = sum(call.cost or 0 for call in ExternalCall.objects.filter(job=job))
    # The fake counts a token for each character, we estimate fewer; a million of them cost a dollar.
    assert plan["input_tokens"] > 0
    assert Decimal(plan["expected_cost_usd"]) == round(Decimal(plan["input_tokens"]) / 10**6, 4)
    assert charged > 0


def test_only_what_changed_is_looked_at(client: APIClient, acme: Tenant, course: MaterialNode, always: World) -> None:
    upload(client, course.pk, "loops.md", LOOPS)
    upload(client, course.pk, "ice.md", ICE)
    drain()
    always.openai.asked.clear()

    chunk = Chunk.objects.get(text="Glaciers are ice.")
    correct_chunk(tenant=acme, chunk_id=chunk.pk, text="Glaciers are old ice.", by="test")
    drain()

    job = list_jobs()[-1]
    assert list_asked(always) == ["Glaciers are old ice."]
    assert job.result is not None
    assert (job.result["entries"], job.result["made"]) == (1, 1)
    assert not MaterialEntry.objects.filter(wants_vectors=True).exists()
    assert search(client, course, "glaciar")["meaning"]["entries_without_vectors"] == 0


def test_what_changes_while_the_job_runs_is_made_by_it(
    client: APIClient, acme: Tenant, course: MaterialNode, always: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload(client, course.pk, "loops.md", LOOPS)

    # Not in the vendor's thread, which does not see the transaction of the test.
    real = always.router.embed_texts

    def embed(*args: Any, **kwargs: Any) -> Any:
        made = real(*args, **kwargs)
        if chunk := Chunk.objects.filter(text="A function has a name.").first():
            correct_chunk(tenant=acme, chunk_id=chunk.pk, text="A function has parameters.", by="test")
        return made

    monkeypatch.setattr(always.router, "embed_texts", embed)
    drain()

    [job] = list_jobs()
    assert job.status == "complete"
    assert list_asked(always)[-1] == "A function has parameters."
    assert ChunkVector.objects.count() == 3
    assert not MaterialEntry.objects.filter(wants_vectors=True).exists()


@pytest.mark.parametrize(("setting", "price", "jobs"), [("free", 0, 1), ("free", 1, 0), ("never", 0, 0)])
def test_nothing_that_costs_is_made_unless_it_is_wanted(
    client: APIClient, course: MaterialNode, models: World, settings: Settings, setting: str, price: int, jobs: int
) -> None:
    settings.EMBED_AFTER_INGESTION = setting
    models.file["models"]["vec"] = build_models() | {"prices": {"input": price, "output": 0}}
    models.write()

    upload(client, course.pk, "loops.md", LOOPS)
    drain()

    assert len(list_jobs()) == jobs
    assert MaterialEntry.objects.filter(wants_vectors=True).count() == 0
    assert bool(models.openai.asked) == bool(jobs)


def test_a_model_that_costs_and_may_stand_in_is_not_free(
    client: APIClient, course: MaterialNode, models: World
) -> None:
    models.file["models"]["vec"] = build_models() | {"prices": {"input": 0, "output": 0}}
    models.file["models"]["dear"] = build_models()
    models.file["chains"]["embed_texts"] = {name: ["vec", "dear"] for name in models.file["strategies"]}
    models.write()

    upload(client, course.pk, "loops.md", LOOPS)
    drain()

    assert list_jobs() == []


def test_a_budget_that_is_too_small_ends_the_job_before_anything_is_asked(
    client: APIClient, acme: Tenant, course: MaterialNode, always: World
) -> None:
    set_limits(acme, hard="0.00")
    upload(client, course.pk, "loops.md", LOOPS)
    drain()

    [job] = list_jobs()
    assert (job.status, job.error_code, always.openai.asked) == ("failed", "budget_exceeded", [])
    # The entry itself is ready, and waits for the next job.
    assert client.get(f"/api/v1/nodes/{course.pk}/entries").json()["data"][0]["state"] == "ready"

    set_limits(acme, hard="1")
    upload(client, course.pk, "ice.md", ICE)
    drain()
    assert [each.status for each in list_jobs()] == ["failed", "complete"]
    assert ChunkVector.objects.count() == Chunk.objects.count() == 5


def test_entries_wait_while_no_model_answers(client: APIClient, course: MaterialNode, always: World) -> None:
    always.openai.always(Fail(404))
    upload(client, course.pk, "loops.md", LOOPS)
    drain()

    assert MaterialEntry.objects.filter(wants_vectors=True).count() == 1
    assert search(client, course, "loop")["data"]


def test_a_copy_that_wants_vectors_gets_them(
    client: APIClient, acme: Tenant, course: MaterialNode, always: World
) -> None:
    set_limits(acme, hard="0.00")
    upload(client, course.pk, "loops.md", LOOPS)
    drain()
    copied = copy_node(tenant=acme, node_id=course.pk, parent_id=None)
    set_limits(acme, hard="1")
    upload(client, course.pk, "ice.md", ICE)
    drain()

    assert search(client, copied, "bucle")["meaning"]["entries_without_vectors"] == 0


def test_without_the_extension_no_job_is_submitted(client: APIClient, course: MaterialNode, always: World) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DROP EXTENSION vector")

    upload(client, course.pk, "loops.md", LOOPS)
    drain()

    assert list_jobs() == []
