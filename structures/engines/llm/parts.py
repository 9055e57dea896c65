"""Cutting numbered lines into parts that fit into a request."""

from __future__ import annotations

from structures.engines.llm.numbering import ChunkLine, halve_line

PromptPart = tuple[ChunkLine, ...]


def cut_parts(lines: tuple[ChunkLine, ...], *, limit: int) -> list[PromptPart]:
    """Cut at chunk borders into parts of at most `limit` tokens, in order, none left out.

    A new entry begins a new part when the current one is at least half full. A single chunk beyond the limit is cut
    inside.
    """
    parts: list[PromptPart] = []
    current: list[ChunkLine] = []
    size = 0
    for line in _fit_lines(lines, limit):
        tokens = line.estimated_tokens + (
            _estimate_heading_tokens(line) if not current or current[-1].heading != line.heading else 0
        )
        is_new_entry = bool(current) and current[-1].heading != line.heading
        if current and (size + tokens > limit or (is_new_entry and size >= limit // 2)):
            parts.append(tuple(current))
            current, size = [], 0
            tokens = line.estimated_tokens + _estimate_heading_tokens(line)
        current.append(line)
        size += tokens
    if current:
        parts.append(tuple(current))
    return parts


def split_part(part: PromptPart) -> tuple[PromptPart, PromptPart] | None:
    """Return two halves of a part; None when it is too small to be worth it."""
    if len(part) == 1:
        if part[0].estimated_tokens < 200:
            return None
        first, second = halve_line(part[0])
        return (first,), (second,)
    half, size = sum(line.estimated_tokens for line in part) / 2, 0
    for position, line in enumerate(part[:-1], start=1):
        size += line.estimated_tokens
        if size >= half:
            return part[:position], part[position:]
    return part[:-1], part[-1:]


def _fit_lines(lines: tuple[ChunkLine, ...], limit: int) -> list[ChunkLine]:
    waiting, fitting = list(reversed(lines)), []
    while waiting:
        line = waiting.pop()
        if line.estimated_tokens + _estimate_heading_tokens(line) > limit and line.estimated_tokens > 200:
            waiting.extend(reversed(halve_line(line)))
        else:
            fitting.append(line)
    return fitting


def _estimate_heading_tokens(line: ChunkLine) -> int:
    return sum(len(heading.encode()) for heading in line.heading) // 2 + 2
