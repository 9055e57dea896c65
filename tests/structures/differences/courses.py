"""Two snapshots of a course, the second with one change of each kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid5

from materials.models import MaterialNode
from structures.models import StructureSnapshot
from tenants.models import Tenant
from tests.structures.course_page.stored import store_snapshot

SPACE = UUID(int=8)
ENTRY = uuid5(SPACE, "book.pdf")


def key(name: str) -> UUID:
    return uuid5(SPACE, name)


def build_node(node_type: str, title: str, *children: Mapping[str, Any], **fields: Any) -> dict[str, Any]:
    """Return a node whose key follows from its title, or from `name`."""
    name = fields.pop("name", title)
    return {"node_type": node_type, "title": title, "key": key(name), "children": children, **fields}


def cite(words: str, page: int = 1) -> dict[str, Any]:
    """Return a quote of one book, each time from another chunk."""
    return {"quote": words, "page": page, "entry_id": ENTRY, "entry_name": "book.pdf", "entry_path": "Part/book.pdf"}


def store_pair(tenant: Tenant, node: MaterialNode) -> tuple[StructureSnapshot, StructureSnapshot]:
    """Store a course before and after: Steam is gone, Melting new, Cold moved, and so on."""
    before = store_snapshot(
        tenant,
        node,
        [
            build_node(
                "module",
                "Basics",
                build_node(
                    "lesson",
                    "Heat",
                    build_node("concept", "Boiling", description="Water is hot.", quotes=[cite("One."), cite("Two.")]),
                    build_node("concept", "Steam", description="Vapour of water.", quotes=[cite("Steam is vapour.")]),
                    difficulty=1,
                    estimated_minutes=75,
                    minutes_basis="computed",
                    key_points=["First", "Second"],
                ),
                build_node("lesson", "Cold"),
            ),
            build_node("module", "Rivers", build_node("lesson", "Springs"), build_node("lesson", "Mouths")),
            build_node("module", "Clouds", build_node("lesson", "Fog")),
        ],
        description="All about water.",
    )
    after = store_snapshot(
        tenant,
        node,
        [
            build_node(
                "module",
                "Basics",
                build_node(
                    "lesson",
                    "Warmth",
                    build_node(
                        "concept", "Boiling", description="Water is cold.", quotes=[cite("Two."), cite("Three.", 4)]
                    ),
                    build_node("concept", "Melting", description="Ice to water.", quotes=[cite("Ice melts.")]),
                    name="Heat",
                    difficulty=2,
                    key_points=["First", "Third"],
                ),
            ),
            build_node(
                "module",
                "Rivers",
                build_node("lesson", "Mouths"),
                build_node("lesson", "Cold"),
                build_node("lesson", "Springs"),
            ),
        ],
        description="All about rivers and water.",
    )
    return before, after
