"""Whatever a person does and whatever generations make of the course: what the person did stays."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from random import Random
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from structures.editing.changes import compute_change, decode_change, encode_change
from structures.editing.conflicts import ConflictKind, EditConflict, Side, encode_conflict
from structures.editing.decisions import decide
from structures.editing.differences import TreeDifference, compare_trees, encode_difference
from structures.editing.merging import Rebase, rebase_tree
from structures.editing.operations import perform_operation
from structures.editing.tree_json import decode_tree, encode_tree
from structures.editing.trees import KeyedNode, KeyedTree
from tests.structures.editing.courses import find_faults
from tests.structures.editing.histories import Generations, Ledger, Person, list_above
from tests.structures.editing.reference_history import HistoryRow, append_edit, redo_last, replay_rows, undo_last

FEW = settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
MANY = settings(FEW, max_examples=10_000)
# Seeded by Hypothesis; drawing each choice from it would take ten times as long. What it can make smaller is `edits`.
RANDOMS = st.randoms(use_true_random=True)
EDITS = st.integers(1, 8)


class WorkingCopy:
    """A working copy with its history, and what the ledger and the base were after each step."""

    def __init__(self, random: Random, edits: int) -> None:
        self.random, self.edits = random, edits
        self.generations = Generations(random)
        self.first = self.base = self.tree = self.generations.sketch.build()
        self.person = Person(random)
        self.rows: tuple[HistoryRow, ...] = ()
        self.before: list[tuple[Ledger, KeyedTree]] = []

    def edit(self) -> None:
        ledger = deepcopy(self.person.ledger)
        operation = self.person.choose(self.tree)
        if operation is None:
            return
        edit = perform_operation(self.tree, operation)
        self.before.append((ledger, self.base))
        self.rows = append_edit(self.rows, decode_change(json.loads(json.dumps(encode_change(edit.change)))))
        self.tree = edit.tree

    def rebase(self) -> Rebase:
        theirs = self.generations.next_snapshot()
        rebased = rebase_tree(self.base, self.tree, theirs)
        self.before.append((deepcopy(self.person.ledger), self.base))
        self.rows = append_edit(self.rows, compute_change(self.tree, rebased.tree))
        self.base, self.tree = theirs, rebased.tree
        return rebased

    def undo(self) -> None:
        if self.before:
            self.rows, self.tree = undo_last(self.rows, self.tree)
            self.person.ledger, self.base = self.before.pop()

    def live(self) -> None:
        """Edit a few times, with a step taken back now and then."""
        for _ in range(self.random.randint(1, self.edits)):
            self.edit()
            if self.random.random() < 0.15:
                self.undo()


def check_history(random: Random, edits: int) -> None:
    copy = WorkingCopy(random, edits)
    for _ in range(random.randint(1, 3)):
        copy.live()
        base, mine = copy.base, copy.tree
        rebased = copy.rebase()

        assert find_faults(copy.tree) == []
        assert find_broken_promises(copy.person.ledger, mine, copy.tree) == []
        assert find_ignored(copy.person.ledger, copy.tree, copy.base) == []
        assert find_unsaid(copy.person.ledger, base, copy.base, rebased.conflicts) == []
        again = rebase_tree(copy.base, copy.tree, copy.base)
        assert (again.tree, again.conflicts) == (copy.tree, ())
        assert rebase_tree(base, mine, copy.base) == rebased
        if random.random() < 0.2:
            copy.undo()
            assert copy.tree == mine
    assert replay_rows(copy.first, copy.rows) == copy.tree


def is_below(tree: KeyedTree, key: UUID, parent: UUID) -> bool:
    return key in tree.nodes and tree.nodes[key].parent == parent


def find_broken_promises(ledger: Ledger, mine: KeyedTree, tree: KeyedTree) -> list[str]:
    """Return what a person did and the rebased tree does not show."""
    broken = [f"{key} came back" for key in ledger.deleted if key in tree.nodes]
    broken += [f"{key} is lost" for key in ledger.added if key not in tree.nodes]
    broken += [
        f"{name} of {key}"
        for (key, name), value in ledger.values.items()
        if key not in tree.nodes or tree.nodes[key].fields.get(name, "") != value
    ]
    broken += [
        f"place of {key}"
        for key, parent in ledger.parents.items()
        if key not in tree.nodes or tree.nodes[key].parent != parent
    ]
    for key, references in ledger.references.items():
        if references and (key not in tree.nodes or not references <= set(tree.nodes[key].references)):
            broken.append(f"references of {key}")
    broken += [
        f"evidence of {key} stands twice"
        for key, node in tree.nodes.items()
        if len({reference.identity for reference in node.references}) < len(node.references)
    ]
    for key, removed in ledger.removed.items():
        cited = tree.nodes[key].references if key in tree.nodes else ()
        if any((one.entry_id, one.quote) in removed for one in cited):
            broken.append(f"removed references of {key}")
    for key, notes in ledger.noted.items():
        if key not in tree.nodes or [note.text for note in tree.nodes[key].notes] != notes:
            broken.append(f"notes of {key}")
    for key, order in ledger.orders.items():
        # What a generation took out of the order, and brought back, has no place in it any more.
        left = [
            one for one in order if one not in ledger.parents and is_below(mine, one, key) and is_below(tree, one, key)
        ]
        if key not in tree.nodes or [one for one in tree.nodes[key].children if one in left] != left:
            broken.append(f"order below {key}")
    return broken


def find_ignored(ledger: Ledger, tree: KeyedTree, theirs: KeyedTree) -> list[str]:
    """Return what the new snapshot says, no person touched, and the tree does not show."""
    ignored = []
    for key, node in theirs.nodes.items():
        if ledger.deleted.isdisjoint({key, *list_above(theirs, key)}):
            present = tree.nodes.get(key)
            if present is None:
                ignored.append(f"{key} is missing")
                continue
            ignored += [
                f"{name} of {key}"
                for name in ("title", "description")
                if (key, name) not in ledger.values and present.fields.get(name) != node.fields.get(name)
            ]
    touched = {*(key for key, _ in ledger.values), *ledger.parents, *ledger.noted, *ledger.orders, *ledger.removed}
    if not touched | ledger.deleted | ledger.references.keys():
        ignored += [] if tree.nodes == theirs.nodes else ["The person did nothing, and the tree is another one."]
    return ignored


def find_unsaid(
    ledger: Ledger, base: KeyedTree, theirs: KeyedTree, conflicts: tuple[EditConflict, ...]
) -> list[tuple[UUID, str]]:
    """Return the fields that both sides changed, each to another text, and no conflict tells."""
    said = {(one.key, one.field) for one in conflicts if one.kind is ConflictKind.FIELD}
    return [
        (key, name)
        for (key, name), value in ledger.values.items()
        if key in base.nodes and key in theirs.nodes
        if theirs.nodes[key].fields.get(name, "") not in (value, base.nodes[key].fields.get(name, ""))
        if (key, name) not in said
    ]


def check_undo_and_redo(random: Random, edits: int) -> None:
    copy = WorkingCopy(random, edits)
    copy.live()
    copy.rebase()
    for _ in range(4):
        copy.edit()
    rows, tree = copy.rows, copy.tree
    steps = len(copy.before)

    for _ in range(steps):
        rows, tree = undo_last(rows, tree)
    assert tree == copy.first
    for _ in range(steps):
        rows, tree = redo_last(rows, tree)
    assert tree == copy.tree
    assert len(rows) == len(copy.rows) + 2 * steps
    assert rows[: len(copy.rows)] == copy.rows


def check_decisions(random: Random, edits: int) -> None:
    copy = WorkingCopy(random, edits)
    for _ in range(3):
        copy.live()
    rebased = copy.rebase()
    conflicts = list(rebased.conflicts)
    json.dumps([encode_conflict(conflict) for conflict in conflicts])
    assert len({conflict.id for conflict in conflicts}) == len(conflicts)
    assert decide(copy.tree, conflicts, copy.base, keep=Side.MINE) == copy.tree

    if conflicts:
        one = random.choice(conflicts)
        decided = decide(copy.tree, [one], copy.base, keep=Side.THEIRS)
        assert find_faults(decided) == []
        assert describe_undecided(one, decided, copy.base) == ""
    everything = decide(copy.tree, conflicts, copy.base, keep=Side.THEIRS)
    assert find_faults(everything) == []
    assert [text for one in conflicts if (text := describe_undecided(one, everything, copy.base))] == []


def describe_undecided(conflict: EditConflict, tree: KeyedTree, theirs: KeyedTree) -> str:
    """Return how the tree is not what the new snapshot says about the conflict; blank when it is."""
    key, kind = conflict.key, conflict.kind
    if kind in {ConflictKind.DROPPED, ConflictKind.PARENT_DROPPED}:
        return f"{key} is still there" if key in tree.nodes else ""
    if key not in tree.nodes:
        # Decided together with another conflict: a node above it that the new snapshot does not have.
        return f"{key} is gone" if kind is ConflictKind.DELETED or key in theirs.nodes else ""
    node, new = tree.nodes[key], theirs.nodes[key]
    if kind is ConflictKind.FIELD and node.fields.get(conflict.field) != new.fields.get(conflict.field):
        return f"{conflict.field} of {key}"
    if kind is ConflictKind.PLACE and node.parent != new.parent:
        return f"place of {key}"
    if kind is ConflictKind.ORDER:
        common = [child for child in new.children if child in node.children and not tree.nodes[child].locks_place]
        return "" if [child for child in node.children if child in common] == common else f"order below {key}"
    if kind is ConflictKind.DELETED and any(one not in tree.nodes for one in conflict.keys):
        return f"what is below {key}"
    return ""


def check_difference(random: Random, edits: int) -> None:
    copy = WorkingCopy(random, edits)
    before = copy.first
    copy.live()
    if random.random() < 0.7:
        copy.rebase()
    if random.random() < 0.3:
        before = copy.generations.next_snapshot()
    difference = compare_trees(before, copy.tree)
    json.dumps(encode_difference(difference))

    assert apply_difference(before, difference) == strip(copy.tree)
    assert compare_trees(copy.tree, copy.tree).is_empty
    assert difference.is_empty == (strip(before) == strip(copy.tree))
    for change in difference.changed:
        assert "".join(word.text for word in change.words if word.operation != "added") == change.before
        assert "".join(word.text for word in change.words if word.operation != "removed") == change.after


def strip(tree: KeyedTree) -> dict[UUID, object]:
    """Return what a difference is about: no locks, notes, and evidence as a set."""
    return {key: strip_node(node) for key, node in tree.nodes.items()}


def strip_node(node: KeyedNode) -> tuple[object, ...]:
    identities = frozenset(reference.identity for reference in node.references)
    return node.node_type, node.parent, node.children, dict(node.fields), identities


def apply_difference(before: KeyedTree, difference: TreeDifference) -> dict[UUID, object]:
    """Make the second tree of the first by what the difference says, and nothing else."""
    nodes = {key: node for key, node in before.nodes.items() if key not in {node.key for node in difference.removed}}
    arriving = [(one.position, one.node.key, one.node.parent) for one in difference.added]
    arriving += [(one.position, one.key, one.parent) for one in (*difference.moved, *difference.reordered)]
    nodes.update((one.node.key, replace(one.node, children=())) for one in difference.added)
    for move in difference.moved:
        nodes[move.key] = replace(nodes[move.key], parent=move.parent)
    leaving = {key for _, key, _ in arriving}
    for key, node in nodes.items():
        children = [child for child in node.children if child in nodes and child not in leaving]
        for position, child, parent in sorted(arriving, key=lambda one: one[0]):
            if parent == key:
                children.insert(position, child)
        nodes[key] = replace(node, children=tuple(children))
    for change in difference.changed:
        nodes[change.key] = nodes[change.key].set_fields({change.field: change.after})
    for evidence in difference.evidence:
        lost = {reference.identity for reference in evidence.lost}
        kept = [one for one in nodes[evidence.key].references if one.identity not in lost]
        nodes[evidence.key] = replace(nodes[evidence.key], references=(*kept, *evidence.gained))
    return {key: strip_node(node) for key, node in nodes.items()}


def check_json(random: Random, edits: int) -> None:
    copy = WorkingCopy(random, edits)
    copy.live()
    copy.rebase()

    assert decode_tree(json.loads(json.dumps(encode_tree(copy.tree)))) == copy.tree


Check = Callable[[Random, int], None]
CHECKS = [check_history, check_undo_and_redo, check_decisions, check_difference, check_json]


@pytest.mark.parametrize("check", CHECKS)
@FEW
@given(random=RANDOMS, edits=EDITS)
def test_it_holds_for_random_histories(check: Check, random: Random, edits: int) -> None:
    check(random, edits)


@pytest.mark.slow
@pytest.mark.parametrize("check", CHECKS)
@MANY
@given(random=RANDOMS, edits=EDITS)
def test_it_holds_for_ten_thousand_random_histories(check: Check, random: Random, edits: int) -> None:
    check(random, edits)
