"""What an address leads to becomes chunks: pages, documents and recordings, from a real web server on this machine."""

from __future__ import annotations

import io
import json
import socket
import zlib
from collections.abc import Callable
from datetime import timedelta

import docx
import pptx
import pytest
from django.db import connections
from django.utils import timezone
from pytest_django import Settings
from rest_framework.test import APIClient

from materials.models import Chunk, HostVisit, MaterialEntry, MaterialNode
from project.jobs.models import Job, JobStatus
from tests.conftest import Stored, drain, upload
from tests.fakes.site import Site, answer, drips, head, redirect, silent
from tests.materials.readers.pdfs import pdf
from tests.materials.recordings.lecture import CAPTIONS, LECTURE
from tests.materials.web.conftest import PAGE, Attach, again, texts

pytestmark = pytest.mark.django_db(transaction=True)


def word() -> bytes:
    document, file = docx.Document(), io.BytesIO()
    document.add_paragraph("Water boils.")
    document.save(file)
    return file.getvalue()


def slides() -> bytes:
    deck, file = pptx.Presentation(), io.BytesIO()
    deck.slides.add_slide(deck.slide_layouts[5]).shapes.title.text = "Water boils."
    deck.save(file)
    return file.getvalue()


def test_a_page_is_fetched_stored_and_read(attach: Attach, site: Site, stored: Stored) -> None:
    site.pages["/old"] = redirect("/boiling")

    entry = attach(site.url("/old"))

    assert entry["state"] == "ready", entry["error"]
    assert (entry["format"], entry["title"], entry["warnings"]) == ("html", "Boiling water", [])
    assert (entry["source_url"], entry["final_url"]) == (site.url("/old"), site.url("/boiling"))
    assert entry["content_type"] == "text/html"
    assert entry["fetched_at"]
    assert not entry["is_stale"]
    (file,) = stored()
    assert file.read_bytes() == PAGE
    assert [(chunk.kind, chunk.fragment, chunk.heading_path) for chunk in Chunk.objects.order_by("position")] == [
        ("heading", "boiling", ["Boiling water"]),
        ("paragraph", "boiling", ["Boiling water"]),
        ("heading", "why", ["Boiling water", "Why it boils"]),
        ("paragraph", "why", ["Boiling water", "Why it boils"]),
        ("list", "why", ["Boiling water", "Why it boils"]),
        ("code", "why", ["Boiling water", "Why it boils"]),
        ("table", "why", ["Boiling water", "Why it boils"]),
    ]
    assert "Cookies" not in " ".join(texts(entry["id"]))


def test_it_says_who_asks(attach: Attach, site: Site, settings: Settings) -> None:
    settings.FETCH_CONTACT = "https://school.example/bot"

    attach(site.url("/boiling"))

    assert [asked.split()[1] for asked in site.asked] == ["/robots.txt", "/boiling"]
    for asked in site.asked:
        assert f"User-Agent: Coursewright/{settings.VERSION} (+https://school.example/bot)" in asked


NOTEBOOK = json.dumps(
    {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [
        {"cell_type": "markdown", "metadata": {}, "source": ["Water boils."]},
    ]},
).encode()  # fmt: skip
LEADS_TO: list[tuple[str, str, Callable[[], bytes], str]] = [
    ("/lesson.pdf", "application/pdf", lambda: pdf([[(12, "Water boils.")]]), "pdf"),
    ("/lesson", "text/html", lambda: pdf([[(12, "Water boils.")]]), "pdf"),
    ("/lesson.docx", "application/octet-stream", word, "docx"),
    ("/download?id=7", "application/vnd.openxmlformats-officedocument.presentationml.presentation", slides, "pptx"),
    ("/README.md", "text/plain; charset=utf-8", lambda: b"# Water\n\nWater boils.\n", "markdown"),
    ("/lesson", "text/markdown", lambda: b"# Water\n\nWater boils.\n", "markdown"),
    ("/v1.2", "text/plain", lambda: b"Water boils.\n", "plain"),
    ("/captions", "text/vtt", lambda: b"WEBVTT\n\n00:01.000 --> 00:02.000\nWater boils.\n", "vtt"),
    ("/export?format=csv", "text/csv", lambda: b"liquid;boils at\nWater boils.;100\n", "csv"),
    ("/raw/7", "application/x-ipynb+json", lambda: NOTEBOOK, "notebook"),
    ("/lesson.rst", "text/plain", lambda: b"Water\n=====\n\nWater boils.\n", "rst"),
    ("/lesson.pdf", "text/html", lambda: b"<html><body><p>Water boils.</p></body></html>", "html"),
    ("/blob/README.md", "text/html", lambda: b"<div><p>Water boils.</p></div>", "html"),
]


@pytest.mark.parametrize(("path", "content_type", "content", "format_"), LEADS_TO)
def test_the_content_decides_who_reads_it(
    attach: Attach, site: Site, path: str, content_type: str, content: Callable[[], bytes], format_: str
) -> None:
    site.pages[path] = answer(content(), content_type=content_type)

    entry = attach(site.url(path))

    assert (entry["state"], entry["format"]) == ("ready", format_), entry["error"]
    assert any("Water boils." in text for text in texts(entry["id"]))


