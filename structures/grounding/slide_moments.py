"""Evidence on a slide leads to the moments at which a video shows that slide."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from uuid import UUID

from materials.documents import ChunkKind
from structures.engines.base.drafts import Citation, DraftNode, NodeType
from structures.engines.base.sentences import sentences_of
from structures.engines.base.sources import Shown, SourceChunk, SourceEntry

MOST_MOMENTS = 6
"""So many moments are added to one concept or exercise at most."""
_LEAST_LETTERS = 12


class Moments:
    """Knows what is said while a slide is shown."""

    def __init__(self, entries: Mapping[UUID, SourceEntry], shown: Iterable[Shown]) -> None:
        self._shown: dict[tuple[UUID, int], list[Shown]] = defaultdict(list)
        self._said: dict[Shown, list[SourceChunk]] = {}
        for each in shown:
            self._shown[each.presentation, each.slide].append(each)
            self._said[each] = _said_during(each, entries[each.video])
        self._slides = {
            chunk.id: (entry, number)
            for entry in {entry for entry, _ in self._shown}
            for chunk in entries[entry].chunks
            if (number := chunk.locator.slide or chunk.locator.page) is not None
        }

    def of(self, node: DraftNode) -> Iterator[Citation]:
        """Yield a citation for each time at which a slide that a concept or exercise cites is shown.

        It is of the first words in that time that name the concept, else of the first words there are. Nothing is
        added where the node cites that time already, or nothing is said in it.
        """
        if node.node_type not in {NodeType.CONCEPT, NodeType.EXERCISE}:
            return
        cited = {citation.chunk_id for citation in node.citations}
        left = MOST_MOMENTS
        for slide in dict.fromkeys(self._slides.get(citation.chunk_id) for citation in node.citations):
            for shown in self._shown.get(slide, ()) if slide is not None else ():
                said = self._said[shown]
                if not left or not said or not cited.isdisjoint(chunk.id for chunk in said):
                    continue
                citation = _first_words(said, shown, node.title)
                cited.add(citation.chunk_id)
                left -= 1
                yield citation


def _said_during(shown: Shown, video: SourceEntry) -> list[SourceChunk]:
    """Return the timed chunks of the video that overlap the time; what is spoken, or else what is seen."""
    during = [
        chunk
        for chunk in video.chunks
        if (start := chunk.locator.start_ms) is not None
        and start < shown.end_ms
        and max(start + 1, chunk.locator.end_ms or 0) > shown.start_ms
    ]
    return [chunk for chunk in during if chunk.kind is ChunkKind.TRANSCRIPT] or during


def _first_words(said: list[SourceChunk], shown: Shown, title: str) -> Citation:
    begun = [chunk for chunk in said if (chunk.locator.start_ms or 0) >= shown.start_ms] or said
    name = re.compile(rf"(?<!\w){re.escape(title)}(?:s|es)?(?!\w)", re.IGNORECASE)
    quotable = [
        Citation(chunk_id=chunk.id, quote=sentence)
        for chunk in begun
        for sentence in sentences_of(chunk)
        if sum(sign.isalnum() for sign in sentence) >= _LEAST_LETTERS
    ]
    whole = Citation(chunk_id=begun[0].id, quote=begun[0].text)
    return next((one for one in quotable if name.search(one.quote)), quotable[0] if quotable else whole)
