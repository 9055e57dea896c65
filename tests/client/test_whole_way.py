"""The client against the product itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from materials.models import MaterialEntry
from materials.tree.services import create_node
from project.client.coursewright_client import Client, InputRefused, VersionOutdated, WorkFailed, uploads
from tenants.models import Tenant
from tests.structures.course_page.stored import store_snapshot

BOILING = "# Boiling\n\n**Boiling point** is the temperature at which a liquid becomes a gas.\n"


@pytest.mark.slow
def test_a_course_goes_the_whole_way(client: Client, tmp_path: Path) -> None:
    (tmp_path / "boiling.md").write_text(BOILING)
    course = client.create_node("Water", language="en")["id"]
    part = client.create_node("Heat", parent=course)["id"]
    sent: list[int] = []
    settled: list[bool] = []

    entry = client.upload_file(part, tmp_path / "boiling.md", name="1 boiling.md", on_sent=sent.append)
    status = client.wait_for_node(course, on_status=lambda found: settled.append(found["is_settled"]))
    snapshot = client.generate(course, engine="outline")

    assert (entry["name"], sent, settled) == ("1 boiling.md", [len(BOILING)], [False, True])
    assert status["entries"]["ready"] == 1
    assert client.read_tree(course)["children"][0]["entries"][0]["state"] == "ready"
    assert client.generate(course, engine="outline")["id"] == snapshot["id"]
    assert [found["id"] for found in client.iterate_snapshots(course)] == [snapshot["id"]]
    assert next(client.search(course, "liquid"))["entry"]["name"] == "1 boiling.md"

    export = client.request_export(snapshot["id"], "json")
    facts = client.wait_for_export(export)
    client.download_export(export, tmp_path / "course.json")
    assert facts["file"] is not None
    assert facts["file"]["size_bytes"] == (tmp_path / "course.json").stat().st_size
    assert "# Water" in client.read_text(f"/snapshots/{snapshot['id']}", accept="text/markdown")
    assert client.get_costs()["spent_usd"].startswith("0")
    assert client.get_usage()["entries"] == 1
    assert client.get_me()["tenant"] == "acme"
    client.delete_node(course)
    assert list(client.iterate_nodes()) == []


def test_edits_name_the_version_that_they_are_meant_for(client: Client) -> None:
    tenant = Tenant.objects.get()
    concept = {"node_type": "concept", "title": "Boiling point"}
    lesson = {"node_type": "lesson", "title": "Boiling", "children": [concept]}
    snapshot = str(store_snapshot(tenant, create_node(tenant=tenant, title="Water"), [lesson]).pk)

    copy = client.make_working_copy(snapshot)["id"]
    seen = client.read_working_copy(copy)
    key = next(node["key"] for node in seen.value["tree"]["nodes"] if node["node_type"] == "concept")
    wanted = {"key": key, "field": "description", "value": "Where a liquid boils."}
    step = client.edit(copy, "change_field", wanted, etag=seen.etag, reason="Shorter.")
    with pytest.raises(VersionOutdated) as outdated:
        client.edit(copy, "delete_node", {"key": key}, etag=seen.etag)
    approved = client.approve_working_copy(copy, etag=step.etag)["id"]

    assert outdated.value.present_version == step.etag != seen.etag
    assert "Where a liquid boils." in client.read_text(f"/snapshots/{approved}", accept="text/markdown")
    assert [found["name"] for found in client.iterate_working_copies(client.read_snapshot(approved)["node"])] == [
        "main"
    ]


def test_a_large_file_goes_in_parts_and_goes_on(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "DIRECT_BYTES", 10)
    file = tmp_path / "boiling.md"
    file.write_text(BOILING)
    course = client.create_node("Water")["id"]
    announced: list[str] = []
    sent: list[int] = []

    first = client.upload_file(course, file, on_announced=announced.append, on_sent=sent.append)
    again = client.upload_file(course, file, upload=announced[0], on_sent=sent.append)

    assert first["id"] == again["id"]
    assert sent == [len(BOILING)]
    assert MaterialEntry.objects.count() == 1


def test_a_file_that_is_refused_says_why(client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = tmp_path / "fake.pdf"
    fake.write_text("This is no PDF.")
    course = client.create_node("Water")["id"]

    with pytest.raises(InputRefused) as small:
        client.upload_file(course, fake)
    monkeypatch.setattr(uploads, "DIRECT_BYTES", 1)
    with pytest.raises((InputRefused, WorkFailed)) as large:
        client.upload_file(course, fake)

    assert "'fake.pdf' says one type" in str(small.value)
    assert "'fake.pdf' says one type" in str(large.value)
    assert not MaterialEntry.objects.exists()


def test_readiness_names_what_fails(client: Client) -> None:
    assert {"supervisor", "worker"} <= set(client.check_readiness())


def test_the_work_on_a_course_is_followed_until_it_has_ended(client: Client, tmp_path: Path) -> None:
    (tmp_path / "boiling.md").write_text(BOILING)
    course = client.create_node("Water")["id"]
    job = client.upload_file(course, tmp_path / "boiling.md")["job"]
    assert job is not None

    # After an id the stream ends when nothing is open any more; without one it would wait for work.
    of_node = [
        event.parse_data()["status"]
        for event in client.iterate_node_events(course, last_event_id="1")
        if event.event == "state"
    ]
    of_job = [event.parse_data()["status"] for event in client.iterate_job_events(job) if event.event == "state"]

    # A course's stream may tell a state twice, and leave out one that another has followed at once.
    states = ["queued", "active", "complete"]
    assert of_node[-1] == "complete"
    assert of_node == sorted(of_node, key=states.index)
    assert of_job == ["complete"]
    assert client.wait_for_job(job)["status"] == "complete"
