from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from django.db import connection, connections

from materials import fingerprints
from materials.entries.services import delete_entry
from materials.errors import TreeRefused
from materials.models import Chunk, MaterialEntry, MaterialNode
from materials.queries import list_subtree
from materials.tree.fingerprinting import refresh_node_fingerprint
from materials.tree.services import MAX_DEPTH, copy_node, create_node, delete_node, move_node, reorder_node, update_node
from project.errors import NotFound
from tenants.models import Tenant
from tests.conftest import LECTURE, Api, drain, upload


def titles(tenant: Tenant, parent: MaterialNode | None) -> list[str]:
    rows = MaterialNode.objects.for_tenant(tenant).filter(parent=parent).order_by("position")
    assert [row.position for row in rows] == list(range(len(rows)))
    return [row.title for row in rows]


def family(tenant: Tenant, parent: MaterialNode, *names: str) -> list[MaterialNode]:
    return [create_node(tenant=tenant, title=name, parent_id=parent.pk) for name in names]


def test_it_counts_positions_within_one_tenant(acme: Tenant, rival: Tenant) -> None:
    create_node(tenant=acme, title="One")

    assert create_node(tenant=rival, title="First of its own").position == 0
    assert create_node(tenant=acme, title="Two").position == 1


def test_it_moves_a_node_and_closes_the_gap(acme: Tenant, course: MaterialNode) -> None:
    a, _, c = family(acme, course, "a", "b", "c")

    move_node(tenant=acme, node_id=a.pk, parent_id=c.pk)

    assert titles(acme, course) == ["b", "c"]
    assert titles(acme, c) == ["a"]


@pytest.mark.parametrize(("position", "order"), [(0, "cab"), (1, "acb"), (2, "abc"), (99, "abc"), (None, "abc")])
def test_it_moves_a_node_among_its_siblings(
    acme: Tenant, course: MaterialNode, position: int | None, order: str
) -> None:
    _, _, c = family(acme, course, "a", "b", "c")

    move_node(tenant=acme, node_id=c.pk, parent_id=course.pk, position=position)

    assert titles(acme, course) == list(order)


def test_it_makes_a_node_a_course(acme: Tenant, course: MaterialNode) -> None:
    (part,) = family(acme, course, "part")

    move_node(tenant=acme, node_id=part.pk, parent_id=None)

    assert titles(acme, None) == ["Water", "part"]


def test_it_refuses_to_move_a_node_below_itself(acme: Tenant, course: MaterialNode) -> None:
    (child,) = family(acme, course, "child")
    (grandchild,) = family(acme, child, "grandchild")

    for parent in (course, child, grandchild):
        with pytest.raises(TreeRefused):
            move_node(tenant=acme, node_id=course.pk, parent_id=parent.pk)


def test_it_does_not_move_into_another_tenants_tree(acme: Tenant, rival: Tenant, course: MaterialNode) -> None:
    foreign = create_node(tenant=rival, title="Foreign")

    with pytest.raises(NotFound):
        move_node(tenant=acme, node_id=course.pk, parent_id=foreign.pk)


