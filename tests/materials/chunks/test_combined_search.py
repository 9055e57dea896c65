"""Search by words and meaning, against a server that speaks OpenAI's protocol and a real pgvector."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from llm.models import Breaker, ExternalCall
from llm.router import fallback
from materials.chunks import combined_search
from materials.chunks.search import fuse_rankings
from materials.chunks.services import correct_chunk
from materials.models import Chunk, ChunkVector, MaterialEntry, MaterialNode
from materials.tree.services import create_node
from tenants.models import Tenant
from tests.conftest import Api, drain, upload
from tests.fakes.steps import Fail, Hang
from tests.llm.world import World, set_limits
from tests.materials.chunks.meanings import build_models

LOOPS = b"# Loops\n\nA loop runs its body again and again.\n\nThe sun is a star.\n\nTo repeat is to learn.\n"
UKRAINIAN = "# Цикли\n\nЦикл виконує своє тіло знову.\n\nМова коротка.\n".encode()
ICE = b"# Ice\n\nA glacier carves its valley.\n\nGravity pulls at <b>water</b> & rock.\n"


@pytest.fixture
def client(api: Api, acme: Tenant) -> APIClient:
    return api(acme)


@pytest.fixture
def embedded(client: APIClient, course: MaterialNode, models: World) -> MaterialNode:
    """Return a node whose texts all have vectors."""
    week = create_node(tenant=course.tenant, title="Week", parent_id=course.pk)
    upload(client, course.pk, "loops.md", LOOPS)
    upload(client, week.pk, "loops-uk.md", UKRAINIAN)
    upload(client, week.pk, "ice.md", ICE)
    drain()
    embed(client, course)
    models.openai.asked.clear()
    return course


def embed(client: APIClient, node: MaterialNode) -> None:
    assert client.post(f"/api/v1/nodes/{node.pk}/vectors", {}, format="json").status_code == 202
    drain()


def search(client: APIClient, node: MaterialNode, q: str, **more: str) -> dict[str, Any]:
    answer = client.get(f"/api/v1/nodes/{node.pk}/search", {"q": q, **more})
    assert answer.status_code == 200, answer.json()
    page: dict[str, Any] = answer.json()
    return page


def test_it_finds_what_means_the_same_in_another_language(client: APIClient, embedded: MaterialNode) -> None:
    page = search(client, embedded, "bucle")

    assert page["meaning"] == {
        "is_used": True, "space": "meanings@4", "entries_without_vectors": 0, "why_not": "",
    }  # fmt: skip
    names = [row["entry"]["name"] for row in page["data"][:5]]
    assert set(names) == {"loops.md", "loops-uk.md"}
    first = page["data"][0]
    assert first["found_by"] == ["meaning"]
    assert first["locator"]["heading_path"] in (["Loops"], ["Цикли"])
    assert first["snippet"]
    assert "<mark>" not in first["snippet"]


def test_what_both_find_stands_first_and_what_only_one_finds_follows(client: APIClient, embedded: MaterialNode) -> None:
    page = search(client, embedded, "loop")

    found = [(row["found_by"], row["snippet"]) for row in page["data"]]
    assert found[0][0] == ["words", "meaning"]
    assert "<mark>" in found[0][1]
    assert ["meaning"] in [by for by, _ in found]
    scores = [row["score"] for row in page["data"]]
    assert scores == sorted(scores, reverse=True)


def test_what_words_find_is_found_though_no_vector_is_near(
    client: APIClient, embedded: MaterialNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(combined_search, "MAX_NEAREST", 1)
    monkeypatch.setattr(combined_search, "MAX_RANKED", 0)

    page = search(client, embedded, "body")

    assert "loops.md" in {row["entry"]["name"] for row in page["data"] if row["found_by"] == ["words"]}
    assert page["data"][-1]["found_by"] == ["words"]


def test_the_beginning_of_a_text_is_escaped(client: APIClient, embedded: MaterialNode) -> None:
    page = search(client, embedded, "льодовик")

    snippets = [row["snippet"] for row in page["data"]]
    assert any("&amp; rock" in snippet for snippet in snippets)
    assert not any("<b>" in snippet for snippet in snippets)


def test_pages_are_those_of_one_search_and_the_model_is_asked_once(
    client: APIClient, embedded: MaterialNode, models: World
) -> None:
    whole = search(client, embedded, "loop")["data"]

    rows: list[dict[str, Any]] = []
    page = search(client, embedded, "loop", limit="2")
    while True:
        rows += page["data"]
        if not page["has_more"]:
            break
        page = search(client, embedded, "loop", limit="2", cursor=page["next_cursor"])

    assert [row["id"] for row in rows] == [row["id"] for row in whole]
    assert len(models.openai.asked) == 1
    [call] = ExternalCall.objects.filter(action="embed_texts", job=None)
    assert (call.tenant, call.outcome) == (embedded.tenant, "answered")


def test_a_question_with_or_is_a_question(client: APIClient, embedded: MaterialNode) -> None:
    assert search(client, embedded, "bucle or nada")["meaning"]["is_used"]


@pytest.mark.parametrize("q", ['"a loop"', "loop -again"])
def test_exact_matches_are_for_words_alone(client: APIClient, embedded: MaterialNode, models: World, q: str) -> None:
    page = search(client, embedded, q)

    assert {tuple(row["found_by"]) for row in page["data"]} <= {("words",)}
    assert (page["meaning"]["is_used"], models.openai.asked) == (False, [])
    assert "alone" in page["meaning"]["why_not"]


def test_words_alone_can_be_asked_for(client: APIClient, embedded: MaterialNode, models: World) -> None:
    assert search(client, embedded, "bucle", by="words")["data"] == []
    assert models.openai.asked == []
    assert client.get(f"/api/v1/nodes/{embedded.pk}/search", {"q": "x", "by": "magic"}).status_code == 422


def test_below_a_node_is_what_is_below_it_and_of_no_other_tenant(
    api: Api, client: APIClient, embedded: MaterialNode, rival: Tenant
) -> None:
    theirs = create_node(tenant=rival, title="Theirs")
    upload(api(rival), theirs.pk, "secret.md", b"# Secret\n\nA loop of ours.\n")
    drain()
    embed(api(rival), theirs)
    week = MaterialNode.objects.get(title="Week")

    names = {row["entry"]["name"] for row in search(client, week, "bucle")["data"]}
    assert names == {"loops-uk.md", "ice.md"}
    assert "secret.md" not in {row["entry"]["name"] for row in search(client, embedded, "bucle")["data"]}
    assert {row["entry"]["name"] for row in search(api(rival), theirs, "bucle")["data"]} == {"secret.md"}
    assert client.get(f"/api/v1/nodes/{theirs.pk}/search", {"q": "bucle"}).status_code == 404


@pytest.mark.parametrize("cause", ["down", "budget", "space", "none", "extension", "model"])
def test_it_falls_back_to_words_and_says_why(
    client: APIClient, acme: Tenant, embedded: MaterialNode, models: World, cause: str
) -> None:
    match cause:
        case "down":
            models.openai.always(Fail(404))
        case "budget":
            set_limits(acme, hard="0.00")
        case "space":
            models.file["models"]["vec"] = build_models(space="newer")
            models.write()
        case "none":
            ChunkVector.objects.all().delete()
            MaterialEntry.objects.update(vector_space="")
        case "extension":
            with connection.cursor() as cursor:
                cursor.execute("DROP EXTENSION vector")
        case "model":
            del models.file["actions"]["embed_texts"], models.file["chains"]["embed_texts"]
            models.write()

    page = search(client, embedded, "again")

    assert [row["found_by"] for row in page["data"]] == [["words"]]
    assert not page["meaning"]["is_used"]
    said = {"down": "No model answered", "budget": "budget", "space": "vectors", "none": "vectors",
            "extension": "CREATE EXTENSION vector", "model": "no action"}  # fmt: skip
    assert said[cause] in page["meaning"]["why_not"]
    Breaker.objects.all().delete()


def test_a_model_that_hangs_makes_only_the_first_searches_wait(
    client: APIClient, embedded: MaterialNode, models: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(combined_search, "QUERY_SECONDS", 1.5)
    monkeypatch.setattr(fallback, "FAIR_QUERY_SECONDS", 0.1)
    Breaker.objects.create(provider="openai", model="vec", kind="busy", failures=2)
    models.begin_anew()
    models.router.services.providers.get_provider(
        "openai", models.registry.providers["openai"]
    )  # before the clock runs
    models.openai.always(Hang())

    pages = [search(client, embedded, words) for words in ("again", "body", "sun")]

    assert len(models.openai.asked) == 1
    assert [[row["found_by"] for row in page["data"]] for page in pages] == [[["words"]]] * 3
    assert not any(page["meaning"]["is_used"] for page in pages)
    assert all("not asked for" in page["meaning"]["why_not"] for page in pages[1:])


def test_a_search_does_not_wait_until_a_model_may_be_asked_again(
    client: APIClient, embedded: MaterialNode, models: World
) -> None:
    soon = timezone.now() + timedelta(seconds=2)
    Breaker.objects.create(provider="openai", model="vec", kind="busy", failures=3, opened=1, open_until=soon)
    models.begin_anew()

    page = search(client, embedded, "again")

    assert (page["meaning"]["is_used"], models.openai.asked) == (False, [])


def test_entries_whose_texts_have_changed_are_counted(client: APIClient, acme: Tenant, embedded: MaterialNode) -> None:
    chunk = Chunk.objects.get(text="The sun is a star.")
    correct_chunk(tenant=acme, chunk_id=chunk.pk, text="The function is a star.", by="test")

    assert search(client, embedded, "функц")["meaning"]["entries_without_vectors"] == 1
    embed(client, embedded)

    page = search(client, embedded, "función")
    assert page["meaning"]["entries_without_vectors"] == 0
    assert page["data"][0]["id"] == str(chunk.pk)


def test_it_takes_the_same_statements_for_any_tree(
    client: APIClient, acme: Tenant, embedded: MaterialNode, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    search(client, embedded, "loop")
    with django_assert_max_num_queries(50) as few:
        search(client, embedded, "loop")
    most = len(few.captured_queries)
    rows = [MaterialNode(tenant=acme, parent=embedded, position=9 + n, title=str(n)) for n in range(40)]
    MaterialNode.objects.bulk_create(rows)
    for n, row in enumerate(rows[:4]):
        upload(client, row.pk, f"more-{n}.md", LOOPS)
    drain()
    embed(client, embedded)

    with django_assert_max_num_queries(most):
        found = search(client, embedded, "loop")["data"]

    assert len(found) > 10


@pytest.mark.django_db(transaction=True)
def test_request_job_and_search_work_without_a_transaction_around_them(
    client: APIClient, embedded: MaterialNode
) -> None:
    page = search(client, embedded, "bucle")

    assert page["meaning"]["is_used"]
    assert page["data"][0]["found_by"] == ["meaning"]


def test_ranks_are_fused_by_the_sum_of_their_reciprocals() -> None:
    one, two, three = uuid4(), uuid4(), uuid4()

    scores = fuse_rankings([[one, two], [two, three]])

    assert sorted(scores, key=lambda id_: -scores[id_]) == [two, one, three]
    assert scores[one] == round(1_000_000 / 61)
    assert scores[two] == round(1_000_000 / 62 + 1_000_000 / 61)
