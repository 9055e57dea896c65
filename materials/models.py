"""What teachers bring: a tree of nodes, entries on the nodes, and the chunks that ingestion made of the entries."""

from __future__ import annotations

from dataclasses import asdict
from enum import StrEnum
from typing import Any, Self
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Func, Q
from django.db.models.functions import JSONObject, Left

from llm.video.processor import By
from materials.documents import ChunkKind, Format, Locator
from materials.import_models import ImportItem as ImportItem
from materials.import_models import MaterialImport as MaterialImport
from materials.languages import ANY_LANGUAGE
from materials.object_models import ObjectRemoval as ObjectRemoval
from materials.upload_models import Quota as Quota
from materials.upload_models import SpaceReservation as SpaceReservation
from materials.upload_models import Upload as Upload
from project.db.fields import Row
from project.jobs.models import Job
from tenants.models import Tenant


class MaterialNodeQuerySet(models.QuerySet["MaterialNode"]):
    def of(self, tenant: Tenant) -> Self:
        return self.filter(tenant=tenant)


class MaterialNode(Row):
    """A folder of the material tree. A node without a parent is a course.

    `fingerprint` is blank when something below has changed since it was computed (materials.fingerprints).
    """

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")
    parent = models.ForeignKey("self", on_delete=models.CASCADE, null=True, blank=True, related_name="children")
    position = models.PositiveIntegerField()
    title = models.CharField(max_length=500)
    language = models.CharField(max_length=35, blank=True, help_text="BCP 47 tag of the materials, such as en or uk.")
    learning_goal = models.TextField(blank=True)
    expected_knowledge = ArrayField(models.TextField(), default=list, blank=True)
    expected_skills = ArrayField(models.TextField(), default=list, blank=True)
    fingerprint = models.CharField(max_length=64, blank=True, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    depth: int
    """Levels below the node that was asked for: of rows from `queries.subtree`, and of no others."""

    objects = MaterialNodeQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "parent", "position"],
                name="node_position_is_unique_among_siblings",
                nulls_distinct=False,
                deferrable=models.Deferrable.DEFERRED,
            ),
            models.CheckConstraint(condition=~Q(parent=F("id")), name="node_is_not_its_own_parent"),
            models.CheckConstraint(condition=~Q(title=""), name="node_has_a_title"),
        ]
        indexes = [models.Index(fields=["tenant", "-created_at", "-id"], name="node_newest_first")]

    def __str__(self) -> str:
        return self.title


class EntryState(StrEnum):
    """How far an entry has come. Derived from the raw layer, the processed layer and the job; never stored."""

    RAW = "raw"
    PENDING = "pending"
    READY = "ready"
    ERROR = "error"
    INTEGRITY_BROKEN = "integrity_broken"


def is_ready(prefix: str = "") -> Q:
    """Return the condition of the state `ready`, for rows that reach the entry through `prefix`, such as `video__`."""
    settled = Q(**{f"{prefix}job__isnull": True}) | Q(**{f"{prefix}job__status": Job.Status.COMPLETE})
    same_bytes = Q(**{f"{prefix}processed_sha256": F(f"{prefix}raw_sha256")})
    return settled & same_bytes & Q(**{f"{prefix}processed_at__isnull": False})


class MaterialEntryQuerySet(models.QuerySet["MaterialEntry"]):
    def of(self, tenant: Tenant) -> Self:
        return self.filter(tenant=tenant)

    def with_job(self) -> Self:
        """Join the ingestion job, which `state` reads."""
        return self.select_related("job")

    def ready(self) -> Self:
        """Keep the entries whose state is `ready`."""
        return self.filter(is_ready())

    def pending(self) -> Self:
        """Keep the entries whose ingestion is on its way."""
        return self.filter(job__status__in=Job.OPEN)


