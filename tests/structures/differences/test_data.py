"""The difference of two snapshots as data."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from materials.models import MaterialNode
from materials.tree.services import create_node
from project.db.fields import new_id
from structures.models import StructureSnapshot
from tenants.models import Tenant
from tests.conftest import Api
from tests.structures.course_page.stored import nest_modules, store_snapshot
from tests.structures.differences.courses import build_node, cite, key, store_pair

COURSE = "00000000-0000-0000-0000-000000000000"


def compare(api: Api, before: StructureSnapshot, after: StructureSnapshot, tenant: Tenant | None = None) -> Any:
    client = api(tenant or after.tenant)
    return client.get(f"/api/v1/snapshots/{after.pk}/differences?from={before.pk}")


def test_each_change_has_key_title_and_path(api: Api, acme: Tenant, course: MaterialNode) -> None:
    before, after = store_pair(acme, course)

    answer = compare(api, before, after)

    assert answer["Content-Type"] == "application/json"
    found = answer.json()
    assert (found["from"], found["snapshot"], found["node"]) == (str(before.pk), str(after.pk), str(course.pk))
    assert found["counts"] == {"added": 1, "removed": 3, "moved": 1, "reordered": 1, "changed": 6, "evidence": 1}
    (added,) = found["added"]
    assert {name: added[name] for name in ("key", "title", "path", "node_type", "parent", "position", "fields")} == {
        "key": str(key("Melting")),
        "title": "Melting",
        "path": ["Basics", "Warmth"],
        "node_type": "concept",
        "parent": str(key("Heat")),
        "position": 1,
        "fields": {"title": "Melting", "description": "Ice to water."},
    }
    assert [each["quote"] for each in added["references"]] == ["Ice melts."]
    assert [(each["title"], each["path"], each["position"]) for each in found["removed"]] == [
        ("Steam", ["Basics", "Heat"], 1),
        ("Clouds", [], 2),
        ("Fog", ["Clouds"], 0),
    ]
    (moved,) = found["moved"]
    assert (moved["title"], moved["path_before"], moved["path"]) == ("Cold", ["Basics"], ["Rivers"])
    assert (moved["parent_before"], moved["parent"]) == (str(key("Basics")), str(key("Rivers")))
    assert [each["path"] for each in found["reordered"]] == [["Rivers"]]
    (evidence,) = found["evidence"]
    assert (evidence["key"], evidence["title"], evidence["path"]) == (
        str(key("Boiling")),
        "Boiling",
        ["Basics", "Warmth"],
    )
    assert [(each["quote"], each["locator"]) for each in evidence["gained"]] == [("Three.", {"page": 4})]
    assert [each["quote"] for each in evidence["lost"]] == ["One."]


def test_fields_are_compared_by_words(api: Api, acme: Tenant, course: MaterialNode) -> None:
    found = compare(api, *store_pair(acme, course)).json()

    changed = {(each["title"], each["field"]): each for each in found["changed"]}
    assert set(changed) == {
        ("Water", "description"),
        ("Warmth", "title"),
        ("Warmth", "difficulty"),
        ("Warmth", "estimated_minutes"),
        ("Warmth", "key_points"),
        ("Boiling", "description"),
    }
    assert changed["Water", "description"]["key"] == COURSE
    assert [(each["operation"], each["text"]) for each in changed["Boiling", "description"]["words"]] == [
        ("same", "Water is "),
        ("removed", "hot"),
        ("added", "cold"),
        ("same", "."),
    ]
    assert changed["Warmth", "key_points"]["after"] == ["First", "Third"]
    minutes = changed["Warmth", "estimated_minutes"]
    assert (minutes["before"], minutes["after"], minutes["words"]) == ({"minutes": 75, "basis": "computed"}, None, [])


def test_a_snapshot_does_not_differ_from_itself(api: Api, acme: Tenant, course: MaterialNode) -> None:
    before, _ = store_pair(acme, course)

    assert set(compare(api, before, before).json()["counts"].values()) == {0}


def test_what_other_tenants_have_is_not_there(api: Api, acme: Tenant, rival: Tenant, course: MaterialNode) -> None:
    before, after = store_pair(acme, course)
    theirs = store_snapshot(rival, create_node(tenant=rival, title="Theirs"), [build_node("module", "Secret")])

    for one, other in ((theirs, after), (before, theirs)):
        answer = compare(api, one, other, acme)
        assert answer.status_code == 404
        assert b"Secret" not in answer.content


def test_snapshots_of_two_nodes_are_refused(api: Api, acme: Tenant, course: MaterialNode) -> None:
    _, after = store_pair(acme, course)
    other = store_snapshot(acme, create_node(tenant=acme, title="Fire"), [build_node("module", "Basics")])

    for accepted in ("application/json", "text/html"):
        answer = api(acme).get(
            f"/api/v1/snapshots/{after.pk}/differences?from={other.pk}", headers={"accept": accepted}
        )
        problem = answer.json()
        assert (answer.status_code, problem["code"]) == (422, "unrelated_snapshots")
        assert str(course.pk) in problem["next_step"]


@pytest.mark.parametrize(
    ("query", "pointer"), [("", "/from"), ("?from=", "/from"), ("?from=1", "/from"), ("?from={pk}&form=html", "/form")]
)
def test_a_wrong_query_is_named(api: Api, acme: Tenant, course: MaterialNode, query: str, pointer: str) -> None:
    before, after = store_pair(acme, course)

    answer = api(acme).get(f"/api/v1/snapshots/{after.pk}/differences{query.format(pk=before.pk)}")

    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


def test_a_snapshot_with_too_many_nodes_is_refused(
    api: Api, acme: Tenant, course: MaterialNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, after = store_pair(acme, course)
    assert (before.nodes.count(), after.nodes.count()) == (10, 8)

    monkeypatch.setattr("structures.editing.stored_trees.MAX_NODES", 11)
    assert compare(api, before, after).status_code == 200
    monkeypatch.setattr("structures.editing.stored_trees.MAX_NODES", 10)
    problem = compare(api, before, after).json()

    assert (problem["status"], problem["code"]) == (422, "snapshot_too_large")
    assert str(before.pk) in problem["detail"]
    assert problem["next_step"]


def test_a_snapshot_that_is_too_deep_is_refused(api: Api, acme: Tenant, course: MaterialNode) -> None:
    deep = store_snapshot(acme, course, nest_modules(80))

    problem = compare(api, deep, deep).json()

    assert (problem["status"], problem["code"]) == (422, "snapshot_too_large")
    assert "72" in problem["detail"]


def test_statements_do_not_grow(api: Api, acme: Tenant, course: MaterialNode) -> None:
    def store(lessons: int, word: str) -> StructureSnapshot:
        tree = [
            build_node(
                "module",
                "All",
                *(
                    build_node("lesson", f"{number}", description=f"{word} {number}.", quotes=[cite(f"{word}.")])
                    for number in range(lessons)
                ),
            )
        ]
        return store_snapshot(acme, course, tree)

    client, asked = api(acme), []
    client.get("/api/v1/me")  # the first use of a key in a while is stored
    for lessons in (2, 60):
        before, after = store(lessons, "Old"), store(lessons, "New")
        for accepted in ("application/json", "text/html"):
            with CaptureQueriesContext(connection) as queries:
                answer = client.get(
                    f"/api/v1/snapshots/{after.pk}/differences?from={before.pk}", headers={"accept": accepted}
                )
            assert answer.content.count(b"Old") >= lessons
            asked.append(len(queries))

    assert len(set(asked)) == 1
    assert asked[0] <= 9  # authentication takes some, too


def test_terms_that_lessons_build_on_go_by_keys(api: Api, acme: Tenant, course: MaterialNode) -> None:
    def store(quote: str) -> StructureSnapshot:
        earlier, chunk = new_id(), str(new_id())
        kept = {
            "entry": str(key("book.pdf")), "entry_name": "book.pdf", "entry_path": "book.pdf", "chunk": chunk,
            "locator": {"page": 1}, "quote": quote, "machine_written": False,
        }  # fmt: skip
        needed = [{"term": "Steam", "lesson": str(earlier), "definition": kept, "use": kept}]
        lessons = [build_node("lesson", "One", id=earlier), build_node("lesson", "Two", prerequisites=needed)]
        return store_snapshot(acme, course, [build_node("module", "All", *lessons)])

    first, read_again, changed = store("Steam is vapour."), store("Steam is vapour."), store("Steam is a gas.")

    # The ids of lessons and of chunks are others each time.
    assert compare(api, first, read_again).json()["changed"] == []
    (change,) = compare(api, first, changed).json()["changed"]
    assert (change["title"], change["field"]) == ("Two", "prerequisites")
    assert [each["lesson"] for each in change["before"]] == [str(key("One"))]
