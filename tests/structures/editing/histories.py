"""Random histories of a person who edits and of generations that make new snapshots.

Both are written against plain mappings: what must hold afterwards is recorded here, step by step, and not asked of the
code that is tested.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from random import Random
from typing import Any
from uuid import UUID

from materials.documents import Locator
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
)
from structures.editing.references import TreeReference
from structures.editing.trees import COURSE_KEY, KeyedNode, KeyedTree, build_tree
from structures.engines.base.drafts import NodeType

BELOW: dict[NodeType | None, list[NodeType]] = {
    None: [NodeType.MODULE],
    NodeType.MODULE: [NodeType.LESSON, NodeType.LESSON, NodeType.MODULE],
    NodeType.LESSON: [NodeType.CONCEPT, NodeType.EXERCISE],
    NodeType.CONCEPT: [],
    NodeType.EXERCISE: [],
}
WORDS = ["water", "heat", "ice", "steam", "river", "boils", "is", "the", "of", "at 100 °C", "воды", "水"]


@dataclass
class Sketch:
    """A snapshot as a generation sees it: rows of plain values."""

    types: dict[UUID, NodeType | None] = field(default_factory=lambda: {COURSE_KEY: None})
    parents: dict[UUID, UUID | None] = field(default_factory=lambda: {COURSE_KEY: None})
    children: dict[UUID, list[UUID]] = field(default_factory=lambda: {COURSE_KEY: []})
    texts: dict[UUID, dict[str, str]] = field(default_factory=lambda: {COURSE_KEY: {"title": "Course"}})
    references: dict[UUID, list[TreeReference]] = field(default_factory=lambda: {COURSE_KEY: []})

    def build(self) -> KeyedTree:
        return build_tree(
            KeyedNode(
                key=key,
                node_type=node_type,
                parent=self.parents[key],
                children=tuple(self.children[key]),
                fields=dict(self.texts[key]),
                references=tuple(self.references[key]),
            )
            for key, node_type in self.types.items()
        )

    def list_below(self, top: UUID) -> list[UUID]:
        found = [top]
        for key in found:
            found.extend(self.children[key])
        return found


class Generations:
    """Makes a course, and then one snapshot after the other, each from the last by random changes."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.sketch = Sketch()
        self.made = 0
        for _ in range(random.randint(2, 14)):
            self.add()

    def next_snapshot(self) -> KeyedTree:
        self.sketch = deepcopy(self.sketch)
        changes: list[Callable[[], None]] = [self.add, self.drop, self.move, self.rewrite, self.shuffle, self.cite]
        for _ in range(self.random.randint(0, 7)):
            self.random.choice(changes)()
        return self.sketch.build()

    def add(self) -> None:
        places = [key for key, node_type in self.sketch.types.items() if BELOW[node_type]]
        parent = self.random.choice(places)
        self.made += 1
        key = UUID(int=1000 + self.made)
        self.sketch.types[key] = self.random.choice(BELOW[self.sketch.types[parent]])
        self.sketch.parents[key] = parent
        self.sketch.children[key] = []
        self.sketch.children[parent].insert(self.random.randint(0, len(self.sketch.children[parent])), key)
        self.sketch.texts[key] = {"title": f"Node {self.made}", "description": write_text(self.random)}
        self.sketch.references[key] = [make_reference(self.random) for _ in range(self.random.randint(0, 1))]

    def drop(self) -> None:
        if (key := self.pick()) is None:
            return
        self.unlink(key)
        for gone in self.sketch.list_below(key):
            for rows in (self.sketch.types, self.sketch.parents, self.sketch.texts, self.sketch.references):
                del rows[gone]
        self.sketch.children = {one: kids for one, kids in self.sketch.children.items() if one in self.sketch.types}

    def move(self) -> None:
        if (key := self.pick()) is None:
            return
        inside = set(self.sketch.list_below(key))
        node_type = self.sketch.types[key]
        places = [one for one, kind in self.sketch.types.items() if one not in inside and node_type in BELOW[kind]]
        parent = self.random.choice(places)
        self.unlink(key)
        self.sketch.parents[key] = parent
        self.sketch.children[parent].insert(self.random.randint(0, len(self.sketch.children[parent])), key)

    def rewrite(self) -> None:
        key = self.random.choice(list(self.sketch.types))
        self.sketch.texts[key][self.random.choice(["title", "description"])] = write_text(self.random)

    def shuffle(self) -> None:
        self.random.shuffle(self.sketch.children[self.random.choice(list(self.sketch.types))])

    def cite(self) -> None:
        if (key := self.pick()) is None:
            return
        reference = make_reference(self.random)
        self.sketch.references[key] = [] if self.random.random() < 0.3 else [reference]

    def pick(self) -> UUID | None:
        keys = [key for key in self.sketch.types if key != COURSE_KEY]
        return self.random.choice(keys) if keys else None

    def unlink(self, key: UUID) -> None:
        parent = self.sketch.parents[key]
        assert parent is not None
        self.sketch.children[parent].remove(key)


