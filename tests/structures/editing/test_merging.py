"""Rebasing onto a newer snapshot: what is kept, what follows, and each conflict."""

from __future__ import annotations

from uuid import UUID

import pytest

from structures.editing.conflicts import ConflictKind, EditConflict
from structures.editing.errors import EditRefused
from structures.editing.merging import Rebase, interleave, rebase_tree
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
from structures.editing.placement import place_nodes
from structures.editing.trees import COURSE_KEY, MAX_DEPTH, KeyedTree, Reason
from structures.engines.base.drafts import NodeType
from tests.executed_lines import count_executed_lines
from tests.structures.editing.courses import Outline, course, find_faults, key, outline_of, quote

NEW = UUID(int=500)
BASE = course()


def edit(*operations: Operation, tree: KeyedTree = BASE) -> KeyedTree:
    for operation in operations:
        tree = perform_operation(tree, operation).tree
    return tree


def rebase_onto(theirs: KeyedTree, *operations: Operation, base: KeyedTree = BASE) -> Rebase:
    """Rebase the edits onto the new snapshot, and check what holds of every rebase."""
    rebased = rebase_tree(base, edit(*operations, tree=base), theirs)
    assert find_faults(rebased.tree) == []
    again = rebase_tree(theirs, rebased.tree, theirs)
    assert (again.tree, again.conflicts) == (rebased.tree, ())
    return rebased


def only(rebased: Rebase) -> EditConflict:
    (conflict,) = rebased.conflicts
    return conflict


def rename(name: str, title: str) -> ChangeField:
    return ChangeField(key=key(name), field="title", value=title)


def title_of(tree: KeyedTree, name: str) -> str:
    return tree.nodes[key(name)].title


def test_without_edits_the_new_snapshot_is_the_working_copy() -> None:
    theirs = course({"M Rivers": {"L Mouths": {"C Delta": {}}}, "M Seas": {}}, Mouths={"description": "Wide."})

    rebased = rebase_onto(theirs)

    assert rebased.tree.nodes == theirs.nodes
    assert rebased.conflicts == ()
    assert {gone.reason for gone in rebased.tree.retired.values()} == {Reason.DROPPED}


def test_each_field_is_kept_or_follows_on_its_own() -> None:
    theirs = course(Heat={"description": "Hot."})

    rebased = rebase_onto(theirs, rename("Heat", "Warmth"))

    assert title_of(rebased.tree, "Heat") == "Warmth"
    assert rebased.tree.nodes[key("Heat")].get_field("description") == "Hot."
    assert rebased.conflicts == ()


def test_a_field_that_both_changed_is_a_conflict_with_all_versions_and_the_evidence() -> None:
    base = course(Heat={"description": "Old.", "references": (quote("Old."),)})
    theirs = course(Heat={"description": "Theirs.", "references": (quote("Theirs."),)})

    rebased = rebase_onto(theirs, ChangeField(key=key("Heat"), field="description", value="Mine."), base=base)

    conflict = only(rebased)
    assert (conflict.kind, conflict.key, conflict.field) == (ConflictKind.FIELD, key("Heat"), "description")
    assert (conflict.base, conflict.mine, conflict.theirs) == ("Old.", "Mine.", "Theirs.")
    assert conflict.references_mine == (quote("Old."),)
    assert conflict.references_theirs == (quote("Theirs."),)
    assert rebased.tree.nodes[key("Heat")].get_field("description") == "Mine."


def test_the_same_change_on_both_sides_is_no_conflict() -> None:
    rebased = rebase_onto(course(Heat={"title": "Warmth"}), rename("Heat", "Warmth"))

    assert rebased.conflicts == ()


def test_an_undecided_conflict_stays_one_when_the_next_generation_changes_nothing() -> None:
    theirs = course(Heat={"title": "Theirs"})
    first = rebase_onto(theirs, rename("Heat", "Mine"))

    second = rebase_tree(theirs, first.tree, theirs, undecided=first.conflicts)
    settled = rebase_tree(theirs, first.tree, course(Heat={"title": "Mine"}), undecided=first.conflicts)

    assert second.conflicts == first.conflicts
    assert second.conflicts[0].base == "Heat"
    assert settled.conflicts == ()


