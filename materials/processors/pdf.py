"""PDF to pieces by pypdfium2: pages keep their numbers, headings are told by type size, furniture is left out."""

from __future__ import annotations

import re
import statistics
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pypdfium2 as pdfium
import pypdfium2.raw as raw

from materials.documents import ChunkKind, Document, Locator
from materials.processors.encodings import clean
from materials.processors.errors import UnreadableDocument
from materials.processors.pieces import Pieces, item, numbers, one_line

MAX_PAGES = 3_000

_BULLET = re.compile(r"^\s*(?:[•●○◦▪▫■□‣⁃·∙–*-]|o(?=\s))\s+(?=\S)")
_NUMBERED = re.compile(r"^\s*(\d{1,3})[.)]\s+(?=\S)")
_DIGITS = re.compile(r"\d+")
_HEADING_RATIO = 1.15
_LONGEST_HEADING = 140


@dataclass(frozen=True, kw_only=True)
class _Line:
    text: str
    size: float
    top: float
    bottom: float
    left: float


@dataclass(kw_only=True)
class _Page:
    number: int
    width: float
    height: float
    lines: list[_Line] = field(default_factory=list)
    is_noise: bool = False

    @property
    def is_slide(self) -> bool:
        return self.width > self.height * 1.1


def read(path: Path) -> Document:
    """Read a PDF. Raises UnreadableDocument."""
    try:
        document = pdfium.PdfDocument(path)
    except pdfium.PdfiumError as exc:
        if "password" in str(exc).lower():
            raise UnreadableDocument(
                "The PDF is protected by a password.",
                code="encrypted",
                next_step="Remove the password and upload it again.",
            ) from exc
        raise UnreadableDocument("The PDF is damaged.", code="damaged") from exc
    try:
        count = len(document)
        if count > MAX_PAGES:
            raise UnreadableDocument(
                f"The PDF has {count} pages; at most {MAX_PAGES} are read.", code="too_large", next_step="Split it."
            )
        pages, failed = _pages(document, count)
        title = one_line(clean(document.get_metadata_value("Title") or ""))
    finally:
        document.close()
    return _document(pages, failed, count, title)


def _pages(document: pdfium.PdfDocument, count: int) -> tuple[list[_Page], list[int]]:
    pages, failed = [], []
    for index in range(count):
        try:
            pages.append(_page(document, index))
        except pdfium.PdfiumError:
            failed.append(index + 1)
    return pages, failed


def _document(pages: list[_Page], failed: list[int], count: int, title: str) -> Document:
    noisy = [page.number for page in pages if page.is_noise]
    silent = [page.number for page in pages if not page.lines and not page.is_noise]
    warnings = []
    if failed:
        warnings.append(f"Pages that could not be read: {numbers(failed)}.")
    if noisy:
        warnings.append(f"The text layer of these pages is noise and was not used: {numbers(noisy)}.")
    if silent:
        warnings.append(f"Pages without text, probably pictures or scans: {numbers(silent)} of {count}.")
    readable = [page for page in pages if not page.is_noise]
    _drop_furniture(readable)
    pieces = Pieces()
    body = _body_size([line for page in readable for line in page.lines])
    sizes = _heading_sizes(readable, body)
    for page in readable:
        if page.is_slide:
            pieces.start_over()
            _slide(page, pieces)
        else:
            _flow(page, pieces, body, sizes)
    found = tuple(pieces.found)
    own = next((p.text for p in found if p.kind is ChunkKind.HEADING), "")
    return Document(pieces=found, title=own or title, page_count=count, warnings=tuple(warnings))


def _page(document: pdfium.PdfDocument, index: int) -> _Page:
    page = document[index]
    try:
        width, height = page.get_size()
        text_page = page.get_textpage()
        try:
            text = text_page.get_text_range()
            found = _Page(number=index + 1, width=width, height=height, is_noise=_is_noise(text))
            if not found.is_noise:
                found.lines = _lines(text_page, text, height)
            return found
        finally:
            text_page.close()
    finally:
        page.close()


def _lines(text_page: pdfium.PdfTextPage, text: str, height: float) -> list[_Line]:
    lines = []
    position = 0
    for given in text.split("\n"):
        words = clean(given.rstrip("\r")).replace("\ufffe", "-").replace("\u00ad", "-").rstrip()
        if words.strip():
            first = position + len(given) - len(given.lstrip())
            char = raw.FPDFText_GetCharIndexFromTextIndex(text_page, first)
            size = raw.FPDFText_GetFontSize(text_page, char) if char >= 0 else 0.0
            left, bottom, _right, top = text_page.get_charbox(char, loose=True) if char >= 0 else (0.0, 0.0, 0.0, 0.0)
            drawn = _drawn(size, top - bottom)
            lines.append(_Line(text=words, size=drawn, top=height - top, bottom=height - bottom, left=left))
        position += len(given) + 1
    return lines


def _drawn(size: float, box: float) -> float:
    """Return the size of the type as it is drawn: some files set 1 pt and scale it."""
    return round(box * 0.86, 1) if size < 3 < box else round(size, 1)


def _is_noise(text: str) -> bool:
    """Tell whether a text layer has no sense: a font without a map gives replacement marks and private characters."""
    marks = [c for c in text if not c.isspace()]
    if len(marks) < 20:
        return False
    odd = sum((unicodedata.category(c) in {"Co", "Cn", "Cc"} and c != "\ufffe") or c == "\ufffd" for c in marks)
    letters = sum(c.isalpha() for c in marks)
    return odd > 0.2 * len(marks) or (letters < 0.1 * len(marks) and sum(c.isdigit() for c in marks) < 0.3 * len(marks))


