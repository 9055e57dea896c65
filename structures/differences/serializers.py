"""JSON shapes of differences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from project.http.serializers import StrictSerializer
from structures.differences.paths import compute_paths
from structures.differences.queries import ComparedTree, StructureDifference
from structures.differences.trees import StoredTree
from structures.editing.differences import encode_difference
from structures.editing.words import WordOperation
from structures.engines.base.drafts import NodeType
from structures.serializers import ReferenceSerializer

JSON, HTML = "json", "html"
_PATH_HELP = "Titles of the nodes above, from the top module on."


class DifferenceQuerySerializer(StrictSerializer):
    """With what a snapshot is compared."""

    is_required = True
    from_help = "The earlier snapshot, or a working copy, of the same material node."

    format = serializers.ChoiceField(
        choices=[JSON, HTML], required=False, help_text="What `Accept` says when this is left out."
    )

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        # `from` is a word of Python's.
        other = serializers.UUIDField(required=self.is_required, help_text=self.from_help)
        return {"from": other, **super().get_fields()}


class CopyDifferenceQuerySerializer(DifferenceQuerySerializer):
    """With what a working copy is compared."""

    is_required = False
    from_help = "A snapshot or a working copy of the same material node. Left out, the snapshot that it stands on."


@extend_schema_field({"description": "As in the snapshot; of minutes an object with `minutes` and `basis`."})
class _FieldValueField(serializers.Field[Any, Any, Any, Any]):
    pass


def _text(help_text: str = "") -> serializers.CharField:
    return serializers.CharField(help_text=help_text)


class _DifferingNodeSerializer(serializers.Serializer[Any]):
    """Which node it is about."""

    key = serializers.UUIDField(help_text="`00000000-0000-0000-0000-000000000000` is the course itself.")
    title = serializers.CharField()
    path = serializers.ListField(child=serializers.CharField(), help_text=_PATH_HELP)


class _TreeReferenceSerializer(ReferenceSerializer):
    """Evidence, with the fingerprint that its entry had."""

    entry_fingerprint = serializers.CharField()


class _WholeNodeSerializer(_DifferingNodeSerializer):
    """A node that only one of the two has."""

    node_type = serializers.ChoiceField(choices=[(each.value, each.value) for each in NodeType])
    parent = serializers.UUIDField(  # type: ignore[assignment]  # likewise
        help_text="The key of the node above, or of the course."
    )
    position = serializers.IntegerField(help_text="Among its siblings, from 0.")
    fields = serializers.DictField(  # type: ignore[assignment]  # the name that the value has
        child=_FieldValueField(), help_text="By name; those that are empty are left out."
    )
    references = _TreeReferenceSerializer(many=True)


class _NodeMoveSerializer(_DifferingNodeSerializer):
    """A node that stands elsewhere."""

    path_before = serializers.ListField(child=serializers.CharField(), help_text=_PATH_HELP)
    parent_before = serializers.UUIDField()
    position_before = serializers.IntegerField()
    parent = serializers.UUIDField()  # type: ignore[assignment]  # the name that the value has
    position = serializers.IntegerField()


class _WordChangeSerializer(serializers.Serializer[Any]):
    """A stretch of text that both have, or one of them."""

    operation = serializers.ChoiceField(choices=[(each.value, each.value) for each in WordOperation])
    text = serializers.CharField()


class _FieldChangeSerializer(_DifferingNodeSerializer):
    """A field that says something else."""

    field = serializers.CharField(help_text="The name of the field, or `node_type`.")
    before = _FieldValueField()
    after = _FieldValueField()
    words = _WordChangeSerializer(many=True, help_text="Of texts, and of lists with one item a line.")


class _EvidenceChangeSerializer(_DifferingNodeSerializer):
    """References that a node gained and lost, by entry, place and quote."""

    gained = _TreeReferenceSerializer(many=True)
    lost = _TreeReferenceSerializer(many=True)


class _DifferenceCountsSerializer(serializers.Serializer[Any]):
    """How many items each list has."""

    added = serializers.IntegerField()
    removed = serializers.IntegerField()
    moved = serializers.IntegerField()
    reordered = serializers.IntegerField()
    changed = serializers.IntegerField()
    evidence = serializers.IntegerField()


class StructureDifferenceSerializer(serializers.Serializer[Any]):
    """All that makes one tree of the other, by the keys of nodes.

    Removed nodes come in the order of the first, all else in that of the second.
    """

    from_revision = serializers.IntegerField(
        allow_null=True, help_text="Which version of a working copy was read; null of a snapshot."
    )
    snapshot = serializers.UUIDField(allow_null=True, help_text="What is compared with it; null for a working copy.")
    working_copy = serializers.UUIDField(allow_null=True, help_text="What is compared with it; null for a snapshot.")
    revision = serializers.IntegerField(allow_null=True, help_text="Of that working copy, as it was read.")
    node = serializers.UUIDField()
    counts = _DifferenceCountsSerializer()
    added = _WholeNodeSerializer(many=True)
    removed = _WholeNodeSerializer(many=True, help_text="`position` and `path` are those in the first tree.")
    moved = _NodeMoveSerializer(many=True, help_text="Below another parent.")
    reordered = _NodeMoveSerializer(
        many=True, help_text="Below the same parent: as few as can be moved to get from one order to the other."
    )
    changed = _FieldChangeSerializer(many=True)
    evidence = _EvidenceChangeSerializer(many=True)

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        first = serializers.UUIDField(help_text="The snapshot or working copy that it is compared with.")
        return {"from": first, **super().get_fields()}


def build_difference_json(compared: StructureDifference) -> dict[str, Any]:
    """Return a difference in the shape that StructureDifferenceSerializer documents, ready for JSON."""
    encoded = encode_difference(compared.tree_difference)
    before, after = compute_paths(compared.before.tree).titles, compute_paths(compared.after.tree).titles
    positions = {
        key: position for node in compared.before.tree.nodes.values() for position, key in enumerate(node.children)
    }
    return {
        "from": str(compared.before.stored.pk),
        "from_revision": _get_revision(compared.before),
        "snapshot": _get_id(compared.after.snapshot),
        "working_copy": _get_id(compared.after.working_copy),
        "revision": _get_revision(compared.after),
        "node": str(compared.node_id),
        "counts": encoded["counts"],
        "added": [_build_whole_node(each, after) for each in encoded["added"]],
        "removed": [
            _build_whole_node({**each, "position": positions[UUID(each["key"])]}, before) for each in encoded["removed"]
        ],
        "moved": _add_paths(_add_paths(encoded["moved"], after), before, "path_before"),
        "reordered": _add_paths(_add_paths(encoded["reordered"], after), before, "path_before"),
        "changed": _add_paths(encoded["changed"], after),
        "evidence": _add_paths(encoded["evidence"], after),
    }


def _get_id(stored: StoredTree | None) -> str | None:
    return None if stored is None else str(stored.pk)


def _get_revision(compared: ComparedTree) -> int | None:
    return None if compared.working_copy is None else compared.working_copy.revision


def _build_whole_node(encoded: Mapping[str, Any], paths: Mapping[UUID, tuple[str, ...]]) -> dict[str, Any]:
    return {
        "key": encoded["key"],
        "title": encoded["fields"]["title"],
        "path": paths[UUID(encoded["key"])],
        "node_type": encoded["node_type"],
        "parent": encoded["parent"],
        "position": encoded["position"],
        "fields": encoded["fields"],
        "references": encoded.get("references", []),
    }


def _add_paths(
    encoded: Sequence[Mapping[str, Any]], paths: Mapping[UUID, tuple[str, ...]], name: str = "path"
) -> list[dict[str, Any]]:
    return [{**each, name: paths[UUID(each["key"])]} for each in encoded]