@pytest.mark.parametrize(
    ("operations", "outline", "kind"),
    [
        (
            (MoveNode(key=key("Heat"), parent=key("Rivers")),),
            {"M A": {"L Heat": {}}, "M Rivers": {}},
            ConflictKind.PLACE,
        ),
        ((DeleteNode(key=key("Heat")),), {"M Basics": {"L Heat": {}}}, ConflictKind.DELETED),
        ((rename("Heat", "Mine"),), {"M Basics": {}}, ConflictKind.DROPPED),
        ((rename("Ice", "Mine"), DeleteNode(key=key("Heat"))), {"M Rivers": {}}, ConflictKind.DROPPED),
        (
            (AddNode(key=NEW, node_type=NodeType.LESSON, parent=key("Basics"), title="Mine"),),
            {"M Rivers": {}},
            ConflictKind.PARENT_DROPPED,
        ),
    ],
)
def test_every_kind_of_undecided_conflict_stays(
    operations: tuple[Operation, ...], outline: Outline, kind: ConflictKind
) -> None:
    theirs = course(outline)
    first = rebase_onto(theirs, *operations)
    assert kind in {conflict.kind for conflict in first.conflicts}

    second = rebase_tree(theirs, first.tree, theirs, undecided=first.conflicts)

    assert {one.id: one.base for one in second.conflicts} == {one.id: one.base for one in first.conflicts}


def test_a_node_that_a_person_added_stays_where_they_put_it() -> None:
    theirs = course({"M Basics": {"L Dew": {}, "L Heat": {}, "L Cold": {}}, "M Rivers": {}})
    added = AddNode(key=NEW, node_type=NodeType.LESSON, parent=key("Basics"), title="Mine", position=1)

    rebased = rebase_onto(theirs, added)

    assert list(outline_of(rebased.tree, "Basics")) == ["Dew", "Heat", "Mine", "Cold"]
    assert rebased.conflicts == ()


def test_the_parent_of_an_added_node_is_kept_for_it() -> None:
    theirs = course({"M Rivers": {}})
    added = AddNode(key=NEW, node_type=NodeType.CONCEPT, parent=key("Heat"), title="Mine")

    rebased = rebase_onto(theirs, added)

    assert outline_of(rebased.tree) == {"Basics": {"Heat": {"Mine": {}}}, "Rivers": {}}
    conflict = only(rebased)
    assert (conflict.kind, conflict.key) == (ConflictKind.PARENT_DROPPED, key("Basics"))
    assert conflict.keys == (NEW,)
    assert conflict.theirs is None


def test_an_edited_node_that_is_dropped_is_kept_with_its_content_and_parent() -> None:
    theirs = course({"M Rivers": {"L Mouths": {"C Ice": {}}}})

    rebased = rebase_onto(theirs, rename("Cold", "Frozen"))

    assert outline_of(rebased.tree, "Basics") == {"Frozen": {"Frost": {}}}
    assert outline_of(rebased.tree, "Mouths") == {"Ice": {}}
    assert [(one.kind, one.key) for one in rebased.conflicts] == [
        (ConflictKind.PARENT_DROPPED, key("Basics")),
        (ConflictKind.DROPPED, key("Cold")),
    ]
    assert rebased.conflicts[1].mine.title == "Frozen"


def test_a_node_with_a_note_is_not_dropped_in_silence() -> None:
    rebased = rebase_onto(course({"M Rivers": {}}), AddNote(key=key("Ice"), note=NEW, text="Why?"))

    assert (ConflictKind.DROPPED, key("Ice")) in [(one.kind, one.key) for one in rebased.conflicts]
    assert rebased.tree.nodes[key("Ice")].notes


def test_a_deleted_node_does_not_come_back() -> None:
    rebased = rebase_onto(BASE, DeleteNode(key=key("Heat")))

    assert "Heat" not in outline_of(rebased.tree, "Basics")
    assert rebased.conflicts == ()


