"""JSON shapes of structures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from materials.contents import encode_locator
from materials.serializers import LocatorSerializer
from project.http.schema import declare_children_of
from structures.engines.base.drafts import Basis, NodeType
from structures.grounding.claims.unproved import UnprovedKind
from structures.models import EDITED_BASIS, Reference, StructureSnapshot
from structures.queries import StoredNode
from structures.reviews.queries import load_review
from structures.reviews.serializers import SnapshotReviewSerializer
from structures.staleness.queries import MaterialChanges
from structures.staleness.serializers import MaterialsChanged, MaterialsChangedField, build_changes_json

NO_EVIDENCE = "no_evidence"
UNPROVED = "unproved"


def _count(help_text: str = "") -> serializers.IntegerField:
    return serializers.IntegerField(min_value=0, help_text=help_text)


class _ReferenceCountsSerializer(serializers.Serializer[Any]):
    """Citations."""

    cited = _count("How many the engine made.")
    verified = _count("How many stand where they are said to.")


class _LessonCountsSerializer(serializers.Serializer[Any]):
    """Lessons, and those that are empty: without concepts and exercises."""

    total = _count()
    nothing_found = _count("Empty, though their sources hold text.")
    without_text = _count("Empty, and their sources hold headings at most.")


class _CoverageSerializer(serializers.Serializer[Any]):
    """How much of the sources there is, is in lessons, and is quoted."""

    total = _count()
    in_lessons = _count("All of the entries that a lesson, or what is below it, cites.")
    quoted = _count("What has a citation; of minutes those in which a quoted passage begins.")


class _ConceptCountsSerializer(serializers.Serializer[Any]):
    """Concepts."""

    total = _count()
    without_definition = _count()


class _ExerciseCountsSerializer(serializers.Serializer[Any]):
    """Exercises."""

    total = _count()
    without_solution = _count()


class _DuplicateCountsSerializer(serializers.Serializer[Any]):
    """How many nodes are one too many."""

    sibling_titles = _count("With the title of a sibling before them.")
    concepts = _count("With the title of another concept.")
    exercises = _count("With title and task of another exercise.")


class _OrderCountsSerializer(serializers.Serializer[Any]):
    """Prerequisites between lessons."""

    prerequisites = _count()
    used_before_definition = _count("Lessons that use a term before the lesson that defines it, each with each term.")
    mutual_uses = _count("Pairs of lessons that use terms of each other.")


class _StatedCountsSerializer(serializers.Serializer[Any]):
    """Lessons by where their minutes come from, and lessons with goals."""

    minutes_stated = _count()
    minutes_computed = _count()
    minutes_estimated = _count("By a model.")
    minutes_missing = _count()
    goals = _count()


class QualityReportSerializer(serializers.Serializer[Any]):
    """Counts that say how far a structure can be trusted and what is missing in it.

    Empty for snapshots that are older than the report.
    """

    references = _ReferenceCountsSerializer(required=False)
    lessons = _LessonCountsSerializer(required=False)
    entries = _CoverageSerializer(required=False)
    chunks = _CoverageSerializer(required=False)
    pages = _CoverageSerializer(required=False)
    minutes = _CoverageSerializer(required=False)
    concepts = _ConceptCountsSerializer(required=False)
    exercises = _ExerciseCountsSerializer(required=False)
    duplicates = _DuplicateCountsSerializer(required=False)
    order = _OrderCountsSerializer(required=False)
    stated = _StatedCountsSerializer(required=False)

    def to_representation(self, instance: Any) -> dict[str, Any]:
        # It is stored in this very shape.
        return dict(instance)


class SnapshotSummarySerializer(serializers.ModelSerializer[StructureSnapshot]):
    """A snapshot without its structure nodes."""

    node = serializers.UUIDField(source="node_id", read_only=True)
    job = serializers.UUIDField(source="job_id", allow_null=True, read_only=True)
    quality = QualityReportSerializer(read_only=True)
    review = serializers.SerializerMethodField(help_text="Who approved it, and whether it is published.")

    class Meta:
        model = StructureSnapshot
        fields = (
            "id",
            "node",
            "job",
            "engine",
            "engine_version",
            "options",
            "fingerprint",
            "title",
            "description",
            "learning_goal",
            "expected_knowledge",
            "expected_skills",
            "prerequisites",
            "counts",
            "grounding",
            "quality",
            "warnings",
            "provenance",
            "review",
            "created_at",
        )
        read_only_fields = fields

    @extend_schema_field(SnapshotReviewSerializer)
    def get_review(self, snapshot: StructureSnapshot) -> dict[str, Any]:
        return dict(SnapshotReviewSerializer(load_review(snapshot)).data)


class ReferenceSerializer(serializers.Serializer[Reference]):
    """A structure node's evidence: this quote stands at this place of this entry."""

    entry = serializers.UUIDField(source="entry_id")
    entry_name = serializers.CharField()
    entry_path = serializers.CharField(help_text="The name behind the titles of the nodes below the course.")
    chunk = serializers.UUIDField(source="chunk_id")
    locator = LocatorSerializer()
    quote = serializers.CharField()
    machine_written = serializers.BooleanField(
        help_text="The quote is what a model read off a picture or said of one, not the author's text."
    )

    def to_representation(self, instance: Reference) -> dict[str, Any]:
        return {
            "entry": str(instance.entry_id),
            "entry_name": instance.entry_name,
            "entry_path": instance.entry_path,
            "chunk": str(instance.chunk_id),
            "locator": encode_locator(instance.locator),
            "quote": instance.quote,
            "machine_written": instance.machine_written,
        }


