"""Applying structures to the material tree, and taking that back, through the API."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings
from rest_framework.test import APIClient

from materials.models import MaterialEntry, MaterialNode
from materials.tree.services import MAX_DEPTH, create_node, delete_node, move_node
from project.db.fields import new_id
from structures.models import AppliedNode, StructureNode, StructureSnapshot, TreeChange, TreeChangeState
from structures.reviews.services import publish_snapshot
from structures.tree_changes.services import apply_snapshot, undo_tree_change
from tenants.models import Tenant
from tenants.scopes import Scope
from tenants.services import create_tenant
from tests.conftest import Api, drain, upload
from tests.structures.course_page.stored import nest_modules, store_snapshot
from tests.structures.tree_changes.trees import (
    ADA,
    add_entry,
    add_node,
    approve,
    cite,
    lesson,
    module,
    read_outline,
    read_rows,
)


def post(client: APIClient, path: str, status: int = 201, body: Any = None) -> Any:
    answer = client.post(f"/api/v1/{path}", body or {}, format="json")
    assert answer.status_code == status, answer.content
    if status == 201:
        assert answer["Location"] == f"/api/v1/tree-changes/{answer.json()['id']}"
    return answer.json()


def apply(client: APIClient, snapshot: StructureSnapshot, status: int = 201) -> Any:
    return post(client, f"snapshots/{snapshot.pk}/apply", status)


def test_files_go_to_the_lessons_that_cite_them(api: Api, acme: Tenant, course: MaterialNode) -> None:
    client = api(acme)
    files = add_node(course, "files")
    boiling, ice, book = (add_entry(files, name) for name in ("boiling.md", "ice.md", "book.md"))
    add_entry(files, "extra.md")
    add_entry(files, "SUMMARY.md", format="contents")
    tree = [
        module(
            "Heat",
            lesson("Boiling", boiling, boiling, book),
            lesson("Steam", ice, book, children=[{"node_type": "concept", "title": "Vapour", "quotes": cite(boiling)}]),
        ),
        module("Cold", lesson("Ice", ice, ice, ice), quotes=cite(book, book)),
    ]
    snapshot = approve(acme, course, tree)
    before = read_rows()

    planned = post(client, f"snapshots/{snapshot.pk}/apply?dry_run=true", 200)

    assert (read_rows(), planned["id"], planned["state"]) == (before, None, "planned")
    done = apply(client, snapshot)
    assert read_outline(course) == [
        ("Heat", [("Boiling", ["boiling.md"]), ("Steam", [])]),
        ("Cold", [("Ice", ["ice.md"])]),
        ("files", ["book.md", "extra.md", "SUMMARY.md"]),
    ]
    assert done["counts"] == planned["counts"] == {
        "create_node": 5, "move_node": 0, "rename_node": 0, "order_children": 0, "move_entry": 2, "kept_entries": 3,
        "emptied_nodes": 0, "lost_citations": 0,
    }  # fmt: skip
    moves = [each for each in done["operations"] if each["operation"] == "move_entry"]
    assert [(each["from"], each["to"], each["reason"]) for each in moves] == [
        ("files/boiling.md", "Heat/Boiling/boiling.md", "2 of 3 citations of it are there."),
        ("files/ice.md", "Cold/Ice/ice.md", "3 of 4 citations of it are there."),
    ]
    assert [(each["path"], each["code"]) for each in done["kept"]] == [
        ("files/book.md", "shared"),
        ("files/extra.md", "not_cited"),
        ("files/SUMMARY.md", "contents"),
    ]
    assert apply(client, snapshot, 200)["state"] == "unchanged"
    assert TreeChange.objects.count() == 1
    listed = client.get(f"/api/v1/nodes/{course.pk}/tree-changes").json()["data"]
    assert [(each["id"], each["state"], each["by"]["kind"]) for each in listed] == [(done["id"], "applied", "key")]
    assert client.get(f"/api/v1/tree-changes/{done['id']}").json()["operations"] == done["operations"]

    undone = post(client, f"tree-changes/{done['id']}/undo", 200)

    assert (read_rows(), undone["state"]) == (before, "undone")
    assert post(client, f"tree-changes/{done['id']}/undo", 409)["code"] == "tree_change_undone"
    assert AppliedNode.objects.count() == 0
    # As if nothing had been: it can be applied again.
    assert apply(client, snapshot)["state"] == "applied"


def test_folders_that_hold_the_files_of_a_module_become_it(api: Api, acme: Tenant, course: MaterialNode) -> None:
    first, second, old = (add_node(course, title) for title in ("01 Rivers", "02-lakes", "Old"))
    river, lake, glass = add_entry(first, "r.md"), add_entry(second, "l.md"), add_entry(old, "g.md")
    add_entry(first, "notes.md")
    tree = [
        module("Lakes", lesson("All lakes", lake)),
        module("Rivers", lesson("All rivers", river), lesson("Glass", quotes=[])),
        module("Old", lesson("Glass", glass), lesson("New")),
    ]
    snapshot = approve(acme, course, tree)

    done = apply(api(acme), snapshot)

    assert read_outline(course) == [
        ("Lakes", [("All lakes", ["l.md"])]),
        ("Rivers", ["notes.md", ("All rivers", ["r.md"]), ("Glass", [])]),
        ("Old", [("Glass", ["g.md"]), ("New", [])]),
    ]
    assert {first.pk, second.pk, old.pk} == set(course.children.values_list("pk", flat=True))
    renamed = [each for each in done["operations"] if each["operation"] == "rename_node"]
    assert [(each["from"], each["to"]) for each in renamed] == [("02-lakes", "Lakes"), ("01 Rivers", "Rivers")]
    assert all(each["reason"] for each in done["operations"] if each["operation"] != "create_node")


def test_a_later_structure_moves_and_renames_the_nodes_that_the_first_one_made(
    api: Api, acme: Tenant, course: MaterialNode
) -> None:
    client = api(acme)
    one, two = add_entry(course, "1.md"), add_entry(course, "2.md")
    heat, boiling, ice, cold = (new_id() for _ in range(4))
    tree = [module("Heat", lesson("Boiling", one, key=boiling), lesson("Ice", two, key=ice), key=heat)]
    first = apply(client, approve(acme, course, tree))
    made = {row.title: row.pk for row in MaterialNode.objects.filter(tenant=acme)}
    between = read_rows()
    tree = [
        module("Cold", lesson("Frost", two, key=ice), key=cold),
        module("Warmth", lesson("Boiling", one, key=boiling), key=heat),
    ]

    second = apply(client, approve(acme, course, tree))

    assert read_outline(course) == [
        ("Cold", [("Frost", ["2.md"])]),
        ("Warmth", [("Boiling", ["1.md"])]),
    ]
    now = {row.title: row.pk for row in MaterialNode.objects.filter(tenant=acme)}
    assert (now["Warmth"], now["Boiling"], now["Frost"]) == (made["Heat"], made["Boiling"], made["Ice"])
    assert [second["counts"][name] for name in ("create_node", "move_node", "rename_node", "move_entry")] == [
        1,
        1,
        2,
        0,
    ]
    problem = post(client, f"tree-changes/{first['id']}/undo", 409)
    assert (problem["code"], problem["tree_change"]) == ("later_tree_change", second["id"])
    post(client, f"tree-changes/{second['id']}/undo", 200)
    assert read_rows() == between
    post(client, f"tree-changes/{first['id']}/undo", 200)
    assert read_outline(course) == ["1.md", "2.md"]


def test_drafts_are_not_applied(api: Api, acme: Tenant, course: MaterialNode, settings: Settings) -> None:
    snapshot = store_snapshot(acme, course, [lesson("Ice")])
    for query in ("", "?dry_run=true"):
        problem = post(api(acme), f"snapshots/{snapshot.pk}/apply{query}", 409)
        assert (problem["code"], "approve" in problem["next_step"]) == ("not_approved", True)
    assert read_outline(course) == []
    approved = approve(acme, course, [lesson("Ice")])
    publish_snapshot(tenant=acme, snapshot_id=approved.pk, reason="", actor=ADA)
    settings.APPROVALS_REQUIRED = 2
    # What readers get was approved by as many as had to then.
    apply(api(acme), approved)


def test_tenants_cannot_touch_each_other(api: Api, acme: Tenant, rival: Tenant, course: MaterialNode) -> None:
    entry = add_entry(course, "1.md")
    theirs = create_node(tenant=rival, title="Theirs")
    foreign = add_entry(theirs, "2.md")
    stolen = add_node(theirs, "Mine")
    # Keys and entries of the other, as a hand-made snapshot may name them.
    snapshot = approve(acme, course, [module("A", lesson("B", entry, foreign), key=stolen.pk), lesson("C", foreign)])
    before = read_outline(theirs)

    change = apply_snapshot(tenant=acme, snapshot_id=snapshot.pk, actor=ADA)

    assert (read_outline(theirs), change.counts["lost_citations"]) == (before, 2)
    for path in (f"snapshots/{snapshot.pk}/apply", f"tree-changes/{change.pk}/undo"):
        post(api(rival), path, 404)
        post(api(acme, Scope.CHECK), path, 403)
    assert api(rival).get(f"/api/v1/nodes/{course.pk}/tree-changes").status_code == 404


def test_a_node_has_a_source_once_and_captions_stay_with_their_recording(
    api: Api, acme: Tenant, course: MaterialNode
) -> None:
    one, two = add_node(course, "One"), add_node(course, "Two")
    first, second = add_entry(one, "first.md", "same"), add_entry(two, "second.md", "same")
    talk = add_entry(one, "talk.mp4")
    add_entry(one, "talk.vtt", captions_of=talk)
    twins = [add_entry(add_node(course, f"Twin {n}"), f"twin {n}.md", "twin") for n in (1, 2)]
    tree = [
        lesson("A", first, key=two.pk),
        lesson("B", second, key=new_id()),
        lesson("C", talk, key=new_id()),
        # Each goes where the other is: that would need a third place.
        *(lesson(f"Twin {n}", twin, key=twins[2 - n].node_id) for n, twin in enumerate(twins, start=1)),
        lesson("D", key=one.pk),
    ]

    done = apply(api(acme), approve(acme, course, tree))

    assert read_outline(course) == [
        ("A", ["first.md"]),
        ("B", ["second.md"]),
        ("C", ["talk.mp4", "talk.vtt"]),
        ("Twin 1", ["twin 2.md"]),
        ("Twin 2", ["twin 1.md"]),
        ("D", []),
    ]
    assert [each["code"] for each in done["kept"]] == ["same_source", "same_source"]


def change_title(made: MaterialNode, entry: MaterialEntry) -> None:
    MaterialNode.objects.filter(pk=made.pk).update(title="Mine")


def give_goal(made: MaterialNode, entry: MaterialEntry) -> None:
    MaterialNode.objects.filter(pk=made.pk).update(learning_goal="To know.")


def add_file(made: MaterialNode, entry: MaterialEntry) -> None:
    add_entry(made, "new.md")


def add_folder(made: MaterialNode, entry: MaterialEntry) -> None:
    add_node(made, "New")


def take_out(made: MaterialNode, entry: MaterialEntry) -> None:
    move_node(tenant=made.tenant, node_id=made.pk, parent_id=None)


def delete(made: MaterialNode, entry: MaterialEntry) -> None:
    delete_node(tenant=made.tenant, node_id=made.pk)


def move_file(made: MaterialNode, entry: MaterialEntry) -> None:
    root = MaterialNode.objects.get(parent=None, tenant=made.tenant)
    MaterialEntry.objects.filter(pk=entry.pk).update(node=root, position=9)


def send_again(made: MaterialNode, entry: MaterialEntry) -> None:
    before = MaterialNode.objects.get(title="files")
    add_entry(before, "again.md", raw_sha256=entry.raw_sha256)


def generate(made: MaterialNode, entry: MaterialEntry) -> None:
    store_snapshot(made.tenant, made, [lesson("Inside")])


def reorder(made: MaterialNode, entry: MaterialEntry) -> None:
    root = MaterialNode.objects.get(parent=None, tenant=made.tenant)
    move_node(tenant=made.tenant, node_id=made.pk, parent_id=root.pk, position=1)


@pytest.mark.parametrize(
    ("happen", "codes"),
    [
        (change_title, {"node_renamed"}),
        (give_goal, {"node_edited"}),
        (add_file, {"entry_added"}),
        (add_folder, {"node_added"}),
        (take_out, {"node_gone"}),
        (delete, {"node_gone"}),
        (move_file, {"entry_moved"}),
        (send_again, {"same_source"}),
        (generate, {"node_used"}),
        (reorder, {"order_changed"}),
    ],
)
def test_what_was_changed_since_is_not_overwritten(
    api: Api, acme: Tenant, course: MaterialNode, happen: Any, codes: set[str]
) -> None:
    client, files = api(acme), add_node(course, "files")
    entry, other = add_entry(files, "1.md"), add_entry(files, "2.md")
    done = apply(client, approve(acme, course, [lesson("Made", entry), lesson("Other", other)]))
    happen(MaterialNode.objects.get(title="Made"), entry)
    before = read_rows()

    problem = post(client, f"tree-changes/{done['id']}/undo", 409)

    assert (problem["code"], read_rows()) == ("tree_changed_since", before)
    assert {each["code"] for each in problem["changed"]} == codes
    assert problem["changed_count"] == len(problem["changed"])
    assert all(each["detail"] and (each["node"] or each["entry"]) for each in problem["changed"])


def test_what_was_added_elsewhere_stays_after_an_undo(api: Api, acme: Tenant, course: MaterialNode) -> None:
    client, files = api(acme), add_node(course, "files")
    entry, other = add_entry(files, "1.md"), add_entry(files, "2.md")
    done = apply(client, approve(acme, course, [lesson("Made", entry), lesson("Other", other)]))
    add_entry(files, "later.md")
    add_node(course, "Later")

    post(client, f"tree-changes/{done['id']}/undo", 200)

    assert read_outline(course) == [("files", ["1.md", "2.md", "later.md"]), ("Later", [])]


def test_the_node_where_a_file_was_may_not_be_inside_itself(acme: Tenant, api: Api, course: MaterialNode) -> None:
    outer, inner = add_node(course, "Outer"), new_id()
    moved = add_node(outer, "Moved")
    done = apply(api(acme), approve(acme, course, [module("New", lesson("Moved", key=moved.pk), key=inner)]))
    # Now `Moved` is in `New`, and `Outer` comes into `Moved`: put back, each would be in the other.
    move_node(tenant=acme, node_id=outer.pk, parent_id=moved.pk)

    problem = post(api(acme), f"tree-changes/{done['id']}/undo", 409)

    assert {each["code"] for each in problem["changed"]} == {"node_moved"}


def test_a_tree_that_would_be_too_deep_is_refused(api: Api, acme: Tenant, course: MaterialNode) -> None:
    parent = course
    for _ in range(MAX_DEPTH - 4):
        parent = add_node(parent, "Level")
    snapshot = approve(acme, parent, list(map(dict, nest_modules(4))))

    problem = post(api(acme), f"snapshots/{snapshot.pk}/apply", 422)

    assert (problem["code"], problem["detail"]) == ("tree_refused", "The tree would have 66 levels; it has at most 64.")
    assert TreeChange.objects.count() == 0


def test_an_applied_structure_is_up_to_date_and_guides_the_next_generation(
    api: Api, acme: Tenant, course: MaterialNode
) -> None:
    client = api(acme)
    text = b"# %s\n\n**Water** is a liquid that flows in %s.\n"
    for name in (b"Rivers", b"Lakes", b"Glaciers"):
        upload(client, course.pk, f"{name.decode()}.md", text % (name, name))
    drain()
    client.post(f"/api/v1/nodes/{course.pk}/generate", {}, format="json")
    drain()
    snapshot = StructureSnapshot.objects.get()
    client.post(f"/api/v1/snapshots/{snapshot.pk}/approve", {}, format="json")

    apply(client, snapshot)

    assert client.get(f"/api/v1/snapshots/{snapshot.pk}").json()["materials_changed"] is False
    assert client.get(f"/api/v1/nodes/{course.pk}/tree").json()["structure"]["materials_changed"] is False
    client.post(f"/api/v1/nodes/{course.pk}/generate", {"mode": "guided"}, format="json")
    drain()
    guided = StructureSnapshot.objects.latest("created_at")
    assert guided != snapshot
    assert list_arranged(guided) == list_arranged(snapshot)


def list_arranged(snapshot: StructureSnapshot) -> list[tuple[Any, ...]]:
    rows = StructureNode.objects.filter(snapshot=snapshot, node_type__in=["module", "lesson"]).order_by("position")
    return list(rows.values_list("key", "node_type", "title", "parent__key"))


def build_large_course(tenant: Tenant, lessons: int) -> StructureSnapshot:
    course = MaterialNode.objects.create(tenant=tenant, position=0, title="Course")
    MaterialEntry.objects.bulk_create(
        MaterialEntry(
            tenant=tenant, node=course, position=number, name=f"{number}.md", object_key="k", format="markdown",
            raw_sha256=f"{number:064}",
        )
        for number in range(lessons * 5)
    )  # fmt: skip
    entries = list(course.entries.order_by("position"))
    tree = [
        module(f"Module {at}", *(lesson(f"Lesson {n}", *entries[n * 5 : n * 5 + 5]) for n in range(at, at + 10)))
        for at in range(0, lessons, 10)
    ]
    return approve(tenant, course, tree)


def test_a_large_course_takes_as_many_statements_as_a_small_one(acme: Tenant, rival: Tenant) -> None:
    counts = []
    for tenant, lessons in ((acme, 10), (rival, 60)):
        snapshot = build_large_course(tenant, lessons)
        with CaptureQueriesContext(connection) as applied:
            change = apply_snapshot(tenant=tenant, snapshot_id=snapshot.pk, actor=ADA)
        with CaptureQueriesContext(connection) as undone:
            undo_tree_change(tenant=tenant, change_id=change.pk, actor=ADA)
        counts.append((len(applied), len(undone)))
    assert counts[0] == counts[1]
    assert counts[0][0] <= 20


@pytest.mark.django_db(transaction=True)
def test_of_two_who_apply_at_once_one_waits_and_finds_nothing_to_do() -> None:
    tenant = create_tenant(slug="pair", name="Pair")
    course = create_node(tenant=tenant, title="Water")
    snapshot = approve(tenant, course, [lesson("Ice", add_entry(course, "1.md"))])

    def run(_: int) -> TreeChangeState:
        try:
            return apply_snapshot(tenant=tenant, snapshot_id=snapshot.pk, actor=ADA).state
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        states = list(pool.map(run, range(2)))

    assert sorted(states) == [TreeChangeState.APPLIED, TreeChangeState.UNCHANGED]
    assert read_outline(course) == [("Ice", ["1.md"])]
