"""Read the tables of a page of a PDF: in grids of rules, between level rules, and by the alignment of text alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import pypdfium2.raw as raw

from materials.readers.pdf.alignment import Block, CellLines, Interval, assemble_rows, find_blocks
from materials.readers.pdf.grids import Box, Grid, find_grids
from materials.readers.pdf.line_text import HYPHEN
from materials.readers.pdf.lines import Line, TableLine
from materials.readers.pdf.mending import mend_lines
from materials.readers.pdf.plausibility import is_grid_table, is_table, may_be_table
from materials.readers.pdf.rules import find_rules
from materials.readers.pdf.text_page import TextPage
from materials.readers.pdf.words import (
    Word,
    build_fragment,
    group_bands,
    group_fragments,
    measure_words,
    split_word,
)

# In type sizes: how far the first and the last line of a table may be from the rules above and below it.
_RULE_DISTANCE = 2.5
# Width of a line by its characters, and by that of the narrower lines of its page: cells are set apart. Slides have
# lines in several fonts, of which monospaced ones are wider by a quarter.
_STRETCHED, _STRETCHED_ON_SLIDE = 1.2, 1.5
# In type sizes a character: no font is so wide. Where a page is one table all its lines are.
_MAX_USUAL_WIDTH = 0.66
# Lines of a table; with less the rules of a page are not looked for.
_MIN_ROWS, _MIN_SLIDE_ROWS = 2, 3
# In type sizes: how far the middles of words on one base line may be apart.
_SAME_LEVEL = 0.4
# In type sizes: what a cell leaves free at its left and its right end together, with the blank between two words. LaTeX
# leaves 1.2 and Word 1.1 for ends and 0.3 for a blank; less means that a word would have fitted.
_CELL_PADDING = 1.5
# Cells of the smallest grid that is a table.
_MIN_CELLS = 4
# Width by height of a page: see Page.is_slide.
_SLIDE_RATIO = 1.1


@dataclass
class _Table:
    rows: list[list[str]]
    columns: list[Interval]
    words: list[Word]


def find_tables(handle: raw.FPDF_PAGE, page: TextPage, lines: Sequence[Line]) -> list[Line]:
    """Return the lines of a page with a TableLine in the place of those that stand in a table.

    Words of these lines that do not belong to the table stay lines of their own.
    """
    is_slide = page.width > page.height * _SLIDE_RATIO
    least = _MIN_SLIDE_ROWS if is_slide else _MIN_ROWS
    if not _may_hold_tables(lines, least, is_slide=is_slide):
        return list(lines)
    words = measured = measure_words(page, lines)
    blocks = find_blocks(group_bands(group_fragments(words)))
    if not any(len(block.bands) >= least for block in blocks):
        return list(lines)
    grids, ladders = find_grids(find_rules(handle, page))
    tables: list[_Table] = []
    for grid in sorted(grids, key=lambda grid: _area(grid.box)):
        if len(grid.xs) == 2:
            ladders.append(grid)
        elif grid.cell_count >= _MIN_CELLS and (table := _read_grid(page, grid, words)):
            tables.append(table)
            words = _without(words, table)
    if tables:
        blocks = find_blocks(group_bands(group_fragments(words)))
    found = (_read_block(page, block, ladders, is_slide=is_slide) for block in blocks)
    tables += (table for table in found if table)
    return _replace_lines(lines, measured, tables) if tables else list(lines)


def _may_hold_tables(lines: Sequence[Line], least: int, *, is_slide: bool) -> bool:
    """Tell whether some lines of a page are wider than others by their characters, or stand beside the line before.

    On a slide, where text boxes are drawn in any order, they stand on the right of it, and code is wider by its type.
    A page takes less than half a millisecond to read; to measure the words of all would take a third longer.
    """
    if len(lines) < least:
        return False
    widths = [
        (line.right - line.left) / line.size / (line.end - line.start) if line.size and line.end else 0.0
        for line in lines
    ]
    usual = sorted(widths)[len(widths) // 4]
    wide = min(_MAX_USUAL_WIDTH, (_STRETCHED_ON_SLIDE if is_slide else _STRETCHED) * usual)
    found = 0
    bottom, right = -1.0, 0.0
    for line, width in zip(lines, widths, strict=True):
        if (width > wide and not (is_slide and line.is_monospaced)) or (
            line.top < bottom - line.size / 2 and (not is_slide or line.left >= right)
        ):
            found += 1
            if found == least:
                return True
        bottom, right = line.bottom, line.right
    return False


def _area(box: Box) -> float:
    return (box.right - box.left) * (box.bottom - box.top)


def _is_inside(word: Word, box: Box) -> bool:
    return box.left <= (word.left + word.right) / 2 <= box.right and box.top <= word.middle <= box.bottom


def _without(words: Sequence[Word], table: _Table) -> list[Word]:
    taken = {word.start for word in table.words}
    return [word for word in words if word.start not in taken]


def _read_grid(page: TextPage, grid: Grid, words: Sequence[Word]) -> _Table | None:
    """Return the table in a grid; None when it has text in less than two columns or rows."""
    box = grid.box
    words = [word for word in words if _is_inside(word, box)]
    cells: dict[tuple[int, int], list[Word]] = {}
    for word in words:
        cell = grid.find_cell(word.left + 1, word.middle)
        if cell is not None and cell == grid.find_cell(word.right - 1, word.middle):
            cells.setdefault(cell, []).append(word)
            continue
        for part in split_word(page, word, grid.find_cell):
            cell = grid.find_cell((part.left + part.right) / 2, part.middle)
            if cell is not None:
                cells.setdefault(cell, []).append(part)
    if len({row for row, _ in cells}) < 2 or len({column for _, column in cells}) < 2:
        return None
    rows = []
    width = len(grid.xs) - 1
    for number in range(len(grid.ys) - 1):
        held = {column: cells[number, column] for column in range(width) if (number, column) in cells}
        rows += _split_row(page, held, grid.xs)
    table = _build_table(rows, list(zip(grid.xs, grid.xs[1:], strict=False)), words)
    return table if table and is_grid_table(table.rows) else None


def _split_row(page: TextPage, held: dict[int, list[Word]], xs: Sequence[float]) -> list[list[str]]:
    """Return the rows that stand between two level rules: one as a rule, more where each line has all cells.

    Two lines in each cell are one row where a line was wrapped.
    """
    width = len(xs) - 1
    lines = {column: _group_lines(words) for column, words in held.items()}
    counts = {len(each) for each in lines.values()}
    if len(lines) > 1 and len(lines) == width and len(counts) == 1 and (count := counts.pop()) > 1:
        tops = [[each[number][0].middle for each in lines.values()] for number in range(count)]
        is_level = all(max(level) - min(level) < _SAME_LEVEL * lines[0][0][0].size for level in tops)
        wrapped = (_is_wrapped(each, xs[column + 1] - xs[column]) for column, each in lines.items())
        if is_level and (count > 2 or not any(wrapped)):
            return [[_join_cell(page, [lines[column][number]]) for column in range(width)] for number in range(count)]
    return [[_join_cell(page, lines.get(column, [])) for column in range(width)]]


def _is_wrapped(lines: Sequence[Sequence[Word]], room: float) -> bool:
    """Tell whether a line of a cell goes on where the one before had no room, or in the middle of a sentence."""
    return any(
        before[-1].right - before[0].left + after[0].right - after[0].left > room - _CELL_PADDING * before[0].size
        or after[0].text[:1].islower()
        for before, after in pairwise(lines)
    )


def _group_lines(words: Sequence[Word]) -> list[list[Word]]:
    """Return the words of a cell line by line; a raised figure may have a line of its own in PDFium's text."""
    lines: list[list[Word]] = []
    for word in words:
        last = lines[-1][-1] if lines else None
        if last is not None and (
            last.line == word.line
            or (word.left >= last.right and abs(word.middle - last.middle) < _SAME_LEVEL * max(word.size, last.size))
        ):
            lines[-1].append(word)
        else:
            lines.append([word])
    return lines