class PrerequisiteSerializer(serializers.Serializer[dict[str, Any]]):
    """A term that an earlier lesson defines and this one uses, with both places."""

    term = serializers.CharField()
    lesson = serializers.UUIDField(help_text="The structure node of the lesson that defines the term.")
    definition = ReferenceSerializer()
    use = ReferenceSerializer()


class UnprovedStatementSerializer(serializers.Serializer[dict[str, Any]]):
    """A part of a text that the cited passages do not prove."""

    field = serializers.CharField(help_text="Which field of the node, such as `description`.")
    item = serializers.IntegerField(allow_null=True, help_text="Of a list its item, counted from 0.")
    start = serializers.IntegerField(help_text="In characters (Unicode code points) of the text.")
    end = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=[kind.value for kind in UnprovedKind])
    text = serializers.CharField()


@declare_children_of("StructureNode")
class _StructureNodeListField(serializers.ListField):
    pass


class StructureNodeSerializer(serializers.Serializer[StoredNode]):
    """A module, lesson, concept or exercise with its references and, nested in the same way, its children."""

    id = serializers.UUIDField()
    key = serializers.UUIDField(
        help_text="Says which node of the course this is: the same in later snapshots, and given to no other node."
    )
    node_type = serializers.ChoiceField(choices=[(t.value, t.value) for t in NodeType])
    title = serializers.CharField()
    description = serializers.CharField(help_text="Of a concept its definition, of an exercise its task.")
    learning_goal = serializers.CharField(help_text="One goal a line.")
    difficulty = serializers.IntegerField(allow_null=True, help_text="1 for beginners to 5 for experts.")
    estimated_minutes = serializers.IntegerField(allow_null=True)
    minutes_basis = serializers.CharField(
        help_text=f"`{Basis.STATED}` by the materials, `{Basis.COMPUTED}` from their length, or "
        f"`{Basis.ESTIMATED}` by a model, `{EDITED_BASIS}` by a person; blank without minutes."
    )
    key_points = serializers.ListField(child=serializers.CharField())
    questions = serializers.ListField(child=serializers.CharField(), help_text="What the lesson answers.")
    topics = serializers.ListField(child=serializers.CharField(), help_text="The headings of the lesson's materials.")
    required_knowledge = serializers.ListField(
        child=serializers.CharField(), help_text="The prerequisites that the materials state."
    )
    prerequisites = PrerequisiteSerializer(
        many=True, help_text="What the lesson takes from earlier ones: terms that they define and it uses."
    )
    examples = serializers.ListField(child=serializers.CharField())
    reference_solution = serializers.CharField()
    grading_criteria = serializers.ListField(child=serializers.CharField())
    arranged_by = serializers.CharField(
        help_text="What a module's place and lessons follow, such as `SUMMARY.md` or `folders`."
    )
    unproved = UnprovedStatementSerializer(
        many=True, help_text="Parts of texts that a model wrote and that the cited passages do not prove."
    )
    flags = serializers.ListField(
        child=serializers.ChoiceField(choices=[NO_EVIDENCE, UNPROVED]),
        help_text=f"`{NO_EVIDENCE}`: no quote of this concept or exercise stands where it was said to; `{UNPROVED}`: "
        "something that a model wrote is not proved.",
    )
    references = ReferenceSerializer(many=True)
    materials_changed = MaterialsChangedField()
    children = _StructureNodeListField()

    def __init__(self, *arguments: Any, changed: MaterialsChanged | None = None, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._changed = changed or MaterialsChanged()

    def to_representation(self, instance: StoredNode) -> dict[str, Any]:
        # By hand rather than by DRF's fields, which take ten times as long: a snapshot has thousands of nodes.
        shape = ReferenceSerializer()
        return {
            "id": str(instance.row.pk),
            "key": str(instance.row.key),
            "node_type": instance.row.node_type,
            "title": instance.row.title,
            "description": instance.row.description,
            "learning_goal": instance.row.learning_goal,
            "difficulty": instance.row.difficulty,
            "estimated_minutes": instance.row.estimated_minutes,
            "minutes_basis": instance.row.minutes_basis,
            "key_points": instance.row.key_points,
            "questions": instance.row.questions,
            "topics": instance.row.topics,
            "required_knowledge": instance.row.required_knowledge,
            # Stored in this shape.
            "prerequisites": instance.row.prerequisites,
            "examples": instance.row.examples,
            "reference_solution": instance.row.reference_solution,
            "grading_criteria": instance.row.grading_criteria,
            "arranged_by": instance.row.arranged_by,
            # Stored in this shape.
            "unproved": instance.row.unproved,
            "flags": [
                *([NO_EVIDENCE] if instance.lacks_evidence else []),
                *([UNPROVED] if instance.row.unproved else []),
            ],
            "references": [shape.to_representation(reference) for reference in instance.references],
            "materials_changed": self._changed.get(instance.row.pk),
            "children": [self.to_representation(child) for child in instance.children],
        }


class SnapshotSerializer(SnapshotSummarySerializer):
    """A whole snapshot: its modules, and lessons beside them, are `children`, and so on down to exercises."""

    materials_changed = MaterialsChangedField(read_only=True)
    children = StructureNodeSerializer(many=True, read_only=True)

    class Meta:
        model = StructureSnapshot
        fields = (*SnapshotSummarySerializer.Meta.fields, "materials_changed", "children")
        read_only_fields = fields


def build_snapshot_json(
    snapshot: StructureSnapshot, nodes: Sequence[StoredNode], changes: MaterialChanges
) -> dict[str, Any]:
    """Return a snapshot with its top nodes in the shape that SnapshotSerializer documents, ready for JSON."""
    # SnapshotSerializer only documents this shape: the model has no `children` that it could read.
    changed = build_changes_json(changes, nodes)
    shape = StructureNodeSerializer(changed=changed)
    return {
        **SnapshotSummarySerializer(snapshot).data,
        "materials_changed": changed.snapshot,
        "children": [shape.to_representation(node) for node in nodes],
    }
