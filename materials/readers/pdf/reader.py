"""Read PDFs by pypdfium2: pages keep their numbers, headings are found, running heads are left out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import pypdfium2 as pdfium

from materials.documents import ChunkKind, Contents, Document, LeftOutKind, Locator, Piece
from materials.readers.base.encodings import clean_text
from materials.readers.base.errors import UnreadableDocument
from materials.readers.base.left_out import LeftOutCollector
from materials.readers.base.pieces import collapse_whitespace, format_page_numbers
from materials.readers.base.printed_contents import PrintedEntry, follow_entries
from materials.readers.pdf.annotations import read_attachment_names
from materials.readers.pdf.furniture import drop_furniture
from materials.readers.pdf.layers import LayerSwitch, has_layers
from materials.readers.pdf.layout import build_pieces
from materials.readers.pdf.outline import Outline, build_contents
from materials.readers.pdf.page import Page, read_pages
from materials.readers.pdf.page_words import place_pieces
from materials.readers.pdf.printed_contents import Entry, find_entries
from materials.readers.pdf.table_heads import repeat_table_heads

# A textbook has a thousand pages. All pages are held at once, because running heads and type sizes are found across
# them.
MAX_PAGES = 3_000
# Bytes. PDFium reads a file by small blocks, which takes a twentieth of its time; files up to this size it is given
# whole.
_MAX_IN_MEMORY = 32 * 2**20
# Files that a warning names; all of them are listed in what is left out.
_MAX_NAMED_FILES = 5
_UNSEEN_KINDS = (LeftOutKind.HIDDEN_LAYER, LeftOutKind.HIDDEN_TEXT, LeftOutKind.OUTSIDE_PAGE)


def read(path: Path) -> Document:
    """Return the pieces of a PDF; pages that cannot be read are named in warnings.

    Raises UnreadableDocument for files that are damaged, encrypted or longer than MAX_PAGES.
    """
    source = path.read_bytes() if path.stat().st_size <= _MAX_IN_MEMORY else path
    try:
        document = pdfium.PdfDocument(source)
    except pdfium.PdfiumError as exc:
        if "password" in str(exc).lower():
            raise UnreadableDocument(
                "The PDF is protected by a password.",
                code="encrypted",
                next_step="Remove the password and upload it again.",
            ) from exc
        raise UnreadableDocument("The PDF is damaged.", code="damaged") from exc
    try:
        with suppress(pdfium.PdfiumError):  # a damaged form must not cost the text around it
            document.init_forms()
        count = len(document)
        if count > MAX_PAGES:
            raise UnreadableDocument(
                f"The PDF has {count} pages; at most {MAX_PAGES} are read.", code="too_large", next_step="Split it."
            )
        pages, failed = _read_pages(document, count, LayerSwitch() if has_layers(source) else None)
        attachments = read_attachment_names(document.raw)
        title = collapse_whitespace(clean_text(document.get_metadata_value("Title") or ""))
        return _build_document(pages, failed, attachments, Outline(document), count, title)
    finally:
        document.close()


def _find_contents(
    outline: Outline, entries: Sequence[Entry], pieces: Sequence[Piece], page_count: int
) -> Contents | None:
    """Return the bookmarks, else what a printed table of contents leads to."""
    printed = [PrintedEntry(title=entry.title, depth=entry.depth) for entry in entries]
    return build_contents(outline.bookmarks, page_count=page_count) or follow_entries(printed, pieces)


def _read_pages(document: pdfium.PdfDocument, count: int, layers: LayerSwitch | None) -> tuple[list[Page], list[int]]:
    pages: list[Page] = []
    failed = []
    for index in range(count):
        try:
            pages += read_pages(document, index, layers)
        except pdfium.PdfiumError:  # a damaged page must not cost the others
            failed.append(index + 1)
    return pages, failed


def _build_document(
    pages: list[Page], failed: list[int], attachments: list[str], outline: Outline, count: int, title: str
) -> Document:
    noisy = [page.number for page in pages if page.is_noise]
    readable = [page for page in pages if not page.is_noise]
    left_out = LeftOutCollector()
    for page in pages:
        for kind, text in page.left_out:
            left_out.add(kind, text, Locator(page=page.number))
    for number in failed:
        left_out.add(LeftOutKind.DAMAGED, locator=Locator(page=number))
    for name in attachments:
        left_out.add(LeftOutKind.ATTACHMENT, name)
    drop_furniture(readable, outline, left_out)
    repeat_table_heads(readable)
    spoken = {page.number for page in readable if page.has_letters}
    silent = sorted({page.number for page in readable} - spoken)
    warnings = []
    if failed:
        warnings.append(f"Pages that could not be read: {format_page_numbers(failed)}.")
    if noisy:
        warnings.append(
            f"The text layer of these pages is noise and was not used: {format_page_numbers(noisy)}. "
            "Where no model reads them as pictures, upload the PDF's source, or export it again by another program."
        )
    if silent:
        warnings.append(f"Pages without text, probably pictures or scans: {format_page_numbers(silent)} of {count}.")
    warnings += _build_omission_warnings(pages, attachments)
    entries = find_entries(readable)
    words = {page.number: page.words for page in readable if page.words is not None}
    found = tuple(place_pieces(build_pieces(readable, entries, left_out, outline), words))
    own = next((p.text for p in found if p.kind is ChunkKind.HEADING), "")
    return Document(
        pieces=found,
        title=own or title,
        page_count=count,
        warnings=tuple(warnings),
        left_out=left_out.build(),
        contents=_find_contents(outline, entries, found, count),
    )


def _build_omission_warnings(pages: list[Page], attachments: list[str]) -> Iterator[str]:
    """Yield what a teacher may miss: comments, attached files, and text that a program would read but nobody sees."""
    kinds: defaultdict[LeftOutKind, list[int]] = defaultdict(list)
    files = list(attachments)
    for page in pages:
        for kind, text in page.left_out:
            kinds[kind].append(page.number)
            if kind is LeftOutKind.ATTACHMENT:
                files.append(text)
    if numbers := kinds[LeftOutKind.COMMENT]:
        yield f"Comments were left out: pages {format_page_numbers(sorted(set(numbers)))}."
    if files:
        named = ", ".join(sorted(set(filter(None, files)))[:_MAX_NAMED_FILES])
        yield f"Files attached to the PDF are not read{': ' if named else ''}{named}. Send them by themselves."
    if numbers := [number for kind in _UNSEEN_KINDS for number in kinds[kind]]:
        yield (
            "Text that is not shown (in layers that are off, white on white, tiny, or outside of the page) was left "
            f"out: pages {format_page_numbers(sorted(set(numbers)))}."
        )
    if numbers := kinds[LeftOutKind.FORM_FIELD]:
        yield f"Hidden form fields were left out: pages {format_page_numbers(sorted(set(numbers)))}."
