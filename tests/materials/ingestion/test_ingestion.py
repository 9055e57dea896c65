from __future__ import annotations

import threading

import pytest
from django.db import connections
from django.utils import timezone

from materials.entries.services import delete_entry
from materials.entries.submission import request_ingestion
from materials.models import Chunk, MaterialEntry, MaterialNode
from materials.tree.services import create_node, delete_node
from project.jobs import claims, runner
from project.jobs.models import Job, JobStatus
from project.jobs.services import cancel_job
from tenants.models import Tenant
from tests.conftest import LECTURE, Api, drain, upload
from tests.process_table import eventually


def test_it_turns_bytes_into_ordered_chunks(api: Api, acme: Tenant, lecture: MaterialEntry) -> None:
    chunks = api(acme).get(f"/api/v1/entries/{lecture.pk}/chunks").json()["data"]

    assert lecture.state == "ready"
    assert [(chunk["kind"], chunk["position"]) for chunk in chunks] == [
        ("heading", 0), ("heading", 1), ("paragraph", 2), ("heading", 3), ("paragraph", 4),
    ]  # fmt: skip
    assert chunks[2]["emphasised"] == ["Boiling point"]
    assert chunks[2]["locator"] == {"heading_path": ["Boiling water", "Temperature"]}


def test_notebooks_rst_and_tables_are_materials(api: Api, acme: Tenant, course: MaterialNode) -> None:
    notebook = b'{"nbformat": 4, "metadata": {}, "cells": [{"cell_type": "code", "source": "x = 1", "outputs": []}]}'
    entries = [
        upload(api(acme), course.pk, name, content)["id"]
        for name, content in (("lab.ipynb", notebook), ("a.rst", b"Title\n=====\n"), ("b.csv", b"a;b\n1;2\n"))
    ]
    drain()

    chunks = [api(acme).get(f"/api/v1/entries/{entry}/chunks").json()["data"] for entry in entries]

    assert [(found["kind"], found["text"]) for (found,) in chunks] == [
        ("code", "x = 1"), ("heading", "Title"), ("table", "| a | b |\n| --- | --- |\n| 1 | 2 |"),
    ]  # fmt: skip


@pytest.mark.parametrize(("said", "language"), [("", "uk"), ("pl", "pl")])
def test_a_short_text_is_in_the_language_that_it_names(
    api: Api, acme: Tenant, course: MaterialNode, said: str, language: str
) -> None:
    entry = upload(api(acme), course.pk, "a.md", b"---\nlang: uk\n---\nOK.")
    MaterialEntry.objects.filter(pk=entry["id"]).update(language=said)
    drain()

    assert MaterialEntry.objects.get().text_language == language


def test_it_never_calls_an_entry_without_text_ready(api: Api, acme: Tenant, course: MaterialNode) -> None:
    entry = upload(api(acme), course.pk, "rules.md", b"---\n---\n\n<!-- nothing -->\n")
    drain()

    shown = api(acme).get(f"/api/v1/entries/{entry['id']}").json()

    assert shown["state"] == "error"
    assert shown["error"]["code"] == "no_text_found"
    assert shown["error"]["next_step"]


def test_it_says_why_a_damaged_file_was_not_read(api: Api, acme: Tenant, course: MaterialNode) -> None:
    entry = upload(api(acme), course.pk, "broken.pdf", b"%PDF-1.7\nnothing to see\n%%EOF")
    drain()

    shown = api(acme).get(f"/api/v1/entries/{entry['id']}").json()

    assert (shown["state"], shown["error"]["code"]) == ("error", "damaged")
    assert Job.objects.get().attempt == 1


def test_reading_the_same_bytes_again_keeps_chunks_and_fingerprint(acme: Tenant, lecture: MaterialEntry) -> None:
    before = list(Chunk.objects.values_list("pk", flat=True))

    request_ingestion(tenant=acme, entry_id=lecture.pk)
    drain()

    lecture_again = MaterialEntry.objects.get(pk=lecture.pk)
    assert lecture_again.fingerprint == lecture.fingerprint
    assert list(Chunk.objects.values_list("pk", flat=True)) == before


