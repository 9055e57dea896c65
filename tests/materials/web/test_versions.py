"""Newer versions of what an address leads to: noticed by a check, taken by another ingestion."""

from __future__ import annotations

import pytest
from rest_framework.test import APIClient

from materials.models import Chunk, MaterialNode
from materials.tree.fingerprinting import refresh_node_fingerprint
from materials.tree.services import copy_node, create_node
from project.jobs.models import JobStatus
from project.storage.objects import get_object_storage
from tenants.models import Tenant
from tests.conftest import Stored, upload
from tests.fakes.site import Page, Site, answer
from tests.materials.recordings.lecture import CAPTIONS, LECTURE
from tests.materials.web.conftest import PAGE, Attach, again, read, texts

pytestmark = pytest.mark.django_db(transaction=True)

CHANGED = PAGE.replace(b"a hundred degrees", b"373 kelvin")
UNSEEN = PAGE.replace(b"<footer>", b"<footer data-token='7'>")


def test_a_changed_page_replaces_what_was_stored(
    attach: Attach, site: Site, client: APIClient, stored: Stored, acme: Tenant, course: MaterialNode
) -> None:
    entry = attach(site.url("/boiling"))
    before = refresh_node_fingerprint(tenant=acme, node_id=course.pk)
    site.pages["/boiling"] = answer(CHANGED, etag='"2"')

    job = again(client, entry["id"])

    assert job.status == JobStatus.COMPLETE
    assert "373 kelvin" in texts(entry["id"])[1]
    assert [file.read_bytes() for file in stored()] == [CHANGED]
    assert read(client, entry["id"])["sha256"] != entry["sha256"]
    assert refresh_node_fingerprint(tenant=acme, node_id=course.pk) != before


@pytest.mark.parametrize(
    "second",
    [answer(b"", status=304), answer(PAGE), answer(PAGE, etag='"2"')],
    ids=["not modified", "same bytes", "same bytes, new tag"],
)
def test_an_unchanged_page_is_not_read_again(
    attach: Attach, site: Site, client: APIClient, stored: Stored, second: Page
) -> None:
    entry = attach(site.url("/boiling"))
    chunks, files = set(Chunk.objects.values_list("pk", flat=True)), stored()
    site.pages["/boiling"] = second

    job = again(client, entry["id"])

    assert job.result == {"chunks": 7, "unchanged": True}
    assert (set(Chunk.objects.values_list("pk", flat=True)), stored()) == (chunks, files)
    assert 'If-None-Match: "1"' in site.asked[-1]
    assert read(client, entry["id"])["state"] == "ready"


def test_a_page_that_cannot_be_taken_again_stays_as_it_was(attach: Attach, site: Site, client: APIClient) -> None:
    entry = attach(site.url("/boiling"))
    site.pages["/boiling"] = answer(b"", status=410)

    failed = again(client, entry["id"])
    without = read(client, entry["id"])
    site.pages["/boiling"] = answer(PAGE)
    again(client, entry["id"])

    assert (failed.status, failed.error_code) == (JobStatus.FAILED, "http_status")
    assert (without["state"], without["chunk_count"]) == ("ready", 7)
    assert "410" in without["warnings"][0]
    assert read(client, entry["id"])["warnings"] == []


@pytest.mark.parametrize(
    ("now", "is_stale"),
    [(answer(b"", status=304), False), (answer(PAGE), False), (answer(UNSEEN), False), (answer(CHANGED), True)],
    ids=["not modified", "same bytes", "same text", "another text"],
)
def test_a_check_compares_and_changes_nothing_else(
    attach: Attach, site: Site, client: APIClient, stored: Stored, now: Page, is_stale: bool
) -> None:
    entry = attach(site.url("/boiling"))
    before = texts(entry["id"])
    site.pages["/boiling"] = now

    job = again(client, entry["id"], "check")

    checked = read(client, entry["id"])
    assert (job.result, checked["is_stale"]) == ({"changed": is_stale}, is_stale)
    assert (checked["state"], checked["job"], checked["sha256"]) == ("ready", entry["job"], entry["sha256"])
    assert checked["source_checked_at"] > entry["source_checked_at"]
    assert (texts(entry["id"]), [file.read_bytes() for file in stored()]) == (before, [PAGE])


