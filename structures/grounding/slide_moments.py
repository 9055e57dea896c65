"""Citations of the moments at which a video shows a slide that is cited already."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from uuid import UUID

from materials.documents import ChunkKind
from structures.engines.base.drafts import Citation, DraftNode, NodeType
from structures.engines.base.sentences import split_sentences
from structures.engines.base.sources import SlideAppearance, SourceChunk, SourceEntry

# As many as the outline engine cites for a concept (`concepts.MAX_REFERENCES`): a slide that a teacher returns to all
# the time must not bury the other evidence.
MAX_MOMENTS = 6
# The same as the `llm` engine asks of a quote: "Okay, so." is said at any moment and tells nothing about this one.
_MIN_LETTERS = 12


class SlideMoments:
    """Finds what is said while a slide is shown.

    `entries` must hold the presentation and the video of every appearance.
    """

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

        It quotes the first sentence in that time that names the concept, else the first one long enough. Nothing is
        added where the node cites that time already, or nothing is said in it. Modules and lessons get none.
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
        # Captions may leave out the end of a cue, or give one at its start: such a chunk lasts one millisecond.
        and max(start + 1, chunk.locator.end_ms or 0) > appearance.start_ms
    ]
    return [chunk for chunk in during if chunk.kind is ChunkKind.TRANSCRIPT] or during


def _cite_spoken_words(spoken: list[SourceChunk], appearance: SlideAppearance, title: str) -> Citation:
    # What began before the slide came up mostly belongs to the slide before it.
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
