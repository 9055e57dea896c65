"""Steps of a working copy in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from structures.course_admin.field_inputs import label_field
from structures.models import EditRecord, WorkingCopy, WorkingNode

_SENTENCES = {
    "add_node": "added “{title}”",
    "delete_node": "deleted {node}",
    "move_node": "moved {node}",
    "reorder_children": "put the parts of {node} in order",
    "split_node": "split {node}, the second part is “{title}”",
    "merge_nodes": "merged others into {node}",
    "add_reference": "added evidence to {node}",
    "remove_reference": "removed evidence from {node}",
    "add_note": "wrote a note about {node}",
    "change_field": "changed {field} of {node}",
    "refuse_correction": "took a correction of the model back",
    "rebase": "put the working copy onto another structure",
}


@dataclass(frozen=True, kw_only=True)
class StepRow:
    """A step with who made it, and what it was in words."""

    record: EditRecord
    words: str


def describe_steps(copy: WorkingCopy, records: Iterable[EditRecord]) -> list[StepRow]:
    """Return steps in words, with the titles that nodes have today, or had when one of the steps removed them.

    One statement. Records of `list_history` and `get_record` know what they removed.
    """
    rows = list(records)
    titles = _collect_removed_titles(rows) | _load_titles(copy, rows)
    return [StepRow(record=row, words=_write_sentence(row, titles)) for row in rows]


def _write_sentence(record: EditRecord, titles: Mapping[str, str]) -> str:
    arguments = record.arguments
    if record.kind == "undo":
        return f"took step {record.undoes} back"
    if record.kind == "redo":
        return f"did step {record.redoes} again"
    if record.kind == "decide":
        kept = "the working copy's version" if arguments["keep"] == "mine" else "the new structure's version"
        return f"decided {len(arguments['conflicts'])} conflicts for {kept}"
    title = titles.get(_get_key(record))
    return _SENTENCES.get(record.kind, record.kind).format(
        node=f"“{title}”" if title else "a part that is gone",
        title=arguments.get("title", ""),
        field=label_field(str(arguments.get("field", "")), None).lower(),
    )


def _get_key(record: EditRecord) -> str:
    return str(record.arguments.get("into") or record.arguments.get("key") or "")


def _collect_removed_titles(records: Iterable[EditRecord]) -> dict[str, str]:
    """Return the titles of the nodes that the steps removed, by key; a list has no changes that are very long."""
    changes: Iterable[Mapping[str, Any] | None] = (getattr(record, "shown_change", None) for record in records)
    return {
        node["key"]: str(node["fields"].get("title", ""))
        for change in changes
        if change is not None
        for node in change["removed"]
    }


def _load_titles(copy: WorkingCopy, records: Iterable[EditRecord]) -> dict[str, str]:
    keys = {UUID(key) for key in map(_get_key, records) if key}
    rows = WorkingNode.objects.filter(tenant=copy.tenant_id, working_copy=copy, key__in=keys, content__isnull=False)
    return {str(key): title or "" for key, title in rows.values_list("key", "content__fields__title")}
