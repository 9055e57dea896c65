"""What is known of a mapping's slide and times follows its entries: ready, failed, replaced."""

from __future__ import annotations

import threading
from collections.abc import Callable
from itertools import product
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connections
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from materials.documents import Format
from materials.mappings.services import MappingClaim, create_mappings
from materials.mappings.validation import ValidationStatus, filter_by_validation, validate_mapping
from materials.models import MaterialEntry, MaterialNode, SlideVideoMapping
from project.jobs.models import Job, JobStatus
from project.jobs.services import cancel_job, retry_job
from tenants.models import Tenant
from tests.conftest import Api, drain, upload
from tests.materials.mappings.mapped import created, deck, ended, entry, item, proposed, send, talk
from tests.materials.readers.pdfs import pdf


@pytest.fixture
def client(api: Api, acme: Tenant) -> APIClient:
    return api(acme)


TOPICS = ("Water", "Steam", "Ice", "Clouds", "Rivers")


def pages(count: int, verb: str = "moves") -> bytes:
    """Return a PDF of so many pages, at most five, each about something else."""
    return pdf([[(24, topic), (12, f"Here we read how {topic.lower()} {verb}.")] for topic in TOPICS[:count]])


def read(client: APIClient, mapping: dict[str, Any]) -> dict[str, Any]:
    answer: dict[str, Any] = client.get(f"/api/v1/mappings/{mapping['id']}").json()
    return answer


def test_it_waits_for_what_is_not_ready_and_names_it(client: APIClient, course: MaterialNode) -> None:
    pending = upload(client, course.pk, "deck.pdf", pages(3))
    video = talk(course, is_ready=False)

    mapping = created(client, course, item(pending["id"], video))

    assert (mapping["state"], mapping["validation"], mapping["problems"]) == ("accepted", "pending_validation", [])
    first, second = mapping["blocked_by"]
    assert (first["field"], first["entry"], first["name"], first["state"]) == (
        "presentation", pending["id"], "deck.pdf", "pending"
    )  # fmt: skip
    assert pending["job"] in first["hint"]
    assert (second["field"], second["state"]) == ("video", "raw")
    assert second["hint"].endswith(f"POST /api/v1/entries/{video.pk}/ingest.")


def test_it_is_validated_by_itself_when_the_last_entry_is_ready(client: APIClient, course: MaterialNode) -> None:
    slides, video = upload(client, course.pk, "deck.pdf", pages(3)), talk(course)
    send(client, course, *(item(slides["id"], video, slide=slide) for slide in (3, 4)))

    drain()

    by_slide = {row["slide"]: row for row in client.get(f"/api/v1/nodes/{course.pk}/mappings").json()["data"]}
    assert (by_slide[3]["validation"], by_slide[3]["blocked_by"]) == ("validated", [])
    assert (by_slide[4]["validation"], by_slide[4]["state"]) == ("validation_failed", "accepted")
    assert by_slide[4]["problems"] == [
        {
            "field": "slide",
            "reason": "slide_beyond_pages",
            "hint": "deck.pdf has 3 slides or pages. Give a number from 1 to 3.",
        }
    ]


def test_what_is_known_of_one_entry_is_checked_before_the_other_is_ready(
    client: APIClient, course: MaterialNode
) -> None:
    slides, video = deck(course), talk(course, is_ready=False)

    assert send(client, course, item(slides, video, slide=13)).status_code == 422
    assert created(client, course, item(slides, video, end_ms=700_000))["validation"] == "pending_validation"


def test_it_says_when_the_entry_has_failed_and_is_validated_after_all(
    client: APIClient, course: MaterialNode, acme: Tenant
) -> None:
    slides, video = upload(client, course.pk, "deck.pdf", pages(5)), talk(course)
    job = Job.objects.get(pk=slides["job"])
    mapping = created(client, course, item(slides["id"], video))

    cancel_job(job=job)
    (blocker,) = read(client, mapping)["blocked_by"]
    assert (blocker["state"], read(client, mapping)["validation"]) == ("error", "pending_validation")
    assert "was cancelled" in blocker["hint"]

    retry_job(job=job)
    assert read(client, mapping)["blocked_by"][0]["state"] == "pending"
    drain()
    assert read(client, mapping)["validation"] == "validated"


def test_it_passes_on_why_the_entry_failed(client: APIClient, course: MaterialNode) -> None:
    slides, video = upload(client, course.pk, "noise.pdf", b"%PDF-1.7\nnothing to see\n%%EOF"), talk(course)
    mapping = created(client, course, item(slides["id"], video))

    drain()

    error = client.get(f"/api/v1/entries/{slides['id']}").json()["error"]
    (blocker,) = read(client, mapping)["blocked_by"]
    assert blocker["state"] == "error"
    assert error["code"] in blocker["hint"]
    assert error["next_step"] in blocker["hint"]