def test_a_recording_without_the_looks_of_one_is_transcribed_in_the_heavy_queue(
    attach: Attach, site: Site, client: APIClient, course: MaterialNode
) -> None:
    upload(client, course.pk, "lecture.vtt", CAPTIONS)
    site.pages["/watch"] = answer(LECTURE.read_bytes(), content_type="video/mp4")

    entry = attach(site.url("/watch"), name="lecture.mp4")

    assert (entry["state"], entry["format"]) == ("ready", "video"), entry["error"]
    kinds = Job.objects.filter(subject_id=entry["id"]).order_by("created_at").values_list("kind", flat=True)
    assert list(kinds)[:2] == ["ingest_address", "ingest_recording"]


def test_a_page_with_the_address_of_a_recording_is_read_as_a_page(attach: Attach, site: Site) -> None:
    site.pages["/File:Boiling.ogg"] = answer(PAGE)

    entry = attach(site.url("/File:Boiling.ogg"))

    assert (entry["state"], entry["format"]) == ("ready", "html"), entry["error"]


ENCODED = "<html><body><p>Вода кипить при температурі сто градусів, якщо тиск повітря нормальний.</p></body></html>"


@pytest.mark.parametrize(
    ("charset", "content_type"),
    [
        ("cp1251", "text/html; charset=windows-1251"),
        ("koi8-u", "text/html; charset=KOI8-U"),
        ("utf-8", "text/html; charset=iso-8859-1"),
        ("utf-16", "text/html; charset=nonsense"),
        ("cp1251", "text/plain; charset=windows-1251"),
    ],
)
def test_the_server_names_the_encoding_unless_the_bytes_say_otherwise(
    attach: Attach, site: Site, charset: str, content_type: str
) -> None:
    site.pages["/page"] = answer(ENCODED.encode(charset), content_type=content_type)

    entry = attach(site.url("/page"))

    assert "Вода кипить" in texts(entry["id"])[0]


def test_a_page_that_programs_make_is_refused_with_what_to_do(attach: Attach, site: Site, stored: Stored) -> None:
    shell = b'<html><head><script src="/app.js"></script></head><body><div id="root"></div></body></html>'
    site.pages["/app"] = answer(shell)

    entry = attach(site.url("/app"))

    assert (entry["state"], entry["error"]["code"]) == ("error", "page_needs_javascript")
    assert "PDF" in entry["error"]["next_step"]
    assert stored() == []


BOMB = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS | 16)
BOMB_BYTES = BOMB.compress(bytes(50_000_000)) + BOMB.flush()
HOSTILE = [
    (redirect("http://169.254.169.254/latest/meta-data/"), "address_forbidden"),
    (redirect("http://[::ffff:10.0.0.1]/"), "address_forbidden"),
    (redirect("http://10.0.0.1/"), "address_forbidden"),
    (redirect("file:///etc/passwd"), "scheme_forbidden"),
    (redirect("/page"), "too_many_redirects"),
    (answer(b"GIF89a", content_type="image/gif"), "type_unexpected"),
    (answer(b"\x00\x01\x02" * 100, content_type="text/html"), "type_unsupported"),
    (answer(BOMB_BYTES, content_encoding="gzip"), "too_large"),
    (answer(b"x", content_encoding="br"), "encoding_unknown"),
    (drips(head(), b"x" * 100_000, every=0), "too_large"),
    (head(content_length="1000") + b"<html>", "incomplete"),
    (answer(b"", status=404), "http_status"),
    (answer(b""), "file_empty"),
    (answer(b"<html><body></body></html>"), "no_text_found"),
]


@pytest.mark.parametrize(("page", "code"), HOSTILE, ids=[f"{code}-{n}" for n, (_, code) in enumerate(HOSTILE)])
def test_what_is_hostile_or_broken_is_refused_and_leaves_nothing(
    attach: Attach, site: Site, stored: Stored, settings: Settings, page: bytes, code: str
) -> None:
    settings.DOCUMENT_MAX_BYTES = 1_000_000
    site.pages["/page"] = page

    entry = attach(site.url("/page"))

    assert (entry["state"], entry["error"]["code"]) == ("error", code)
    assert entry["error"]["next_step"]
    assert stored() == []
    assert not Chunk.objects.exists()


@pytest.mark.parametrize("name", ["(" * 400, '"' + "=?utf-8?q?a?= " * 4000, "a;" * 20_000, "*" * 1000])
def test_a_name_that_is_nonsense_is_none(attach: Attach, site: Site, name: str) -> None:
    site.pages["/page"] = answer(PAGE, content_disposition=f"attachment; filename={name}")

    assert attach(site.url("/page"))["state"] == "ready"


def test_a_host_that_is_not_listed_is_not_reached_through_one_that_is(attach: Attach, settings: Settings) -> None:
    with Site({"/": answer(PAGE)}) as inner, Site({"/": redirect(inner.url("/"))}) as outer:
        settings.FETCH_ALLOWED_HOSTS = [f"127.0.0.1:{outer.port}"]

        entry = attach(outer.url("/"))

        assert entry["error"]["code"] == "address_forbidden"
        assert inner.connections == 0


