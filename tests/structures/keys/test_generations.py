"""Keys over generations of a real course."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.migrations.executor import MigrationExecutor

from materials.chunks.services import correct_chunk
from materials.models import Chunk, MaterialEntry
from project.db.fields import new_id
from structures.models import StructureNode
from tenants.models import Tenant
from tests.conftest import Api, drain, upload
from tests.structures.generation.test_generation import generate

STEAM = b"# Steam\n\n**Steam** is water that has become a gas.\n\n**Fog** is water that floats in the air as drops."


def list_keys(api: Api, tenant: Tenant, node: object) -> dict[str, str]:
    """Return the keys of the newest structure by type and title."""
    found: dict[str, str] = {}
    pending = api(tenant).get(f"/api/v1/nodes/{node}/structure").json()["children"]
    while pending:
        shown: dict[str, Any] = pending.pop()
        found[f"{shown['node_type']} {shown['title']}"] = shown["key"]
        pending += shown["children"]
    assert len(set(found.values())) == len(found)
    return found


def test_a_generation_keeps_the_keys_of_what_is_still_there(api: Api, acme: Tenant, lecture: MaterialEntry) -> None:
    upload(api(acme), lecture.node_id, "steam.md", STEAM)
    drain()
    generate(api, acme, lecture.node)
    before = list_keys(api, acme, lecture.node_id)
    fog = Chunk.objects.get(text__contains="Fog is")
    correct_chunk(tenant=acme, chunk_id=fog.pk, text="Mist is water that floats in the air as drops.", by="test")
    api(acme).delete(f"/api/v1/entries/{lecture.pk}")
    upload(api(acme), lecture.node_id, "ice.md", b"# Ice\n\n**Ice** is water that has become a solid.")
    drain()

    generate(api, acme, lecture.node)
    after = list_keys(api, acme, lecture.node_id)

    assert after["concept Steam"] == before["concept Steam"]
    assert after["lesson Steam"] == before["lesson Steam"]
    assert before["concept Boiling point"] not in after.values()
    assert after["concept Ice"] not in before.values()


def test_what_comes_back_gets_a_new_key(api: Api, acme: Tenant, lecture: MaterialEntry) -> None:
    upload(api(acme), lecture.node_id, "steam.md", STEAM)
    drain()
    generate(api, acme, lecture.node)
    first = list_keys(api, acme, lecture.node_id)
    steam = MaterialEntry.objects.get(name="steam.md")
    api(acme).delete(f"/api/v1/entries/{steam.pk}")
    generate(api, acme, lecture.node)
    upload(api(acme), lecture.node_id, "steam2.md", STEAM + b"\n\nMore.")
    drain()

    generate(api, acme, lecture.node)
    third = list_keys(api, acme, lecture.node_id)

    assert third["concept Boiling point"] == first["concept Boiling point"]
    assert third["concept Steam"] not in first.values()


def test_the_database_refuses_a_key_for_two_nodes(api: Api, acme: Tenant, lecture: MaterialEntry) -> None:
    snapshot = generate(api, acme, lecture.node)
    there = StructureNode.objects.filter(snapshot=snapshot).order_by("position").first()
    assert there is not None
    twin = StructureNode(tenant=acme, snapshot=snapshot, key=there.key, position=99, node_type="concept", title="Twin")

    with pytest.raises(IntegrityError, match="structure_node_key_is_unique"), transaction.atomic():
        twin.save(force_insert=True)


@pytest.mark.django_db(transaction=True)
@pytest.mark.slow
def test_nodes_of_older_databases_have_their_id_as_key(api: Api, acme: Tenant, lecture: MaterialEntry) -> None:
    snapshot = generate(api, acme, lecture.node)
    node = new_id()
    try:
        MigrationExecutor(connection).migrate([("structures", "0003_snapshot_quality")])
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO structures_structurenode (id, created_at, position, node_type, title, description,"
                " learning_goal, difficulty, estimated_minutes, examples, reference_solution, grading_criteria,"
                " snapshot_id, tenant_id, arranged_by, key_points, minutes_basis, prerequisites, questions,"
                " required_knowledge, topics) VALUES (%s, now(), 99, 'concept', 'Old', '', '', NULL, NULL, '{}', '',"
                " '{}', %s, %s, '', '{}', '', '[]', '{}', '{}', '{}')",
                [node, snapshot.pk, acme.pk],
            )
    finally:
        executor = MigrationExecutor(connection)
        executor.migrate(executor.loader.graph.leaf_nodes("structures"))

    rows = StructureNode.objects.filter(snapshot=snapshot)
    assert rows.get(pk=node).key == node
    assert all(row.key == row.pk for row in rows)
    shown = api(acme).get(f"/api/v1/snapshots/{snapshot.pk}").json()
    assert shown["materials_changed"] == "unknown"
    # What readers saw before there were reviews they see still.
    assert shown["review"]["state"] == "published"
    assert shown["children"][0]["materials_changed"] == "unknown"
    tree = api(acme).get(f"/api/v1/nodes/{lecture.node_id}/tree").json()
    assert tree["structure"] == {"snapshot": str(snapshot.pk), "materials_changed": "unknown"}
