"""Stating, correcting, deciding, listing and taking back which slides are shown in which videos."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.db import connections
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from materials.documents import Format
from materials.entries.services import update_entry
from materials.mappings.serializers import MAX_BATCH_ITEMS, MAX_TIME_MS
from materials.mappings.services import MappingBatchResult, MappingClaim, create_mappings
from materials.models import MaterialEntry, MaterialNode, SlideVideoMapping
from materials.tree.services import copy_node, create_node
from tenants.models import Tenant
from tests.conftest import Api
from tests.materials.mappings.mapped import SLIDES, created, deck, entry, item, proposed, send, talk

UNKNOWN = "01990000-0000-7000-8000-000000000000"


@pytest.fixture
def client(api: Api, acme: Tenant) -> APIClient:
    return api(acme)


@pytest.fixture
def slides(course: MaterialNode) -> MaterialEntry:
    return deck(course)


@pytest.fixture
def video(course: MaterialNode) -> MaterialEntry:
    return talk(course)


def rejections(answer: Any) -> list[tuple[int, str, str]]:
    return [(row["index"], row["field"], row["reason"]) for row in answer.json()["rejected"]]


# --- batches ----------------------------------------------------------------------------------------------------------


def test_what_is_stated_is_accepted_and_validated_at_once(
    client: APIClient, course: MaterialNode, slides: MaterialEntry, video: MaterialEntry
) -> None:
    answer = send(client, course, item(slides, video), item(slides, video, slide=5, start_ms=90_000, end_ms=120_000))

    assert answer.status_code == 201
    assert [made["index"] for made in answer.json()["created"]] == [0, 1]
    assert (answer.json()["skipped"], answer.json()["rejected"]) == ([], [])
    mapping = answer.json()["created"][0]["mapping"]
    assert client.get(f"/api/v1/mappings/{mapping['id']}").json() == mapping
    assert {key: value for key, value in mapping.items() if not key.endswith(("id", "_at"))} == {
        "presentation": str(slides.pk), "slide": 4, "video": str(video.pk), "start_ms": 60_000, "end_ms": 90_000,
        "confidence": None, "state": "accepted", "validation": "validated", "blocked_by": [], "problems": [],
    }  # fmt: skip
    assert mapping["decided_at"]


def test_a_wrong_item_hinders_no_other(
    client: APIClient, course: MaterialNode, slides: MaterialEntry, video: MaterialEntry
) -> None:
    good, beyond = item(slides, video), item(slides, video, slide=SLIDES + 1)

    answer = send(client, course, beyond, good, "no object", good)

    assert answer.status_code == 207
    assert [made["index"] for made in answer.json()["created"]] == [1]
    made = answer.json()["created"][0]["mapping"]["id"]
    assert answer.json()["skipped"] == [{"index": 3, "reason": "repeated", "mapping": made}]
    assert rejections(answer) == [(0, "slide", "slide_beyond_pages"), (2, "", "invalid")]
    assert answer.json()["rejected"][0]["hint"] == "deck.pptx has 12 slides or pages. Give a number from 1 to 12."
    assert SlideVideoMapping.objects.count() == 1


def test_when_nothing_is_left_it_is_a_problem_with_the_same_lists(
    client: APIClient, course: MaterialNode, slides: MaterialEntry, video: MaterialEntry
) -> None:
    answer = send(client, course, item(slides, video, slide=0), item(slides, UNKNOWN))

    assert (answer.status_code, answer["Content-Type"]) == (422, "application/problem+json")
    assert answer.json()["code"] == "mappings_refused"
    assert (answer.json()["created"], answer.json()["skipped"]) == ([], [])
    assert rejections(answer) == [(0, "slide", "min_value"), (1, "video", "not_found")]
    assert not SlideVideoMapping.objects.exists()


def test_the_same_batch_again_creates_nothing_and_names_what_is_there(
    client: APIClient, course: MaterialNode, slides: MaterialEntry, video: MaterialEntry
) -> None:
    first = created(client, course, item(slides, video))

    again = send(client, course, item(slides, video, end_ms=95_000))

    assert again.status_code == 201
    assert again.json() == {
        "created": [], "skipped": [{"index": 0, "reason": "exists", "mapping": first["id"]}], "rejected": []
    }  # fmt: skip
    assert client.get(f"/api/v1/mappings/{first['id']}").json() == first


@pytest.mark.parametrize("state", ["proposed", "rejected"])
def test_what_was_only_proposed_or_rejected_is_taken_over(
    client: APIClient, course: MaterialNode, slides: MaterialEntry, video: MaterialEntry, state: str
) -> None:
    before = proposed(slides, video)
    if state == "rejected":
        client.post(f"/api/v1/mappings/{before.pk}/reject")

    mapping = created(client, course, item(slides, video))

    assert mapping["id"] == str(before.pk)
    assert (mapping["state"], mapping["end_ms"], mapping["confidence"]) == ("accepted", 90_000, None)
    assert client.get(f"/api/v1/mappings/{before.pk}").json() == mapping


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        ({"slide": "four"}, [("slide", "invalid")]),
        ({"slide": 1.5}, [("slide", "invalid")]),
        ({"slide": True}, [("slide", "invalid")]),
        ({"slide": 10**30}, [("slide", "max_value")]),
        ({"slide": None}, [("slide", "null")]),
        ({"start_ms": -1}, [("start_ms", "min_value")]),
        ({"end_ms": MAX_TIME_MS + 1}, [("end_ms", "max_value")]),
        ({"end_ms": 60_000}, [("end_ms", "ends_before_start")]),
        ({"start_ms": 600_000, "end_ms": 600_001}, [("start_ms", "time_beyond_duration")]),
        ({"end_ms": 600_001}, [("end_ms", "time_beyond_duration")]),
        ({"slide": 13, "end_ms": 600_001}, [("slide", "slide_beyond_pages"), ("end_ms", "time_beyond_duration")]),
        ({"presentation": "deck.pptx"}, [("presentation", "invalid")]),
        ({"presentation": ["x"]}, [("presentation", "invalid")]),
        ({"till": 3}, [("till", "unknown")]),
    ],
)
def test_each_mistake_has_its_field_and_reason(
    client: APIClient, course: MaterialNode, slides: MaterialEntry, video: MaterialEntry, wrong: dict[str, Any],
    expected: list[tuple[str, str]],
) -> None:  # fmt: skip
    answer = send(client, course, {**item(slides, video), **wrong})

    assert answer.status_code == 422
    assert rejections(answer) == [(0, *mistake) for mistake in expected]
    assert all(row["hint"] for row in answer.json()["rejected"])


def test_an_item_needs_every_field(client: APIClient, course: MaterialNode) -> None:
    answer = send(client, course, {}, None, [], 7)

    fields = ["slide", "start_ms", "end_ms", "presentation", "video"]
    assert rejections(answer) == [*((0, name, "required") for name in fields), *((n, "", "invalid") for n in (1, 2, 3))]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/items"),
        ({"items": []}, "/items"),
        ({"items": "x"}, "/items"),
        ({"items": {"0": {}}}, "/items"),
        ({"items": [{}] * (MAX_BATCH_ITEMS + 1)}, "/items"),
        ({"items": [{}], "mappings": []}, "/mappings"),
    ],
)
def test_a_body_that_is_no_batch_is_refused_as_a_whole(
    client: APIClient, course: MaterialNode, body: dict[str, Any], pointer: str
) -> None:
    answer = client.post(f"/api/v1/nodes/{course.pk}/mappings", body, format="json")

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


def test_only_presentations_and_recordings_are_mapped(
    client: APIClient, course: MaterialNode, slides: MaterialEntry, video: MaterialEntry
) -> None:
    text, captions = entry(course, "a.md", Format.MARKDOWN), entry(course, "talk.vtt", Format.VTT)
    fetched = entry(course, "tube", Format.VTT, source_url="https://tube.example/watch?v=1", duration_ms=600_000)
    sound, pages = entry(course, "a.mp3", Format.AUDIO), entry(course, "a.pdf", Format.PDF, page_count=4)

    answer = send(
        client, course, item(text, video), item(slides, slides), item(slides, captions), item(pages, sound),
        item(slides, fetched), item(video, slides),
    )  # fmt: skip

    assert answer.status_code == 207
    assert [made["index"] for made in answer.json()["created"]] == [3, 4]
    assert rejections(answer) == [
        (0, "presentation", "not_a_presentation"),
        (1, "video", "not_a_recording"),
        (2, "video", "not_a_recording"),
        (5, "presentation", "not_a_presentation"),
        (5, "video", "not_a_recording"),
    ]


def test_both_entries_stand_below_the_node(
    client: APIClient, acme: Tenant, rival: Tenant, course: MaterialNode, slides: MaterialEntry
) -> None:
    part = create_node(tenant=acme, title="Part", parent_id=course.pk)
    other = create_node(tenant=acme, title="Other course")
    below, elsewhere = talk(part, "below.mp4"), talk(other, "elsewhere.mp4")
    theirs = talk(create_node(tenant=rival, title="Theirs"), "theirs.mp4")

    answer = send(client, course, item(slides, below), item(slides, elsewhere), item(slides, theirs))
    of_part = send(client, part, item(slides, below))

    assert answer.status_code == 207
    assert rejections(answer) == [(1, "video", "not_below_node"), (2, "video", "not_found")]
    assert "theirs" not in answer.content.decode(), "another tenant's entry is not there, not even its name"
    assert rejections(of_part) == [(0, "presentation", "not_below_node")]


def test_a_big_batch_takes_as_few_statements_as_a_small_one(
    acme: Tenant, course: MaterialNode, slides: MaterialEntry, video: MaterialEntry,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:  # fmt: skip
    def state(count: int, *, from_ms: int) -> MappingBatchResult:
        claims = [
            MappingClaim(index=n, presentation=slides.pk, slide=1 + n % SLIDES, video=video.pk, start_ms=from_ms + n,
                  end_ms=from_ms + n + 1000)
            for n in range(count)
        ]  # fmt: skip
        return create_mappings(tenant=acme, node_id=course.pk, claims=claims)

    with django_assert_max_num_queries(10) as small:
        state(1, from_ms=0)
    with django_assert_max_num_queries(10) as big:
        batch = state(MAX_BATCH_ITEMS, from_ms=1000)

    assert len(batch.created) == MAX_BATCH_ITEMS
    assert len(big) == len(small)


@pytest.mark.django_db(transaction=True)
def test_two_equal_batches_at_once_create_each_mapping_once(acme: Tenant, course: MaterialNode) -> None:
    slides, video = deck(course), talk(course)
    claims = [
        MappingClaim(index=n, presentation=slides.pk, slide=1, video=video.pk, start_ms=n, end_ms=n + 1)
        for n in range(20)
    ]
    together, batches = threading.Barrier(2), list[MappingBatchResult]()

    def state() -> None:
        together.wait()
        try:
            batches.append(create_mappings(tenant=acme, node_id=course.pk, claims=claims))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=state) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted((len(batch.created), len(batch.skipped)) for batch in batches) == [(0, 20), (20, 0)]
    assert SlideVideoMapping.objects.count() == 20


# --- one mapping ------------------------------------------------------------------------------------------------------


def test_whoever_corrects_a_proposal_accepts_it(client: APIClient, slides: MaterialEntry, video: MaterialEntry) -> None:
    mapping = proposed(slides, video)

    answer = client.patch(f"/api/v1/mappings/{mapping.pk}", {"slide": 5, "end_ms": 70_000}, format="json")

    assert answer.status_code == 200
    assert (answer.json()["slide"], answer.json()["start_ms"], answer.json()["end_ms"]) == (5, 60_000, 70_000)
    assert (answer.json()["state"], answer.json()["confidence"]) == ("accepted", None)
    assert client.get(f"/api/v1/mappings/{mapping.pk}").json() == answer.json()


def test_a_correction_of_nothing_decides_nothing(
    client: APIClient, slides: MaterialEntry, video: MaterialEntry
) -> None:
    mapping = proposed(slides, video)

    answer = client.patch(f"/api/v1/mappings/{mapping.pk}", {}, format="json")

    assert (answer.status_code, answer.json()["state"]) == (200, "proposed")


@pytest.mark.parametrize(
    ("changes", "code", "pointer"),
    [
        ({"slide": 0}, "invalid_input", "/slide"),
        ({"video": UNKNOWN}, "invalid_input", "/video"),
        ({"slide": 13}, "mapping_refused", "/slide"),
        ({"start_ms": 80_000}, "mapping_refused", "/end_ms"),
        ({"end_ms": 600_001}, "mapping_refused", "/end_ms"),
    ],
)
def test_a_correction_that_cannot_be_changes_nothing(
    client: APIClient, slides: MaterialEntry, video: MaterialEntry, changes: dict[str, Any], code: str, pointer: str
) -> None:
    mapping = proposed(slides, video)
    before = client.get(f"/api/v1/mappings/{mapping.pk}").json()

    answer = client.patch(f"/api/v1/mappings/{mapping.pk}", changes, format="json")

    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
    assert client.get(f"/api/v1/mappings/{mapping.pk}").json() == before


def test_a_correction_gives_way_to_what_somebody_decided_and_not_to_a_proposal(
    client: APIClient, course: MaterialNode, slides: MaterialEntry, video: MaterialEntry
) -> None:
    stated = created(client, course, item(slides, video, slide=1))
    guess, mine = proposed(slides, video, slide=2), proposed(slides, video, slide=3)

    refused = client.patch(f"/api/v1/mappings/{mine.pk}", {"slide": 1}, format="json")
    taken = client.patch(f"/api/v1/mappings/{mine.pk}", {"slide": 2}, format="json")

    assert (refused.status_code, refused.json()["code"]) == (409, "mapping_exists")
    assert refused.json()["mapping"] == stated["id"]
    assert taken.status_code == 200
    assert not SlideVideoMapping.objects.filter(pk=guess.pk).exists()


def test_a_deleted_mapping_is_gone(
    client: APIClient, course: MaterialNode, slides: MaterialEntry, video: MaterialEntry
) -> None:
    address = f"/api/v1/mappings/{created(client, course, item(slides, video))['id']}"

    assert client.delete(address).status_code == 204
    assert client.get(address).status_code == 404
    assert client.delete(address).status_code == 404


def test_a_mapping_goes_with_either_entry(
    client: APIClient, course: MaterialNode, slides: MaterialEntry, video: MaterialEntry
) -> None:
    other = talk(course, "other.mp4")
    send(client, course, item(slides, video), item(slides, other))

    client.delete(f"/api/v1/entries/{video.pk}")
    assert [row.video_id for row in SlideVideoMapping.objects.all()] == [other.pk]

    client.delete(f"/api/v1/entries/{slides.pk}")
    assert not SlideVideoMapping.objects.exists()


# --- lists and trees --------------------------------------------------------------------------------------------------


def test_the_list_is_that_of_the_videos_below_and_can_be_narrowed(
    client: APIClient, acme: Tenant, course: MaterialNode, slides: MaterialEntry
) -> None:
    part = create_node(tenant=acme, title="Part", parent_id=course.pk)
    near, far = talk(course, "near.mp4"), talk(part, "far.mp4", is_ready=False)
    one, two = created(client, course, item(slides, near)), created(client, course, item(slides, far))
    three = proposed(slides, near, slide=SLIDES + 1)

    def listed(node: MaterialNode, **chosen: Any) -> list[str]:
        return [row["id"] for row in client.get(f"/api/v1/nodes/{node.pk}/mappings", chosen).json()["data"]]

    assert listed(course) == [str(three.pk), two["id"], one["id"]]
    assert listed(part) == [two["id"]]
    assert listed(course, state="proposed") == [str(three.pk)]
    assert listed(course, validation="pending_validation") == [two["id"]]
    assert listed(course, validation="validated") == [one["id"]]
    assert listed(course, validation="validation_failed", state="proposed") == [str(three.pk)]
    assert listed(course, video=str(far.pk), presentation=str(slides.pk)) == [two["id"]]
    assert listed(course, presentation=UNKNOWN) == []
    for wrong in ({"validation": "x"}, {"video": "x"}, {"slide": 3}):
        assert client.get(f"/api/v1/nodes/{course.pk}/mappings", wrong).status_code == 422


@pytest.mark.parametrize("count", [1, 60])
def test_a_list_takes_as_few_statements_whatever_its_length(
    client: APIClient, course: MaterialNode, slides: MaterialEntry, video: MaterialEntry, count: int,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:  # fmt: skip
    send(client, course, *(item(slides, video, start_ms=n) for n in range(count)))

    with django_assert_max_num_queries(5) as asked:
        page = client.get(f"/api/v1/nodes/{course.pk}/mappings", {"limit": 50}).json()

    assert len(page["data"]) == min(count, 50)
    assert page["has_more"] is (count > 50)
    statements = [query["sql"] for query in asked.captured_queries]
    assert not [sql for sql in statements if "transcription_reason" in sql or '"media"' in sql]
    if page["has_more"]:
        following = {"limit": 50, "cursor": page["next_cursor"]}
        rest = client.get(f"/api/v1/nodes/{course.pk}/mappings", following).json()["data"]
        assert len({row["id"] for row in [*page["data"], *rest]}) == count


def test_a_copy_has_the_mappings_between_what_was_copied(
    client: APIClient, acme: Tenant, course: MaterialNode, slides: MaterialEntry
) -> None:
    part = create_node(tenant=acme, title="Part", parent_id=course.pk)
    inner, film = deck(part, "inner.pdf"), talk(part)
    send(client, course, item(inner, film), item(slides, film))
    proposed(inner, film, slide=7)

    whole = copy_node(tenant=acme, node_id=course.pk, parent_id=None)
    only = copy_node(tenant=acme, node_id=part.pk, parent_id=None)

    def mapped(node: MaterialNode) -> list[tuple[str, int, str, str]]:
        rows = client.get(f"/api/v1/nodes/{node.pk}/mappings").json()["data"]
        names = dict(MaterialEntry.objects.values_list("id", "name"))
        by_id = {str(pk): name for pk, name in names.items()}
        return sorted((by_id[row["presentation"]], row["slide"], row["state"], row["validation"]) for row in rows)

    inside = [("inner.pdf", 4, "accepted", "validated"), ("inner.pdf", 7, "proposed", "validated")]
    assert mapped(whole) == mapped(course) == [("deck.pptx", 4, "accepted", "validated"), *inside]
    assert mapped(only) == inside


def test_a_mapping_survives_the_move_of_an_entry(
    client: APIClient, acme: Tenant, course: MaterialNode, slides: MaterialEntry, video: MaterialEntry
) -> None:
    mapping = created(client, course, item(slides, video))
    other = create_node(tenant=acme, title="Other course")

    update_entry(tenant=acme, entry_id=video.pk, changes={}, node_id=other.pk)

    assert client.get(f"/api/v1/nodes/{course.pk}/mappings").json()["data"] == []
    assert client.get(f"/api/v1/nodes/{other.pk}/mappings").json()["data"] == [mapping]
