"""Read an entry's stored file into a document, and decide whether it has enough text."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from materials.documents import Document, Format
from materials.entries.url_metadata import parse_charset
from materials.errors import IngestionFailed
from materials.ingestion.described_pieces import DESCRIBED_FORMATS, PICTURE_WARNING_PREFIX, has_pages_without_text
from materials.ingestion.forced import force_partial_result
from materials.ingestion.original_pieces import merge_earlier_descriptions
from materials.ingestion.vision import why_no_vision_model
from materials.models import MaterialEntry
from materials.objects.stored_files import open_entry_copy
from materials.readers.base.errors import UnreadableDocument
from materials.readers.isolation import read_fetched_file, read_isolated


@dataclass(frozen=True, kw_only=True)
class EntryReading:
    """The document of an entry's file.

    It has pieces, or pages whose pictures a vision model will describe, or a table of contents or metadata alone.

    `needs_description` tells whether pictures are to be described.
    """

    document: Document
    needs_description: bool

    @property
    def chunk_count(self) -> int:
        return len(self.document.pieces)

    @property
    def waits_for_description(self) -> bool:
        """Tell whether the entry has no text before its pictures are described."""
        return self.needs_description and not self.document.pieces


def read_entry(entry: MaterialEntry, *, checkpoint: Callable[[], None]) -> EntryReading:
    """Read the entry's stored file, and add the stored image descriptions of the same bytes.

    Stores nothing and holds no transaction; uses the fields of `entry` as they are, saved or not. Raises
    IngestionFailed for a file that cannot be read or has no text, and what `checkpoint` raises.
    """
    document = _read_file(entry, checkpoint)
    checkpoint()
    is_described = Format(entry.format) in DESCRIBED_FORMATS
    no_vision_reason = why_no_vision_model(entry.tenant) if is_described else ""
    needs_description = is_described and not no_vision_reason
    document = merge_earlier_descriptions(entry, document)
    # A scan has no text yet, but its pages can be described; then the job of the description decides.
    if not (holds_enough(document, Format(entry.format)) or (needs_description and document.page_count)):
        raise _build_no_text_error(document, no_vision_reason)
    if no_vision_reason and has_pages_without_text(document):
        document = replace(document, warnings=(*document.warnings, f"{PICTURE_WARNING_PREFIX}{no_vision_reason}"))
    return EntryReading(document=force_partial_result(entry, document), needs_description=needs_description)


def holds_enough(document: Document, format_: Format) -> bool:
    """Tell whether an entry is ready with the document: it has text, or is of a format that can do without.

    A contents file has none, and the index page of a folder may have only a front matter. The bookmarks of a scan do
    not make up for its text.
    """
    return bool(document.pieces) or (document.has_other_content and format_ not in DESCRIBED_FORMATS)


def _read_file(entry: MaterialEntry, checkpoint: Callable[[], None]) -> Document:
    format_ = Format(entry.format)
    try:
        with open_entry_copy(entry) as path:
            # An uploaded page is read whole, a fetched one for its main text, in the encoding that its server named.
            if entry.fetched_at is None:
                return read_isolated(path, format_, name=entry.name, checkpoint=checkpoint)
            return read_fetched_file(
                path,
                format_,
                name=entry.name,
                charset=parse_charset(entry.content_type),
                checkpoint=checkpoint,
            )
    except UnreadableDocument as exc:
        raise IngestionFailed(str(exc), code=exc.code, next_step=exc.next_step) from exc


def _build_no_text_error(document: Document, no_vision_reason: str) -> IngestionFailed:
    why = " ".join(filter(None, [*document.warnings, no_vision_reason])) or "The file holds no text."
    return IngestionFailed(
        f"No text was found. {why}",
        code="no_text_found",
        next_step="Upload a version with a text layer (for a scan: run OCR first), or attach the text itself.",
    )
