"""Find tables by the alignment of their text: columns between gutters, rows by gaps, blanks and wrapped lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median

from materials.readers.pdf.words import FRAGMENT_GAP, Fragment, Word

# In type sizes, from the top of a line to that of the next. Office programs put ten points between paragraphs, also
# between those of cells, which gives 2.3.
_MAX_ROW_DISTANCE = 3.2
# Bands after which the distance of rows is known, and what parts a line from them: rules and paragraphs between cells
# widen a step by half at most.
_MIN_STEADY_BANDS, _MAX_STEP_RATIO = 4, 1.5
# In type sizes, between lines of one cell: 1.2 as a rule, 1.5 in loosely set text.
_MAX_LINE_DISTANCE = 1.6
# In type sizes: gaps inside a row and between rows differ by more than this where rows are set apart by padding.
_PADDING = 0.2
# Share of the continuing lines that leave a column blank where gaps set rows apart: text that wraps does so in some of
# the columns only.
_MIN_UNEVEN = 0.6
# Rules inside a table: its head is parted off by one, and a sum below by a second.
_MIN_RULED_ROWS = 3
# Share of the ruled rows of several lines that have text in the same columns in all of these: with more, each line is
# a row.
_MAX_EVEN_SHARE = 0.5

Interval = tuple[float, float]
# A row of a table on its way: for each column the lines of its cell, each a list of words.
CellLines = dict[int, list[list[Word]]]


@dataclass
class Block:
    """Bands that stand one below another and share gutters; `left` and `right` are the ends of its text in points."""

    bands: list[list[Fragment]]
    gutters: list[Interval]
    left: float
    right: float

    @property
    def size(self) -> float:
        """Return the usual type size in points."""
        return median(fragment.size for band in self.bands for fragment in band) or 1.0

    def find_columns(self) -> list[Interval]:
        """Return the stretches between the gutters, from the left."""
        edges = [self.left, *(edge for gutter in self.gutters for edge in gutter), self.right]
        return list(zip(edges[::2], edges[1::2], strict=True))


def find_blocks(bands: Sequence[list[Fragment]]) -> list[Block]:
    """Return the blocks of at least two bands with common gutters, from the top."""
    blocks: list[Block] = []
    open_block: Block | None = None
    free = 0  # the first band that belongs to no block
    for number, band in enumerate(bands):
        if open_block is not None and not _extend(open_block, band):
            blocks.append(open_block)
            open_block, free = None, number
        if open_block is None and len(band) > 1:
            open_block = Block([band], _find_gaps(band), *_find_ends(band))
            _extend_upwards(open_block, bands[free:number])
    if open_block is not None:
        blocks.append(open_block)
    return [block for block in map(_trim, blocks) if len(block.bands) > 1 and block.gutters]


def _extend(block: Block, band: list[Fragment]) -> bool:
    """Add a band to a block when it is near and crosses none of its gutters; tell whether it was added."""
    size = max(band[0].size, block.bands[-1][0].size)
    step = get_top(band) - get_top(block.bands[-1])
    if step > _MAX_ROW_DISTANCE * size or (len(band) == 1 and _is_set_apart(block, step)):
        return False
    least = FRAGMENT_GAP * size
    kept: list[Interval] = []
    for gutter in block.gutters:
        parts = _subtract(gutter, band, least)
        if not parts:
            return False
        kept += parts
    # Where they stand side by side, the column there was blank so far.
    left, right = _find_ends(band)
    kept += [gap for gap in ((block.right, left), (right, block.left)) if gap[1] - gap[0] >= least]
    block.bands.append(band)
    block.gutters = sorted(kept)
    block.left, block.right = min(left, block.left), max(right, block.right)
    return True


def _is_set_apart(block: Block, step: float) -> bool:
    """Tell whether the next line is farther away than the rows of a block are: a caption, or the text below it."""
    if len(block.bands) < _MIN_STEADY_BANDS:
        return False
    steps = (get_top(below) - get_top(above) for above, below in pairwise(block.bands))
    return step > _MAX_STEP_RATIO * max(steps)


def _extend_upwards(block: Block, bands: Sequence[list[Fragment]]) -> None:
    """Put the lines directly above a block before it that stand in one of its columns but the first.

    They are the first lines of a cell whose neighbours stand at half of its height.
    """
    if not block.gutters:  # of lines that overlap
        return
    for band in reversed(bands):
        near = get_top(block.bands[0]) - get_top(band) < _MAX_LINE_DISTANCE * band[0].size
        if not near or len(band) > 1 or band[0].left < block.gutters[0][1]:
            return
        if any(band[0].left < end and band[0].right > begin for begin, end in block.gutters):
            return
        block.bands.insert(0, band)
        block.right = max(block.right, band[0].right)


def get_top(band: Sequence[Fragment]) -> float:
    """Return the top of a band in points: steadier than its middle, as most lines have letters of full height."""
    return min(fragment.top for fragment in band)


def _find_ends(band: Sequence[Fragment]) -> Interval:
    return band[0].left, max(fragment.right for fragment in band)


def _find_gaps(band: Sequence[Fragment]) -> list[Interval]:
    return [(one.right, other.left) for one, other in pairwise(band) if other.left > one.right]


def _subtract(gutter: Interval, band: Sequence[Fragment], least: float) -> list[Interval]:
    """Return what is left of a gutter between the fragments of a band, in stretches that are at least so wide.

    A gutter that is cut in two has text of its own in between, which is a column.
    """
    parts = []
    begin, end = gutter
    for fragment in band:
        if fragment.right <= begin:
            continue
        if fragment.left >= end:
            break
        if fragment.left - begin >= least:
            parts.append((begin, fragment.left))
        begin = fragment.right
    if end - begin >= least:
        parts.append((begin, end))
    return parts


def _trim(block: Block) -> Block:
    """Return a block without what stands alone at its end, further apart than its other lines: text, a page number.

    In the first column, where text below a table begins, the distance of most lines counts.
    """
    bands = list(block.bands)
    while len(bands) > 2 and len(bands[-1]) == 1:
        *steps, last = (get_top(below) - get_top(above) for above, below in pairwise(bands))
        is_first = not block.gutters or bands[-1][0].left < block.gutters[0][0]
        if last <= (median(steps) if is_first else max(steps)) + _PADDING * block.size:
            break
        bands.pop()
    return replace(block, bands=bands)


def assemble_rows(
    bands: Sequence[Sequence[Fragment]], columns: Sequence[Interval], size: float, breaks: Sequence[float] = ()
) -> list[CellLines]:
    """Return the rows of bands whose text stands in columns; wrapped lines are joined to the row they belong to.

    `size` is the type size, and `breaks` are the heights of rules between rows, in points.
    """
    lines = [_assign(band, columns) for band in bands]
    tops = [get_top(band) for band in bands]
    # Overlapping bands, as where cells are centred, have a negative gap: they are lines of one row.
    gaps = [below - above - size for above, below in pairwise(tops)]
    forced = {
        number
        for number in range(1, len(bands))
        if any(_middle(bands[number - 1]) < at < _middle(bands[number]) for at in breaks)
    }
    begins = _split_by_rules(lines, forced)
    if begins is None:
        begins = _split_by_padding(lines, gaps, size, forced)
    if begins is None:
        begins = _split_by_blanks(lines, columns, gaps, size, forced)
    rows: list[CellLines] = []
    for number, line in enumerate(lines):
        if number == 0 or number in begins:
            rows.append({})
        for column, words in line.items():
            rows[-1].setdefault(column, []).append(words)
    return rows


def _middle(band: Sequence[Fragment]) -> float:
    return (band[0].top + band[0].bottom) / 2


def _assign(band: Sequence[Fragment], columns: Sequence[Interval]) -> dict[int, list[Word]]:
    """Return the words of a band by column; what crosses columns stands in the first of them."""
    found: dict[int, list[Word]] = {}
    for fragment in band:
        column = max(
            range(len(columns)),
            key=lambda number: (
                min(fragment.right, columns[number][1]) - max(fragment.left, columns[number][0]) > 0,
                -number,
            ),
        )
        found.setdefault(column, []).extend(fragment.words)
    return found


def _split_by_rules(lines: Sequence[dict[int, list[Word]]], forced: set[int]) -> set[int] | None:
    """Return the bands below rules where all rows are ruled; None where rules part the head and groups of rows."""
    if len(forced) < _MIN_RULED_ROWS:
        return None
    several = [(begin, end) for begin, end in pairwise([0, *sorted(forced), len(lines)]) if end - begin > 1]
    even = sum(all(set(line) == set(lines[begin]) for line in lines[begin:end]) for begin, end in several)
    return forced if even <= _MAX_EVEN_SHARE * len(several) else None


def _split_by_padding(
    lines: Sequence[dict[int, list[Word]]], gaps: Sequence[float], size: float, forced: set[int]
) -> set[int] | None:
    """Return the bands that begin a row where rows are set apart by padding; None where they are not."""
    inner = [max(gap, 0.0) for number, gap in enumerate(gaps, start=1) if number not in forced]
    if not inner:
        return set(forced)
    low, high = min(inner), max(inner)
    if high - low <= _PADDING * size:
        return None
    middle = (low + high) / 2
    begins = forced | {number for number, gap in enumerate(gaps, start=1) if gap > middle}
    continuing = [number for number in range(1, len(lines)) if number not in begins]
    uneven = sum(set(lines[number]) != set(lines[number - 1]) or len(lines[number]) == 1 for number in continuing)
    # Without padding between the rows below the head, a gap there would join all of these.
    if uneven < _MIN_UNEVEN * len(continuing) or len(begins) < 2:
        return None
    return begins


def _split_by_blanks(
    lines: Sequence[dict[int, list[Word]]],
    columns: Sequence[Interval],
    gaps: Sequence[float],
    size: float,
    forced: set[int],
) -> set[int]:
    """Return the bands that begin a row: those that are not the rest of a wrapped cell above."""
    wrapping = {column for column in range(len(columns)) if any(len(line.get(column, ())) > 1 for line in lines)}
    begins = set(forced)
    for number in range(1, len(lines)):
        if number in begins or (gaps[number - 1] < -_PADDING * size):
            continue
        line, above = lines[number], lines[number - 1]
        if (0 in line and not (set(line) == {0} and _is_continued(above.get(0), line[0], columns[0]))) or (
            0 not in line
            and not all(
                column in wrapping and (column not in above or _is_continued(above[column], words, columns[column]))
                for column, words in line.items()
            )
        ):
            begins.add(number)
    return begins


def _is_continued(above: Sequence[Word] | None, words: Sequence[Word], column: Interval) -> bool:
    """Tell whether the first word of a line had no room in the line above, so that this one may continue it."""
    if not above or len(above) < 2:
        return False
    return above[-1].right + (words[0].right - words[0].left) > column[1] or above[-1].text[-1] in "-\ufffe"
