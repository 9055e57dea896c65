"""JSON shapes of mappings."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from materials.mappings.services import MappingBatchResult, MappingClaim
from materials.mappings.validation import MappingProblem, ValidationResult, ValidationStatus, validate_mapping
from materials.models import MappingState, SlideVideoMapping
from materials.serializers import ENTRY_STATES
from project.http.serializers import (
    KnownChoiceField,
    ListQuerySerializer,
    StrictListField,
    StrictSerializer,
    count_errors,
)

# A long lecture has a few hundred slides. One batch is one transaction that holds the tree lock.
MAX_BATCH_ITEMS = 500
# Round numbers beyond any deck and any recording (1,000 hours); they keep nonsense out of integer columns. Whether the
# slide and the times exist is `materials.mappings.validation`.
MAX_SLIDE_NUMBER = 1_000_000
MAX_TIME_MS = 1_000 * 3_600_000
# An item has five fields; whoever has more wrong than these has sent something else. Names of fields are the sender's.
MAX_ITEM_PROBLEMS, MAX_FIELD_LENGTH = 5, 100
REPEATED, EXISTS = "repeated", "exists"


class MappingFieldsSerializer(StrictSerializer):
    """The fields of a mapping that can be corrected; fields left out stay. A correction accepts the mapping."""

    slide = serializers.IntegerField(min_value=1, max_value=MAX_SLIDE_NUMBER, help_text="1-based slide or page.")
    start_ms = serializers.IntegerField(min_value=0, max_value=MAX_TIME_MS, help_text="From when, in milliseconds.")
    end_ms = serializers.IntegerField(min_value=1, max_value=MAX_TIME_MS, help_text="Until when, in milliseconds.")


class MappingItemSerializer(MappingFieldsSerializer):
    """One mapping to create."""

    presentation = serializers.UUIDField(help_text="A PowerPoint or PDF entry.")
    video = serializers.UUIDField(help_text="A video or audio entry.")


@extend_schema_field(MappingItemSerializer(many=True))
class _ItemsField(StrictListField):
    """Unvalidated items: `parse_claims` validates each by itself, so that one mistake does not refuse the batch."""

    child = serializers.JSONField(allow_null=True)


class MappingBatchSerializer(StrictSerializer):
    """Mappings to create. Each item is validated by itself: a mistake in one does not affect the others."""

    items = _ItemsField(allow_empty=False, max_length=MAX_BATCH_ITEMS, help_text=f"1 to {MAX_BATCH_ITEMS}.")


class MappingProblemSerializer(serializers.Serializer[MappingProblem]):
    """What is wrong, and what to do."""

    field = serializers.CharField()
    reason = serializers.CharField(help_text="A stable code.")
    hint = serializers.CharField()


class MappingBlockerSerializer(serializers.Serializer[Any]):
    """An entry that has to be ready first. `hint` says how it can be."""

    field = serializers.ChoiceField(choices=["presentation", "video"])
    entry = serializers.UUIDField()
    name = serializers.CharField()
    state = serializers.ChoiceField(choices=ENTRY_STATES)
    hint = serializers.CharField()


class MappingSerializer(serializers.ModelSerializer[SlideVideoMapping]):
    """A slide of a presentation that a video shows from `start_ms` to `end_ms`.

    `state` is people's decision, `validation` whether the slide and the times exist: while it is pending `blocked_by`
    names the entries that it waits for, and when it failed `problems` say why. Generation uses mappings that are
    accepted and validated. `confidence` is that of a proposal, null where a person made the mapping.
    """

    presentation = serializers.UUIDField(source="presentation_id", read_only=True)
    video = serializers.UUIDField(source="video_id", read_only=True)
    validation = serializers.ChoiceField(choices=[(v.value, v.value) for v in ValidationStatus], read_only=True)
    blocked_by = MappingBlockerSerializer(many=True, read_only=True)
    problems = MappingProblemSerializer(many=True, read_only=True)

    class Meta:
        model = SlideVideoMapping
        fields = (
            "id",
            "presentation",
            "slide",
            "video",
            "start_ms",
            "end_ms",
            "confidence",
            "state",
            "decided_at",
            "validation",
            "blocked_by",
            "problems",
            "created_at",
            "updated_at",
        )
        read_only_fields = fields

    def to_representation(self, instance: SlideVideoMapping) -> dict[str, Any]:
        result: ValidationResult = validate_mapping(instance)
        return {
            "id": instance.pk,
            "presentation": instance.presentation_id,
            "slide": instance.slide,
            "video": instance.video_id,
            "start_ms": instance.start_ms,
            "end_ms": instance.end_ms,
            "confidence": instance.confidence,
            "state": instance.state,
            "decided_at": instance.decided_at,
            "validation": result.status.value,
            "blocked_by": [MappingBlockerSerializer(blocker).data for blocker in result.blocked_by],
            "problems": [MappingProblemSerializer(problem).data for problem in result.problems],
            "created_at": instance.created_at,
            "updated_at": instance.updated_at,
        }


class MappingListSerializer(ListQuerySerializer):
    """Which mappings to list."""

    state = KnownChoiceField(choices=MappingState.choices, required=False)
    validation = KnownChoiceField(choices=[(v.value, v.value) for v in ValidationStatus], required=False)
    video = serializers.UUIDField(required=False)
    presentation = serializers.UUIDField(required=False)


class MappingCreatedSerializer(serializers.Serializer[Any]):
    """An item that was stored as an accepted mapping."""

    index = serializers.IntegerField()
    mapping = MappingSerializer()


class MappingSkippedSerializer(serializers.Serializer[Any]):
    """An item whose slide, video and beginning a mapping has already: one that is stored, or an item before it."""

    index = serializers.IntegerField()
    reason = serializers.ChoiceField(choices=[EXISTS, REPEATED])
    mapping = serializers.UUIDField()


class MappingRejectedSerializer(MappingProblemSerializer):
    """Why an item was rejected. An item with several problems is listed once for each."""

    index = serializers.IntegerField()


class MappingResultSerializer(serializers.Serializer[Any]):
    """What became of each item, by its 0-based index."""

    created = MappingCreatedSerializer(many=True)
    skipped = MappingSkippedSerializer(many=True)
    rejected = MappingRejectedSerializer(many=True)


def parse_claims(items: list[Any]) -> tuple[list[MappingClaim], list[tuple[int, MappingProblem]]]:
    """Return the items that are well formed, and what is wrong with the others."""
    claims: list[MappingClaim] = []
    malformed: list[tuple[int, MappingProblem]] = []
    shape = MappingItemSerializer()
    for index, item in enumerate(items):
        if not isinstance(item, dict):
            malformed.append(
                (index, MappingProblem(field="", reason="invalid", hint="Give an object with its fields."))
            )
            continue
        try:
            claims.append(MappingClaim(index=index, **shape.run_validation(item)))
        except serializers.ValidationError as exc:
            malformed.extend((index, problem) for problem in _list_field_problems(exc))
    return claims, malformed


def build_batch_json(batch: MappingBatchResult, malformed: list[tuple[int, MappingProblem]]) -> dict[str, Any]:
    """Return what became of a batch, ready for JSON."""
    shape = MappingSerializer()
    return {
        "created": [{"index": index, "mapping": shape.to_representation(made)} for index, made in batch.created],
        "skipped": [
            {"index": item.index, "reason": REPEATED if item.repeated else EXISTS, "mapping": str(item.mapping.pk)}
            for item in batch.skipped
        ],
        "rejected": [
            {"index": index, "field": problem.field, "reason": problem.reason, "hint": problem.hint}
            for index, problem in sorted([*malformed, *batch.rejected], key=lambda each: each[0])
        ],
    }


def _list_field_problems(exc: serializers.ValidationError) -> list[MappingProblem]:
    """Return a problem for each wrong field of an item, and one that counts those beyond MAX_ITEM_PROBLEMS."""
    details: Any = exc.get_full_details()
    found = [(str(name)[:MAX_FIELD_LENGTH], detail) for name, below in details.items() for detail in below]
    problems = [
        MappingProblem(field=name, reason=str(detail["code"]), hint=str(detail["message"]))
        for name, detail in found[:MAX_ITEM_PROBLEMS]
    ]
    if left := sum(count_errors(detail["code"]) for _, detail in found[MAX_ITEM_PROBLEMS:]):
        hint = f"{left} more problems of this item are not listed."
        problems.append(MappingProblem(field="", reason="more", hint=hint))
    return problems
