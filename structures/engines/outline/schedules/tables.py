"""Reading the rows of a table of lessons: columns in any order, rows over all columns as parts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from materials.readers.base.schedule_columns import ColumnRole, find_column_role
from structures.engines.base.drafts import Citation
from structures.engines.base.sources import SourceChunk
from structures.engines.outline.course_words import DIVISIONS, Level
from structures.engines.outline.schedules.dates import find_days
from structures.engines.outline.schedules.rows import Row, read_label
from structures.engines.outline.schedules.vocabulary import is_break, is_other_column

_CELL = re.compile(r"(?<!\\)\|")
_NUMBER = re.compile(r"\W*\d{1,3}\W*")
# Of the cells of a column with text so many are of one kind; the others are holidays and exams.
_MOST = 0.6
# Rows for each group of a column of modules; see `materials.readers.base.link_tables`.
_MIN_GROUP_SIZE = 1.2
# Wider tables are timetables and matrices.
_MAX_COLUMNS = 12
_MIN_ROWS = 2
_ITEMS = re.compile(r"\s*[;；•·]\s*")


@dataclass(frozen=True, kw_only=True)
class _Line:
    """One row of a table, with the chunk that it stands in."""

    cells: Sequence[str]
    chunk: SourceChunk

    @property
    def filled(self) -> list[str]:
        """The different texts of its cells: a cell over several columns may be repeated in each."""
        return list(dict.fromkeys(cell for cell in self.cells if cell))

    @property
    def is_over_all(self) -> bool:
        """Tell whether one cell stands over all columns."""
        return len(self.filled) == 1 and len(self.cells) > 1


def read_table(chunks: Sequence[SourceChunk], *, is_named: bool) -> list[Row]:
    """Return the rows of a table of lessons that consecutive chunks hold; none when it is of something else.

    Its head must say that it is one, or a column have numbers or days. In a document that `is_named` after the
    arrangement of a course a column of titles is enough.
    """
    head, lines = _read_lines(chunks)
    if len(lines) < _MIN_ROWS or not 2 <= len(head) <= _MAX_COLUMNS or any(map(is_other_column, head)):
        return []
    columns = _Columns.from_lines(head, lines)
    if columns is None or not (columns.is_schedule or (is_named and columns.has_title_head)):
        return []
    return columns.build_rows(head, lines)


def is_continued(above: SourceChunk, below: SourceChunk) -> bool:
    """Tell whether a table goes on in the next chunk: with the same columns, and its head again or no head."""
    one, other = _split_cells(above.text.split("\n", 1)[0]), _split_cells(below.text.split("\n", 1)[0])
    return len(one) == len(other) and (one == other or not any(map(find_column_role, other)))


def _split_cells(line: str) -> list[str]:
    return [cell.strip().replace("\\|", "|") for cell in _CELL.split(line.strip())[1:-1]]


def _read_lines(chunks: Sequence[SourceChunk]) -> tuple[list[str], list[_Line]]:
    head: list[str] = []
    lines: list[_Line] = []
    for chunk in chunks:
        first, _, *rest = chunk.text.split("\n") if "\n" in chunk.text else (chunk.text, "")
        cells = _split_cells(first)
        if not head and any(map(find_column_role, cells)):
            head = cells
        elif not head:
            # A table without a head: its first row is one of the lessons.
            head = [""] * len(cells)
            lines.append(_Line(cells=cells, chunk=chunk))
        elif cells != head:
            lines.append(_Line(cells=cells, chunk=chunk))
        lines += [_Line(cells=_split_cells(line), chunk=chunk) for line in rest]
    return head, [line for line in lines if line.filled]


@dataclass(frozen=True, kw_only=True)
class _Columns:
    """What the columns of a table are; places of columns."""

    title: int
    groups: Sequence[int]
    units: Sequence[int]
    days: Sequence[int]
    is_schedule: bool
    has_title_head: bool

    @classmethod
    def from_lines(cls, head: Sequence[str], lines: Sequence[_Line]) -> _Columns | None:
        body = [line for line in lines if not line.is_over_all]
        if not body:
            return None
        columns = [[line.cells[at] if at < len(line.cells) else "" for line in body] for at in range(len(head))]
        roles = [find_column_role(name) for name in head]
        days = [at for at, column in enumerate(columns) if _is_mostly(column, _is_day)]
        units = [at for at, column in enumerate(columns) if at not in days and _is_mostly(column, _is_unit)]
        # `Day` may stand above days of the calendar, their numbers, or what the days are about.
        counting = {ColumnRole.DATE, ColumnRole.NUMBER}
        groups = [
            at
            for at, column in enumerate(columns)
            if at not in days
            and (roles[at] in {ColumnRole.GROUP, None} or (roles[at] in counting and at not in units))
            and _is_group(column, is_named=roles[at] is ColumnRole.GROUP)
        ]  # fmt: skip
        dated = [at for at, role in enumerate(roles) if role in counting and at not in groups]
        texts = [
            at
            for at, column in enumerate(columns)
            if at not in {*days, *units, *groups, *dated}
            and roles[at] is not ColumnRole.FILE
            and _is_mostly(column, lambda cell: any(c.isalpha() for c in cell))
        ]
        named = [at for at in texts if roles[at] is ColumnRole.TITLE]
        grouping = [at for at in texts if roles[at] is ColumnRole.GROUP]
        best = [*named, *grouping, *texts]
        if not best:
            return None
        title = best[0]
        counted = {*days, *units, *groups, *dated} - {title}
        has_file = ColumnRole.FILE in roles
        is_known = roles[title] in {ColumnRole.TITLE, ColumnRole.GROUP}
        return cls(
            title=title,
            groups=[at for at in [*groups, *(at for at in grouping if named)] if at != title],
            units=units,
            days=[*days, *dated],
            is_schedule=bool(counted) or (is_known and (has_file or len(named) > 0 < len(grouping))),
            has_title_head=is_known,
        )  # fmt: skip

    def build_rows(self, head: Sequence[str], lines: Sequence[_Line]) -> list[Row]:
        """Return the rows: groups above what they hold."""
        top: list[Row] = []
        opened: list[Row] = []
        part: Row | None = None
        above: dict[int, str] = {}
        begins = next((line.is_over_all for line in lines), False)
        last: Row | None = None
        for line in lines:
            if line.is_over_all:
                row = _build_row(line.filled[0], line)
                if (begins or row.level in {Level.PART, Level.MODULE}) and not row.is_break:
                    top.append(row)
                    part, opened, above, last = row, [], {}, None
                else:
                    (opened[-1] if opened else part or _Top(top)).children.append(row)
                continue
            cells = [*line.cells, *[""] * (len(head) - len(line.cells))]
            for depth, at in enumerate(self.groups):
                if cells[at] and cells[at] != above.get(at):
                    above[at] = cells[at]
                    row = _build_row(_name_group(cells[at], head[at]), line, quote=cells[at])
                    del opened[depth:]
                    (opened[-1] if opened else part or _Top(top)).children.append(row)
                    opened.append(row)
                    last = None
            title = cells[self.title]
            details = [cell for at, cell in enumerate(cells) if cell and at != self.title and at not in self.groups]
            if not title:
                if last is not None:
                    last.details = " ; ".join([last.details, *details])
                continue
            row = _build_row(title, line, details=details)
            self._add_label(row, cells, head)
            (opened[-1] if opened else part or _Top(top)).children.append(row)
            last = row
        return top

    def _add_label(self, row: Row, cells: Sequence[str], head: Sequence[str]) -> None:
        """Give a row the number and the days of its other columns."""
        for at in self.days:
            row.days |= {day for day, _, _ in find_days(cells[at])}
        for at in self.units:
            label = read_label(cells[at])
            number = label.number if label.number is not None else _find_number(cells[at])
            if row.number is None and number is not None:
                row.number = number
                row.level = label.level or find_level(head[at]) or row.level


class _Top:
    """Takes the rows below nothing."""

    def __init__(self, rows: list[Row]) -> None:
        self.children = rows


def find_level(head: str) -> Level | None:
    """Return what the head of a column calls its cells, such as `Week`; None when it is no word for a division."""
    return next((DIVISIONS[word] for word in head.casefold().replace(".", " ").split() if word in DIVISIONS), None)


def _name_group(cell: str, head: str) -> str:
    # A number alone is one of what the head of the column names: "Week 3".
    return cell if any(c.isalpha() for c in cell) or not head else f"{head} {cell}"


def _build_row(text: str, line: _Line, *, details: Sequence[str] = (), quote: str = "") -> Row:
    label = read_label(text)
    citation = Citation(chunk_id=line.chunk.id, quote=(quote or text).replace("|", "\\|"))
    row = Row(
        title=label.title, text=text, details=" ; ".join(details), number=label.number, level=label.level,
        days=label.days, is_said=True, is_table=True, is_break=is_break(text), citation=citation,
    )  # fmt: skip
    items = _ITEMS.split(text)
    if len(items) > 1 and all(items):
        row.children = [
            Row(title=read_label(item).title, text=item, is_said=True, is_table=True, citation=citation)
            for item in items
        ]
    return row


def _is_mostly(column: Sequence[str], test: object) -> bool:
    assert callable(test)
    filled = [cell for cell in column if cell]
    return bool(filled) and sum(bool(test(cell)) for cell in filled) >= _MOST * len(filled)


def _is_day(cell: str) -> bool:
    return bool(find_days(cell)) and len(cell.split()) <= 6


def _is_unit(cell: str) -> bool:
    """Tell whether a cell is a number, or a word for a division with one, and nothing else."""
    if _NUMBER.fullmatch(cell):
        return True
    label = read_label(cell)
    return not label.title and label.number is not None


def _find_number(cell: str) -> int | None:
    found = re.search(r"\d{1,3}", cell)
    return int(found.group()) if found is not None else None


def _is_group(column: Sequence[str], *, is_named: bool) -> bool:
    """Tell whether a column names what several rows in turn belong to, once or in each of them."""
    filled = [cell for cell in column if cell]
    if not filled:
        return False
    runs, last = 0, ""
    for cell in column:
        if cell and cell != last:
            runs, last = runs + 1, cell
    if len(column) < _MIN_GROUP_SIZE * runs:
        return False
    # Without a head a column whose texts stand in turn names groups; a value that comes again later is none.
    is_text = any(any(c.isalpha() for c in cell) for cell in filled)
    return is_named or (is_text and runs > 1 and len(set(filled)) == runs and bool(column[0]))
