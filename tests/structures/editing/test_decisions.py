"""Deciding conflicts for one side or the other."""

from __future__ import annotations

from uuid import UUID

import pytest

from structures.editing.conflicts import ConflictKind, Side
from structures.editing.decisions import decide
from structures.editing.merging import Rebase, rebase_tree
from structures.editing.operations import (
    AddNode,
    ChangeField,
    DeleteNode,
    MergeNodes,
    MoveNode,
    Operation,
    ReorderChildren,
    perform_operation,
)
from structures.editing.trees import COURSE_KEY, KeyedTree
from structures.engines.base.drafts import NodeType
from tests.structures.editing.courses import course, find_faults, key, outline_of

NEW = UUID(int=500)
BASE = course()


def prepare(theirs: KeyedTree, *operations: Operation, base: KeyedTree = BASE) -> Rebase:
    mine = base
    for operation in operations:
        mine = perform_operation(mine, operation).tree
    return rebase_tree(base, mine, theirs)


def decide_all(rebased: Rebase, theirs: KeyedTree, kind: ConflictKind | None = None) -> KeyedTree:
    conflicts = [one for one in rebased.conflicts if kind in (None, one.kind)]
    assert conflicts
    decided = decide(rebased.tree, conflicts, theirs, keep=Side.THEIRS)
    assert find_faults(decided) == []
    assert decide(rebased.tree, conflicts, theirs, keep=Side.MINE) == rebased.tree
    return decided


def test_one_field_is_decided_and_the_other_stays() -> None:
    theirs = course(Heat={"title": "Theirs", "description": "Theirs."})
    rebased = prepare(
        theirs,
        ChangeField(key=key("Heat"), field="title", value="Mine"),
        ChangeField(key=key("Heat"), field="description", value="Mine."),
    )
    title = next(one for one in rebased.conflicts if one.field == "title")

    decided = decide(rebased.tree, [title], theirs, keep=Side.THEIRS).nodes[key("Heat")]

    assert decided.title == "Theirs"
    assert decided.get_field("description") == "Mine."
    assert decided.locks.fields == {"description"}


def test_edits_after_the_rebase_stay() -> None:
    theirs = course(Heat={"title": "Theirs"})
    rebased = prepare(theirs, ChangeField(key=key("Heat"), field="title", value="Mine"))
    edited = perform_operation(rebased.tree, ChangeField(key=key("Ice"), field="title", value="Later")).tree

    decided = decide(edited, rebased.conflicts, theirs, keep=Side.THEIRS)

    assert decided.nodes[key("Ice")].title == "Later"
    assert decided.nodes[key("Heat")].title == "Theirs"


def test_a_dropped_node_goes_with_what_the_person_put_below_it() -> None:
    theirs = course({"M Rivers": {"L Springs": {}}})
    rebased = prepare(
        theirs,
        ChangeField(key=key("Heat"), field="title", value="Mine"),
        AddNode(key=NEW, node_type=NodeType.CONCEPT, parent=key("Heat"), title="Mine"),
        MoveNode(key=key("Source"), parent=key("Heat")),
    )

    assert outline_of(decide_all(rebased, theirs)) == {"Rivers": {"Springs": {}}}


def test_a_node_of_the_new_snapshot_leaves_a_dropped_one_that_goes() -> None:
    theirs = course({"M Rivers": {"L Springs": {"C Source": {}}}})
    rebased = prepare(theirs, MoveNode(key=key("Source"), parent=key("Heat")))

    decided = decide_all(rebased, theirs, ConflictKind.PARENT_DROPPED)

    assert outline_of(decided) == {"Rivers": {"Springs": {"Source": {}}}}


