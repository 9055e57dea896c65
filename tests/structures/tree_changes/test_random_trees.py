"""Random trees and random structures: what is applied is undone to the letter, and nothing is lost."""

from __future__ import annotations

from random import Random
from uuid import UUID

import pytest

from materials.models import MaterialEntry, MaterialNode
from structures.models import StructureNode, StructureSnapshot, TreeChange, TreeChangeState
from structures.tree_changes.services import apply_snapshot, undo_tree_change
from tenants.models import Tenant
from tests.structures.tree_changes.trees import ADA, approve, grow_course, grow_structure, read_rows


def check_tree(course: MaterialNode, snapshot: StructureSnapshot, keys: dict[UUID, UUID]) -> None:
    """Fail unless the modules and lessons are nodes with their titles and order, and positions are dense."""
    rows = StructureNode.objects.filter(snapshot=snapshot, node_type__in=["module", "lesson"])
    places: dict[UUID, int] = {}
    for row in rows.order_by("position").select_related("parent"):
        node = MaterialNode.objects.get(pk=keys[row.key])
        parent = course.pk if row.parent is None else keys[row.parent.key]
        assert (node.parent_id, node.title, node.position) == (parent, row.title, places.get(parent, 0))
        places[parent] = node.position + 1
    for node in MaterialNode.objects.filter(tenant=course.tenant):
        for rows_of_node in (node.children, node.entries):
            positions = list(rows_of_node.order_by("position").values_list("position", flat=True))
            assert positions == list(range(len(positions)))


@pytest.mark.parametrize("seed", range(8))
def test_a_tree_follows_each_structure_once_and_goes_back(acme: Tenant, rival: Tenant, seed: int) -> None:
    chance = Random(seed)  # noqa: S311  # trees, no secrets
    grow_course(chance, rival)
    course = grow_course(chance, acme)
    entries = set(MaterialEntry.objects.values_list("pk", "object_key"))
    nodes = set(MaterialNode.objects.values_list("pk", flat=True))
    states, made = [read_rows()], []
    keys: dict[UUID, UUID] = {}
    for _ in range(3):
        own = list(MaterialNode.objects.filter(tenant=acme).exclude(pk=course.pk).values_list("pk", flat=True))
        known = [*keys, *chance.sample(own, k=len(own) // 3)]
        tree = grow_structure(chance, course, known)
        snapshot = approve(acme, course, tree)

        planned = apply_snapshot(tenant=acme, snapshot_id=snapshot.pk, actor=ADA, dry_run=True)
        assert read_rows() == states[-1]
        change = apply_snapshot(tenant=acme, snapshot_id=snapshot.pk, actor=ADA)

        assert change.counts == planned.counts
        assert set(MaterialEntry.objects.values_list("pk", "object_key")) == entries
        assert nodes <= set(MaterialNode.objects.values_list("pk", flat=True))
        again = apply_snapshot(tenant=acme, snapshot_id=snapshot.pk, actor=ADA)
        assert again.state is TreeChangeState.UNCHANGED, again.report
        if change.state is TreeChangeState.APPLIED:
            keys = find_nodes(change)
            check_tree(course, snapshot, keys)
            states.append(read_rows())
            made.append(change)
    for change, before in zip(reversed(made), reversed(states[:-1]), strict=True):
        undo_tree_change(tenant=acme, change_id=change.pk, actor=ADA)
        assert read_rows() == before


def find_nodes(change: TreeChange) -> dict[UUID, UUID]:
    """Return the material nodes of keys, as the next structure finds them."""
    rows = StructureNode.objects.filter(snapshot=change.snapshot_id, node_type__in=["module", "lesson"])
    applied = dict(change.node.applied_nodes.values_list("key", "material_node"))
    return {key: applied.get(key, key) for key in rows.values_list("key", flat=True)}
