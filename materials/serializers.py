"""The shapes of materials on the wire."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from llm.video.processor import By
from materials.documents import Locator
from materials.models import EntryState, KeyFrame, MaterialEntry, MaterialNode
from materials.queries import Branch
from materials.sites import note_on
from project.http.serializers import ListSerializer, StrictSerializer, TextField
from project.jobs.models import Job
from project.jobs.serializers import PrioritySerializer

LANGUAGE = r"^([A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*)?$"
MAX_TEXT = 10_000
MAX_ITEMS = 200
ENTRY_STATES = [(state.value, state.value) for state in EntryState]


class NodeFieldsSerializer(StrictSerializer):
    """A node's own fields. In a PATCH, what is not named stays."""

    title = TextField(max_length=500)
    language = serializers.RegexField(
        LANGUAGE,
        max_length=35,
        required=False,
        allow_blank=True,
        help_text="BCP 47 tag of the materials, such as `en` or `uk`.",
    )
    learning_goal = TextField(max_length=MAX_TEXT, required=False, allow_blank=True)
    expected_knowledge = serializers.ListField(
        child=TextField(max_length=MAX_TEXT), max_length=MAX_ITEMS, required=False
    )
    expected_skills = serializers.ListField(child=TextField(max_length=MAX_TEXT), max_length=MAX_ITEMS, required=False)


class NodeCreateSerializer(NodeFieldsSerializer):
    """A new node. Without `parent` it is a course."""

    parent = serializers.UUIDField(required=False, allow_null=True)  # type: ignore[assignment]


class NodeListSerializer(ListSerializer):
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

    children = serializers.ListField(child=serializers.UUIDField(), required=False, max_length=10_000)
    entries = serializers.ListField(child=serializers.UUIDField(), required=False, max_length=10_000)


class NodeCopySerializer(StrictSerializer):
    """Where the copy goes and what it is called."""

    parent = serializers.UUIDField(allow_null=True, help_text="The copy's parent, or null to make it a course.")  # type: ignore[assignment]
    title = TextField(max_length=500, required=False, help_text="Default: the title of the original.")


class NodeSerializer(serializers.ModelSerializer[MaterialNode]):
    """A node of the material tree."""

    parent = serializers.UUIDField(source="parent_id", allow_null=True, read_only=True)  # type: ignore[assignment]

    class Meta:
        model = MaterialNode
        fields = (
            "id", "parent", "position", "title", "language", "learning_goal", "expected_knowledge", "expected_skills",
            "created_at", "updated_at",
        )  # fmt: skip
        read_only_fields = fields

    def to_representation(self, instance: MaterialNode) -> dict[str, Any]:
        """Say it without DRF's fields, which take ten times as long: trees have thousands of these."""
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


class EntryErrorSerializer(serializers.Serializer[Job]):
    """Why an entry is in state `error`, and what to do."""

    code = serializers.CharField(source="error_code", read_only=True)
    message = serializers.CharField(source="error_message", read_only=True)
    next_step = serializers.CharField(read_only=True)


class TranscriptionSerializer(serializers.Serializer[MaterialEntry]):
    """Where the words of a recording come from, why from there, and in which language they are."""

    by = serializers.ChoiceField(choices=[(by.value, by.value) for by in By], read_only=True)
    reason = serializers.CharField(read_only=True)
    language = serializers.CharField(read_only=True)


class EntrySerializer(serializers.ModelSerializer[MaterialEntry]):
    """An entry: what was brought, and how far ingestion has come. Its text is read as chunks.

    `captions_of` names the recording beside it whose words these captions are; generation then cites the recording.
    `warnings` say what could not be read, and what is known of the web site of an address.
    """

    node = serializers.UUIDField(source="node_id", read_only=True)
    state = serializers.ChoiceField(choices=ENTRY_STATES, read_only=True)
    job = serializers.UUIDField(source="job_id", allow_null=True, read_only=True)
    error = serializers.SerializerMethodField()
    sha256 = serializers.CharField(source="raw_sha256", read_only=True)
    captions_of = serializers.UUIDField(source="captions_of_id", allow_null=True, read_only=True)
    is_stale = serializers.BooleanField(
        read_only=True, help_text="Another version than the stored one has been seen at the address: ingest it."
    )
    transcription = serializers.SerializerMethodField()

    class Meta:
        model = MaterialEntry
        fields = (
            "id", "node", "position", "name", "format", "source_url", "final_url", "content_type", "fetched_at",
            "source_checked_at", "source_changed_at", "is_stale", "size_bytes", "sha256", "state", "job", "error",
            "title", "language", "text_language", "use_captions", "captions_of", "transcription", "page_count",
            "duration_ms", "chunk_count", "warnings", "fingerprint", "processed_at", "created_at", "updated_at",
        )  # fmt: skip
        read_only_fields = fields

    @extend_schema_field(EntryErrorSerializer(allow_null=True))
    def get_error(self, entry: MaterialEntry) -> dict[str, Any] | None:
        failed = entry.job if entry.state is EntryState.ERROR else None
        return None if failed is None else EntryErrorSerializer(failed).data

    @extend_schema_field(TranscriptionSerializer(allow_null=True))
    def get_transcription(self, entry: MaterialEntry) -> dict[str, Any] | None:
        if not entry.transcribed_by:
            return None
        return {
            "by": entry.transcribed_by,
            "reason": entry.transcription_reason,
            "language": entry.spoken_language,
        }

    def to_representation(self, instance: MaterialEntry) -> dict[str, Any]:
        """Say it without DRF's fields, which take ten times as long: trees have thousands of these."""
        return {
            "id": instance.pk,
            "node": instance.node_id,
            "position": instance.position,
            "name": instance.name,
            "format": instance.format,
            "source_url": instance.source_url,
            "final_url": instance.final_url,
            "content_type": instance.content_type,
            "fetched_at": instance.fetched_at,
            "source_checked_at": instance.source_checked_at,
            "source_changed_at": instance.source_changed_at,
            "is_stale": instance.is_stale,
            "size_bytes": instance.size_bytes,
            "sha256": instance.raw_sha256,
            "state": instance.state.value,
            "job": instance.job_id,
            "error": self.get_error(instance),
            "title": instance.title,
            "language": instance.language,
            "text_language": instance.text_language,
            "use_captions": instance.use_captions,
            "captions_of": instance.captions_of_id,
            "transcription": self.get_transcription(instance),
            "page_count": instance.page_count,
            "duration_ms": instance.duration_ms,
            "chunk_count": instance.chunk_count,
            "warnings": [*filter(None, [note_on(instance.source_url)]), *instance.warnings],
            "fingerprint": instance.fingerprint,
            "processed_at": instance.processed_at,
            "created_at": instance.created_at,
            "updated_at": instance.updated_at,
        }