@pytest.mark.parametrize(
    ("theirs", "keys"),
    [
        (course(Heat={"description": "New."}), ["Heat"]),
        (course(Boiling={"references": (quote("New."),)}), ["Boiling"]),
        (
            course({"M Basics": {"L Heat": {"C Boiling": {}, "C Steam": {}, "E Egg": {}, "C Melting": {}}}}),
            ["Heat", "Melting"],
        ),
    ],
)
def test_a_change_of_a_deleted_node_is_a_conflict(theirs: KeyedTree, keys: list[str]) -> None:
    rebased = rebase_onto(theirs, DeleteNode(key=key("Heat")))

    conflict = only(rebased)
    assert (conflict.kind, conflict.key) == (ConflictKind.DELETED, key("Heat"))
    assert conflict.keys == tuple(map(key, keys))
    assert conflict.mine is None
    assert conflict.theirs == theirs.nodes[key("Heat")]
    assert not {"Heat", "Melting"} & set(outline_of(rebased.tree, "Basics"))


def test_a_node_that_a_generation_moves_below_a_deleted_one_stays_where_it_was() -> None:
    theirs = course({"M Basics": {"L Heat": {"C Ice": {}}, "L Cold": {"C Frost": {}}}, "M Rivers": {}})

    rebased = rebase_onto(theirs, DeleteNode(key=key("Heat")))

    assert outline_of(rebased.tree, "Cold") == {"Ice": {}, "Frost": {}}
    assert {(one.kind, one.key) for one in rebased.conflicts} == {
        (ConflictKind.PLACE, key("Ice")),
        (ConflictKind.DELETED, key("Heat")),
    }


def test_a_node_that_both_moved_stays_with_the_person_as_a_conflict() -> None:
    theirs = course({"M Basics": {"L Cold": {}}, "M Rivers": {}, "M Fire": {"L Heat": {}}})

    rebased = rebase_onto(theirs, MoveNode(key=key("Heat"), parent=key("Rivers")))

    conflict = next(one for one in rebased.conflicts if one.kind is ConflictKind.PLACE)
    assert (conflict.base, conflict.mine, conflict.theirs) == (key("Basics"), key("Rivers"), key("Fire"))
    assert "Heat" in outline_of(rebased.tree, "Rivers")
    assert outline_of(rebased.tree, "Fire") == {}


def test_moves_that_would_close_a_circle_do_not() -> None:
    base = course({"M One": {}, "M Two": {}, "M Three": {}})
    # Two is in One, and One in a new module in Two: none of them would be below the course.
    theirs = course({"M Two": {"M Bridge": {"M One": {}}}, "M Three": {}})

    rebased = rebase_onto(theirs, MoveNode(key=key("Two"), parent=key("One")), base=base)

    assert outline_of(rebased.tree, "One") == {"Two": {"Bridge": {}}}
    conflict = only(rebased)
    assert (conflict.kind, conflict.key) == (ConflictKind.PLACE, key("One"))
    assert (conflict.base, conflict.mine, conflict.theirs) == (COURSE_KEY, COURSE_KEY, key("Bridge"))


def test_children_in_a_persons_order_keep_it_and_new_ones_find_a_place() -> None:
    base = course({"M A": {}, "M B": {}, "M C": {}})
    theirs = course({"M A": {}, "M New": {}, "M B": {}, "M C": {}})

    rebased = rebase_onto(theirs, ReorderChildren(key=COURSE_KEY, children=(key("C"), key("B"), key("A"))), base=base)

    assert list(outline_of(rebased.tree)) == ["C", "B", "A", "New"]
    assert rebased.conflicts == ()


def test_an_order_that_both_changed_is_a_conflict() -> None:
    base = course({"M A": {}, "M B": {}, "M C": {}})
    theirs = course({"M B": {}, "M A": {}, "M C": {}})

    rebased = rebase_onto(theirs, ReorderChildren(key=COURSE_KEY, children=(key("C"), key("B"), key("A"))), base=base)

    conflict = only(rebased)
    assert (conflict.kind, conflict.key) == (ConflictKind.ORDER, COURSE_KEY)
    assert conflict.theirs == (key("B"), key("A"), key("C"))
    assert list(outline_of(rebased.tree)) == ["C", "B", "A"]


