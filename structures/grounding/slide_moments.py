"""Evidence on a slide leads to the moments at which a video shows that slide."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from uuid import UUID

from materials.documents import ChunkKind
from structures.engines.base.drafts import Citation, DraftNode, NodeType
from structures.engines.base.sentences import split_sentences
from structures.engines.base.sources import SlideAppearance, SourceChunk, SourceEntry

MAX_MOMENTS = 6
"""So many moments are added to one concept or exercise at most."""
_MIN_LETTERS = 12


class SlideMoments:
    """Knows what is said while a slide is shown."""

    def __init__(self, entries: Mapping[UUID, SourceEntry], appearances: Iterable[SlideAppearance]) -> None:
        self._appearances_by_slide: dict[tuple[UUID, int], list[SlideAppearance]] = defaultdict(list)
        self._chunks_by_appearance: dict[SlideAppearance, list[SourceChunk]] = {}
        for each in appearances:
            self._appearances_by_slide[each.presentation, each.slide].append(each)
            self._chunks_by_appearance[each] = _find_chunks_during(each, entries[each.video])
        self._slides_by_chunk = {
            chunk.id: (entry, number)
            for entry in {entry for entry, _ in self._appearances_by_slide}
            for chunk in entries[entry].chunks
            if (number := chunk.locator.slide or chunk.locator.page) is not None
        }

    def find_citations(self, node: DraftNode) -> Iterator[Citation]:
        """Yield a citation for each time at which a slide that a concept or exercise cites is shown.

        It is of the first words in that time that name the concept, else of the first words there are. Nothing is
        added where the node cites that time already, or nothing is said in it.
        """
        if node.node_type not in {NodeType.CONCEPT, NodeType.EXERCISE}:
            return
        cited = {citation.chunk_id for citation in node.citations}
        remaining = MAX_MOMENTS
        for slide in dict.fromkeys(self._slides_by_chunk.get(citation.chunk_id) for citation in node.citations):
            for appearance in self._appearances_by_slide.get(slide, ()) if slide is not None else ():
                spoken = self._chunks_by_appearance[appearance]
                if not remaining or not spoken or not cited.isdisjoint(chunk.id for chunk in spoken):
                    continue
                citation = _cite_spoken_words(spoken, appearance, node.title)
                cited.add(citation.chunk_id)
                remaining -= 1
                yield citation


def _find_chunks_during(appearance: SlideAppearance, video: SourceEntry) -> list[SourceChunk]:
    """Return the timed chunks of the video that overlap the time; what is spoken, or else what is seen."""
    during = [
        chunk
        for chunk in video.chunks
        if (start := chunk.locator.start_ms) is not None
        and start < appearance.end_ms
        and max(start + 1, chunk.locator.end_ms or 0) > appearance.start_ms
    ]
    return [chunk for chunk in during if chunk.kind is ChunkKind.TRANSCRIPT] or during


def _cite_spoken_words(spoken: list[SourceChunk], appearance: SlideAppearance, title: str) -> Citation:
    started = [chunk for chunk in spoken if (chunk.locator.start_ms or 0) >= appearance.start_ms] or spoken
    name = re.compile(rf"(?<!\w){re.escape(title)}(?:s|es)?(?!\w)", re.IGNORECASE)
    quotable = [
        Citation(chunk_id=chunk.id, quote=sentence)
        for chunk in started
        for sentence in split_sentences(chunk)
        if sum(character.isalnum() for character in sentence) >= _MIN_LETTERS
    ]
    whole = Citation(chunk_id=started[0].id, quote=started[0].text)
    return next((one for one in quotable if name.search(one.quote)), quotable[0] if quotable else whole)
