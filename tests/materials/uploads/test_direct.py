"""From the announcement of a file to its entry, with the file on its way past us."""

from __future__ import annotations

import hashlib
from typing import Any
from uuid import uuid4

import pytest
from pytest_django import DjangoAssertNumQueries, Settings

from materials.models import MaterialEntry, MaterialNode, Upload
from materials.tree.services import delete_node
from project.jobs.models import Job
from tenants.models import Tenant
from tests.conftest import LECTURE, Api, drain, upload
from tests.materials.uploads.conftest import (
    MIB,
    Elsewhere,
    Store,
    announce,
    announcement,
    complete,
    send_all,
    stored_bytes,
    text_of,
    verify,
)

BIG = text_of(11 * MIB)


def test_a_file_in_one_piece_becomes_an_entry(api: Api, acme: Tenant, course: MaterialNode, store: Store) -> None:
    client = api(acme)
    opened = announce(client, course.pk, LECTURE, language="en", use_captions=False, content_type="text/markdown")
    assert (opened["state"], opened["parts"], opened["arrived"], opened["entry"]) == ("open", 1, [], None)

    send_all(store, opened, LECTURE)
    answer = complete(client, opened)

    assert answer.status_code == 201, answer.content
    entry = answer.json()
    assert answer["Location"] == f"/api/v1/entries/{entry['id']}"
    assert (entry["name"], entry["format"], entry["language"]) == ("lecture.md", "markdown", "en")
    assert (entry["state"], entry["use_captions"]) == ("pending", False)
    row = MaterialEntry.objects.get()
    assert row.object_key == f"tenants/{acme.pk}/entries/{row.pk}/raw"
    assert stored_bytes(row.object_key) == LECTURE
    assert store.list_leftovers() == []
    drain()
    assert client.get(f"/api/v1/entries/{entry['id']}").json()["state"] == "ready"
    read = client.get(f"/api/v1/uploads/{opened['id']}").json()
    assert (read["state"], read["entry"], read["urls"]) == ("complete", entry["id"], [])


@pytest.mark.usefixtures("small_parts")
def test_a_file_in_parts_is_resumed_and_verified_by_a_job(
    api: Api, acme: Tenant, course: MaterialNode, store: Store
) -> None:
    client = api(acme)
    opened = announce(client, course.pk, BIG, name="big.md")
    assert [(part["number"], part["size_bytes"]) for part in opened["urls"]] == [(1, 5 * MIB), (2, 5 * MIB), (3, MIB)]
    second = opened["urls"].pop(1)
    send_all(store, opened, BIG)

    early = complete(client, opened)
    assert (early.status_code, early.json()["code"], early.json()["missing"]) == (409, "parts_missing", [2])
    resumed = client.get(f"/api/v1/uploads/{opened['id']}").json()
    assert (resumed["arrived"], [part["number"] for part in resumed["urls"]]) == ([1, 3], [2])
    assert second["number"] == 2
    send_all(store, resumed, BIG)
    done = complete(client, opened)

    assert done.status_code == 202, done.content
    assert done["Location"] == f"/api/v1/jobs/{done.json()['id']}"
    assert client.get(f"/api/v1/uploads/{opened['id']}").json()["state"] == "verifying"
    assert complete(client, opened).json()["id"] == done.json()["id"]
    verify()
    entry = client.get(done["Location"]).json()["result"]["entry"]
    row = MaterialEntry.objects.get(pk=entry)
    assert (row.size_bytes, row.raw_sha256) == (len(BIG), hashlib.sha256(BIG).hexdigest())
    assert stored_bytes(row.object_key) == BIG
    assert store.list_leftovers() == []
    again = complete(client, opened)
    assert (again.status_code, again.json()["id"]) == (200, entry)


