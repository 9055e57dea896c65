"""The minutes that a lesson takes by what is there, for lessons that state none: talks, slides, text, exercises."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from structures.engines.base.sources import SourceChunk
from structures.engines.outline import names
from structures.engines.outline.design.languages import count_reading_units, get_reading_speed
from structures.engines.outline.plans import LessonPart, Role

# Nobody learns by these.
_UNCOUNTED_ROLES = frozenset({Role.SOLUTION, Role.CONTENTS, Role.ADMINISTRATION, Role.TEACHER_NOTES})
# Measured on the twelve decks of a sample course whose talks are there, too: 0.8 to 1.4, 0.9 in the median.
_MINUTES_PER_SLIDE = 1.0
# Measured on the sample course that states minutes for exercises: 95 minutes for 18 exercises in six lessons.
_MINUTES_PER_EXERCISE = 5
_MS_PER_MINUTE = 60_000


def compute_minutes(parts: Sequence[LessonPart], *, exercises: int, language: str) -> int | None:
    """Return the minutes that the materials of a lesson take, at least 1; None when there is nothing to read or do.

    Recordings count with their length and texts with their words at the speed at which people read the language. Slides
    are shown while someone talks: of the two the longer counts. The same material in several formats (one file name
    with several extensions, or the same bytes) counts once.
    """
    talks, slides, texts = (
        defaultdict[str, float](float),
        defaultdict[str, float](float),
        defaultdict[str, float](float),
    )
    seen: set[str] = set()
    for part in parts:
        if part.role in _UNCOUNTED_ROLES or (part.is_whole and part.entry.sha256 and part.entry.sha256 in seen):
            continue
        seen.add(part.entry.sha256)
        chunks = [chunk for section in part.sections for chunk in section.iter_chunks()]
        stem = names.get_file_stem(part.entry.name).casefold()
        if part.entry.format.is_recording or part.entry.format.is_captions:
            talks[stem] = max(talks[stem], _measure_talk(part, chunks))
        elif part.role is Role.SLIDES:
            slides[stem] = max(slides[stem], _count_slides(part, chunks) * _MINUTES_PER_SLIDE)
        else:
            length = sum(count_reading_units(chunk.text) for chunk in chunks)
            texts[stem] = max(texts[stem], length / get_reading_speed(part.entry.language or language))
    taught = max(sum(talks.values()), sum(slides.values()))
    minutes = taught + sum(texts.values()) + exercises * _MINUTES_PER_EXERCISE
    return max(1, round(minutes)) if minutes else None


def _measure_talk(part: LessonPart, chunks: Iterable[SourceChunk]) -> float:
    if part.is_whole and part.entry.duration_ms:
        return part.entry.duration_ms / _MS_PER_MINUTE
    locators = [chunk.locator for chunk in chunks if chunk.locator.start_ms is not None]
    starts = [locator.start_ms for locator in locators if locator.start_ms is not None]
    ends = [locator.end_ms for locator in locators if locator.end_ms is not None]
    return (max(ends) - min(starts)) / _MS_PER_MINUTE if starts and ends else 0.0


def _count_slides(part: LessonPart, chunks: Iterable[SourceChunk]) -> int:
    if part.is_whole and part.entry.page_count:
        return part.entry.page_count
    return len({place for chunk in chunks if (place := chunk.locator.slide or chunk.locator.page) is not None})
