"""Read the addresses that links on a page of a PDF lead to, and on which characters they stand."""

from __future__ import annotations

import ctypes
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import pypdfium2.raw as raw

from materials.readers.pdf.lines import Line
from materials.readers.pdf.text_page import TextPage

# Links of a page and bytes of an address: no page has so many, and addresses of entries are no longer.
_MAX_LINKS = 5_000
_MAX_LENGTH = 2_000
# Where the box of a link is asked for a character, as shares of its width from the left: its middle may be a space.
_PROBES = (0.5, 0.25, 0.75, 0.05, 0.95)
# Points: how far the character may be from there.
_TOLERANCE = 2.0


class PageLink(NamedTuple):
    """An address and the place, in the text of the page, of a character that leads there; -1 for a picture."""

    target: str
    place: int


def read_links(document: raw.FPDF_DOCUMENT, handle: raw.FPDF_PAGE, page: TextPage) -> list[PageLink]:
    """Return the links of a page to addresses, not those to other pages of the document, in the file's order."""
    found: list[PageLink] = []
    position, link = ctypes.c_int(0), raw.FPDF_LINK()
    while len(found) < _MAX_LINKS and raw.FPDFLink_Enumerate(handle, ctypes.byref(position), ctypes.byref(link)):
        if target := _read_target(document, link):
            found.append(PageLink(target, _find_character(link, page)))
    return found


def list_targets(links: Sequence[PageLink], lines: Iterable[Line]) -> Iterator[str]:
    """Yield the addresses of those links of a page that stand in some of its lines."""
    if links:
        for line in lines:
            if not line.is_turned:  # its indexes are those of the page turned so
                yield from (link.target for link in links if line.start <= link.place < line.end)


def _read_target(document: raw.FPDF_DOCUMENT, link: raw.FPDF_LINK) -> str:
    action = raw.FPDFLink_GetAction(link)
    if not action or raw.FPDFAction_GetType(action) != raw.PDFACTION_URI:
        return ""
    length = raw.FPDFAction_GetURIPath(document, action, None, 0)
    if not 1 < length <= _MAX_LENGTH:
        return ""
    buffer = ctypes.create_string_buffer(length)
    raw.FPDFAction_GetURIPath(document, action, buffer, length)
    return buffer.value.decode("utf-8", "replace").strip()


def _find_character(link: raw.FPDF_LINK, page: TextPage) -> int:
    box = raw.FS_RECTF()
    if not raw.FPDFLink_GetAnnotRect(link, ctypes.byref(box)):
        return -1
    # In the coordinates of the page, as PDFium has those of its characters.
    middle = (box.top + box.bottom) / 2
    for share in _PROBES:
        left = box.left + share * (box.right - box.left)
        index: int = raw.FPDFText_GetCharIndexAtPos(page.handle, left, middle, _TOLERANCE, _TOLERANCE)
        if index >= 0:
            return index
    return -1
