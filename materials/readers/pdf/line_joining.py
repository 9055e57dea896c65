"""Join the lines of a paragraph: words that were divided at line ends become whole, compounds keep their hyphens."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from materials.readers.base.typography import join_ideographs, strip_break_hints

# A soft hyphen (U+00AD) says that a word goes on; the hyphens U+002D and U+2010 may belong to the word.
_DIVIDED = re.compile(r"(?P<first>\w[\w'’-]*)(?P<hyphen>[-‐\u00ad])\n(?P<second>\w+)")
_DOUBLE_SPACE = re.compile("  ")  # twice as fast as `in`
# Thai, Lao, Khmer and Burmese have no blanks between words either, and their lines end anywhere.
_FIRST_UNSPACED = "\u0e00"
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"
_BETWEEN_UNSPACED = re.compile(rf"(?<=[{_UNSPACED}])\n(?=[{_UNSPACED}])")
# First parts of English compounds, which style guides (Chicago 7.96, Oxford) set with a hyphen before a participle or
# noun. None of them is a syllable at which longer words are often divided.
_COMPOUND_BEGINNINGS = {
    "cross", "eight", "fast", "five", "four", "full", "half", "high", "ill", "left", "long", "low", "nine", "right",
    "self", "seven", "short", "single", "six", "slow", "small", "three", "two", "user", "well", "year",
}  # fmt: skip
# Ends after which the same beginnings are no compounds: wellness, fully, selfish, lowering, highlighted, shortcut.
_SUFFIX = re.compile(
    r"(?:ness|ings?|ish|e[drn]|ers?|est|ly|wards?|y|age|th|hood|ship|some|less|ful|teen|ty|light\w*|ways?|lands?|cuts?)"
)
# Words that French, Portuguese, Russian and Ukrainian append with a hyphen: est-ce, celui-ci, кто-то, будь-який.
_APPENDED_WORDS = {
    "ce", "il", "elle", "on", "ils", "elles", "je", "tu", "nous", "vous", "moi", "toi", "lui", "leur", "ci", "là",
    "même", "mêmes", "être", "se", "me", "te", "lhe", "lhes",
    "то", "нибудь", "либо", "таки", "небудь", "який", "яка", "яке", "які",
}  # fmt: skip
# The words inside of state-of-the-art, arc-en-ciel and up-to-date.
_LINKING_WORDS = {
    "a",
    "and",
    "at",
    "by",
    "de",
    "du",
    "en",
    "for",
    "in",
    "la",
    "le",
    "of",
    "off",
    "on",
    "or",
    "the",
    "to",
    "up",
}


class LineJoiner:
    """Joins lines of one document; what its own words are like decides whether a hyphen at a line end is kept.

    `iter_texts` gives all its lines; it is called only when a line ends in a hyphen.
    """

    def __init__(self, iter_texts: Callable[[], Iterable[str]]) -> None:
        self._iter_texts = iter_texts
        self._text: str | None = None

    def join_lines(self, texts: Sequence[str]) -> str:
        """Return lines joined by spaces, or by nothing where the script has none between words."""
        text = "\n".join(texts)
        if text.isascii():
            if len(texts) == 1 and text.isprintable() and "  " not in text:  # nothing to join
                return text
            if "-\n" in text:
                text = self._join_words(text)
        else:
            text = self._join_words(text)
            if not text.replace("\n", "").isprintable():  # soft hyphens and spaces without a width are not
                text = strip_break_hints(text)
            if "\n" in text and max(text) >= _FIRST_UNSPACED:
                text = _BETWEEN_UNSPACED.sub("", join_ideographs(text))
        text = text.replace("\n", " ")
        is_plain = "\t" not in text and "\r" not in text if text.isascii() else text.isprintable()
        return text if is_plain and not _DOUBLE_SPACE.search(text) else " ".join(text.split())

    def _join_words(self, text: str) -> str:
        if "-\n" not in text and "‐\n" not in text and "\u00ad\n" not in text:
            return text
        # Twice: of a word over three lines the second part is behind one hyphen and before another.
        return _DIVIDED.sub(self._join_word, _DIVIDED.sub(self._join_word, text))

    def _join_word(self, divided: re.Match[str]) -> str:
        first, hyphen, second = divided["first"], divided["hyphen"], divided["second"]
        if hyphen == "\u00ad" or not self._is_compound(first, second):
            return f"{first}{second}"
        return f"{first}{hyphen}{second}"

    def _is_compound(self, first: str, second: str) -> bool:
        """Tell whether the hyphen between the parts of a word belongs to it."""
        *before, part = first.split("-")
        if not second[0].islower() or len(part) == 1 or not part.isalpha() or (part.isupper() and len(part) > 1):
            # Navier-Stokes, 1999-2004, e-mail, X-rays, DNA-based. No word is divided behind its first letter.
            return not part.isalpha() or not self._has_word(part + second)
        if self._has_word(f"{first}-{second}"):
            return True
        if self._has_word(f"{first}{second}"):
            return False
        if before:
            return part.casefold() in _LINKING_WORDS or self._has_word(part)
        if second in _APPENDED_WORDS:
            return True
        return part.casefold() in _COMPOUND_BEGINNINGS and not _SUFFIX.fullmatch(second)

    def _has_word(self, word: str) -> bool:
        """Tell whether the document has a word, whole and not at a line end with a hyphen, in any case of letters."""
        if self._text is None:
            self._text = "\n".join(self._iter_texts()).casefold().replace("‐", "-").replace("‑", "-")
        word = word.casefold()
        return word in self._text and re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", self._text) is not None
