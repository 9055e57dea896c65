"""Keeping fingerprints true: cleared on the way up when something changes, computed again when somebody asks."""

from __future__ import annotations

from collections import defaultdict
from uuid import UUID

from django.db import connection, transaction

from materials import fingerprints, queries
from materials.models import MaterialEntry, MaterialNode
from materials.services.locks import lock_tree
from tenants.models import Tenant

_CLEAR = """
WITH RECURSIVE line AS (
    SELECT id, parent_id FROM materials_materialnode WHERE id = ANY(%(nodes)s)
    UNION
    SELECT parent.id, parent.parent_id FROM materials_materialnode parent JOIN line ON parent.id = line.parent_id
)
UPDATE materials_materialnode SET fingerprint = '' WHERE id IN (SELECT id FROM line) AND fingerprint <> ''
"""


def clear_fingerprints(*node_ids: UUID | None) -> None:
    """Forget the fingerprints of these nodes and of every node above them, in one statement."""
    with connection.cursor() as cursor:
        cursor.execute(_CLEAR, {"nodes": [node_id for node_id in node_ids if node_id is not None]})


@transaction.atomic
def fingerprint_of(*, tenant: Tenant, node_id: UUID) -> str:
    """Return the node's fingerprint, computing what has changed below it since it was last asked for.

    Takes a constant number of statements. The tree stays locked until the caller's transaction ends, so that the
    fingerprint and what the caller stores with it belong together. Raises NotFound.
    """
    lock_tree(tenant)
    nodes = queries.subtree(tenant=tenant, node_id=node_id)
    if nodes[0].fingerprint:
        return nodes[0].fingerprint
    ready: dict[UUID, list[tuple[str, str]]] = defaultdict(list)
    chosen = MaterialEntry.objects.of(tenant).ready().filter(node__in=[node.pk for node in nodes])
    for owner, name, fingerprint in chosen.order_by("position").values_list("node_id", "name", "fingerprint"):
        ready[owner].append((name, fingerprint))
    children = queries.children_of(nodes)
    stale = []
    for node in reversed(nodes):
        if node.fingerprint:
            continue
        node.fingerprint = fingerprints.of_node(
            title=node.title,
            language=node.language,
            learning_goal=node.learning_goal,
            expected_knowledge=node.expected_knowledge,
            expected_skills=node.expected_skills,
            entries=ready[node.pk],
            children=[child.fingerprint for child in children[node.pk]],
        )
        stale.append(node)
    MaterialNode.objects.bulk_update(stale, ["fingerprint"], batch_size=500)
    return nodes[0].fingerprint