class MaterialEntry(Row):
    """One source attached to a node: a stored file, an address, or an address whose file has been fetched.

    The raw layer is what was brought, the processed layer what ingestion made of it, and `job` the receipt for the
    newest ingestion. Big text lives in `Chunk` rows, so that listing entries never loads it. Of a recording, `media` is
    what its container holds (an `llm.video.transcript.MediaInfo` as JSON). What was fetched is known by `final_url` and
    the server's `etag` and `last_modified`.
    """

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")
    node = models.ForeignKey(MaterialNode, on_delete=models.CASCADE, related_name="entries")
    position = models.PositiveIntegerField()
    name = models.CharField(max_length=500)

    format = models.CharField(max_length=20, blank=True, choices=[(f.value, f.value) for f in Format])
    source_url = models.CharField(max_length=2000, blank=True)
    object_key = models.CharField(max_length=200, blank=True)
    size_bytes = models.BigIntegerField(default=0, validators=[MinValueValidator(0)])
    raw_sha256 = models.CharField(max_length=64, blank=True)

    final_url = models.CharField(max_length=2000, blank=True, help_text="Where the address led, after redirects.")
    content_type = models.CharField(max_length=200, blank=True, help_text="As the web server said it.")
    etag = models.CharField(max_length=200, blank=True)
    last_modified = models.CharField(max_length=50, blank=True)
    fetched_at = models.DateTimeField(null=True, blank=True)
    source_checked_at = models.DateTimeField(null=True, blank=True, help_text="When the address was last looked at.")
    source_changed_at = models.DateTimeField(
        null=True, blank=True, help_text="When another version than the stored one was found there."
    )

    language = models.CharField(
        max_length=35, blank=True, help_text="BCP 47 tag of what is said; blank: that of the nearest node above."
    )
    use_captions = models.BooleanField(default=True, help_text="Of a recording: take captions where there are some.")
    media = models.JSONField(null=True, blank=True)
    captions_of = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, blank=True, related_name="captions",
        help_text="The recording beside it whose words these captions are.",
    )  # fmt: skip

    title = models.CharField(max_length=500, blank=True)
    text_language = models.CharField(
        max_length=35, blank=True, editable=False, help_text="BCP 47 tag of the text's language, as it was found."
    )
    transcribed_by = models.CharField(max_length=20, blank=True, choices=[(by.value, by.value) for by in By])
    transcription_reason = models.TextField(blank=True)
    spoken_language = models.CharField(max_length=35, blank=True, help_text="BCP 47 tag that was found or forced.")
    watched_at = models.DateTimeField(null=True, blank=True, help_text="When the key frames of a video were stored.")
    page_count = models.PositiveIntegerField(null=True, blank=True)
    duration_ms = models.PositiveBigIntegerField(null=True, blank=True)
    chunk_count = models.PositiveIntegerField(default=0)
    warnings = ArrayField(models.TextField(), default=list, blank=True)
    fingerprint = models.CharField(max_length=64, blank=True, editable=False)
    processed_sha256 = models.CharField(max_length=64, blank=True)
    processed_at = models.DateTimeField(null=True, blank=True)

    job = models.ForeignKey(Job, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    updated_at = models.DateTimeField(auto_now=True)

    objects = MaterialEntryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "material entries"
        constraints = [
            models.UniqueConstraint(
                fields=["node", "position"],
                name="entry_position_is_unique_in_node",
                deferrable=models.Deferrable.DEFERRED,
            ),
            models.UniqueConstraint(
                fields=["node", "raw_sha256"], condition=~Q(raw_sha256=""), name="entry_bytes_are_unique_in_node"
            ),
            models.UniqueConstraint(
                fields=["node", "source_url"], condition=~Q(source_url=""), name="entry_address_is_unique_in_node"
            ),
            models.CheckConstraint(condition=~Q(object_key="", source_url=""), name="entry_is_a_file_or_an_address"),
            models.CheckConstraint(condition=~Q(captions_of=F("id")), name="entry_is_not_its_own_captions"),
            models.CheckConstraint(
                condition=Q(processed_at__isnull=True, fingerprint="", chunk_count=0)
                | Q(processed_at__isnull=False, chunk_count__gt=0) & ~Q(fingerprint=""),
                name="entry_is_processed_wholly_or_not_at_all",
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "object_key"], name="entry_by_object"),
            models.Index(
                fields=["tenant", "raw_sha256"], condition=~Q(raw_sha256=""), name="entry_by_content_of_tenant"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def state(self) -> EntryState:
        """Load entries `with_job()` to read this without a query."""
        if self.job is not None and self.job.is_open:
            return EntryState.PENDING
        if self.job is not None and self.job.status != Job.Status.COMPLETE:
            return EntryState.ERROR
        if self.processed_at is None:
            return EntryState.RAW
        if self.processed_sha256 != self.raw_sha256:
            return EntryState.INTEGRITY_BROKEN
        return EntryState.READY

    @property
    def is_stale(self) -> bool:
        """Tell whether another version than the stored one has been seen at its address."""
        return self.source_changed_at is not None


class Located(models.Model):
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
        return Locator(
            page=self.page,
            slide=self.slide,
            start_ms=self.start_ms,
            end_ms=self.end_ms,
            heading_path=tuple(self.heading_path),
            fragment=self.fragment or None,
        )


def locator_columns(locator: Locator) -> dict[str, Any]:
    """Return the values of the `Located` columns for a locator."""
    return {**asdict(locator), "heading_path": list(locator.heading_path), "fragment": locator.fragment or ""}


class SearchConfigurationField(models.CharField[str, str]):
    """The name of one of PostgreSQL's text search configurations, which an index may depend on."""

    def db_type(self, connection: Any) -> str:
        return "regconfig"

    def cast_db_type(self, connection: Any) -> str:
        return "regconfig"


SEARCHED_CHARACTERS = 200_000
"""So much of one chunk is searched: PostgreSQL takes no more than 1 MB of words for one row."""
CHUNK_WORDS = Func(
    F("search_configuration"),
    Left("text", SEARCHED_CHARACTERS),
    function="to_tsvector",
    output_field=SearchVectorField(),
)
"""The words of a chunk as its index holds them."""


class ChunkQuerySet(models.QuerySet["Chunk"]):
    def of(self, tenant: Tenant) -> Self:
        return self.filter(tenant=tenant)

    def with_correction(self) -> Self:
        """Add `correction`: None, or the facts of what a person corrected, ready for JSON."""
        mine = ChunkCorrection.objects.filter(chunk_id=models.OuterRef("pk"))
        facts = JSONObject(
            id="id", original_text="original_text", corrected_by="corrected_by", corrected_at="corrected_at",
            is_flagged=~Q(raw_sha256=F("entry__processed_sha256")),
        )  # fmt: skip
        return self.annotate(correction=models.Subquery(mine.values_list(facts)))


class Chunk(Located, Row):
    """One ordered piece of an entry's text with its locator: a stored `materials.documents.Piece`.

    `text` is what is read and generated from: the source's own, or what a person corrected it to (`ChunkCorrection`).
    """

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")
    entry = models.ForeignKey(MaterialEntry, on_delete=models.CASCADE, related_name="chunks")
    position = models.PositiveIntegerField()
    kind = models.CharField(max_length=20, choices=[(k.value, k.value) for k in ChunkKind])
    text = models.TextField()
    level = models.PositiveSmallIntegerField(null=True, blank=True)
    emphasised = ArrayField(models.TextField(), default=list, blank=True)
    language = models.CharField(max_length=50, blank=True)
    search_configuration = SearchConfigurationField(max_length=63, default=ANY_LANGUAGE, editable=False)

    correction: dict[str, Any] | None
    """Of rows from `with_correction`, and of no others."""

    objects = ChunkQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["entry", "position"], name="chunk_position_is_unique_in_entry"),
            models.CheckConstraint(condition=~Q(text=""), name="chunk_has_text"),
        ]
        indexes = [GinIndex(CHUNK_WORDS, name="chunk_by_words")]

    def __str__(self) -> str:
        return f"{self.entry_id} #{self.position}"


