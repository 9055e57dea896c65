"""File names that force an outcome in sandboxes: the one list of them.

An outcome is forced by the name without its extension, whatever the file holds: `fail-unreadable.pdf`,
`fail-unreadable.md`, and `fail-unreadable-2.pdf` for a second one. The error is the one that a file really at fault
would have: its code, its words and its next step. Outside of sandboxes names mean nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePosixPath

from llm.errors import Attempt, BudgetExceeded, ModelsExhausted, ProviderBusy
from llm.video.errors import MediaUnreadable, TranscriptRefused
from materials.errors import (
    IngestionFailed,
    QuotaExceeded,
    StoredFileBroken,
    StoredFileMissing,
    UploadRefused,
    UploadTooLarge,
)
from project.errors import StorageUnavailable, TooManyRequests

# Longer than any client's patience in a test; a name that asks for more is an ordinary one.
MAX_SLOW_SECONDS = 600
# How long models are busy for a course, counted from the submission of its job: one wait of a job, and no more.
BUSY_SECONDS = 8
_RETRY_SECONDS = 5


class OutcomeStage(StrEnum):
    """When a name forces its outcome."""

    UPLOAD = "upload"
    INGESTION = "ingestion"
    GENERATION = "generation"


class OutcomeEffect(StrEnum):
    """What a name forces: an error of the request, of the job, a delay, or a result that is not complete."""

    REFUSED = "refused"
    FAILED = "failed"
    FAILED_ONCE = "failed_once"
    DELAYED = "delayed"
    PARTIAL = "partial"


@dataclass(frozen=True, kw_only=True)
class ForcedOutcome:
    """What a file name forces. `example` is such a name; `code` that of the error, blank without one.

    `stem` is a regular expression of the names, where it is not `name` alone.
    """

    name: str
    example: str
    stage: OutcomeStage
    effect: OutcomeEffect
    description: str
    code: str = ""
    stem: str = ""
    build_error: Callable[[], Exception] | None = None

    @property
    def pattern(self) -> str:
        """A regular expression for the whole name in lower case, one that PostgreSQL reads in the same way."""
        return rf"^{self.stem or self.name}(-[0-9]+)?(\.[^.]*)?$"

    def matches(self, name: str) -> bool:
        """Tell whether a file's name, or an address, asks for this outcome."""
        return re.search(self.pattern, PurePosixPath(name).name.casefold()) is not None

    def raise_error(self) -> None:
        """Raise the error of this outcome, if it is one."""
        if self.build_error is not None:
            raise self.build_error()


def _fail(
    message: str, code: str, next_step: str = "Open the file, save it again, and upload that."
) -> IngestionFailed:
    return IngestionFailed(message, code=code, next_step=next_step)


def _build_quota_error() -> QuotaExceeded:
    return QuotaExceeded(
        "The file does not fit into what may be stored.",
        next_step="Delete what is not needed any more, or ask the operator of this server to raise the quota.",
        extra={"hard_limit_bytes": 0, "stored_bytes": 0, "promised_bytes": 0, "left_bytes": 0},
    )


def _build_busy_error() -> ModelsExhausted:
    attempt = Attempt(provider="sandbox", model="sandbox", path="default", kind=ProviderBusy.kind, cause="rate limit")
    return ModelsExhausted(
        "No model answers at present: sandbox/sandbox: too many requests (429).",
        attempts=[attempt],
        last=ProviderBusy("too many requests", status=429, retry_after=_RETRY_SECONDS),
        retry_after=_RETRY_SECONDS,
        next_step="Nothing: the job is tried again by itself.",
    )


_UPLOAD, _INGESTION, _GENERATION = OutcomeStage.UPLOAD, OutcomeStage.INGESTION, OutcomeStage.GENERATION

