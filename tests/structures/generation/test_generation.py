from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.db import connection, transaction
from django.db.utils import IntegrityError
from pytest_django import DjangoAssertNumQueries

from materials.entries.services import delete_entry
from materials.models import Chunk, MaterialEntry, MaterialNode
from materials.tree.services import create_node
from project.jobs import runner
from project.jobs.models import Job, JobStatus
from structures.engines.base.text import normalize_quote
from structures.models import Reference, StructureNode, StructureSnapshot
from tenants.models import Tenant
from tests.conftest import Api, drain, upload


def generate(api: Api, tenant: Tenant, node: MaterialNode | str) -> StructureSnapshot:
    pk = node.pk if isinstance(node, MaterialNode) else node
    answer = api(tenant).post(f"/api/v1/nodes/{pk}/generate", {}, format="json")
    assert answer.status_code in {200, 202}, answer.content
    drain()
    return StructureSnapshot.objects.order_by("-created_at")[0]


def strip_changes(value: Any) -> Any:
    """Return a snapshot without what is said of the materials as they are today."""
    if isinstance(value, dict):
        return {name: strip_changes(part) for name, part in value.items() if name != "materials_changed"}
    return [strip_changes(part) for part in value] if isinstance(value, list) else value


def test_it_answers_202_with_where_to_follow_and_then_the_structure(
    api: Api, acme: Tenant, lecture: MaterialEntry
) -> None:
    client = api(acme)

    accepted = client.post(f"/api/v1/nodes/{lecture.node_id}/generate", {}, format="json")
    assert accepted.status_code == 202
    drain()
    job = client.get(accepted["Location"]).json()
    snapshot = client.get(f"/api/v1/snapshots/{job['result']['snapshot']}").json()

    assert job["status"] == "complete"
    assert snapshot["engine"] == "outline"
    assert snapshot["counts"] == {"modules": 1, "lessons": 1, "concepts": 1, "exercises": 1}
    (module,) = snapshot["children"]
    (lesson,) = module["children"]
    concept, exercise = lesson["children"]
    assert (concept["node_type"], concept["title"]) == ("concept", "Boiling point")
    assert concept["description"] == "Boiling point is the temperature at which a liquid becomes a gas."
    assert concept["references"][0]["entry"] == str(lecture.pk)
    assert concept["references"][0]["locator"] == {"heading_path": ["Boiling water", "Temperature"]}
    assert (exercise["node_type"], exercise["title"]) == ("exercise", "Boil an egg")


def test_every_quote_stands_in_its_chunk(api: Api, acme: Tenant, lecture: MaterialEntry) -> None:
    generate(api, acme, lecture.node)

    references = list(Reference.objects.all())

    assert references
    for reference in references:
        assert normalize_quote(reference.quote) in normalize_quote(Chunk.objects.get(pk=reference.chunk_id).text)


def test_the_same_request_again_answers_with_the_same_snapshot(api: Api, acme: Tenant, lecture: MaterialEntry) -> None:
    snapshot = generate(api, acme, lecture.node)

    again = api(acme).post(f"/api/v1/nodes/{lecture.node_id}/generate", {"engine": "outline"}, format="json")

    assert again.status_code == 200
    assert again.json()["id"] == str(snapshot.pk)
    assert Job.objects.filter(kind="generate_structure").count() == 1


def test_a_change_makes_another_snapshot_and_history_keeps_both(api: Api, acme: Tenant, lecture: MaterialEntry) -> None:
    first = generate(api, acme, lecture.node)
    upload(api(acme), lecture.node_id, "steam.md", b"# Steam\n\n**Steam** is water that has become a gas.")
    drain()
    second = generate(api, acme, lecture.node)

    listed = api(acme).get(f"/api/v1/nodes/{lecture.node_id}/snapshots").json()["data"]
    latest = api(acme).get(f"/api/v1/nodes/{lecture.node_id}/structure").json()

    assert [snapshot["id"] for snapshot in listed] == [str(second.pk), str(first.pk)]
    assert latest["id"] == str(second.pk)


def test_it_refuses_a_second_generation_over_the_same_materials(
    api: Api, acme: Tenant, course: MaterialNode, lecture: MaterialEntry
) -> None:
    part = create_node(tenant=acme, title="Part", parent_id=course.pk)
    upload(api(acme), part.pk, "a.md", b"# A\n\nText of the part.")
    drain()
    running = api(acme).post(f"/api/v1/nodes/{course.pk}/generate", {}, format="json").json()

    for node in (course, part):
        refused = api(acme).post(f"/api/v1/nodes/{node.pk}/generate", {}, format="json")
        assert (refused.status_code, refused.json()["code"]) == (409, "generation_running")
        assert refused.json()["job"] == running["id"]


def test_a_generation_of_a_part_keeps_the_whole_waiting(
    api: Api, acme: Tenant, course: MaterialNode, lecture: MaterialEntry
) -> None:
    part = create_node(tenant=acme, title="Part", parent_id=course.pk)
    upload(api(acme), part.pk, "a.md", b"# A\n\nText of the part.")
    drain()
    api(acme).post(f"/api/v1/nodes/{part.pk}/generate", {}, format="json")

    assert api(acme).post(f"/api/v1/nodes/{course.pk}/generate", {}, format="json").status_code == 409


def test_it_refuses_when_nothing_is_ready(api: Api, acme: Tenant, course: MaterialNode) -> None:
    answer = api(acme).post(f"/api/v1/nodes/{course.pk}/generate", {}, format="json")

    assert (answer.status_code, answer.json()["code"]) == (422, "nothing_ready")


