"""The job that makes vectors of what has none, against a server that speaks OpenAI's protocol and a real pgvector."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from rest_framework.test import APIClient

from llm.models import Breaker, ExternalCall
from materials.chunks import embedding
from materials.chunks.services import correct_chunk
from materials.entries.services import delete_entry
from materials.fingerprints import compute_text_digest
from materials.models import Chunk, ChunkVector, MaterialEntry, MaterialNode
from materials.tree.services import copy_node, create_node
from materials.vector_extension import check_vector_extension
from project.jobs.models import Job, JobStatus
from tenants.models import Tenant
from tests.conftest import Api, drain, upload
from tests.fakes.steps import Fail, Step
from tests.llm.world import World, set_limits
from tests.materials.chunks.meanings import build_models, make_vectors

LOOPS = b"# Loops\n\nA loop repeats its body.\n\nA function has a name.\n\nGlaciers are ice.\n"
ICE = b"# Ice\n\nGlaciers are ice.\n\nThey flow slowly.\n"


@pytest.fixture
def client(api: Api, acme: Tenant) -> APIClient:
    return api(acme)


@pytest.fixture
def texts(client: APIClient, course: MaterialNode) -> MaterialNode:
    upload(client, course.pk, "loops.md", LOOPS)
    upload(client, course.pk, "ice.md", ICE)
    drain()
    return course


def embed(client: APIClient, node: MaterialNode) -> dict[str, Any]:
    """Run the job and return what it says."""
    answer = client.post(f"/api/v1/nodes/{node.pk}/vectors", {}, format="json")
    assert answer.status_code == 202, answer.json()
    drain()
    job: dict[str, Any] = client.get(f"/api/v1/jobs/{answer.json()['id']}").json()
    return job


def list_asked(world: World) -> list[str]:
    return [text for asked in world.openai.asked for text in asked.body["input"]]


def test_each_text_gets_one_vector_in_batches_paid_by_the_tenant(
    client: APIClient, acme: Tenant, texts: MaterialNode, models: World
) -> None:
    job = embed(client, texts)

    assert job["status"] == "complete"
    assert job["result"] == {"space": "meanings@4", "entries": 2, "made": 6, "reused": 0, "cut": 0, "left_out": 0}
    # Seven chunks, two of them with one text, three texts a request.
    assert [len(asked.body["input"]) for asked in models.openai.asked] == [3, 3]
    assert sorted(list_asked(models)) == sorted(set(Chunk.objects.values_list("text", flat=True)))
    assert ChunkVector.objects.for_tenant(acme).count() == Chunk.objects.count() == 7
    calls = ExternalCall.objects.filter(action="embed_texts", tenant=acme, job__kind="embed_node")
    assert calls.count() == 2
    assert sum(call.cost or 0 for call in calls) > 0


def test_only_what_changed_is_asked_again(client: APIClient, acme: Tenant, texts: MaterialNode, models: World) -> None:
    embed(client, texts)
    models.openai.asked.clear()
    nothing = {"space": "meanings@4", "entries": 0, "made": 0, "reused": 0, "cut": 0, "left_out": 0}
    assert embed(client, texts)["result"] == nothing

    chunk = Chunk.objects.get(text="They flow slowly.")
    correct_chunk(tenant=acme, chunk_id=chunk.pk, text="They flow downhill.", by="test")
    job = embed(client, texts)

    assert list_asked(models) == ["They flow downhill."]
    assert (job["result"]["made"], job["result"]["entries"]) == (1, 1)
    # The vector of the text that is gone went with it.
    assert ChunkVector.objects.count() == 7


def test_a_copy_has_vectors_and_a_text_that_is_known_costs_nothing(
    client: APIClient, acme: Tenant, texts: MaterialNode, models: World
) -> None:
    embed(client, texts)
    models.openai.asked.clear()

    copied = copy_node(tenant=acme, node_id=texts.pk, parent_id=None)
    assert embed(client, copied)["result"]["entries"] == 0
    upload(client, create_node(tenant=acme, title="Other").pk, "again.md", LOOPS)
    drain()
    other = MaterialNode.objects.get(title="Other")
    job = embed(client, other)

    assert (job["result"]["made"], job["result"]["reused"], models.openai.asked) == (0, 4, [])
    assert ChunkVector.objects.count() == 18


def test_a_vector_is_read_once_though_many_entries_have_its_text(
    client: APIClient, acme: Tenant, texts: MaterialNode, models: World
) -> None:
    embed(client, texts)
    for number in range(5):
        copied = copy_node(tenant=acme, node_id=texts.pk, parent_id=None)
        MaterialNode.objects.filter(pk=copied.pk).update(title=f"Copy {number}")
    other = create_node(tenant=acme, title="Other")
    upload(client, other.pk, "again.md", LOOPS)
    drain()
    read: list[int] = []

    def count_rows(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        found = execute(sql, params, many, context)
        if sql.startswith("SELECT") and '"materials_chunkvector"."vector"' in sql:
            read.append(context["cursor"].rowcount)
        return found

    with connection.execute_wrapper(count_rows):
        job = embed(client, other)

    assert (job["result"]["made"], job["result"]["reused"], read) == (0, 4, [4])


def test_texts_of_another_tenant_are_not_used(
    api: Api, client: APIClient, rival: Tenant, texts: MaterialNode, models: World
) -> None:
    embed(client, texts)
    models.openai.asked.clear()
    theirs = create_node(tenant=rival, title="Theirs")
    upload(api(rival), theirs.pk, "loops.md", LOOPS)
    drain()

    job = embed(api(rival), theirs)

    assert (job["result"]["made"], job["result"]["reused"]) == (4, 0)
    assert ExternalCall.objects.filter(tenant=rival, action="embed_texts").exists()
    assert client.post(f"/api/v1/nodes/{theirs.pk}/vectors", {}, format="json").status_code == 404


def test_another_space_makes_all_anew_and_the_old_vectors_go(
    client: APIClient, texts: MaterialNode, models: World
) -> None:
    embed(client, texts)
    models.file["models"]["vec"] = build_models(space="newer")
    models.write()

    job = embed(client, texts)

    assert (job["result"]["space"], job["result"]["made"]) == ("newer@4", 6)
    assert set(ChunkVector.objects.values_list("space", flat=True)) == {"newer@4"}


def test_what_was_stored_before_a_failure_is_not_paid_again(
    client: APIClient, acme: Tenant, texts: MaterialNode, models: World
) -> None:
    answer = models.openai._always
    models.openai.script(answer)  # type: ignore[arg-type]  # the one that it has
    models.openai.always(Fail(404))
    job = embed(client, texts)
    assert job["status"] != "complete"
    assert ChunkVector.objects.for_tenant(acme).count() >= 3
    first = list_asked(models)[:3]
    Job.objects.filter(kind="embed_node").update(status=JobStatus.FAILED)
    models.openai.asked.clear()
    models.openai.always(answer)  # type: ignore[arg-type]
    models.begin_anew()
    Breaker.objects.all().delete()
    job = embed(client, texts)

    assert job["status"] == "complete"
    assert not set(first) & set(list_asked(models))


def test_a_text_that_the_model_finds_too_long_is_left_out_and_the_others_are_not(
    client: APIClient, acme: Tenant, texts: MaterialNode, models: World
) -> None:
    def refuse_glaciers(asked: Any) -> Step:
        if any("Glaciers" in text for text in asked.texts):
            return Fail(400, message="This model's maximum context length is 8192 tokens.")
        return make_vectors(asked)

    models.openai.always(refuse_glaciers)

    job = embed(client, texts)

    assert job["status"] == "complete"
    assert job["result"] == {"space": "meanings@4", "entries": 2, "made": 5, "reused": 0, "cut": 0, "left_out": 1}
    found = dict(Chunk.objects.values_list("text", "entry__name"))
    embedded = set(ChunkVector.objects.values_list("text_digest", flat=True))
    assert {text for text in found if compute_text_digest(text) not in embedded} == {"Glaciers are ice."}
    page = client.get(f"/api/v1/nodes/{texts.pk}/search", {"q": "bucle"}).json()
    assert (page["meaning"]["is_used"], page["meaning"]["entries_without_vectors"]) == (True, 2)
    # A model that takes it is asked for it alone.
    models.openai.asked.clear()
    models.openai.always(make_vectors)
    assert (embed(client, texts)["result"]["left_out"], list_asked(models)) == (0, ["Glaciers are ice."])


def test_a_spent_budget_ends_the_job_and_says_so(
    client: APIClient, acme: Tenant, texts: MaterialNode, models: World
) -> None:
    set_limits(acme, hard="0.00")

    job = embed(client, texts)

    assert (job["status"], job["error"]["code"]) == ("failed", "budget_exceeded")
    assert models.openai.asked == []


def test_the_vectors_of_an_entry_go_with_it(
    client: APIClient, acme: Tenant, texts: MaterialNode, models: World
) -> None:
    embed(client, texts)

    delete_entry(tenant=acme, entry_id=MaterialEntry.objects.get(name="ice.md").pk)

    assert ChunkVector.objects.count() == 4


def test_what_is_deleted_meanwhile_stays_out(acme: Tenant, texts: MaterialNode, models: World) -> None:
    [slice_] = embedding._iterate_slices(acme, sorted(MaterialEntry.objects.values_list("pk", flat=True)))
    space = models.router.get_vector_space("embed_texts")
    delete_entry(tenant=acme, entry_id=MaterialEntry.objects.get(name="ice.md").pk)

    embedding._store_vectors(acme, space, slice_, {each.digest: [1.0, 0.0, 0.0, 0.0] for each in slice_})

    assert ChunkVector.objects.count() == 4


def test_slices_hold_every_text_once(
    acme: Tenant, texts: MaterialNode, models: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    entries = sorted(MaterialEntry.objects.values_list("pk", flat=True))
    for size in (1, 2, 3, 5, 100):
        monkeypatch.setattr(embedding, "SLICE_SIZE", size)

        slices = list(embedding._iterate_slices(acme, entries))

        found = [(each.entry_id, each.text) for some in slices for each in some]
        assert sorted(found) == sorted(Chunk.objects.values_list("entry", "text"))
        assert max(map(len, slices)) <= size


def test_without_a_model_the_request_says_what_to_set(client: APIClient, texts: MaterialNode) -> None:
    answer = client.post(f"/api/v1/nodes/{texts.pk}/vectors", {}, format="json")

    assert (answer.status_code, answer.json()["code"]) == (422, "no_provider")
    assert "GEMINI_API_KEY" in answer.json()["next_step"]


def test_without_the_extension_the_request_and_the_check_say_so(
    client: APIClient, texts: MaterialNode, models: World
) -> None:
    assert check_vector_extension(databases=["default"]) == []
    with connection.cursor() as cursor:
        cursor.execute("DROP EXTENSION vector")

    answer = client.post(f"/api/v1/nodes/{texts.pk}/vectors", {}, format="json")

    assert (answer.status_code, answer.json()["code"]) == (422, "vectors_unavailable")
    assert "CREATE EXTENSION vector" in answer.json()["next_step"]
    [said] = check_vector_extension(databases=["default"])
    assert said.id == "materials.I002"
    assert check_vector_extension(databases=None) == []
