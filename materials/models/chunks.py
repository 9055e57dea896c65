"""Chunks, the corrections that people made to their text, and what reading left out."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Self

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import F, Func, Q
from django.db.models.functions import MD5, JSONObject, Left

from materials.documents import ChunkKind, LeftOutKind, Locator, Piece
from materials.languages import ANY_LANGUAGE
from project.db.fields import UUIDModel
from tenants.models import Tenant


class LocatorMixin(models.Model):
    """Columns that hold a `Locator`."""

    page = models.PositiveIntegerField(null=True, blank=True)
    slide = models.PositiveIntegerField(null=True, blank=True)
    start_ms = models.PositiveBigIntegerField(null=True, blank=True)
    end_ms = models.PositiveBigIntegerField(null=True, blank=True)
    heading_path = ArrayField(models.TextField(), default=list, blank=True)
    fragment = models.TextField(blank=True)

    class Meta:
        abstract = True

    @property
    def locator(self) -> Locator:
        return read_locator(self)


def read_locator(row: Any) -> Locator:
    """Return the locator that the `LocatorMixin` columns of a row hold, be it a model or a tuple with names."""
    return Locator(
        page=row.page,
        slide=row.slide,
        start_ms=row.start_ms,
        end_ms=row.end_ms,
        heading_path=tuple(row.heading_path),
        fragment=row.fragment or None,
    )


def get_locator_columns(locator: Locator) -> dict[str, Any]:
    """Return the values of the `LocatorMixin` columns for a locator."""
    columns = {**asdict(locator), "heading_path": list(locator.heading_path), "fragment": locator.fragment or ""}
    del columns["words"]  # of quotes alone; the tables that hold quotes have a column of their own
    return columns


class SearchConfigurationField(models.CharField[str, str]):
    """The name of one of PostgreSQL's text search configurations, which an index may depend on."""

    def db_type(self, connection: Any) -> str:
        return "regconfig"

    def cast_db_type(self, connection: Any) -> str:
        return "regconfig"


# PostgreSQL refuses a `tsvector` of more than 1 MB, and so the whole row. 200,000 characters of four bytes stay below
# it.
MAX_SEARCHED_CHARACTERS = 200_000
# The expression of the index. A query uses the index only with this very expression.
CHUNK_SEARCH_VECTOR = Func(
    F("search_configuration"),
    Left("text", MAX_SEARCHED_CHARACTERS),
    function="to_tsvector",
    output_field=SearchVectorField(),
)


class ChunkQuerySet(models.QuerySet["Chunk"]):
    def for_tenant(self, tenant: Tenant) -> Self:
        return self.filter(tenant=tenant)

    def without_word_boxes(self) -> Self:
        """Leave the largest column unread, which few readers of chunks need."""
        return self.defer("word_boxes")

    def with_correction(self) -> Self:
        """Annotate rows with `correction`: None, or the fields of the chunk's correction, ready for JSON."""
        mine = ChunkCorrection.objects.filter(chunk_id=models.OuterRef("pk"))
        facts = JSONObject(
            id="id",
            original_text="original_text",
            corrected_by="corrected_by",
            corrected_at="corrected_at",
            is_flagged=~Q(raw_sha256=F("entry__processed_sha256")),
        )
        return self.annotate(correction=models.Subquery(mine.values_list(facts)))


