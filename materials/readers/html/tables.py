"""Tables of HTML as rows of cells, and whether a table is one at all."""

from __future__ import annotations

from typing import Any

from materials.readers.html.inline import InlineText, read_inline_text

_MAX_SPAN = 100
_MAX_BLANK_CELLS = 100_000
"""Cells that spans may add to one table: more is an attack."""
_ROWS_XPATH = "descendant-or-self::*[self::tr or td or th]"
"""Broken markup has cells without a row around them; their parent then stands for the row."""
_LAYOUT_CONTENT_XPATH = ".//table or .//pre or .//h1 or .//h2 or .//h3 or .//h4 or .//textarea"


def is_layout_table(table: Any) -> bool:
    """Tell whether a table only arranges a page: its cells hold tables, headings or code, or there is only one."""
    if table.get("role") in {"presentation", "none"}:
        return True
    return bool(table.xpath(f"boolean({_LAYOUT_CONTENT_XPATH})")) or table.xpath("count(.//td | .//th)") <= 1


def parse_table_rows(table: Any) -> tuple[list[list[str]], list[str]]:
    """Return the rows of a table, and what is set off in it. Each cell stands in its column; what it spans is blank."""
    rows: list[list[str]] = []
    emphasised: list[str] = []
    hanging: dict[int, int] = {}
    blanks = 0
    for row in table.xpath(_ROWS_XPATH):
        cells: list[str] = []
        for cell in row.iterchildren("td", "th"):
            blanks += _fill_spanned_columns(cells, hanging)
            inline: InlineText = read_inline_text(cell)
            emphasised.extend(inline.emphasised)
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
    return rows, emphasised


def _fill_spanned_columns(cells: list[str], open_spans: dict[int, int]) -> int:
    """Leave blank the columns into which cells of the rows above hang; return how many."""
    before = len(cells)
    while open_spans.get(len(cells), 0) > 0:
        open_spans[len(cells)] -= 1
        cells.append("")
    return len(cells) - before


def _parse_span(cell: Any, name: str) -> int:
    given = cell.get(name) or "1"
    return min(int(given), _MAX_SPAN) if given.isdecimal() and len(given) < 10 and int(given) > 0 else 1
