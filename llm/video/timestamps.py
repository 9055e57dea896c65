"""Parses time stamps as models write them, and converts them to times of the recording.

A model that is shown a clip of a recording counts from the beginning of the clip or of the recording, whatever the
prompt says. All stamps of one answer are taken to count alike: from where more of them lie within the clip.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from llm.video.transcript import Segment

# Stamps are mostly whole seconds, so that a short line begins and ends with the same one; a segment must not be empty.
LEAST_SEGMENT_MS = 1000

_STAMP = re.compile(r"[\[(]?(?:(\d{1,2}):)?(\d{1,4}):(\d{2})(?:[.,](\d{1,3})|:(\d{3}))?[\])]?", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class StampedLine:
    """A line of a model's answer. Times are milliseconds of the recording; None where a stamp could not be parsed."""

    start_ms: int | None
    end_ms: int | None
    text: str
    speaker: str = ""
    seen: str = ""


def parse_timestamp(written: str) -> int | None:
    """Return the milliseconds of `MM:SS`, `MMM:SS` or `H:MM:SS`, with or without a fraction; None for anything else.

    A fraction follows a point or a comma, or, with three digits, a colon. The stamp may stand in brackets. A number
    without a colon may mean seconds or minutes, and is no stamp.
    """
    found = _STAMP.fullmatch(written.strip())
    if found is None:
        return None
    hours, minutes, seconds = (int(part or 0) for part in found.group(1, 2, 3))
    if seconds >= 60 or (found[1] and minutes >= 60):
        return None
    fraction = found[4] or found[5] or ""
    return ((hours * 60 + minutes) * 60 + seconds) * 1000 + int(fraction.ljust(3, "0"))


def compute_offset(stamps: Sequence[int], *, start_ms: int, end_ms: int, tolerance_ms: int) -> int:
    """Return what to add to the stamps of a clip to get times of the recording: 0 or `start_ms`. All are milliseconds.

    Stamps within the clip's bounds count from the recording's beginning, those from 0 to the clip's length from the
    clip's own; the majority decides, and the clip's beginning, which the prompt asks for, when there is none.
    """
    length = end_ms - start_ms
    of_recording = sum(start_ms - tolerance_ms <= stamp <= end_ms + tolerance_ms for stamp in stamps)
    of_clip = sum(stamp <= length + tolerance_ms for stamp in stamps)
    return start_ms if of_clip >= of_recording else 0


def build_segments(lines: Sequence[StampedLine], *, end_ms: int) -> tuple[Segment, ...]:
    """Return the lines as segments in order of time, none beyond `end_ms` and none shorter than a second.

    A line without a start time is joined to the previous one; a line without an end time lasts until the next.
    """
    begun: list[StampedLine] = []
    for line in lines:
        if line.start_ms is not None:
            begun.append(line)
        elif begun:
            begun[-1] = _join_lines(begun[-1], line)
    begun.sort(key=lambda line: line.start_ms or 0)
    following = [*(line.start_ms for line in begun[1:]), end_ms]
    return tuple(
        _build_segment(line, then, end_ms=end_ms)
        for line, then in zip(begun, following, strict=False)
        if line.text.strip() or line.seen.strip()
    )


def _join_lines(line: StampedLine, after: StampedLine) -> StampedLine:
    return StampedLine(
        start_ms=line.start_ms,
        end_ms=after.end_ms if after.end_ms is not None else line.end_ms,
        text=f"{line.text} {after.text}".strip(),
        speaker=line.speaker,
        seen="\n".join(filter(None, (line.seen, after.seen))),
    )


def _build_segment(line: StampedLine, following_ms: int | None, *, end_ms: int) -> Segment:
    start = max(0, min(line.start_ms or 0, end_ms - LEAST_SEGMENT_MS))
    end = following_ms if line.end_ms is None else line.end_ms
    return Segment(
        start_ms=start,
        end_ms=min(max(end or 0, start + LEAST_SEGMENT_MS), end_ms),
        text=line.text.strip(),
        speaker=line.speaker.strip(),
        seen=line.seen.strip(),
    )
