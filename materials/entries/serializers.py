"""JSON shapes of entries."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from llm.video.processor import TranscriptSource
from materials.documents import Format
from materials.models import EntryError, MaterialEntry
from materials.serializers import ENTRY_STATES, LANGUAGE_TAG_PATTERN, LEFT_OUT_KINDS, LocatorSerializer
from materials.sites import find_site_note
from project.http.schema import declare_children_of
from project.http.serializers import (
    KnownChoiceField,
    ListQuerySerializer,
    SortField,
    StrictCharField,
    StrictSerializer,
)
from project.jobs.serializers import PrioritySerializer


class EntryErrorSerializer(serializers.Serializer[EntryError]):
    """Why an entry is in state `error`, and what to do. The code of a cancelled ingestion is `cancelled`."""

    code = serializers.CharField(read_only=True)
    message = serializers.CharField(read_only=True)
    next_step = serializers.CharField(read_only=True)


class TranscriptionSerializer(serializers.Serializer[MaterialEntry]):
    """Where the words of a recording come from, why from there, and in which language they are."""

    by = serializers.ChoiceField(choices=[(by.value, by.value) for by in TranscriptSource], read_only=True)
    reason = serializers.CharField(read_only=True)
    language = serializers.CharField(read_only=True)


class LeftOutSummarySerializer(serializers.Serializer[dict[str, Any]]):
    """How much of a source is not part of its text, for one reason. `pages` are pages or slides: `1, 3–5`."""

    kind = serializers.ChoiceField(choices=LEFT_OUT_KINDS)
    count = serializers.IntegerField()
    pages = serializers.CharField(help_text="Blank for sources without pages.")


@declare_children_of("ContentsItem")
class _ContentsItemListField(serializers.ListField):
    pass


class ContentsItemSerializer(serializers.Serializer[dict[str, Any]]):
    """A line of a table of contents.

    `target` is the path of another file relative to this one, or a web address; blank for a line that leads nowhere or
    into this file. `fragment` is the anchor there. `locator` says where in this file the part begins.
    """

    title = serializers.CharField()
    target = serializers.CharField()
    fragment = serializers.CharField()
    locator = LocatorSerializer(allow_null=True)
    children = _ContentsItemListField()


class ContentsSerializer(serializers.Serializer[dict[str, Any]]):
    """A table of contents. `dialect` names its form, such as `SUMMARY.md`.

    `position` is the place that it gives its own folder among the folders beside it. `folders` are those below which
    the targets may lie besides the file's own.
    """

    dialect = serializers.CharField()
    title = serializers.CharField()
    position = serializers.FloatField(allow_null=True)
    folders = serializers.ListField(child=serializers.CharField())
    items = ContentsItemSerializer(many=True)


# Not as one `enum`: drf-spectacular takes blanks out of those.
@extend_schema_field(
    {
        "type": "string",
        "anyOf": [{"enum": [format_.value for format_ in Format]}, {"const": ""}],
        "description": "Found from the bytes; blank until a URL has been fetched.",
    }
)
class _EntryFormatField(serializers.CharField):
    pass


class EntrySerializer(serializers.ModelSerializer[MaterialEntry]):
    """An entry: its source, and how far ingestion has come. Its text is read as chunks.

    `captions_of` names the recording in the same node that was transcribed from these captions; generation then cites
    the recording. `warnings` say what could not be read, and what is known of the web site of a URL. `left_out` counts
    what was read but is not part of the text; `GET /entries/{id}/left-out` has the passages. `contents` is the table of
    contents that the source holds, `metadata` the fields of its front matter with the names that the source gives them.
    """

    node = serializers.UUIDField(source="node_id", read_only=True)
    format = _EntryFormatField(read_only=True)
    state = serializers.ChoiceField(choices=ENTRY_STATES, read_only=True)
    job = serializers.UUIDField(source="job_id", allow_null=True, read_only=True)
    error = serializers.SerializerMethodField()
    sha256 = serializers.CharField(source="raw_sha256", read_only=True)
    captions_of = serializers.UUIDField(source="captions_of_id", allow_null=True, read_only=True)
    is_stale = serializers.BooleanField(
        read_only=True, help_text="Another version than the stored one has been seen at the address: ingest it."
    )
    transcription = serializers.SerializerMethodField()
    left_out = LeftOutSummarySerializer(many=True, read_only=True)
    contents = ContentsSerializer(read_only=True, allow_null=True)
    metadata = serializers.DictField(read_only=True)

    class Meta:
        model = MaterialEntry
        fields = (
            "id",
            "node",
            "position",
            "name",
            "format",
            "source_url",
            "final_url",
            "content_type",
            "fetched_at",
            "source_checked_at",
            "source_changed_at",
            "is_stale",
            "size_bytes",
            "sha256",
            "state",
            "job",
            "error",
            "title",
            "language",
            "text_language",
            "use_captions",
            "captions_of",
            "transcription",
            "page_count",
            "duration_ms",
            "chunk_count",
            "warnings",
            "left_out",
            "contents",
            "metadata",
            "fingerprint",
            "processed_at",
            "created_at",
            "updated_at",
        )
        read_only_fields = fields

    @extend_schema_field(EntryErrorSerializer(allow_null=True))
    def get_error(self, entry: MaterialEntry) -> dict[str, Any] | None:
        return None if entry.error is None else asdict(entry.error)

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
        """Return the fields without DRF's field objects, which take ten times as long for a tree of thousands."""
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
            "warnings": [*filter(None, [find_site_note(instance.source_url)]), *instance.warnings],
            "left_out": instance.left_out,
            "contents": instance.contents,
            "metadata": instance.metadata,
            "fingerprint": instance.fingerprint,
            "processed_at": instance.processed_at,
            "created_at": instance.created_at,
            "updated_at": instance.updated_at,
        }


