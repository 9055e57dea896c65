"""Finding many quotes in a long text in time that is about linear in the length of both, in any script."""

from __future__ import annotations

from collections import defaultdict

from structures.engines.base.text import normalize_quote

# Characters of one block of the index. Every passage of twice as many, less one, has a whole block in it, and blocks of
# eight characters occur a few times in a book.
_BLOCK = 8
# Places of a quote that are compared one by one. So many take as long as one search through a book.
_MAX_PLACES = 1_000
# Of a quote's blocks, so many are looked up to find a rare one: a sentence has about as many.
_MAX_COMPARED_BLOCKS = 16


class PassageIndex:
    """A text in which quotes are looked for as `normalize_quote` writes them."""

    def __init__(self, texts: list[str]) -> None:
        # A line feed is in no normalized text, so that no quote is found across two of them.
        self._text = "\n".join(normalize_quote(text) for text in texts)
        self._blocks: dict[str, list[int]] = defaultdict(list)
        for begin in range(0, len(self._text) - _BLOCK + 1, _BLOCK):
            self._blocks[self._text[begin : begin + _BLOCK]].append(begin)

    def has_quote(self, quote: str) -> bool:
        """Tell whether the quote stands in one of the texts."""
        wanted = normalize_quote(quote)
        if not wanted:
            return False
        if len(wanted) < 2 * _BLOCK - 1:
            return wanted in self._text
        places = [self._find_rarest_block(wanted, offset) for offset in range(_BLOCK)]
        # What repeats itself, such as the rules of tables, is searched for from the beginning to the end.
        if sum(len(begins) for _, begins in places) > _MAX_PLACES:
            return wanted in self._text
        return any(
            begin >= start and self._text.startswith(wanted, begin - start)
            for start, begins in places
            for begin in begins
        )

    def _find_rarest_block(self, wanted: str, offset: int) -> tuple[int, list[int]]:
        """Return the block of the quote with the fewest places in the text, and those places.

        Of the blocks that stand in the text as a whole when one begins `offset` characters after the quote's beginning.
        """
        last = min(len(wanted) - _BLOCK, offset + _BLOCK * _MAX_COMPARED_BLOCKS)
        starts = range(offset, last + 1, _BLOCK)
        found = [(start, self._blocks.get(wanted[start : start + _BLOCK], [])) for start in starts]
        return min(found, key=lambda block: len(block[1]))
