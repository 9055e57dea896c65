"""Chapters as a text for the description of a video on YouTube, which shows none unless all of its rules are kept.

The first begins at 0:00, there are three at least, in order, each of ten seconds at least (support.google.com/youtube,
answer 9884579). Descriptions have no angle brackets.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import PurePosixPath
from uuid import UUID

from structures.exports.chapter_lists import ChapterList, clean_title

MIN_CHAPTERS, MIN_SECONDS = 3, 10
_BRACKETS = str.maketrans("<>", "‹›")
_LINE = re.compile(r"(?:(\d+):)?(\d{1,2}):(\d{2}) (.+)")


@dataclass(kw_only=True)
class YouTubeChapters:
    """The lines of the text, none when YouTube would not show them; and what was changed or left out, by key."""

    lines: list[str] = field(default_factory=list)
    changes: list[tuple[UUID | None, str, str]] = field(default_factory=list)
    """Key and title of a node, or None and the name of a recording, with what was done in a sentence."""


def build_youtube_chapters(listed: ChapterList) -> YouTubeChapters:
    """Return the text of a recording's chapters, of which there has to be one, with all rules of YouTube kept."""
    made = YouTubeChapters()
    kept: list[tuple[int, str]] = []
    first = listed.chapters[0].start_ms // 1000
    if first >= MIN_SECONDS:
        # Before it something is said that is no chapter; the name of the file says least that could be wrong.
        kept.append((0, _clean(PurePosixPath(listed.recording.name).stem)))
    last_second = max(listed.chapters[-1].end_ms // 1000, 1)
    for chapter in listed.chapters:
        second = chapter.start_ms // 1000 if kept else 0
        if kept and second - kept[-1][0] < MIN_SECONDS:
            said = f"YouTube shows chapters of {MIN_SECONDS} seconds at least; the one before it is shorter."
            made.changes.append((chapter.key, chapter.title, said))
            continue
        if last_second - second < MIN_SECONDS and kept:
            said = f"YouTube shows chapters of {MIN_SECONDS} seconds at least; the recording ends before."
            made.changes.append((chapter.key, chapter.title, said))
            continue
        title = _clean(chapter.title)
        if title != chapter.title:
            made.changes.append((chapter.key, chapter.title, "YouTube takes no angle brackets: others stand there."))
        kept.append((second, title))
    if len(kept) < MIN_CHAPTERS:
        said = f"YouTube shows chapters from {MIN_CHAPTERS} on, and there are {len(kept)}: it has no text for YouTube."
        made.changes.append((None, listed.recording.path, said))
        return made
    made.lines = [f"{_format_second(second)} {title}" for second, title in kept]
    return made


def find_youtube_faults(text: str) -> Iterator[str]:
    """Yield the rules of YouTube that a text breaks."""
    seconds = []
    for number, line in enumerate(text.splitlines(), start=1):
        found = _LINE.fullmatch(line)
        if found is None or "<" in line or ">" in line:
            yield f"line {number}: no chapter of YouTube"
            continue
        hours, minutes, rest = (int(part or 0) for part in found.groups()[:3])
        seconds.append((hours * 60 + minutes) * 60 + rest)
    if not seconds or seconds[0] != 0:
        yield "the first chapter does not begin at 0:00"
    if len(seconds) < MIN_CHAPTERS:
        yield f"{len(seconds)} chapters, and {MIN_CHAPTERS} are needed"
    for earlier, later in pairwise(seconds):
        if later - earlier < MIN_SECONDS:
            yield f"the chapter at {earlier} s has less than {MIN_SECONDS} seconds"


def _clean(title: str) -> str:
    return clean_title(title).translate(_BRACKETS)


def _format_second(second: int) -> str:
    hours, minutes, rest = second // 3600, second // 60 % 60, second % 60
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
