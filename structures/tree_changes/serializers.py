"""JSON shapes of changes of the tree."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from project.http.serializers import StrictSerializer
from structures.models import TreeChange, TreeChangeState
from structures.reviews.serializers import ActorSerializer
from structures.tree_changes.assignment import KeptBecause

OPERATIONS = ("create_node", "move_node", "rename_node", "order_children", "move_entry")


class ApplyQuerySerializer(StrictSerializer):
    """Whether only to look."""

    dry_run = serializers.BooleanField(default=False, help_text="Only say what would be done.")


class TreeOperationSerializer(serializers.Serializer[Any]):
    """One thing that is done to the tree."""

    operation = serializers.ChoiceField(choices=OPERATIONS)
    node = serializers.UUIDField(allow_null=True, help_text="Null when an entry is moved. New in each dry run.")
    entry = serializers.UUIDField(allow_null=True)
    key = serializers.UUIDField(allow_null=True, help_text="Of the module or lesson that the node is.")
    to = serializers.CharField()
    reason = serializers.CharField(help_text="Blank for new nodes.")

    def get_fields(self) -> dict[str, Any]:
        """Return the fields with `from`, which is no name in Python."""
        old = serializers.CharField(
            allow_null=True,
            help_text="The path below the course; the title, where a node is renamed; null for a new node.",
        )
        return {"from": old, **super().get_fields()}


class KeptEntrySerializer(serializers.Serializer[Any]):
    """An entry that stays, and why."""

    entry = serializers.UUIDField()
    path = serializers.CharField()
    code = serializers.ChoiceField(choices=[each.value for each in KeptBecause])
    reason = serializers.CharField()


class EmptiedNodeSerializer(serializers.Serializer[Any]):
    """A node of no module and no lesson, which has lost all entries that were in it and below it. It stays."""

    node = serializers.UUIDField()
    path = serializers.CharField()


class TreeChangeCountsSerializer(serializers.Serializer[Any]):
    """How many operations of each kind, and how much stays."""

    create_node = serializers.IntegerField()
    move_node = serializers.IntegerField()
    rename_node = serializers.IntegerField()
    order_children = serializers.IntegerField()
    move_entry = serializers.IntegerField()
    kept_entries = serializers.IntegerField()
    emptied_nodes = serializers.IntegerField()
    lost_citations = serializers.IntegerField(help_text="Of entries that are not below the node any more.")


class TreeChangeSummarySerializer(serializers.ModelSerializer[TreeChange]):
    """A structure that was applied to the material tree."""

    id = serializers.SerializerMethodField(help_text="Null when nothing was done.")
    node = serializers.UUIDField(source="node_id", read_only=True)
    snapshot = serializers.UUIDField(source="snapshot_id", read_only=True)
    state = serializers.ChoiceField(
        choices=TreeChangeState.choices,
        read_only=True,
        help_text="`planned`: of a dry run; `unchanged`: there is nothing to do; `applied`; `undone`.",
    )
    counts = TreeChangeCountsSerializer(read_only=True)
    by = ActorSerializer(source="get_actor", read_only=True)
    created_at = serializers.DateTimeField(read_only=True, allow_null=True)

    class Meta:
        model = TreeChange
        fields: tuple[str, ...] = (
            "id",
            "node",
            "snapshot",
            "state",
            "counts",
            "by",
            "reason",
            "created_at",
            "undone_at",
            "undone_by",
        )
        read_only_fields = fields

    def get_id(self, change: TreeChange) -> str | None:
        return None if change._state.adding else str(change.pk)


class TreeChangeSerializer(TreeChangeSummarySerializer):
    """... with all that was done, or would be."""

    operations = TreeOperationSerializer(source="report.operations", many=True, read_only=True)
    kept = KeptEntrySerializer(source="report.kept", many=True, read_only=True)
    emptied = EmptiedNodeSerializer(source="report.emptied", many=True, read_only=True)

    class Meta(TreeChangeSummarySerializer.Meta):
        fields = (*TreeChangeSummarySerializer.Meta.fields, "operations", "kept", "emptied")
        read_only_fields = fields
