"""Tell tables from other text that stands in columns: lists, contents pages, forms, code, formulas, labels, prose.

The numbers were tried on the 674 pages of the sample files, hardly one of which has a table without rules, on the
tables of tests/benchmarks/pdf_tables.py, and on pages drawn for the tests.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from itertools import chain
from statistics import median

from materials.readers.pdf.alignment import Block
from materials.readers.pdf.line_text import is_list_item
from materials.readers.pdf.text_page import TextPage
from materials.readers.pdf.words import Fragment, build_fragment

# Two lines of two words each may be anything. On a slide text boxes stand side by side, and three lines of each may
# be level by chance.
_MIN_ROWS, _MIN_SLIDE_ROWS, _MIN_FRAMED_ROWS = 3, 4, 2
# Share of the cells of an aligned block that hold text: labels of a figure stand in a few places of theirs.
_MIN_FILLED_SHARE, _MIN_SLIDE_FILLED_SHARE = 0.6, 0.85
# Words of a cell, in the median of a column: running text has more in each of its lines.
_MAX_CELL_WORDS, _MAX_SLIDE_CELL_WORDS = 4, 2
# Shares of a column's cells that tell what it is: most, and more than by chance.
_MOST, _MANY = 0.6, 0.3
# Of the cells of a column, left, right or middle stand at one place, within this many type sizes.
_MIN_ALIGNED_SHARE, _ALIGNMENT = 0.7, 0.3
# In type sizes: a table is set in one size, the labels of a figure are not.
_MAX_SIZE_RATIO = 1.3
# Fragments whose font is asked for: code is code in all of its lines.
_FONT_SAMPLE = 7

_BULLET = re.compile(r"[^\w\s]{1,2}|o")
_MARK = re.compile(r"[^\w\s]{1,2}|o|\(?(?:\d{1,3}|[A-Za-z]|[ivxIVX]{1,4})[.):]|\(?[a-z\d]\)")
_LEADERS = re.compile(r"(?:[._…·]\s?){4,}|_{3,}")
_PAGE_NUMBER = re.compile(r"\d{1,4}|[ivxlc]{1,7}")
_FIGURE = re.compile(r"[-+−–~<>≤≥≈$€£(]*\d[\d.,:/×x·%‰°CFK ()±−–-]*[%‰°)]?")
_FORMULA_NUMBER = re.compile(r"\(\d+(?:\.\d+)*[a-z]?\)")
# What numbers and quotations begin with, besides letters and figures.
_TEXT_STARTS = frozenset("-+−–~<>≤≥≈±$€£([{\"'“„‘«.,#/")


def may_be_table(page: TextPage, block: Block, *, is_framed: bool, is_slide: bool) -> bool:
    """Tell whether a block has enough lines, in one size and no monospaced type: what is known before it is read."""
    return (
        len(block.bands) >= _find_least_rows(is_framed=is_framed, is_slide=is_slide)
        and _is_set_alike(block)
        and not _is_code(page, block)
    )


def is_table(block: Block, rows: Sequence[Sequence[str]], *, is_framed: bool, is_slide: bool) -> bool:
    """Tell whether aligned text, read as rows of cells, is a table. `is_framed`: there are rules above and below it."""
    columns = list(zip(*rows, strict=True))
    filled = sum(map(bool, chain(*rows))) / (len(rows) * len(columns))
    share = _MIN_SLIDE_FILLED_SHARE if is_slide and not is_framed else _MIN_FILLED_SHARE
    # The first row is the head, and only its corner may be blank.
    if len(rows) < _find_least_rows(is_framed=is_framed, is_slide=is_slide) or filled < share or not all(rows[0][1:]):
        return False
    if _is_list(columns) or _compute_share(chain(*rows), _LEADERS.search) > _MANY / 3:
        return False
    return (is_framed or _has_columns_of_table(columns, is_slide=is_slide)) and _is_aligned(block, columns)


def _find_least_rows(*, is_framed: bool, is_slide: bool) -> int:
    if is_framed:
        return _MIN_FRAMED_ROWS
    return _MIN_SLIDE_ROWS if is_slide else _MIN_ROWS


def _has_columns_of_table(columns: Sequence[Sequence[str]], *, is_slide: bool) -> bool:
    """Tell whether columns without rules are those of a table, and not contents, formulas or prose."""
    if _is_contents(columns) or any(
        _compute_share(column, _FORMULA_NUMBER.fullmatch) > _MOST for column in columns[1:]
    ):
        return False
    most = _MAX_SLIDE_CELL_WORDS if is_slide else _MAX_CELL_WORDS
    short = [_is_short(column, most) for column in columns]
    if not short[0] or 2 * sum(short) < len(columns):
        return False
    return len(columns) > 2 or _is_pair_of_columns(columns, is_slide=is_slide)


def is_grid_table(rows: Sequence[Sequence[str]]) -> bool:
    """Tell whether text between rules is a table, and not the labels of a chart or boxes of a figure."""
    cells = list(chain(*rows))
    head, side = rows[0][1:], [row[0] for row in rows[1:]]
    return all(head) or all(side) or sum(map(bool, cells)) >= _MIN_FILLED_SHARE * len(cells)


def _is_list(columns: Sequence[Sequence[str]]) -> bool:
    """Tell whether cells are bullets, or begin with them: lists that stand side by side, or bullets set apart."""
    if any(_BULLET.fullmatch(cell) and cell not in "-–—+*?" for column in columns for cell in column):
        return True
    if len(columns) == 2 and _compute_share(columns[0], _MARK.fullmatch) > _MOST:
        return True
    return any(
        _compute_share(column, is_list_item) > _MANY or _compute_share(column, _begins_with_sign) > _MOST
        for column in columns[1:]
    )


def _begins_with_sign(cell: str) -> bool:
    return cell[0] not in _TEXT_STARTS and unicodedata.category(cell[0])[0] in "SPC"


def _is_contents(columns: Sequence[Sequence[str]]) -> bool:
    """Tell whether the last column holds page numbers from the first row on, in ascending order."""
    last = [cell for cell in columns[-1] if cell]
    if not all(_PAGE_NUMBER.fullmatch(cell) for cell in last):
        return False
    numbers = [int(cell) for cell in last if cell.isdecimal()]
    return numbers == sorted(numbers)


def _is_pair_of_columns(columns: Sequence[Sequence[str]], *, is_slide: bool) -> bool:
    """Tell whether two columns are a table: figures below a word, or short cells."""
    if _compute_share(columns[0], lambda cell: cell.endswith(":")) > _MOST:
        return False
    if _compute_share(columns[1][1:], _FIGURE.fullmatch) > _MOST:
        return not _FIGURE.fullmatch(columns[1][0])
    return not is_slide and len(columns[0]) > _MIN_ROWS and all(map(all, columns)) and all(map(_is_short, columns))


def _is_short(column: Sequence[str], most: int = _MAX_CELL_WORDS) -> bool:
    return median(len(cell.split()) for cell in column if cell) <= most


def _is_set_alike(block: Block) -> bool:
    sizes = [fragment.size for band in block.bands for fragment in band]
    return max(sizes) <= _MAX_SIZE_RATIO * min(sizes)


def _is_aligned(block: Block, columns: Sequence[Sequence[str]]) -> bool:
    """Tell whether the fragments of each column share a left edge, a right edge or a middle; figures need not."""
    slack = _ALIGNMENT * block.size
    for number, (begin, end) in enumerate(block.find_columns()):
        if number < len(columns) and _compute_share(columns[number][1:], _FIGURE.fullmatch) > _MOST:
            continue
        held = [
            build_fragment([word for fragment in cell for word in fragment.words])
            for band in block.bands
            if (cell := [fragment for fragment in band if fragment.left < end and fragment.right > begin])
        ]
        if held and not any(_share_place(list(map(place, held)), slack) for place in _PLACES):
            return False
    return True


_PLACES: tuple[Callable[[Fragment], float], ...] = (
    lambda fragment: fragment.left,
    lambda fragment: fragment.right,
    lambda fragment: (fragment.left + fragment.right) / 2,
)


def _share_place(places: Sequence[float], slack: float) -> bool:
    """Tell whether most places, or all but one, are within twice the slack of one another."""
    ordered = sorted(places)
    wanted = min(len(ordered) - 1, math.ceil(_MIN_ALIGNED_SHARE * len(ordered)))
    return wanted < 1 or any(
        last - first <= 2 * slack for first, last in zip(ordered, ordered[wanted - 1 :], strict=False)
    )


def _is_code(page: TextPage, block: Block) -> bool:
    fragments = [fragment for band in block.bands for fragment in band if fragment.words[0].start >= 0]
    sample = fragments[:: len(fragments) // _FONT_SAMPLE + 1]
    return 2 * sum(page.get_font_style(fragment.words[0].start).is_monospaced for fragment in sample) > len(sample)


def _compute_share(cells: Iterable[str], test: Callable[[str], object]) -> float:
    """Return the share of the cells with text that pass a test."""
    filled = [cell for cell in cells if cell]
    return sum(bool(test(cell)) for cell in filled) / len(filled) if filled else 0.0
