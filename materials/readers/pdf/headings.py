"""Find headings that only a number sets apart from the text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from materials.readers.pdf.blocks import Block, BlockKind
from materials.readers.pdf.flow import Heading
from materials.readers.pdf.line_text import may_hold_leader
from materials.readers.pdf.lines import HEADING_RATIO
from materials.readers.pdf.styles import DocumentStyle

# Piece.level knows six.
_MAX_LEVEL = 6
# Characters and lines: longer text in bold is a sentence that somebody found important.
_MAX_LENGTH, _MAX_LINES = 100, 2
# Characters of the paragraph below a heading with a single number; what stands below an item of a list is shorter, or
# the next item.
_MIN_TEXT_BELOW = 60
# A sentence that begins after the words of a heading in the same line.
_NEXT_SENTENCE = re.compile(r"[^\W\d_]{2}(?<![IVX])[.!?] [^\W\d_]")
_SENTENCE_END = (".", ",", ";", "。", "，", "!", "！")
# 2.1 Boiling, 3. Freezing, IV Steam: the number and the first letter of the words.
_NUMBERED = re.compile(r"(?P<number>\d{1,2}(?:\.\d{1,3})*|[IVX]{1,5})\.?\s+(?P<first>\w)")
_ROMAN_NUMERALS = ("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII")


def mark_headings(pages: Sequence[Sequence[Block]], style: DocumentStyle, found: Sequence[Heading]) -> None:
    """Turn those blocks of flowing pages into headings that begin with a number, in the type of the text.

    They have the levels of the headings found by their type whose numbers have as many parts, and where there are none
    they stand below all of these; a number with more parts makes them lower.
    """
    base = max((heading.level for heading in found), default=0) + 1
    levels = {heading.number.depth: heading.level for heading in found if heading.number and heading.depth is not None}
    numbered: list[tuple[int, Block]] = []
    for blocks in pages:
        for at, block in enumerate(blocks):
            if not _can_be_heading(block, style):
                continue
            text = " ".join(line.text for line in block.lines)
            depth, number = _parse_number(text)
            if depth > 1 and text[-1] not in "?:":
                _set_heading(block, levels.get(depth, base + depth - 1))
            elif depth == 1 and text[-1] not in "?:" and _has_text_below(blocks, at):
                numbered.append((number, block))
    for block in _select_counting(numbered):
        _set_heading(block, base)


def _set_heading(block: Block, level: int) -> None:
    block.kind, block.level = BlockKind.HEADING, min(_MAX_LEVEL, level)


def _can_be_heading(block: Block, style: DocumentStyle) -> bool:
    if block.kind not in (BlockKind.TEXT, BlockKind.ITEM) or len(block.lines) > _MAX_LINES:
        return False
    text = block.lines[-1].text
    return (
        block.size * HEADING_RATIO > style.size
        and sum(len(line.text) for line in block.lines) <= _MAX_LENGTH
        and not text.endswith(_SENTENCE_END)
        and any(map(str.isalpha, block.lines[0].text))
        and not may_hold_leader(text)
        and not any(_NEXT_SENTENCE.search(line.text) for line in block.lines)
        and (block.lines[0].text[0].isalnum() or block.lines[0].text[0] in "§¿¡«“„(\"'")
    )


def _parse_number(text: str) -> tuple[int, int]:
    """Return how many parts the number of a heading has, 0 without one, and the value of its first part."""
    found = _NUMBERED.match(text)
    if found is None or found["first"].islower() or found["first"].isdecimal():
        return 0, 0
    number = found["number"]
    if number[0].isdecimal():
        return number.count(".") + 1, int(number.split(".")[0])
    return (1, _ROMAN_NUMERALS.index(number) + 1) if number in _ROMAN_NUMERALS else (0, 0)


def _has_text_below(blocks: Sequence[Block], at: int) -> bool:
    following = blocks[at + 1] if at + 1 < len(blocks) else None
    if following is None or following.kind is not BlockKind.TEXT:
        return False
    return sum(len(line.text) for line in following.lines) >= _MIN_TEXT_BELOW


def _select_counting(numbered: Sequence[tuple[int, Block]]) -> Iterator[Block]:
    """Yield the blocks whose numbers count from 1; a single number is that of a list or a year."""
    counted: list[Block] = []
    for number, block in numbered:
        if number == len(counted) + 1:
            counted.append(block)
    if len(counted) > 1:
        yield from counted