def test_a_dropped_node_goes_from_a_node_that_stays() -> None:
    theirs = course({"M Basics": {"L Heat": {"C Boiling": {}}, "L Cold": {}}, "M Rivers": {}})
    rebased = prepare(
        theirs,
        AddNode(key=NEW, node_type=NodeType.LESSON, parent=key("Basics"), title="Mine"),
        MoveNode(key=key("Steam"), parent=NEW),
    )

    decided = decide_all(rebased, theirs, ConflictKind.DROPPED)

    assert outline_of(decided, "Basics") == {"Heat": {"Boiling": {}}, "Cold": {}, "Mine": {}}


def test_a_deleted_node_comes_back_as_the_new_snapshot_has_it() -> None:
    theirs = course({"M Basics": {"L Heat": {"C Boiling": {}, "C Melting": {}}, "L Cold": {}}})
    rebased = prepare(theirs, DeleteNode(key=key("Heat")))

    assert outline_of(decide_all(rebased, theirs)) == outline_of(theirs)


def test_a_merged_node_comes_back() -> None:
    theirs = course(Cold={"description": "Colder."})
    rebased = prepare(theirs, MergeNodes(into=key("Heat"), keys=(key("Cold"),)))

    decided = decide_all(rebased, theirs, ConflictKind.DELETED)

    assert decided.nodes[key("Cold")].get_field("description") == "Colder."
    assert "Ice" in outline_of(decided, "Heat")


def test_a_deleted_node_comes_back_although_what_it_is_in_was_deleted_since() -> None:
    theirs = course(Heat={"description": "Hotter."})
    rebased = prepare(theirs, DeleteNode(key=key("Heat")))
    edited = perform_operation(rebased.tree, DeleteNode(key=key("Basics"))).tree

    decided = decide(edited, rebased.conflicts, theirs, keep=Side.THEIRS)

    assert "Heat" in outline_of(decided, "Basics")


def test_a_place_is_decided_also_when_other_moves_stand_against_it() -> None:
    base = course({"M One": {}, "M Two": {}, "M Three": {}})
    theirs = course({"M Two": {"M One": {}}, "M Three": {}})
    rebased = prepare(theirs, MoveNode(key=key("Two"), parent=key("One")), base=base)

    assert outline_of(decide_all(rebased, theirs)) == {"Two": {"One": {}}, "Three": {}}


def test_a_place_below_a_deleted_node_brings_that_back() -> None:
    theirs = course({"M Basics": {"L Heat": {"C Ice": {}}, "L Cold": {"C Frost": {}}}, "M Rivers": {}})
    rebased = prepare(theirs, DeleteNode(key=key("Heat")))

    decided = decide_all(rebased, theirs, ConflictKind.PLACE)

    assert outline_of(decided, "Heat") == {"Ice": {}}


def test_an_order_is_decided() -> None:
    base = course({"M A": {}, "M B": {}, "M C": {}})
    theirs = course({"M B": {}, "M A": {}, "M C": {}})
    rebased = prepare(theirs, ReorderChildren(key=COURSE_KEY, children=(key("C"), key("B"), key("A"))), base=base)

    assert list(outline_of(decide_all(rebased, theirs))) == ["B", "A", "C"]


@pytest.mark.parametrize("name", ["title", "description"])
def test_a_field_of_an_added_node_that_a_snapshot_has_meanwhile_is_decided(name: str) -> None:
    added = AddNode(
        key=key("Dew"), node_type=NodeType.LESSON, parent=key("Basics"), title="Mine", fields={"description": "Mine."}
    )
    theirs = course({"M Basics": {"L Heat": {}, "L Dew": {}}}, Dew={"title": "Theirs", "description": "Theirs."})
    rebased = prepare(theirs, added)
    conflict = next(one for one in rebased.conflicts if one.field == name)

    decided = decide(rebased.tree, [conflict], theirs, keep=Side.THEIRS).nodes[key("Dew")]

    texts = {one: str(decided.get_field(one)).strip(".") for one in ("title", "description")}
    assert texts == {"title": "Mine", "description": "Mine", name: "Theirs"}
