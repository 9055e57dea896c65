"""The type that the text of a document is set in, and the type sizes of its headings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from materials.readers.pdf.line_text import is_contents_line
from materials.readers.pdf.lines import HEADING_RATIO
from materials.readers.pdf.page import Page

# Characters. At 70 headings of two lines become paragraphs, at 280 a paragraph in large type becomes a heading.
MAX_HEADING_LENGTH = 140
# No sample document has headings of more than two sizes; the rest is for books, and further sizes are formulas and
# labels.
MAX_HEADING_SIZES = 4


@dataclass(frozen=True, kw_only=True)
class DocumentStyle:
    """The type size of most characters, whether most are bold or monospaced, and the largest sizes above it in order.

    The index of a heading's size is its level less one.
    """

    size: float
    is_bold: bool
    is_monospaced: bool
    heading_sizes: tuple[float, ...]


def find_document_style(pages: Iterable[Page]) -> DocumentStyle:
    """Return the style of the text of a document; slides count for its text but not for the sizes of headings."""
    weights: Counter[float] = Counter()
    sizes: set[float] = set()
    bold = monospaced = 0
    for page in pages:
        for line in page.lines:
            length = len(line.text)
            weights[line.size] += length
            bold += length * line.is_bold
            monospaced += length * line.is_monospaced
        if not page.is_slide:
            sizes.update([line.size for line in page.lines if line.size not in sizes and can_be_heading(line.text)])
    weights.pop(0.0, None)  # tables
    size = weights.most_common(1)[0][0] if weights else 0.0
    larger = sorted((each for each in sizes if each > size * HEADING_RATIO), reverse=True)
    return DocumentStyle(
        size=size,
        is_bold=2 * bold > weights.total(),
        is_monospaced=2 * monospaced > weights.total(),
        heading_sizes=tuple(larger[:MAX_HEADING_SIZES]),
    )


def can_be_heading(text: str) -> bool:
    """Tell whether a line in larger type is short enough for a heading and has a letter."""
    return len(text) <= MAX_HEADING_LENGTH and any(map(str.isalpha, text)) and not is_contents_line(text)
