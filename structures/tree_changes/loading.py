"""Load what a change of the tree is planned from. A constant number of statements."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from uuid import UUID

from django.db.models import Count

from materials.documents import Format
from materials.models import MaterialEntry
from materials.queries import group_by_parent, list_ancestor_ids, list_subtree
from structures.engines.base.drafts import NodeType
from structures.models import AppliedNode, Reference, StructureNode, StructureSnapshot
from structures.tree_changes.trees import PresentEntry, PresentTree, Structure, StructuredNode
from tenants.models import Tenant

_ARRANGING_TYPES = {NodeType.MODULE, NodeType.LESSON}


def load_present_tree(*, tenant: Tenant, node_id: UUID) -> PresentTree:
    """Return the node with all below it, in the order of a walk. Three statements. Raises NotFound."""
    nodes = list_subtree(tenant=tenant, node_id=node_id)
    children = group_by_parent(nodes[1:])
    walked = {}
    pending = [nodes[0]]
    while pending:
        node = pending.pop()
        walked[node.pk] = node
        pending.extend(reversed(children.get(node.pk, ())))
    rows = MaterialEntry.objects.for_tenant(tenant).filter(node__in=list(walked)).order_by("position")
    files: dict[UUID, list[UUID]] = {node: [] for node in walked}
    entries = {}
    for row in rows.only(
        "node_id", "name", "fingerprint", "format", "captions_of_id", "raw_sha256", "source_url"
    ).iterator():
        files[row.node_id].append(row.pk)
        entries[row.pk] = PresentEntry(
            entry_id=row.pk,
            node_id=row.node_id,
            name=row.name,
            fingerprint=row.fingerprint,
            is_contents=row.format == Format.CONTENTS,
            captions_of=row.captions_of_id,
            sources=tuple(filter(None, (row.raw_sha256, row.source_url))),
        )
    return PresentTree(
        root=node_id,
        level=len(list_ancestor_ids(tenant=tenant, node_id=node_id)),
        parents={pk: None if pk == node_id else node.parent_id for pk, node in walked.items()},
        titles={pk: node.title for pk, node in walked.items()},
        children={pk: [child.pk for child in children.get(pk, ())] for pk in walked},
        files=files,
        entries=entries,
    )


def load_structure(snapshot: StructureSnapshot, tree: PresentTree) -> Structure:
    """Return the modules and lessons of a snapshot, and what they cite of the tree's entries. Two statements.

    What was sent again since counts for an entry with the same content.
    """
    rows = StructureNode.objects.filter(tenant=snapshot.tenant_id, snapshot=snapshot).order_by("position")
    # The key of the module or lesson that a structure node is, or is in.
    around: dict[UUID | None, UUID | None] = {None: None}
    nodes = []
    for pk, parent_id, key, node_type, title in rows.values_list("pk", "parent_id", "key", "node_type", "title"):
        above = around[parent_id]
        around[pk] = key if node_type in _ARRANGING_TYPES else above
        if node_type in _ARRANGING_TYPES:
            nodes.append(StructuredNode(key=key, parent=above, title=title))
    references = Reference.objects.filter(tenant=snapshot.tenant_id, snapshot=snapshot).order_by()
    cited = references.values_list("structure_node_id", "entry_id", "entry_fingerprint").annotate(Count("pk"))
    by_content = {
        entry.fingerprint: entry_id for entry_id, entry in reversed(list(tree.entries.items())) if entry.fingerprint
    }
    citations: dict[UUID, dict[UUID | None, int]] = defaultdict(lambda: defaultdict(int))
    lost = 0
    for node_id, entry_id, fingerprint, count in cited:
        found = entry_id if entry_id in tree.entries else by_content.get(fingerprint)
        if found is None:
            lost += count
        else:
            citations[found][around[node_id]] += count
    return Structure(nodes=nodes, citations=citations, lost=lost)


def load_known_nodes(*, tenant: Tenant, node_id: UUID) -> Mapping[UUID, UUID]:
    """Return the material nodes that modules and lessons have, by key; the newest first. One statement."""
    rows = AppliedNode.objects.filter(tenant=tenant, node=node_id).order_by("-change__created_at", "-id")
    return dict(rows.values_list("key", "material_node_id"))
