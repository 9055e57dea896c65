"""The passages around the quotes of a snapshot as they stand today, with pictures of cited pages and moments."""

from __future__ import annotations

import contextlib
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from django.db.models import Q
from django.db.models.functions import MD5

from materials.documents import ChunkKind, Format
from materials.errors import StoredFileBroken, StoredFileMissing
from materials.fingerprints import compute_text_digest
from materials.models import Chunk, KeyFrame, MaterialEntry
from materials.objects.stored_files import open_entry_copy, refuse_missing_file
from materials.readers.passage_pictures import draw_passage
from project.storage.objects import get_object_storage
from structures.exports.base import ExportedPassage
from structures.grounding.passage_lines import TALK_NEIGHBOURS, TEXT_NEIGHBOURS, PassageLine, build_line
from structures.grounding.quotes import split_at_quote
from structures.models import Reference, StructureSnapshot

# References whose chunks are read at a time: some hundred kilobytes of text, and a condition for each.
_AT_ONCE = 100


def can_draw_page(reference: Reference, entry: MaterialEntry) -> bool:
    """Tell whether the page that is cited can be shown as a picture: of PDF alone, in the version that was quoted."""
    is_stored = bool(entry.object_key) and entry.format == Format.PDF
    return is_stored and reference.page is not None and entry.fingerprint == reference.entry_fingerprint


class PassageReader:
    """Reads the passages of a snapshot, as often as it is called. It remembers which pictures could not be drawn."""

    def __init__(self, snapshot: StructureSnapshot) -> None:
        self._snapshot = snapshot
        self._undrawn: set[UUID] = set()

    def __call__(self) -> Iterator[ExportedPassage]:
        """Yield the passages. Three statements, and three more for each hundred of references."""
        rows = Reference.objects.filter(tenant=self._snapshot.tenant_id, snapshot=self._snapshot)
        distinct = {_identify(row): row for row in rows.order_by("-pk").iterator()}
        references = sorted(distinct.values(), key=lambda row: (row.entry_path, str(row.entry_id), str(row.pk)))
        ids = {row.entry_id for row in references}
        entries = MaterialEntry.objects.for_tenant(self._snapshot.tenant).in_bulk(list(ids))
        frames = self._load_frames(ids)
        for first in range(0, len(references), _AT_ONCE):
            batch = references[first : first + _AT_ONCE]
            lines = self._load_lines(batch)
            for entry_id, rows_of_one in groupby(batch, key=lambda row: row.entry_id):
                with contextlib.ExitStack() as stack:
                    copy = _EntryCopy(stack, entries.get(entry_id))
                    for row in rows_of_one:
                        yield self._build(row, lines.get(row.pk, []), copy, frames.get(entry_id, []))

    def _build(
        self, row: Reference, lines: Sequence[PassageLine], copy: _EntryCopy, frames: Sequence[_Frame]
    ) -> ExportedPassage:
        draw, reason = self._find_picture(row, copy, frames)
        return ExportedPassage(
            reference=row,
            lines=lines,
            is_deleted=copy.entry is None,
            draw_picture=None if draw is None else partial(self._draw, row.pk, draw),
            no_picture=reason,
        )

    def _find_picture(
        self, row: Reference, copy: _EntryCopy, frames: Sequence[_Frame]
    ) -> tuple[Callable[[], bytes | None] | None, str]:
        """Return how to draw the picture of a reference, and else why there is none."""
        entry = copy.entry
        if entry is None:
            return None, ""
        if row.pk in self._undrawn:
            return None, "The picture could not be drawn: the stored file is damaged or missing."
        if can_draw_page(row, entry):
            return partial(_draw_page, row, copy), ""
        if row.start_ms is not None and entry.format == Format.VIDEO:
            at = bisect_right(frames, row.start_ms, key=lambda frame: frame.start_ms) - 1
            if at >= 0:
                return partial(_read_frame, frames[at], entry.name), ""
            return None, "No pictures were stored of what the video shows there."
        if row.page is not None:
            return None, "The page is not drawn: its file is no PDF, or was replaced since."
        return None, "Slides are not drawn." if row.slide is not None else ""

    def _draw(self, key: UUID, draw: Callable[[], bytes | None]) -> bytes | None:
        picture = None
        with contextlib.suppress(StoredFileMissing, StoredFileBroken):
            picture = draw()
        if picture is None:
            self._undrawn.add(key)
        return picture

    def _load_frames(self, ids: Iterable[UUID]) -> dict[UUID, list[_Frame]]:
        rows = KeyFrame.objects.for_tenant(self._snapshot.tenant).filter(entry__in=list(ids))
        frames: dict[UUID, list[_Frame]] = {}
        for entry_id, start_ms, key in rows.order_by("start_ms").values_list("entry_id", "start_ms", "object_key"):
            frames.setdefault(entry_id, []).append(_Frame(start_ms, key))
        return frames

    def _load_lines(self, references: Sequence[Reference]) -> dict[UUID, list[PassageLine]]:
        """Return the lines around the quotes, by the ids of the references; none of quotes that are not found."""
        quoted = self._find_quoted_chunks(references)
        if not quoted:
            return {}
        near = Q()
        for each in quoted.values():
            near |= _select_neighbours(each)
        rows = Chunk.objects.for_tenant(self._snapshot.tenant).filter(near).without_word_boxes().order_by("position")
        chunks: dict[UUID, list[Chunk]] = {}
        for row in rows:
            chunks.setdefault(row.entry_id, []).append(row)
        return {
            reference.pk: [
                build_line(row, reference.quote) if row.pk == chunk.pk else build_line(row)
                for row in chunks[chunk.entry_id]
                if _is_near(row, chunk)
            ]
            for reference in references
            if (chunk := quoted.get(reference.pk)) is not None
        }

    def _find_quoted_chunks(self, references: Sequence[Reference]) -> Mapping[UUID, Chunk]:
        """Return the chunks that hold the quotes: the same as then, or others of the entry with the same text."""
        rows = Chunk.objects.for_tenant(self._snapshot.tenant).without_word_boxes()
        same = rows.in_bulk([each.chunk_id for each in references])
        missing = [each for each in references if each.chunk_id not in same and each.chunk_digest]
        # An ingestion replaces all chunks of an entry, also when its text stays as it is.
        others = (
            rows.filter(entry__in={each.entry_id for each in missing})
            .annotate(digest=MD5("text"))
            .filter(digest__in={each.chunk_digest for each in missing})
            .order_by("-position")
        )
        alike = {(row.entry_id, compute_text_digest(row.text)): row for row in others} if missing else {}
        found = {
            each.pk: same.get(each.chunk_id) or alike.get((each.entry_id, each.chunk_digest)) for each in references
        }
        return {
            each.pk: chunk
            for each in references
            if (chunk := found[each.pk]) is not None
            and chunk.entry_id == each.entry_id
            and split_at_quote(chunk.text, each.quote) is not None
        }