class EntryListSerializer(ListQuerySerializer):
    """Which entries of a node to list."""

    # Beside those of every list; `format` is that of the entries here, not the representation of the answer.
    _COMMON_PARAMETERS = frozenset({"limit", "cursor"})

    state = KnownChoiceField(choices=ENTRY_STATES, required=False)
    name = StrictCharField(required=False, max_length=500, help_text="Entries whose name has this in it, in any case.")
    format = KnownChoiceField(choices=[(format_.value, format_.value) for format_ in Format], required=False)
    created_after = serializers.DateTimeField(required=False)
    updated_after = serializers.DateTimeField(
        required=False, help_text="Entries whose own fields have changed since; the progress of a job changes none."
    )
    sort = SortField("created_at", "updated_at", "name", "position", "size_bytes", default="-created_at")


class EntryOptionsSerializer(PrioritySerializer):
    """Query parameters of an upload or a URL."""

    language = serializers.RegexField(
        LANGUAGE_TAG_PATTERN,
        max_length=35,
        required=False,
        allow_blank=True,
        help_text="BCP 47 tag of a recording's speech; default: that of the nearest node above, else it is detected.",
    )
    use_captions = serializers.BooleanField(
        required=False, default=True, help_text="`false`: transcribe a recording even when there are captions."
    )


class EntryUrlSerializer(StrictSerializer):
    """A URL to attach."""

    url = StrictCharField(max_length=2000)
    name = StrictCharField(max_length=500, required=False)


class EntryUpdateSerializer(StrictSerializer):
    """Changes to an entry; fields that are left out stay. Language and captions count when it is ingested again."""

    name = StrictCharField(max_length=500, required=False)
    language = serializers.RegexField(LANGUAGE_TAG_PATTERN, max_length=35, required=False, allow_blank=True)
    use_captions = serializers.BooleanField(required=False)
    node = serializers.UUIDField(required=False, help_text="Move the entry to the end of this node.")