class EntryWishSerializer(PrioritySerializer):
    """Query parameters of an upload or an address."""

    language = serializers.RegexField(
        LANGUAGE,
        max_length=35,
        required=False,
        allow_blank=True,
        help_text="BCP 47 tag of what is said in a recording; default: the nearest node's above, else it is found out.",
    )
    use_captions = serializers.BooleanField(
        required=False, default=True, help_text="Of a recording: `false` listens even when there are captions."
    )


class AddressSerializer(StrictSerializer):
    """A web address to attach."""

    url = TextField(max_length=2000)
    name = TextField(max_length=500, required=False)


class EntryUpdateSerializer(StrictSerializer):
    """Changes to an entry; what is not named stays. Language and captions count when it is ingested again."""

    name = TextField(max_length=500, required=False)
    language = serializers.RegexField(LANGUAGE, max_length=35, required=False, allow_blank=True)
    use_captions = serializers.BooleanField(required=False)
    node = serializers.UUIDField(required=False, help_text="Move the entry to the end of this node.")


class LocatorSerializer(serializers.Serializer[Locator]):
    """Where in its source something stands; only the fields that apply are there.

    `page` and `slide` are 1-based, `start_ms` and `end_ms` milliseconds.
    """

    page = serializers.IntegerField(required=False)
    slide = serializers.IntegerField(required=False)
    start_ms = serializers.IntegerField(required=False)
    end_ms = serializers.IntegerField(required=False)
    heading_path = serializers.ListField(child=serializers.CharField(), required=False)
    fragment = serializers.CharField(required=False)

    def to_representation(self, instance: Locator) -> dict[str, Any]:
        return locator_json(instance)


class KeyFrameSerializer(serializers.ModelSerializer[KeyFrame]):
    """What a video shows from one change of scene to the next. The picture is read at `/frames/{id}/picture`."""

    class Meta:
        model = KeyFrame
        fields = ("id", "start_ms", "end_ms", "width", "height", "size_bytes", "description")
        read_only_fields = fields


class BranchSerializer(NodeSerializer):
    """A node with its entries and, nested in the same way, its children. Takes a `Branch`."""

    def __init__(self, branch: Branch | None = None, **options: Any) -> None:
        super().__init__(branch, **options)  # type: ignore[arg-type]  # the base shows the node of the branch

    entries = EntrySerializer(many=True, read_only=True)
    children = serializers.ListField(
        child=serializers.DictField(), read_only=True, help_text="Nodes of this same shape."
    )

    class Meta:
        model = MaterialNode
        fields = (*NodeSerializer.Meta.fields, "entries", "children")
        read_only_fields = fields

    def to_representation(self, instance: Any) -> dict[str, Any]:
        entry_shape = EntrySerializer()

        def shown(branch: Branch) -> dict[str, Any]:
            return {
                **super(BranchSerializer, self).to_representation(branch.node),
                "entries": [entry_shape.to_representation(entry) for entry in branch.entries],
                "children": [shown(child) for child in branch.children],
            }

        return shown(instance)


def locator_json(locator: Locator) -> dict[str, Any]:
    """Return a locator's fields that are set, ready for JSON."""
    given = {
        "page": locator.page,
        "slide": locator.slide,
        "start_ms": locator.start_ms,
        "end_ms": locator.end_ms,
        "heading_path": list(locator.heading_path) or None,
        "fragment": locator.fragment,
    }
    return {name: value for name, value in given.items() if value is not None}