def test_it_is_validated_again_when_the_entry_is_replaced(client: APIClient, course: MaterialNode) -> None:
    slides, video = upload(client, course.pk, "deck.pdf", pages(5)), talk(course)
    drain()
    mapping = created(client, course, item(slides["id"], video))
    row = MaterialEntry.objects.get(pk=slides["id"])
    known = [read(client, mapping)["validation"]]

    for content in (pages(2), pages(4, verb="behaves")):
        other = upload(client, course.pk, f"{len(content)}.pdf", content)
        stored = MaterialEntry.objects.get(pk=other["id"])
        stored.job.delete()  # type: ignore[union-attr]  # the bytes are all that is wanted of it
        values = (stored.object_key, stored.raw_sha256)
        MaterialEntry.objects.filter(pk=stored.pk).update(raw_sha256="", object_key="gone")
        MaterialEntry.objects.filter(pk=row.pk).update(object_key=values[0], raw_sha256=values[1])
        known.append(read(client, mapping)["blocked_by"][0]["state"])
        client.post(f"/api/v1/entries/{row.pk}/ingest", {}, format="json")
        known.append(read(client, mapping)["blocked_by"][0]["state"])
        drain()
        known.append(read(client, mapping)["validation"])

    replaced = ["integrity_broken", "pending"]
    assert known == ["validated", *replaced, "validation_failed", *replaced, "validated"]


def test_an_address_may_turn_out_to_be_something_else(client: APIClient, course: MaterialNode) -> None:
    slides = deck(course)
    address = entry(course, "https://video.example/1", None, is_ready=False, source_url="https://video.example/1")
    mapping = created(client, course, item(slides, address))
    known = [mapping["validation"]]

    for format_ in (Format.VTT, Format.PDF):
        MaterialEntry.objects.filter(pk=address.pk).update(format=format_)
        known.append(read(client, mapping)["validation"])

    assert known == ["pending_validation", "pending_validation", "validation_failed"]
    assert read(client, mapping)["problems"][0]["reason"] == "not_a_recording"


def _failed(one: MaterialEntry) -> None:
    ended(one, JobStatus.FAILED, error_code="damaged")


def _reading(one: MaterialEntry) -> None:
    ended(one, JobStatus.QUEUED)


def _read(one: MaterialEntry) -> None:
    ended(one, JobStatus.COMPLETE)


def _changed(one: MaterialEntry) -> None:
    MaterialEntry.objects.filter(pk=one.pk).update(processed_sha256="f" * 64)


def _emptied(one: MaterialEntry) -> None:
    MaterialEntry.objects.filter(pk=one.pk).update(page_count=None, duration_ms=None)


def _shortened(one: MaterialEntry) -> None:
    MaterialEntry.objects.filter(pk=one.pk).update(page_count=3, duration_ms=70_000)


def _nothing(one: MaterialEntry) -> None:
    pass


FATES: list[Callable[[MaterialEntry], None]] = [
    _nothing, _failed, _reading, _read, _changed, _emptied, _shortened
]  # fmt: skip
DECKS = (Format.PPTX, Format.PDF, Format.HTML, None)
VIDEOS = (Format.VIDEO, Format.AUDIO, Format.VTT, Format.PDF, None)


def test_lists_are_narrowed_by_what_is_shown(acme: Tenant, course: MaterialNode) -> None:
    """Hold the verdict against the condition of SQL, for every pair of formats and fates."""
    decks, videos = [], []
    for fate in FATES:
        for format_ in DECKS:
            decks.append(entry(course, f"{fate.__name__} {format_}", format_, page_count=12))
            fate(decks[-1])
        for format_, address in product(VIDEOS, ("", "https://video.example/")):
            url = f"{address}{fate.__name__}/{format_}" if address else ""
            name = f"{fate.__name__} {format_} {url}"
            videos.append(entry(course, name, format_, duration_ms=600_000, source_url=url))
            fate(videos[-1])
    SlideVideoMapping.objects.bulk_create(
        SlideVideoMapping(tenant=acme, presentation=one, video=two, slide=4, start_ms=60_000, end_ms=80_000)
        for one, two in product(decks, videos)
    )

    rows = SlideVideoMapping.objects.with_entries()
    shown = {row.pk: validate_mapping(row).status for row in rows}
    listed = {row.pk: each for each in ValidationStatus for row in filter_by_validation(rows, each)}

    assert len(shown) == len(decks) * len(videos)
    assert listed == shown
    assert set(shown.values()) == set(ValidationStatus)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("slide", [2, 9])
def test_an_entry_that_becomes_ready_meanwhile_is_not_missed(
    api: Api, acme: Tenant, course: MaterialNode, slide: int
) -> None:
    slides, video = upload(api(acme), course.pk, "deck.pdf", pages(3)), talk(course)
    pk = MaterialEntry.objects.get(pk=slides["id"]).pk
    claim = MappingClaim(index=0, presentation=pk, slide=slide, video=video.pk, start_ms=0, end_ms=1)
    together = threading.Barrier(2)

    def state() -> None:
        together.wait()
        try:
            create_mappings(tenant=acme, node_id=course.pk, claims=[claim])
        finally:
            connections.close_all()

    stating = threading.Thread(target=state)
    stating.start()
    together.wait()
    drain()
    stating.join()

    verdicts = [validate_mapping(row).status for row in SlideVideoMapping.objects.with_entries()]
    assert verdicts == [ValidationStatus.VALIDATED] if slide == 2 else verdicts in ([], [ValidationStatus.FAILED])


def test_operators_find_mappings_by_their_validation(course: MaterialNode) -> None:
    operator = Client()
    operator.force_login(User.objects.create_superuser("operator"))
    slides, video = deck(course), talk(course)
    good, wrong = proposed(slides, video), proposed(slides, video, slide=13)
    address = reverse("admin:materials_slidevideomapping_changelist")

    everything = operator.get(address).content.decode()
    failed = operator.get(address, {"validation": "validation_failed"}).content.decode()

    assert str(good.pk) in everything
    assert str(wrong.pk) in everything
    assert str(good.pk) not in failed
    assert str(wrong.pk) in failed