def test_completing_twice_gives_the_same_entry(api: Api, acme: Tenant, course: MaterialNode, store: Store) -> None:
    client = api(acme)
    opened = announce(client, course.pk, LECTURE)
    send_all(store, opened, LECTURE)

    first, second = complete(client, opened), complete(client, opened)

    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json()["id"] == second.json()["id"]
    assert MaterialEntry.objects.count() == 1
    assert Job.objects.count() == 1


def test_the_same_bytes_in_the_node_give_the_entry_that_is_there(
    api: Api, acme: Tenant, course: MaterialNode, store: Store
) -> None:
    client = api(acme)
    there = upload(client, course.pk, "first.md", LECTURE)
    opened = announce(client, course.pk, LECTURE)
    send_all(store, opened, LECTURE)

    answer = complete(client, opened)

    assert (answer.status_code, answer.json()["id"]) == (200, there["id"])
    assert store.list_leftovers() == []


LIES = [
    ({"sha256": "0" * 64}, LECTURE, 422, "sha256_mismatch"),
    ({"name": "lecture.pdf"}, LECTURE, 422, "file_mislabelled"),
    ({"name": "lecture"}, b"\x00\x01\x02" * 50, 415, "type_unsupported"),
    ({}, b" \n" * 40, 422, "file_empty"),
    ({"name": "film.mp4"}, b"\x00\x00\x00\x20ftypisom" + b"\x00" * 40, 422, "file_truncated"),
]


@pytest.mark.parametrize(("lie", "content", "status", "code"), LIES, ids=[row[3] for row in LIES])
def test_what_is_not_as_announced_is_removed(
    api: Api, acme: Tenant, course: MaterialNode, store: Store, lie: dict[str, Any], content: bytes, status: int,
    code: str,
) -> None:  # fmt: skip
    client = api(acme)
    opened = announce(client, course.pk, content, **lie)
    part = opened["urls"][0]
    assert store.put(part, content) in {200, 204}

    answer = complete(client, opened)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.json()["next_step"]
    assert not MaterialEntry.objects.exists()
    assert store.list_leftovers() == []
    again = complete(client, opened)
    assert (again.status_code, again.json()["code"], again.json()["detail"]) == (status, code, answer.json()["detail"])
    read = client.get(f"/api/v1/uploads/{opened['id']}").json()
    assert (read["state"], read["error"]["code"]) == ("refused", code)


@pytest.mark.usefixtures("small_parts")
def test_a_job_refuses_parts_that_are_not_the_file(api: Api, acme: Tenant, course: MaterialNode, store: Store) -> None:
    client = api(acme)
    opened = announce(client, course.pk, BIG, name="big.md")
    send_all(store, opened, BIG.replace(b"water", b"wine!"))

    job = complete(client, opened)
    verify()

    failed = client.get(job["Location"]).json()
    assert (failed["status"], failed["error"]["code"]) == ("failed", "sha256_mismatch")
    assert complete(client, opened).json()["code"] == "sha256_mismatch"
    assert not MaterialEntry.objects.exists()
    assert store.list_leftovers() == []


def test_a_bucket_may_hold_another_size_than_announced(
    api: Api, acme: Tenant, course: MaterialNode, bucket: Elsewhere
) -> None:
    client = api(acme)
    opened = announce(client, course.pk, LECTURE)
    bucket.put(opened["urls"][0], LECTURE + b"more")
    assert client.get(f"/api/v1/uploads/{opened['id']}").json()["arrived"] == []

    answer = complete(client, opened)

    assert (answer.status_code, answer.json()["code"]) == (422, "size_mismatch")
    assert bucket.list_leftovers() == bucket.bucket.keys() == []


