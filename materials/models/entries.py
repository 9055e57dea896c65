"""Entries: one source each, attached to a node, and the object keys of what is stored of them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Self
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q

from llm.video.processor import TranscriptSource
from materials.contents import decode_contents
from materials.documents import Contents, Format
from materials.errors import INTEGRITY_BROKEN
from materials.models.tree import MaterialNode
from project.db.fields import UUIDModel
from project.jobs.models import Job, JobStatus
from tenants.models import Tenant


class EntryState(StrEnum):
    """How far an entry has come. Derived from the raw layer, the processed layer and the job; never stored."""

    RAW = "raw"
    PENDING = "pending"
    READY = "ready"
    ERROR = "error"
    INTEGRITY_BROKEN = INTEGRITY_BROKEN


@dataclass(frozen=True, kw_only=True)
class EntryError:
    """Why an entry is in state `error`, and what to do."""

    code: str
    message: str
    next_step: str


CANCELLED = EntryError(
    code="cancelled",
    message="The ingestion was cancelled.",
    next_step="Ingest the entry again if it is wanted after all.",
)


def build_ready_condition(prefix: str = "") -> Q:
    """Return the condition of the state `ready`, for rows that reach the entry through `prefix`, such as `video__`."""
    # The same rules as the property `MaterialEntry.state`.
    settled = Q(**{f"{prefix}job__isnull": True}) | Q(**{f"{prefix}job__status": JobStatus.COMPLETE})
    same_bytes = Q(**{f"{prefix}processed_sha256": F(f"{prefix}raw_sha256")})
    return settled & same_bytes & Q(**{f"{prefix}processed_at__isnull": False})


def build_state_condition(state: EntryState) -> Q:
    """Return the condition of a state. Exactly one of the five is true of an entry."""
    # The same rules as the property `MaterialEntry.state`, in the same order.
    settled = Q(job__isnull=True) | Q(job__status=JobStatus.COMPLETE)
    ended_badly = Q(job__status__in=[JobStatus.FAILED, JobStatus.CANCELLED])
    match state:
        case EntryState.PENDING:
            return Q(job__status__in=Job.OPEN)
        case EntryState.ERROR:
            return ended_badly & ~Q(job__error_code=INTEGRITY_BROKEN)
        case EntryState.RAW:
            return settled & Q(processed_at__isnull=True)
        case EntryState.INTEGRITY_BROKEN:
            changed = settled & Q(processed_at__isnull=False) & ~Q(processed_sha256=F("raw_sha256"))
            return (ended_badly & Q(job__error_code=INTEGRITY_BROKEN)) | changed
        case EntryState.READY:
            return build_ready_condition()


class MaterialEntryQuerySet(models.QuerySet["MaterialEntry"]):
    def for_tenant(self, tenant: Tenant) -> Self:
        return self.filter(tenant=tenant)

    def with_job(self) -> Self:
        """Join the ingestion job, which `state` reads."""
        return self.select_related("job")

    def filter_ready(self) -> Self:
        """Keep the entries whose state is `ready`."""
        return self.filter(build_ready_condition())

    def filter_state(self, state: EntryState) -> Self:
        """Keep the entries in the state."""
        return self.filter(build_state_condition(state))

    def filter_pending(self) -> Self:
        """Keep the entries whose state is `pending`: their job is open."""
        return self.filter(job__status__in=Job.OPEN)


class MaterialEntry(UUIDModel):
    """One source attached to a node: a stored file, a URL, or a URL whose content has been fetched.

    The raw layer is the source's bytes, the processed layer what ingestion made of them, and `job` the newest
    ingestion. Text is in `Chunk` rows, so that listing entries never loads it. For a recording, `media` is what its
    container holds (an `llm.video.transcript.MediaInfo` as JSON). `final_url` and the server's `etag` and
    `last_modified` identify the version that was fetched.
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
        "self",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="captions",
        help_text="The recording beside it whose words these captions are.",
    )

    title = models.CharField(max_length=500, blank=True)
    text_language = models.CharField(
        max_length=35, blank=True, editable=False, help_text="BCP 47 tag of the text's language, as it was found."
    )
    transcribed_by = models.CharField(
        max_length=20, blank=True, choices=[(by.value, by.value) for by in TranscriptSource]
    )
    transcription_reason = models.TextField(blank=True)
    spoken_language = models.CharField(max_length=35, blank=True, help_text="BCP 47 tag that was found or forced.")
    key_frames_stored_at = models.DateTimeField(
        null=True, blank=True, help_text="When the key frames of a video were stored."
    )
    page_count = models.PositiveIntegerField(null=True, blank=True)
    duration_ms = models.PositiveBigIntegerField(null=True, blank=True)
    chunk_count = models.PositiveIntegerField(default=0)
    warnings = ArrayField(models.TextField(), default=list, blank=True)
    left_out = models.JSONField(
        default=list, blank=True, help_text="Kind, count and pages of what is not part of the text."
    )
    contents = models.JSONField(
        null=True, blank=True, help_text="The table of contents that the source holds, as `encode_contents` writes it."
    )
    metadata = models.JSONField(
        default=dict, blank=True, help_text="The fields of a front matter, with the names that the source gives them."
    )
    fingerprint = models.CharField(max_length=64, blank=True, editable=False)
    processed_sha256 = models.CharField(max_length=64, blank=True)
    processed_at = models.DateTimeField(null=True, blank=True)
    vector_space = models.CharField(
        max_length=100, blank=True, db_default="", editable=False, help_text="In which all texts have vectors."
    )
    vector_fingerprint = models.CharField(
        max_length=64, blank=True, db_default="", editable=False, help_text="The fingerprint that the entry had then."
    )

    wants_vectors = models.BooleanField(
        default=False,
        db_default=False,
        editable=False,
        help_text="Its texts have changed, and vectors are to be made by themselves.",
    )

    job = models.ForeignKey(Job, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    updated_at = models.DateTimeField(auto_now=True)

    objects = MaterialEntryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "material entries"
        constraints = [
            models.UniqueConstraint(
                fields=["node", "position"],
                name="entry_position_is_unique_in_node",
                # Renumbering siblings passes through states in which two have the same position.
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
                | Q(processed_at__isnull=False)
                & ~Q(fingerprint="")
                & (Q(chunk_count__gt=0) | Q(contents__isnull=False) | ~Q(metadata={})),
                name="entry_is_processed_wholly_or_not_at_all",
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "object_key"], name="entry_by_object"),
            models.Index(
                fields=["tenant", "raw_sha256"], condition=~Q(raw_sha256=""), name="entry_by_content_of_tenant"
            ),
            models.Index(fields=["tenant"], condition=Q(wants_vectors=True), name="entry_wants_vectors"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def state(self) -> EntryState:
        """Return how far the entry has come. Load entries `with_job()` to read this without a query."""
        # An open job comes first: while an entry is read again, its old text is not current.
        if self.job is not None and self.job.is_open:
            return EntryState.PENDING
        if self.job is not None and self.job.status != JobStatus.COMPLETE:
            is_broken = self.job.error_code == INTEGRITY_BROKEN
            return EntryState.INTEGRITY_BROKEN if is_broken else EntryState.ERROR
        if self.processed_at is None:
            return EntryState.RAW
        if self.processed_sha256 != self.raw_sha256:
            return EntryState.INTEGRITY_BROKEN
        return EntryState.READY

    @property
    def error(self) -> EntryError | None:
        """Return why the entry's last job did not complete; None otherwise. Read it `with_job()`, as `state`."""
        if self.job is None or self.job.is_open or self.job.status == JobStatus.COMPLETE:
            return None
        if self.job.status == JobStatus.CANCELLED:  # nothing went wrong, so that the job has no error
            return CANCELLED
        return EntryError(code=self.job.error_code, message=self.job.error_message, next_step=self.job.next_step)

    def build_contents(self) -> Contents | None:
        """Return the stored table of contents, None without one."""
        return None if self.contents is None else decode_contents(self.contents)

    @property
    def is_stale(self) -> bool:
        """Tell whether another version than the stored one has been seen at its address."""
        return self.source_changed_at is not None


def build_raw_file_key(*, tenant_id: UUID, entry_id: UUID) -> str:
    """Return the object key of an entry's bytes. It consists of ids, never of a name that somebody chose."""
    return f"tenants/{tenant_id}/entries/{entry_id}/raw"


def build_fetched_file_key(*, tenant_id: UUID, entry_id: UUID, version_id: UUID) -> str:
    """Return the object key of one version of a URL's content. The older version stays readable under its own key."""
    return f"tenants/{tenant_id}/entries/{entry_id}/fetched/{version_id}"


def build_frame_key(*, tenant_id: UUID, entry_id: UUID, frame_id: UUID) -> str:
    """Return the object key of a key frame's picture."""
    return f"tenants/{tenant_id}/entries/{entry_id}/frames/{frame_id}.jpg"
