"""Find the schedule of a course in a table: rows that name files, with the weeks or modules that they belong to."""

from __future__ import annotations

import re
from collections.abc import Sequence

from materials.documents import Contents
from materials.readers.base.link_lines import Link, LinkLine
from materials.readers.base.link_tables import list_row_items
from materials.readers.base.outlines import OutlineBuilder, is_web_address

DIALECT = "schedule"
# A name of a file ends with an extension that begins with a letter, which no number and hardly a sentence does.
_FILE_NAME = re.compile(r"[^\n]{0,250}[^\s.]\.[A-Za-z][A-Za-z0-9]{0,5}")
_SEPARATOR = re.compile(r"\s*[;,|\n]\s*")
# Of the cells with text in a column of files: some name a page of the web, or say that a file is to come.
_MIN_FILE_SHARE = 0.6
_MIN_FILES = 2


def find_schedule(rows: Sequence[Sequence[str]]) -> Contents | None:
    """Return the files that the rows below the head name as a table of contents; None when no column names files."""
    if len(rows) < 1 + _MIN_FILES:
        return None
    head, *body = rows
    width = max(map(len, body))
    columns = {at for at in range(width) if _names_files([row[at] for row in body if at < len(row)])}
    # The head of a column is no file: a list of files without a head is a list of data.
    if not columns or any(at < len(head) and _FILE_NAME.fullmatch(head[at].strip()) for at in columns):
        return None
    outline = OutlineBuilder()
    cells = [[_build_cell(text, is_file=at in columns) for at, text in enumerate(row)] for row in body]
    for level, item in list_row_items(head, cells):
        outline.add(level, item)
    files = {link.address for row in cells for cell in row for link in cell.links}
    return Contents(dialect=DIALECT, items=outline.build()) if len(files) >= _MIN_FILES else None


def _names_files(cells: Sequence[str]) -> bool:
    filled = [cell for cell in map(str.strip, cells) if cell]
    return bool(filled) and sum(map(bool, map(_split_files, filled))) >= _MIN_FILE_SHARE * len(filled)


def _split_files(cell: str) -> list[str]:
    """Return the files that a cell names; none when it says anything else."""
    parts = _SEPARATOR.split(cell.strip())
    # A comma may stand in a name: then the parts are no names.
    for names in (parts, [cell.strip()]):
        if all(_FILE_NAME.fullmatch(name) and not is_web_address(name) for name in names):
            return names
    return []


def _build_cell(text: str, *, is_file: bool) -> LinkLine:
    files = _split_files(text) if is_file else []
    if files:
        return LinkLine(links=[Link(label="", address=name) for name in files])
    return LinkLine(text=" ".join(text.split()))
