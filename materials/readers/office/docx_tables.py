"""Read the rows and cells of tables in Word documents, and recognise tables that only lay out text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from materials.readers.office.docx_styles import get_property_value, parse_bounded_int
from materials.readers.office.ooxml import W

_TBL, _TR, _TC, _P = f"{W}tbl", f"{W}tr", f"{W}tc", f"{W}p"
# A round number near Word's own limit of 63. Spans are numbers in the file: a hostile one must not become as many
# cells.
_MAX_COLUMNS = 60
# A cell of data has one paragraph; running text, which a frame holds, has more.
_MAX_DATA_CELL_PARAGRAPHS = 1


def iter_rows(table: Any) -> Iterator[Any]:
    """Yield the rows of a table without those of nested tables and those deleted as a tracked change."""
    for row in _iter_descendants(table, _TR, _TBL):
        if row.find(f"{W}trPr/{W}del") is None:
            yield row


def iter_deleted_rows(table: Any) -> Iterator[Any]:
    """Yield the rows of a table that are deleted as a tracked change."""
    for row in _iter_descendants(table, _TR, _TBL):
        if row.find(f"{W}trPr/{W}del") is not None:
            yield row


def iter_cells(row: Any) -> Iterator[Any]:
    """Yield the cells of a row."""
    yield from _iter_descendants(row, _TC, _TR)


def _iter_descendants(element: Any, tag: str, boundary: str) -> Iterator[Any]:
    """Yield the descendants with a tag, also inside content controls and insertions, but not inside `boundary`."""
    for child in element:
        if child.tag == tag:
            yield child
        elif child.tag not in {boundary, _P, f"{W}del", f"{W}moveFrom"} and len(child):
            yield from _iter_descendants(child, tag, boundary)


def count_skipped_columns(row: Any, name: str) -> int:
    """Return how many columns a row leaves out at its beginning (`gridBefore`) or end (`gridAfter`), 0 to 60."""
    return max(0, min(parse_bounded_int(get_property_value(row.find(f"{W}trPr"), name)) or 0, _MAX_COLUMNS))


def get_column_span(cell: Any) -> int:
    """Return how many columns a cell spans, 1 to 60."""
    return max(1, min(parse_bounded_int(get_property_value(cell.find(f"{W}tcPr"), "gridSpan")) or 1, _MAX_COLUMNS))


def is_merge_continuation(cell: Any) -> bool:
    """Tell whether a cell is merged into the one above it."""
    # `vMerge` without a value means "continue" (17.4).
    merged = cell.find(f"{W}tcPr/{W}vMerge")
    return merged is not None and merged.get(f"{W}val") != "restart"


def is_layout_table(table: Any) -> bool:
    """Tell whether a table only lays out text: one cell, or one row or column with a cell of several paragraphs."""
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
    """Return the paragraphs of a cell as one line, because a Markdown table has no line breaks.

    `paragraphs` holds texts with whether each is an item of a list. A semicolon separates them, unless punctuation ends
    the first or the second continues its sentence.
    """
    text = ""
    for words, is_item in ((words.strip(), is_item) for words, is_item in paragraphs):
        if not words:
            continue
        goes_on = not is_item and (words[0].islower() or words[0] == "(")
        text += (" " if goes_on or text[-1:] in ".,:;!?…–—" else "; ") + words if text else words
    return text