def _drop_furniture(pages: Sequence[_Page]) -> None:
    """Remove the running heads and feet: first or last lines that repeat on most pages, and bare page numbers."""
    if len(pages) >= 4:
        seen = Counter(key for page in pages for key in {_key(line) for line in _edges(page)})
        running = {key for key, times in seen.items() if times > 0.5 * len(pages)}
        for page in pages:
            edges = {id(line) for line in _edges(page) if _key(line) in running}
            page.lines = [line for line in page.lines if id(line) not in edges]
    for page in pages:
        edges = {id(line) for line in _edges(page) if line.text.strip().isdecimal()}
        if len(page.lines) > len(edges):
            page.lines = [line for line in page.lines if id(line) not in edges]


def _edges(page: _Page) -> list[_Line]:
    ordered = sorted(page.lines, key=lambda line: line.top)
    depth = 2 if len(ordered) > 5 else 1
    return ordered[:depth] + ordered[-depth:]


def _key(line: _Line) -> tuple[str, int]:
    return _DIGITS.sub("#", one_line(line.text)), round(line.top / 12)


def _body_size(lines: Sequence[_Line]) -> float:
    """Return the size that most of the text is set in."""
    weights: Counter[float] = Counter()
    for line in lines:
        weights[line.size] += len(line.text)
    return weights.most_common(1)[0][0] if weights else 0.0


def _heading_sizes(pages: Sequence[_Page], body: float) -> list[float]:
    """Return up to four type sizes that are larger than the body's, largest first: the levels of headings."""
    larger = {
        line.size for page in pages if not page.is_slide for line in page.lines if line.size > body * _HEADING_RATIO
    }
    return sorted(larger, reverse=True)[:4]


def _slide(page: _Page, pieces: Pieces) -> None:
    here = Locator(page=page.number)
    if not page.lines:
        return
    median = statistics.median(line.size for line in page.lines)
    upper = [line for line in page.lines if line.top < page.height * 0.5]
    top = min(upper, key=lambda line: line.top, default=None)
    title: list[_Line] = []
    if top is not None and (top.size > median * _HEADING_RATIO or len(page.lines) <= 3):
        title = [line for line in upper if abs(line.size - top.size) < 0.6 and line.top - top.top < 3.2 * top.size]
    text = one_line(" ".join(line.text for line in title))
    if text and len(text) <= _LONGEST_HEADING:
        pieces.heading(text, 1, here)
    else:
        title = []
    chosen = {id(line) for line in title}
    _blocks([line for line in page.lines if id(line) not in chosen], here, pieces)


def _flow(page: _Page, pieces: Pieces, body: float, sizes: Sequence[float]) -> None:
    here = Locator(page=page.number)
    waiting: list[_Line] = []
    heading: list[_Line] = []

    def end_heading() -> None:
        if heading:
            pieces.heading(_joined(heading), sizes.index(heading[0].size) + 1, here)
            heading.clear()

    for line in page.lines:
        if line.size in sizes and len(line.text) <= _LONGEST_HEADING and any(c.isalpha() for c in line.text):
            _blocks(waiting, here, pieces)
            waiting = []
            near = heading and heading[0].size == line.size and line.top - heading[-1].bottom < line.size
            if heading and not near:
                end_heading()
            heading.append(line)
        else:
            end_heading()
            waiting.append(line)
    _blocks(waiting, here, pieces)
    end_heading()


def _blocks(lines: Sequence[_Line], here: Locator, pieces: Pieces) -> None:
    """Add lines as paragraphs and lists: a new one begins at a gap, a bullet or another type size."""
    block: list[_Line] = []
    items: list[list[_Line]] = []

    def end_block() -> None:
        if block:
            pieces.add(ChunkKind.PARAGRAPH, _joined(block), here)
            block.clear()

    def end_list() -> None:
        if items:
            left = min(entry[0].left for entry in items)
            text = "\n".join(_item(entry, left) for entry in items)
            pieces.add(ChunkKind.LIST, text, here)
            items.clear()

    last: _Line | None = None
    for line in lines:
        gap = last is not None and (line.top - last.bottom > 0.9 * max(line.size, 1) or line.top < last.top - line.size)
        if _BULLET.match(line.text) or _NUMBERED.match(line.text):
            end_block()
            items.append([line])
        elif items and not gap:
            items[-1].append(line)
        else:
            end_list()
            if gap or (block and abs(block[-1].size - line.size) > 1.5):
                end_block()
            block.append(line)
        last = line
    end_block()
    end_list()


def _item(lines: Sequence[_Line], left: float) -> str:
    text = _joined(lines)
    depth = min(4, max(0, round((lines[0].left - left) / 18)))
    numbered = _NUMBERED.match(text)
    if numbered is not None:
        return item(text[numbered.end() :], depth=depth, number=int(numbered.group(1)))
    return item(_BULLET.sub("", text), depth=depth)


def _joined(lines: Sequence[_Line]) -> str:
    """Return lines as one text; a word that was divided at the end of a line is made whole."""
    text = ""
    for line in lines:
        words = one_line(line.text)
        if text.endswith("-") and text[-2:-1].isalpha() and words[:1].islower():
            text = text[:-1] + words
        else:
            text = f"{text} {words}" if text else words
    return text
