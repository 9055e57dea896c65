"""Put a working copy onto another snapshot, and decide the conflicts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from django.db import transaction

from project.errors import NotFound
from project.http.preconditions import IfMatch
from structures.editing.changes import TreeChange, compute_change
from structures.editing.conflicts import EditConflict, Side, decode_conflict
from structures.editing.decisions import decide
from structures.editing.merging import rebase_tree
from structures.editing.stored_trees import load_snapshot_tree
from structures.editing.trees import KeyedTree
from structures.models import EDITED_ENGINE, EditConflictRow, EditRecord, StructureSnapshot, WorkingCopy
from structures.queries import get_snapshot
from structures.working_copies.conflict_rows import DECIDE, REBASE, close_conflicts, replace_conflicts
from structures.working_copies.errors import BaseGone
from structures.working_copies.history import append_step, lock_working_copy
from structures.working_copies.queries import find_generated_base, select_open_conflicts
from structures.working_copies.rows import load_tree
from tenants.actors import Actor
from tenants.models import Tenant

# Without a base nothing is known of what the generation changed: then each difference counts. To decide for `mine`
# changes no tree.
_EMPTY_TREE = KeyedTree(nodes={})


def _go_on() -> None:
    """Do nothing: whoever does not work in a job has no reason to stop."""


@dataclass(frozen=True, kw_only=True)
class RebaseResult:
    """What a rebase did, or would do: `record` is None when nothing was changed.

    Without a base every difference of a locked field counts as a conflict.
    """

    copy: WorkingCopy
    record: EditRecord | None = None
    onto: StructureSnapshot
    is_base_known: bool
    tree: KeyedTree
    change: TreeChange
    conflicts: Sequence[EditConflict]

    @property
    def counts(self) -> dict[str, int]:
        """Return how many nodes are added, removed and changed."""
        change = self.change
        return {"added": len(change.created), "removed": len(change.removed), "changed": len(change.changed)}

    @property
    def conflict_counts(self) -> dict[str, int]:
        """Return how many conflicts of each kind there are."""
        return Counter(conflict.kind.value for conflict in self.conflicts)


@dataclass(frozen=True, kw_only=True)
class DecisionResult:
    """A working copy after a decision, its record (None without conflicts), and how many conflicts were decided."""

    copy: WorkingCopy
    record: EditRecord | None
    decided: int


def compute_rebase(
    copy: WorkingCopy, target: StructureSnapshot, *, checkpoint: Callable[[], None] = _go_on
) -> RebaseResult:
    """Return what a rebase onto the snapshot would do, and change nothing. Raises LimitExceeded and WrongPlace.

    `checkpoint` is called between the steps of the work, and may raise.
    """
    theirs, mine = load_snapshot_tree(target), load_tree(copy)
    checkpoint()
    generated = find_generated_base(copy)
    base = _EMPTY_TREE if generated is None else load_snapshot_tree(generated)
    checkpoint()
    rebased = rebase_tree(base, mine, theirs, undecided=_decode(list(select_open_conflicts(copy))))
    checkpoint()
    return RebaseResult(
        copy=copy,
        onto=target,
        is_base_known=generated is not None,
        tree=rebased.tree,
        change=compute_change(mine, rebased.tree),
        conflicts=rebased.conflicts,
    )


def store_rebase(copy: WorkingCopy, result: RebaseResult, *, reason: str, actor: Actor) -> RebaseResult:
    """Put a locked working copy onto the snapshot, as it was computed of this version of it.

    A rebase that changes nothing makes no step. Raises HistoryFull, whereupon the caller's transaction must not commit.
    """
    result = replace(result, copy=copy)
    if result.onto.pk == copy.base_id and result.change.is_empty:
        return result
    arguments = {"onto": str(result.onto.pk), "from": str(copy.base_snapshot)}
    replace_conflicts(copy, result.conflicts, number=copy.revision + 1)
    copy.base, copy.base_snapshot = result.onto, result.onto.pk
    record = append_step(
        copy, kind=REBASE, arguments=arguments, change=result.change, after=result.tree, actor=actor, reason=reason
    )
    return replace(result, record=record)


def find_target(copy: WorkingCopy, onto: UUID | None) -> StructureSnapshot:
    """Return the snapshot onto which a rebase goes; None is the newest one that was generated. Raises NotFound."""
    if onto is not None:
        snapshot = get_snapshot(tenant=copy.tenant, snapshot_id=onto)
        if snapshot.node_id != copy.node_id:
            raise NotFound(f"Snapshot {onto} is of another node.", next_step="Name a snapshot of the same node.")
        return snapshot
    rows = StructureSnapshot.objects.for_tenant(copy.tenant).filter(node=copy.node_id)
    newest = rows.exclude(engine=EDITED_ENGINE).order_by("-created_at", "-id").first()
    if newest is None:
        raise NotFound("Nothing was generated for this node.", next_step="Name the snapshot in `onto`.")
    return newest


@transaction.atomic
def decide_conflicts(
    *,
    tenant: Tenant,
    copy_id: UUID,
    conflict_id: UUID | None,
    keep: Side,
    reason: str,
    actor: Actor,
    if_match: IfMatch,
) -> DecisionResult:
    """Decide one conflict, or (None) all that are open. To keep `theirs` takes the locks away that stand against it.

    Raises NotFound, CopyClosed, VersionChanged, HistoryFull, and BaseGone when `theirs` cannot be read any more.
    """
    copy = lock_working_copy(tenant=tenant, copy_id=copy_id, if_match=if_match)
    rows = select_open_conflicts(copy).order_by("position", "id")
    chosen = list(rows if conflict_id is None else rows.filter(pk=conflict_id))
    if not chosen and conflict_id is not None:
        raise NotFound(
            f"The working copy has no open conflict {conflict_id}.",
            next_step="List those that are open: GET /api/v1/working-copies/{id}/conflicts.",
        )
    if not chosen:
        return DecisionResult(copy=copy, record=None, decided=0)
    before = after = _EMPTY_TREE
    if keep is Side.THEIRS:
        if copy.base is None:
            raise BaseGone(f"The snapshot {copy.base_snapshot}, which has the other versions, was deleted.")
        before = load_tree(copy)
        after = decide(before, _decode(chosen), load_snapshot_tree(copy.base), keep=keep)
    close_conflicts(copy, [row.pk for row in chosen], keep=keep, number=copy.revision + 1)
    arguments = {
        "keep": keep.value,
        "conflicts": [row.content["id"] for row in chosen],
        "rows": [str(row.pk) for row in chosen],
    }
    record = append_step(
        copy,
        kind=DECIDE,
        arguments=arguments,
        change=compute_change(before, after),
        after=after,
        actor=actor,
        reason=reason,
    )
    return DecisionResult(copy=copy, record=record, decided=len(chosen))


def _decode(rows: Sequence[EditConflictRow]) -> list[EditConflict]:
    return [decode_conflict(row.content) for row in rows]
