"""Describe the pictures of an entry's pages and slides by a vision model, and store what it read as chunks."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

from django.conf import settings

from materials.documents import Document, Format, Piece
from materials.entries.submission import resubmit_slide_matching, submit_picture_description
from materials.errors import IngestionFailed
from materials.ingestion.completion import announce_ready_entry, store_result
from materials.ingestion.described_pieces import (
    PICTURE_WARNING_PREFIX,
    build_picture_pieces,
    count_letters_per_page,
    get_page_number,
    merge_picture_pieces,
    normalize_text_per_page,
)
from materials.ingestion.original_pieces import list_original_pieces
from materials.ingestion.recording import record_chunks
from materials.ingestion.services import get_job_entry
from materials.ingestion.vision import ImageDescriber, NamedImage
from materials.models import MaterialEntry
from materials.objects.stored_files import open_entry_copy
from materials.queries import list_lineage, resolve_language
from materials.readers.page_pictures import PagePicture, draw_pictures, get_page_noun
from project import logs
from project.jobs.run import JobRun

# A page that ends the child costs up to its time limit of three minutes. Three in a row mean that it is the file.
MAX_CONSECUTIVE_CRASHES = 3
# On sample PDFs a child took 0.3 s to start and 0.1 s for each page. Pictures (100 KiB on average) stay in memory until
# they have been described, so a crash or a cancelled job wastes few.
PICTURES_PER_CHILD = 8
RETRY_HINT = "Ingest it again when the models answer."

log = logs.get_logger(__name__)


def describe_entry(run: JobRun) -> None:
    """Run the job that describes an entry's pictures. Descriptions of an earlier attempt are not paid again.

    Raises IngestionFailed when the entry has no text of its own and nothing could be read.
    """
    entry = get_job_entry(run)
    own = [piece for piece in list_original_pieces(entry) if not piece.kind.is_machine_written]
    above = list_lineage(tenant=entry.tenant, node_id=entry.node_id)
    describer = ImageDescriber(run, language=resolve_language(entry, above), concurrency=settings.DESCRIBE_AT_ONCE)
    description_pass = _DescriptionPass(run, describer, entry, own)
    with open_entry_copy(entry) as path:
        description_pass.describe_file(path)
    run.checkpoint()
    if not own and not description_pass.pieces:
        raise _build_no_text_error(entry, description_pass.warnings)
    result = {
        "described": len({get_page_number(piece) for piece in description_pass.pieces}),
        "warnings": description_pass.warnings,
    }
    with store_result(run, result=result):
        # Loaded again: hours may have passed since, in which the entry was corrected or replaced.
        current = get_job_entry(run)
        if current.raw_sha256 == entry.raw_sha256:
            _store_descriptions(
                current, description_pass.pieces, description_pass.answered_pages, description_pass.warnings
            )
            resubmit_slide_matching(current)
            announce_ready_entry(run, current)
        else:
            submit_picture_description(current, is_entry_job=False)
    log.info(
        "pictures described",
        entry=str(entry.pk),
        pieces=len(description_pass.pieces),
        warnings=len(description_pass.warnings),
    )


class _DescriptionPass:
    """One run through a file: its new pieces, the pages that a model answered for, and warnings about the others."""

    def __init__(self, run: JobRun, describer: ImageDescriber, entry: MaterialEntry, own: Sequence[Piece]) -> None:
        self.pieces: list[Piece] = []
        self.answered_pages: set[int] = set()
        self._own_warnings: list[str] = []
        self._run = run
        self._describer = describer
        self._format = Format(entry.format)
        self._letter_counts, self._known_words = count_letters_per_page(own), normalize_text_per_page(own)
        self._total = max(1, entry.page_count or 1)

    @property
    def warnings(self) -> list[str]:
        return [*self._own_warnings, *self._describer.warnings]

    def describe_file(self, path: Path) -> None:
        """Draw and describe the pictures, some at a time, until a limit or repeated failures end it."""
        remaining, crashes = settings.DESCRIBE_MOST_PICTURES, 0
        page: int | None = 1
        while page is not None:
            max_pictures = min(max(PICTURES_PER_CHILD, settings.DESCRIBE_AT_ONCE), remaining)
            batch = draw_pictures(
                path, self._format, self._letter_counts, first=page, limit=max_pictures, checkpoint=self._run.checkpoint
            )
            self._own_warnings += batch.warnings
            crashes = crashes + 1 if batch.is_broken else 0
            remaining -= len(batch.pictures)
            page = self._describe_batch(batch.pictures) or batch.next_page
            if page is not None and (why := self._explain_stop(remaining, crashes)):
                self._own_warnings.append(
                    f"From {get_page_noun(self._format).lower()} {page} on, nothing was looked at: {why}"
                )
            if self._describer.has_stopped or remaining <= 0 or crashes == MAX_CONSECUTIVE_CRASHES:
                return

    def _describe_batch(self, pictures: Sequence[PagePicture]) -> int | None:
        """Describe the pictures; return the page of the first that was left out, None if none was."""
        for start in range(0, len(pictures), settings.DESCRIBE_AT_ONCE):
            if self._describer.has_stopped:
                return pictures[start].number
            batch = pictures[start : start + settings.DESCRIBE_AT_ONCE]
            self._run.report_progress("describing", min(batch[0].number, self._total), self._total)
            images = [NamedImage(name=f"{get_page_noun(self._format)} {each.number}", jpeg=each.jpeg) for each in batch]
            for picture, answer in zip(batch, self._describer.describe_images(images), strict=True):
                if answer is not None:
                    self.answered_pages.add(picture.number)
                    known = self._known_words.get(picture.number, "")
                    self.pieces += build_picture_pieces(answer, picture.number, self._format, own_text=known)
        return None

    def _explain_stop(self, left: int, breaks: int) -> str:
        if self._describer.has_failed_repeatedly:
            return f"no model answered. {RETRY_HINT}"
        if left <= 0:
            most = settings.DESCRIBE_MOST_PICTURES
            return f"at most {most} pictures (DESCRIBE_MOST_PICTURES) are looked at in one file."
        return "the file cannot be drawn." if breaks == MAX_CONSECUTIVE_CRASHES else ""


def _store_descriptions(
    entry: MaterialEntry, described: Sequence[Piece], answered_pages: Collection[int], warnings: Sequence[str]
) -> None:
    """Merge the described pieces into the entry's pieces, in the caller's transaction.

    Earlier descriptions of pages that no model answered for in this run are kept.
    """
    pieces = list_original_pieces(entry)
    own = [piece for piece in pieces if not piece.kind.is_machine_written]
    earlier = [piece for piece in pieces if piece.kind.is_machine_written]
    pieces_in_order = merge_picture_pieces(
        own, [*described, *(piece for piece in earlier if get_page_number(piece) not in answered_pages)]
    )
    noun = get_page_noun(Format(entry.format)).lower() + "s"
    count = len({get_page_number(piece) for piece in pieces_in_order if piece.kind.is_machine_written})
    summary = [f"what stands on {count} {noun} was read by a model, which may be wrong."] if count else []
    others = [warning for warning in entry.warnings if not warning.startswith(PICTURE_WARNING_PREFIX)]
    record_chunks(
        entry=entry,
        document=Document(
            pieces=tuple(pieces_in_order),
            title=entry.title,
            page_count=entry.page_count,
            duration_ms=entry.duration_ms,
            warnings=(*others, *(f"{PICTURE_WARNING_PREFIX}{warning}" for warning in [*summary, *warnings])),
            contents=entry.build_contents(),
            metadata=entry.metadata,
        ),
    )


def _build_no_text_error(entry: MaterialEntry, warnings: Sequence[str]) -> IngestionFailed:
    why = " ".join([*entry.warnings, *warnings]) or "The pages are blank."
    return IngestionFailed(
        f"No text was found, and nothing could be read off the pictures. {why}",
        code="no_text_found",
        next_step=f"{RETRY_HINT} Or upload a version with a text layer.",
    )
