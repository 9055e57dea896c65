"""Computing fingerprints of nodes when they are asked for. Changes only clear them (`materials.fingerprints`)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from uuid import UUID

from django.db import transaction

from materials import fingerprints
from materials.locks import lock_tree
from materials.mappings.queries import list_accepted_mappings
from materials.mappings.validation import ValidationStatus, filter_by_validation
from materials.models import MaterialEntry, MaterialNode
from materials.queries import group_by_parent, list_subtree
from tenants.models import Tenant

# See `materials.positions`: the time of a bulk_update grows with the square of its batch.
_UPDATE_BATCH_SIZE = 500


@transaction.atomic
def refresh_node_fingerprint(*, tenant: Tenant, node_id: UUID) -> str:
    """Return the node's fingerprint, computing the cleared ones at and below it.

    Takes a constant number of statements. The tree stays locked until the caller's transaction ends, so that the
    fingerprint and what the caller stores with it belong together. Raises NotFound.
    """
    lock_tree(tenant)
    nodes = list_subtree(tenant=tenant, node_id=node_id)
    if nodes[0].fingerprint:
        return nodes[0].fingerprint
    ready: dict[UUID, list[tuple[str, str]]] = defaultdict(list)
    chosen = MaterialEntry.objects.for_tenant(tenant).filter_ready().filter(node__in=[node.pk for node in nodes])
    for owner, name, fingerprint in chosen.order_by("position").values_list("node_id", "name", "fingerprint"):
        ready[owner].append((name, fingerprint))
    children = group_by_parent(nodes)
    shown = _collect_shown_slides(tenant, nodes)
    stale = []
    # Level by level, so that reversed children come before their parents. A node that still has its fingerprint has no
    # change below it: changes clear every ancestor.
    for node in reversed(nodes):
        if node.fingerprint:
            continue
        node.fingerprint = fingerprints.compute_node_fingerprint(
            title=node.title,
            language=node.language,
            learning_goal=node.learning_goal,
            expected_knowledge=node.expected_knowledge,
            expected_skills=node.expected_skills,
            entries=ready[node.pk],
            children=[child.fingerprint for child in children[node.pk]],
            shown_slides=shown[node.pk],
        )
        stale.append(node)
    MaterialNode.objects.bulk_update(stale, ["fingerprint"], batch_size=_UPDATE_BATCH_SIZE)
    return nodes[0].fingerprint


def _collect_shown_slides(tenant: Tenant, nodes: list[MaterialNode]) -> dict[UUID, list[fingerprints.ShownSlide]]:
    """Return the validated mappings by the lowest node above both entries, which are within `nodes`. One statement."""
    above = {node.pk: node for node in nodes}
    shown: dict[UUID, list[fingerprints.ShownSlide]] = defaultdict(list)
    rows = filter_by_validation(list_accepted_mappings(tenant=tenant, nodes=nodes), ValidationStatus.VALIDATED)
    for deck_node, deck_name, deck, slide, video_node, video_name, video, start_ms, end_ms in rows.values_list(
        "presentation__node",
        "presentation__name",
        "presentation__fingerprint",
        "slide",
        "video__node",
        "video__name",
        "video__fingerprint",
        "start_ms",
        "end_ms",
    ):
        decks, videos = _list_lineage(deck_node, above), _list_lineage(video_node, above)
        common = next(node for node in videos if node in decks)
        deck_path, video_path = (
            _build_entry_path(deck_name, decks, common),
            _build_entry_path(video_name, videos, common),
        )
        shown[common.pk].append((deck_path, deck, slide, video_path, video, start_ms, end_ms))
    return shown


def _list_lineage(node_id: UUID | None, nodes: Mapping[UUID, MaterialNode]) -> list[MaterialNode]:
    """Return the node and those above it, as far as they are among `nodes`."""
    line = []
    while node_id is not None and (node := nodes.get(node_id)) is not None:
        line.append(node)
        node_id = node.parent_id
    return line


def _build_entry_path(name: str, line: list[MaterialNode], top: MaterialNode) -> str:
    """Return an entry's name behind the titles of the nodes below `top`."""
    return "/".join([*(node.title for node in reversed(line[: line.index(top)])), name])