class _Frame(NamedTuple):
    start_ms: int
    object_key: str


class _EntryCopy:
    """A copy of an entry's file on this machine, made when it is first needed. `entry` is None for a deleted one."""

    def __init__(self, stack: contextlib.ExitStack, entry: MaterialEntry | None) -> None:
        self.entry = entry
        self._stack = stack
        self._path: Path | None = None

    def open(self) -> Path:
        assert self.entry is not None
        if self._path is None:
            self._path = self._stack.enter_context(open_entry_copy(self.entry))
        return self._path


def _draw_page(row: Reference, copy: _EntryCopy) -> bytes | None:
    assert row.page is not None
    picture = draw_passage(copy.open(), page=row.page, passage=row.quote, place=row.locator.words)
    return None if picture is None else picture.jpeg


def _read_frame(frame: _Frame, name: str) -> bytes:
    with refuse_missing_file(name), get_object_storage().open(frame.object_key) as file:
        return file.read()


def _identify(row: Reference) -> tuple[object, ...]:
    """Return what tells a passage from others: references of several nodes may cite one."""
    return (row.entry_id, row.entry_path, row.quote, row.locator)


def _count_neighbours(chunk: Chunk) -> int:
    return TALK_NEIGHBOURS if chunk.kind == ChunkKind.TRANSCRIPT else TEXT_NEIGHBOURS


def _select_neighbours(chunk: Chunk) -> Q:
    reach = _count_neighbours(chunk)
    return Q(entry=chunk.entry_id, position__range=(chunk.position - reach, chunk.position + reach))


def _is_near(row: Chunk, chunk: Chunk) -> bool:
    is_within = abs(row.position - chunk.position) <= _count_neighbours(chunk)
    return is_within and (row.page, row.slide) == (chunk.page, chunk.slide)
