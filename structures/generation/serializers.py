"""JSON shapes of a request for a generation and of its plan."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from materials.serializers import LANGUAGE_TAG_PATTERN, LocatorSerializer
from project.http.schema import declare_children_of
from project.http.serializers import StrictCharField, StrictListField, StrictSerializer
from structures.engines.base.drafts import NodeType
from structures.engines.base.requests import Depth, Instructions
from structures.engines.registry import AUTO, EngineName
from structures.generation.options import (
    Economy,
    EvidencePolicy,
    GenerationOptions,
    Mode,
    OnFailure,
    Refinement,
    Stage,
    Verification,
)
from structures.models import StepState

# They go into every question that a model is asked. A sentence says whom a course is for, and whoever names more things
# to leave out should rather take them away.
MAX_AUDIENCE = 500
MAX_LEFT_OUT = 50
MAX_ITEM = 200
MAX_INSTRUCTION = 1_000
# JSON in a URL, with its escapes: what the fields hold at most.
_MAX_JSON = 40_000


class InstructionsSerializer(StrictSerializer):
    """What the result should be like. Models are given it as data, which cannot change what they are told to do."""

    language = serializers.RegexField(
        LANGUAGE_TAG_PATTERN,
        max_length=35,  # RFC 5646, 4.4.1: enough for every tag without extensions
        required=False,
        allow_blank=True,
        help_text="BCP 47 tag of the language to write in, such as `uk`; that of the node or the materials without it.",
    )
    audience = StrictCharField(
        max_length=MAX_AUDIENCE, required=False, allow_blank=True, help_text="Whom the course is for."
    )
    depth = serializers.ChoiceField(choices=[depth.value for depth in Depth], required=False)
    leave_out = StrictListField(
        child=StrictCharField(max_length=MAX_ITEM),
        max_length=MAX_LEFT_OUT,
        required=False,
        help_text="Names or titles of entries, and headings of sections, that every engine leaves out; models leave "
        "out subjects that are called so, too.",
    )


class RefinementSerializer(StrictSerializer):
    """A part of a structure that is written again while the rest is kept. To models the instruction is data."""

    key = serializers.UUIDField(help_text="The key of a module or lesson of the snapshot in `outline`.")
    instruction = StrictCharField(max_length=MAX_INSTRUCTION, help_text="Such as: more exercises, for beginners.")


@extend_schema_field(serializers.CharField(help_text="The instructions as JSON, as in the body of a generation."))
class InstructionsTextField(serializers.Field[Any, Any, Any, Any]):
    """Instructions as JSON in a query parameter."""

    default_error_messages = {"invalid": "This must be the instructions as a JSON object."}

    def to_internal_value(self, data: Any) -> Any:
        try:
            values = json.loads(data) if isinstance(data, str) and len(data) <= _MAX_JSON else None
        except (ValueError, RecursionError):
            values = None
        if not isinstance(values, dict):
            self.fail("invalid")
        return InstructionsSerializer().run_validation(values)


class GenerateSerializer(StrictSerializer):
    """Options of a generation."""

    engine = serializers.ChoiceField(
        choices=[AUTO, *(engine.value for engine in EngineName)],
        default=AUTO,
        error_messages={"invalid_choice": f'"{{input}}" is not one of: {", ".join([AUTO, *EngineName])}.'},
        help_text="`outline` reads without a model, `llm` lets models write; `auto`: `llm` when one is configured.",
    )
    strategy = StrictCharField(
        max_length=100, default="default", help_text="Which models: a strategy of the server's registry."
    )
    mode = serializers.ChoiceField(
        choices=[mode.value for mode in Mode],
        default=Mode.FREE.value,
        help_text="`guided` keeps the tree of nodes below this one to the letter, as modules and lessons, and only "
        "adds to it; `free` lets the engine arrange the materials.",
    )
    stop_after = serializers.ChoiceField(
        choices=[stage.value for stage in Stage],
        required=False,
        help_text="`outline`: modules and lessons with their evidence alone, to be edited and approved.",
    )
    outline = serializers.UUIDField(
        required=False, help_text="A snapshot of this node whose modules and lessons are kept exactly."
    )
    instructions = InstructionsSerializer(required=False)
    refine = RefinementSerializer(
        required=False, help_text="With `outline`: models write this part again, and all else stays as it is."
    )
    evidence = serializers.ChoiceField(
        choices=[policy.value for policy in EvidencePolicy],
        default=EvidencePolicy.MARK.value,
        help_text="Of sentences that a model wrote and that their passages do not prove: `mark` names the parts in "
        "`unproved`, `strict` leaves the sentences out.",
    )
    verify = serializers.ChoiceField(
        choices=[each.value for each in Verification],
        default=Verification.CODE.value,
        help_text="Who checks sentences that a model wrote: `code` looks up what it can, `model` asks a second "
        "model as well, which costs a question for each lesson.",
    )
    on_failure = serializers.ChoiceField(
        choices=[each.value for each in OnFailure],
        default=OnFailure.FAIL.value,
        help_text="When no model can write a lesson although models answer: `fail` makes no snapshot, and the job can "
        "be retried; `partial` leaves the lesson empty, and a later generation asks about it alone.",
    )

    economy = serializers.ChoiceField(
        choices=[each.value for each in Economy],
        default=Economy.NONE.value,
        help_text="`batch`: the questions about lessons go as one batch to a vendor that takes batches, for about half "
        "the price. That takes hours, a day at most, in which the job waits.",
    )


class PlanQuerySerializer(GenerateSerializer):
    """Options of a generation as query parameters."""

    instructions = InstructionsTextField(required=False)  # type: ignore[assignment]
    refine = None  # type: ignore[assignment]  # what one lesson takes says its whole course's plan well enough


@declare_children_of("GenerationDraftNode")
class _DraftNodeListField(serializers.ListField):
    pass


class DraftReferenceSerializer(serializers.Serializer[Any]):
    """Evidence of a draft that stands where it is said to."""

    entry = serializers.UUIDField()
    entry_name = serializers.CharField()
    chunk = serializers.UUIDField()
    locator = LocatorSerializer()
    quote = serializers.CharField()


class GenerationDraftNodeSerializer(serializers.Serializer[Any]):
    """A module or lesson, or a concept or exercise of a written lesson. Fields that do not apply are left out."""

    key = serializers.UUIDField(required=False, help_text="For this draft alone.")
    node_type = serializers.ChoiceField(choices=[(t.value, t.value) for t in NodeType])
    title = serializers.CharField()
    state = serializers.ChoiceField(
        choices=StepState.choices, required=False, help_text="Of a lesson that is asked about."
    )
    error = serializers.CharField(required=False, help_text="Why a lesson failed.")
    description = serializers.CharField(required=False)
    learning_goal = serializers.CharField()
    difficulty = serializers.IntegerField(allow_null=True)
    estimated_minutes = serializers.IntegerField(allow_null=True)
    required_knowledge = serializers.ListField(child=serializers.CharField())
    examples = serializers.ListField(child=serializers.CharField(), required=False)
    reference_solution = serializers.CharField(required=False)
    grading_criteria = serializers.ListField(child=serializers.CharField(), required=False)
    references = DraftReferenceSerializer(many=True, required=False)
    children = _DraftNodeListField(required=False)


class LessonStatesSerializer(serializers.Serializer[Any]):
    """How many lessons are how far."""

    waiting = serializers.IntegerField()
    written = serializers.IntegerField()
    failed = serializers.IntegerField()


class GenerationDraftSerializer(serializers.Serializer[Any]):
    """What is written so far of a generation that asks models. Titles and order may still be corrected at the end."""

    job = serializers.UUIDField()
    lessons = LessonStatesSerializer()
    dropped_references = serializers.IntegerField(help_text="Quotes that do not stand where they were said to.")
    children = GenerationDraftNodeSerializer(many=True)


def build_options(wanted: Mapping[str, Any]) -> GenerationOptions:
    """Return the options that a validated request holds."""
    said = wanted.get("instructions", {})
    return GenerationOptions(
        strategy=wanted["strategy"],
        mode=Mode(wanted["mode"]),
        stop_after=Stage(wanted["stop_after"]) if "stop_after" in wanted else None,
        outline=wanted.get("outline"),
        instructions=Instructions.read_json(said),
        refinement=Refinement(**wanted["refine"]) if "refine" in wanted else None,
        evidence=EvidencePolicy(wanted["evidence"]),
        verify=Verification(wanted["verify"]),
        keeps_partial=wanted["on_failure"] == OnFailure.PARTIAL,
        economy=Economy(wanted["economy"]),
    )


class PlannedStepsSerializer(serializers.Serializer[Any]):
    """The steps of a generation by models."""

    lessons = serializers.IntegerField(help_text="Lessons that are asked about.")
    reconciliation = serializers.BooleanField(help_text="Whether the course is read through at the end.")
    similar_concepts = serializers.BooleanField(
        help_text="Whether concepts of different lessons are compared by their vectors before that."
    )
    judgements = serializers.IntegerField(
        help_text="Questions to a second model: one for each lesson with `verify=model`."
    )


class PlanSerializer(serializers.Serializer[dict[str, Any]]):
    """What a generation would ask, and what that is expected to cost."""

    engine = serializers.ChoiceField(choices=[engine.value for engine in EngineName])
    strategy = serializers.CharField()
    economy = serializers.ChoiceField(
        choices=[each.value for each in Economy],
        help_text="`batch`: the cost is that of a batch, and the time the most that one takes; it is mostly less.",
    )
    model = serializers.CharField(help_text="The first model that would be asked; blank without one.")
    steps = PlannedStepsSerializer()
    parts = serializers.IntegerField(help_text="How many questions the lessons take: one each, or one for each part.")
    reused = serializers.IntegerField(help_text="How many of these have an answer already.")
    calls = serializers.IntegerField(help_text="How many questions are asked; the fields below are theirs.")
    input_tokens = serializers.IntegerField()
    expected_cost_usd = serializers.DecimalField(max_digits=20, decimal_places=4)
    expected_seconds = serializers.IntegerField(help_text="Roughly, with as many questions at a time as are allowed.")
    not_ready = serializers.ListField(
        child=serializers.CharField(),
        help_text="Entries that are not ready; a generation waits for those under way.",
    )
