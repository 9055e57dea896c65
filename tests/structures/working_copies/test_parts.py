"""Edits of stored trees, of which only a part is loaded, give what they give on whole trees."""

from __future__ import annotations

import random
from typing import Any
from uuid import UUID

import pytest

from project.db.fields import new_id
from project.errors import DomainError
from project.http.preconditions import IfMatch
from structures.editing.operation_json import parse_operation
from structures.editing.operations import perform_operation
from structures.editing.trees import COURSE_KEY, KeyedTree
from structures.engines.base.drafts import NodeType
from structures.models import StructureSnapshot, WorkingCopy
from structures.working_copies.rows import load_tree
from structures.working_copies.services import create_working_copy, edit_working_copy, redo_step, undo_step
from tenants.actors import Actor
from tenants.models import Tenant
from tests.structures.editing.reference_history import HistoryRow, append_edit, redo_last, undo_last

ACTOR = Actor(kind="user", id="1", name="Ada")
ANY = IfMatch(None)


def choose_edit(chance: random.Random, tree: KeyedTree) -> tuple[str, dict[str, Any]]:
    """Return an operation on nodes of the tree, which may or may not be possible."""
    keys = [*map(str, tree.nodes), *map(str, tree.retired)][:60]
    key, other, new = chance.choice(keys), chance.choice(keys), str(new_id())
    top = [str(child) for child in tree.nodes[COURSE_KEY].children]
    node = tree.nodes.get(UUID(key), tree.nodes[COURSE_KEY])
    added = {"key": new, "parent": key, "title": "New", "position": 0}
    choices: list[tuple[str, dict[str, Any]]] = [
        ("change_field", {"key": key, "field": "title", "value": f"Title {chance.random()}"}),
        *[("add_node", {**added, "node_type": one.value}) for one in NodeType],
        ("delete_node", {"key": key}),
        ("move_node", {"key": key, "parent": other}),
        ("move_node", {"key": key, "parent": chance.choice([*top, other]), "position": 0}),
        ("reorder_children", {"key": str(COURSE_KEY), "children": chance.sample(top, len(top))}),
        ("split_node", {"key": key, "new_key": new, "title": "Half", "children": [str(c) for c in node.children[:1]]}),
        ("merge_nodes", {"into": key, "keys": [other]}),
        ("add_note", {"key": key, "note": new, "text": "Note"}),
    ]
    return chance.choice(choices)


@pytest.mark.parametrize("seed", range(3))
def test_random_edits_undos_and_redos(acme: Tenant, snapshot: StructureSnapshot, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - nothing is secret
    copy = create_working_copy(tenant=acme, snapshot_id=snapshot.pk, name=str(seed), actor=ACTOR)
    tree = load_tree(copy)
    rows: tuple[HistoryRow, ...] = ()
    common: dict[str, Any] = {
        "tenant": acme, "copy_id": copy.pk, "reason": "", "actor": ACTOR, "if_match": ANY
    }  # fmt: skip
    refused = 0
    for _ in range(50):
        step = chance.random()
        operation, arguments = choose_edit(chance, tree)
        expected = found = ""
        try:
            if step < 0.2:
                rows, tree = undo_last(rows, tree)
            elif step < 0.35:
                rows, tree = redo_last(rows, tree)
            else:
                performed = perform_operation(tree, parse_operation(operation, arguments, create_key=new_id))
                if not performed.change.is_empty:
                    rows, tree = append_edit(rows, performed.change), performed.tree
        except DomainError as error:
            expected, refused = error.code, refused + 1
        try:
            if step < 0.2:
                undo_step(**common)
            elif step < 0.35:
                redo_step(**common)
            else:
                edit_working_copy(**common, operation=operation, arguments=arguments)
        except DomainError as error:
            found = error.code
        assert found == expected
        stored = load_tree(copy)
        assert (stored.nodes, stored.retired) == (tree.nodes, tree.retired)
    assert 5 < refused < 45
    assert WorkingCopy.objects.get(pk=copy.pk).node_count == len(tree.nodes)
