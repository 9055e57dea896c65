"""Find the lines of a document that may be headings by their type."""

from __future__ import annotations

from collections.abc import Collection

from materials.readers.pdf.flow import Flow, Heading, HeadingClass, measure_text
from materials.readers.pdf.heading_places import SAME_SIZE, PlaceJudge
from materials.readers.pdf.line_text import FIRST_WIDE
from materials.readers.pdf.lines import HEADING_RATIO, Line, TableLine
from materials.readers.pdf.numbering import parse_section_number
from materials.readers.pdf.styles import DocumentStyle, can_be_heading

# By that of the text: lines in smaller type are captions and notes, in bold, too.
_SMALLER_SIZE = 0.85
# In type sizes: how far the lines of one heading are apart, more than those of the text where its size is theirs.
_LINE_GAP = 0.4
# By the type size: heights of boxes that differ by less are those of one font.
_SAME_HEIGHT = 0.012
# By the type size: width of the letters of TeX's typewriter font, which is code.
_TYPEWRITER_WIDTH = 0.525
# Characters: a longer line is no heading by its number or place alone. Letters: shorter words in capitals are names.
_MAX_NUMBERED_LENGTH, _MIN_CAPITALS = 70, 4


class CandidateFinder:
    """Finds the lines of a flow that may be headings. `ignored` are lines that are none."""

    def __init__(self, flow: Flow, style: DocumentStyle, ignored: Collection[Line]) -> None:
        self.lines, self.style = flow.lines, style
        self._ignored = ignored
        self._measure = measure_text(flow, style)
        self.judge = PlaceJudge(flow.lines, style, self._measure)

    def find_candidates(self) -> list[Heading]:
        """Return the candidates in order, each judged; a heading over several lines is one."""
        lines, style = self.lines, self.style
        size, face, is_bold = style.size, style.face, style.is_bold
        is_nameless = not face
        found: list[Heading] = []
        last: Heading | None = None
        next_left = [line.left for line in lines[1:]]
        next_left.append(0.0)
        for at, line in enumerate(lines):
            # Most lines are set as the text is, begin where the next one does, and have no number.
            if (
                line.size == size
                and (line.face == face or not line.face)
                and (is_bold or not line.is_bold)
                and not (is_nameless and self._find_face(line))
            ):
                text = line.text
                if line.left <= next_left[at] + size and (
                    len(text) > _MAX_NUMBERED_LENGTH or text[0].islower() or not (text[0].isalnum() or text[0] in "（(")
                ):
                    last = None
                    continue
            kind = None if line in self._ignored else self.find_class(line, at)
            if kind is None:
                last = None
                continue
            self.judge.places[line] = at
            number = parse_section_number(line.text)
            if last is not None and number is None and self._continues(last, kind, at):
                last.lines.append(line)
            else:
                last = Heading([line], kind, number)
                found.append(last)
        self.judge.judge(found)
        return found

    def find_class(self, line: Line, at: int) -> HeadingClass | None:
        """Return the class of the line at a place, None where it is set as the text is or its words are no heading."""
        style, text, size = self.style, line.text, line.size
        if isinstance(line, TableLine) or line.is_added or (line.is_monospaced and not style.is_monospaced):
            return None
        if size < _SMALLER_SIZE * style.size or not can_be_heading(text):
            return None
        if size > HEADING_RATIO * style.size:
            return HeadingClass(size)
        is_bold = line.is_bold and not style.is_bold
        if size > SAME_SIZE * style.size:
            return HeadingClass(size, is_bold)
        place = "upper" if _is_in_capitals(text) else ""
        if size * SAME_SIZE < style.size and not (is_bold or place):
            return None
        face = self._find_face(line)
        if is_bold or face or place:
            return HeadingClass(size, is_bold, face, place)
        number = parse_section_number(text)
        if number is not None and (number.depth > 1 or number.is_named):
            return HeadingClass(size, place="number")
        return HeadingClass(size, place="centre") if self.judge.is_centred(line, at) else None

    def _find_face(self, line: Line) -> str:
        """Return the font of a line, blank for that of the text.

        Bitmap fonts have no names; what tells them apart is how high their boxes are for their size.
        """
        if self.style.face:
            return line.face if line.face != self.style.face else ""
        if line.face or line.text[0] >= FIRST_WIDE or line.text[-1] >= FIRST_WIDE:
            return line.face
        if abs((line.right - line.left) / line.size / len(line.text) - _TYPEWRITER_WIDTH) < _SAME_HEIGHT:
            return ""
        height = (line.bottom - line.top) / line.size
        return f"{height:.2f}" if abs(height - self._measure.height) > _SAME_HEIGHT else ""

    def _continues(self, heading: Heading, kind: HeadingClass, at: int) -> bool:
        """Tell whether the line at a place, of this class, goes on with the heading that the line before ends."""
        last, line = heading.lines[-1], self.lines[at]
        known, gap = heading.kind, line.top - last.bottom
        if kind[:2] != known[:2] or (kind.face and known.face and kind.face != known.face):
            return False
        if not -0.5 * line.size < gap < line.size:
            return False
        if line.size > HEADING_RATIO * self.style.size:
            return True
        if gap > self._measure.gap + _LINE_GAP * line.size:
            return False
        if line.left > last.left + line.size or last.left > line.left + line.size:  # in the middle, or after a number
            return True
        word = (line.right - line.left) * len(line.text.split(maxsplit=1)[0]) / len(line.text)
        return last.right + word > max(self.judge.find_column(at + 1)[1], line.right) - line.size


def _is_in_capitals(text: str) -> bool:
    """Tell whether all letters of a text are capitals, as those of scripts without them are not."""
    if not text.isupper():
        return False
    letters = "".join(filter(str.isalpha, text))
    return len(letters) >= _MIN_CAPITALS and all(map(str.isupper, letters))
