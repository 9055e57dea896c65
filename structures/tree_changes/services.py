"""Make the material tree follow an approved structure, and put it back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from uuid import UUID

from django.db import transaction
from django.db.models import ForeignObjectRel
from django.utils import timezone

from materials.errors import TreeRefused
from materials.fingerprints import clear_fingerprints
from materials.locks import lock_tree
from materials.models import MaterialEntry, MaterialNode
from materials.tree.rearranging import insert_nodes, place_entries, place_nodes, remove_nodes, rename_nodes
from materials.tree.services import MAX_DEPTH
from project.db.fields import new_id
from project.jobs.models import Job
from structures.models import AppliedNode, TreeChange
from structures.queries import get_snapshot
from structures.reviews.queries import load_review
from structures.reviews.services import check_approved
from structures.tree_changes.errors import ChangeUndone, LaterTreeChange, TreeChangedSince
from structures.tree_changes.loading import load_known_nodes, load_present_tree, load_structure
from structures.tree_changes.planning import TreePlan, plan_tree
from structures.tree_changes.queries import get_tree_change
from structures.tree_changes.report import build_report
from structures.tree_changes.undoing import (
    LaterChange,
    collect_changes,
    decode_changes,
    encode_changes,
    list_later_changes,
    restore_lists,
)
from tenants.actors import Actor
from tenants.models import Tenant

# Enough to see what happened; the answer says how many there are.
_MAX_NAMED = 100
_COMPARED = {MaterialNode, MaterialEntry, AppliedNode}


@transaction.atomic
def apply_snapshot(
    *, tenant: Tenant, snapshot_id: UUID, actor: Actor, reason: str = "", dry_run: bool = False
) -> TreeChange:
    """Make the material tree below the snapshot's node follow its modules and lessons, and return what was done.

    Nothing is deleted. With `dry_run`, and when there is nothing to do, the change that is returned is not stored.
    A constant number of statements, besides one for each thousand of new nodes. Raises NotFound, NotApproved, and
    TreeRefused when the tree would become too deep.
    """
    if not dry_run:
        lock_tree(tenant)
    snapshot = get_snapshot(tenant=tenant, snapshot_id=snapshot_id)
    review = load_review(snapshot)
    if review.publication is None or not review.publication.is_current:
        check_approved(snapshot, review)
    tree = load_present_tree(tenant=tenant, node_id=snapshot.node_id)
    known = load_known_nodes(tenant=tenant, node_id=snapshot.node_id)
    plan = plan_tree(tree, load_structure(snapshot, tree), known, make_id=new_id)
    if (levels := plan.compute_levels()) > MAX_DEPTH:
        raise TreeRefused(
            f"The tree would have {levels} levels; it has at most {MAX_DEPTH}.",
            next_step="Move the course nearer to the root, or give the structure fewer levels in a working copy.",
        )
    report = build_report(plan)
    change = TreeChange(
        tenant=tenant,
        node_id=snapshot.node_id,
        snapshot_id=snapshot.pk,
        counts=report.pop("counts"),
        report=report,
        actor_kind=actor.kind,
        actor_id=actor.id,
        actor_name=actor.name,
        reason=reason,
    )
    if not dry_run and plan.changes_anything:
        _carry_out(plan, change)
    return change


def _carry_out(plan: TreePlan, change: TreeChange) -> None:
    tenant, changes = change.tenant, collect_changes(plan)
    change.changes = encode_changes(changes)
    change.save()
    positions = {child: at for children in plan.children.values() for at, child in enumerate(children)}
    made = [(node, plan.parents[node] or plan.tree.root, positions[node], plan.titles[node]) for node in plan.created]
    insert_nodes(tenant=tenant, nodes=made)
    place_nodes(tenant=tenant, children={node: each.after for node, each in changes.children.items()})
    place_entries(
        tenant=tenant, entries={node: each.after for node, each in changes.files.items()}, rounds=changes.rounds
    )
    rename_nodes(tenant=tenant, titles={node: new for node, (_, new) in changes.titles.items()})
    clear_fingerprints(*changes.children, *changes.files)
    AppliedNode.objects.bulk_create(
        [
            AppliedNode(tenant=tenant, node_id=change.node_id, key=key, material_node_id=node, change=change)
            for key, node in plan.nodes.items()
            if plan.known.get(key) != node
        ],
        update_conflicts=True,
        unique_fields=["node", "key"],
        update_fields=["material_node", "change"],
    )


@transaction.atomic
def undo_tree_change(*, tenant: Tenant, change_id: UUID, actor: Actor) -> TreeChange:
    """Put the tree back as it was before a change: nodes, entries, order and titles. What was added since stays.

    Raises NotFound, ChangeUndone, LaterTreeChange, and TreeChangedSince, which says what was changed since.
    """
    lock_tree(tenant)
    change = get_tree_change(tenant=tenant, change_id=change_id)
    if change.undone_at is not None:
        raise ChangeUndone(f"{change.undone_by} has undone it at {change.undone_at:%Y-%m-%d %H:%M:%S} UTC.")
    later = TreeChange.objects.for_tenant(tenant).filter(node=change.node_id, undone_at=None)
    newest = later.order_by("-created_at", "-id").values_list("pk", flat=True)[0]
    if newest != change.pk:
        raise LaterTreeChange("Another structure was applied later.", extra={"tree_change": str(newest)})
    changes = decode_changes(change.changes)
    tree = load_present_tree(tenant=tenant, node_id=change.node_id)
    created = list(changes.created)
    found = [
        *list_later_changes(changes, tree, max_level=MAX_DEPTH),
        *_list_uses(tenant=tenant, nodes=created),
    ]
    if found:
        raise TreeChangedSince(
            "What the change made was changed since.",
            extra={"changed_count": len(found), "changed": [_represent(each) for each in found[:_MAX_NAMED]]},
        )
    restored = restore_lists(changes, tree)
    place_nodes(tenant=tenant, children=restored.children)
    place_entries(tenant=tenant, entries=restored.files, rounds=list(reversed(changes.rounds)))
    rename_nodes(tenant=tenant, titles={node: old for node, (old, _) in changes.titles.items()})
    AppliedNode.objects.filter(tenant=tenant, change=change).delete()
    remove_nodes(tenant=tenant, nodes=created)
    clear_fingerprints(*restored.children, *restored.files)
    change.undone_at, change.undone_by = timezone.now(), actor.name
    change.save(update_fields=["undone_at", "undone_by"])
    return change


def _list_uses(*, tenant: Tenant, nodes: Sequence[UUID]) -> Iterator[LaterChange]:
    """Yield which of the nodes that would be deleted were edited, or have something that would go with them."""
    rows = MaterialNode.objects.for_tenant(tenant).filter(pk__in=nodes)
    blank = {"language": "", "learning_goal": "", "expected_knowledge": [], "expected_skills": []}
    for node in rows.exclude(**blank).values_list("pk", flat=True):
        yield LaterChange(code="node_edited", node=node, detail="It was given a language, goals or expectations.")
    for relation in MaterialNode._meta.get_fields(include_hidden=True):
        # Nodes and entries are compared one by one; of the keys that nodes have, nothing is lost.
        if not isinstance(relation, ForeignObjectRel) or relation.related_model in _COMPARED:
            continue
        model, name = relation.related_model, relation.field.name
        for node in model._base_manager.filter(**{f"{name}__in": nodes}).values_list(name, flat=True).distinct():
            detail = f"It has {model._meta.verbose_name_plural}, which would be deleted with it."
            yield LaterChange(code="node_used", node=node, detail=detail)
    jobs = Job.objects.filter(tenant=tenant, subject_id__in=nodes, status__in=Job.OPEN)
    for node in jobs.values_list("subject_id", flat=True).distinct():
        yield LaterChange(code="node_used", node=node, detail="A job works on it.")


def _represent(change: LaterChange) -> dict[str, str | None]:
    return {
        "code": change.code,
        "node": str(change.node) if change.node else None,
        "entry": str(change.entry) if change.entry else None,
        "detail": change.detail,
    }
