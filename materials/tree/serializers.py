"""JSON shapes of material nodes and of the tree."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from materials.entries.serializers import EntrySerializer
from materials.models import MaterialNode
from materials.queries import Branch
from materials.serializers import LANGUAGE_TAG_PATTERN
from project.http.schema import declare_children_of
from project.http.serializers import ListQuerySerializer, StrictCharField, StrictListField, StrictSerializer

# Round numbers well above what a curriculum has. The goal goes into every prompt, and all of them into every listing.
MAX_TEXT = 10_000
MAX_ITEMS = 200


class NodeFieldsSerializer(StrictSerializer):
    """A node's own fields. In a PATCH, what is not named stays."""

    title = StrictCharField(max_length=500)
    language = serializers.RegexField(
        LANGUAGE_TAG_PATTERN,
        max_length=35,  # RFC 5646, 4.4.1: enough for every tag without extensions
        required=False,
        allow_blank=True,
        help_text="BCP 47 tag of the materials, such as `en` or `uk`.",
    )
    learning_goal = StrictCharField(max_length=MAX_TEXT, required=False, allow_blank=True)
    expected_knowledge = StrictListField(
        child=StrictCharField(max_length=MAX_TEXT), max_length=MAX_ITEMS, required=False
    )
    expected_skills = StrictListField(child=StrictCharField(max_length=MAX_TEXT), max_length=MAX_ITEMS, required=False)


class NodeCreateSerializer(NodeFieldsSerializer):
    """A new node. Without `parent` it is a course."""

    parent = serializers.UUIDField(required=False, allow_null=True)  # type: ignore[assignment]


class NodeListSerializer(ListQuerySerializer):
    """Which nodes to list."""

    parent = serializers.UUIDField(required=False, help_text="List this node's children instead of the courses.")  # type: ignore[assignment]


class NodeMoveSerializer(StrictSerializer):
    """Where the node goes."""

    parent = serializers.UUIDField(allow_null=True, help_text="The new parent, or null to make the node a course.")  # type: ignore[assignment]
    position = serializers.IntegerField(
        min_value=0,
        max_value=1_000_000,
        required=False,
        help_text="0-based place among its new siblings; default last.",
    )


class NodeReorderSerializer(StrictSerializer):
    """The node's children, its entries, or both, all of them in their new order."""

    children = StrictListField(child=serializers.UUIDField(), required=False, max_length=10_000)
    entries = StrictListField(child=serializers.UUIDField(), required=False, max_length=10_000)


class NodeCopySerializer(StrictSerializer):
    """Where the copy goes and what it is called."""

    parent = serializers.UUIDField(allow_null=True, help_text="The copy's parent, or null to make it a course.")  # type: ignore[assignment]
    title = StrictCharField(max_length=500, required=False, help_text="Default: the title of the original.")


class NodeSerializer(serializers.ModelSerializer[MaterialNode]):
    """A node of the material tree."""

    parent = serializers.UUIDField(source="parent_id", allow_null=True, read_only=True)  # type: ignore[assignment]

    class Meta:
        model = MaterialNode
        fields = (
            "id",
            "parent",
            "position",
            "title",
            "language",
            "learning_goal",
            "expected_knowledge",
            "expected_skills",
            "created_at",
            "updated_at",
        )
        read_only_fields = fields

    def to_representation(self, instance: MaterialNode) -> dict[str, Any]:
        """Return the fields without DRF's field objects, which take ten times as long for a tree of thousands."""
        return {
            "id": instance.pk,
            "parent": instance.parent_id,
            "position": instance.position,
            "title": instance.title,
            "language": instance.language,
            "learning_goal": instance.learning_goal,
            "expected_knowledge": instance.expected_knowledge,
            "expected_skills": instance.expected_skills,
            "created_at": instance.created_at,
            "updated_at": instance.updated_at,
        }


@declare_children_of("Branch")
class _BranchListField(serializers.ListField):
    pass


class BranchSerializer(NodeSerializer):
    """A node with its entries and, nested in the same way, its children. Takes a `Branch`."""

    def __init__(self, branch: Branch | None = None, **options: Any) -> None:
        super().__init__(branch, **options)  # type: ignore[arg-type]  # the base shows the node of the branch

    entries = EntrySerializer(many=True, read_only=True)
    children = _BranchListField(read_only=True)

    class Meta:
        model = MaterialNode
        fields = (*NodeSerializer.Meta.fields, "entries", "children")
        read_only_fields = fields

    def to_representation(self, instance: Any) -> dict[str, Any]:
        entry_shape = EntrySerializer()

        def represent_branch(branch: Branch) -> dict[str, Any]:
            return {
                **super(BranchSerializer, self).to_representation(branch.node),
                **self.represent_more(branch),
                "entries": [entry_shape.to_representation(entry) for entry in branch.entries],
                "children": [represent_branch(child) for child in branch.children],
            }

        return represent_branch(instance)

    def represent_more(self, _branch: Branch) -> dict[str, Any]:
        """Return what a subclass says of each node besides its own fields."""
        return {}