@pytest.mark.django_db(transaction=True)
def test_two_moves_at_once_never_make_a_cycle() -> None:
    tenant = Tenant.objects.create(slug="acme", name="Acme")
    left, right = create_node(tenant=tenant, title="left"), create_node(tenant=tenant, title="right")
    outcomes: list[str] = []
    together = threading.Barrier(2)

    def move(node: UUID, parent: UUID) -> None:
        together.wait()
        try:
            move_node(tenant=tenant, node_id=node, parent_id=parent)
            outcomes.append("moved")
        except TreeRefused:
            outcomes.append("refused")
        finally:
            connections.close_all()

    threads = [threading.Thread(target=move, args=pair) for pair in ((left.pk, right.pk), (right.pk, left.pk))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == ["moved", "refused"]
    assert MaterialNode.objects.filter(parent=None).count() == 1


@pytest.mark.django_db(transaction=True)
def test_many_nodes_at_once_get_dense_positions() -> None:
    tenant = Tenant.objects.create(slug="acme", name="Acme")

    def create(number: int) -> None:
        create_node(tenant=tenant, title=f"{number}")
        connections.close_all()

    threads = [threading.Thread(target=create, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(titles(tenant, None)) == [str(number) for number in range(8)]


def test_it_puts_children_and_entries_into_a_new_order(api: Api, acme: Tenant, course: MaterialNode) -> None:
    a, b = family(acme, course, "a", "b")
    one = upload(api(acme), course.pk, "one.md", b"# One")["id"]
    two = upload(api(acme), course.pk, "two.md", b"# Two")["id"]

    tree = api(acme).post(
        f"/api/v1/nodes/{course.pk}/reorder",
        {"children": [str(b.pk), str(a.pk)], "entries": [two, one]},
        format="json",
    )

    assert [child["title"] for child in tree.json()["children"]] == ["b", "a"]
    assert [entry["name"] for entry in tree.json()["entries"]] == ["two.md", "one.md"]


def test_it_refuses_an_order_that_leaves_one_out(acme: Tenant, course: MaterialNode) -> None:
    a, _ = family(acme, course, "a", "b")

    for order in ([a.pk], [a.pk, a.pk], [a.pk, course.pk]):
        with pytest.raises(TreeRefused):
            reorder_node(tenant=acme, node_id=course.pk, children=order)


def test_it_refuses_a_tree_that_is_too_deep(acme: Tenant, course: MaterialNode) -> None:
    node = course
    for depth in range(MAX_DEPTH - 1):
        node = create_node(tenant=acme, title=str(depth), parent_id=node.pk)

    with pytest.raises(TreeRefused):
        create_node(tenant=acme, title="too deep", parent_id=node.pk)
    assert len(list_subtree(tenant=acme, node_id=course.pk)) == MAX_DEPTH


@pytest.mark.parametrize("size", [10, 1000])
def test_it_reads_any_tree_in_the_same_few_statements(
    api: Api, acme: Tenant, course: MaterialNode, size: int, django_assert_max_num_queries: Any
) -> None:
    rows = [
        MaterialNode(tenant=acme, parent=course, position=number, title=f"Part {number}") for number in range(size - 1)
    ]
    MaterialNode.objects.bulk_create(rows)
    MaterialEntry.objects.bulk_create(
        MaterialEntry(tenant=acme, node=row, position=0, name="a", source_url="https://example.org/") for row in rows
    )
    client = api(acme)
    client.get("/api/v1/me")

    with django_assert_max_num_queries(5) as asked:
        tree = client.get(f"/api/v1/nodes/{course.pk}/tree").json()

    assert len(tree["children"]) == size - 1
    assert not any('"materials_chunk"' in query["sql"] for query in asked.captured_queries)


def test_it_copies_what_ingestion_made(api: Api, acme: Tenant, lecture: MaterialEntry) -> None:
    copy = copy_node(tenant=acme, node_id=lecture.node_id, parent_id=None, title="Copy")

    copied = MaterialEntry.objects.get(node=copy)
    assert copied.state == "ready"
    assert copied.pk != lecture.pk
    texts = [list(Chunk.objects.filter(entry=e).order_by("position").values_list("text")) for e in (lecture, copied)]
    assert texts[0] == texts[1] != []
    ids = [set(Chunk.objects.filter(entry=e).values_list("pk", flat=True)) for e in (lecture, copied)]
    assert ids[0].isdisjoint(ids[1])


def test_it_keeps_a_shared_file_until_the_last_entry_goes(
    acme: Tenant, lecture: MaterialEntry, stored: Callable[[], list[object]], django_capture_on_commit_callbacks: Any
) -> None:
    copy = copy_node(tenant=acme, node_id=lecture.node_id, parent_id=None)

    with django_capture_on_commit_callbacks(execute=True):
        delete_node(tenant=acme, node_id=lecture.node_id)
    assert len(stored()) == 1

    with django_capture_on_commit_callbacks(execute=True):
        delete_entry(tenant=acme, entry_id=MaterialEntry.objects.get(node=copy).pk)
    assert stored() == []


def test_it_deletes_a_big_tree_in_few_statements(
    acme: Tenant, course: MaterialNode, django_assert_max_num_queries: Any
) -> None:
    rows = [MaterialNode(tenant=acme, parent=course, position=n, title=str(n)) for n in range(300)]
    MaterialNode.objects.bulk_create(rows)
    MaterialEntry.objects.bulk_create(
        MaterialEntry(tenant=acme, node=row, position=0, name="a", source_url="https://example.org/") for row in rows
    )

    # A few for each table that points at what is deleted, whatever the number of nodes.
    with django_assert_max_num_queries(57):
        delete_node(tenant=acme, node_id=course.pk)

    assert not MaterialNode.objects.exists()


def test_a_fingerprint_follows_every_change_below(api: Api, acme: Tenant, lecture: MaterialEntry) -> None:
    root = lecture.node_id
    (part,) = family(acme, lecture.node, "part")
    seen = [refresh_node_fingerprint(tenant=acme, node_id=root)]
    assert refresh_node_fingerprint(tenant=acme, node_id=root) == seen[0]

    update_node(tenant=acme, node_id=part.pk, changes={"title": "Part one"})
    seen.append(refresh_node_fingerprint(tenant=acme, node_id=root))
    upload(api(acme), part.pk, "more.md", b"# More\n\nMore text about water.")
    drain()
    seen.append(refresh_node_fingerprint(tenant=acme, node_id=root))
    family(acme, part, "empty")
    seen.append(refresh_node_fingerprint(tenant=acme, node_id=root))
    update_node(tenant=acme, node_id=root, changes={"learning_goal": "Boil safely"})
    seen.append(refresh_node_fingerprint(tenant=acme, node_id=root))

    assert len(set(seen)) == len(seen)


def test_a_change_during_the_computing_is_not_lost(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    tenant = Tenant.objects.create(slug="acme", name="Acme")
    node = create_node(tenant=tenant, title="old")

    def rename() -> None:
        update_node(tenant=tenant, node_id=node.pk, changes={"title": "new"})
        connections.close_all()

    renaming = threading.Thread(target=rename)

    def slow(**content: Any) -> str:
        renaming.start()
        renaming.join(timeout=0.5)
        return of_node(**content)

    of_node = fingerprints.compute_node_fingerprint
    monkeypatch.setattr(fingerprints, "compute_node_fingerprint", slow)

    computed = refresh_node_fingerprint(tenant=tenant, node_id=node.pk)
    renaming.join()
    monkeypatch.undo()

    assert refresh_node_fingerprint(tenant=tenant, node_id=node.pk) != computed


def test_the_same_content_has_the_same_fingerprint_anywhere(
    api: Api, acme: Tenant, rival: Tenant, lecture: MaterialEntry
) -> None:
    twin = create_node(tenant=rival, title="Water")
    upload(api(rival), twin.pk, "lecture.md", LECTURE)
    drain()

    assert refresh_node_fingerprint(tenant=rival, node_id=twin.pk) == refresh_node_fingerprint(
        tenant=acme, node_id=lecture.node_id
    )


def test_it_clears_fingerprints_up_to_the_root_in_one_statement(acme: Tenant, course: MaterialNode) -> None:
    node = course
    for title in "abc":
        node = create_node(tenant=acme, title=title, parent_id=node.pk)
    refresh_node_fingerprint(tenant=acme, node_id=course.pk)

    update_node(tenant=acme, node_id=node.pk, changes={"title": "changed"})

    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM materials_materialnode WHERE fingerprint = ''")
        assert cursor.fetchone() == (4,)
