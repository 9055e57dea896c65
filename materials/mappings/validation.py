"""Validating a mapping's slide and times against its two entries as they are now.

Each check is made as soon as the entry that it needs is ready. The result is never stored, so it cannot be out of date:
a mapping is validated whenever it is read (docs/decisions/0039-mappings-are-validated-when-read.md).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from django.db.models import Case, CharField, F, Q, QuerySet, Value, When

from materials.documents import Format
from materials.models import EntryState, MaterialEntry, SlideVideoMapping, build_ready_condition
from project.jobs.models import JobStatus

PRESENTATIONS = (Format.PPTX, Format.PDF)
RECORDINGS = (Format.VIDEO, Format.AUDIO)
# Of an entry with a URL: a video platform may have given the captions in place of the recording.
CAPTIONS = (Format.SRT, Format.VTT)

PRESENTATION, VIDEO = "presentation", "video"
ENTRY_FIELDS = (PRESENTATION, VIDEO)


class ValidationStatus(StrEnum):
    """Whether a mapping's slide and times exist, as far as its entries are ready."""

    VALIDATED = "validated"
    PENDING = "pending_validation"
    FAILED = "validation_failed"


@dataclass(frozen=True, kw_only=True)
class MappingProblem:
    """Why a mapping cannot be true: which field, a stable code, and a sentence that says what to do."""

    field: str
    reason: str
    hint: str


@dataclass(frozen=True, kw_only=True)
class MappingBlocker:
    """An entry that has to be ready before a mapping is validated, with its state."""

    field: str
    entry: UUID
    name: str
    state: EntryState
    hint: str


@dataclass(frozen=True, kw_only=True)
class ValidationResult:
    """The status with the entries that it waits for (while pending) or the problems (when failed)."""

    status: ValidationStatus
    blocked_by: tuple[MappingBlocker, ...]
    problems: tuple[MappingProblem, ...]


def validate_mapping(mapping: SlideVideoMapping) -> ValidationResult:
    """Validate a mapping, stored or not. Its entries must be loaded with their jobs (`with_entries`)."""
    problems = tuple(_find_problems(mapping))
    if problems:
        return ValidationResult(status=ValidationStatus.FAILED, blocked_by=(), problems=problems)
    blockers = tuple(
        blocker for field in ENTRY_FIELDS if (blocker := _find_blocker(field, getattr(mapping, field))) is not None
    )
    validation = ValidationStatus.PENDING if blockers else ValidationStatus.VALIDATED
    return ValidationResult(status=validation, blocked_by=blockers, problems=())


def filter_by_validation(
    rows: QuerySet[SlideVideoMapping], validation: ValidationStatus
) -> QuerySet[SlideVideoMapping]:
    """Keep the mappings with this validation status, by one condition of SQL."""
    # The same rules as `validate_mapping`; a test compares the two for every pair of states of entries.
    status = Case(
        When(_build_failed_condition(), then=Value(ValidationStatus.FAILED.value)),
        When(
            build_ready_condition("presentation__") & build_ready_condition("video__"),
            then=Value(ValidationStatus.VALIDATED.value),
        ),
        default=Value(ValidationStatus.PENDING.value),
        output_field=CharField(),
    )
    return rows.alias(verdict=status).filter(verdict=validation.value)


def _find_problems(mapping: SlideVideoMapping) -> Iterator[MappingProblem]:
    deck, video = mapping.presentation, mapping.video
    if mapping.end_ms <= mapping.start_ms:
        yield MappingProblem(field="end_ms", reason="ends_before_start", hint="Give an end later than `start_ms`.")
    if deck.format and deck.format not in PRESENTATIONS:
        yield MappingProblem(
            field=PRESENTATION,
            reason="not_a_presentation",
            hint=f"{deck.name} is of the format {deck.format}. Name a PowerPoint or PDF entry.",
        )
    elif _has_current_length(deck) and deck.page_count is not None and mapping.slide > deck.page_count:
        yield MappingProblem(
            field="slide",
            reason="slide_beyond_pages",
            hint=f"{deck.name} has {deck.page_count} slides or pages. Give a number from 1 to {deck.page_count}.",
        )
    if video.format and not _is_recording(video):
        yield MappingProblem(
            field=VIDEO,
            reason="not_a_recording",
            hint=f"{video.name} is of the format {video.format}. Name a video or audio entry.",
        )
    elif _has_current_length(video) and video.duration_ms is not None and mapping.end_ms > video.duration_ms:
        yield MappingProblem(
            field="start_ms" if mapping.start_ms >= video.duration_ms else "end_ms",
            reason="time_beyond_duration",
            hint=f"{video.name} lasts {video.duration_ms} ms. Give times from 0 to {video.duration_ms}.",
        )


def _build_failed_condition() -> Q:
    """Return the condition under which `_find_problems` finds one, for stored rows, whose end is after their start."""
    # A blank format is that of a URL that was not fetched yet: nothing is known, so nothing is wrong.
    no_deck = ~Q(presentation__format__in=["", *PRESENTATIONS])
    beyond_pages = build_ready_condition("presentation__") & Q(slide__gt=F("presentation__page_count"))
    no_video = ~Q(video__format__in=["", *RECORDINGS]) & ~Q(~Q(video__source_url=""), video__format__in=CAPTIONS)
    beyond_end = build_ready_condition("video__") & Q(end_ms__gt=F("video__duration_ms"))
    return no_deck | beyond_pages | no_video | beyond_end


def _has_current_length(entry: MaterialEntry) -> bool:
    """Tell whether the entry's page count and duration are those of its present bytes."""
    return entry.state is EntryState.READY


def _is_recording(entry: MaterialEntry) -> bool:
    return entry.format in RECORDINGS or (entry.format in CAPTIONS and bool(entry.source_url))


def _find_blocker(field: str, entry: MaterialEntry) -> MappingBlocker | None:
    if entry.state is EntryState.READY:
        return None
    return MappingBlocker(
        field=field, entry=entry.pk, name=entry.name, state=entry.state, hint=_build_blocker_hint(entry)
    )


def _build_blocker_hint(entry: MaterialEntry) -> str:
    if entry.state is EntryState.PENDING:
        return f"Nothing: job {entry.job_id} is reading it, and the mapping is validated when it is done."
    again = f"POST /api/v1/entries/{entry.pk}/ingest"
    if entry.state is EntryState.RAW:
        return f"It has not been read yet. Ask for it: {again}."
    if entry.state is EntryState.INTEGRITY_BROKEN and entry.error is None:
        return f"Its file has changed since it was read. Read it again: {again}."
    assert entry.job is not None
    if entry.job.status == JobStatus.CANCELLED:
        return f"Its ingestion was cancelled. Read it again: {again}."
    return f"Its ingestion failed ({entry.job.error_code}). {entry.job.next_step or 'Mend its cause.'} Then: {again}."