def test_a_split_stands_and_what_stayed_whole_follows() -> None:
    theirs = course(
        {
            "M Basics": {
                "L Heat": {"C Boiling": {}, "C Steam": {}, "E Egg": {}, "C Melting": {}},
                "L Cold": {"C Ice": {}, "C Frost": {}},
            }
        },
        Steam={"description": "Wet."},
    )
    split = SplitNode(key=key("Heat"), new_key=NEW, title="Vapour", children=(key("Steam"),))

    rebased = rebase_onto(theirs, split)

    assert outline_of(rebased.tree, "Basics") == {
        "Heat": {"Boiling": {}, "Egg": {}, "Melting": {}},
        "Vapour": {"Steam": {}},
        "Cold": {"Ice": {}, "Frost": {}},
    }
    assert rebased.tree.nodes[key("Steam")].get_field("description") == "Wet."


def test_evidence_that_a_split_took_along_does_not_come_back() -> None:
    base = course(Boiling={"references": (quote("It boils."), quote("Steam rises."))})
    split = SplitNode(key=key("Boiling"), new_key=NEW, title="Steam", references=(quote("Steam rises.").identity,))

    rebased = rebase_onto(base, split, base=base)

    assert rebased.tree.nodes[key("Boiling")].references == (quote("It boils."),)
    assert rebased.tree.nodes[NEW].references == (quote("Steam rises."),)


def test_what_is_new_below_a_merged_node_comes_below_the_one_that_has_it_now() -> None:
    theirs = course(
        {"M Basics": {"L Heat": {"C Boiling": {}}, "L Cold": {"C Ice": {}, "C Frost": {}, "C Snow": {}}}},
        Cold={"description": "Colder."},
    )

    rebased = rebase_onto(theirs, MergeNodes(into=key("Heat"), keys=(key("Cold"),)))

    assert set(outline_of(rebased.tree, "Heat")) == {"Boiling", "Ice", "Frost", "Snow"}
    conflict = only(rebased)
    assert (conflict.kind, conflict.key, conflict.keys) == (ConflictKind.DELETED, key("Cold"), (key("Cold"),))


def test_new_content_follows_a_chain_of_merges() -> None:
    theirs = course({"M Rivers": {"L Springs": {}, "L Mouths": {}}, "M Basics": {"L Heat": {"C Melting": {}}}})

    rebased = rebase_onto(
        theirs,
        MergeNodes(into=key("Cold"), keys=(key("Heat"),)),
        MergeNodes(into=key("Springs"), keys=(key("Cold"),)),
    )

    assert "Melting" in outline_of(rebased.tree, "Springs")


def test_a_generation_brings_evidence_and_a_persons_stays() -> None:
    base = course(Ice={"references": (quote("One."), quote("Two."))})
    theirs = course(Ice={"references": (quote("Two.", page=9), quote("Three.", chunk=8))})

    rebased = rebase_onto(
        theirs,
        RemoveReference(key=key("Ice"), identity=quote("Two.").identity),
        AddReference(key=key("Ice"), reference=quote("Mine.")),
        base=base,
    )

    # "Two." stands on another page now, and is still what the person removed.
    assert rebased.tree.nodes[key("Ice")].references == (quote("Three.", chunk=8), quote("Mine."))


def test_the_same_words_elsewhere_that_a_person_kept_stay() -> None:
    base = course(Ice={"references": (quote("It melts."), quote("It melts.", page=5))})

    rebased = rebase_onto(base, RemoveReference(key=key("Ice"), identity=quote("It melts.").identity), base=base)

    assert rebased.tree.nodes[key("Ice")].references == (quote("It melts.", page=5),)


def test_evidence_that_both_added_stands_once_as_the_person_added_it() -> None:
    theirs = course(Ice={"references": (quote("Both.", chunk=7), quote("Theirs."))})

    rebased = rebase_onto(theirs, AddReference(key=key("Ice"), reference=quote("Both.", chunk=3)))

    assert rebased.tree.nodes[key("Ice")].references == (quote("Theirs."), quote("Both.", chunk=3))


