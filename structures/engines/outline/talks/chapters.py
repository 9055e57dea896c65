"""Cutting the transcript of one recording into chapters with titles and times."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from materials.documents import ChunkKind, ContentsItem
from materials.languages import detect_language
from structures.engines.base.drafts import Citation
from structures.engines.base.sources import SourceChunk, SourceEntry
from structures.engines.outline.talks.cues import load_cue_lexicon
from structures.engines.outline.talks.evidence import weigh_places
from structures.engines.outline.talks.segmentation import find_part_starts
from structures.engines.outline.talks.titles import find_titles
from structures.engines.outline.talks.utterances import Utterance, split_utterances
from structures.engines.outline.talks.vocabulary import load_vocabulary

# One mark says no more than where the recording begins.
_MIN_MARKS = 2


@dataclass(frozen=True, kw_only=True)
class TalkChapter:
    """A part of a talk, in milliseconds from the start of the recording, with the chunks of that time in order.

    A chunk belongs to the chapter in which more of it is said, so `start_ms` may lie inside the first or the last chunk
    of a chapter; every chapter has a chunk of the transcript. `title` is that of the chapter mark, else words from the
    talk, their first letter made a capital; no other chapter of the talk has the same one. It is blank when nothing
    names the chapter. `citation` quotes where the title stands, None where no chunk has it.
    """

    start_ms: int
    end_ms: int
    chunks: tuple[SourceChunk, ...]
    title: str = ""
    citation: Citation | None = None

    @property
    def label(self) -> str:
        """The title; without one the times in brackets, such as `[12:30-18:05]`, which nobody takes for a title."""
        return self.title or f"[{format_time(self.start_ms)}-{format_time(self.end_ms)}]"


def cut_talk(entry: SourceEntry, *, pictures_ms: Iterable[int] = ()) -> list[TalkChapter]:
    """Return the chapters of a recording or a file of captions, in order; together they cover the whole transcript.

    Chapter marks decide where the file has them. Else the chapters are the most likely ones by the words, the cue
    phrases, pauses and changes of speaker: of some 3 to 10 minutes, fewer where the talk stays with its subject, never
    more than 20. A short talk about one thing is one chapter. `pictures_ms` are the times at which the picture changes,
    from mappings of slides or key frames; they count as further evidence. An entry without timed transcript has none.
    """
    language = entry.language or detect_language(c.text for c in entry.chunks if c.kind is ChunkKind.TRANSCRIPT)
    utterances = split_utterances(entry.chunks, load_cue_lexicon(language))
    if not utterances:
        return []
    marks = list(_iter_marks(entry))
    if len(marks) >= _MIN_MARKS:
        starts = _place_marks(utterances, marks)
    else:
        marks = []
        starts = find_part_starts(utterances, weigh_places(utterances, entry.chunks, pictures_ms))
    starts = _drop_chunkless(utterances, entry.chunks, starts)
    return _build_chapters(entry, utterances, starts, marks, language)


def format_time(time_ms: int) -> str:
    """Return a time as a player shows it: `4:05`, `1:04:05`."""
    minutes, seconds = divmod(time_ms // 1000, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


@dataclass(frozen=True, kw_only=True)
class _Mark:
    """A chapter mark. `heading` is the chunk with its title, None without one."""

    start_ms: int
    title: str
    heading: SourceChunk | None


def _iter_marks(entry: SourceEntry) -> Iterator[_Mark]:
    """Yield the chapter marks of a recording in order of time, from its contents or, without, from its headings."""
    headings = {
        chunk.locator.start_ms: chunk
        for chunk in entry.chunks
        if chunk.kind is ChunkKind.HEADING and chunk.locator.start_ms is not None
    }
    items: Sequence[ContentsItem] = entry.contents.items if entry.contents is not None else ()
    titles = {item.locator.start_ms: item.title for item in items if item.locator is not None}
    if not any(time_ms is not None for time_ms in titles):
        titles = {time_ms: chunk.text for time_ms, chunk in headings.items()}
    for time_ms in sorted(time_ms for time_ms in titles if time_ms is not None):
        yield _Mark(start_ms=time_ms, title=titles[time_ms], heading=headings.get(time_ms))


def _place_marks(utterances: Sequence[Utterance], marks: Sequence[_Mark]) -> list[int]:
    """Return with which utterances the marked chapters begin: with those of which more is said after the mark."""
    middles = [(utterance.start_ms + utterance.end_ms) / 2 for utterance in utterances]
    places = {bisect_left(middles, mark.start_ms) for mark in marks}
    return sorted({0} | {place for place in places if place < len(utterances)})


def _drop_chunkless(utterances: Sequence[Utterance], chunks: Sequence[SourceChunk], starts: Sequence[int]) -> list[int]:
    """Return the starts without those of parts in which no chunk has its middle."""
    times = [utterances[start].start_ms for start in starts]
    filled = {
        max(bisect_right(times, _measure_middle(chunk)) - 1, 0)
        for chunk in chunks
        if chunk.kind is ChunkKind.TRANSCRIPT and chunk.locator.start_ms is not None
    }
    kept = [start for part, start in enumerate(starts) if part in filled]
    # What comes before the first part that is kept belongs to it.
    return [0, *kept[1:]]


def _measure_middle(chunk: SourceChunk) -> float:
    start_ms, end_ms = chunk.locator.start_ms or 0, chunk.locator.end_ms
    return (start_ms + (start_ms if end_ms is None else end_ms)) / 2


def _build_chapters(
    entry: SourceEntry, utterances: Sequence[Utterance], starts: Sequence[int], marks: Sequence[_Mark], language: str
) -> list[TalkChapter]:
    times = [utterances[start].start_ms for start in starts]
    within: list[list[SourceChunk]] = [[] for _ in starts]
    part = 0
    for chunk in entry.chunks:
        # What has no time stays with what stands before it. A heading belongs to what follows.
        if chunk.kind is ChunkKind.HEADING and chunk.locator.start_ms is not None:
            part = max(part, bisect_right(times, _find_next_start(utterances, chunk.locator.start_ms)) - 1)
        elif chunk.locator.start_ms is not None:
            part = max(bisect_right(times, _measure_middle(chunk)) - 1, 0)
        within[part].append(chunk)
    found = find_titles(utterances, starts, load_vocabulary(language))
    by_part = _assign_marks(utterances, starts, marks)
    end_ms = max(utterance.end_ms for utterance in utterances)
    chapters = []
    for number, (start_ms, until_ms) in enumerate(pairwise((*times, end_ms))):
        mark, title = by_part.get(number), found[number]
        citation = None
        text = ""
        if mark is not None and mark.title:
            text = mark.title
            citation = Citation(chunk_id=mark.heading.id, quote=mark.heading.text) if mark.heading else None
        elif title is not None:
            utterance = utterances[title.utterance]
            text = title.text
            citation = Citation(chunk_id=entry.chunks[utterance.chunk].id, quote=utterance.text)
        chapters.append(
            TalkChapter(start_ms=start_ms, end_ms=until_ms, chunks=tuple(within[number]), title=text, citation=citation)
        )
    return chapters


def _find_next_start(utterances: Sequence[Utterance], time_ms: int) -> int:
    """Return when the first utterance begins of which more is said after that time."""
    return next((u.start_ms for u in utterances if (u.start_ms + u.end_ms) / 2 >= time_ms), utterances[-1].start_ms)


def _assign_marks(utterances: Sequence[Utterance], starts: Sequence[int], marks: Sequence[_Mark]) -> dict[int, _Mark]:
    """Return the mark of each part that begins at one, by the number of the part; the last of several."""
    numbers = {start: number for number, start in enumerate(starts)}
    middles = [(utterance.start_ms + utterance.end_ms) / 2 for utterance in utterances]
    placed = ((bisect_left(middles, mark.start_ms), mark) for mark in marks)
    return {numbers[place]: mark for place, mark in placed if place in numbers}