class Chunk(LocatorMixin, UUIDModel):
    """One ordered piece of an entry's text with its locator: a stored `materials.documents.Piece`.

    `text` is what is read and generated from: the source's own, or what a person corrected it to (`ChunkCorrection`).
    `links`, `word_starts_ms` and `word_boxes` belong to the source's own text; a correction leaves them as they are.
    """

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")
    entry = models.ForeignKey("materials.MaterialEntry", on_delete=models.CASCADE, related_name="chunks")
    position = models.PositiveIntegerField()
    kind = models.CharField(max_length=20, choices=[(k.value, k.value) for k in ChunkKind])
    text = models.TextField()
    level = models.PositiveSmallIntegerField(null=True, blank=True)
    emphasised = ArrayField(models.TextField(), default=list, blank=True)
    language = models.CharField(max_length=50, blank=True)
    links = ArrayField(models.TextField(), default=list, blank=True)
    speaker = models.CharField(max_length=200, blank=True)
    word_starts_ms = ArrayField(models.PositiveBigIntegerField(), default=list, blank=True)
    word_boxes = models.BinaryField(
        default=bytes, blank=True, help_text="Where its words stand on a page (`materials.word_boxes`)."
    )
    search_configuration = SearchConfigurationField(max_length=63, default=ANY_LANGUAGE, editable=False)

    # Only rows of `with_correction` have it.
    correction: dict[str, Any] | None

    objects = ChunkQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["entry", "position"], name="chunk_position_is_unique_in_entry"),
            models.CheckConstraint(condition=~Q(text=""), name="chunk_has_text"),
        ]
        indexes = [
            GinIndex(CHUNK_SEARCH_VECTOR, name="chunk_by_words"),
            # For finding a text that was moved to another entry (`materials.fingerprints.compute_text_digest`).
            models.Index(F("entry"), MD5("text"), name="chunk_by_content"),
        ]

    def __str__(self) -> str:
        return f"{self.entry_id} #{self.position}"

    def build_piece(self) -> Piece:
        """Return the piece that the row stores, with the text as it stands, corrected or not, without its boxes."""
        return Piece(
            kind=ChunkKind(self.kind),
            text=self.text,
            locator=self.locator,
            level=self.level,
            emphasised=tuple(self.emphasised),
            language=self.language or None,
            links=tuple(self.links),
            speaker=self.speaker,
            word_starts_ms=tuple(self.word_starts_ms),
        )


class LeftOutPassageQuerySet(models.QuerySet["LeftOutPassage"]):
    def for_tenant(self, tenant: Tenant) -> Self:
        return self.filter(tenant=tenant)


class LeftOutPassage(LocatorMixin, UUIDModel):
    """A text that reading an entry left out of its chunks: a stored `materials.documents.LeftOutText` with its kind."""

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")
    entry = models.ForeignKey("materials.MaterialEntry", on_delete=models.CASCADE, related_name="left_out_passages")
    position = models.PositiveIntegerField()
    kind = models.CharField(max_length=20, choices=[(k.value, k.value) for k in LeftOutKind])
    text = models.TextField(blank=True)
    count = models.PositiveIntegerField()

    objects = LeftOutPassageQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["entry", "position"], name="left_out_position_is_unique_in_entry"),
            models.CheckConstraint(condition=Q(count__gt=0), name="left_out_is_counted"),
        ]

    def __str__(self) -> str:
        return f"{self.entry_id} {self.kind} #{self.position}"


class ChunkCorrectionQuerySet(models.QuerySet["ChunkCorrection"]):
    def for_tenant(self, tenant: Tenant) -> Self:
        return self.filter(tenant=tenant)

    def filter_flagged(self) -> Self:
        """Keep those that were made for other bytes than the entry's text comes from now."""
        return self.exclude(raw_sha256=F("entry__processed_sha256"))


class ChunkCorrection(LocatorMixin, UUIDModel):
    """A person's correction of a chunk's text, with the original. It stays when an ingestion replaces the chunks.

    `chunk_id` is None when no chunk has the original text any more. It is no foreign key, because an ingestion replaces
    chunks by the thousand; `materials.ingestion.recording` updates it. The locator is the chunk's at the time of the
    correction. `raw_sha256` is the hash of the bytes that the original text came from.
    """

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")
    entry = models.ForeignKey("materials.MaterialEntry", on_delete=models.CASCADE, related_name="corrections")
    chunk_id = models.UUIDField(null=True, unique=True)
    position = models.PositiveIntegerField()
    original_text = models.TextField()
    original_emphasised = ArrayField(models.TextField(), default=list, blank=True)
    text = models.TextField()
    raw_sha256 = models.CharField(max_length=64)
    corrected_by = models.CharField(max_length=200, blank=True, help_text="The label of the API key.")
    corrected_at = models.DateTimeField()

    objects = ChunkCorrectionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(text=""), name="correction_has_text"),
            models.CheckConstraint(condition=~Q(text=F("original_text")), name="correction_changes_something"),
        ]
        indexes = [models.Index(fields=["entry", "position"], name="correction_by_entry")]

    def __str__(self) -> str:
        return f"{self.entry_id} #{self.position}"
