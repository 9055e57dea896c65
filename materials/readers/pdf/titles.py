"""Find the headings of a document that are a given title, as bookmarks and printed contents name it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from materials.readers.pdf.lines import Line, TableLine
from materials.readers.pdf.numbering import parse_section_number

# Lines of a title, and characters of a line of one.
_MAX_LINES, _MAX_LENGTH = 5, 200
# Characters by which the lines are looked up.
_PREFIX = 4


class TitleIndex:
    """The lines of a document between two places, by their first letters."""

    def __init__(self, lines: Sequence[Line], begin: int, end: int) -> None:
        self._lines, self._end = lines, end
        self._places: defaultdict[str, list[int]] = defaultdict(list)
        for at in range(begin, end):
            line = lines[at]
            if len(line.text) <= _MAX_LENGTH and not isinstance(line, TableLine):
                for text in fold_title(line.text):
                    self._places[text[:_PREFIX]].append(at)

    def find_all(self, title: str) -> Iterator[tuple[int, int]]:
        """Yield the places where the lines of a title begin and end (exclusive), ascending."""
        wanted = fold_title(title)
        prefixes = {each[:length] for each in wanted for length in range(1, _PREFIX + 1)}
        for at in sorted({at for prefix in prefixes for at in self._places.get(prefix, ())}):
            if end := self._match(at, wanted):
                yield at, end

    def _match(self, at: int, wanted: Sequence[str]) -> int:
        """Return the end of the lines from a place on that together are one of the wanted texts, 0 for none."""
        for begin in fold_title(self._lines[at].text):
            text = begin
            for end in range(at + 1, at + 1 + _MAX_LINES):
                if text in wanted:
                    return end
                if end >= self._end or not any(each.startswith(text) for each in wanted):
                    break
                text += _build_title_key(self._lines[end].text)
        return 0


def fold_title(text: str) -> tuple[str, ...]:
    """Return what titles are compared by: letters and figures in one case, with the number before them and without.

    Two titles are the same where one of these is.
    """
    whole = _build_title_key(text)
    number = parse_section_number(text) if text else None
    bare = _build_title_key(text[number.end :]) if number is not None else whole
    return tuple(dict.fromkeys(each for each in (whole, bare) if each))


def _build_title_key(text: str) -> str:
    return "".join(filter(str.isalnum, text.casefold()))
