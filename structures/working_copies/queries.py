"""Reads of working copies. Each takes a constant number of statements."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Case, F, JSONField, QuerySet, Value, When

from materials.queries import get_node
from project.errors import NotFound
from structures.editing.trees import COURSE_KEY
from structures.models import EDITED_ENGINE, EditConflictRow, EditRecord, StructureSnapshot, WorkingCopy, WorkingNode
from tenants.models import Tenant

# Some ten nodes. A rebase changes thousands; a page of 200 such steps would be a hundred megabytes.
MAX_LISTED_CHANGE = 20_000


@dataclass(frozen=True, kw_only=True)
class CopyState:
    """A working copy with its nodes as JSON values in the order of a walk, and its retired keys."""

    row: WorkingCopy
    nodes: Sequence[Mapping[str, Any]]
    retired: Mapping[str, Any]
    open_conflicts: int


def build_etag(copy: WorkingCopy) -> str:
    """Return the strong ETag of the working copy as it is now."""
    return f'"{copy.revision}"'


def list_working_copies(*, tenant: Tenant, node_id: UUID) -> QuerySet[WorkingCopy]:
    """Return the node's working copies, newest first, closed ones included. Raises NotFound for an unknown node."""
    get_node(tenant=tenant, node_id=node_id)
    return WorkingCopy.objects.for_tenant(tenant).filter(node=node_id).order_by("-created_at", "-id")


def get_working_copy(*, tenant: Tenant, copy_id: UUID) -> WorkingCopy:
    """Return the tenant's working copy. Raises NotFound."""
    try:
        return WorkingCopy.objects.for_tenant(tenant).get(pk=copy_id)
    except WorkingCopy.DoesNotExist:
        raise NotFound(f"There is no working copy {copy_id}.") from None


def find_generated_base(copy: WorkingCopy) -> StructureSnapshot | None:
    """Return the snapshot of an engine that the working copy goes back to; None when it is gone.

    An edited snapshot has what people changed. Compared with that, a generation that left a field alone would count as
    having changed it.
    """
    if copy.base is None or copy.base.engine != EDITED_ENGINE:
        return copy.base
    generated = copy.base.provenance["edited"]["generated_from"]
    return StructureSnapshot.objects.for_tenant(copy.tenant).filter(pk=generated).first() if generated else None


def load_copy_state(copy: WorkingCopy) -> CopyState:
    """Return a working copy with its tree. Two statements."""
    # As stored: nothing is decoded for an answer that has the same shape.
    rows = WorkingNode.objects.filter(tenant=copy.tenant_id, working_copy=copy).values_list(
        "key", "content", "retirement"
    )
    nodes: dict[str, Mapping[str, Any]] = {}
    retired: dict[str, Any] = {}
    for key, content, retirement in rows.iterator():
        if content is None:
            retired[str(key)] = retirement
        else:
            nodes[str(key)] = content
    return CopyState(
        row=copy,
        nodes=list(_walk(nodes)),
        retired=dict(sorted(retired.items())),
        open_conflicts=select_open_conflicts(copy).count(),
    )


def list_history(*, tenant: Tenant, copy_id: UUID) -> QuerySet[EditRecord]:
    """Return the steps of a working copy, newest first; `shown_change` is None where it is too long for a list."""
    copy = get_working_copy(tenant=tenant, copy_id=copy_id)
    shown = Case(
        When(change_size__lte=MAX_LISTED_CHANGE, then=F("change")),
        default=Value(None, JSONField()),
        output_field=JSONField(),
    )
    rows = EditRecord.objects.filter(tenant=tenant, working_copy=copy).defer("change")
    return rows.annotate(shown_change=shown).order_by("-number")


def get_record(*, tenant: Tenant, copy_id: UUID, number: int) -> EditRecord:
    """Return one step with its whole change in `shown_change`. Raises NotFound."""
    rows = EditRecord.objects.filter(tenant=tenant, working_copy=copy_id, number=number)
    record = rows.annotate(shown_change=F("change")).first()
    if record is None:
        raise NotFound(f"The working copy has no step {number}.")
    return record


def list_conflicts(*, tenant: Tenant, copy_id: UUID) -> QuerySet[EditConflictRow]:
    """Return the conflicts that nobody has decided, in the order of the tree. Raises NotFound."""
    return select_open_conflicts(get_working_copy(tenant=tenant, copy_id=copy_id)).order_by("position", "id")


def select_open_conflicts(copy: WorkingCopy) -> QuerySet[EditConflictRow]:
    """Return the conflicts of a working copy that are to be decided."""
    rows = EditConflictRow.objects.filter(tenant=copy.tenant_id, working_copy=copy)
    return rows.filter(closed_by__isnull=True, is_hidden=False)


def _walk(nodes: Mapping[str, Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    waiting = [str(COURSE_KEY)]
    while waiting:
        node = nodes[waiting.pop()]
        yield node
        waiting.extend(reversed(node.get("children", ())))