class ChunkCorrectionQuerySet(models.QuerySet["ChunkCorrection"]):
    def of(self, tenant: Tenant) -> Self:
        return self.filter(tenant=tenant)

    def flagged(self) -> Self:
        """Keep those that were made for other bytes than the entry's text comes from now."""
        return self.exclude(raw_sha256=F("entry__processed_sha256"))


class ChunkCorrection(Located, Row):
    """What a person made of a chunk's text. The original stays, and so does the correction when chunks are replaced.

    `chunk_id` is the chunk that it stands in, None when no chunk has the original text any more. It is no foreign key,
    because an ingestion replaces chunks by the thousand; `services.storing` keeps it true. The locator is the chunk's
    when it was corrected. `raw_sha256` are the bytes that the original text came from.
    """

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")
    entry = models.ForeignKey(MaterialEntry, on_delete=models.CASCADE, related_name="corrections")
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


class TranscriptWindowQuerySet(models.QuerySet["TranscriptWindow"]):
    def of(self, tenant: Tenant) -> Self:
        return self.filter(tenant=tenant)


class TranscriptWindow(Row):
    """A finished part of a transcription that is under way: an `llm.video.transcript.Window`.

    Kept until the whole is done, so that work which is tried again goes on where it stopped. `recipe` names everything
    that the words depend on besides the recording.
    """

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")
    entry = models.ForeignKey(MaterialEntry, on_delete=models.CASCADE, related_name="+")
    raw_sha256 = models.CharField(max_length=64)
    recipe = models.CharField(max_length=64)
    index = models.PositiveIntegerField()
    start_ms = models.PositiveBigIntegerField()
    end_ms = models.PositiveBigIntegerField()
    language = models.CharField(max_length=35, blank=True)
    segments = models.JSONField()

    objects = TranscriptWindowQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["entry", "raw_sha256", "recipe", "index"], name="transcript_window_is_done_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.entry_id} window {self.index}"


