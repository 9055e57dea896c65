"""Contents and metadata from the bytes of a source to the API and to what the engines read."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from materials.documents import Contents, ContentsItem, Format
from materials.fingerprints import compute_entry_fingerprint
from materials.models import MaterialEntry, MaterialNode
from materials.tree.services import copy_node
from structures.generation.queries import load_sources
from tenants.models import Tenant
from tests.conftest import Api, drain, upload
from tests.materials.transfer.test_import import imported, items, packed

SUMMARY = b"# Summary\n\n- [Water](water.md#top)\n  - [Ice](ice.md)\n"


def read_entry(api: Api, tenant: Tenant, entry: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = api(tenant).get(f"/api/v1/entries/{entry['id']}").json()
    return found


def test_a_contents_file_is_ready_without_chunks(api: Api, acme: Tenant, course: MaterialNode) -> None:
    entry = upload(api(acme), course.pk, "SUMMARY.md", SUMMARY)
    drain()

    found = read_entry(api, acme, entry)

    assert (found["format"], found["state"], found["chunk_count"], found["warnings"]) == ("contents", "ready", 0, [])
    assert found["contents"] == {
        "dialect": "SUMMARY.md",
        "title": "",
        "position": None,
        "folders": [],
        "items": [
            {
                "title": "Water",
                "target": "water.md",
                "fragment": "top",
                "locator": None,
                "children": [
                    {"title": "Ice", "target": "ice.md", "fragment": "", "locator": None, "children": []},
                ],
            }
        ],
    }
    assert api(acme).get(f"/api/v1/entries/{entry['id']}/markdown").status_code == 200


def test_engines_get_contents_metadata_links_and_facts_in_the_same_few_statements(
    api: Api, acme: Tenant, course: MaterialNode
) -> None:
    upload(api(acme), course.pk, "SUMMARY.md", SUMMARY)
    upload(api(acme), course.pk, "water.md", b"---\nweight: 3\ntags: [a, 2024-05-01]\n---\nDrink [it](ice.md).\n")
    drain()

    with CaptureQueriesContext(connection) as few:
        root = load_sources(tenant=acme, node_id=course.pk).root

    contents, page = root.entries
    assert contents.contents == Contents(
        dialect="SUMMARY.md",
        items=(
            ContentsItem(
                title="Water",
                target="water.md",
                fragment="top",
                children=(ContentsItem(title="Ice", target="ice.md"),),
            ),
        ),
    )
    assert (contents.format, contents.chunks) == (Format.CONTENTS, ())
    assert page.metadata == {"weight": 3, "tags": ["a", "2024-05-01"]}
    assert page.chunks[0].links == ("ice.md",)
    assert len(page.sha256) == 64
    for number in range(10):
        upload(api(acme), course.pk, f"{number}.md", f"# Page {number}".encode())
    drain()
    with CaptureQueriesContext(connection) as more:
        load_sources(tenant=acme, node_id=course.pk)
    assert len(more) == len(few)


def test_a_page_of_front_matter_alone_is_ready(api: Api, acme: Tenant, course: MaterialNode) -> None:
    entry = upload(api(acme), course.pk, "_index.md", b"---\ntitle: Water\nweight: 10\n---\n\n")
    drain()

    found = read_entry(api, acme, entry)

    assert (found["state"], found["title"], found["chunk_count"]) == ("ready", "Water", 0)
    assert found["metadata"] == {"title": "Water", "weight": 10}


def test_a_structure_is_made_of_a_course_with_a_contents_file(api: Api, acme: Tenant, course: MaterialNode) -> None:
    upload(api(acme), course.pk, "SUMMARY.md", SUMMARY)
    upload(api(acme), course.pk, "_index.md", b"---\nweight: 10\n---\n")
    upload(api(acme), course.pk, "water.md", b"# Water\n\n**Water** is a liquid that has no taste of its own.\n")
    drain()

    api(acme).post(f"/api/v1/nodes/{course.pk}/generate", {}, format="json")
    drain()

    answer = api(acme).get(f"/api/v1/nodes/{course.pk}/structure").json()
    assert "Water" in str(answer)


def test_contents_count_in_the_fingerprint_and_their_absence_does_not() -> None:
    contents = Contents(dialect="SUMMARY.md", items=(ContentsItem(title="A", target="a.md"),))
    other = Contents(dialect="SUMMARY.md", items=(ContentsItem(title="B", target="a.md"),))
    plain = compute_entry_fingerprint([])

    made = {
        plain,
        compute_entry_fingerprint([], contents=contents),
        compute_entry_fingerprint([], contents=other),
        compute_entry_fingerprint([], metadata={"weight": 1}),
        compute_entry_fingerprint([], metadata={"weight": 2}),
    }

    assert len(made) == 5
    assert compute_entry_fingerprint([], metadata={}) == plain


def test_another_table_of_contents_changes_the_fingerprint_of_the_course(
    api: Api, acme: Tenant, course: MaterialNode
) -> None:
    entry = upload(api(acme), course.pk, "SUMMARY.md", SUMMARY)
    drain()
    before = MaterialEntry.objects.get(pk=entry["id"]).fingerprint
    upload(api(acme), course.pk, "summary.md", SUMMARY.replace(b"Ice", b"Snow"))
    drain()

    after = MaterialEntry.objects.get(name="summary.md").fingerprint

    assert len({before, after, ""}) == 3


def test_contents_survive_a_copy(api: Api, acme: Tenant, course: MaterialNode) -> None:
    upload(api(acme), course.pk, "SUMMARY.md", SUMMARY)
    drain()

    copy = copy_node(tenant=acme, node_id=course.pk, parent_id=None)

    assert [entry["contents"]["items"][0]["title"] for entry in _list_entries(api, acme, str(copy.pk))] == ["Water"]


def _list_entries(api: Api, tenant: Tenant, node: str) -> list[dict[str, Any]]:
    tree = api(tenant).get(f"/api/v1/nodes/{node}/tree").json()
    found: list[dict[str, Any]] = tree["entries"]
    return found


def test_an_import_takes_contents_files_and_skips_other_data(api: Api, acme: Tenant, course: MaterialNode) -> None:
    archive = packed({"SUMMARY.md": SUMMARY, "water.md": "# Water", "data.json": "{}", "ci.yml": "on: push"})

    report = imported(api(acme), course.pk, archive)
    drain()

    assert [item["path"] for item in items(api(acme), report, outcome="skipped")] == ["ci.yml", "data.json"]
    assert {entry["name"]: (entry["format"], entry["state"]) for entry in _list_entries(api, acme, str(course.pk))} == {
        "SUMMARY.md": ("contents", "ready"),
        "water.md": ("markdown", "ready"),
    }


@pytest.mark.parametrize(
    ("front", "kept"),
    [
        ("a: .nan\nb: 1.0e+400\nc: 123456789012345678901", {"a": "nan", "b": "inf", "c": "0x6b14e9f812f366c35"}),
        ("1: x\ndate: 2024-01-02 03:04:05", {"1": "x", "date": "2024-01-02 03:04:05"}),
        ('nul: "a\\0b"', {"nul": "ab"}),
        ("a: !!binary aGk=", {"a": "b'hi'"}),
    ],
)
def test_odd_values_of_front_matter_become_json(
    api: Api, acme: Tenant, course: MaterialNode, front: str, kept: dict[str, Any]
) -> None:
    entry = upload(api(acme), course.pk, "a.md", f"---\n{front}\n---\nText.\n".encode())
    drain()

    found = read_entry(api, acme, entry)

    assert (found["state"], found["metadata"]) == ("ready", kept)


def test_front_matter_that_multiplies_is_cut_and_said(api: Api, acme: Tenant, course: MaterialNode) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    entry = upload(api(acme), course.pk, "a.md", "---\n{}\n---\nText.\n".format("\n".join(lines)).encode())
    drain()

    found = read_entry(api, acme, entry)

    assert found["state"] == "ready"
    assert "of the metadata (front matter) were not kept" in found["warnings"][0]