def test_an_address_of_a_bucket_binds_size_and_digest(
    api: Api, acme: Tenant, course: MaterialNode, bucket: Elsewhere, settings: Settings
) -> None:
    part = announce(api(acme), course.pk, LECTURE)["urls"][0]
    assert "X-Amz-SignedHeaders=content-length%3Bhost%3Bx-amz-checksum-sha256" in part["url"]
    assert list(part["headers"]) == ["x-amz-checksum-sha256"]

    settings.S3_CHECKSUM_HEADERS = False
    settings.S3_PUBLIC_ENDPOINT_URL = "https://files.example.org"
    part = announce(api(acme), course.pk, LECTURE)["urls"][0]

    assert "X-Amz-SignedHeaders=content-length%3Bhost&" in part["url"]
    assert part["headers"] == {}
    assert part["url"].startswith("https://files.example.org/")


def test_what_is_sent_after_the_verification_changes_nothing(
    api: Api, acme: Tenant, course: MaterialNode, bucket: Elsewhere
) -> None:
    client = api(acme)
    opened = announce(client, course.pk, LECTURE)
    send_all(bucket, opened, LECTURE)
    complete(client, opened)

    assert bucket.put(opened["urls"][0], LECTURE.replace(b"egg", b"leg")) == 200

    assert stored_bytes(MaterialEntry.objects.get().object_key) == LECTURE


def test_nothing_is_complete_before_it_has_arrived(api: Api, acme: Tenant, course: MaterialNode, store: Store) -> None:
    client = api(acme)
    opened = announce(client, course.pk, LECTURE)

    answer = complete(client, opened)

    assert (answer.status_code, answer.json()["code"], answer.json()["missing"]) == (409, "parts_missing", [1])
    send_all(store, opened, LECTURE)
    assert complete(client, opened).status_code == 201


@pytest.mark.usefixtures("small_parts")
def test_an_aborted_upload_leaves_nothing(api: Api, acme: Tenant, course: MaterialNode, store: Store) -> None:
    client = api(acme)
    opened = announce(client, course.pk, BIG, name="big.md")
    last = opened["urls"].pop()
    send_all(store, opened, BIG)
    assert store.list_leftovers()

    for _ in range(2):
        assert client.delete(f"/api/v1/uploads/{opened['id']}").status_code == 204

    assert store.list_leftovers() == []
    assert store.put(last, BIG[10 * MIB :]) >= 400
    answer = complete(client, opened)
    assert (answer.status_code, answer.json()["code"]) == (409, "upload_closed")


@pytest.mark.usefixtures("small_parts")
def test_an_upload_can_be_aborted_while_it_is_verified(
    api: Api, acme: Tenant, course: MaterialNode, store: Store
) -> None:
    client = api(acme)
    opened = announce(client, course.pk, BIG, name="big.md")
    send_all(store, opened, BIG)
    job = complete(client, opened)

    client.delete(f"/api/v1/uploads/{opened['id']}")
    drain()

    assert client.get(job["Location"]).json()["status"] == "cancelled"
    assert not MaterialEntry.objects.exists()
    assert store.list_leftovers() == []


def test_a_complete_upload_cannot_be_aborted(api: Api, acme: Tenant, course: MaterialNode, store: Store) -> None:
    client = api(acme)
    opened = announce(client, course.pk, LECTURE)
    send_all(store, opened, LECTURE)
    entry = complete(client, opened).json()["id"]

    answer = client.delete(f"/api/v1/uploads/{opened['id']}")

    assert (answer.status_code, answer.json()["code"]) == (409, "upload_closed")
    client.delete(f"/api/v1/entries/{entry}")
    assert complete(client, opened).status_code == 404


def test_an_upload_to_a_node_that_is_gone_ends(api: Api, acme: Tenant, course: MaterialNode, store: Store) -> None:
    client = api(acme)
    opened = announce(client, course.pk, LECTURE)
    send_all(store, opened, LECTURE)
    delete_node(tenant=acme, node_id=course.pk)

    answer = complete(client, opened)

    assert answer.status_code == 404
    assert store.list_leftovers() == []
    assert client.get(f"/api/v1/uploads/{opened['id']}").json()["node"] is None