class KeyFrameQuerySet(models.QuerySet["KeyFrame"]):
    def of(self, tenant: Tenant) -> Self:
        return self.filter(tenant=tenant)


class KeyFrame(Row):
    """What a video shows between two changes of scene, as a stored picture.

    `dhash` is the picture's difference hash (hexadecimal). `description` is what a vision model saw, blank when none
    was asked or none could tell.
    """

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")
    entry = models.ForeignKey(MaterialEntry, on_delete=models.CASCADE, related_name="frames")
    start_ms = models.PositiveBigIntegerField()
    end_ms = models.PositiveBigIntegerField()
    object_key = models.CharField(max_length=200)
    size_bytes = models.PositiveIntegerField()
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    dhash = models.CharField(max_length=16)
    description = models.TextField(blank=True)

    objects = KeyFrameQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["entry", "start_ms"], name="key_frame_starts_once"),
            models.CheckConstraint(condition=Q(end_ms__gte=F("start_ms")), name="key_frame_ends_after_it_starts"),
        ]
        indexes = [models.Index(fields=["tenant", "object_key"], name="key_frame_by_object")]

    def __str__(self) -> str:
        return f"{self.entry_id} at {self.start_ms} ms"


class PictureDescriptionQuerySet(models.QuerySet["PictureDescription"]):
    def of(self, tenant: Tenant) -> Self:
        return self.filter(tenant=tenant)


class PictureDescription(Row):
    """What a model saw in a picture (a `materials.seen.Seen`), so that nobody pays for the same picture twice.

    `sha256` is that of the picture's bytes. `recipe` names everything else that the words depend on: the prompt, the
    language and the model that is asked first. Both texts are blank when there was nothing to say.
    """

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")
    sha256 = models.CharField(max_length=64)
    recipe = models.CharField(max_length=64)
    model = models.CharField(max_length=200)
    text = models.TextField(blank=True)
    shows = models.TextField(blank=True)

    objects = PictureDescriptionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "sha256", "recipe"], name="picture_is_described_once"),
        ]

    def __str__(self) -> str:
        return self.sha256[:12]


