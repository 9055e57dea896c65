"""Write an import to the tree: nodes for its folders, items for its report, and the order of its entries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from materials.entries.services import validate_source_url
from materials.errors import UploadRefused
from materials.fingerprints import clear_fingerprints
from materials.locks import lock_tree
from materials.models import ImportItem, ItemKind, ItemOutcome, MaterialEntry, MaterialImport, MaterialNode
from materials.positions import renumber_siblings
from materials.queries import group_by_parent, list_ancestor_ids, list_subtree
from materials.transfer.names import format_path, strip_invisible
from materials.transfer.plan import ImportPlan, PathParts, path_sort_key
from materials.tree.services import MAX_DEPTH
from project.db.fields import new_id

# Rows of one INSERT, so that 20,000 items are not one statement of megabytes. The exact value is a choice.
_BATCH_SIZE = 1000


def compute_max_levels(batch: MaterialImport) -> int:
    """Return how many levels of nodes may be created below the import's node."""
    # The nodes of a resumed import exist, and its node may have been moved deeper since: a smaller number would drop
    # files that were planned.
    if batch.planned_at is not None:
        return MAX_DEPTH
    return MAX_DEPTH - len(list_ancestor_ids(tenant=batch.tenant, node_id=batch.node_id))


@transaction.atomic
def store_import_plan(*, batch: MaterialImport, plan: ImportPlan) -> None:
    """Create the nodes of the plan's folders, and an item for each folder and file, in a transaction of its own.

    A folder becomes an existing child with its title, if there is one. Fields in the manifest, or those of a package,
    fill the blank fields of the import's node. A constant number of SQL statements for each batch of rows.

    Raises NotFound.
    """
    lock_tree(batch.tenant)
    nodes = list_subtree(tenant=batch.tenant, node_id=batch.node_id)
    places = _resolve_folder_nodes(batch, plan, nodes)
    made = [node for node, is_new in places.values() if is_new]
    MaterialNode.objects.bulk_create(made, batch_size=_BATCH_SIZE)
    _fill_blank_fields(nodes[0], plan)
    clear_fingerprints(batch.node_id, *{node.parent_id for node in made} - {node.pk for node in made})
    items = list(_build_items(batch, plan, places))
    if not plan.has_own_order:
        items.sort(key=lambda item: path_sort_key(tuple(item.path.rstrip("/").split("/"))))
    for position, item in enumerate(items):
        item.position = position
    ImportItem.objects.bulk_create(items, batch_size=_BATCH_SIZE)
    batch.planned_at = timezone.now()
    batch.has_manifest, batch.warnings = plan.manifest is not None, list(plan.warnings)
    # Of a package, the version in it is whatever its author wrote.
    batch.package = strip_invisible(plan.package)[:100]
    batch.save(update_fields=["planned_at", "has_manifest", "package", "warnings"])


@transaction.atomic
def apply_manifest_fields(
    *, batch: MaterialImport, entry_id: UUID, name: str, manifest_fields: Mapping[str, Any]
) -> None:
    """Set the name and the source URL of a new entry from the manifest.

    A URL that is invalid, or that another entry of the node has, is left out. Opens a transaction and takes the tree
    lock.
    """
    lock_tree(batch.tenant)
    entry = MaterialEntry.objects.for_tenant(batch.tenant).filter(pk=entry_id).first()
    if entry is None:
        return
    changes = {"name": name} if entry.name != name else {}
    url = manifest_fields.get("source_url", "")
    siblings = MaterialEntry.objects.for_tenant(batch.tenant).filter(node=entry.node_id)
    if url and not entry.source_url and _is_valid_url(url) and not siblings.filter(source_url=url).exists():
        changes["source_url"] = url
    if changes:
        MaterialEntry.objects.for_tenant(batch.tenant).filter(pk=entry_id).update(**changes)


@transaction.atomic
def order_imported_entries(*, batch: MaterialImport, plan: ImportPlan, nodes: Mapping[PathParts, UUID]) -> None:
    """Put the entries that an import created in the order of its files, after those that were there before.

    Needed because captions are imported first. Opens a transaction and takes the tree lock.
    """
    lock_tree(batch.tenant)
    items = ImportItem.objects.for_tenant(batch.tenant).filter(
        batch=batch, kind=ItemKind.FILE, outcome=ItemOutcome.TAKEN
    )
    ranks = {target: rank for rank, target in enumerate(items.order_by("position").values_list("target", flat=True))}
    inside = {nodes[file.path[:-1]] for file in plan.files if file.path[:-1] in nodes}
    rows = MaterialEntry.objects.for_tenant(batch.tenant).filter(node__in=inside).order_by("node_id", "position")
    groups: dict[UUID, list[UUID]] = defaultdict(list)
    for pk, node in rows.values_list("pk", "node_id"):
        groups[node].append(pk)
    for node, before in groups.items():
        # The sort is stable: entries from elsewhere (-1) keep their order and come first.
        after = sorted(before, key=lambda pk: ranks.get(pk, -1))
        if after != before:
            renumber_siblings(MaterialEntry.objects.for_tenant(batch.tenant).filter(node=node), after)
            clear_fingerprints(node)


def _is_valid_url(url: str) -> bool:
    try:
        validate_source_url(url)
    except UploadRefused:
        return False
    return True


def _resolve_folder_nodes(
    batch: MaterialImport, plan: ImportPlan, nodes: list[MaterialNode]
) -> dict[PathParts, tuple[MaterialNode, bool]]:
    """Return the node of each folder, and whether it is new and unsaved. Folders of one title get different nodes."""
    children = group_by_parent(nodes[1:])
    free: dict[tuple[UUID, str], list[MaterialNode]] = defaultdict(list)
    for child in nodes[1:]:
        assert child.parent_id is not None
        free[child.parent_id, child.title].append(child)
    next_positions = {parent: rows[-1].position + 1 for parent, rows in children.items()}
    places: dict[PathParts, tuple[MaterialNode, bool]] = {}
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


def _fill_blank_fields(node: MaterialNode, plan: ImportPlan) -> None:
    blanks = {name: value for name, value in plan.root_fields.items() if value and not getattr(node, name)}
    if blanks:
        MaterialNode.objects.filter(pk=node.pk).update(**blanks, updated_at=timezone.now())


def _build_items(
    batch: MaterialImport, plan: ImportPlan, places: Mapping[PathParts, tuple[MaterialNode, bool]]
) -> Iterator[ImportItem]:
    tenant = batch.tenant
    for path, (node, is_new) in places.items():
        yield ImportItem(
            tenant=tenant,
            batch=batch,
            path=f"{format_path(path)}/",
            kind=ItemKind.FOLDER,
            target=node.pk,
            count=0,
            outcome=ItemOutcome.TAKEN if is_new else ItemOutcome.SAME,
        )
    for file in plan.files:
        yield ImportItem(
            tenant=tenant,
            batch=batch,
            path=format_path(file.path),
            kind=ItemKind.FILE,
            target=new_id(),
            size_bytes=file.item.size,
        )
    for skipped in plan.skipped:
        yield ImportItem(
            tenant=tenant,
            batch=batch,
            path=skipped.display_path,
            kind=ItemKind.FOLDER if skipped.is_folder else ItemKind.FILE,
            size_bytes=skipped.size,
            count=skipped.count,
            outcome=ItemOutcome.SKIPPED,
            code=skipped.skip.code,
            reason=skipped.skip.reason,
        )
