"""What one step changed, before and after, for its page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any
from uuid import UUID

from django.utils.safestring import SafeString

from structures.course_admin.values import compare_texts, label_part, load_titles, write_value
from structures.editing.changes import NodeChange, TreeChange, decode_change
from structures.editing.trees import KeyedNode
from structures.models import EditRecord, WorkingCopy

# A rebase may change the whole course; its difference has all of it.
MAX_SHOWN_NODES = 100
# Locks are said at the fields; what an engine says of its work is nobody's edit.
_NOT_SHOWN = {"locks", "fields.arranged_by"}


@dataclass(frozen=True, kw_only=True)
class ChangedPart:
    """A field or another part of a node, compared by words."""

    label: str
    html: SafeString


@dataclass(frozen=True, kw_only=True)
class ChangedNode:
    """A node that a step added, removed or changed."""

    title: str
    key: UUID
    parts: Sequence[ChangedPart]


@dataclass(frozen=True, kw_only=True)
class StepDetails:
    """All that a step did to the tree, as far as a page shows it."""

    added: Sequence[KeyedNode]
    removed: Sequence[KeyedNode]
    changed: Sequence[ChangedNode]
    left_out: int


def load_step_details(copy: WorkingCopy, record: EditRecord) -> StepDetails:
    """Return what a step changed. Two statements."""
    change = decode_change(record.change)
    shown = [one for one in change.changed if set(one.after) - _NOT_SHOWN]
    titles = load_titles(copy, chain(_list_keys(shown[:MAX_SHOWN_NODES]), (one.key for one in shown)))
    titles |= {node.key: node.title for node in (*change.created, *change.removed)}
    return StepDetails(
        added=change.created[:MAX_SHOWN_NODES],
        removed=change.removed[:MAX_SHOWN_NODES],
        changed=[_describe_change(one, titles) for one in shown[:MAX_SHOWN_NODES]],
        left_out=_count_left_out(change, len(shown)),
    )


def _describe_change(one: NodeChange, titles: dict[UUID, str]) -> ChangedNode:
    return ChangedNode(
        title=titles.get(one.key, ""),
        key=one.key,
        parts=[
            ChangedPart(
                label=label_part(name, None),
                html=compare_texts(write_value(one.before[name], titles), write_value(one.after[name], titles)),
            )
            for name in one.after
            if name not in _NOT_SHOWN
        ],
    )


def _list_keys(changes: Iterable[NodeChange]) -> Iterator[UUID]:
    """Yield the keys of parents and children before and after."""
    for one in changes:
        for value in chain(one.before.values(), one.after.values()):
            yield from _list_keys_of(value)


def _list_keys_of(value: Any) -> Iterator[UUID]:
    if isinstance(value, UUID):
        yield value
    elif isinstance(value, tuple):
        yield from (item for item in value if isinstance(item, UUID))


def _count_left_out(change: TreeChange, changed: int) -> int:
    return sum(max(0, count - MAX_SHOWN_NODES) for count in (len(change.created), len(change.removed), changed))
