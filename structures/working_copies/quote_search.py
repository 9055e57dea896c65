"""Looking for quotes in chunks: each text is normalized once, and the work of one edit is bounded."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from materials.contents import encode_locator
from materials.models import Chunk
from structures.editing.references import ReferenceIdentity
from structures.engines.base.text import normalize_quote
from structures.grounding.quotes import QuotableText

# While an edit looks for quotes, its working copy is locked. A book of a thousand pages has three million characters
# in ten thousand chunks; a processor of 2026 normalizes eight million a second.
MAX_READ = 5_000_000
# Twenty quotes that may stand anywhere in that book, or any number that name their chunks. A second goes through 200
# million; of texts and quotes that are made to be slow, such as "aaa" and "aab", through 20 million.
MAX_COMPARED = 100_000_000
# What it takes to load a chunk, or to begin to compare with it, in characters: so that a great many short ones count.
_COST_OF_CHUNK = 100


@dataclass(frozen=True, kw_only=True)
class ReferenceClaim:
    """What a person says of a reference. Blank parts of the locator, and no chunk, mean anywhere in the entry."""

    identity: ReferenceIdentity
    chunk_id: UUID | None


@dataclass(frozen=True, kw_only=True)
class FoundQuote:
    """The first chunk in which a quote stands where the claim says, and the quote as the chunk shows it."""

    chunk: Chunk
    passage: str


class QuoteSearch:
    """The search for the quotes of one edit. `found` has those that stand where they are said to.

    `elsewhere` are those that stand in another place of the entry alone. `is_cut_short` tells that the bounds ended the
    search; `is_examined` then tells of a claim whether all that it names was looked through, and `examined` counts
    chunks of an entry.
    """

    def __init__(self) -> None:
        self.found: dict[ReferenceClaim, FoundQuote] = {}
        self.elsewhere: set[ReferenceClaim] = set()
        self.named: set[UUID] = set()
        self.examined: Counter[UUID] = Counter()
        self.is_cut_short = False
        self._left_to_read, self._left_to_compare = MAX_READ, MAX_COMPARED

    def look_through(self, chunks: Iterable[Chunk], claims: Sequence[ReferenceClaim]) -> None:
        """Look for the quotes of the claims in chunks, in the order of their entries, until all are found."""
        quotes = {claim: normalize_quote(claim.identity.quote) for claim in claims}
        waiting: dict[tuple[UUID, UUID | None], list[ReferenceClaim]] = defaultdict(list)
        for claim in quotes:
            waiting[claim.identity.entry_id, claim.chunk_id].append(claim)
        for chunk in chunks if waiting else ():
            places = [place for place in ((chunk.entry_id, None), (chunk.entry_id, chunk.pk)) if place in waiting]
            if not self._spend(len(chunk.text), comparisons=sum(len(waiting[place]) for place in places)):
                return
            text = QuotableText(chunk.text) if places else None
            for place in places:
                assert text is not None
                left = [claim for claim in waiting.pop(place) if not self._compare(claim, quotes[claim], chunk, text)]
                # What names the chunk is settled with it.
                if left and place[1] is None:
                    waiting[place] = left
            self.named.add(chunk.pk)
            # Not of chunks that were named: for a quote that may stand anywhere they are looked through again.
            self.examined[chunk.entry_id] += (chunk.entry_id, None) in places
            if not waiting:
                return

    def is_examined(self, claim: ReferenceClaim, *, chunk_count: int) -> bool:
        """Tell whether all was looked through that the claim names, in an entry of so many chunks."""
        if not self.is_cut_short:
            return True
        if claim.chunk_id is not None:
            return claim.chunk_id in self.named
        return self.examined[claim.identity.entry_id] >= chunk_count

    def _spend(self, length: int, *, comparisons: int) -> bool:
        cost = length + _COST_OF_CHUNK
        # One quote in one chunk is looked for however long that is: nobody could ask for less.
        if self._left_to_read <= 0 or (comparisons > 1 and cost * comparisons > self._left_to_compare):
            self.is_cut_short = True
            return False
        self._left_to_read -= cost
        self._left_to_compare -= cost * comparisons
        return True

    def _compare(self, claim: ReferenceClaim, wanted: str, chunk: Chunk, text: QuotableText) -> bool:
        """Tell whether the quote stands in the chunk, and the chunk where the claim says."""
        if not wanted or wanted not in text.normalized:
            return False
        there = encode_locator(chunk.locator)
        place = encode_locator(replace(claim.identity.locator, words=None))
        if any(value and there.get(name) != value for name, value in place.items()):
            self.elsewhere.add(claim)
            return False
        self.found[claim] = FoundQuote(chunk=chunk, passage=text.find_passage(claim.identity.quote))
        return True
