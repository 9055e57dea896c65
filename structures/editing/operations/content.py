"""Operations on what a node says: its fields, and notes about it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from structures.editing.errors import LimitExceeded, TakenKey
from structures.editing.operations.base import read_values
from structures.editing.texts import check_length, require_text
from structures.editing.trees import KeyedTree, TreeNote

MAX_NOTE = 10_000
MAX_NOTES = 200


@dataclass(frozen=True, kw_only=True)
class ChangeField:
    """Give a field of a node, or of the course, another value, as JSON values. `estimated_minutes` is a number."""

    key: UUID
    field: str
    value: Any

    def apply(self, tree: KeyedTree) -> KeyedTree:
        node = tree.get_node(self.key)
        values = read_values(node.field_kinds, {self.field: self.value})
        if values[self.field] == node.get_field(self.field):
            return tree
        locks = replace(node.locks, fields=node.locks.fields | {self.field})
        return tree.replace_nodes([replace(node.set_fields(values), locks=locks)])


@dataclass(frozen=True, kw_only=True)
class AddNote:
    """Add a note for colleagues to a node. `note` is the note's own key."""

    key: UUID
    note: UUID
    text: str

    def apply(self, tree: KeyedTree) -> KeyedTree:
        node = tree.get_node(self.key)
        text = require_text("A note", self.text)
        check_length("A note", text, limit=MAX_NOTE)
        if len(node.notes) >= MAX_NOTES:
            raise LimitExceeded(f"{node.title!r} has {len(node.notes)} notes; {MAX_NOTES} are allowed.")
        if any(note.key == self.note for note in node.notes):
            raise TakenKey(f"{node.title!r} has a note {self.note} already.")
        return tree.replace_nodes([replace(node, notes=(*node.notes, TreeNote(key=self.note, text=text)))])
