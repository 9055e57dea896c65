"""Steps of a working copy: locking it, appending to its history, and what an undo takes back.

What is undone next is kept as two stacks of numbers, linked by `EditRecord.below`: a step reads the end of the history
and not the whole of it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.utils import timezone

from project.errors import NotFound
from project.http.preconditions import IfMatch
from structures.editing.changes import TreeChange, encode_change
from structures.editing.trees import KeyedTree
from structures.models import CopyStatus, EditRecord, WorkingCopy
from structures.working_copies.errors import CopyClosed, HistoryFull
from structures.working_copies.queries import build_etag
from structures.working_copies.rows import store_change
from tenants.actors import Actor
from tenants.models import Tenant

# A person who edits once a minute for a year of working days has as many.
MAX_STEPS = 100_000


def lock_working_copy(*, tenant: Tenant, copy_id: UUID, if_match: IfMatch) -> WorkingCopy:
    """Return the open working copy, locked until the caller's transaction ends, in the version that is meant.

    Raises NotFound, CopyClosed and VersionChanged.
    """
    rows = WorkingCopy.objects.for_tenant(tenant).select_for_update(of=("self",)).select_related("tenant", "base")
    copy = rows.filter(pk=copy_id).first()
    if copy is None:
        raise NotFound(f"There is no working copy {copy_id}.")
    if copy.status != CopyStatus.OPEN:
        raise CopyClosed(f"The working copy {copy.name!r} is closed.")
    if_match.check(build_etag(copy))
    return copy


def append_step(
    copy: WorkingCopy,
    *,
    kind: str,
    arguments: Mapping[str, Any],
    change: TreeChange,
    after: KeyedTree,
    actor: Actor,
    reason: str,
    undoes: int | None = None,
    redoes: EditRecord | None = None,
) -> EditRecord:
    """Store a step of a locked working copy: its nodes, its record, its revision. Five statements at most.

    An edit has neither `undoes` nor `redoes`, which is the record of the undo that is taken back. Raises HistoryFull.
    """
    if copy.revision > MAX_STEPS:
        raise HistoryFull(f"The working copy {copy.name!r} has {MAX_STEPS} steps; no more are allowed.")
    store_change(copy, change, after)
    number = copy.revision + 1
    below: int | None = None
    if redoes is not None:
        copy.undo_number, copy.redo_number = redoes.undoes, redoes.below
    elif undoes is not None:
        undone = EditRecord.objects.only("below").get(tenant=copy.tenant_id, working_copy=copy, number=undoes)
        below, copy.undo_number, copy.redo_number = copy.redo_number, undone.below, number
    else:
        below, copy.undo_number, copy.redo_number = copy.undo_number, number, None
    encoded = encode_change(change)
    record = EditRecord.objects.create(
        tenant=copy.tenant,
        working_copy=copy,
        number=number,
        kind=kind,
        arguments=dict(arguments),
        change=encoded,
        change_size=len(json.dumps(encoded)),
        undoes=undoes,
        redoes=None if redoes is None else redoes.undoes,
        below=below,
        actor_kind=actor.kind,
        actor_id=actor.id,
        actor_name=actor.name,
        reason=reason,
    )
    copy.revision = number
    copy.node_count += len(change.created) - len(change.removed)
    copy.changed_at = timezone.now()
    copy.save()
    return record


def get_step(copy: WorkingCopy, number: int) -> EditRecord:
    """Return a step of the working copy by its number."""
    return EditRecord.objects.get(tenant=copy.tenant_id, working_copy=copy, number=number)
