"""What an import does to the tree: nodes for its folders, items for its parts, and the order of its entries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from materials.entries.services import checked_address
from materials.errors import UploadRefused
from materials.fingerprints import clear_fingerprints
from materials.locks import lock_tree
from materials.models import ImportItem, MaterialEntry, MaterialImport, MaterialNode
from materials.positions import renumber
from materials.queries import group_by_parent, list_ancestor_ids, list_subtree
from materials.transfer.names import shown
from materials.transfer.plan import Path, Plan, order
from materials.tree.services import MAX_DEPTH
from project.db.fields import new_id

_BATCH = 1000

Outcome = ImportItem.Outcome
Kind = ImportItem.Kind


def levels_below(batch: MaterialImport) -> int:
    """Return how many levels of nodes there may be below the import's node.

    Once its nodes are made the import keeps to them, wherever they have been moved.
    """
    if batch.planned_at is not None:
        return MAX_DEPTH
    return MAX_DEPTH - len(list_ancestor_ids(tenant=batch.tenant, node_id=batch.node_id))


@transaction.atomic
def store_plan(*, batch: MaterialImport, plan: Plan) -> None:
    """Make the nodes of the plan's folders and an item for each of its parts. A constant number of statements a batch.

    A folder whose parent has a child of the same title already goes into that child. What a manifest says of the node
    itself fills what the node leaves blank. Raises NotFound when the node is gone.
    """
    lock_tree(batch.tenant)
    nodes = list_subtree(tenant=batch.tenant, node_id=batch.node_id)
    places = _places(batch, plan, nodes)
    made = [node for node, is_new in places.values() if is_new]
    MaterialNode.objects.bulk_create(made, batch_size=_BATCH)
    _fill_blanks(nodes[0], plan)
    clear_fingerprints(batch.node_id, *{node.parent_id for node in made} - {node.pk for node in made})
    items = sorted(_items(batch, plan, places), key=lambda item: order(tuple(item.path.rstrip("/").split("/"))))
    for position, item in enumerate(items):
        item.position = position
    ImportItem.objects.bulk_create(items, batch_size=_BATCH)
    batch.planned_at = timezone.now()
    if plan.manifest is not None:
        batch.has_manifest, batch.warnings = True, list(plan.manifest.warnings)
    batch.save(update_fields=["planned_at", "has_manifest", "warnings"])


@transaction.atomic
def take_what_is_said(*, batch: MaterialImport, entry_id: UUID, name: str, said: Mapping[str, Any]) -> None:
    """Give a new entry the name and the address that a manifest says, unless its node has that address already."""
    lock_tree(batch.tenant)
    entry = MaterialEntry.objects.for_tenant(batch.tenant).filter(pk=entry_id).first()
    if entry is None:
        return
    changes = {"name": name} if entry.name != name else {}
    url = said.get("source_url", "")
    siblings = MaterialEntry.objects.for_tenant(batch.tenant).filter(node=entry.node_id)
    if url and not entry.source_url and _is_address(url) and not siblings.filter(source_url=url).exists():
        changes["source_url"] = url
    if changes:
        MaterialEntry.objects.for_tenant(batch.tenant).filter(pk=entry_id).update(**changes)


@transaction.atomic
def put_in_order(*, batch: MaterialImport, plan: Plan, nodes: Mapping[Path, UUID]) -> None:
    """Give the entries that an import made the order of its files, behind those that were there before."""
    lock_tree(batch.tenant)
    items = ImportItem.objects.for_tenant(batch.tenant).filter(batch=batch, kind=Kind.FILE, outcome=Outcome.TAKEN)
    ranks = {target: rank for rank, target in enumerate(items.order_by("position").values_list("target", flat=True))}
    inside = {nodes[file.path[:-1]] for file in plan.files if file.path[:-1] in nodes}
    rows = MaterialEntry.objects.for_tenant(batch.tenant).filter(node__in=inside).order_by("node_id", "position")
    groups: dict[UUID, list[UUID]] = defaultdict(list)
    for pk, node in rows.values_list("pk", "node_id"):
        groups[node].append(pk)
    for node, before in groups.items():
        after = sorted(before, key=lambda pk: ranks.get(pk, -1))
        if after != before:
            renumber(MaterialEntry.objects.for_tenant(batch.tenant).filter(node=node), after)
            clear_fingerprints(node)


def _is_address(url: str) -> bool:
    try:
        checked_address(url)
    except UploadRefused:
        return False
    return True


def _places(batch: MaterialImport, plan: Plan, nodes: list[MaterialNode]) -> dict[Path, tuple[MaterialNode, bool]]:
    """Return the node of each folder, and whether it is to be made."""
    children = group_by_parent(nodes[1:])
    free: dict[tuple[UUID, str], list[MaterialNode]] = defaultdict(list)
    for child in nodes[1:]:
        assert child.parent_id is not None
        free[child.parent_id, child.title].append(child)
    next_positions = {parent: rows[-1].position + 1 for parent, rows in children.items()}
    places: dict[Path, tuple[MaterialNode, bool]] = {}
    above = {plan.base: nodes[0]}
    for folder in plan.folders:
        parent = above[folder.path[:-1]]
        if found := free.get((parent.pk, folder.title)):
            node, is_new = found.pop(0), False
        else:
            position = next_positions.get(parent.pk, 0)
            next_positions[parent.pk] = position + 1
            node, is_new = (
                MaterialNode(
                    id=new_id(),
                    tenant=batch.tenant,
                    parent_id=parent.pk,
                    position=position,
                    title=folder.title,
                    **folder.fields,
                ),
                True,
            )
        above[folder.path] = node
        places[folder.path] = node, is_new
    return places


def _fill_blanks(node: MaterialNode, plan: Plan) -> None:
    said = plan.manifest.top if plan.manifest is not None else {}
    blanks = {name: value for name, value in said.items() if value and not getattr(node, name)}
    if blanks:
        MaterialNode.objects.filter(pk=node.pk).update(**blanks, updated_at=timezone.now())


def _items(batch: MaterialImport, plan: Plan, places: Mapping[Path, tuple[MaterialNode, bool]]) -> Iterator[ImportItem]:
    tenant = batch.tenant
    for path, (node, is_new) in places.items():
        yield ImportItem(
            tenant=tenant,
            batch=batch,
            path=f"{shown(path)}/",
            kind=Kind.FOLDER,
            target=node.pk,
            count=0,
            outcome=Outcome.TAKEN if is_new else Outcome.SAME,
        )
    for file in plan.files:
        yield ImportItem(
            tenant=tenant,
            batch=batch,
            path=shown(file.path),
            kind=Kind.FILE,
            target=new_id(),
            size_bytes=file.found.size,
        )
    for left in plan.left_out:
        yield ImportItem(
            tenant=tenant,
            batch=batch,
            path=left.shown,
            kind=Kind.FOLDER if left.is_folder else Kind.FILE,
            size_bytes=left.size,
            count=left.count,
            outcome=Outcome.SKIPPED,
            code=left.skip.code,
            reason=left.skip.reason,
        )
