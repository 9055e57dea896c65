"""JSON shapes of working copies, their history and their conflicts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rest_framework import serializers

from project.http.serializers import StrictCharField, StrictSerializer
from structures.editing.conflicts import ConflictKind, Side
from structures.editing.operation_json import OPERATION_NAMES
from structures.models import EditConflictRow, EditRecord, WorkingCopy
from structures.reviews.serializers import ReasonSerializer
from structures.working_copies.queries import CopyState
from structures.working_copies.rebasing import DecisionResult, RebaseResult
from structures.working_copies.services import StepResult

# What a person reads before they decide whether to rebase; all are listed once it is done.
MAX_SHOWN_CONFLICTS = 100


class WorkingCopyCreateSerializer(StrictSerializer):
    """A working copy that is wanted."""

    name = StrictCharField(default="main", max_length=100, help_text="One open working copy of a node has a name.")


class EditSerializer(ReasonSerializer):
    """One operation."""

    operation = serializers.ChoiceField(choices=OPERATION_NAMES)
    arguments = serializers.DictField(help_text="What the operation takes, by name.")


class DecisionSerializer(ReasonSerializer):
    """Whose version of a conflict stays."""

    keep = serializers.ChoiceField(choices=[side.value for side in Side])


class RebaseQuerySerializer(StrictSerializer):
    """Onto which snapshot, and whether only to look."""

    onto = StrictCharField(
        default="latest", max_length=36, help_text="`latest`: the newest that was generated; or a snapshot's id."
    )
    dry_run = serializers.BooleanField(default=False, help_text="Only say what would change. Needs no `If-Match`.")

    def validate_onto(self, value: str) -> Any:
        """Return the id of a snapshot, None for the newest."""
        return None if value == "latest" else serializers.UUIDField().run_validation(value)


class WorkingCopySerializer(serializers.ModelSerializer[WorkingCopy]):
    """A working copy without its tree."""

    node = serializers.UUIDField(source="node_id", read_only=True)
    base = serializers.UUIDField(
        source="base_snapshot", read_only=True, help_text="The snapshot that it stands on, which may be gone."
    )
    is_base_present = serializers.SerializerMethodField(help_text="Whether that snapshot is still there.")

    class Meta:
        model = WorkingCopy
        fields = (
            "id",
            "node",
            "name",
            "status",
            "review_state",
            "base",
            "is_base_present",
            "revision",
            "node_count",
            "created_by",
            "created_at",
            "changed_at",
        )
        read_only_fields = fields

    def get_is_base_present(self, copy: WorkingCopy) -> bool:
        return copy.base_id is not None


class _TreeSerializer(serializers.Serializer[Any]):
    """A keyed tree."""

    nodes = serializers.ListField(
        child=serializers.DictField(),
        help_text="The course (its key has zeros alone) and all nodes in the order of a walk: `key`, `node_type`, "
        "`parent`, `children`, `fields`, `references`, `notes`, and in `locks` what people touched. Empty parts are "
        "left out.",
    )
    retired = serializers.DictField(help_text="By key why a node is gone, and after a merge into which.")


class WorkingCopyStateSerializer(WorkingCopySerializer):
    """A working copy with its tree."""

    open_conflicts = serializers.IntegerField(read_only=True)
    can_undo = serializers.BooleanField(read_only=True)
    can_redo = serializers.BooleanField(read_only=True)
    tree = _TreeSerializer(read_only=True)

    class Meta:
        model = WorkingCopy
        fields = (*WorkingCopySerializer.Meta.fields, "open_conflicts", "can_undo", "can_redo", "tree")
        read_only_fields = fields


def build_state_json(state: CopyState) -> dict[str, Any]:
    """Return a working copy in the shape that WorkingCopyStateSerializer documents."""
    return {
        **WorkingCopySerializer(state.row).data,
        "open_conflicts": state.open_conflicts,
        "can_undo": state.row.undo_number is not None,
        "can_redo": state.row.redo_number is not None,
        "tree": {"nodes": state.nodes, "retired": state.retired},
    }


class EditRecordSerializer(serializers.ModelSerializer[EditRecord]):
    """One step of the history."""

    by = serializers.SerializerMethodField(help_text="`kind` (`key` or `user`), `id` and `name`.")
    change = serializers.SerializerMethodField(
        help_text="Nodes `removed`, `created` and `changed` (`before`, `after`), and keys that were retired before and "
        "after. Null where it is too long for a list: read the step by its number."
    )

    class Meta:
        model = EditRecord
        fields = ("number", "kind", "arguments", "reason", "by", "undoes", "redoes", "change", "created_at")
        read_only_fields = fields

    def get_by(self, record: EditRecord) -> dict[str, str]:
        return {"kind": record.actor_kind, "id": record.actor_id, "name": record.actor_name}

    def get_change(self, record: EditRecord) -> dict[str, Any] | None:
        # A query annotates it; a step that was just made has it.
        found: dict[str, Any] | None = record.shown_change if hasattr(record, "shown_change") else record.change
        return found


class StepSerializer(serializers.Serializer[Any]):
    """What a step did."""

    revision = serializers.IntegerField(help_text="As in the `ETag` of the answer.")
    node_count = serializers.IntegerField()
    record = EditRecordSerializer(allow_null=True, help_text="Null when nothing changed.")


class ConflictSerializer(serializers.Serializer[EditConflictRow]):
    """What a person touched, and a generation changed as well."""

    id = serializers.UUIDField(help_text="Blank before a rebase is done.", allow_null=True)
    kind = serializers.ChoiceField(choices=[kind.value for kind in ConflictKind])
    key = serializers.UUIDField()
    title = serializers.CharField()
    field = serializers.CharField(help_text="Of `field` alone.")
    base = serializers.JSONField(
        help_text="As it was before both. Each version is what the kind says, null where there is none."
    )
    mine = serializers.JSONField(help_text="In the working copy. It stands until this is decided.")
    theirs = serializers.JSONField(help_text="In the snapshot.")
    keys = serializers.ListField(child=serializers.UUIDField(), help_text="Which other nodes it is about.")
    references_mine = serializers.ListField(child=serializers.DictField())
    references_theirs = serializers.ListField(child=serializers.DictField())

    def to_representation(self, instance: EditConflictRow) -> dict[str, Any]:
        return {**instance.content, "id": None if instance._state.adding else str(instance.pk)}


class RebaseSerializer(StepSerializer):
    """What a rebase did, or would do."""

    dry_run = serializers.BooleanField()
    onto = serializers.UUIDField()
    base_known = serializers.BooleanField(
        help_text="False when the base is gone: then every difference of a locked field is a conflict."
    )
    counts = serializers.DictField(child=serializers.IntegerField(), help_text="Nodes by what happens to them.")
    conflict_counts = serializers.DictField(child=serializers.IntegerField(), help_text="Conflicts by kind.")
    conflicts = ConflictSerializer(many=True, help_text=f"The first {MAX_SHOWN_CONFLICTS} of them.")


class DecisionResultSerializer(StepSerializer):
    """What a decision did."""

    decided = serializers.IntegerField(help_text="How many conflicts.")


def build_step_json(result: StepResult | RebaseResult | DecisionResult) -> dict[str, Any]:
    """Return a step in the shape that StepSerializer documents."""
    return {
        "revision": result.copy.revision,
        "node_count": result.copy.node_count,
        "record": None if result.record is None else EditRecordSerializer(result.record).data,
    }


def build_rebase_json(result: RebaseResult, rows: Sequence[EditConflictRow], *, dry_run: bool) -> dict[str, Any]:
    """Return a rebase in the shape that RebaseSerializer documents. A dry one has no rows of conflicts."""
    shape = ConflictSerializer()
    step = build_step_json(result)
    if step["record"] is not None:
        # A rebase may change the whole course; its step can be read by its number.
        step["record"]["change"] = None
    return {
        **step,
        "dry_run": dry_run,
        "onto": str(result.onto.pk),
        "base_known": result.is_base_known,
        "counts": result.counts,
        "conflict_counts": result.conflict_counts,
        "conflicts": [shape.to_representation(row) for row in rows],
    }