def _join_cell(page: TextPage, lines: Sequence[Sequence[Word]]) -> str:
    return "\n".join(_format_line(page, words) for words in lines)


def _format_line(page: TextPage, words: Sequence[Word]) -> str:
    """Return the text of a line of a cell, with raised figures, accents and scripts from the right as elsewhere."""
    text = " ".join(word.text.replace(HYPHEN, "-") for word in words)
    first, last = words[0], words[-1]
    # PDFium may part a line at a raised figure; other words of the same cell may be drawn at any time.
    if first.start < 0 or page.text[first.start : last.start + len(last.text)].split() != [w.text for w in words]:
        return text
    whole = build_fragment(list(words))
    end = last.start + len(last.text)
    line = Line(text, first.size, whole.top, whole.bottom, whole.left, whole.right, first.start, end)
    line.is_joined = first.line != last.line
    mend_lines(page, [line])
    return line.text


def _build_table(rows: Sequence[Sequence[str]], columns: Sequence[Interval], words: Sequence[Word]) -> _Table | None:
    """Return a table without its blank rows and columns."""
    used = [number for number in range(len(columns)) if any(row[number] for row in rows)]
    filled = [[row[number] for number in used] for row in rows if any(row)]
    if len(used) < 2 or len(filled) < 2:
        return None
    return _Table(filled, [columns[number] for number in used], list(words))


