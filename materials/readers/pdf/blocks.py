"""Cut the lines of a page into blocks: paragraphs, items of lists, tables, code and headings."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto

from materials.readers.base.code_lines import has_code_sign, is_prose_line
from materials.readers.pdf.flow import Heading
from materials.readers.pdf.line_text import (
    FIRST_WIDE,
    begins_with_section_number,
    is_blank_to_fill,
    is_contents_line,
    is_list_item,
    may_hold_leader,
)
from materials.readers.pdf.lines import Line, TableLine
from materials.readers.pdf.styles import DocumentStyle

# In type sizes, between the bottom of a line and the top of the next: more begins a paragraph. On the sample decks half
# of it tears paragraphs of loosely set slides apart, twice joins neighbouring items of diagrams.
_PARAGRAPH_GAP = 0.9
# In type sizes: a gap that is so much wider than the next one begins a paragraph, too. Word processors add half a line
# between paragraphs as a rule; a raised figure moves a line by less than a quarter.
_WIDER_GAP = 0.3
# In type sizes: gaps between lines of code; empty lines are part of it.
_CODE_GAP = 3.0
# Points. At 0.75 words in a smaller type tear a sentence apart, at 3 captions are joined to what they stand below.
_BLOCK_SIZE_TOLERANCE = 1.5
# Lines in either direction, and the gap between two of them in type sizes: the column whose right edge is looked for.
_COLUMN_LINES, _COLUMN_GAP = 6, 3.0
# In type sizes: how far the first line of a paragraph is indented.
_MIN_INDENT, _MAX_INDENT = 0.8, 4
# In type sizes: how far the ends of the lines of a ragged paragraph may differ although no word was moved down.
_RAGGED = 0.5


class BlockKind(Enum):
    """What a block of lines is."""

    TEXT = auto()
    ITEM = auto()
    CODE = auto()
    TABLE = auto()
    HEADING = auto()


@dataclass(slots=True, eq=False)
class Block:
    """Lines that belong together, in order. `level` is that of a heading."""

    kind: BlockKind
    lines: list[Line] = field(default_factory=list)
    level: int = 0

    @property
    def size(self) -> float:
        return self.lines[0].size


def split_blocks(
    lines: Sequence[Line],
    style: DocumentStyle,
    *,
    labelled: Collection[Line],
    choices: Collection[Line],
    headings: Mapping[Line, Heading],
    is_slide: bool,
) -> list[Block]:
    """Return the blocks of a page or of the text of a slide, in order.

    `labelled` are lines that begin an exercise where the line before them has ended, `choices` lines that are items,
    `headings` lines of headings, which slides have none of but their titles.
    """
    has_leaders = may_hold_leader(" ".join(line.text for line in lines))
    if has_leaders:
        lines = [line for line in lines if not is_blank_to_fill(line.text)]
    blocks: list[Block] = []
    for at, line in enumerate(lines):
        last = lines[at - 1] if at else None
        following = lines[at + 1] if at + 1 < len(lines) else None
        block = blocks[-1] if blocks else None
        if headings and (heading := headings.get(line)) is not None:
            if line is heading.lines[0]:
                blocks.append(Block(BlockKind.HEADING, level=heading.level))
        elif isinstance(line, TableLine):
            blocks.append(Block(BlockKind.TABLE))
        elif line.is_monospaced and not style.is_monospaced:
            if block is None or block.kind is not BlockKind.CODE or not _is_near(block.lines[-1], line, _CODE_GAP):
                blocks.append(Block(BlockKind.CODE))
        elif is_list_item(line.text) or line in choices or (has_leaders and is_contents_line(line.text)):
            blocks.append(Block(BlockKind.ITEM))
        elif (
            block is None
            or last is None
            or (block.kind is not BlockKind.TEXT and block.kind is not BlockKind.ITEM)
            or _is_parted(last, line)
            or (block.kind is BlockKind.TEXT and abs(last.size - line.size) > _BLOCK_SIZE_TOLERANCE)
            or (
                not is_slide
                and _is_parted_more(block, line, following)
                and (len(block.lines) > 1 or _ends_early(last, line, lines, at))
            )
            or (not is_slide and block.kind is BlockKind.TEXT and _ends_paragraph(last, line, lines, at))
            or (line in labelled and (_ends_sentence(last.text) or _ends_early(last, line, lines, at)))
            or (
                not is_slide
                and last.is_bold != line.is_bold
                and (_is_parted_more(block, line, following) or _ends_early(last, line, lines, at))
            )
            or (
                not is_slide
                and (begins_with_section_number(line.text) or _is_section_number(block))
                and _ends_early(last, line, lines, at)
            )
            or (has_leaders and is_contents_line(last.text))
        ):
            blocks.append(Block(BlockKind.TEXT))
        blocks[-1].lines.append(line)
    if not any(block.kind is BlockKind.CODE for block in blocks):
        return blocks
    return [part for block in blocks for part in _split_prose(block)]


def _split_prose(block: Block) -> Iterator[Block]:
    """Yield a block as it is, or the paragraphs of a block in a monospaced font that is words and no code."""
    if block.kind is not BlockKind.CODE:
        yield block
        return
    texts = [line.text for line in block.lines]
    if any(map(has_code_sign, texts)) and not all(map(is_prose_line, texts)):
        yield block
        return
    paragraph = Block(BlockKind.TEXT)
    for line in block.lines:
        if paragraph.lines and _is_parted(paragraph.lines[-1], line):
            yield paragraph
            paragraph = Block(BlockKind.TEXT)
        paragraph.lines.append(line)
    yield paragraph


def _is_near(last: Line, line: Line, sizes: float) -> bool:
    return -line.size <= line.top - last.bottom <= sizes * line.size


def _is_parted(last: Line, line: Line) -> bool:
    """Tell whether a line stands apart from the last, below a gap or above it in another column or text box."""
    return line.top - last.bottom > _PARAGRAPH_GAP * max(line.size, 1) or line.top < last.top - line.size


def _is_parted_more(block: Block, line: Line, following: Line | None) -> bool:
    """Tell whether the gap above a line is wider than the one above or below it."""
    last = block.lines[-1]
    others = []
    if len(block.lines) > 1 and block.lines[-2].size == last.size:
        others.append(max(0.0, last.top - block.lines[-2].bottom))
    if following is not None and following.size == line.size and following.top > line.top:
        others.append(max(0.0, following.top - line.bottom))
    return bool(others) and line.top - last.bottom > min(others) + _WIDER_GAP * line.size


def _ends_paragraph(last: Line, line: Line, lines: Sequence[Line], at: int) -> bool:
    """Tell whether a sentence and its line end before a line that is indented, or whose first word had room there."""
    if not _ends_sentence(last.text):
        return False
    return _MIN_INDENT * line.size < line.left - last.left < _MAX_INDENT * line.size or _ends_early(
        last, line, lines, at
    )


def _is_section_number(block: Block) -> bool:
    return len(block.lines) == 1 and begins_with_section_number(block.lines[0].text)


def _ends_sentence(text: str) -> bool:
    return text.rstrip("\"'”’»)")[-1:] in {".", "!", "?", ":", ";", "。", "？", "！", "؟"}


def _ends_early(last: Line, line: Line, lines: Sequence[Line], at: int) -> bool:
    """Tell whether the first word of a line would have fitted behind the last one, so that the break was meant.

    `at` is the place of the line among the others.
    """
    first = line.text[0] if line.text[0] >= FIRST_WIDE else line.text.split(maxsplit=1)[0]
    width = (line.right - line.left) * len(first) / max(1, len(line.text)) + _RAGGED * line.size
    return last.right + width < _find_right_edge(lines, at)


def _find_right_edge(lines: Sequence[Line], at: int) -> float:
    """Return the right edge of the nearest lines of the same column, points from the left."""
    right = lines[at].right
    for step in (-1, 1):
        place = at
        for _ in range(_COLUMN_LINES):
            here, place = lines[place], place + step
            if not 0 <= place < len(lines):
                break
            other = lines[place]
            above, below = (here, other) if step == 1 else (other, here)
            if other.size != here.size or not _is_near(above, below, _COLUMN_GAP):
                break
            right = max(right, other.right)
    return right
