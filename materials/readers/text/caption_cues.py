"""Split the text of SRT and WebVTT files into cues, as loosely as people and programs write them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

# No recording of a lecture lasts a day: a later time is a typing error, and would be the duration of the entry.
MAX_TIME_MS = 24 * 3600 * 1000

# Looser than WebVTT 4.1 and SRT, which agree on hh:mm:ss and differ in the sign before the milliseconds: programs and
# people leave out hours and write other signs.
_TIME = r"(-?)(?:(\d{1,4})\s*:\s*)?(\d{1,3})\s*:\s*(\d{1,2})(?:\s*[.,:]\s*(\d{1,3}))?"
_CUE_TIMING = re.compile(rf"^\s*{_TIME}\s*-->\s*{_TIME}")
# Blocks of WebVTT that are no cues (4.1): a note of the author, style sheets, and regions.
_WEBVTT_BLOCK = re.compile(r"(NOTE|STYLE|REGION)(?:[\s:]|$)")
_HEADER_LANGUAGE = re.compile(r"Language:\s*([A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*)\s*$", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Cue:
    """The text of a cue with its markup; its times are milliseconds, None where they are impossible."""

    start_ms: int | None
    end_ms: int | None
    text: str


@dataclass(kw_only=True)
class CaptionFile:
    """The cues of a file in its order. `language` is what the header of WebVTT names, blank without one.

    `notes` are the author's notes in WebVTT, `preface` is what stands before the first cue of an SRT file.
    """

    is_webvtt: bool
    language: str = ""
    cues: list[Cue] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    preface: str = ""


def parse_caption_file(text: str) -> CaptionFile:
    """Return the cues of a file. Blank lines inside a cue, wrong and missing numbers do no harm."""
    lines = text.split("\n")
    found = CaptionFile(is_webvtt=text.lstrip("\ufeff \t\n").startswith("WEBVTT"))
    timings = [(at, timing) for at, line in enumerate(lines) if "-->" in line and (timing := _CUE_TIMING.match(line))]
    if not timings:
        return found
    identifiers = _read_head(lines[: timings[0][0]], found)
    ends = [at for at, _ in timings[1:]] + [len(lines)]
    for (at, timing), end in zip(timings, ends, strict=True):
        block = lines[at + 1 : end]
        identifiers.drop_next(block, is_last=end == len(lines))
        start, stop = _parse_milliseconds(timing.groups()[:5]), _parse_milliseconds(timing.groups()[5:])
        text = "\n".join(_iter_spoken_lines(block, found))
        found.cues.append(Cue(start_ms=start, end_ms=stop, text=text))
    return found


@dataclass(kw_only=True)
class _Identifiers:
    """How the cues of a file are identified: `number` is that of the last cue, None where cues have no numbers."""

    is_webvtt: bool
    has_names: bool = False
    number: int | None = None

    def drop_next(self, lines: list[str], *, is_last: bool) -> None:
        """Remove the identifier of the next cue from the end of the lines below a timing."""
        end = len(lines)
        while end and not lines[end - 1].strip():
            end -= 1
        if not end:
            return
        line, above = lines[end - 1].strip(), lines[end - 2] if end > 1 else None
        is_before_timing = end == len(lines) and not is_last
        # Captions of YouTube have lines of one space inside their cues; only SRT is written by hand.
        is_apart = above is not None and not (above if self.is_webvtt else above.strip())
        if not line.isdecimal():
            if is_before_timing and is_apart and (self.is_webvtt or self.has_names):
                del lines[end - 1 :]
            return
        # Not every number is one of a cue: somebody may say it, after a blank line that should not be there.
        is_next = self.number is not None and _parse_number(line) == self.number + 1
        is_marked = is_apart or self.number is not None or not self.is_webvtt
        if (is_before_timing and is_marked and above is not None) or (is_apart and is_next):
            self.number = _parse_number(line)
            del lines[end - 1 :]


def _read_head(lines: list[str], found: CaptionFile) -> _Identifiers:
    """Read what stands before the first timing: header, notes, and the identifier of the first cue."""
    identifiers = _Identifiers(is_webvtt=found.is_webvtt)
    last = next((line.strip() for line in reversed(lines) if line.strip()), "")
    if last.isdecimal():
        identifiers.number = _parse_number(last)
    elif lines and lines[-1].strip() and not found.is_webvtt:
        identifiers.has_names = True
    if found.is_webvtt:
        languages = (named[1] for line in lines if (named := _HEADER_LANGUAGE.match(line)))
        found.language = next(languages, "")
        for _ in _iter_spoken_lines(lines, found):
            pass  # the header itself and the first identifier; notes are collected
    else:
        words = [line.strip() for line in lines if line.strip(" \t\ufeff")]
        found.preface = " ".join(words[:-1] if last.isdecimal() or identifiers.has_names else words)
    return identifiers


def _iter_spoken_lines(lines: Sequence[str], found: CaptionFile) -> Iterator[str]:
    """Yield the lines that have text, without the notes, styles and regions of WebVTT, which follow a blank line."""
    block, is_after_blank = "", False
    for line in lines:
        if not line.strip():
            block, is_after_blank = "", True
            continue
        if found.is_webvtt and is_after_blank and (named := _WEBVTT_BLOCK.match(line)):
            block = named[1]
            if block == "NOTE":
                found.notes.append("")
            line = line[len(block) :]
        is_after_blank = False
        if block == "NOTE":
            found.notes[-1] = f"{found.notes[-1]} {line.strip()}".strip()
        elif not block:
            yield line


def _parse_number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 10 else 0


def _parse_milliseconds(parts: tuple[str | None, ...]) -> int | None:
    sign, hours, minutes, seconds, fraction = parts
    total = int(hours or 0) * 3_600_000 + int(minutes or 0) * 60_000 + int(seconds or 0) * 1000
    total += int((fraction or "0").ljust(3, "0"))
    return None if sign or total > MAX_TIME_MS else total