WRONG = [
    ({"size_bytes": 0}, 422, "invalid_input"),
    ({"size_bytes": 3 * 10**9}, 413, "upload_too_large"),
    ({"size_bytes": 3 * 10**8}, 413, "upload_too_large"),  # as a document; a recording may have it
    ({"sha256": "abc"}, 422, "invalid_input"),
    ({"sha256": "g" * 64}, 422, "invalid_input"),
    ({"name": ""}, 422, "invalid_input"),
    ({"name": "\u0007/"}, 422, "name_missing"),
    ({"name": "course.rar"}, 415, "type_unsupported"),
    ({"sise_bytes": 1}, 422, "invalid_input"),
    ({"priority": "immediate"}, 403, "scope_missing"),
]


@pytest.mark.parametrize(("wrong", "status", "code"), WRONG)
def test_it_refuses_at_once_what_could_not_be_taken(
    api: Api, acme: Tenant, course: MaterialNode, wrong: dict[str, Any], status: int, code: str
) -> None:
    body = {**announcement(LECTURE), **wrong}

    answer = api(acme).post(f"/api/v1/nodes/{course.pk}/uploads", body, format="json")

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert not Upload.objects.exists()


def test_a_recording_may_be_as_large_as_any_file(api: Api, acme: Tenant, course: MaterialNode) -> None:
    body = {"name": "a.mp4", "size_bytes": 10**9, "sha256": "A" * 64}

    opened = api(acme).post(f"/api/v1/nodes/{course.pk}/uploads", body, format="json").json()

    assert (opened["parts"], opened["part_bytes"], opened["sha256"]) == (96, 10 * MIB, "a" * 64)
    assert len(opened["urls"]) == 96
    assert sum(part["size_bytes"] for part in opened["urls"]) == 10**9


def test_addresses_come_a_hundred_at_a_time(
    api: Api,
    acme: Tenant,
    course: MaterialNode,
    settings: Settings,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    settings.UPLOAD_MAX_BYTES = 10**12
    client = api(acme)
    body = {"name": "a.mp4", "size_bytes": 10**12, "sha256": "a" * 64}

    with django_assert_max_num_queries(14):
        opened = client.post(f"/api/v1/nodes/{course.pk}/uploads", body, format="json").json()

    assert opened["parts"] <= 10_000
    assert [part["number"] for part in opened["urls"]] == list(range(1, 101))


def test_uploads_are_listed_to_find_one_again(api: Api, acme: Tenant, rival: Tenant, course: MaterialNode) -> None:
    client = api(acme)
    first, second = (announce(client, course.pk, LECTURE, name=name)["id"] for name in ("a.md", "b.md"))
    client.delete(f"/api/v1/uploads/{first}")

    listed = client.get("/api/v1/uploads?status=open").json()["data"]

    assert [upload["id"] for upload in listed] == [second]
    assert "urls" not in listed[0]
    assert client.get("/api/v1/uploads?status=odd").status_code == 422
    assert api(rival).get("/api/v1/uploads").json()["data"] == []


def test_an_unknown_upload_is_not_there(api: Api, acme: Tenant, course: MaterialNode) -> None:
    client = api(acme)

    assert client.post(f"/api/v1/nodes/{uuid4()}/uploads", announcement(LECTURE), format="json").status_code == 404
    assert client.post(f"/api/v1/uploads/{uuid4()}/complete").status_code == 404


@pytest.mark.usefixtures("small_parts")
def test_a_store_that_fails_leaves_no_open_upload(
    api: Api, acme: Tenant, course: MaterialNode, bucket: Elsewhere
) -> None:
    bucket.bucket.client.delete_bucket(Bucket=bucket.bucket.name)
    client = api(acme)

    answer = client.post(f"/api/v1/nodes/{course.pk}/uploads", announcement(BIG), format="json")

    assert answer.status_code in {500, 503}
    assert Upload.objects.get().status == "aborted"
    assert client.get("/api/v1/usage").json()["promised_bytes"] == 0
