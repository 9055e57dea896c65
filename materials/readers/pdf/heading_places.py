"""Judge by their place whether lines stand as headings do: by themselves, in line with the text, and above text."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from math import inf

from materials.readers.pdf.captions import is_caption
from materials.readers.pdf.flow import Heading, HeadingClass, Measure
from materials.readers.pdf.line_text import FIRST_WIDE, has_leader, is_list_item
from materials.readers.pdf.lines import HEADING_RATIO, Line
from materials.readers.pdf.styles import MAX_HEADING_LENGTH, DocumentStyle

# Type size by that of the text: what is larger by less is the same size, rounded or scaled.
SAME_SIZE = 1.03
# By that of the text: what stands above such small type is the lettering of a figure, above notes on it.
_SMALLEST_SIZE = 0.75
# Points: the rounding of sizes.
_SIZE_ERROR = 0.1
# In type sizes, more than between the lines of the text: the space above and below a heading in the size of the text.
_SPACE_ABOVE, _SPACE_BELOW = 0.25, 0.15
# In type sizes: by so much more space above than below the headings are that only their font or place sets apart.
_MORE_ABOVE = 0.05
# Lines and characters of a heading in the size of the text: longer text in bold is a sentence that somebody found
# important.
_MAX_LINES, _MAX_LENGTH = 3, 160
# In type sizes: how far a heading may begin on the left of the text below, which a list indents, and on the right of
# it; how far its middle may be from that of the text.
_MAX_OUTDENT, _MAX_INDENT, _MAX_OFF_CENTRE = 8, 1.5, 1.5
# In type sizes: the least space on either side of a line that stands in the middle; more than a paragraph is indented.
_MIN_SIDE = 2.5
# Lines on either side of a heading that say where the text begins and ends.
_COLUMN_LINES = 8
# By the width of the letters of the text: a line that is so much wider has gaps in it. Bold type is wider by a tenth.
_STRETCH, _BOLD_STRETCH = 1.25, 1.4
_SENTENCE_END = (".", ",", ";", "。", "，", "；")


class PlaceJudge:
    """Judges candidates. `places` are those of their lines, which are to be known before a candidate is judged."""

    def __init__(self, lines: Sequence[Line], style: DocumentStyle, measure: Measure) -> None:
        self.places: dict[Line, int] = {}
        self._lines, self._style, self._measure = lines, style, measure

    def judge(self, candidates: Sequence[Heading]) -> None:
        """Set which candidates are sound, from the last to the first, as one may stand above another."""
        owners = {heading.lines[0]: heading for heading in candidates}
        ends = {heading.lines[-1] for heading in candidates}
        for heading in reversed(candidates):
            heading.is_sound = (
                self.is_well_placed(heading)
                and self._is_above_text(heading, owners)
                and (heading.kind.size > HEADING_RATIO * self._style.size or self._stands_apart(heading, ends))
            )

    def is_flush(self, heading: Heading) -> bool:
        """Tell whether a heading begins about where the lines of the text do."""
        first = heading.lines[0]
        return first.left < self._measure.edges[0] + _MIN_SIDE * first.size

    def is_well_placed(self, heading: Heading) -> bool:
        """Tell whether a candidate is a line by itself, in line with the text or in its middle, and no caption."""
        lines, text = self._lines, heading.text
        first, last = heading.lines[0], heading.lines[-1]
        begin, end = self.places[first], self.places[last] + 1
        if heading.is_lettering or len(text) > 2 * MAX_HEADING_LENGTH:
            return False
        if len(text) > MAX_HEADING_LENGTH / 2 and text.endswith(_SENTENCE_END):
            return False
        if heading.kind.size <= HEADING_RATIO * self._style.size and any(
            self._is_stretched(line, heading.kind) for line in heading.lines
        ):
            return False
        if is_caption(text) or has_leader(text) or (heading.number is None and is_list_item(text)):
            return False
        if (begin and _is_beside(first, lines[begin - 1])) or (end < len(lines) and _is_beside(last, lines[end])):
            return False
        return self._is_aligned(heading, begin, end)

    def _is_above_text(self, heading: Heading, owners: Mapping[Line, Heading]) -> bool:
        """Tell whether text follows on a candidate, or another heading that is no larger, and no caption or label."""
        end = self.places[heading.lines[-1]] + 1
        if end == len(self._lines):
            return False
        following, size = self._lines[end], self._style.size
        other = owners.get(following)
        if other is not None and following.size > SAME_SIZE * size and len(other.text) <= _MAX_LENGTH:
            return other.is_sound and following.size <= heading.kind.size + _SIZE_ERROR
        return not is_caption(following.text) and (
            not 0 < following.size < _SMALLEST_SIZE * size or following.is_monospaced
        )

    def _is_aligned(self, heading: Heading, begin: int, end: int) -> bool:
        """Tell whether a heading begins where the text does, or stands in its middle or at its right end."""
        size = heading.lines[0].size
        left, right = min(line.left for line in heading.lines), max(line.right for line in heading.lines)
        text_left, text_right = self.find_column(end)
        if -_MAX_OUTDENT * size <= left - text_left <= _MAX_INDENT * size:
            return True
        columns = [(text_left, text_right), self._find_column_above(begin), self._measure.edges, self._measure.frame]
        return any(
            abs(left + right - text_left - text_right) <= 2 * _MAX_OFF_CENTRE * size
            or abs(right - text_right) <= _MAX_INDENT * size
            or abs(left - text_left) <= _MAX_INDENT * size
            for text_left, text_right in columns
        )

    def _is_stretched(self, line: Line, kind: HeadingClass) -> bool:
        """Tell whether a line is so wide for its letters that there are gaps in it, as in a row of a table."""
        if (kind.face and not kind.is_bold) or kind.place == "upper" or max(line.text) >= FIRST_WIDE:
            return False
        width = self._measure.letter_width * line.size / self._style.size * len(line.text)
        return line.right - line.left > (_BOLD_STRETCH if kind.is_bold else _STRETCH) * width

    def _stands_apart(self, heading: Heading, ends: Collection[Line]) -> bool:
        """Tell whether a heading in about the size of the text is a short paragraph by itself and no sentence.

        One that only its font or its place sets apart from the text needs more space above it than below.
        """
        first, last, kind = heading.lines[0], heading.lines[-1], heading.kind
        text = heading.text
        is_sentence = text.endswith(_SENTENCE_END) and not text.endswith("..")
        if is_sentence or len(heading.lines) > _MAX_LINES or len(text) > _MAX_LENGTH:
            return False
        begin = self.places[first]
        previous, following = self._lines[begin - 1] if begin else None, self._lines[self.places[last] + 1]
        size = first.size
        right = max(self.find_column(self.places[last] + 1)[1], last.right)
        least = self._measure.gap + _SPACE_ABOVE * size
        is_first = previous is None or previous.top >= first.top or previous in ends
        above = inf if previous is None or is_first else first.top - previous.bottom
        below = following.top - last.bottom if following.top > last.top else inf
        if not (above > least or (previous is not None and previous.right < right - 2 * size)):
            return False
        is_short = last.right < right - size or last.left > first.left + size
        if kind.is_bold or size > SAME_SIZE * self._style.size:
            return (
                is_short or below > self._measure.gap + _SPACE_BELOW * size or self._is_indented(self.places[last] + 1)
            )
        if kind.place == "centre" and (below < self._measure.gap + _SPACE_BELOW * size or not _begins_title(text)):
            return False
        return is_short and above > least and (is_first or below == inf or above > below + _MORE_ABOVE * size)

    def _is_indented(self, at: int) -> bool:
        """Tell whether the line at a place begins a paragraph, on the right of the next one."""
        line, following = self._lines[at], self._lines[at + 1 : at + 2]
        return bool(following) and line.left > following[0].left + _SPACE_ABOVE * line.size

    def find_column(self, at: int) -> tuple[float, float]:
        """Return where the lines from a place on begin and end, down to the end of their column."""
        return _find_edges(self._lines[at : at + _COLUMN_LINES], 1)

    def _find_column_above(self, at: int) -> tuple[float, float]:
        return _find_edges(self._lines[max(0, at - _COLUMN_LINES) : at][::-1], -1)

    def is_centred(self, line: Line, at: int) -> bool:
        """Tell whether the line at a place stands in the middle of the lines below, or of all, with space beside it."""
        return _is_centred(line, *self.find_column(at + 1)) or _is_centred(line, *self._measure.edges)


def _find_edges(lines: Sequence[Line], direction: int) -> tuple[float, float]:
    """Return the left and the right end of lines as far as each is below the last, or above it for direction -1."""
    left, right = inf, 0.0
    last: Line | None = None
    for line in lines:
        if last is not None and direction * (line.top - last.top) < -line.size:
            break
        last = line
        left, right = min(left, line.left), max(right, line.right)
    return left, right


def _is_beside(line: Line, other: Line) -> bool:
    """Tell whether another line stands on the same base line."""
    shared = min(line.bottom, other.bottom) - max(line.top, other.top)
    return shared > 0.5 * min(line.bottom - line.top, other.bottom - other.top)


def _begins_title(text: str) -> bool:
    return not text[0].islower() and text[-1] not in "-:"


def _is_centred(line: Line, left: float, right: float) -> bool:
    """Tell whether a line stands in the middle between two edges, with much space on both sides."""
    least = _MIN_SIDE * line.size
    before, behind = line.left - left, right - line.right
    return before >= least and behind >= least and abs(before - behind) <= 2 * line.size
