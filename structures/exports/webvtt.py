"""Reading cues of WebVTT and SRT back, to check what was written: order, overlap and length.

Parsers of WebVTT take overlapping chapters, and some an end before its start; so this looks at the times itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

_TIMES = re.compile(r"(\d{2,}):(\d{2}):(\d{2})[.,](\d{3}) --> (\d{2,}):(\d{2}):(\d{2})[.,](\d{3})")


class CuesBroken(Exception):
    """A file is no sequence of cues; the message says in which line and why."""


@dataclass(frozen=True, kw_only=True)
class TimedCue:
    """One cue: the line that it begins in, its identifier or number, its times and its text."""

    line: int
    identifier: str
    start_ms: int
    end_ms: int
    text: str


def read_cues(lines: Iterable[str], *, header: str = "") -> Iterator[TimedCue]:
    """Yield the cues of a file whose first block is `header`, such as `WEBVTT`. Raises CuesBroken."""
    blocks = _split_blocks(lines)
    if header:
        first = next(blocks, (1, [""]))
        if first[1] != [header]:
            raise CuesBroken(f"line 1: {first[1][0][:50]!r} in the place of {header}")
    for line, block in blocks:
        identifier = "" if "-->" in block[0] else block[0]
        rest = block[1:] if identifier else block
        times = _TIMES.fullmatch(rest[0]) if rest else None
        if times is None:
            raise CuesBroken(f"line {line}: no times")
        numbers = [int(number) for number in times.groups()]
        text = "\n".join(rest[1:])
        # Text of WebVTT has no arrow (4.1); SRT knows no other way to write one.
        if not text or (header and "-->" in text):
            raise CuesBroken(f"line {line}: {text[:50]!r} is no text of a cue")
        yield TimedCue(
            line=line, identifier=identifier, start_ms=_add_up(numbers[:4]), end_ms=_add_up(numbers[4:]), text=text
        )


def find_time_faults(cues: Iterable[TimedCue], *, may_overlap: bool, duration_ms: int | None = None) -> Iterator[str]:
    """Yield what is wrong with the times of cues: their own, their order, and where the recording ends."""
    last_start, last_end = 0, 0
    for cue in cues:
        if cue.end_ms <= cue.start_ms:
            yield f"line {cue.line}: it ends when it begins, or before"
        if cue.start_ms < last_start:
            yield f"line {cue.line}: it begins before the one above"
        elif not may_overlap and cue.start_ms < last_end:
            yield f"line {cue.line}: it begins before the one above ends"
        if duration_ms is not None and cue.end_ms > duration_ms:
            yield f"line {cue.line}: it ends after the recording, which has {duration_ms} ms"
        last_start, last_end = cue.start_ms, max(last_end, cue.end_ms)


def format_cue_time(ms: int) -> str:
    """Return a time as WebVTT has it, such as `00:01:02.003`."""
    seconds, rest = divmod(ms, 1000)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{rest:03}"


def _add_up(parts: list[int]) -> int:
    hours, minutes, seconds, rest = parts
    return ((hours * 60 + minutes) * 60 + seconds) * 1000 + rest


def _split_blocks(lines: Iterable[str]) -> Iterator[tuple[int, list[str]]]:
    """Yield the blocks between blank lines, each with the number of its first line."""
    block: list[str] = []
    number = 0
    for number, line in enumerate(lines, start=1):
        if stripped := line.rstrip("\r\n"):
            block.append(stripped)
        elif block:
            yield number - len(block), block
            block = []
    if block:
        yield number - len(block) + 1, block