def test_it_refuses_a_second_ingestion(api: Api, acme: Tenant, lecture: MaterialEntry) -> None:
    request_ingestion(tenant=acme, entry_id=lecture.pk)

    answer = api(acme).post(f"/api/v1/entries/{lecture.pk}/ingest")

    assert (answer.status_code, answer.json()["code"]) == (409, "ingestion_running")


def test_an_entry_deleted_meanwhile_stays_deleted(api: Api, acme: Tenant, course: MaterialNode) -> None:
    entry = upload(api(acme), course.pk, "lecture.md", LECTURE)
    job = claims.claim_next_job()
    assert job is not None

    delete_entry(tenant=acme, entry_id=MaterialEntry.objects.get(pk=entry["id"]).pk)
    runner._run_job(job)

    assert not MaterialEntry.objects.exists()
    assert not Chunk.objects.exists()
    assert Job.objects.get().status == JobStatus.CANCELLED


def test_it_stops_while_a_file_is_being_read(transactional_db: None, api: Api) -> None:
    tenant = Tenant.objects.create(slug="acme", name="Acme")
    course = create_node(tenant=tenant, title="Water")
    entry = upload(api(tenant), course.pk, "long.md", b"a **word** here\n\n" * 200_000)
    job = Job.objects.get(pk=entry["job"])

    def work() -> None:
        runner.run_next_job()
        connections.close_all()

    worker = threading.Thread(target=work)
    worker.start()
    eventually(lambda: Job.objects.filter(stage="reading").exists(), seconds=60, what="nobody read the file")

    cancel_job(job=job)
    worker.join(timeout=60)

    assert not worker.is_alive()
    ended = Job.objects.get()
    assert (ended.status, ended.attempt) == (JobStatus.CANCELLED, 1)
    assert not Chunk.objects.exists()


def test_an_entry_whose_ingestion_was_cancelled_says_so(api: Api, acme: Tenant, course: MaterialNode) -> None:
    client = api(acme)
    entry = upload(client, course.pk, "water.md", b"# Water")

    cancel_job(job=Job.objects.get(pk=entry["job"]))

    shown = client.get(f"/api/v1/entries/{entry['id']}").json()
    assert (shown["state"], shown["error"]["code"]) == ("error", "cancelled")
    assert "cancelled" in shown["error"]["message"]
    assert "again" in shown["error"]["next_step"]


def test_an_entry_whose_bytes_changed_is_called_broken(lecture: MaterialEntry) -> None:
    MaterialEntry.objects.filter(pk=lecture.pk).update(raw_sha256="0" * 64, processed_at=timezone.now())

    assert MaterialEntry.objects.with_job().get(pk=lecture.pk).state == "integrity_broken"
    assert not MaterialEntry.objects.filter_ready().exists()


def test_deleting_while_ingesting_never_blocks_for_good(transactional_db: None, api: Api) -> None:
    """Whoever takes the tree lock and a job's row takes them in the same order; the other order is a deadlock."""
    tenant = Tenant.objects.create(slug="acme", name="Acme")
    client = api(tenant)
    errors: list[Exception] = []

    def delete(node: MaterialNode) -> None:
        try:
            delete_node(tenant=tenant, node_id=node.pk)
        except Exception as exc:  # noqa: BLE001  # whatever it is fails the test
            errors.append(exc)
        finally:
            connections.close_all()

    for number in range(6):
        node = create_node(tenant=tenant, title=f"Course {number}")
        upload(client, node.pk, "lecture.md", LECTURE)
        deleting = threading.Timer(0.10 + number * 0.02, delete, args=(node,))
        deleting.start()
        drain()
        deleting.join()

    assert not errors
    assert not MaterialEntry.objects.exists()
    assert not Job.objects.filter(status__in=Job.OPEN).exists()
    assert not Job.objects.filter(error_code="unexpected").exists()
