from __future__ import annotations

from typing import Any

import pytest

from materials.models import Chunk, ChunkCorrection, MaterialEntry, MaterialNode
from materials.tree.fingerprinting import refresh_node_fingerprint
from materials.tree.services import copy_node
from project.storage.objects import get_object_storage
from tenants.models import Tenant
from tests.conftest import Api, drain, upload

TEXT = b"# Fnctions\n\nA **function** returns a valeu.\n\nTwice.\n\nTwice.\n"


@pytest.fixture
def entry(api: Api, acme: Tenant, course: MaterialNode) -> dict[str, Any]:
    found = upload(api(acme), course.pk, "functions.md", TEXT)
    drain()
    return found


def chunks(client: Any, entry: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.get(f"/api/v1/entries/{entry['id']}/chunks").json()["data"]
    return found


def correct(client: Any, chunk: dict[str, Any], text: str) -> dict[str, Any]:
    answer = client.patch(f"/api/v1/chunks/{chunk['id']}", {"text": text}, format="json")
    assert answer.status_code == 200, answer.json()
    changed: dict[str, Any] = answer.json()
    return changed


def bring(entry: dict[str, Any], content: bytes) -> None:
    """Put other bytes under an entry, as a page that was fetched again has."""
    row = MaterialEntry.objects.get(pk=entry["id"])
    writer = get_object_storage().open_writer(row.object_key)
    writer.write(content)
    stored = writer.finish()
    MaterialEntry.objects.filter(pk=row.pk).update(raw_sha256=stored.sha256, size_bytes=stored.size)


def ingest_again(client: Any, entry: dict[str, Any]) -> None:
    assert client.post(f"/api/v1/entries/{entry['id']}/ingest").status_code == 202
    drain()


def test_a_person_corrects_a_chunk_and_the_original_stays(api: Api, acme: Tenant, entry: dict[str, Any]) -> None:
    client = api(acme)
    _, paragraph, *_ = chunks(client, entry)
    before = refresh_node_fingerprint(tenant=acme, node_id=entry["node"])

    changed = correct(client, paragraph, "A function returns a value.")

    assert changed["id"] == paragraph["id"]
    assert changed["text"] == "A function returns a value."
    assert changed["emphasised"] == ["function"]
    assert changed["correction"]["original_text"] == "A function returns a valeu."
    assert changed["correction"]["corrected_by"] == "test"
    assert changed["correction"]["is_flagged"] is False
    assert chunks(client, entry)[1] == changed
    assert client.get(f"/api/v1/chunks/{paragraph['id']}").json() == changed
    assert refresh_node_fingerprint(tenant=acme, node_id=entry["node"]) != before


def test_the_original_text_takes_the_correction_back(api: Api, acme: Tenant, entry: dict[str, Any]) -> None:
    client = api(acme)
    _, paragraph, *_ = chunks(client, entry)
    before = refresh_node_fingerprint(tenant=acme, node_id=entry["node"])
    correct(client, paragraph, "Nothing of it.")

    again = correct(client, paragraph, "A function returns a valeu.")

    assert again == paragraph
    assert not ChunkCorrection.objects.exists()
    assert refresh_node_fingerprint(tenant=acme, node_id=entry["node"]) == before


def test_front_matter_stays_in_the_fingerprint(api: Api, acme: Tenant, course: MaterialNode) -> None:
    client, entry = api(acme), upload(api(acme), course.pk, "weighed.md", b"---\nweight: 3\n---\n" + TEXT)
    drain()
    _, paragraph, *_ = chunks(client, entry)
    before = MaterialEntry.objects.get(pk=entry["id"]).fingerprint
    correct(client, paragraph, "Nothing of it.")

    correct(client, paragraph, "A function returns a valeu.")

    assert MaterialEntry.objects.get(pk=entry["id"]).fingerprint == before


def test_a_correction_survives_the_same_bytes(api: Api, acme: Tenant, entry: dict[str, Any]) -> None:
    client = api(acme)
    _, paragraph, *_ = chunks(client, entry)
    correct(client, paragraph, "A function returns a value.")
    kept = chunks(client, entry)

    ingest_again(client, entry)

    assert chunks(client, entry) == kept


def test_a_correction_survives_other_readers_of_the_same_bytes(api: Api, acme: Tenant, entry: dict[str, Any]) -> None:
    client = api(acme)
    *_, third, fourth = chunks(client, entry)
    correct(client, fourth, "The second of two that are alike.")
    MaterialEntry.objects.update(fingerprint="0" * 64)  # as if it had been read otherwise then

    ingest_again(client, entry)

    *_, now_third, now_fourth = chunks(client, entry)
    assert now_fourth["id"] == fourth["id"], "it says the same at the same place"
    assert now_third["text"] == third["text"]
    assert now_fourth["text"] == "The second of two that are alike."
    assert now_fourth["correction"]["is_flagged"] is False


def test_other_bytes_flag_a_correction_that_still_fits(api: Api, acme: Tenant, entry: dict[str, Any]) -> None:
    client = api(acme)
    _, paragraph, *_ = chunks(client, entry)
    correct(client, paragraph, "A function returns a value.")
    bring(entry, b"# New\n\nFirst this.\n\n" + TEXT)

    ingest_again(client, entry)

    (changed,) = [chunk for chunk in chunks(client, entry) if chunk["correction"]]
    assert changed["text"] == "A function returns a value."
    assert changed["position"] == 3
    assert changed["correction"]["is_flagged"] is True
    (listed,) = client.get(f"/api/v1/entries/{entry['id']}/corrections", {"flagged": "true"}).json()["data"]
    assert listed["chunk"] == changed["id"]
    confirmed = correct(client, changed, changed["text"])
    assert confirmed["correction"]["is_flagged"] is False
    assert client.get(f"/api/v1/entries/{entry['id']}/corrections", {"flagged": "true"}).json()["data"] == []


def test_nothing_is_lost_when_the_original_text_is_gone(api: Api, acme: Tenant, entry: dict[str, Any]) -> None:
    client = api(acme)
    _, paragraph, *_ = chunks(client, entry)
    correct(client, paragraph, "A function returns a value.")
    bring(entry, b"# Functions\n\nA function gives a value back.\n")

    ingest_again(client, entry)

    assert [chunk["correction"] for chunk in chunks(client, entry)] == [None, None]
    (lost,) = client.get(f"/api/v1/entries/{entry['id']}/corrections").json()["data"]
    assert lost["chunk"] is None
    assert lost["text"] == "A function returns a value."
    assert lost["is_flagged"] is True
    bring(entry, TEXT)
    ingest_again(client, entry)
    assert chunks(client, entry)[1]["text"] == "A function returns a value."


def test_a_correction_is_dropped(api: Api, acme: Tenant, entry: dict[str, Any]) -> None:
    client = api(acme)
    _, paragraph, *_ = chunks(client, entry)
    changed = correct(client, paragraph, "A function returns a value.")

    answer = client.delete(f"/api/v1/corrections/{changed['correction']['id']}")

    assert answer.status_code == 204
    assert chunks(client, entry)[1] == paragraph


def test_a_copy_is_corrected_as_its_original(api: Api, acme: Tenant, entry: dict[str, Any]) -> None:
    client = api(acme)
    _, paragraph, *_ = chunks(client, entry)
    correct(client, paragraph, "A function returns a value.")

    copy = copy_node(tenant=acme, node_id=entry["node"], parent_id=None)

    (twin,) = client.get(f"/api/v1/nodes/{copy.pk}/entries").json()["data"]
    assert [chunk["text"] for chunk in chunks(client, twin)] == [chunk["text"] for chunk in chunks(client, entry)]
    assert chunks(client, twin)[1]["correction"]["original_text"] == "A function returns a valeu."
    ingest_again(client, twin)
    assert chunks(client, twin)[1]["text"] == "A function returns a value."


@pytest.mark.parametrize("text", ["", " \n ", "x" * 200_001, None, [], 5, 1.5, True])
def test_it_refuses_what_is_no_text(api: Api, acme: Tenant, entry: dict[str, Any], text: Any) -> None:
    client = api(acme)
    _, paragraph, *_ = chunks(client, entry)

    answer = client.patch(f"/api/v1/chunks/{paragraph['id']}", {"text": text}, format="json")

    assert answer.status_code == 422
    assert not ChunkCorrection.objects.exists()


def test_it_waits_for_an_open_job(api: Api, acme: Tenant, entry: dict[str, Any]) -> None:
    client = api(acme)
    _, paragraph, *_ = chunks(client, entry)
    client.post(f"/api/v1/entries/{entry['id']}/ingest")

    answer = client.patch(f"/api/v1/chunks/{paragraph['id']}", {"text": "Now."}, format="json")

    assert answer.status_code == 409
    assert answer.json()["code"] == "ingestion_running"
    assert Chunk.objects.get(pk=paragraph["id"]).text == paragraph["text"]