FORCED_OUTCOMES = (
    ForcedOutcome(
        name="over-quota",
        example="over-quota.pdf",
        stage=_UPLOAD,
        effect=OutcomeEffect.REFUSED,
        code="quota_exceeded",
        description="The upload is refused with 413: the tenant may not store so much.",
        build_error=_build_quota_error,
    ),
    ForcedOutcome(
        name="too-large",
        example="too-large.mp4",
        stage=_UPLOAD,
        effect=OutcomeEffect.REFUSED,
        code="upload_too_large",
        description="The upload is refused with 413: the file is larger than this server takes.",
        build_error=lambda: UploadTooLarge("The file is larger than is taken."),
    ),
    ForcedOutcome(
        name="wrong-type",
        example="wrong-type.pdf",
        stage=_UPLOAD,
        effect=OutcomeEffect.REFUSED,
        code="type_unsupported",
        description="The upload is refused with 415: files of this type are not read.",
        build_error=lambda: UploadRefused(
            "The file is of a type that cannot be read.",
            code="type_unsupported",
            next_step="Export it as PDF, and send that.",
            status=415,
        ),
    ),
    ForcedOutcome(
        name="too-many-requests",
        example="too-many-requests.pdf",
        stage=_UPLOAD,
        effect=OutcomeEffect.REFUSED,
        code="rate_limited",
        description="The upload is refused with 429, and `Retry-After` says when to try again.",
        build_error=lambda: TooManyRequests("Too many requests of this key.", seconds=_RETRY_SECONDS),
    ),
    ForcedOutcome(
        name="storage-away",
        example="storage-away.pdf",
        stage=_UPLOAD,
        effect=OutcomeEffect.REFUSED,
        code="storage_unavailable",
        description="The upload is refused with 503 and `Retry-After`: the store of the files cannot be reached.",
        build_error=lambda: StorageUnavailable(None, "the store cannot be reached"),
    ),
    ForcedOutcome(
        name="fail-unreadable",
        example="fail-unreadable.pdf",
        stage=_INGESTION,
        effect=OutcomeEffect.FAILED,
        code="damaged",
        description="The file is damaged.",
        build_error=lambda: _fail("The file is damaged.", "damaged"),
    ),
    ForcedOutcome(
        name="fail-encrypted",
        example="fail-encrypted.pdf",
        stage=_INGESTION,
        effect=OutcomeEffect.FAILED,
        code="encrypted",
        description="The file is protected by a password.",
        build_error=lambda: _fail(
            "The file is protected by a password.", "encrypted", "Remove the password and upload it again."
        ),
    ),
    ForcedOutcome(
        name="fail-no-text",
        example="fail-no-text.pdf",
        stage=_INGESTION,
        effect=OutcomeEffect.FAILED,
        code="no_text_found",
        description="The file holds no text, such as a scan that nobody could read.",
        build_error=lambda: _fail(
            "No text was found. The pages are pictures.",
            "no_text_found",
            "Upload a version with a text layer (for a scan: run OCR first), or attach the text itself.",
        ),
    ),
    ForcedOutcome(
        name="fail-timeout",
        example="fail-timeout.docx",
        stage=_INGESTION,
        effect=OutcomeEffect.FAILED,
        code="timed_out",
        description="Reading the file takes too long.",
        build_error=lambda: _fail("Reading the file took too long.", "timed_out", "Split the file."),
    ),
    ForcedOutcome(
        name="fail-memory",
        example="fail-memory.pptx",
        stage=_INGESTION,
        effect=OutcomeEffect.FAILED,
        code="out_of_memory",
        description="Reading the file takes too much memory.",
        build_error=lambda: _fail(
            "Reading the file takes too much memory.",
            "out_of_memory",
            "Split the file, or make its pictures smaller.",
        ),
    ),
    ForcedOutcome(
        name="fail-reader",
        example="fail-reader.docx",
        stage=_INGESTION,
        effect=OutcomeEffect.FAILED,
        code="reader_failed",
        description="The reader breaks on the file.",
        build_error=lambda: _fail("The reader broke on this file.", "reader_failed"),
    ),
    ForcedOutcome(
        name="fail-transcribe",
        example="fail-transcribe.mp4",
        stage=_INGESTION,
        effect=OutcomeEffect.FAILED,
        code="transcript_refused",
        description="The transcript of a recording cannot be right.",
        build_error=lambda: TranscriptRefused("The transcript cannot be right: the same line comes 40 times in a row."),
    ),
    ForcedOutcome(
        name="fail-no-sound",
        example="fail-no-sound.mp4",
        stage=_INGESTION,
        effect=OutcomeEffect.FAILED,
        code="no_sound_and_no_captions",
        description="A recording has no sound and no captions.",
        build_error=lambda: MediaUnreadable(
            "The recording has no sound and no captions that could be used.",
            code="no_sound_and_no_captions",
            next_step="Export it with its sound, or upload captions (.vtt or .srt) of the same name beside it.",
        ),
    ),
    ForcedOutcome(
        name="fail-storage",
        example="fail-storage.pdf",
        stage=_INGESTION,
        effect=OutcomeEffect.FAILED,
        code="stored_file_missing",
        description="The stored file is not there. That is our fault: the job is tried three times, then it fails.",
        build_error=lambda: StoredFileMissing("The stored file is not in the store."),
    ),
    ForcedOutcome(
        name="fail-integrity",
        example="fail-integrity.pdf",
        stage=_INGESTION,
        effect=OutcomeEffect.FAILED,
        code="integrity_broken",
        description="The stored file is not the one that was sent; the entry's state is `integrity_broken`.",
        build_error=lambda: StoredFileBroken("The bytes in the store are not those that were stored."),
    ),
    ForcedOutcome(
        name="fail-once",
        example="fail-once.pdf",
        stage=_INGESTION,
        effect=OutcomeEffect.FAILED_ONCE,
        code="reader_failed",
        description="The job fails; when it is retried (`POST /jobs/{id}/retry`), it completes.",
        build_error=lambda: _fail("The reader broke on this file.", "reader_failed", "Retry the job."),
    ),
    ForcedOutcome(
        name="slow",
        example="slow-60s.mp4",
        stem="slow-[0-9]{1,3}s",
        stage=_INGESTION,
        effect=OutcomeEffect.DELAYED,
        description=(
            f"The job takes as many seconds as the name says, {MAX_SLOW_SECONDS} at most, and shows progress; it can "
            "be cancelled meanwhile."
        ),
    ),
    ForcedOutcome(
        name="partial",
        example="partial.pptx",
        stage=_INGESTION,
        effect=OutcomeEffect.PARTIAL,
        description="The entry is ready, with `warnings` about what could not be read, and one passage in `left_out`.",
    ),
    ForcedOutcome(
        name="budget-exceeded",
        example="budget-exceeded.md",
        stage=_GENERATION,
        effect=OutcomeEffect.REFUSED,
        code="budget_exceeded",
        description="A generation with models of a course that has it is refused with 402.",
        build_error=lambda: BudgetExceeded(
            "This could cost up to $1.0000, but of the month's $1.00 only $0.0000 are left.",
            next_step="Ask the operator of this server to raise the budget, or wait until the next month.",
        ),
    ),
    ForcedOutcome(
        name="models-busy",
        example="models-busy.md",
        stage=_GENERATION,
        effect=OutcomeEffect.DELAYED,
        code="models_exhausted",
        description="Models are busy (their 429): the job of a generation waits for some seconds, then goes on.",
        build_error=_build_busy_error,
    ),
    ForcedOutcome(
        name="refused-lesson",
        example="refused-lesson.md",
        stage=_GENERATION,
        effect=OutcomeEffect.FAILED,
        code="models_exhausted",
        description=(
            "Models refuse the lesson that has it: the generation fails, or with `on_failure=partial` the snapshot "
            "lacks that lesson and `provenance.failures` names it."
        ),
    ),
)


def find_outcome(name: str, stage: OutcomeStage) -> ForcedOutcome | None:
    """Return what a file's name, or an address, forces at this stage."""
    return next((one for one in FORCED_OUTCOMES if one.stage is stage and one.matches(name)), None)


def get_outcome(name: str) -> ForcedOutcome:
    """Return the outcome of the list with this name. Raises KeyError."""
    return {outcome.name: outcome for outcome in FORCED_OUTCOMES}[name]


def get_slow_seconds(name: str) -> int:
    """Return how long the job of a file takes whose name asks for that; 0 for more than MAX_SLOW_SECONDS."""
    found = re.search(r"slow-(\d{1,3})s", PurePosixPath(name).name.casefold())
    seconds = int(found[1]) if found else 0
    return seconds if seconds <= MAX_SLOW_SECONDS else 0
