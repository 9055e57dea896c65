"""The minutes that materials state for a lesson: in front matter, a label, a title, a table or plan of its time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from materials.documents import ChunkKind
from structures.engines.base.drafts import Citation
from structures.engines.base.sentences import split_sentences
from structures.engines.base.sources import SourceChunk
from structures.engines.outline.design import time_words
from structures.engines.outline.design.durations import (
    Duration,
    find_clock_range,
    find_duration,
    may_have_duration,
    parse_minutes,
)
from structures.engines.outline.design.languages import count_reading_units

# In chunks: the head of a file, where "Duration: 45 min" speaks of the lesson. Further down it may be the time of an
# oven or of a recording. On the sample courses half gives the same, twice takes a time out of a text.
_HEAD_CHUNKS = 12
# Headings with durations plan the lesson when they cover this share of its words, or when there are two of the highest
# level below the title; else they time the steps of a task.
_MIN_COVERED_SHARE = 0.5


@dataclass(frozen=True, kw_only=True)
class StatedMinutes:
    """Minutes with the passage that states them; None when that is front matter, which is no chunk."""

    minutes: float
    citation: Citation | None = None


def read_minutes_fields(metadata: Mapping[str, Any]) -> float | None:
    """Return the minutes that a front matter states."""
    added = [minutes for key in time_words.ADDED_FIELDS if (minutes := parse_minutes(metadata.get(key))) is not None]
    if added:
        return sum(added)
    for key, value in metadata.items():
        words = key.replace("_", " ").replace("-", " ").strip()
        if time_words.FIELD.fullmatch(words) and (minutes := parse_minutes(value)) is not None:
            return minutes
    return None


def find_minutes(chunks: Sequence[SourceChunk], title: str) -> StatedMinutes | None:
    """Return the minutes that one file states for its lesson, from the surest place to the least.

    `title` is the title of the lesson or file, which may end with "(10 min)".
    """
    return (
        _find_labelled(chunks)
        or _find_in_title(chunks, title)
        or _find_in_tables(chunks)
        or _find_in_plans(chunks)
        or _sum_headings(chunks)
    )


def _find_labelled(chunks: Sequence[SourceChunk]) -> StatedMinutes | None:
    texts = [chunk for chunk in chunks if chunk.kind not in {ChunkKind.HEADING, ChunkKind.CODE, ChunkKind.TRANSCRIPT}]
    for chunk in filter(lambda chunk: may_have_duration(chunk.text), texts[:_HEAD_CHUNKS]):
        for label in time_words.LABEL.finditer(chunk.text):
            duration = find_duration(chunk.text, label.end())
            # Nothing but small words between the two: "eine halbe Stunde".
            if duration is not None and duration.start - label.end() <= 1:
                quote = chunk.text[label.start() : duration.end].strip()
                return StatedMinutes(
                    minutes=duration.minutes, citation=Citation(chunk_id=chunk.id, quote=quote.split("\n")[-1].strip())
                )
    return None


def _find_in_title(chunks: Sequence[SourceChunk], title: str) -> StatedMinutes | None:
    first = next((chunk for chunk in chunks[:1] if chunk.kind is ChunkKind.HEADING), None)
    if first is not None and (duration := _find_bracketed(first.text)) is not None:
        return StatedMinutes(minutes=duration.minutes, citation=Citation(chunk_id=first.id, quote=first.text))
    duration = _find_bracketed(title)
    return StatedMinutes(minutes=duration.minutes) if duration is not None else None


def _find_bracketed(heading: str) -> Duration | None:
    """Return the duration that stands in brackets or behind a dash at the end of a heading."""
    duration = find_duration(heading) if may_have_duration(heading) else None
    if duration is None or heading[duration.end :].strip(" .)]）】'"):
        return None
    before = heading[: duration.start].rstrip(" ~≈")
    return (
        duration
        if before.endswith(("(", "[", "（", "【", "-", "–", "—", "|", ",", ":", "·", "⏱", "⏰", "🕐"))
        else None
    )


def _find_in_tables(chunks: Sequence[SourceChunk]) -> StatedMinutes | None:
    is_in_plan = False
    for chunk in chunks:
        if chunk.kind is ChunkKind.HEADING:
            is_in_plan = time_words.PLAN.fullmatch(chunk.text) is not None
        elif chunk.kind is ChunkKind.TABLE and (minutes := _sum_table(chunk.text, is_in_plan=is_in_plan)):
            quote = chunk.text.split("\n")[0]
            return StatedMinutes(minutes=minutes, citation=Citation(chunk_id=chunk.id, quote=quote))
    return None


def _sum_table(text: str, *, is_in_plan: bool) -> float | None:
    """Return the sum of a table's column of durations, or the row that states it; None for others and for days."""
    header, *rows = [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in text.split("\n")]
    if time_words.DAY.search(text):
        return None
    column = next((at for at, cell in enumerate(header) if cell and time_words.COLUMN.fullmatch(cell)), None)
    if column is None:
        return None
    others = [cell for at, cell in enumerate(header) if at != column]
    if not is_in_plan and not any(time_words.ACTIVITY_COLUMN.fullmatch(cell) for cell in others):
        return None
    # Bare numbers are minutes only where the head of the column says so.
    is_in_minutes = time_words.MINUTES_COLUMN.match(header[column]) is not None
    total = 0.0
    for row in rows:
        if len(row) <= column or not (minutes := _read_cell(row[column], is_in_minutes=is_in_minutes)):
            continue
        if any(time_words.TOTAL.match(cell) for cell in row):
            return minutes
        total += minutes
    return total or None


