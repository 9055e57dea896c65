"""The tables of a Word document: rows of cells, and tables that only lay text out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from materials.readers.office.docx_styles import number, value
from materials.readers.office.ooxml import W

_TBL, _TR, _TC, _P = f"{W}tbl", f"{W}tr", f"{W}tc", f"{W}p"
_WIDEST = 60
_FEW_PARAGRAPHS = 1


def rows_of(table: Any) -> Iterator[Any]:
    """Yield the rows that are there: not those of tables inside, and not deleted ones."""
    for row in _inside(table, _TR, _TBL):
        if row.find(f"{W}trPr/{W}del") is None:
            yield row


def cells_of(row: Any) -> Iterator[Any]:
    """Yield the cells of a row."""
    yield from _inside(row, _TC, _TR)


def _inside(element: Any, tag: str, other: str) -> Iterator[Any]:
    """Yield the elements of a tag below an element, also those wrapped in content controls and changes."""
    for child in element:
        if child.tag == tag:
            yield child
        elif child.tag not in {other, _P, f"{W}del", f"{W}moveFrom"} and len(child):
            yield from _inside(child, tag, other)


def skipped(row: Any, name: str) -> int:
    """Return how many columns a row leaves out before (`gridBefore`) or after it (`gridAfter`)."""
    return max(0, min(number(value(row.find(f"{W}trPr"), name)) or 0, _WIDEST))


def span(cell: Any) -> int:
    """Return how many columns a cell takes."""
    return max(1, min(number(value(cell.find(f"{W}tcPr"), "gridSpan")) or 1, _WIDEST))


def is_continued(cell: Any) -> bool:
    """Tell whether a cell goes on with the one above it."""
    merged = cell.find(f"{W}tcPr/{W}vMerge")
    return merged is not None and merged.get(f"{W}val") != "restart"


def lays_out(table: Any) -> bool:
    """Tell whether a table is a frame around text: one cell, or one row or column whose cells hold paragraphs."""
    rows = [list(cells_of(row)) for row in rows_of(table)]
    if len(rows) == 1 or all(len(row) == 1 for row in rows):
        cells = [cell for row in rows for cell in row]
        return len(cells) == 1 or any(_paragraphs(cell) > _FEW_PARAGRAPHS for cell in cells)
    return False


def _paragraphs(cell: Any) -> int:
    """Count the paragraphs of a cell that have text."""
    return sum(1 for paragraph in cell.iter(_P) if next(paragraph.iter(f"{W}t"), None) is not None)


def without_blank_columns(rows: list[list[str]]) -> list[list[str]]:
    """Return the rows without the columns in which no cell has text."""
    width = max((len(row) for row in rows), default=0)
    kept = [at for at in range(width) if any(at < len(row) and row[at].strip() for row in rows)]
    return [[row[at] if at < len(row) else "" for at in kept] for row in rows]


def joined(paragraphs: list[tuple[str, bool]]) -> str:
    """Return the paragraphs of a cell (with whether each is an item of a list) as one line.

    They are set apart where no mark ends one, unless the next one plainly goes on with the sentence.
    """
    text = ""
    for words, is_item in ((words.strip(), is_item) for words, is_item in paragraphs):
        if not words:
            continue
        goes_on = not is_item and (words[0].islower() or words[0] == "(")
        text += (" " if goes_on or text[-1:] in ".,:;!?…–—" else "; ") + words if text else words
    return text
