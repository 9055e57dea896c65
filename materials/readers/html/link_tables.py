"""Read tables of links to files from elements."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from materials.documents import ContentsItem
from materials.readers.base.link_lines import LinkLine
from materials.readers.base.link_tables import list_row_items
from materials.readers.html.link_lines import read_link_line

_MAX_ROWS, _MAX_COLUMNS = 5_000, 60
_MAX_SPAN = 100
_BLANK = LinkLine()


def list_table_items(table: Any, skip: Callable[[Any], bool]) -> list[tuple[int, ContentsItem]]:
    """Return the rows of a table as items with their levels, as `list_row_items` does."""
    return list_row_items(*_split_head(table, _read_rows(table, skip)))


def _split_head(table: Any, rows: list[list[LinkLine]]) -> tuple[list[str], list[list[LinkLine]]]:
    """Return the texts of the head, blank without one, and the other rows."""
    first = next(iter(table.iter("tr")), None)
    has_head = first is not None and (
        first.getparent().tag == "thead" or all(cell.tag == "th" for cell in first.iterchildren("td", "th"))
    )
    is_named = bool(rows) and sum(bool(cell.text) for cell in rows[0]) > 1 and not any(cell.links for cell in rows[0])
    if rows and (has_head or is_named):
        return [cell.text for cell in rows[0]], rows[1:]
    return [], rows


def _read_rows(table: Any, skip: Callable[[Any], bool]) -> list[list[LinkLine]]:
    """Return the rows with the cells in their columns; what a cell spans below and beside it is blank."""
    rows: list[list[LinkLine]] = []
    hanging: Counter[int] = Counter()
    for row in table.iter("tr"):
        if len(rows) == _MAX_ROWS:
            break
        cells: list[LinkLine] = []
        for cell in row.iterchildren("td", "th"):
            while hanging[len(cells)] and len(cells) < _MAX_COLUMNS:
                hanging[len(cells)] -= 1
                cells.append(_BLANK)
            if len(cells) >= _MAX_COLUMNS:
                break
            columns, down = _parse_span(cell, "colspan"), _parse_span(cell, "rowspan")
            for column in range(len(cells), len(cells) + columns):
                hanging[column] = down - 1
            line = _BLANK if skip(cell) else replace(read_link_line(cell), columns=columns)
            cells += [line, *[_BLANK] * (columns - 1)]
        rows.append(cells)
    return rows


def _parse_span(cell: Any, name: str) -> int:
    given = cell.get(name) or ""
    return min(max(int(given), 1), _MAX_SPAN) if given.isdecimal() and len(given) <= len("1000") else 1
