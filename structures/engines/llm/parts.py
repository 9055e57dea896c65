"""Cutting numbered lines into parts that fit into a request."""

from __future__ import annotations

from structures.engines.llm.numbering import Line, halves

Part = tuple[Line, ...]


def cut(lines: tuple[Line, ...], *, limit: int) -> list[Part]:
    """Cut at chunk borders into parts of at most `limit` tokens, in order, none left out.

    A new entry begins a new part when the current one is at least half full. A single chunk beyond the limit is cut
    inside.
    """
    parts: list[Part] = []
    current: list[Line] = []
    size = 0
    for line in _fitting(lines, limit):
        tokens = line.tokens + (_heading_tokens(line) if not current or current[-1].heading != line.heading else 0)
        is_new_entry = bool(current) and current[-1].heading != line.heading
        if current and (size + tokens > limit or (is_new_entry and size >= limit // 2)):
            parts.append(tuple(current))
            current, size = [], 0
            tokens = line.tokens + _heading_tokens(line)
        current.append(line)
        size += tokens
    if current:
        parts.append(tuple(current))
    return parts


def split(part: Part) -> tuple[Part, Part] | None:
    """Return two halves of a part; None when it is too small to be worth it."""
    if len(part) == 1:
        if part[0].tokens < 200:
            return None
        first, second = halves(part[0])
        return (first,), (second,)
    half, size = sum(line.tokens for line in part) / 2, 0
    for position, line in enumerate(part[:-1], start=1):
        size += line.tokens
        if size >= half:
            return part[:position], part[position:]
    return part[:-1], part[-1:]


def _fitting(lines: tuple[Line, ...], limit: int) -> list[Line]:
    waiting, fitting = list(reversed(lines)), []
    while waiting:
        line = waiting.pop()
        if line.tokens + _heading_tokens(line) > limit and line.tokens > 200:
            waiting.extend(reversed(halves(line)))
        else:
            fitting.append(line)
    return fitting


def _heading_tokens(line: Line) -> int:
    return sum(len(shown.encode()) for shown in line.heading) // 2 + 2
