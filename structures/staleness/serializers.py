"""JSON shapes of what has happened to the materials since a snapshot."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from drf_spectacular.extensions import OpenApiSerializerFieldExtension
from rest_framework import serializers

from structures.queries import StoredNode, iter_stored_nodes
from structures.staleness.comparison import NamedEntry, SourceChanges
from structures.staleness.queries import PREREQUISITE_PARTS, MaterialChanges, PrerequisitePart

UNKNOWN = "unknown"


class ChangedEntrySerializer(serializers.Serializer[Any]):
    """An entry that is not as it was."""

    entry = serializers.UUIDField()
    name = serializers.CharField()
    path = serializers.CharField(help_text="The name behind the titles of the nodes below the course.")


class LostReferenceSerializer(serializers.Serializer[Any]):
    """A reference that no longer stands: its quote is not in its entry, and its chunk's text in no other one.

    White space, the shape of quotation marks and dashes, and invisible characters do not matter.
    """

    node = serializers.UUIDField(help_text="The structure node whose evidence it is.")
    key = serializers.UUIDField(help_text="The key of that node.")
    entry = serializers.UUIDField()
    entry_path = serializers.CharField()
    quote = serializers.CharField()
    prerequisite = serializers.CharField(
        help_text="The term, of a quote of a prerequisite; blank of the evidence of a node."
    )
    part = serializers.CharField(help_text="Of a prerequisite, which quote: `definition` or `use`; else blank.")


class MaterialChangesSerializer(serializers.Serializer[Any]):
    """What has happened to the materials since the snapshot was made. A file that was only moved is no change.

    Of a structure node: what has happened to the entries that it and what is below it cite; nothing is `added` to a
    node, and `lost_references` are its own.
    """

    added = ChangedEntrySerializer(many=True, help_text="Ready now, and not among the sources.")
    removed = ChangedEntrySerializer(many=True, help_text="No longer below the node.")
    re_read = ChangedEntrySerializer(many=True, help_text="Read again with another text.")
    corrected = ChangedEntrySerializer(many=True, help_text="A person corrected the text, or took a correction back.")
    unreadable = ChangedEntrySerializer(many=True, help_text="The last reading failed.")
    lost_references = LostReferenceSerializer(many=True)


class MaterialsChangedField(serializers.Field[Any, Any, Any, Any]):
    """`false`, `"unknown"`, or what MaterialChangesSerializer describes. Values come ready for JSON."""

    def to_representation(self, value: Any) -> Any:
        return value


class MaterialsChangedExtension(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]  # has no types
    """The schema of the field."""

    target_class = MaterialsChangedField

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> dict[str, Any]:
        changes = auto_schema.resolve_serializer(MaterialChangesSerializer, direction)
        return {
            "description": "False when nothing has changed, `unknown` for snapshots that are older than the list of "
            "their sources.",
            "oneOf": [
                {"type": "boolean", "enum": [False]},
                {"type": "string", "enum": [UNKNOWN]},
                changes.ref,
            ],
        }


@dataclass(frozen=True, kw_only=True)
class MaterialsChanged:
    """The values of `materials_changed` of a snapshot and of its nodes, which is `otherwise` where none is named."""

    snapshot: Any = False
    nodes: Mapping[UUID, Any] = field(default_factory=dict)
    otherwise: Any = False

    def get(self, node_id: UUID) -> Any:
        return self.nodes.get(node_id, self.otherwise)


def build_changes_json(changes: MaterialChanges, nodes: Sequence[StoredNode]) -> MaterialsChanged:
    """Return the values for a snapshot with these top nodes."""
    if not changes.is_known:
        return MaterialsChanged(snapshot=UNKNOWN, otherwise=UNKNOWN)
    if not changes.has_any:
        return MaterialsChanged()
    lost = {stored.row.pk: _list_lost(stored, changes) for stored in iter_stored_nodes(nodes)}
    cited = _collect_cited(nodes, changes.sources.list_cited_ids())
    return MaterialsChanged(
        snapshot=_represent_changes(changes.sources, [each for found in lost.values() for each in found]),
        nodes={
            node_id: _represent_changes(changes.sources.filter_entries(entries), lost[node_id])
            for node_id, entries in cited.items()
        },
    )


def _collect_cited(nodes: Sequence[StoredNode], changed: set[UUID]) -> dict[UUID, set[UUID]]:
    """Return the nodes that cite one of the changed entries, themselves or below, with the ids of those."""
    cited: dict[UUID, set[UUID]] = defaultdict(set)
    for stored in reversed(list(iter_stored_nodes(nodes))):
        quoted = {UUID(each[part]["entry"]) for each in stored.row.prerequisites for part in PREREQUISITE_PARTS}
        found = ({reference.entry_id for reference in stored.references} | quoted) & changed
        # What is below comes first in this order.
        found.update(*(cited[child.row.pk] for child in stored.children if child.row.pk in cited))
        if found:
            cited[stored.row.pk] = found
    return dict(cited)


def _represent_changes(changes: SourceChanges, lost: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "added": _represent_entries(changes.added),
        "removed": _represent_entries(changes.removed),
        "re_read": _represent_entries(changes.re_read),
        "corrected": _represent_entries(changes.corrected),
        "unreadable": _represent_entries(changes.unreadable),
        "lost_references": lost,
    }


def _represent_entries(entries: Iterable[NamedEntry]) -> list[dict[str, str]]:
    return [{"entry": str(entry.entry_id), "name": entry.name, "path": entry.path} for entry in entries]


def _list_lost(stored: StoredNode, changes: MaterialChanges) -> list[dict[str, Any]]:
    """Return the references of a node that no longer stand, and after them the quotes of its prerequisites."""
    names = {"node": str(stored.row.pk), "key": str(stored.row.key)}
    evidence = [
        {
            **names,
            "entry": str(reference.entry_id),
            "entry_path": reference.entry_path,
            "quote": reference.quote,
            "prerequisite": "",
            "part": "",
        }
        for reference in stored.references
        if reference.pk in changes.lost_references
    ]
    quoted = [
        {
            **names,
            "entry": each[part]["entry"],
            "entry_path": each[part]["entry_path"],
            "quote": each[part]["quote"],
            "prerequisite": each["term"],
            "part": part,
        }
        for index, each in enumerate(stored.row.prerequisites)
        for part in PREREQUISITE_PARTS
        if PrerequisitePart(node_id=stored.row.pk, index=index, part=part) in changes.lost_prerequisites
    ]
    return [*evidence, *quoted]