def test_a_stale_entry_is_up_to_date_once_it_is_ingested_or_the_page_is_as_it_was(
    attach: Attach, site: Site, client: APIClient
) -> None:
    entry = attach(site.url("/boiling"))
    site.pages["/boiling"] = answer(CHANGED)
    again(client, entry["id"], "check")
    site.pages["/boiling"] = answer(PAGE)
    again(client, entry["id"], "check")
    as_it_was = read(client, entry["id"])
    site.pages["/boiling"] = answer(CHANGED)
    again(client, entry["id"], "check")
    again(client, entry["id"])

    ingested = read(client, entry["id"])

    assert not as_it_was["is_stale"]
    assert (ingested["is_stale"], ingested["source_changed_at"]) == (False, None)


def test_a_file_has_no_address_to_look_at(client: APIClient, course: MaterialNode) -> None:
    entry = upload(client, course.pk, "lecture.md", b"# Water\n")

    answered = client.post(f"/api/v1/entries/{entry['id']}/check")

    assert (answered.status_code, answered.json()["code"]) == (422, "nothing_to_check")


def test_a_copy_keeps_its_version_when_the_original_takes_another(
    attach: Attach, site: Site, client: APIClient, acme: Tenant, course: MaterialNode
) -> None:
    entry = attach(site.url("/boiling"))
    copied = copy_node(tenant=acme, node_id=course.pk, parent_id=None).entries.get()
    site.pages["/boiling"] = answer(CHANGED)

    again(client, entry["id"])

    with get_object_storage().open(copied.object_key) as file:
        assert file.read() == PAGE
    assert read(client, str(copied.pk))["state"] == "ready"


def test_a_page_that_became_a_recording_is_heard(
    attach: Attach, site: Site, client: APIClient, course: MaterialNode
) -> None:
    upload(client, course.pk, "lecture.vtt", CAPTIONS)
    entry = attach(site.url("/boiling"), name="lecture.mp4")
    site.pages["/boiling"] = answer(LECTURE.read_bytes(), content_type="video/mp4")

    again(client, entry["id"])

    now = read(client, entry["id"])
    assert (now["state"], now["format"], now["is_stale"]) == ("ready", "video", False), now["error"]
    assert now["size_bytes"] == LECTURE.stat().st_size


@pytest.mark.slow
def test_a_recording_is_fetched_again_only_when_another_was_found(
    attach: Attach, site: Site, client: APIClient, course: MaterialNode
) -> None:
    upload(client, course.pk, "lecture.vtt", CAPTIONS)
    site.pages["/lecture.mp4"] = answer(LECTURE.read_bytes(), content_type="video/mp4")
    entry = attach(site.url("/lecture.mp4"), name="lecture.mp4")
    again(client, entry["id"])
    asked = len(site.asked)
    site.pages["/lecture.mp4"] = answer(b"", status=500)

    same = again(client, entry["id"])
    site.pages["/lecture.mp4"] = answer(LECTURE.read_bytes()[:1000], content_type="video/mp4")
    check = again(client, entry["id"], "check")
    failed = again(client, entry["id"])

    assert (same.status, check.result, failed.error_code) == (
        JobStatus.COMPLETE,
        {"changed": True},
        "file_truncated",
    )
    assert len(site.asked) == asked + 2
    now = read(client, entry["id"])
    assert (now["state"], now["is_stale"]) == ("ready", True)


def test_a_page_does_not_move_to_a_node_that_has_its_content(
    attach: Attach, site: Site, client: APIClient, acme: Tenant
) -> None:
    other = create_node(tenant=acme, title="Other")
    upload(client, other.pk, "page.html", PAGE)
    entry = attach(site.url("/boiling"))

    moved = client.patch(f"/api/v1/entries/{entry['id']}", {"node": str(other.pk)}, format="json")

    assert moved.status_code == 409


def test_what_a_person_corrected_does_not_make_a_page_stale(attach: Attach, site: Site, client: APIClient) -> None:
    entry = attach(site.url("/boiling"))
    chunk = Chunk.objects.filter(entry=entry["id"]).earliest("position")
    corrected = client.patch(f"/api/v1/chunks/{chunk.pk}", {"text": "Water that boils"}, format="json")
    site.pages["/boiling"] = answer(UNSEEN)

    again(client, entry["id"], "check")

    assert corrected.status_code == 200
    assert not read(client, entry["id"])["is_stale"]
