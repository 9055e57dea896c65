"""The shapes of structures on the wire."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from materials.serializers import LocatorSerializer, locator_json
from project.http.serializers import StrictSerializer
from structures.drafts import NodeType
from structures.engines import EngineName
from structures.models import Reference, StructureSnapshot
from structures.queries import StoredNode


class GenerateSerializer(StrictSerializer):
    """How to generate."""

    engine = serializers.ChoiceField(choices=[(e.value, e.value) for e in EngineName], required=False)


class SnapshotSummarySerializer(serializers.ModelSerializer[StructureSnapshot]):
    """A snapshot without its structure nodes."""

    node = serializers.UUIDField(source="node_id", read_only=True)
    job = serializers.UUIDField(source="job_id", allow_null=True, read_only=True)

    class Meta:
        model = StructureSnapshot
        fields = (
            "id", "node", "job", "engine", "engine_version", "options", "fingerprint", "title", "description", "counts",
            "grounding", "warnings", "created_at",
        )  # fmt: skip
        read_only_fields = fields


class ReferenceSerializer(serializers.Serializer[Reference]):
    """A structure node's evidence: this quote stands at this place of this entry."""

    entry = serializers.UUIDField(source="entry_id")
    entry_name = serializers.CharField()
    entry_path = serializers.CharField(help_text="The name behind the titles of the nodes below the course.")
    chunk = serializers.UUIDField(source="chunk_id")
    locator = LocatorSerializer()
    quote = serializers.CharField()

    def to_representation(self, instance: Reference) -> dict[str, Any]:
        return {
            "entry": str(instance.entry_id),
            "entry_name": instance.entry_name,
            "entry_path": instance.entry_path,
            "chunk": str(instance.chunk_id),
            "locator": locator_json(instance.locator),
            "quote": instance.quote,
        }


class StructureNodeSerializer(serializers.Serializer[StoredNode]):
    """A module, lesson, concept or exercise with its references and, nested in the same way, its children."""

    id = serializers.UUIDField()
    node_type = serializers.ChoiceField(choices=[(t.value, t.value) for t in NodeType])
    title = serializers.CharField()
    description = serializers.CharField()
    references = ReferenceSerializer(many=True)
    children = serializers.ListField(child=serializers.DictField(), help_text="Nodes of this same shape.")

    def to_representation(self, instance: StoredNode) -> dict[str, Any]:
        shape = ReferenceSerializer()
        return {
            "id": str(instance.row.pk),
            "node_type": instance.row.node_type,
            "title": instance.row.title,
            "description": instance.row.description,
            "references": [shape.to_representation(reference) for reference in instance.references],
            "children": [self.to_representation(child) for child in instance.children],
        }


class SnapshotSerializer(SnapshotSummarySerializer):
    """A whole snapshot: its modules are `children`, and so on down to concepts and exercises."""

    children = StructureNodeSerializer(many=True, read_only=True)

    class Meta:
        model = StructureSnapshot
        fields = (*SnapshotSummarySerializer.Meta.fields, "children")
        read_only_fields = fields
