"""Give each part of a table that continues over pages its head."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from materials.readers.pdf.lines import TableLine
from materials.readers.pdf.page import Page

# Points by which a column may begin elsewhere on the next page: those of tables without rules are as wide as their
# text there.
_MAX_SHIFT = 12.0


def repeat_table_heads(pages: Sequence[Page]) -> None:
    """Put the first row of a table before its rest on the next page, in place, unless it is repeated there already.

    A table continues when nothing stands below it on its page, nothing above it on the next, and the columns agree.
    Pages are without their running heads and feet.
    """
    for above, below in pairwise(pages):
        if above.number + 1 != below.number or not above.lines or not below.lines:
            continue
        last = max(above.lines, key=lambda line: line.bottom)
        first = min(below.lines, key=lambda line: line.top)
        if isinstance(last, TableLine) and isinstance(first, TableLine) and _continues(last, first):
            first.rows.insert(0, last.rows[0])


def _continues(table: TableLine, rest: TableLine) -> bool:
    return (
        len(table.columns) == len(rest.columns)
        and table.rows[0] != rest.rows[0]
        and all(abs(a - b) <= _MAX_SHIFT for (a, _), (b, _) in zip(table.columns, rest.columns, strict=True))
    )
