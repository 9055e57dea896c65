"""Trees in the database, the structures that are applied to them, and what is compared before and after."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from random import Random
from typing import Any
from uuid import UUID

from materials.models import MaterialEntry, MaterialNode
from project.db.fields import new_id
from structures.models import StructureSnapshot
from structures.reviews.services import approve_snapshot
from tenants.actors import Actor
from tenants.models import Tenant
from tests.structures.course_page.stored import store_snapshot

ADA = Actor(kind="user", id="1", name="Ada")


def add_node(parent: MaterialNode, title: str) -> MaterialNode:
    return MaterialNode.objects.create(
        tenant=parent.tenant, parent=parent, position=parent.children.count(), title=title
    )


def add_entry(node: MaterialNode, name: str, text: str = "", **fields: Any) -> MaterialEntry:
    """Add an entry that was not read; those of the same text have the same bytes."""
    sha256 = hashlib.sha256((text or name + str(new_id())).encode()).hexdigest()
    return MaterialEntry.objects.create(
        tenant=node.tenant, node=node, position=node.entries.count(), name=name,
        **{"object_key": "k", "format": "markdown", "raw_sha256": sha256} | fields,
    )  # fmt: skip


def cite(*entries: MaterialEntry) -> list[dict[str, Any]]:
    """Return quotes of entries."""
    return [{"quote": "Water.", "entry_id": entry.pk} for entry in entries]


def lesson(title: str, *entries: MaterialEntry, **fields: Any) -> dict[str, Any]:
    return {"node_type": "lesson", "title": title, "quotes": cite(*entries), **fields}


def module(title: str, *children: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"node_type": "module", "title": title, "children": children, **fields}


def approve(tenant: Tenant, course: MaterialNode, tree: Sequence[dict[str, Any]]) -> StructureSnapshot:
    snapshot = store_snapshot(tenant, course, tree)
    return approve_snapshot(tenant=tenant, snapshot_id=snapshot.pk, reason="", actor=ADA)


def read_outline(node: MaterialNode) -> list[Any]:
    """Return the entries of a node by name, then its children as `(title, outline)`, in order."""
    return [
        *node.entries.order_by("position").values_list("name", flat=True),
        *((child.title, read_outline(child)) for child in node.children.order_by("position")),
    ]


def read_rows() -> tuple[set[Any], set[Any]]:
    """Return what a change of the tree may change of all nodes and entries."""
    return (
        set(MaterialNode.objects.values_list("pk", "tenant", "parent", "position", "title")),
        set(MaterialEntry.objects.values_list("pk", "tenant", "node", "position", "name")),
    )


def grow_course(chance: Random, tenant: Tenant) -> MaterialNode:
    """Return a course of random folders and files, some with the same bytes, captions and tables of contents."""
    course = MaterialNode.objects.create(
        tenant=tenant, position=MaterialNode.objects.filter(parent=None).count(), title="Course"
    )
    nodes = [course]
    for number in range(chance.randrange(9)):
        nodes.append(add_node(chance.choice(nodes), chance.choice(["Rivers", "Lakes", f"Part {number}"])))
    for number in range(chance.randrange(20)):
        node, text = chance.choice(nodes), f"text {chance.randrange(12)}"
        if node.entries.filter(raw_sha256=hashlib.sha256(text.encode()).hexdigest()).exists():
            continue
        entry = add_entry(node, f"{number}.md", text, format=chance.choice(["markdown"] * 9 + ["contents"]))
        if chance.random() < 0.2:
            add_entry(node, f"{number}.vtt", captions_of=entry)
    return course


def grow_structure(chance: Random, course: MaterialNode, keys: Sequence[UUID]) -> list[dict[str, Any]]:
    """Return random modules and lessons, with some of the `keys`, that cite random entries and some that are gone."""
    free = list(keys) + [new_id() for _ in range(12)]
    chance.shuffle(free)
    entries = list(MaterialEntry.objects.filter(tenant=course.tenant))

    def grow(depth: int) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        for _ in range(chance.randrange(1, 4)):
            if not free:
                break
            fields = {"key": free.pop(), "title": chance.choice(["Rivers", "Lakes", f"Title {len(free)}"])}
            cited = cite(*chance.choices(entries, k=chance.randrange(4))) if entries else []
            cited += [{"quote": "Gone."}] * (chance.random() < 0.1)
            concepts = [{"node_type": "concept", "title": "Ice", "quotes": cite(*chance.choices(entries, k=2))}]
            inside = concepts if entries and chance.random() < 0.5 else []
            if depth and chance.random() < 0.6:
                found.append({"node_type": "module", **fields, "quotes": cited, "children": inside + grow(depth - 1)})
            else:
                found.append({"node_type": "lesson", **fields, "quotes": cited, "children": inside})
        return found

    return grow(2)
