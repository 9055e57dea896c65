"""Snapshots that are stored without a generation, to say exactly what a page has to show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from materials.models import MaterialNode
from project.db.fields import new_id
from structures.models import Reference, StructureNode, StructureSnapshot
from tenants.models import Tenant

Tree = Sequence[Mapping[str, Any]]


def store_snapshot(tenant: Tenant, node: MaterialNode, tree: Tree, **fields: Any) -> StructureSnapshot:
    """Store a snapshot with nodes that are given as nested mappings: fields, `quotes` and `children`."""
    identity = {"fingerprint": str(new_id()), "engine": "outline", "engine_version": "1", "options_digest": "0"}
    given = {"title": "Water", **identity, **fields}
    snapshot = StructureSnapshot.objects.create(tenant=tenant, node=node, **given)
    rows: list[StructureNode] = []
    references: list[Reference] = []
    pending: list[tuple[Mapping[str, Any], StructureNode | None]] = [(each, None) for each in reversed(tree)]
    while pending:
        each, parent = pending.pop()
        own = {name: value for name, value in each.items() if name not in {"quotes", "children"}}
        row = StructureNode(tenant=tenant, snapshot=snapshot, parent=parent, position=len(rows), **own)
        rows.append(row)
        for position, quote in enumerate(each.get("quotes", ())):
            kept = {"quote": quote} if isinstance(quote, str) else quote
            cited = {"entry_id": new_id(), "chunk_id": new_id(), "entry_fingerprint": "0"}
            named = {"entry_name": "text.md", "entry_path": "Part/text.md", **cited, **kept}
            references.append(
                Reference(
                    tenant=tenant,
                    snapshot=snapshot,
                    structure_node=row,
                    position=position,
                    **named,
                )
            )
        pending.extend((child, row) for child in reversed(each.get("children", ())))
    StructureNode.objects.bulk_create(rows)
    Reference.objects.bulk_create(references)
    return snapshot


def nest_modules(depth: int) -> Tree:
    """Return modules inside one another with a lesson in the innermost."""
    node: dict[str, Any] = {"node_type": "lesson", "title": "Innermost"}
    for level in range(depth, 0, -1):
        node = {"node_type": "module", "title": f"Level {level}", "children": [node]}
    return [node]
