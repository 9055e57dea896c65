"""The nodes of a working copy without what they say: for the list on the left, and for choices of places."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from structures.editing.operations import ALLOWED_CHILDREN
from structures.editing.trees import COURSE_KEY
from structures.engines.base.drafts import NodeType
from structures.models import WorkingCopy, WorkingNode

# Of the style sheet's classes. Numbers and words say how deep a row is; on a phone there is no room for more.
_MAX_INDENT = 5
_SECTION_TYPES = {NodeType.MODULE, NodeType.LESSON}


@dataclass(frozen=True, kw_only=True)
class OutlineRow:
    """A node of a working copy: its place (`number`, such as `1.2`) and title. `node_type` is None for the course."""

    key: UUID
    node_type: NodeType | None
    title: str
    parent: UUID | None
    children: Sequence[UUID]
    number: str
    depth: int
    is_edited: bool
    note_count: int

    @property
    def kind(self) -> str:
        return "course" if self.node_type is None else self.node_type.value

    @property
    def indent_level(self) -> int:
        return limit_indent(self.depth)

    @property
    def label(self) -> str:
        return f"{self.number} {self.title}" if self.number else self.title


@dataclass(frozen=True, kw_only=True)
class Outline:
    """All nodes of a working copy by key, in the order of a walk."""

    rows: Mapping[UUID, OutlineRow]

    def list_sections(self) -> list[OutlineRow]:
        """Return the course, its modules and lessons, in order."""
        return [row for row in self.rows.values() if row.node_type is None or row.node_type in _SECTION_TYPES]

    def list_children(self, key: UUID) -> list[OutlineRow]:
        return [self.rows[child] for child in self.rows[key].children]

    def list_above(self, key: UUID) -> list[OutlineRow]:
        """Return the nodes above this one, the course first."""
        found: list[OutlineRow] = []
        parent = self.rows[key].parent
        while parent is not None:
            found.append(self.rows[parent])
            parent = self.rows[parent].parent
        return found[::-1]

    def list_parents(self, key: UUID) -> list[OutlineRow]:
        """Return the nodes below which this one could stand."""
        row = self.rows[key]
        below = {each.key for each in self._iter_below(key)}
        return [
            each
            for each in self.rows.values()
            if row.node_type in ALLOWED_CHILDREN[each.node_type] and each.key not in below
        ]

    def list_siblings(self, key: UUID) -> list[OutlineRow]:
        """Return the others of the same type below the same parent."""
        row = self.rows[key]
        if row.parent is None:
            return []
        return [each for each in self.list_children(row.parent) if each.key != key and each.node_type is row.node_type]

    def list_lessons(self) -> list[OutlineRow]:
        return [row for row in self.rows.values() if row.node_type is NodeType.LESSON]

    def _iter_below(self, key: UUID) -> Iterator[OutlineRow]:
        waiting = [key]
        while waiting:
            row = self.rows[waiting.pop()]
            yield row
            waiting.extend(row.children)


def limit_indent(depth: int) -> int:
    """Return how far a row of a tree is indented."""
    return min(depth, _MAX_INDENT)


def load_outline(copy: WorkingCopy) -> Outline:
    """Return the outline of a working copy. One statement, which reads neither texts nor evidence."""
    stored = WorkingNode.objects.filter(tenant=copy.tenant_id, working_copy=copy, content__isnull=False)
    columns = stored.values_list(
        "key", "content__node_type", "content__fields__title", "content__children", "content__locks", "content__notes"
    )
    nodes = {
        key: (kind, title or "", children or (), locks, notes) for key, kind, title, children, locks, notes in columns
    }
    rows: dict[UUID, OutlineRow] = {}
    waiting: list[tuple[UUID, UUID | None, str, int]] = [(COURSE_KEY, None, "", 0)]
    while waiting:
        key, parent, number, depth = waiting.pop()
        kind, title, children, locks, notes = nodes[key]
        rows[key] = _build_row(key, parent, number, depth, kind, title, children, locks, notes)
        prefix = f"{number}." if number else ""
        below = [(UUID(child), key, f"{prefix}{place}", depth + 1) for place, child in enumerate(children, start=1)]
        waiting.extend(reversed(below))
    return Outline(rows=rows)


def _build_row(
    key: UUID,
    parent: UUID | None,
    number: str,
    depth: int,
    kind: Any,
    title: str,
    children: Any,
    locks: Any,
    notes: Any,
) -> OutlineRow:
    return OutlineRow(
        key=key,
        node_type=None if kind is None else NodeType(kind),
        title=title,
        parent=parent,
        children=tuple(map(UUID, children)),
        number=number,
        depth=depth,
        is_edited=bool(locks),
        note_count=len(notes or ()),
    )
