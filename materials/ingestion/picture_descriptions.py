"""Having a model read and describe what an entry's pages and slides show where they have no text."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

from django.conf import settings
from django.db import transaction

from materials.documents import Document, Format, Piece
from materials.entries.sidecar_captions import watch_again
from materials.entries.submission import submit_describing
from materials.errors import IngestionFailed
from materials.ingestion.described_pieces import PICTURES, letters_of, merged, number_of, pieces_of, words_of
from materials.ingestion.original_pieces import original_pieces
from materials.ingestion.recording import record
from materials.ingestion.services import ingested_entry
from materials.ingestion.vision import Looker, Sight
from materials.locks import lock_tree
from materials.models import MaterialEntry
from materials.queries import list_lineage, resolve_language
from materials.readers.page_pictures import Drawn, draw, noun_of
from project import logs
from project.jobs.runner import JobRun
from project.storage.objects import get_object_storage

BREAKS_IN_A_ROW = 3
"""After so many pages that broke the child one after the other, no more are drawn."""
DRAWN_AT_ONCE = 8
"""So many pictures are drawn by one child: they are kept in memory until they have been looked at."""
AGAIN = "Ingest it again when the models answer."

log = logs.get_logger(__name__)


def describe_entry(run: JobRun) -> None:
    """Do the work of describing an entry's pictures. What an earlier try was told costs nothing again.

    Raises IngestionFailed when the entry has no text of its own and nothing could be read.
    """
    entry = ingested_entry(run)
    own = [piece for piece in original_pieces(entry) if not piece.kind.is_machine_written]
    above = list_lineage(tenant=entry.tenant, node_id=entry.node_id)
    looker = Looker(run, language=resolve_language(entry, above), at_once=settings.DESCRIBE_AT_ONCE)
    found = _Round(run, looker, entry, own)
    with get_object_storage().open_local_copy(entry.object_key) as path:
        found.go(path)
    run.checkpoint()
    if not own and not found.seen:
        raise _nothing_read(entry, found.warnings)
    result = {"described": len({number_of(piece) for piece in found.seen}), "warnings": found.warnings}
    with transaction.atomic():
        lock_tree(run.tenant)
        now = ingested_entry(run)
        with run.complete_job(result=result):
            if now.raw_sha256 == entry.raw_sha256:
                _store(now, found.seen, found.answered, found.warnings)
                watch_again(now)
            else:
                submit_describing(now, is_receipt=False)
    log.info("pictures described", entry=str(entry.pk), pieces=len(found.seen), warnings=len(found.warnings))


class _Round:
    """One look through a file: what was seen, on which pages a model answered, and what could not be looked at."""

    def __init__(self, run: JobRun, looker: Looker, entry: MaterialEntry, own: Sequence[Piece]) -> None:
        self.seen: list[Piece] = []
        self.answered: set[int] = set()
        self._told: list[str] = []
        self._run = run
        self._looker = looker
        self._format = Format(entry.format)
        self._letters, self._words = letters_of(own), words_of(own)
        self._total = max(1, entry.page_count or 1)

    @property
    def warnings(self) -> list[str]:
        return [*self._told, *self._looker.warnings]

    def go(self, path: Path) -> None:
        """Draw and look, some pictures at a time."""
        left, breaks = settings.DESCRIBE_MOST_PICTURES, 0
        page: int | None = 1
        while page is not None:
            most = min(max(DRAWN_AT_ONCE, settings.DESCRIBE_AT_ONCE), left)
            batch = draw(path, self._format, self._letters, first=page, most=most, checkpoint=self._run.checkpoint)
            self._told += batch.warnings
            breaks = breaks + 1 if batch.is_broken else 0
            left -= len(batch.pictures)
            page = self._look(batch.pictures) or batch.next
            if page is not None and (why := self._why_stop(left, breaks)):
                self._told.append(f"From {noun_of(self._format).lower()} {page} on, nothing was looked at: {why}")
            if self._looker.has_stopped or left <= 0 or breaks == BREAKS_IN_A_ROW:
                return

    def _look(self, pictures: Sequence[Drawn]) -> int | None:
        """Have the pictures described; return the page of the first that was left, None when none was."""
        for start in range(0, len(pictures), settings.DESCRIBE_AT_ONCE):
            if self._looker.has_stopped:
                return pictures[start].number
            some = pictures[start : start + settings.DESCRIBE_AT_ONCE]
            self._run.report_progress("describing", min(some[0].number, self._total), self._total)
            sights = [Sight(name=f"{noun_of(self._format)} {each.number}", jpeg=each.jpeg) for each in some]
            for picture, answer in zip(some, self._looker.look(sights), strict=True):
                if answer is not None:
                    self.answered.add(picture.number)
                    known = self._words.get(picture.number, "")
                    self.seen += pieces_of(answer, picture.number, self._format, known=known)
        return None

    def _why_stop(self, left: int, breaks: int) -> str:
        if self._looker.is_out_of_luck:
            return f"no model answered. {AGAIN}"
        if left <= 0:
            most = settings.DESCRIBE_MOST_PICTURES
            return f"at most {most} pictures (DESCRIBE_MOST_PICTURES) are looked at in one file."
        return "the file cannot be drawn." if breaks == BREAKS_IN_A_ROW else ""


def _store(entry: MaterialEntry, seen: Sequence[Piece], answered: Collection[int], warnings: Sequence[str]) -> None:
    """Put what was seen among the pieces that the entry has by now, in the caller's transaction.

    What was seen before on pages of which no model said anything now stays.
    """
    pieces = original_pieces(entry)
    own = [piece for piece in pieces if not piece.kind.is_machine_written]
    kept = [piece for piece in pieces if piece.kind.is_machine_written]
    together = merged(own, [*seen, *(piece for piece in kept if number_of(piece) not in answered)])
    noun = noun_of(Format(entry.format)).lower() + "s"
    count = len({number_of(piece) for piece in together if piece.kind.is_machine_written})
    summary = [f"what stands on {count} {noun} was read by a model, which may be wrong."] if count else []
    others = [warning for warning in entry.warnings if not warning.startswith(PICTURES)]
    record(
        entry=entry,
        document=Document(
            pieces=tuple(together),
            title=entry.title,
            page_count=entry.page_count,
            duration_ms=entry.duration_ms,
            warnings=(*others, *(f"{PICTURES}{warning}" for warning in [*summary, *warnings])),
        ),
    )


def _nothing_read(entry: MaterialEntry, warnings: Sequence[str]) -> IngestionFailed:
    why = " ".join([*entry.warnings, *warnings]) or "The pages are blank."
    return IngestionFailed(
        f"No text was found, and nothing could be read off the pictures. {why}",
        code="no_text_found",
        next_step=f"{AGAIN} Or upload a version with a text layer.",
    )
