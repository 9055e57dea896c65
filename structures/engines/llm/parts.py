"""Cutting numbered lines into parts that fit into one request each."""

from __future__ import annotations

from llm.messages import expect_text_tokens
from structures.engines.llm.numbering import ChunkLine, halve_line, render_lines

PromptPart = tuple[ChunkLine, ...]
# Some 600 characters, a paragraph. A model that cannot take so little fails for another reason, and halves of a smaller
# chunk would separate a sentence from its context.
MIN_HALVED_TOKENS = 200


def cut_parts(lines: tuple[ChunkLine, ...], *, limit: int) -> list[PromptPart]:
    """Cut the lines at chunk borders into parts of at most `limit` tokens, in order, none left out.

    A new entry begins a new part when the current one is at least half full: topics that cross no border of files are
    found more easily, and the number of parts at most doubles. A single chunk beyond the limit is cut inside.
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


def estimate_part_tokens(part: PromptPart) -> int:
    """Return an upper estimate of a part's tokens, with the headings of its entries."""
    before = (None, *part[:-1])
    headings = (line for line, last in zip(part, before, strict=True) if last is None or last.heading != line.heading)
    return sum(line.estimated_tokens for line in part) + sum(map(_estimate_heading_tokens, headings))


def expect_part_tokens(part: PromptPart) -> int:
    """Return about how many tokens a part has, with the headings of its entries."""
    return expect_text_tokens(render_lines(part))


def split_part(part: PromptPart) -> tuple[PromptPart, PromptPart] | None:
    """Return two halves of a part by tokens; None for a single line below MIN_HALVED_TOKENS."""
    if len(part) == 1:
        if part[0].estimated_tokens < MIN_HALVED_TOKENS:
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
    # A stack with the next line on top, so that halves of halves keep their order.
    waiting, fitting = list(reversed(lines)), []
    while waiting:
        line = waiting.pop()
        if line.estimated_tokens + _estimate_heading_tokens(line) > limit and line.estimated_tokens > MIN_HALVED_TOKENS:
            waiting.extend(reversed(halve_line(line)))
        else:
            fitting.append(line)
    return fitting


def _estimate_heading_tokens(line: ChunkLine) -> int:
    # More than `estimate_text_tokens` gives, which is cheap: a heading comes once for each entry in a part.
    return sum(len(heading.encode()) for heading in line.heading) // 2 + 2