@pytest.mark.parametrize(
    "url", ["http://[::1", "http://a]/", "http://a[/", "http://example.org:x/", "http://example.org:99999/", "http://"]
)
def test_what_is_no_address_is_refused_at_once(client: APIClient, course: MaterialNode, url: str) -> None:
    refused = client.post(f"/api/v1/nodes/{course.pk}/entries", {"url": url}, format="json")

    assert (refused.status_code, refused.json()["code"]) == (422, "bad_address")
    assert not MaterialEntry.objects.exists()


def test_the_same_bytes_twice_in_a_node_are_told(attach: Attach, site: Site, stored: Stored) -> None:
    site.pages["/copy"] = answer(PAGE)
    attach(site.url("/boiling"))

    entry = attach(site.url("/copy"))

    assert (entry["state"], entry["error"]["code"]) == ("error", "same_source")
    assert len(stored()) == 1


def test_an_entry_that_was_only_stored_before_can_be_ingested(
    site: Site, client: APIClient, course: MaterialNode
) -> None:
    old = MaterialEntry.objects.create(
        tenant=course.tenant, node=course, position=0, name="Old", source_url=site.url("/boiling")
    )

    again(client, str(old.pk))

    assert client.get(f"/api/v1/entries/{old.pk}").json()["state"] == "ready"


@pytest.mark.parametrize("path", ["/private/page", "/private/lecture.mp4"])
def test_robots_txt_is_honoured_for_pages_and_recordings(attach: Attach, site: Site, path: str) -> None:
    site.pages["/robots.txt"] = answer(b"User-agent: *\nDisallow: /private/\n", content_type="text/plain")
    site.pages[path] = answer(PAGE)

    entry = attach(site.url(path))

    assert (entry["state"], entry["error"]["code"]) == ("error", "robots_forbidden")
    assert len(site.asked) == 1


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_site_that_is_away_for_a_moment_is_waited_for(
    attach: Attach, site: Site, stored: Stored, status: int
) -> None:
    site.pages["/page"] = answer(b"", status=status, retry_after="Thu, 01 Jan 2026 00:00:00 +99999999999999999999")

    entry = attach(site.url("/page"))

    job = Job.objects.get(subject_id=entry["id"])
    assert (entry["state"], job.status, job.attempt) == ("pending", JobStatus.QUEUED, 0)
    assert f"{status}" in job.error_message
    assert stored() == []
    site.pages["/page"] = answer(PAGE)
    Job.objects.update(queued_at=timezone.now())
    HostVisit.objects.all().delete()
    drain()
    assert MaterialEntry.objects.with_job().get(pk=entry["id"]).state == "ready"


def test_a_site_that_stays_away_is_told_within_the_hour(attach: Attach, site: Site) -> None:
    site.pages["/page"] = answer(b"", status=503)
    entry = attach(site.url("/page"))
    Job.objects.update(queued_at=timezone.now(), outage_since=timezone.now() - timedelta(hours=1))
    drain()

    failed = Job.objects.get(subject_id=entry["id"])
    assert (failed.status, failed.error_code) == (JobStatus.FAILED, "http_status")
    assert failed.next_step


def test_a_site_that_asks_to_wait_is_left_alone(attach: Attach, site: Site) -> None:
    site.pages["/busy"] = answer(b"", status=429, retry_after="120")

    first, second = attach(site.url("/busy")), attach(site.url("/boiling"))

    assert (first["state"], second["state"]) == ("pending", "pending")
    jobs = Job.objects.filter(subject_id__in=[first["id"], second["id"]]).order_by("created_at")
    assert [(job.error_code, job.attempt) for job in jobs] == [("host_asks_to_wait", 0)] * 2
    assert all(job.queued_at - timezone.now() > timedelta(seconds=100) for job in jobs)
    assert [asked.split()[1] for asked in site.asked] == ["/robots.txt", "/busy"]


def test_a_page_that_never_ends_can_be_cancelled(attach: Attach, site: Site, client: APIClient) -> None:
    def cancelled(connection: socket.socket) -> None:
        try:
            client.post(f"/api/v1/jobs/{Job.objects.get(status='active').pk}/cancel")
        finally:
            connections.close_all()
        silent(head())(connection)

    site.pages["/slow"] = cancelled

    entry = attach(site.url("/slow"))

    assert Job.objects.get(pk=entry["job"]).status == JobStatus.CANCELLED


def test_what_is_known_of_a_site_is_told_at_once_and_stays(client: APIClient, course: MaterialNode) -> None:
    address = {"url": "https://www.youtube.com/watch?v=x"}

    entry = client.post(f"/api/v1/nodes/{course.pk}/entries", address, format="json").json()

    assert any("PLATFORM_VIDEOS=1" in warning for warning in entry["warnings"])
    assert client.get(f"/api/v1/entries/{entry['id']}").json()["warnings"] == entry["warnings"]
