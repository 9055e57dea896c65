"""What each operation does and locks, and what it refuses."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from structures.editing.errors import EditRefused
from structures.editing.fields import EDITED, MAX_ITEM, MAX_ITEMS, MAX_TEXT, MAX_TITLE, Minutes
from structures.editing.operations import (
    AddNode,
    AddNote,
    AddReference,
    ChangeField,
    DeleteNode,
    MergeNodes,
    MoveNode,
    Operation,
    RemoveReference,
    ReorderChildren,
    SplitNode,
    perform_operation,
)
from structures.editing.operations.content import MAX_NOTE, MAX_NOTES
from structures.editing.operations.evidence import MAX_REFERENCES
from structures.editing.trees import COURSE_KEY, MAX_DEPTH, MAX_NODES, KeyedTree, TreeNote, build_tree
from structures.engines.base.drafts import NodeType
from tests.structures.editing.courses import Outline, course, find_faults, key, outline_of, quote

NEW = UUID(int=500)
NOTE = UUID(int=501)
COURSE = course(
    Heat={"description": "Hot.", "estimated_minutes": Minutes(30, "stated"), "difficulty": 2, "key_points": ("A", "B")},
    Cold={
        "description": "Cold.",
        "estimated_minutes": Minutes(15, "stated"),
        "difficulty": 4,
        "key_points": ("B", "C"),
    },
    Boiling={"references": (quote("It boils."), quote("It is hot.", page=2))},
    Steam={"references": (quote("Steam."), quote("It boils."))},
)


def apply(*operations: Operation, tree: KeyedTree = COURSE) -> KeyedTree:
    for operation in operations:
        tree = perform_operation(tree, operation).tree
        assert find_faults(tree) == []
    return tree


@pytest.mark.parametrize(
    ("operation", "code"),
    [
        (ChangeField(key=NEW, field="title", value="T"), "unknown_key"),
        (ChangeField(key=key("Heat"), field="colour", value="red"), "unknown_field"),
        (ChangeField(key=key("Basics"), field="arranged_by", value="me"), "unknown_field"),
        (ChangeField(key=COURSE_KEY, field="difficulty", value=1), "unknown_field"),
        (ChangeField(key=key("Heat"), field="title", value=" \t"), "invalid_value"),
        (ChangeField(key=key("Heat"), field="title", value="Two\nlines"), "invalid_value"),
        (ChangeField(key=key("Heat"), field="title", value=None), "invalid_value"),
        (ChangeField(key=key("Heat"), field="title", value="x" * (MAX_TITLE + 1)), "limit_exceeded"),
        (ChangeField(key=key("Heat"), field="description", value="a\x00b"), "invalid_value"),
        (ChangeField(key=key("Heat"), field="description", value="\ud800"), "invalid_value"),
        (ChangeField(key=key("Heat"), field="description", value="x" * (MAX_TEXT + 1)), "limit_exceeded"),
        (ChangeField(key=key("Heat"), field="difficulty", value=6), "invalid_value"),
        (ChangeField(key=key("Heat"), field="difficulty", value=True), "invalid_value"),
        (ChangeField(key=key("Heat"), field="estimated_minutes", value=-1), "invalid_value"),
        (ChangeField(key=key("Heat"), field="estimated_minutes", value=10**6), "limit_exceeded"),
        (ChangeField(key=key("Heat"), field="estimated_minutes", value={"minutes": 3, "basis": []}), "invalid_value"),
        (ChangeField(key=key("Heat"), field="key_points", value="one"), "invalid_value"),
        (ChangeField(key=key("Heat"), field="key_points", value=["one", " "]), "invalid_value"),
        (ChangeField(key=key("Heat"), field="key_points", value=["x"] * (MAX_ITEMS + 1)), "limit_exceeded"),
        (ChangeField(key=key("Heat"), field="key_points", value=["x" * (MAX_ITEM + 1)]), "limit_exceeded"),
        (ChangeField(key=key("Heat"), field="prerequisites", value=[{"term": "ice"}]), "invalid_value"),
        (ChangeField(key=COURSE_KEY, field="expected_skills", value=[{"details": "none"}]), "invalid_value"),
        (AddNode(key=NEW, node_type=NodeType.LESSON, parent=key("Boiling"), title="T"), "wrong_place"),
        (AddNode(key=NEW, node_type=NodeType.EXERCISE, parent=COURSE_KEY, title="T"), "wrong_place"),
        (AddNode(key=NEW, node_type=NodeType.CONCEPT, parent=key("Basics"), title="T"), "wrong_place"),
        (AddNode(key=NEW, node_type=NodeType.LESSON, parent=UUID(int=99), title="T"), "unknown_key"),
        (AddNode(key=key("Cold"), node_type=NodeType.LESSON, parent=key("Basics"), title="T"), "taken_key"),
        (AddNode(key=NEW, node_type=NodeType.LESSON, parent=key("Basics"), title=""), "invalid_value"),
        (MoveNode(key=key("Heat"), parent=key("Rivers"), position=-1), "position_out_of_range"),
        (DeleteNode(key=COURSE_KEY), "is_course"),
        (DeleteNode(key=NEW), "unknown_key"),
        (MoveNode(key=COURSE_KEY, parent=key("Basics")), "is_course"),
        (MoveNode(key=key("Heat"), parent=key("Ice")), "wrong_place"),
        (MoveNode(key=key("Basics"), parent=key("Basics")), "below_itself"),
        (MoveNode(key=key("Heat"), parent=key("Rivers"), position=3), "position_out_of_range"),
        (ReorderChildren(key=key("Basics"), children=(key("Heat"),)), "not_the_children"),
        (ReorderChildren(key=key("Basics"), children=(key("Heat"), key("Heat"))), "not_the_children"),
        (SplitNode(key=COURSE_KEY, new_key=NEW, title="T"), "is_course"),
        (SplitNode(key=key("Heat"), new_key=key("Cold"), title="T"), "taken_key"),
        (SplitNode(key=key("Heat"), new_key=NEW, title="T", children=(key("Ice"),)), "not_the_children"),
        (SplitNode(key=key("Ice"), new_key=NEW, title="T", references=(quote("No.").identity,)), "reference_mismatch"),
        (MergeNodes(into=key("Heat"), keys=(key("Heat"),)), "not_different"),
        (MergeNodes(into=key("Heat"), keys=()), "not_different"),
        (MergeNodes(into=key("Heat"), keys=(key("Cold"), key("Cold"))), "not_different"),
        (MergeNodes(into=key("Heat"), keys=(key("Rivers"),)), "different_types"),
        (MergeNodes(into=COURSE_KEY, keys=(key("Rivers"),)), "not_different"),
        (AddReference(key=key("Boiling"), reference=quote("It boils.", chunk=9)), "reference_mismatch"),
        (AddReference(key=COURSE_KEY, reference=quote("It boils.")), "is_course"),
        (AddReference(key=key("Boiling"), reference=quote(" ")), "invalid_value"),
        (AddReference(key=key("Boiling"), reference=quote("x" * 100_001)), "limit_exceeded"),
        (RemoveReference(key=key("Boiling"), identity=quote("It boils.", page=7).identity), "reference_mismatch"),
        (AddNote(key=key("Heat"), note=NOTE, text="x" * (MAX_NOTE + 1)), "limit_exceeded"),
        (AddNote(key=key("Heat"), note=NOTE, text="\x00"), "invalid_value"),
    ],
)  # fmt: skip
def test_it_refuses(operation: Operation, code: str) -> None:
    with pytest.raises(EditRefused) as refused:
        perform_operation(COURSE, operation)

    assert refused.value.code == code
    assert refused.value.next_step
    assert refused.value.status == 422


@pytest.mark.parametrize(
    "operation",
    [
        ChangeField(key=key("Boiling"), field="title", value="T"),
        MoveNode(key=key("Boiling"), parent=key("Cold")),
        AddNode(key=NEW, node_type=NodeType.CONCEPT, parent=key("Heat"), title="T"),
        MergeNodes(into=key("Ice"), keys=(key("Boiling"),)),
        AddNote(key=key("Heat"), note=NOTE, text="Why?"),
    ],
)
def test_an_edit_of_what_is_gone_is_refused(operation: Operation) -> None:
    with pytest.raises(EditRefused) as refused:
        perform_operation(apply(DeleteNode(key=key("Heat"))), operation)

    assert refused.value.code == "retired_key"
    assert refused.value.next_step


def test_a_key_is_never_used_again() -> None:
    with pytest.raises(EditRefused) as refused:
        perform_operation(
            apply(DeleteNode(key=key("Heat"))),
            AddNode(key=key("Heat"), node_type=NodeType.LESSON, parent=key("Basics"), title="T"),
        )

    assert refused.value.code == "taken_key"


def test_a_module_is_not_moved_below_its_own_module() -> None:
    nested = course({"M Outer": {"M Inner": {"M Innermost": {}}}})

    for operation in (
        MoveNode(key=key("Outer"), parent=key("Innermost")),
        MergeNodes(into=key("Outer"), keys=(key("Innermost"),)),
        MergeNodes(into=key("Innermost"), keys=(key("Outer"),)),
    ):
        with pytest.raises(EditRefused) as refused:
            perform_operation(nested, operation)
        assert refused.value.code == "below_itself"


def test_a_tree_grows_no_deeper_than_its_limit() -> None:
    outline: Outline = {"M 0": {}}
    for level in range(1, MAX_DEPTH - 1):
        outline = {f"M {level}": outline}
    tree = course(outline)

    with pytest.raises(EditRefused) as refused:
        perform_operation(tree, AddNode(key=NEW, node_type=NodeType.MODULE, parent=key("0"), title="T"))
    assert refused.value.code == "limit_exceeded"
    perform_operation(tree, AddNode(key=NEW, node_type=NodeType.MODULE, parent=key("1"), title="T"))


def test_a_tree_grows_no_larger_than_its_limit() -> None:
    tree = course({f"M {number}": {} for number in range(MAX_NODES - 1)})

    with pytest.raises(EditRefused) as refused:
        perform_operation(tree, AddNode(key=NEW, node_type=NodeType.MODULE, parent=COURSE_KEY, title="T"))

    assert refused.value.code == "limit_exceeded"


def test_a_node_has_no_more_notes_and_references_than_allowed() -> None:
    notes = [AddNote(key=key("Heat"), note=UUID(int=number), text="Why?") for number in range(MAX_NOTES)]
    full = apply(*notes)
    cited = course(Heat={"references": tuple(quote(f"Quote {number}.") for number in range(MAX_REFERENCES))})

    for tree, operation in (
        (full, AddNote(key=key("Heat"), note=NOTE, text="Why?")),
        (cited, AddReference(key=key("Heat"), reference=quote("One more."))),
    ):
        with pytest.raises(EditRefused) as refused:
            perform_operation(tree, operation)
        assert refused.value.code == "limit_exceeded"


def test_what_an_engine_wrote_may_be_longer_and_the_rest_can_be_edited() -> None:
    tree = course(Heat={"description": "x" * (MAX_TEXT + 1)})

    edited = apply(ChangeField(key=key("Heat"), field="title", value="Warmth"), tree=tree)

    assert edited.nodes[key("Heat")].title == "Warmth"


@pytest.mark.parametrize(
    ("name", "value", "stored"),
    [
        ("title", "Warmth", "Warmth"),
        ("description", "", ""),
        ("difficulty", None, None),
        ("estimated_minutes", 20, Minutes(20, EDITED)),
        ("estimated_minutes", {"minutes": 20, "basis": "stated"}, Minutes(20, EDITED)),
        ("key_points", ["One", "Two"], ("One", "Two")),
    ],
)
def test_a_changed_field_is_locked_and_no_other(name: str, value: Any, stored: Any) -> None:
    node = apply(ChangeField(key=key("Heat"), field=name, value=value)).nodes[key("Heat")]

    assert node.get_field(name) == stored
    assert node.locks.fields == {name}


def test_an_edit_that_changes_nothing_locks_nothing() -> None:
    for operation in (
        ChangeField(key=key("Heat"), field="title", value="Heat"),
        MoveNode(key=key("Heat"), parent=key("Basics"), position=0),
        ReorderChildren(key=key("Basics"), children=(key("Heat"), key("Cold"))),
    ):
        assert perform_operation(COURSE, operation).change.is_empty


def test_it_adds_a_node_where_it_is_told() -> None:
    edited = apply(
        AddNode(
            key=NEW,
            node_type=NodeType.LESSON,
            parent=key("Basics"),
            title="Warm",
            position=1,
            fields={"key_points": ["Tepid"]},
            references=(quote("It is warm."),),
        )
    )

    node = edited.nodes[NEW]
    assert list(outline_of(edited, "Basics")) == ["Heat", "Warm", "Cold"]
    assert node.get_field("key_points") == ("Tepid",)
    assert node.references == (quote("It is warm."),)
    assert node.locks.added


def test_it_deletes_a_node_with_all_below_it() -> None:
    edited = apply(DeleteNode(key=key("Heat")))

    assert outline_of(edited, "Basics") == {"Cold": {"Ice": {}, "Frost": {}}}
    assert set(edited.retired) == {key(name) for name in ("Heat", "Boiling", "Steam", "Egg")}


def test_it_moves_a_node_with_all_below_it() -> None:
    edited = apply(MoveNode(key=key("Heat"), parent=key("Rivers"), position=1))

    assert list(outline_of(edited, "Basics")) == ["Cold"]
    assert list(outline_of(edited, "Rivers")) == ["Springs", "Heat", "Mouths"]
    assert outline_of(edited, "Heat") == outline_of(COURSE, "Heat")
    assert edited.nodes[key("Heat")].locks.place


def test_a_position_counts_without_the_node_that_is_moved() -> None:
    edited = apply(MoveNode(key=key("Boiling"), parent=key("Heat"), position=1))

    assert list(outline_of(edited, "Heat")) == ["Steam", "Boiling", "Egg"]


def test_it_puts_children_in_order() -> None:
    order = (key("Egg"), key("Boiling"), key("Steam"))

    edited = apply(ReorderChildren(key=key("Heat"), children=order))

    assert edited.nodes[key("Heat")].children == order
    assert edited.nodes[key("Heat")].locks.order


def test_it_splits_a_node_in_two() -> None:
    edited = apply(
        SplitNode(
            key=key("Heat"),
            new_key=NEW,
            title="Warmth",
            children=(key("Egg"), key("Steam")),
            fields={"description": "Warm."},
            remaining={"description": "Only hot.", "title": "Heat"},
        )
    )

    assert outline_of(edited, "Basics") == {
        "Heat": {"Boiling": {}},
        "Warmth": {"Steam": {}, "Egg": {}},
        "Cold": {"Ice": {}, "Frost": {}},
    }
    assert edited.nodes[key("Heat")].get_field("description") == "Only hot."
    assert edited.nodes[key("Heat")].locks.fields == {"description"}
    assert edited.nodes[NEW].get_field("description") == "Warm."


def test_a_split_gives_evidence_to_the_new_node() -> None:
    given, kept = COURSE.nodes[key("Boiling")].references

    edited = apply(SplitNode(key=key("Boiling"), new_key=NEW, title="Hot", references=(given.identity,)))

    assert edited.nodes[NEW].references == (given,)
    assert edited.nodes[key("Boiling")].references == (kept,)


def test_it_merges_nodes() -> None:
    edited = apply(MergeNodes(into=key("Heat"), keys=(key("Cold"),)))

    node = edited.nodes[key("Heat")]
    assert outline_of(edited, "Basics") == {"Heat": {"Boiling": {}, "Steam": {}, "Egg": {}, "Ice": {}, "Frost": {}}}
    assert node.title == "Heat"
    assert node.get_field("description") == "Hot.\n\nCold."
    assert node.get_field("estimated_minutes") == Minutes(45, EDITED)
    assert node.get_field("difficulty") == 4
    assert node.get_field("key_points") == ("A", "B", "C")
    assert edited.retired[key("Cold")].into == key("Heat")


def test_a_merge_joins_evidence_once_and_notes() -> None:
    noted = apply(AddNote(key=key("Steam"), note=NOTE, text="Really?"))

    node = apply(MergeNodes(into=key("Boiling"), keys=(key("Steam"),)), tree=noted).nodes[key("Boiling")]

    assert [reference.quote for reference in node.references] == ["It boils.", "It is hot.", "Steam."]
    assert node.notes == (TreeNote(key=NOTE, text="Really?"),)


def test_fields_of_a_merge_overrule_what_would_be_joined() -> None:
    edited = apply(MergeNodes(into=key("Heat"), keys=(key("Cold"),), fields={"title": "Both", "description": "Both."}))

    assert edited.nodes[key("Heat")].title == "Both"
    assert edited.nodes[key("Heat")].get_field("description") == "Both."


def test_a_merge_that_would_be_too_long_is_refused() -> None:
    long = "x" * (MAX_TEXT - 10)
    tree = course(Heat={"description": long}, Cold={"description": long + "y"})

    with pytest.raises(EditRefused) as refused:
        perform_operation(tree, MergeNodes(into=key("Heat"), keys=(key("Cold"),)))

    assert refused.value.code == "limit_exceeded"


def test_it_adds_and_removes_evidence() -> None:
    edited = apply(
        AddReference(key=key("Boiling"), reference=quote("New.")),
        RemoveReference(key=key("Boiling"), identity=quote("It boils.").identity),
    )

    node = edited.nodes[key("Boiling")]
    assert [reference.quote for reference in node.references] == ["It is hot.", "New."]
    assert node.locks.references_added == {quote("New.").identity}
    assert node.locks.references_removed == {quote("It boils.").identity}


def test_evidence_that_is_brought_back_is_no_longer_removed() -> None:
    reference = quote("It boils.")

    locks = (
        apply(
            RemoveReference(key=key("Boiling"), identity=reference.identity),
            AddReference(key=key("Boiling"), reference=reference),
        )
        .nodes[key("Boiling")]
        .locks
    )

    assert locks.references_removed == frozenset()
    assert locks.references_added == {reference.identity}


def test_a_refused_edit_leaves_the_tree_alone() -> None:
    before = build_tree(COURSE.nodes.values())

    with pytest.raises(EditRefused):
        perform_operation(COURSE, MergeNodes(into=key("Heat"), keys=(key("Cold"),), fields={"title": ""}))

    assert before == COURSE
