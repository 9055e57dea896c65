"""JSON shapes of chunks, corrections and search results."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from materials.chunks.search import render_snippet
from materials.chunks.transcript_formats import TranscriptFormat
from materials.documents import ChunkKind
from materials.models import Chunk, ChunkCorrection, LeftOutPassage
from materials.serializers import LEFT_OUT_KINDS, LocatorSerializer
from materials.word_boxes import unpack_boxes
from project.http.serializers import ListQuerySerializer, StrictCharField, StrictSerializer

# As much as is searched of one chunk (`materials.models.chunks.MAX_SEARCHED_CHARACTERS`).
MAX_CHUNK_CHARACTERS = 200_000
CHUNK_KINDS = [(kind.value, kind.value) for kind in ChunkKind]


class JSONTimeField(serializers.DateTimeField):
    """A time that PostgreSQL has put into JSON, where it ends in `+00:00` and not in `Z`."""

    def to_representation(self, value: Any) -> Any:
        return super().to_representation(datetime.fromisoformat(value))


class CorrectionFactsSerializer(serializers.Serializer[dict[str, Any]]):
    """A person's correction. `is_flagged`: the source's bytes have changed since it was made."""

    id = serializers.UUIDField()
    original_text = serializers.CharField()
    corrected_by = serializers.CharField(help_text="The label of the API key.")
    corrected_at = JSONTimeField()
    is_flagged = serializers.BooleanField()


class ChunkWordsSerializer(serializers.Serializer[Any]):
    """When each word of a chunk is said, or where it stands on the page; only what is known is present.

    `starts_ms` has a time for each white-space separated word. `boxes` are lists of six numbers: the characters of the
    text from which and before which a word, or its part on a line, stands, then left, top, right and bottom in points
    from the upper left corner of the page as viewers show it, which is `page_width` by `page_height` points.
    """

    starts_ms = serializers.ListField(child=serializers.IntegerField(), required=False)
    page_width = serializers.IntegerField(required=False)
    page_height = serializers.IntegerField(required=False)
    boxes = serializers.ListField(
        child=serializers.ListField(child=serializers.IntegerField(), min_length=6, max_length=6), required=False
    )


class ChunkListSerializer(ListQuerySerializer):
    """What of chunks to list."""

    words = serializers.BooleanField(
        required=False, help_text="With the times or the boxes of the words, which are longer than the text."
    )


class ChunkSerializer(serializers.ModelSerializer[Chunk]):
    """One ordered piece of an entry's text. Takes rows `with_correction`, and `words` in its context.

    `links` are the targets of the links in the text, as the source has them. `speaker` says who speaks, in transcripts
    that name their speakers; blank elsewhere. `words` is null unless it was asked for and is known.
    """

    kind = serializers.ChoiceField(choices=CHUNK_KINDS, read_only=True)
    locator = LocatorSerializer(read_only=True)
    correction = CorrectionFactsSerializer(read_only=True, allow_null=True)
    words = serializers.SerializerMethodField()

    class Meta:
        model = Chunk
        fields = (
            "id",
            "position",
            "kind",
            "level",
            "text",
            "emphasised",
            "language",
            "links",
            "speaker",
            "locator",
            "correction",
            "words",
        )
        read_only_fields = fields

    @extend_schema_field(ChunkWordsSerializer(allow_null=True))
    def get_words(self, chunk: Chunk) -> dict[str, Any] | None:
        return _encode_words(chunk) if self.context.get("words") else None


def _encode_words(chunk: Chunk) -> dict[str, Any] | None:
    words: dict[str, Any] = {}
    # Of a corrected text the times are known as long as it has as many words.
    if chunk.word_starts_ms and len(chunk.word_starts_ms) == len(chunk.text.split()):
        words["starts_ms"] = chunk.word_starts_ms
    if (placed := unpack_boxes(chunk.text, bytes(chunk.word_boxes))) is not None:
        words |= {"page_width": placed.page_width, "page_height": placed.page_height, "boxes": placed.boxes}
    return words or None


class LeftOutPassageSerializer(serializers.ModelSerializer[LeftOutPassage]):
    """A text that is not part of an entry's chunks: why, how often it occurs, and where it does first.

    `text` is blank for what has none, such as an attachment without a name.
    """

    kind = serializers.ChoiceField(choices=LEFT_OUT_KINDS, read_only=True)
    locator = LocatorSerializer(read_only=True)

    class Meta:
        model = LeftOutPassage
        fields = ("kind", "text", "count", "locator")
        read_only_fields = fields


class ChunkTextSerializer(StrictSerializer):
    """A person's text for a chunk. Lists, tables and code keep the form that they have."""

    text = StrictCharField(max_length=MAX_CHUNK_CHARACTERS, trim_whitespace=False)

    def validate_text(self, text: str) -> str:
        if not text.strip():
            raise serializers.ValidationError("A chunk has text.", code="blank")
        return text.strip("\r\n").replace("\r\n", "\n")


