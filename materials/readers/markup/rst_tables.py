"""Parse tables of reStructuredText: grid tables and simple tables."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

# Each line of a grid table is cut once for each column.
_MAX_COLUMNS = 100


def is_grid_table(line: str) -> bool:
    """Tell whether a line begins a grid table."""
    return re.fullmatch(r"\+(?:-+\+)+\s*", line) is not None


def is_simple_table(line: str) -> bool:
    """Tell whether a line is a ruler of a simple table."""
    return re.fullmatch(r"=+(?:[ \t]+=+)+\s*", line) is not None


def parse_grid_rows(lines: Sequence[str]) -> list[list[str]]:
    """Return the rows of a grid table; of a cell over several columns or rows the others are blank."""
    edges = sorted({at for line in lines if line.startswith("+") for at, sign in enumerate(line) if sign == "+"})
    columns = list(pairwise(edges))[:_MAX_COLUMNS]
    rows: list[list[str]] = []
    cells = [""] * len(columns)
    for line in lines[1:]:
        ruled = line.startswith("+") and set(line.strip()) <= set("+-=")
        for number, (left, right) in enumerate(columns):
            if ruled:
                continue
            text = line[left + 1 : right]
            if line[left : left + 1] in {"|", "+"} and not set(text) <= set("-="):
                end = right
                while line[end : end + 1] not in {"|", "+", ""}:
                    end = next((edge for edge in edges if edge > end), len(line))
                cells[number] = f"{cells[number]}\n{line[left + 1 : end].strip()}".strip()
        if line.startswith("+") or ruled:
            if any(cells):
                rows.append(cells)
            cells = [""] * len(columns)
    return rows


def parse_simple_rows(lines: Sequence[str]) -> list[list[str]]:
    """Return the rows of a simple table; a line without a first cell continues the one above."""
    rulers = [number for number, line in enumerate(lines) if is_simple_table(line)]
    spans = [(found.start(), found.end()) for found in re.finditer(r"=+", lines[0])][:_MAX_COLUMNS]
    rows: list[list[str]] = []
    fresh = True
    for number, line in enumerate(lines):
        if number in rulers or re.fullmatch(r"[- ]*-[- ]*", line):
            fresh = True
            continue
        if not line.strip():
            fresh = True
            continue
        # The last column has no right edge: docutils lets its text run beyond the ruler.
        cells = [line[left : right if at + 1 < len(spans) else None].strip() for at, (left, right) in enumerate(spans)]
        if rows and not fresh and not cells[0]:
            rows[-1] = [f"{above}\n{cell}".strip() for above, cell in zip(rows[-1], cells, strict=True)]
        else:
            rows.append(cells)
        fresh = False
    return rows
