"""Values of nodes as texts for people: fields, places, children, evidence; and two of them compared by words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django.utils.safestring import SafeString

from structures.course_admin.field_inputs import label_field
from structures.course_admin.node_panel import describe_place
from structures.differences.words import render_words
from structures.editing.differences import write_field_text
from structures.editing.fields import Minutes
from structures.editing.references import TreeReference
from structures.editing.trees import KeyedNode, TreeNote
from structures.editing.words import compare_words
from structures.engines.base.drafts import NodeType
from structures.models import StructureNode, WorkingCopy, WorkingNode

Titles = Mapping[UUID, str]
GONE = "a part that is gone"
_PART_LABELS = {"parent": "Below", "children": "Parts inside", "references": "Evidence", "notes": "Notes"}


def label_part(name: str, node_type: NodeType | None) -> str:
    """Return what people call a part of a node; fields are given as `fields.title`."""
    field = name.removeprefix("fields.")
    return label_field(field, node_type) if field != name else _PART_LABELS.get(name, name)


def write_value(value: Any, titles: Titles) -> str:
    """Return a field's value or a part of a node as a text; keys as the titles of their nodes."""
    match value:
        case None:
            return ""
        case Minutes():
            return str(value.minutes)
        case UUID():
            return titles.get(value, GONE)
        case KeyedNode():
            return write_node(value)
        case tuple() if value and all(isinstance(item, UUID | TreeReference | TreeNote) for item in value):
            return "\n".join(_write_item(item, titles) for item in value)
        case _:
            return write_field_text(value)


def write_node(node: KeyedNode) -> str:
    """Return all that a node says, one field a paragraph, with its evidence."""
    fields = [
        f"{label_field(name, node.node_type)}: {write_value(value, {})}"
        for name, value in node.fields.items()
        if name != "arranged_by"
    ]
    evidence = write_value(node.references, {})
    return "\n".join([*fields, *([f"Evidence: {evidence}"] if evidence else [])])


def compare_texts(before: str, after: str) -> SafeString:
    """Return two texts compared by words, as HTML."""
    return render_words(compare_words(before, after))


def load_titles(copy: WorkingCopy, keys: Iterable[UUID]) -> dict[UUID, str]:
    """Return the titles of nodes: as the working copy has them, else as the snapshot has that it stands on.

    Two statements.
    """
    wanted = set(keys)
    base = StructureNode.objects.filter(tenant=copy.tenant_id, snapshot=copy.base_id, key__in=wanted)
    rows = WorkingNode.objects.filter(tenant=copy.tenant_id, working_copy=copy, key__in=wanted, content__isnull=False)
    mine = {key: title or "" for key, title in rows.values_list("key", "content__fields__title")}
    return {**dict(base.values_list("key", "title")), **mine}


def _write_item(item: UUID | TreeReference | TreeNote, titles: Titles) -> str:
    match item:
        case UUID():
            return titles.get(item, GONE)
        case TreeReference():
            return f"“{item.quote}” ({describe_place(item)})"
        case TreeNote():
            return item.text
