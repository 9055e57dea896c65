"""The upright lines of the flowing pages of a document, its headings, and how its text is set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from math import inf
from statistics import median
from typing import NamedTuple

from materials.readers.pdf.lines import Line
from materials.readers.pdf.numbering import SectionNumber
from materials.readers.pdf.page import Page
from materials.readers.pdf.styles import DocumentStyle

# Lines of the text that are measured.
_MEASURED_LINES = 1_000
# Characters, and the width of one in type sizes: no font is so narrow.
_MIN_STAMP_LENGTH, _MIN_LETTER_WIDTH = 3, 0.2


class HeadingClass(NamedTuple):
    """What headings of one kind have in common. `face` is blank for the font of the text or where the size says enough.

    `place` is `upper` for capitals, `centre` for lines in the middle, `number` for those that only a number sets apart.
    """

    size: float
    is_bold: bool = False
    face: str = ""
    place: str = ""


@dataclass(slots=True, eq=False)
class Heading:
    """The lines of a heading, in order, with its level from 1 on.

    `depth` is that from 0 on which the document itself states, None for headings that are known by their type. Those
    that stand as headings do are sound.
    """

    lines: list[Line]
    kind: HeadingClass
    number: SectionNumber | None
    is_sound: bool = False
    depth: int | None = None
    level: int = 0

    @property
    def text(self) -> str:
        return " ".join(line.text for line in self.lines)

    @property
    def is_lettering(self) -> bool:
        """Tell whether the lines are labels of a figure or a stamp on the page, which no heading looks like."""
        return any(line.is_parted or _is_stamp(line) for line in self.lines)


@dataclass(slots=True)
class Flow:
    """The upright lines of the flowing pages in reading order, and the place of the first line of each page number.

    `width` is that of the first page in points.
    """

    lines: list[Line] = field(default_factory=list)
    starts: dict[int, int] = field(default_factory=dict)
    width: float = 0.0


class Measure(NamedTuple):
    """How the text of a document is set, in points.

    That is the gap between two of its lines, their height by the type size, the width of a letter, where the lines
    begin and end, and where they could end with a margin that is the same on both sides.
    """

    gap: float = 0.0
    height: float = 0.0
    letter_width: float = inf
    edges: tuple[float, float] = (0.0, 0.0)
    frame: tuple[float, float] = (0.0, 0.0)


def build_flow(pages: Sequence[Page]) -> Flow:
    """Return the lines that headings are looked for in: those of slides and turned lines are left out."""
    flow = Flow()
    for page in pages:
        if not page.is_slide:
            flow.width = flow.width or page.width
            flow.starts.setdefault(page.number, len(flow.lines))
            flow.lines += [line for line in page.lines if not line.is_turned]
    return flow


def measure_text(flow: Flow, style: DocumentStyle) -> Measure:
    """Return how the text of a document is set."""
    text = [line for line in flow.lines if line.size == style.size and line.face in {style.face, ""}][:_MEASURED_LINES]
    if not text or not style.size:  # nothing but tables
        return Measure()
    gaps = sorted(
        line.top - last.bottom
        for last, line in pairwise(text)
        if line.left == last.left and -line.size < line.top - last.bottom < 2 * line.size
    )
    few = len(text) // 20
    left, right = sorted(line.left for line in text)[few], sorted(line.right for line in text)[-1 - few]
    return Measure(
        # Items of lists and short paragraphs are farther apart than most lines.
        gap=gaps[len(gaps) // 4] if gaps else 0.0,
        height=median((line.bottom - line.top) / line.size for line in text),
        letter_width=median((line.right - line.left) / len(line.text) for line in text),
        edges=(left, right),
        frame=(left, max(right, flow.width - left)),
    )


def _is_stamp(line: Line) -> bool:
    """Tell whether a line is too narrow for its letters, as one that runs up the margin of a page is."""
    length = len(line.text)
    return length > _MIN_STAMP_LENGTH and line.right - line.left < _MIN_LETTER_WIDTH * line.size * length
