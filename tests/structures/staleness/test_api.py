"""What the API, the tree and the admin say of a structure whose materials have changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.storage import default_storage
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from materials.chunks.services import correct_chunk, delete_correction
from materials.entries.services import delete_entry
from materials.models import Chunk, ChunkCorrection, MaterialEntry, MaterialNode
from materials.tree.services import create_node
from structures.models import Reference, StructureSnapshot
from structures.staleness.queries import find_changes
from tenants.models import Tenant
from tests.conftest import LECTURE, Api, drain, upload
from tests.structures.generation.test_generation import generate

STEAM = b"# Steam\n\n**Steam** is water that has become a gas."


@pytest.fixture
def snapshot(api: Api, acme: Tenant, lecture: MaterialEntry) -> StructureSnapshot:
    """Return the structure of a course of two files in two folders."""
    part = create_node(tenant=acme, title="Part", parent_id=lecture.node_id)
    upload(api(acme), part.pk, "steam.md", STEAM)
    drain()
    return generate(api, acme, lecture.node)


def read(api: Api, tenant: Tenant, snapshot: StructureSnapshot) -> Any:
    shown = api(tenant).get(f"/api/v1/snapshots/{snapshot.pk}").json()
    latest = api(tenant).get(f"/api/v1/nodes/{snapshot.node_id}/structure").json()
    assert shown["materials_changed"] == latest["materials_changed"]
    tree = api(tenant).get(f"/api/v1/nodes/{snapshot.node_id}/tree").json()
    assert tree["structure"]["materials_changed"] is (shown["materials_changed"] is not False)
    return shown


def name_changes(changes: Any) -> Any:
    """Return the names of changed entries and the quotes that are lost, without what is empty."""
    named = {group: [each["name"] for each in changes[group]] for group in changes if group != "lost_references"}
    return {group: names for group, names in named.items() if names} | (
        {"lost": sorted({each["quote"] for each in changes["lost_references"]})} if changes["lost_references"] else {}
    )


def list_changed_titles(shown: Any) -> set[str]:
    found, pending = set(), list(shown["children"])
    while pending:
        node = pending.pop()
        if node["materials_changed"] is not False:
            found.add(node["title"])
        pending += node["children"]
    return found


def test_nothing_has_changed_at_first(api: Api, acme: Tenant, snapshot: StructureSnapshot) -> None:
    shown = read(api, acme, snapshot)

    assert shown["materials_changed"] is False
    assert list_changed_titles(shown) == set()


def test_a_moved_a_renamed_and_a_file_that_was_sent_again_are_no_change(
    api: Api, acme: Tenant, lecture: MaterialEntry, snapshot: StructureSnapshot
) -> None:
    other = create_node(tenant=acme, title="Other", parent_id=lecture.node_id)
    api(acme).patch(f"/api/v1/entries/{lecture.pk}", {"name": "renamed.md"}, format="json")
    steam = MaterialEntry.objects.get(name="steam.md")
    delete_entry(tenant=acme, entry_id=steam.pk)
    upload(api(acme), other.pk, "gas.md", STEAM)
    drain()

    assert read(api, acme, snapshot)["materials_changed"] is False


def test_added_and_removed_entries_are_named(
    api: Api, acme: Tenant, lecture: MaterialEntry, snapshot: StructureSnapshot
) -> None:
    upload(api(acme), lecture.node_id, "ice.md", b"# Ice\n\n**Ice** is water that has become a solid.")
    drain()
    delete_entry(tenant=acme, entry_id=MaterialEntry.objects.get(name="steam.md").pk)

    shown = read(api, acme, snapshot)

    changes = name_changes(shown["materials_changed"])
    assert (changes["added"], changes["removed"]) == (["ice.md"], ["steam.md"])
    assert "Steam is water that has become a gas." in changes["lost"]
    assert shown["materials_changed"]["removed"][0]["path"] == "Part/steam.md"
    assert "Steam" in list_changed_titles(shown)
    assert "Boiling point" not in list_changed_titles(shown)


def test_a_removed_file_whose_text_stands_in_another_one_loses_no_reference(
    api: Api, acme: Tenant, lecture: MaterialEntry, snapshot: StructureSnapshot
) -> None:
    upload(api(acme), lecture.node_id, "water.md", STEAM + b"\n\n# More\n\nOf water.")
    drain()
    delete_entry(tenant=acme, entry_id=MaterialEntry.objects.get(name="steam.md").pk)

    changes = name_changes(read(api, acme, snapshot)["materials_changed"])

    assert changes == {"added": ["water.md"], "removed": ["steam.md"]}


def test_a_correction_says_which_reference_no_longer_stands_until_it_is_taken_back(
    api: Api, acme: Tenant, snapshot: StructureSnapshot
) -> None:
    chunk = Chunk.objects.get(text__startswith="Steam is")
    correct_chunk(tenant=acme, chunk_id=chunk.pk, text="Steam is water that became a gas.", by="test")

    shown = read(api, acme, snapshot)
    correction = ChunkCorrection.objects.get()

    assert name_changes(shown["materials_changed"]) == {
        "corrected": ["steam.md"],
        "lost": ["Steam is water that has become a gas."],
    }
    node = Reference.objects.filter(quote__startswith="Steam is")[0].structure_node
    lost = shown["materials_changed"]["lost_references"][0]
    assert (lost["node"], lost["key"]) == (str(node.pk), str(node.key))
    delete_correction(tenant=acme, correction_id=correction.pk)
    assert read(api, acme, snapshot)["materials_changed"] is False


def test_a_correction_beside_a_quote_leaves_its_reference_standing(
    api: Api, acme: Tenant, snapshot: StructureSnapshot
) -> None:
    chunk = Chunk.objects.get(text__startswith="Steam is")
    correct_chunk(tenant=acme, chunk_id=chunk.pk, text=f"{chunk.text} Fog is none.", by="test")

    assert name_changes(read(api, acme, snapshot)["materials_changed"]) == {"corrected": ["steam.md"]}


WHEELS = b"""# Wheels

