"""The tables of a Word document: rows of cells, and tables that only lay text out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from materials.readers.office.docx_styles import get_property_value, parse_bounded_int
from materials.readers.office.ooxml import W

_TBL, _TR, _TC, _P = f"{W}tbl", f"{W}tr", f"{W}tc", f"{W}p"
_MAX_COLUMNS = 60
_MAX_DATA_CELL_PARAGRAPHS = 1


def iter_rows(table: Any) -> Iterator[Any]:
    """Yield the rows that are there: not those of tables inside, and not deleted ones."""
    for row in _iter_descendants(table, _TR, _TBL):
        if row.find(f"{W}trPr/{W}del") is None:
            yield row


def iter_cells(row: Any) -> Iterator[Any]:
    """Yield the cells of a row."""
    yield from _iter_descendants(row, _TC, _TR)


def _iter_descendants(element: Any, tag: str, boundary: str) -> Iterator[Any]:
    """Yield the elements of a tag below an element, also those wrapped in content controls and changes."""
    for child in element:
        if child.tag == tag:
            yield child
        elif child.tag not in {boundary, _P, f"{W}del", f"{W}moveFrom"} and len(child):
            yield from _iter_descendants(child, tag, boundary)


def count_skipped_columns(row: Any, name: str) -> int:
    """Return how many columns a row leaves out before (`gridBefore`) or after it (`gridAfter`)."""
    return max(0, min(parse_bounded_int(get_property_value(row.find(f"{W}trPr"), name)) or 0, _MAX_COLUMNS))


def get_column_span(cell: Any) -> int:
    """Return how many columns a cell takes."""
    return max(1, min(parse_bounded_int(get_property_value(cell.find(f"{W}tcPr"), "gridSpan")) or 1, _MAX_COLUMNS))


def is_merge_continuation(cell: Any) -> bool:
    """Tell whether a cell goes on with the one above it."""
    merged = cell.find(f"{W}tcPr/{W}vMerge")
    return merged is not None and merged.get(f"{W}val") != "restart"


def is_layout_table(table: Any) -> bool:
    """Tell whether a table is a frame around text: one cell, or one row or column whose cells hold paragraphs."""
    rows = [list(iter_cells(row)) for row in iter_rows(table)]
    if len(rows) == 1 or all(len(row) == 1 for row in rows):
        cells = [cell for row in rows for cell in row]
        return len(cells) == 1 or any(_count_filled_paragraphs(cell) > _MAX_DATA_CELL_PARAGRAPHS for cell in cells)
    return False


def _count_filled_paragraphs(cell: Any) -> int:
    """Count the paragraphs of a cell that have text."""
    return sum(1 for paragraph in cell.iter(_P) if next(paragraph.iter(f"{W}t"), None) is not None)


def strip_blank_columns(rows: list[list[str]]) -> list[list[str]]:
    """Return the rows without the columns in which no cell has text."""
    width = max((len(row) for row in rows), default=0)
    kept = [at for at in range(width) if any(at < len(row) and row[at].strip() for row in rows)]
    return [[row[at] if at < len(row) else "" for at in kept] for row in rows]


def join_paragraphs(paragraphs: list[tuple[str, bool]]) -> str:
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
