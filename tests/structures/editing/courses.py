"""Small keyed trees from outlines, and questions to trees that do not rely on their own methods."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID, uuid5

from materials.documents import Locator
from structures.editing.fields import FieldValue
from structures.editing.references import TreeReference
from structures.editing.trees import COURSE_KEY, KeyedNode, KeyedTree, build_tree
from structures.engines.base.drafts import NodeType

SPACE = UUID(int=7)
TYPES = {"M": NodeType.MODULE, "L": NodeType.LESSON, "C": NodeType.CONCEPT, "E": NodeType.EXERCISE}

Outline = Mapping[str, "Outline"]

WATER: Outline = {
    "M Basics": {
        "L Heat": {"C Boiling": {}, "C Steam": {}, "E Egg": {}},
        "L Cold": {"C Ice": {}, "C Frost": {}},
    },
    "M Rivers": {"L Springs": {"C Source": {}}, "L Mouths": {}},
}


def key(name: str) -> UUID:
    """Return the key of the node that an outline calls so, its letter left out: `key("Heat")`."""
    return COURSE_KEY if name == "course" else uuid5(SPACE, name)


def course(outline: Outline = WATER, **changed: Mapping[str, Any]) -> KeyedTree:
    """Return the tree of an outline; `Heat={"description": "Hot."}` gives that node fields, or `references`."""
    return build_tree(_iter_nodes(outline, changed))


def _iter_nodes(outline: Outline, changed: Mapping[str, Mapping[str, Any]]) -> Iterator[KeyedNode]:
    waiting: list[tuple[str, UUID | None, Outline]] = [("course", None, outline)]
    while waiting:
        name, parent, below = waiting.pop()
        bare = name if parent is None else name[2:]
        more = dict(changed.get(bare, {}))
        references = more.pop("references", ())
        fields: dict[str, FieldValue] = {"title": bare, **more}
        yield KeyedNode(
            key=key(bare),
            node_type=None if parent is None else TYPES[name[0]],
            parent=parent,
            children=tuple(key(child[2:]) for child in below),
            fields=fields,
            references=references,
        )
        waiting += [(child, key(bare), grandchildren) for child, grandchildren in below.items()]


def quote(words: str, *, page: int = 1, chunk: int = 1) -> TreeReference:
    return TreeReference(
        entry_id=UUID(int=1), chunk_id=UUID(int=chunk), quote=words, locator=Locator(page=page), entry_name="book.pdf"
    )


def outline_of(tree: KeyedTree, top: str = "course") -> Any:
    """Return the titles below a node as nested mappings, in order."""
    return {
        str(tree.nodes[child].fields["title"]): _outline_below(tree, child) for child in tree.nodes[key(top)].children
    }


def _outline_below(tree: KeyedTree, top: UUID) -> Any:
    return {str(tree.nodes[child].fields["title"]): _outline_below(tree, child) for child in tree.nodes[top].children}


def find_faults(tree: KeyedTree) -> list[str]:
    """Return what is wrong with a tree: it must have one root, one parent a node, every key once, and no circle."""
    faults = [f"{one} is under another key" for one, node in tree.nodes.items() if node.key != one]
    parents: dict[UUID, UUID] = {}
    for node in tree.nodes.values():
        for child in node.children:
            if child in parents:
                faults.append(f"{child} has two parents, or stands twice")
            parents[child] = node.key
    for one, node in tree.nodes.items():
        if node.parent != parents.get(one):
            faults.append(f"{one} does not know its parent")
        if (node.parent is None) != (one == COURSE_KEY):
            faults.append(f"{one} is a root")
        steps, above = 0, node.parent
        while above is not None and steps <= len(tree.nodes):
            steps, above = steps + 1, parents.get(above)
        if steps > len(tree.nodes):
            faults.append(f"{one} is in a circle")
    faults += [f"{one} is there and retired" for one in tree.nodes.keys() & tree.retired.keys()]
    return faults