def _spans(ladder: Grid, block: Block) -> bool:
    """Tell whether level rules reach from the left to the right end of a block."""
    slack = block.size
    return ladder.xs[0] <= block.left + slack and ladder.xs[-1] >= block.right - slack


def _is_framed(block: Block, breaks: Sequence[float]) -> bool:
    """Tell whether a block of two rows or more has rules at its upper and lower end, or below its head and its end."""
    distance = _RULE_DISTANCE * block.size
    top, bottom = block.bands[0][0].top, block.bands[-1][0].bottom
    near = [at for at in breaks if top - distance < at < bottom + distance]
    return len(near) >= 2 and near[0] < block.bands[1][0].bottom + distance and near[-1] > bottom - distance


def _read_block(page: TextPage, block: Block, ladders: Sequence[Grid], *, is_slide: bool) -> _Table | None:
    """Return the table in a block of aligned text, None when it is something else."""
    breaks = sorted({at for ladder in ladders if _spans(ladder, block) for at in ladder.ys})
    is_framed = _is_framed(block, breaks)
    if not may_be_table(page, block, is_framed=is_framed, is_slide=is_slide):
        return None
    columns = block.find_columns()
    rows = assemble_rows(block.bands, columns, block.size, breaks)
    words = [word for band in block.bands for fragment in band for word in fragment.words]
    table = _build_table([_join_row(page, row, len(columns)) for row in rows], columns, words)
    return table if table and is_table(block, table.rows, is_framed=is_framed, is_slide=is_slide) else None


def _join_row(page: TextPage, row: CellLines, width: int) -> list[str]:
    return [_join_cell(page, row.get(column, [])) for column in range(width)]


def _replace_lines(lines: Sequence[Line], words: Sequence[Word], tables: Sequence[_Table]) -> list[Line]:
    """Return the lines with each table where its first line was, and what else stood on its lines."""
    owners = {word.start: table for table in tables for word in table.words}
    by_line: dict[int, list[Word]] = {}
    for word in words:
        by_line.setdefault(word.line, []).append(word)
    taken = {word.line for table in tables for word in table.words}
    placed: set[int] = set()
    found: list[Line] = []
    for number, line in enumerate(lines):
        if number not in taken:
            found.append(line)
            continue
        rest: list[Word] = []
        for word in by_line[number]:
            table = owners.get(word.start)
            if table is None:
                rest.append(word)
                continue
            found += _build_lines(line, rest)
            rest = []
            if id(table) not in placed:
                placed.add(id(table))
                found.append(_build_table_line(table))
        found += _build_lines(line, rest)
    return found


def _build_lines(line: Line, words: Sequence[Word]) -> list[Line]:
    if not words:
        return []
    if line.is_added:
        return [line]
    part = build_fragment(list(words))
    end = words[-1].start + len(words[-1].text)
    text = part.text.replace(HYPHEN, "-")
    box = part.top, part.bottom, part.left, part.right
    return [Line(text, line.size, *box, words[0].start, end, line.is_bold, line.is_monospaced, face=line.face)]


def _build_table_line(table: _Table) -> TableLine:
    whole = build_fragment(table.words)
    text = " ".join(cell.replace("\n", " ") for row in table.rows for cell in row if cell)
    spans = [(word.start, word.start + len(word.text)) for word in table.words if word.start >= 0] or [(0, 1)]
    return TableLine(
        text,
        0.0,
        whole.top,
        whole.bottom,
        whole.left,
        whole.right,
        min(start for start, _ in spans),
        max(end for _, end in spans),
        rows=table.rows,
        columns=table.columns,
    )