class ChunkCorrectionSerializer(serializers.ModelSerializer[ChunkCorrection]):
    """A person's correction of a chunk's text. `chunk` is null when no chunk has the original text any more."""

    chunk = serializers.UUIDField(source="chunk_id", allow_null=True, read_only=True)
    locator = LocatorSerializer(read_only=True)
    is_flagged = serializers.SerializerMethodField()

    class Meta:
        model = ChunkCorrection
        fields = (
            "id",
            "chunk",
            "position",
            "locator",
            "original_text",
            "text",
            "corrected_by",
            "corrected_at",
            "is_flagged",
        )
        read_only_fields = fields

    def get_is_flagged(self, correction: ChunkCorrection) -> bool:
        return correction.raw_sha256 != correction.entry.processed_sha256


class MarkdownOptionsSerializer(ListQuerySerializer):
    """What a Markdown download holds."""

    left_out = serializers.BooleanField(
        required=False, help_text="With a last part that lists what is not part of the text, and why."
    )


class CorrectionListSerializer(ListQuerySerializer):
    """Which corrections to list."""

    flagged = serializers.BooleanField(required=False, help_text="Only those that should be looked at again.")


class TranscriptOptionsSerializer(StrictSerializer):
    """What a transcript is written as."""

    format = serializers.ChoiceField(
        choices=[(each.value, each.value) for each in TranscriptFormat], default=TranscriptFormat.VTT.value
    )


class SearchSerializer(ListQuerySerializer):
    """What to search for."""

    q = serializers.CharField(max_length=200, help_text='Words; `"a phrase"`, `or` and `-without` are understood.')
    by = serializers.ChoiceField(
        choices=[("words_and_meaning", "words_and_meaning"), ("words", "words")],
        default="words_and_meaning",
        help_text="Whether what means the same is found as well, where the texts have vectors.",
    )


class FoundEntrySerializer(serializers.Serializer[Any]):
    """The entry of a found chunk."""

    id = serializers.UUIDField(source="pk")
    node = serializers.UUIDField(source="node_id")
    name = serializers.CharField()
    format = serializers.CharField()


class MeaningReportSerializer(serializers.Serializer[Any]):
    """Whether the search was by meaning, too, and if not, why and what to do about it.

    `entries_without_vectors` counts the entries of which some texts may not be found by meaning.
    """

    is_used = serializers.BooleanField()
    space = serializers.CharField(help_text="The vector space; blank without one.")
    entries_without_vectors = serializers.IntegerField()
    why_not = serializers.CharField(help_text="Blank when it was.")


class FoundSerializer(serializers.ModelSerializer[Chunk]):
    """A found chunk. `score` is for comparing within one search; `snippet` is HTML with `<mark>` around matches.

    Takes the ids of what was found by meaning as `nearest` of its context. What was found by meaning alone has the
    beginning of its text as snippet.
    """

    entry = FoundEntrySerializer(read_only=True)
    kind = serializers.ChoiceField(choices=CHUNK_KINDS, read_only=True)
    locator = LocatorSerializer(read_only=True)
    score = serializers.IntegerField(read_only=True)
    found_by = serializers.SerializerMethodField()
    snippet = serializers.SerializerMethodField()

    class Meta:
        model = Chunk
        fields = ("id", "entry", "position", "kind", "locator", "score", "found_by", "snippet")
        read_only_fields = fields

    @extend_schema_field(
        serializers.ListField(child=serializers.ChoiceField(choices=[("words", "words"), ("meaning", "meaning")]))
    )
    def get_found_by(self, chunk: Chunk) -> list[str]:
        by_words: bool = chunk.is_found_by_words  # type: ignore[attr-defined]  # an annotation of the search
        by_meaning = chunk.pk in self.context["nearest"]
        return [name for name, is_so in (("words", by_words), ("meaning", by_meaning)) if is_so]

    def get_snippet(self, chunk: Chunk) -> str:
        return render_snippet(chunk)


class FoundPageSerializer(serializers.Serializer[Any]):
    """A page of what a search found."""

    data = FoundSerializer(many=True)  # type: ignore[assignment]  # the stubs know the property of that name
    has_more = serializers.BooleanField()
    next_cursor = serializers.CharField(allow_null=True)
    meaning = MeaningReportSerializer()