Steam drives the wheels of an engine.

**Wheel** is a disc that turns about an axle.
"""


@pytest.fixture
def building(api: Api, acme: Tenant, course: MaterialNode) -> StructureSnapshot:
    """Return the structure of two files, of which the second uses a term that the first defines."""
    for name, text in (("1 steam.md", STEAM), ("2 wheels.md", WHEELS)):
        upload(api(acme), course.pk, name, text)
    drain()
    return generate(api, acme, course)


@pytest.mark.parametrize(
    ("file", "begin", "corrected", "part"),
    [
        ("1 steam.md", "Steam is water", "Vapour is water that has become a gas.", "definition"),
        ("2 wheels.md", "Steam drives", "Water drives the wheels of an engine.", "use"),
    ],
)
def test_quotes_of_prerequisites_that_no_longer_stand_are_named(
    api: Api, acme: Tenant, building: StructureSnapshot, file: str, begin: str, corrected: str, part: str
) -> None:
    (node,) = building.nodes.exclude(prerequisites=[])
    (prerequisite,) = node.prerequisites
    chunk = Chunk.objects.get(entry__name=file, text__startswith=begin)
    correct_chunk(tenant=acme, chunk_id=chunk.pk, text=f"{chunk.text} Of course.", by="test")
    assert "lost" not in name_changes(read(api, acme, building)["materials_changed"])
    correct_chunk(tenant=acme, chunk_id=chunk.pk, text=corrected, by="test")

    shown = read(api, acme, building)

    lost = [each for each in shown["materials_changed"]["lost_references"] if each["prerequisite"]]
    assert lost == [
        {
            "node": str(node.pk), "key": str(node.key), "entry": prerequisite[part]["entry"],
            "entry_path": file, "quote": prerequisite[part]["quote"], "prerequisite": prerequisite["term"],
            "part": part,
        }
    ]  # fmt: skip
    assert node.title in list_changed_titles(shown)


def test_another_reading_with_other_spaces_and_quotation_marks_loses_nothing(
    api: Api, acme: Tenant, building: StructureSnapshot
) -> None:
    for chunk in Chunk.objects.filter(text__contains="team "):
        text = "\u201cSo:\u201d  " + chunk.text.replace(" ", "\u00a0\n")
        correct_chunk(tenant=acme, chunk_id=chunk.pk, text=text, by="test")

    assert name_changes(read(api, acme, building)["materials_changed"]) == {"corrected": ["1 steam.md", "2 wheels.md"]}


def test_a_file_that_can_no_longer_be_read_is_named(
    api: Api, acme: Tenant, lecture: MaterialEntry, snapshot: StructureSnapshot
) -> None:
    Path(default_storage.path(lecture.object_key)).write_bytes(b"")
    api(acme).post(f"/api/v1/entries/{lecture.pk}/ingest")
    assert read(api, acme, snapshot)["materials_changed"] is False, "the job is open: nobody knows yet"
    drain()

    assert name_changes(read(api, acme, snapshot)["materials_changed"]) == {"unreadable": ["lecture.md"]}


def test_it_takes_as_many_statements_for_a_large_course(api: Api, acme: Tenant) -> None:
    assert count_statements(api, acme, files=2) == count_statements(api, acme, files=12)


def count_statements(api: Api, tenant: Tenant, *, files: int) -> list[int]:
    """Return how many statements tree and structure take of a course, every second file of which has changed."""
    root = create_node(tenant=tenant, title="Course")
    for number in range(files):
        part = create_node(tenant=tenant, title=f"Part {number}", parent_id=root.pk)
        upload(api(tenant), part.pk, f"{number}.md", LECTURE + f"\n\nOf file {number} of {files}.".encode())
    drain()
    snapshot = generate(api, tenant, root)
    part = root.children.order_by("position")[1]
    generate(api, tenant, part)
    counts = [measure(api, tenant, snapshot)]
    entries = list(MaterialEntry.objects.filter(node__parent=root).order_by("node__position"))
    for entry in entries[::2]:
        chunk = Chunk.objects.filter(entry=entry, text__startswith="Boiling point is")[0]
        correct_chunk(tenant=tenant, chunk_id=chunk.pk, text=f"Corrected in {entry.name}.", by="test")
    delete_entry(tenant=tenant, entry_id=entries[1].pk)
    counts.append(measure(api, tenant, snapshot))
    return [count for pair in counts for count in pair]


def measure(api: Api, tenant: Tenant, snapshot: StructureSnapshot) -> tuple[int, int]:
    client = api(tenant)
    client.get("/api/v1/me")
    counts = []
    for path in (f"snapshots/{snapshot.pk}", f"nodes/{snapshot.node_id}/tree"):
        with CaptureQueriesContext(connection) as asked:
            assert client.get(f"/api/v1/{path}").status_code == 200
        counts.append(len(asked))
    return counts[0], counts[1]


def test_texts_are_loaded_of_changed_entries_alone(
    acme: Tenant, lecture: MaterialEntry, snapshot: StructureSnapshot
) -> None:
    chunk = Chunk.objects.get(text__startswith="Steam is")
    correct_chunk(tenant=acme, chunk_id=chunk.pk, text="Steam is wet.", by="test")

    with CaptureQueriesContext(connection) as asked:
        find_changes(tenant=acme, snapshot=snapshot, references=list(Reference.objects.filter(snapshot=snapshot)))

    texts = [query["sql"] for query in asked.captured_queries if '"materials_chunk"."text" ' in query["sql"]]
    assert len(texts) == 1
    assert chunk.entry_id.hex in texts[0]
    assert lecture.pk.hex not in texts[0]


def test_another_tenants_files_prove_nothing(
    api: Api, acme: Tenant, rival: Tenant, snapshot: StructureSnapshot
) -> None:
    theirs = create_node(tenant=rival, title="Theirs")
    upload(api(rival), theirs.pk, "steam.md", STEAM)
    drain()
    delete_entry(tenant=acme, entry_id=MaterialEntry.objects.get(name="steam.md", tenant=acme).pk)

    assert "lost" in name_changes(read(api, acme, snapshot)["materials_changed"])


def test_operators_see_it(acme: Tenant, lecture: MaterialEntry, snapshot: StructureSnapshot) -> None:
    operator = Client()
    operator.force_login(User.objects.create_superuser("operator"))
    page = reverse("admin:structures_structuresnapshot_change", args=[snapshot.pk])
    assert "Nothing has changed since." in operator.get(page).content.decode()

    delete_entry(tenant=acme, entry_id=lecture.pk)

    assert "Removed: lecture.md." in operator.get(page).content.decode()


def test_the_tree_marks_each_node_with_a_structure(
    api: Api, acme: Tenant, lecture: MaterialEntry, snapshot: StructureSnapshot
) -> None:
    part = MaterialNode.objects.get(title="Part")
    inner = generate(api, acme, part)
    delete_entry(tenant=acme, entry_id=lecture.pk)

    tree = api(acme).get(f"/api/v1/nodes/{lecture.node_id}/tree").json()

    assert tree["structure"] == {"snapshot": str(snapshot.pk), "materials_changed": True}
    (child,) = tree["children"]
    assert child["structure"] == {"snapshot": str(inner.pk), "materials_changed": False}
    other = create_node(tenant=acme, title="Other")
    assert api(acme).get(f"/api/v1/nodes/{other.pk}/tree").json()["structure"] is None