@dataclass
class Ledger:
    """What a person did and what must therefore hold, whatever generations do."""

    values: dict[tuple[UUID, str], Any] = field(default_factory=dict)
    parents: dict[UUID, UUID] = field(default_factory=dict)
    added: set[UUID] = field(default_factory=set)
    deleted: set[UUID] = field(default_factory=set)
    references: dict[UUID, set[TreeReference]] = field(default_factory=dict)
    removed: dict[UUID, set[tuple[UUID, str]]] = field(default_factory=dict)
    noted: dict[UUID, list[str]] = field(default_factory=dict)
    orders: dict[UUID, list[UUID]] = field(default_factory=dict)

    def forget(self, key: UUID) -> None:
        """Drop what was expected of a node, because it is deleted."""
        self.values = {(one, name): value for (one, name), value in self.values.items() if one != key}
        self.added.discard(key)
        for rows in (self.parents, self.references, self.removed, self.noted, self.orders):
            rows.pop(key, None)


class Person:
    """Chooses edits at random and writes down in the ledger what they mean."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.ledger = Ledger()
        self.made = 0

    def choose(self, tree: KeyedTree) -> Operation | None:
        """Return an edit of the tree that is allowed, and record it. None when the chosen kind has nothing to do."""
        kinds = [
            self.change, self.change, self.add, self.delete, self.move, self.move, self.reorder, self.split, self.merge,
            self.cite, self.uncite, self.note,
        ]  # fmt: skip
        return self.random.choice(kinds)(tree)

    def change(self, tree: KeyedTree) -> Operation | None:
        key = self.random.choice(list(tree.nodes))
        name = self.random.choice(["title", "description"])
        text = write_text(self.random)
        if tree.nodes[key].fields.get(name, "") == text:
            return None
        self.ledger.values[key, name] = text
        return ChangeField(key=key, field=name, value=text)

    def add(self, tree: KeyedTree) -> Operation | None:
        parent = self.random.choice([key for key, node in tree.nodes.items() if BELOW[node.node_type]])
        new, text = self.make_key(), write_text(self.random)
        self.ledger.added.add(new)
        self.ledger.parents[new] = parent
        self.ledger.values[new, "title"] = text
        position = self.random.randint(0, len(tree.nodes[parent].children))
        node_type = self.random.choice(BELOW[tree.nodes[parent].node_type])
        return AddNode(key=new, node_type=node_type, parent=parent, title=text, position=position)

    def delete(self, tree: KeyedTree) -> Operation | None:
        if (key := self.pick(tree)) is None:
            return None
        for gone in list_below(tree, key):
            self.ledger.forget(gone)
            self.ledger.deleted.add(gone)
        return DeleteNode(key=key)

    def move(self, tree: KeyedTree) -> Operation | None:
        if (key := self.pick(tree)) is None:
            return None
        inside, node_type = set(list_below(tree, key)), tree.nodes[key].node_type
        parent = self.random.choice(
            [one for one, node in tree.nodes.items() if one not in inside and node_type in BELOW[node.node_type]]
        )
        siblings = [child for child in tree.nodes[parent].children if child != key]
        position = self.random.randint(0, len(siblings))
        if tree.nodes[key].parent == parent and tree.nodes[parent].children.index(key) == position:
            return None
        self.ledger.parents[key] = parent
        return MoveNode(key=key, parent=parent, position=position)

    def reorder(self, tree: KeyedTree) -> Operation | None:
        key = self.random.choice(list(tree.nodes))
        order = list(tree.nodes[key].children)
        self.random.shuffle(order)
        if tuple(order) == tree.nodes[key].children:
            return None
        self.ledger.orders[key] = order
        return ReorderChildren(key=key, children=tuple(order))

    def split(self, tree: KeyedTree) -> Operation | None:
        if (key := self.pick(tree)) is None:
            return None
        node, new, text = tree.nodes[key], self.make_key(), write_text(self.random)
        parent = node.parent
        assert parent is not None
        taken = [child for child in node.children if self.random.random() < 0.5]
        given = [reference for reference in node.references if self.random.random() < 0.5]
        self.ledger.added.add(new)
        self.ledger.parents[new] = parent
        self.ledger.values[new, "title"] = text
        self.ledger.parents.update((child, new) for child in taken)
        self.ledger.references[new] = set(given)
        self.lose_references(key, given)
        return SplitNode(
            key=key,
            new_key=new,
            title=text,
            children=tuple(taken),
            references=tuple(reference.identity for reference in given),
        )

    def merge(self, tree: KeyedTree) -> Operation | None:
        if (into := self.pick(tree)) is None:
            return None
        above = set(list_above(tree, into))
        inside = set(list_below(tree, into))
        fit = [
            key
            for key, node in tree.nodes.items()
            if node.node_type is tree.nodes[into].node_type and key not in above and key not in inside
        ]
        if not fit:
            return None
        other = self.random.choice(fit)
        texts = [str(tree.nodes[one].fields.get("description", "")) for one in (into, other)]
        joined = "\n\n".join(text for text in dict.fromkeys(texts) if text)
        if joined != texts[0]:
            self.ledger.values[into, "description"] = joined
        self.ledger.parents.update((child, into) for child in tree.nodes[other].children)
        present = {reference.identity for reference in tree.nodes[into].references}
        for reference in tree.nodes[other].references:
            if reference.identity not in present:
                self.gain_reference(into, reference)
        if notes := [note.text for note in tree.nodes[other].notes]:
            self.ledger.noted[into] = [*self.ledger.noted.get(into, []), *notes]
        self.ledger.forget(other)
        self.ledger.deleted.add(other)
        return MergeNodes(into=into, keys=(other,))

    def cite(self, tree: KeyedTree) -> Operation | None:
        key, reference = self.pick(tree), make_reference(self.random)
        if key is None or any(one.identity == reference.identity for one in tree.nodes[key].references):
            return None
        self.gain_reference(key, reference)
        return AddReference(key=key, reference=reference)

    def uncite(self, tree: KeyedTree) -> Operation | None:
        cited = [key for key, node in tree.nodes.items() if node.references]
        if not cited:
            return None
        key = self.random.choice(cited)
        reference = self.random.choice(tree.nodes[key].references)
        self.lose_references(key, [reference])
        return RemoveReference(key=key, identity=reference.identity)

    def note(self, tree: KeyedTree) -> Operation | None:
        key, text = self.random.choice(list(tree.nodes)), write_text(self.random)
        self.ledger.noted[key] = [*self.ledger.noted.get(key, []), text]
        return AddNote(key=key, note=self.make_key(), text=text)

    def gain_reference(self, key: UUID, reference: TreeReference) -> None:
        self.ledger.references.setdefault(key, set()).add(reference)
        self.ledger.removed.get(key, set()).discard((reference.entry_id, reference.quote))

    def lose_references(self, key: UUID, lost: list[TreeReference]) -> None:
        for reference in lost:
            self.ledger.references.get(key, set()).discard(reference)
            self.ledger.removed.setdefault(key, set()).add((reference.entry_id, reference.quote))

    def pick(self, tree: KeyedTree) -> UUID | None:
        keys = [key for key in tree.nodes if key != COURSE_KEY]
        return self.random.choice(keys) if keys else None

    def make_key(self) -> UUID:
        self.made += 1
        return UUID(int=10**9 + self.made)


def list_below(tree: KeyedTree, top: UUID) -> list[UUID]:
    found = [top]
    for key in found:
        found.extend(tree.nodes[key].children)
    return found


def list_above(tree: KeyedTree, key: UUID) -> list[UUID]:
    found = []
    above = tree.nodes[key].parent
    while above is not None:
        found.append(above)
        above = tree.nodes[above].parent
    return found


def write_text(random: Random) -> str:
    return " ".join(random.choice(WORDS) for _ in range(random.randint(1, 6)))


def make_reference(random: Random) -> TreeReference:
    """Return one of few references, so that both sides meet. Each quote stands on one page only."""
    number = random.randint(1, 5)
    return TreeReference(
        entry_id=UUID(int=number % 2 + 1),
        chunk_id=UUID(int=number + 50),
        quote=f"Quote {number}.",
        locator=Locator(page=number),
    )