def test_it_waits_for_what_is_still_being_read(api: Api, acme: Tenant, course: MaterialNode) -> None:
    upload(api(acme), course.pk, "a.md", b"# A\n\nText that is not read yet.")

    job = api(acme).post(f"/api/v1/nodes/{course.pk}/generate", {}, format="json").json()
    runner.run_next_job()
    drain()

    assert Job.objects.get(pk=job["id"]).status == JobStatus.COMPLETE
    assert StructureSnapshot.objects.count() == 1


def test_it_fails_with_a_reason_when_what_it_waits_for_fails(api: Api, acme: Tenant, course: MaterialNode) -> None:
    upload(api(acme), course.pk, "noise.pdf", b"%PDF-1.7\nnothing to see\n%%EOF")

    job = api(acme).post(f"/api/v1/nodes/{course.pk}/generate", {}, format="json").json()
    drain()

    assert Job.objects.get(pk=job["id"]).error_code == "dependency_failed"


def test_it_names_what_it_left_out(api: Api, acme: Tenant, lecture: MaterialEntry) -> None:
    upload(api(acme), lecture.node_id, "broken.pdf", b"%PDF-1.7\nnothing to see\n%%EOF")
    drain()

    snapshot = generate(api, acme, lecture.node)

    assert snapshot.warnings == ["Left out because they are not ready: broken.pdf."]


def test_it_does_not_answer_with_a_snapshot_of_what_can_no_longer_be_read(
    api: Api, acme: Tenant, lecture: MaterialEntry
) -> None:
    upload(api(acme), lecture.node_id, "steam.md", b"# Steam\n\n**Steam** is water that has become a gas.")
    drain()
    before = generate(api, acme, lecture.node)
    Path(default_storage.path(lecture.object_key)).write_bytes(b"")
    api(acme).post(f"/api/v1/entries/{lecture.pk}/ingest")
    drain()

    after = generate(api, acme, lecture.node)

    assert after.pk != before.pk
    assert after.warnings == ["Left out because they are not ready: lecture.md."]


def test_a_snapshot_survives_its_sources(api: Api, acme: Tenant, lecture: MaterialEntry) -> None:
    snapshot = generate(api, acme, lecture.node)
    before = api(acme).get(f"/api/v1/snapshots/{snapshot.pk}").json()

    delete_entry(tenant=acme, entry_id=lecture.pk)

    after = api(acme).get(f"/api/v1/snapshots/{snapshot.pk}").json()
    assert strip_changes(after) == strip_changes(before)


@pytest.mark.parametrize("table", ["structuresnapshot", "snapshotsource", "structurenode", "reference"])
def test_the_database_refuses_to_change_a_snapshot(api: Api, acme: Tenant, lecture: MaterialEntry, table: str) -> None:
    generate(api, acme, lecture.node)

    with pytest.raises(IntegrityError, match="immutable"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE structures_{table} SET created_at = now()")  # noqa: S608  # a fixed list of tables


def test_it_reads_a_snapshot_in_few_statements(
    api: Api, acme: Tenant, lecture: MaterialEntry, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    snapshot = generate(api, acme, lecture.node)
    client = api(acme)
    client.get("/api/v1/me")

    with django_assert_max_num_queries(8):
        client.get(f"/api/v1/snapshots/{snapshot.pk}")


def test_it_gives_a_structure_as_markdown(api: Api, acme: Tenant, lecture: MaterialEntry) -> None:
    generate(api, acme, lecture.node)
    address = f"/api/v1/nodes/{lecture.node_id}/structure"

    by_header = api(acme).get(address, headers={"Accept": "text/markdown"})
    by_parameter = api(acme).get(f"{address}?format=markdown")

    assert by_header["Content-Type"] == "text/markdown; charset=utf-8"
    assert by_header.content == by_parameter.content
    text = by_header.content.decode()
    assert text.startswith("# Water\n")
    assert "- **Boiling point**: Boiling point is the temperature" in text
    assert "(lecture.md, § Temperature)" in text


def test_an_error_stays_a_problem_when_markdown_was_asked_for(api: Api, acme: Tenant, course: MaterialNode) -> None:
    answer = api(acme).get(f"/api/v1/nodes/{course.pk}/structure", headers={"Accept": "text/markdown"})

    assert answer.status_code == 404
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["next_step"].startswith("Ask for one")


@pytest.mark.parametrize("body", [{"engine": "magic"}, {"engine": 5}, {"mode": "strict"}, {"mood": "free"}])
def test_it_refuses_an_unknown_engine_and_lists_the_known(
    api: Api, acme: Tenant, lecture: MaterialEntry, body: dict[str, object]
) -> None:
    answer = api(acme).post(f"/api/v1/nodes/{lecture.node_id}/generate", body, format="json")

    assert answer.status_code == 422


def test_it_keeps_the_order_of_the_materials(api: Api, acme: Tenant, course: MaterialNode) -> None:
    for number in (2, 10, 1):
        part = create_node(tenant=acme, title=f"{number:02}-Part {number}", parent_id=course.pk)
        upload(api(acme), part.pk, "text.md", f"# Lesson {number} of many\n\nWords about part {number}.".encode())
    drain()

    snapshot = generate(api, acme, course)

    modules = StructureNode.objects.filter(snapshot=snapshot, node_type="module").order_by("position")
    assert [module.title for module in modules] == ["Part 1", "Part 2", "Part 10"]
