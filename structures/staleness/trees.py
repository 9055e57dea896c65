"""JSON shape of the material tree with a mark on each node that has a structure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from materials.models import MaterialNode
from materials.queries import Branch
from materials.tree.serializers import BranchSerializer
from project.http.schema import declare_children_of
from structures.staleness.queries import StructureMark
from structures.staleness.serializers import UNKNOWN


@extend_schema_field(
    {
        "description": "What has changed stands in the structure. `unknown`: it is older than the list of its sources.",
        "oneOf": [{"type": "boolean"}, {"type": "string", "enum": [UNKNOWN]}],
    }
)
class _ChangedMarkField(serializers.Field[Any, Any, Any, Any]):
    pass


class StructureMarkSerializer(serializers.Serializer[StructureMark]):
    """A node's newest structure, and whether its materials have changed since it was made."""

    snapshot = serializers.UUIDField(source="snapshot_id")
    materials_changed = _ChangedMarkField()

    def to_representation(self, instance: StructureMark) -> dict[str, Any]:
        changed = UNKNOWN if instance.is_stale is None else instance.is_stale
        return {"snapshot": str(instance.snapshot_id), "materials_changed": changed}


@declare_children_of("CourseTree")
class _CourseTreeListField(serializers.ListField):
    pass


class CourseTreeSerializer(BranchSerializer):
    """A node with its entries, the state of its structure (null without one) and, in the same way, its children."""

    structure = StructureMarkSerializer(read_only=True, allow_null=True)
    children = _CourseTreeListField(read_only=True)  # type: ignore[assignment]  # of another component

    class Meta:
        model = MaterialNode
        fields = (*BranchSerializer.Meta.fields, "structure")
        read_only_fields = fields

    def __init__(
        self, branch: Branch | None = None, *, marks: Mapping[UUID, StructureMark] | None = None, **options: Any
    ) -> None:
        super().__init__(branch, **options)
        self._marks = marks or {}

    def represent_more(self, branch: Branch) -> dict[str, Any]:
        mark = self._marks.get(branch.node.pk)
        return {"structure": StructureMarkSerializer().to_representation(mark) if mark else None}
