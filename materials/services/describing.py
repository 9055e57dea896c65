"""Having a model read and describe what an entry's pages and slides show where they have no text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from django.conf import settings
from django.db import transaction

from materials import queries
from materials.documents import Document, Format, Piece
from materials.errors import IngestionFailed
from materials.models import MaterialEntry
from materials.pictured import PICTURES, letters_of, merged, number_of, pieces_of
from materials.processors.pictures import Drawn, draw
from materials.services.beside import watch_again
from materials.services.ingestion import ingested_entry
from materials.services.locks import lock_tree
from materials.services.looking import Looker, Sight
from materials.services.originals import original_pieces
from materials.services.promising import submit_describing
from materials.services.storing import record
from project import logs
from project.jobs.runner import Run
from project.storage.objects import objects

BREAKS_IN_A_ROW = 3
"""After so many pages that broke the child one after the other, no more are drawn."""
AGAIN = "Ingest it again when the models answer."

log = logs.get(__name__)


def describe_entry(run: Run) -> None:
    """Do the work of describing an entry's pictures. What an earlier try was told costs nothing again.

    Raises IngestionFailed when the entry has no text of its own and nothing could be read.
    """
    entry = ingested_entry(run)
    format_ = Format(entry.format)
    own = [piece for piece in original_pieces(entry) if not piece.kind.is_machine_written]
    above = queries.lineage(tenant=entry.tenant, node_id=entry.node_id)
    looker = Looker(run, language=queries.language_of(entry, above), at_once=settings.DESCRIBE_AT_ONCE)
    with objects().local_copy(entry.object_key) as path:
        seen, told = _look(run, looker, path, entry, letters_of(own))
    run.checkpoint()
    warnings = [*told, *looker.warnings]
    if not own and not seen:
        raise _nothing_read(entry, warnings)
    with transaction.atomic():
        lock_tree(run.tenant)
        now = ingested_entry(run)
        with run.completing(result={"described": len({number_of(piece) for piece in seen}), "warnings": warnings}):
            if now.raw_sha256 == entry.raw_sha256:
                _store(now, seen, format_, warnings)
                watch_again(now)
            else:
                submit_describing(now, is_receipt=False)
    log.info("pictures described", entry=str(entry.pk), pieces=len(seen), warnings=len(warnings))


def _look(
    run: Run, looker: Looker, path: Path, entry: MaterialEntry, letters: Counter[int]
) -> tuple[list[Piece], list[str]]:
    """Draw and look, some pictures at a time; return what was seen and what could not be drawn."""
    format_ = Format(entry.format)
    noun = _noun(format_)
    total = max(1, entry.page_count or 1)
    seen: list[Piece] = []
    told: list[str] = []
    left, breaks = settings.DESCRIBE_MOST_PICTURES, 0
    page: int | None = 1
    while page is not None and not looker.has_stopped:
        run.progress("describing", min(page, total), total)
        batch = draw(
            path, format_, letters, first=page, most=min(settings.DESCRIBE_AT_ONCE, left), checkpoint=run.checkpoint
        )
        told += batch.warnings
        breaks = breaks + 1 if batch.is_broken else 0
        seen += _seen(looker, batch.pictures, noun, format_)
        left -= len(batch.pictures)
        page = batch.next
        if page is not None and left <= 0:
            told.append(f"From {noun.lower()} {page} on, nothing was looked at: {_most()} are looked at in one file.")
            break
        if breaks == BREAKS_IN_A_ROW:
            told.append(f"From {noun.lower()} {page} on, nothing was looked at: the file cannot be drawn.")
            break
    if looker.is_out_of_luck and page is not None:
        told.append(f"From {noun.lower()} {page} on, nothing was looked at: no model answered. {AGAIN}")
    return seen, told


def _noun(format_: Format) -> str:
    return "Slide" if format_ is Format.PPTX else "Page"


def _most() -> str:
    return f"at most {settings.DESCRIBE_MOST_PICTURES} pictures (DESCRIBE_MOST_PICTURES)"


def _seen(looker: Looker, pictures: Sequence[Drawn], noun: str, format_: Format) -> list[Piece]:
    sights = [Sight(name=f"{noun} {picture.number}", jpeg=picture.jpeg) for picture in pictures]
    return [
        piece
        for picture, answer in zip(pictures, looker.look(sights), strict=True)
        if answer is not None
        for piece in pieces_of(answer, picture.number, format_)
    ]


def _store(entry: MaterialEntry, seen: Sequence[Piece], format_: Format, warnings: Sequence[str]) -> None:
    """Put what was seen among the pieces that the entry has by now, in the caller's transaction."""
    pieces = original_pieces(entry)
    own = [piece for piece in pieces if not piece.kind.is_machine_written]
    kept = [piece for piece in pieces if piece.kind.is_machine_written]
    together = merged(own, _with_earlier(seen, kept))
    noun = _noun(format_).lower() + "s"
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


def _with_earlier(seen: Sequence[Piece], kept: Sequence[Piece]) -> list[Piece]:
    """Return what was seen now, and of pages that nobody could look at now what was seen before."""
    now = {number_of(piece) for piece in seen}
    return [*seen, *(piece for piece in kept if number_of(piece) not in now)]


def _nothing_read(entry: MaterialEntry, warnings: Sequence[str]) -> IngestionFailed:
    why = " ".join([*entry.warnings, *warnings]) or "The pages are blank."
    return IngestionFailed(
        f"No text was found, and nothing could be read off the pictures. {why}",
        code="no_text_found",
        next_step=f"{AGAIN} Or upload a version with a text layer.",
    )
