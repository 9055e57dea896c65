"""Conflicts of working copies as rows: opened by a rebase, closed by a decision or the next rebase."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from uuid import UUID

from structures.editing.conflicts import EditConflict, Side, encode_conflict
from structures.models import EditConflictRow, EditRecord, StructureSnapshot, WorkingCopy
from structures.working_copies.queries import select_open_conflicts

REBASE, DECIDE = "rebase", "decide"
_BATCH_SIZE = 1000


def replace_conflicts(copy: WorkingCopy, conflicts: Iterable[EditConflict], *, number: int) -> None:
    """Open the conflicts of the rebase with this number in the place of those that are open. Two statements."""
    select_open_conflicts(copy).update(closed_by=number)
    EditConflictRow.objects.bulk_create(
        [
            EditConflictRow(
                tenant_id=copy.tenant_id,
                working_copy=copy,
                position=position,
                content=encode_conflict(conflict),
                opened_by=number,
            )
            for position, conflict in enumerate(conflicts)
        ],
        batch_size=_BATCH_SIZE,
    )


def close_conflicts(copy: WorkingCopy, ids: Collection[UUID | str], *, keep: Side, number: int) -> None:
    """Close these conflicts as decided by the step with this number. One statement."""
    select_open_conflicts(copy).filter(pk__in=ids).update(closed_by=number, decision=keep.value)


def undo_conflicts(copy: WorkingCopy, record: EditRecord) -> None:
    """Bring back the conflicts, and the base, that were there before a step. The caller saves the working copy."""
    if record.kind not in {REBASE, DECIDE}:
        return
    rows = EditConflictRow.objects.filter(tenant=copy.tenant_id, working_copy=copy)
    rows.filter(opened_by=record.number).update(is_hidden=True)
    rows.filter(closed_by=record.number).update(closed_by=None, decision="")
    if record.kind == REBASE:
        _set_base(copy, record.arguments["from"])


def redo_conflicts(copy: WorkingCopy, record: EditRecord) -> None:
    """Do again what a step did to conflicts and base. The caller saves the working copy."""
    if record.kind == DECIDE:
        arguments = record.arguments
        close_conflicts(copy, arguments["rows"], keep=Side(arguments["keep"]), number=record.number)
    elif record.kind == REBASE:
        select_open_conflicts(copy).update(closed_by=record.number)
        rows = EditConflictRow.objects.filter(tenant=copy.tenant_id, working_copy=copy, opened_by=record.number)
        rows.update(is_hidden=False)
        _set_base(copy, record.arguments["onto"])


def _set_base(copy: WorkingCopy, snapshot_id: str) -> None:
    copy.base_snapshot = UUID(snapshot_id)
    copy.base = StructureSnapshot.objects.for_tenant(copy.tenant).filter(pk=snapshot_id).first()