def test_evidence_that_a_person_brought_back_is_theirs() -> None:
    base = course(Ice={"references": (quote("One."),)})

    rebased = rebase_onto(
        course(Ice={"references": ()}),
        RemoveReference(key=key("Ice"), identity=quote("One.").identity),
        AddReference(key=key("Ice"), reference=quote("One.")),
        base=base,
    )

    assert rebased.tree.nodes[key("Ice")].references == (quote("One."),)


def test_a_node_that_a_person_moved_among_its_siblings_stays_there() -> None:
    theirs = course({"M Basics": {"L Heat": {}, "L Cold": {}, "L Dew": {}}, "M Rivers": {}})

    rebased = rebase_onto(theirs, MoveNode(key=key("Heat"), parent=key("Basics"), position=1))

    assert list(outline_of(rebased.tree, "Basics")) == ["Cold", "Heat", "Dew"]
    assert rebased.conflicts == ()


def test_a_dropped_key_may_come_back_by_a_later_generation() -> None:
    without = rebase_onto(course({"M Rivers": {}}))

    back = rebase_tree(course({"M Rivers": {}}), without.tree, BASE)

    assert back.tree.nodes == BASE.nodes
    assert back.tree.retired == {}


def test_a_key_of_another_type_is_refused() -> None:
    with pytest.raises(EditRefused) as refused:
        rebase_tree(BASE, BASE, course({"M Basics": {"M Heat": {}}}))

    assert refused.value.code == "type_changed"


def test_a_rebase_that_would_be_too_deep_is_refused() -> None:
    chain: Outline = {}
    for level in range(MAX_DEPTH - 2):
        chain = {f"M {level}": chain}
    base = course({"M Top": {}, "M Moved": {}})
    theirs = course({"M Top": {}, "M Moved": chain})

    with pytest.raises(EditRefused) as refused:
        rebase_tree(base, edit(MoveNode(key=key("Moved"), parent=key("Top")), tree=base), theirs)

    assert refused.value.code == "limit_exceeded"
    assert "level" in str(refused.value)


@pytest.mark.parametrize(
    ("leading", "following", "merged"),
    [
        ("", "", ""),
        ("abc", "", "abc"),
        ("", "abc", "abc"),
        ("abc", "axbcy", "axbcy"),
        ("cba", "axbcy", "cybax"),
        ("abc", "xb", "axbc"),
        ("abc", "xy", "abcxy"),
    ],
)
def test_orders_are_interleaved(leading: str, following: str, merged: str) -> None:
    keys = {letter: UUID(int=ord(letter)) for letter in leading + following}

    found = interleave([keys[letter] for letter in leading], [keys[letter] for letter in following])

    assert found == tuple(keys[letter] for letter in merged)


def build_large(lessons: int) -> Outline:
    return {"M Large": {f"L {number}": {f"C {number}.{part}": {} for part in range(5)} for number in range(lessons)}}


@pytest.mark.slow
def test_the_work_grows_as_the_trees_do() -> None:
    def count(lessons: int) -> int:
        base = course(build_large(lessons))
        mine = edit(
            *(MoveNode(key=key(f"{one}"), parent=key("Large"), position=0) for one in range(0, 40, 2)), tree=base
        )
        theirs = course(build_large(lessons + 10))
        return count_executed_lines(lambda: rebase_tree(base, mine, theirs), at_most=3_000_000)

    assert count(400) < 5 * count(100)


@pytest.mark.slow
def test_circles_are_broken_without_walking_long_ways_again() -> None:
    def count(pairs: int) -> int:
        names = [f"{side}{number}" for number in range(pairs) for side in "ab"]
        base = course({f"M {name}": {} for name in names})
        moves = [MoveNode(key=key(f"a{one}"), parent=key(f"b{one}")) for one in range(pairs)]
        mine = edit(*moves, tree=base)
        # b1 is in a0, b2 in a1 and so on, and b0 in the last: one circle through all of them.
        theirs = course({f"M a{number}": {f"M b{(number + 1) % pairs}": {}} for number in range(pairs)})
        assert place_nodes(mine, theirs).blockers
        return count_executed_lines(lambda: place_nodes(mine, theirs), at_most=3_000_000)

    assert count(400) < 5 * count(100)