def _read_cell(cell: str, *, is_in_minutes: bool) -> float | None:
    if (minutes := find_clock_range(cell)) is not None:
        return minutes
    if (duration := find_duration(cell)) is not None:
        return duration.minutes
    return parse_minutes(cell) if is_in_minutes and cell.strip().isdecimal() else None


def _find_in_plans(chunks: Sequence[SourceChunk]) -> StatedMinutes | None:
    """Return the sum of the durations in a section such as "Pacing guide", of all sentences and items."""
    level: int | None = None
    total, citation = 0.0, None
    for chunk in chunks:
        if chunk.kind is ChunkKind.HEADING:
            if total:
                break
            level = chunk.level if time_words.PLAN.fullmatch(chunk.text) else None
        elif level is not None:
            if time_words.DAY.search(chunk.text):
                return None
            for sentence in split_sentences(chunk):
                if minutes := find_clock_range(sentence) or _sum_durations(sentence):
                    total += minutes
                    citation = citation or Citation(chunk_id=chunk.id, quote=sentence)
    return StatedMinutes(minutes=total, citation=citation) if total else None


def _sum_durations(text: str) -> float:
    total, duration = 0.0, find_duration(text)
    while duration is not None:
        total += duration.minutes
        duration = find_duration(text, duration.end)
    return total


def _sum_headings(chunks: Sequence[SourceChunk]) -> StatedMinutes | None:
    """Return the sum of the durations of headings, the outermost where they nest; None where they cover little."""
    if not any(chunk.kind is ChunkKind.HEADING and _find_bracketed(chunk.text) for chunk in chunks):
        return None
    total, citation = 0.0, None
    level: int | None = None
    words = covered = timed_at_top = 0
    top = min((chunk.level or 1 for chunk in chunks[1:] if chunk.kind is ChunkKind.HEADING), default=1)
    for chunk in chunks:
        if chunk.kind is ChunkKind.HEADING:
            if level is not None and (chunk.level or 1) > level:
                continue
            level = None
            if (duration := _find_bracketed(chunk.text)) is not None:
                level = chunk.level or 1
                total += duration.minutes
                timed_at_top += level == top
                citation = citation or Citation(chunk_id=chunk.id, quote=chunk.text)
        else:
            length = count_reading_units(chunk.text)
            words += length
            covered += length if level is not None else 0
    if not total or (timed_at_top < 2 and covered < _MIN_COVERED_SHARE * words):
        return None
    return StatedMinutes(minutes=total, citation=citation)
