"""Make, edit and close working copies. Each edit reads and writes the nodes that it concerns alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from materials.locks import lock_tree
from project.db.fields import new_id
from project.http.preconditions import IfMatch
from structures.editing.changes import TreeChange, decode_change
from structures.editing.errors import HistoryMismatch, InvalidValue
from structures.editing.operation_json import encode_operation, parse_operation
from structures.editing.operations import perform_operation
from structures.editing.reference_json import decode_uuid
from structures.editing.stored_trees import load_snapshot_tree
from structures.editing.trees import KeyedTree, check_part_size
from structures.engines.base.drafts import NodeType
from structures.models import CopyStatus, EditRecord, WorkingCopy
from structures.queries import get_snapshot
from structures.working_copies.conflict_rows import redo_conflicts, undo_conflicts
from structures.working_copies.corrections import list_corrected_keys, read_correction
from structures.working_copies.errors import CopyExists, TooManyCopies
from structures.working_copies.evidence import list_prerequisite_lessons, verify_arguments
from structures.working_copies.history import append_step, get_step, lock_working_copy
from structures.working_copies.queries import build_etag, get_working_copy
from structures.working_copies.rows import load_named, load_part, store_tree
from tenants.actors import Actor
from tenants.models import Tenant

# More people than edit one course at a time.
MAX_OPEN_COPIES = 50
# The arguments that hold a key, or keys, of nodes.
_KEY_ARGUMENTS = ("key", "new_key", "parent", "into", "keys", "children")
# What these name goes with all below it.
_WHOLE_BRANCHES = frozenset({"delete_node", "move_node", "split_node", "merge_nodes"})


@dataclass(frozen=True, kw_only=True)
class StepResult:
    """A working copy after a step, and its record; None when nothing changed."""

    copy: WorkingCopy
    record: EditRecord | None


@transaction.atomic
def create_working_copy(*, tenant: Tenant, snapshot_id: UUID, name: str, actor: Actor) -> WorkingCopy:
    """Make an open working copy of a snapshot. Raises NotFound, CopyExists, TooManyCopies and LimitExceeded."""
    snapshot = get_snapshot(tenant=tenant, snapshot_id=snapshot_id)
    # So that two requests at once cannot pass the bounds together.
    lock_tree(tenant)
    rows = WorkingCopy.objects.for_tenant(tenant).filter(node=snapshot.node_id, status=CopyStatus.OPEN)
    names = dict(rows.values_list("name", "pk"))
    if name in names:
        raise CopyExists(
            f"There is an open working copy {name!r} of this node.", extra={"working_copy": str(names[name])}
        )
    if len(names) >= MAX_OPEN_COPIES:
        raise TooManyCopies(f"The node has {len(names)} open working copies; {MAX_OPEN_COPIES} are allowed.")
    tree = load_snapshot_tree(snapshot)
    copy = WorkingCopy.objects.create(
        tenant=tenant,
        node_id=snapshot.node_id,
        base=snapshot,
        base_snapshot=snapshot.pk,
        name=name,
        node_count=len(tree.nodes),
        created_by=actor.name,
        changed_at=timezone.now(),
    )
    store_tree(copy, tree)
    return copy


@transaction.atomic
def edit_working_copy(
    *,
    tenant: Tenant,
    copy_id: UUID,
    operation: str,
    arguments: Mapping[str, Any],
    reason: str,
    actor: Actor,
    if_match: IfMatch,
) -> StepResult:
    """Do one operation, given as JSON values. An edit that changes nothing makes no step.

    New references are verified against today's chunks. Raises NotFound, CopyClosed, VersionChanged, HistoryFull
    and EditRefused.
    """
    copy = lock_working_copy(tenant=tenant, copy_id=copy_id, if_match=if_match)
    if operation == "refuse_correction":
        arguments = {**arguments, "correction": read_correction(copy, arguments.get("index"))}
    part = _load_concerned(copy, operation, arguments)
    _check_prerequisite_lessons(part, arguments)
    whole = verify_arguments(copy, part, operation, arguments)
    parsed = parse_operation(operation, whole, create_key=new_id)
    check = partial(_check_size, copy, part)
    performed = perform_operation(part, parsed, check=check)
    if performed.change.is_empty:
        return StepResult(copy=copy, record=None)
    record = append_step(
        copy,
        kind=operation,
        arguments=encode_operation(parsed),
        change=performed.change,
        after=performed.tree,
        actor=actor,
        reason=reason,
    )
    return StepResult(copy=copy, record=record)


@transaction.atomic
def undo_step(*, tenant: Tenant, copy_id: UUID, reason: str, actor: Actor, if_match: IfMatch) -> StepResult:
    """Take the last step back that still stands.

    Raises NotFound, CopyClosed, VersionChanged, HistoryFull and HistoryMismatch.
    """
    copy = lock_working_copy(tenant=tenant, copy_id=copy_id, if_match=if_match)
    if copy.undo_number is None:
        raise HistoryMismatch("There is nothing to undo.", next_step="Nothing is left to undo: edit the tree.")
    undone = get_step(copy, copy.undo_number)
    change = decode_change(undone.change).invert()
    undo_conflicts(copy, undone)
    record = append_step(
        copy,
        kind="undo",
        arguments={},
        change=change,
        after=change.apply(load_named(copy, _list_keys(change))),
        actor=actor,
        reason=reason,
        undoes=undone.number,
    )
    return StepResult(copy=copy, record=record)


@transaction.atomic
def redo_step(*, tenant: Tenant, copy_id: UUID, reason: str, actor: Actor, if_match: IfMatch) -> StepResult:
    """Do again what was undone last.

    Raises NotFound, CopyClosed, VersionChanged, HistoryFull and HistoryMismatch.
    """
    copy = lock_working_copy(tenant=tenant, copy_id=copy_id, if_match=if_match)
    if copy.redo_number is None:
        raise HistoryMismatch("There is nothing to redo.", next_step="Redo only follows an undo, with no edit between.")
    undo = get_step(copy, copy.redo_number)
    assert undo.undoes is not None  # it is the record of an undo
    redone = get_step(copy, undo.undoes)
    change = decode_change(redone.change)
    redo_conflicts(copy, redone)
    record = append_step(
        copy,
        kind="redo",
        arguments={},
        change=change,
        after=change.apply(load_named(copy, _list_keys(change))),
        actor=actor,
        reason=reason,
        redoes=undo,
    )
    return StepResult(copy=copy, record=record)


@transaction.atomic
def close_working_copy(*, tenant: Tenant, copy_id: UUID, if_match: IfMatch) -> None:
    """Close a working copy: it stays to be read, with its history. Closing twice is closing once.

    Raises NotFound, and VersionChanged for one that is open in another version.
    """
    get_working_copy(tenant=tenant, copy_id=copy_id)
    copy = WorkingCopy.objects.for_tenant(tenant).select_for_update().get(pk=copy_id)
    if copy.status == CopyStatus.OPEN:
        if_match.check(build_etag(copy))
        copy.status, copy.changed_at = CopyStatus.CLOSED, timezone.now()
        # An answer with the status of before has the ETag of before.
        copy.revision += 1
        copy.save()


def _load_concerned(copy: WorkingCopy, operation: str, arguments: Mapping[str, Any]) -> KeyedTree:
    """Return the nodes that an operation reads or changes, with all above them."""
    keys = [*_iter_key_arguments(arguments), *list_prerequisite_lessons(arguments)]
    if operation == "refuse_correction":
        keys += list_corrected_keys(arguments["correction"])
    tops = [] if operation not in _WHOLE_BRANCHES else [*_iter_key_arguments(arguments, ("key", "into", "keys"))]
    return load_part(copy, keys=keys, tops=tops)


def _iter_key_arguments(arguments: Mapping[str, Any], names: tuple[str, ...] = _KEY_ARGUMENTS) -> Iterator[UUID]:
    for name in names:
        given = arguments.get(name)
        for item in given if isinstance(given, list) else [given]:
            if item is not None:
                yield decode_uuid(name, item)


def _check_prerequisite_lessons(part: KeyedTree, arguments: Mapping[str, Any]) -> None:
    for key in list_prerequisite_lessons(arguments):
        if part.get_node(key).node_type is not NodeType.LESSON:
            raise InvalidValue(f"{key} is no lesson.", next_step="Name the lesson that defines the term.")


def _check_size(copy: WorkingCopy, before: KeyedTree, after: KeyedTree) -> None:
    check_part_size(after, node_count=copy.node_count + len(after.nodes) - len(before.nodes))


def _list_keys(change: TreeChange) -> set[UUID]:
    nodes = {node.key for node in (*change.removed, *change.created)}
    return {*nodes, *(one.key for one in change.changed), *change.retired_before, *change.retired_after}