_ENTRY_COLUMNS = (
    "name", "node", "format", "source_url", "page_count", "duration_ms", "fingerprint", "raw_sha256",
    "processed_sha256", "processed_at", "job", "job__status", "job__error_code", "job__next_step",
)  # fmt: skip


class SlideVideoMappingQuerySet(models.QuerySet["SlideVideoMapping"]):
    def of(self, tenant: Tenant) -> Self:
        return self.filter(tenant=tenant)

    def with_entries(self) -> Self:
        """Join both entries with their jobs, which validation reads; their big columns stay where they are."""
        own = [field.name for field in self.model._meta.concrete_fields]
        theirs = [f"{side}__{column}" for side in ("presentation", "video") for column in _ENTRY_COLUMNS]
        return self.select_related("presentation__job", "video__job").only(*own, *theirs)


class SlideVideoMapping(Row):
    """A claim that a slide of a presentation is shown in a video from one time to another.

    `state` is what people say of it: what somebody accepted or rejected is not proposed again, and what somebody stated
    is accepted. `confidence` (0 to 1) is that of the proposal, null where somebody stated the slide or the times.
    Whether the slide and the times exist is the other question: `materials.validation`, from the entries as they are.
    """

    class State(models.TextChoices):
        PROPOSED = "proposed"
        ACCEPTED = "accepted"
        REJECTED = "rejected"

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")
    presentation = models.ForeignKey(MaterialEntry, on_delete=models.CASCADE, related_name="+")
    slide = models.PositiveIntegerField(help_text="1-based slide or page.")
    video = models.ForeignKey(MaterialEntry, on_delete=models.CASCADE, related_name="+")
    start_ms = models.PositiveBigIntegerField()
    end_ms = models.PositiveBigIntegerField()
    confidence = models.FloatField(null=True, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.PROPOSED)
    decided_at = models.DateTimeField(null=True, blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = SlideVideoMappingQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["presentation", "slide", "video", "start_ms"], name="mapping_is_claimed_once"
            ),
            models.CheckConstraint(condition=Q(end_ms__gt=F("start_ms")), name="mapping_lasts"),
            models.CheckConstraint(
                condition=Q(confidence__isnull=True) | Q(confidence__gte=0, confidence__lte=1),
                name="mapping_confidence_is_a_share",
            ),
            models.CheckConstraint(
                condition=Q(state="proposed", decided_at__isnull=True)
                | ~Q(state="proposed") & Q(decided_at__isnull=False),
                name="mapping_says_when_it_was_decided",
            ),
            models.CheckConstraint(condition=Q(slide__gte=1), name="mapping_slide_counts_from_1"),
        ]
        indexes = [models.Index(fields=["tenant", "video", "start_ms"], name="mapping_by_video")]

    def __str__(self) -> str:
        return f"slide {self.slide} of {self.presentation_id} in {self.video_id}"


class HostVisit(Row):
    """When a web site may be asked again, by whichever process comes first. Belongs to no tenant."""

    host = models.CharField(max_length=300, unique=True)
    next_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.host


def object_key(*, tenant_id: UUID, entry_id: UUID) -> str:
    """Return where an entry's bytes are stored: ids only, never a name that somebody chose, and never used again."""
    return f"tenants/{tenant_id}/entries/{entry_id}/raw"


def fetched_key(*, tenant_id: UUID, entry_id: UUID, version_id: UUID) -> str:
    """Return where one version of what an address led to is stored: an older one stays readable meanwhile."""
    return f"tenants/{tenant_id}/entries/{entry_id}/fetched/{version_id}"


def frame_key(*, tenant_id: UUID, entry_id: UUID, frame_id: UUID) -> str:
    """Return where a key frame's picture is stored."""
    return f"tenants/{tenant_id}/entries/{entry_id}/frames/{frame_id}.jpg"
