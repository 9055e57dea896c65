"""Parse HTML tables into rows of cells, and recognise tables that only arrange a page."""

from __future__ import annotations

from typing import Any

from materials.readers.base.left_out import LeftOutCollector
from materials.readers.html.inline import InlineText, read_inline_text

# Columns or rows of one cell. The HTML standard allows 1,000 columns and 65,534 rows; no table that is read has so
# many.
_MAX_SPAN = 100
# Cells that the spans of one table may add: the product of many spans would fill the memory. A table of 1,000 rows with
# a span of _MAX_SPAN in each is still complete.
_MAX_BLANK_CELLS = 100_000
# Digits: int() refuses more than 4,300 with a ValueError, and what has more than nine is no span.
_MAX_SPAN_DIGITS = 9
# Broken markup has cells without a row around them; their parent then stands for the row.
_ROWS_XPATH = "descendant-or-self::*[self::tr or td or th]"
_LAYOUT_CONTENT_XPATH = ".//table or .//pre or .//h1 or .//h2 or .//h3 or .//h4 or .//textarea"


def is_layout_table(table: Any) -> bool:
    """Tell whether a table only arranges a page: its cells hold tables, headings or code, or it has one cell."""
    if table.get("role") in {"presentation", "none"}:
        return True
    return bool(table.xpath(f"boolean({_LAYOUT_CONTENT_XPATH})")) or table.xpath("count(.//td | .//th)") <= 1


def parse_table_rows(table: Any, left_out: LeftOutCollector) -> tuple[list[list[str]], list[str], list[str]]:
    """Return the rows of a table, and the emphasised terms and the targets of links in it.

    Cells are filled in by column as the HTML standard does (4.9.12.1, forming a table); the further columns and rows
    of a spanning cell are blank.
    """
    rows: list[list[str]] = []
    emphasised: list[str] = []
    links: list[str] = []
    hanging: dict[int, int] = {}
    blanks = 0
    for row in table.xpath(_ROWS_XPATH):
        cells: list[str] = []
        for cell in row.iterchildren("td", "th"):
            blanks += _fill_spanned_columns(cells, hanging)
            inline: InlineText = read_inline_text(cell, left_out)
            emphasised.extend(inline.emphasised)
            links.extend(inline.links)
            columns, down = _parse_span(cell, "colspan"), _parse_span(cell, "rowspan")
            if blanks + columns > _MAX_BLANK_CELLS:
                columns = down = 1
            for column in range(len(cells), len(cells) + columns if down > 1 else 0):
                hanging[column] = down - 1
            cells.append(inline.text)
            cells.extend([""] * (columns - 1))
            blanks += columns - 1
        blanks += _fill_spanned_columns(cells, hanging)
        rows.append(cells)
    return rows, emphasised, links


def _fill_spanned_columns(cells: list[str], open_spans: dict[int, int]) -> int:
    """Append a blank for each column that a cell of a row above spans; return how many."""
    before = len(cells)
    while open_spans.get(len(cells), 0) > 0:
        open_spans[len(cells)] -= 1
        cells.append("")
    return len(cells) - before


def _parse_span(cell: Any, name: str) -> int:
    given = cell.get(name) or "1"
    return min(int(given), _MAX_SPAN) if given.isdecimal() and len(given) <= _MAX_SPAN_DIGITS and int(given) > 0 else 1


def read_list_as_rows(element: Any) -> list[list[Any]] | None:
    """Return the cells of a table that is written as a list of lists, one list a row; None for other content."""
    lists = [child for child in element if child.tag in {"ul", "ol"}]
    if len(lists) != 1:
        return None
    rows = [[cell for holder in row.iterchildren("ul", "ol") for cell in holder.iterchildren("li")] for row in lists[0]]
    return rows if all(rows) and rows else None
