"""Differences of working copies: from their base, from other snapshots, and from one another."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext

from materials.models import MaterialNode
from materials.tree.services import create_node
from project.db.fields import new_id
from project.errors import DomainError
from project.http.preconditions import IfMatch
from structures.differences.queries import compare_snapshots, compare_working_copy
from structures.editing.differences import compare_trees
from structures.editing.stored_trees import load_snapshot_tree
from structures.models import StructureSnapshot, WorkingCopy
from structures.working_copies.approval import approve_working_copy
from structures.working_copies.rows import load_tree
from structures.working_copies.services import create_working_copy, edit_working_copy
from tenants.actors import Actor
from tenants.models import Tenant
from tenants.services import create_tenant
from tests.conftest import Api
from tests.structures.course_page.documents import parse
from tests.structures.course_page.stored import store_snapshot
from tests.structures.course_page.test_hostile_texts import ALL, PAYLOADS
from tests.structures.differences.courses import build_node, cite, key, store_pair
from tests.structures.differences.test_page import check_markup
from tests.structures.working_copies.desk import COURSE, Desk, create_copy
from tests.structures.working_copies.test_parts import choose_edit

ACTOR = Actor(kind="user", id="1", name="Ada")
ANY = IfMatch(None)


@pytest.fixture
def pair(acme: Tenant, course: MaterialNode) -> tuple[StructureSnapshot, StructureSnapshot]:
    return store_pair(acme, course)


@pytest.fixture
def desk(api: Api, acme: Tenant, pair: tuple[StructureSnapshot, StructureSnapshot]) -> Desk:
    return create_copy(api(acme), pair[0].pk)


def test_a_working_copy_is_compared_with_its_base(
    desk: Desk, pair: tuple[StructureSnapshot, StructureSnapshot]
) -> None:
    boiling, steam = str(key("Boiling")), str(key("Steam"))
    assert set(desk.get("differences")["counts"].values()) == {0}
    desk.edit("change_field", key=boiling, field="description", value="Water is cold.")
    desk.edit("delete_node", key=steam)
    desk.edit("add_node", node_type="lesson", parent=str(key("Rivers")), title="Floods")
    desk.edit("move_node", key=str(key("Cold")), parent=str(key("Rivers")))
    desk.edit("remove_reference", key=boiling, reference=desk.find("Boiling")["references"][0])

    found = desk.get("differences")

    assert (found["from"], found["from_revision"]) == (str(pair[0].pk), None)
    assert (found["snapshot"], found["revision"]) == (None, 6)
    assert desk.path.endswith(found["working_copy"])
    assert found["counts"] == {"added": 1, "removed": 1, "moved": 1, "reordered": 0, "changed": 1, "evidence": 1}
    assert [each["title"] for each in found["added"]] == ["Floods"]
    assert found["removed"][0]["path"] == ["Basics", "Heat"]
    assert [each["text"] for each in found["changed"][0]["words"]] == ["Water is ", "hot", "cold", "."]
    assert [each["quote"] for each in found["evidence"][0]["lost"]] == ["One."]


def test_either_side_may_be_a_working_copy(
    api: Api, acme: Tenant, desk: Desk, pair: tuple[StructureSnapshot, StructureSnapshot]
) -> None:
    other = create_copy(api(acme), pair[1].pk, "other")
    desk.edit("change_field", key=COURSE, field="title", value="Mine")
    copy_id, other_id = desk.path.rpartition("/")[2], other.path.rpartition("/")[2]
    snapshots = desk.client.get(f"/api/v1/snapshots/{pair[1].pk}/differences?from={pair[0].pk}").json()

    from_snapshot = other.get(f"differences?from={pair[0].pk}")
    from_copy = other.get(f"differences?from={copy_id}")
    to_snapshot = desk.client.get(f"/api/v1/snapshots/{pair[1].pk}/differences?from={copy_id}").json()

    sides = ("from", "from_revision", "snapshot", "working_copy", "revision")
    lists = {name: value for name, value in snapshots.items() if name not in sides}
    assert {name: value for name, value in from_snapshot.items() if name not in sides} == lists
    assert [from_copy[name] for name in sides] == [copy_id, 2, None, other_id, 1]
    assert [to_snapshot[name] for name in sides] == [copy_id, 2, str(pair[1].pk), None, None]
    assert from_copy["counts"] == to_snapshot["counts"] == {**lists["counts"], "changed": 7}
    assert desk.get(f"differences?from={copy_id}")["counts"]["changed"] == 0


@pytest.mark.parametrize("seed", range(3))
def test_what_is_not_read_does_not_differ(
    acme: Tenant, course: MaterialNode, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    # Nothing is read for its language alone.
    monkeypatch.setattr("structures.differences.trees._SAMPLE_NODES", 0)
    chance = random.Random(seed)  # noqa: S311 - nothing is secret
    pair = store_rich_pair(acme, course)
    copies = [
        create_working_copy(tenant=acme, snapshot_id=each.pk, name=str(number), actor=ACTOR)
        for number, each in enumerate(pair)
    ]
    for copy in copies:
        edit_randomly(chance, acme, copy)
    approved, _ = approve_working_copy(tenant=acme, copy_id=copies[1].pk, reason="", actor=ACTOR, if_match=ANY)
    snapshots = [*pair, approved]
    trees = {
        **{each.pk: load_snapshot_tree(each) for each in snapshots},
        **{each.pk: load_tree(each) for each in copies},
    }

    empty = 0
    for before in trees:
        for after in snapshots:
            found = compare_snapshots(tenant=acme, before_id=before, after_id=after.pk).tree_difference
            assert found == compare_trees(trees[before], trees[after.pk])
            empty += found.is_empty
        for copy in copies:
            found = compare_working_copy(tenant=acme, copy_id=copy.pk, before_id=before).tree_difference
            assert found == compare_trees(trees[before], trees[copy.pk])
            empty += found.is_empty
    # Each with itself, and the approved one with its working copy.
    assert empty == len(trees) + 2


def test_only_what_may_differ_is_read(acme: Tenant, course: MaterialNode, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("structures.differences.trees._SAMPLE_NODES", 0)
    before, after = store_rich_pair(acme, course)
    copy = create_working_copy(tenant=acme, snapshot_id=after.pk, name="main", actor=ACTOR)

    for compared in (
        compare_snapshots(tenant=acme, before_id=before.pk, after_id=after.pk),
        compare_working_copy(tenant=acme, copy_id=copy.pk, before_id=before.pk),
    ):
        for side in (compared.before, compared.after):
            whole = [node.title for node in side.tree.nodes.values() if node.references or len(node.fields) > 1]
            assert whole == ["Lesson 1"]


def store_rich_pair(tenant: Tenant, node: MaterialNode) -> tuple[StructureSnapshot, StructureSnapshot]:
    """Store two snapshots whose nodes have every field, with evidence at places of all kinds."""
    places: list[dict[str, Any]] = [
        {"page": 3}, {"slide": 2}, {"start_ms": 1, "end_ms": 2}, {"heading_path": ["A", "B"], "fragment": "a"}
    ]  # fmt: skip

    def store(word: str) -> StructureSnapshot:
        chunk, first = str(new_id()), new_id()
        quoted = {"entry": str(key("book.pdf")), "chunk": chunk, "locator": {"page": 1}, "quote": "Vapour."}
        needed = [{"term": "Steam", "lesson": str(first), "definition": quoted, "use": quoted}]
        fields: dict[str, Any] = {
            "description": "Text.", "learning_goal": "Goal.", "difficulty": 2, "estimated_minutes": 0,
            "minutes_basis": "computed", "key_points": ["a", "b"], "questions": ["c"], "topics": ["d"],
            "required_knowledge": ["e"], "examples": ["f"], "reference_solution": "g", "grading_criteria": ["h"],
            "arranged_by": "i",
        }  # fmt: skip
        one, two, three = (
            build_node(
                "lesson",
                f"Lesson {number}",
                *(
                    build_node("concept", f"{number}.{place}", quotes=[{**cite(f"{number}.", 1), **where}])
                    for place, where in enumerate(places)
                ),
                **fields,
            )
            for number in range(3)
        )
        lessons = [{**one, "id": first}, {**two, "prerequisites": needed, "description": word}, three]
        # Minutes of before there was a basis.
        return store_snapshot(
            tenant, node, [build_node("module", "All", *lessons, estimated_minutes=3), build_node("module", "Empty")]
        )

    return store("One."), store("Two.")


def edit_randomly(chance: random.Random, tenant: Tenant, copy: WorkingCopy) -> None:
    for _ in range(12):
        operation, arguments = choose_edit(chance, load_tree(copy))
        try:
            edit_working_copy(
                tenant=tenant, copy_id=copy.pk, reason="", actor=ACTOR, if_match=ANY,
                operation=operation, arguments=arguments,
            )  # fmt: skip
        except DomainError:
            continue
    copy.refresh_from_db()


def test_what_other_tenants_have_is_not_there(
    api: Api, rival: Tenant, desk: Desk, pair: tuple[StructureSnapshot, StructureSnapshot]
) -> None:
    stranger = api(rival)
    theirs = store_snapshot(rival, create_node(tenant=rival, title="Theirs"), [build_node("module", "Secret")])
    other = create_copy(stranger, theirs.pk)
    copy_id, other_id = desk.path.rpartition("/")[2], other.path.rpartition("/")[2]

    for client, path in (
        (stranger, f"working-copies/{copy_id}/differences"),
        (stranger, f"working-copies/{other_id}/differences?from={copy_id}"),
        (desk.client, f"working-copies/{copy_id}/differences?from={other_id}"),
        (desk.client, f"working-copies/{copy_id}/differences?from={theirs.pk}"),
        (desk.client, f"snapshots/{pair[1].pk}/differences?from={other_id}"),
    ):
        answer = client.get(f"/api/v1/{path}")
        assert (answer.status_code, bool(answer.json()["next_step"])) == (404, True)
        assert b"Secret" not in answer.content


def test_working_copies_of_two_nodes_are_refused(api: Api, acme: Tenant, desk: Desk) -> None:
    fire = store_snapshot(acme, create_node(tenant=acme, title="Fire"), [build_node("module", "Basics")])
    other = create_copy(api(acme), fire.pk)

    problem = desk.client.get(f"{desk.path}/differences?from={other.path.rpartition('/')[2]}").json()

    assert (problem["status"], problem["code"]) == (422, "unrelated_snapshots")
    assert "working-copies" in problem["next_step"]


def test_without_the_base_another_snapshot_is_named(
    desk: Desk, pair: tuple[StructureSnapshot, StructureSnapshot]
) -> None:
    pair[0].delete()

    problem = desk.client.get(f"{desk.path}/differences").json()

    assert (problem["status"], problem["code"]) == (409, "base_gone")
    assert "from" in problem["next_step"]
    assert desk.get(f"differences?from={pair[1].pk}")["counts"]["moved"] == 1


@pytest.mark.parametrize("query", ["?from=1", "?form=html", "?format=pdf"])
def test_a_wrong_query_is_named(desk: Desk, query: str) -> None:
    answer = desk.client.get(f"{desk.path}/differences{query}")

    assert (answer.status_code, answer.json()["code"]) in {(422, "invalid_input"), (404, "not_found")}


def test_the_page_says_which_version_of_which_working_copy_it_shows(desk: Desk) -> None:
    desk.edit("change_field", key=str(key("Boiling")), field="description", value="Water is cold.")

    answer = desk.client.get(f"{desk.path}/differences", headers={"accept": "text/html"})

    assert answer["Content-Type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in answer["Content-Security-Policy"]
    document = parse(answer.content.decode())
    top = " ".join(document.find("header")[0].text.split())
    assert "From the structure of" in top
    assert "to the working copy main, revision 2." in top
    assert [each.text for each in document.find("ins")] == ["New words", "cold"]


def test_no_text_that_a_person_wrote_becomes_markup(api: Api, acme: Tenant, desk: Desk) -> None:
    title = " ".join(PAYLOADS)[:450].replace("\n", " ")
    for node in ("Boiling", "Heat", "Rivers"):
        desk.edit("change_field", key=str(key(node)), field="title", value=title)
        desk.edit("change_field", key=str(key(node)), field="description", value=ALL)
        desk.edit("change_field", key=str(key(node)), field="key_points", value=[ALL])
    desk.edit("change_field", key=COURSE, field="title", value=title)
    desk.edit("add_node", node_type="lesson", parent=str(key("Rivers")), title=title, fields={"examples": [ALL]})
    desk.edit("move_node", key=str(key("Cold")), parent=str(key("Rivers")))
    desk.edit("add_note", key=str(key("Heat")), text=ALL)
    hostile = create_copy(api(acme), desk.read()["base"], '<script>window.hacked = 1</script>"><img src=x>')

    for path in (f"{desk.path}/differences", f"{hostile.path}/differences?from={desk.path.rpartition('/')[2]}"):
        document = parse(desk.client.get(path, headers={"accept": "text/html"}).content.decode())
        check_markup(document)
        assert document.find("body")[0].text.count("window.hacked") > 20
    assert '<script>window.hacked = 1</script>"><img src=x>' in document.find("header")[0].text


def test_statements_do_not_grow(api: Api, acme: Tenant, course: MaterialNode) -> None:
    def store(lessons: int) -> StructureSnapshot:
        below = [build_node("lesson", f"{number}", quotes=[cite("Old.")]) for number in range(lessons)]
        return store_snapshot(acme, course, [build_node("module", "All", *below)])

    client, asked = api(acme), []
    client.get("/api/v1/me")  # the first use of a key in a while is stored
    for lessons in (2, 40):
        desk, other = (create_copy(client, store(lessons).pk, f"{lessons} {word}") for word in ("one", "two"))
        for number in range(lessons):
            desk.edit("change_field", key=str(key(f"{number}")), field="description", value="New.")
        for path in ("differences", f"differences?from={other.path.rpartition('/')[2]}"):
            with CaptureQueriesContext(connection) as queries:
                assert desk.get(path)["counts"]["changed"] == lessons
            asked.append(len(queries))

    assert asked[:2] == asked[2:]
    assert max(asked) <= 13  # authentication takes some, and the transaction


@pytest.mark.django_db(transaction=True)
def test_nobody_edits_while_the_nodes_are_read() -> None:
    tenant = create_tenant(slug="pair", name="Pair")
    snapshot = store_snapshot(tenant, create_node(tenant=tenant, title="Water"), [build_node("module", "Steam")])
    copy = create_working_copy(tenant=tenant, snapshot_id=snapshot.pk, name="main", actor=ACTOR)

    def lock(strength: str) -> str:
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(f"SELECT 1 FROM structures_workingcopy WHERE id = %s {strength} NOWAIT", [copy.pk])  # noqa: S608
        except OperationalError:
            return "waits"
        finally:
            connection.close()
        return "goes on"

    with ThreadPoolExecutor(1) as others:
        with transaction.atomic():
            compare_working_copy(tenant=tenant, copy_id=copy.pk, before_id=None)
            assert others.submit(lock, "FOR UPDATE").result() == "waits"
            assert others.submit(lock, "FOR SHARE").result() == "goes on"
        assert others.submit(lock, "FOR UPDATE").result() == "goes on"
