"""Reading rubrics: tables and lists that say by what an exercise is graded."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from materials.documents import ChunkKind
from structures.engines.base.sources import SourceChunk
from structures.engines.outline.sections import Section

_ITEM = re.compile(r"^\s*(?:[-*•]|\d{1,3}[.)])\s+")
_RULE = re.compile(r"^\|(?:\s*:?-+:?\s*\|)+$")
_CELL_END = re.compile(r"(?<!\\)\|")
_POINTS = re.compile(r"\d+(?:[.,]\d+)?\s*%?")


def read_criteria(section: Section) -> list[str]:
    """Return the criteria of a section that holds a rubric: each row of a table, each item of a list."""
    return list(iter_criteria(chunk for below in section.iter_sections() for chunk in below.body))


def iter_criteria(chunks: Iterable[SourceChunk]) -> Iterator[str]:
    """Yield the criteria that tables, lists and sentences hold."""
    for chunk in chunks:
        if chunk.kind is ChunkKind.TABLE:
            yield from _read_table(chunk.text)
        elif chunk.kind is ChunkKind.LIST:
            yield from (_ITEM.sub("", line).strip() for line in chunk.text.split("\n") if line.strip())
        elif chunk.kind is ChunkKind.PARAGRAPH and not chunk.text.rstrip().endswith((":", "：")):
            yield chunk.text


def _read_table(text: str) -> Iterator[str]:
    """Yield each row of a table: its first cell, and the others below the words of their head."""
    rows = [_split_row(line) for line in text.split("\n") if not _RULE.match(line)]
    if not rows:
        return
    head, *body = rows
    for row in body:
        cells = [(name, cell) for name, cell in zip(head, row, strict=False) if cell]
        if not cells:
            continue
        # Points may stand before what they are for, or behind it.
        first = next((cell for _, cell in cells if not _POINTS.fullmatch(cell)), cells[0][1])
        others = [(name, cell) for name, cell in cells if cell != first]
        if not others:
            yield first
        elif len(others) == 1:
            yield f"{first}: {others[0][1]}"
        else:
            yield f"{first}: " + "; ".join(f"{name} – {cell}" if name else cell for name, cell in others)


def _split_row(line: str) -> list[str]:
    return [cell.strip().replace("\\|", "|") for cell in _CELL_END.split(line.strip().strip("|"))]
