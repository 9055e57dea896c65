"""The type that the text of a document is set in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from materials.readers.pdf.line_text import is_contents_line
from materials.readers.pdf.page import Page

# Characters. At 70 headings of two lines become paragraphs, at 280 a paragraph in large type becomes a heading.
MAX_HEADING_LENGTH = 140
# Of the characters: with less of it in other fonts, a document in a monospaced one is code, or a typescript.
_MIN_PROSE_SHARE = 0.25


@dataclass(frozen=True, kw_only=True)
class DocumentStyle:
    """The type size and the font of most characters, and whether most are bold or monospaced."""

    size: float
    face: str
    is_bold: bool
    is_monospaced: bool


def find_document_style(pages: Iterable[Page]) -> DocumentStyle:
    """Return the style of the text of a document; code counts for it only where there is hardly any text."""
    weights: dict[tuple[float, str], int] = {}
    code: dict[tuple[float, str], int] = {}
    bold = 0
    for page in pages:
        for line in page.lines:
            length, key = len(line.text), (line.size, line.face)
            counted = code if line.is_monospaced else weights
            counted[key] = counted.get(key, 0) + length
            if line.is_bold:
                bold += length
    prose, typed = sum(weights.values()), sum(code.values())
    if prose < _MIN_PROSE_SHARE * (prose + typed):
        weights = Counter(weights) + Counter(code)
    sizes: Counter[float] = Counter()
    for (size, _), length in weights.items():
        sizes[size] += length
    sizes.pop(0.0, None)  # tables
    size = sizes.most_common(1)[0][0] if sizes else 0.0
    faces = Counter({face: length for (other, face), length in weights.items() if other == size and face})
    return DocumentStyle(
        size=size,
        face=faces.most_common(1)[0][0] if faces else "",
        is_bold=2 * bold > prose + typed,
        is_monospaced=2 * typed > prose + typed,
    )


def can_be_heading(text: str) -> bool:
    """Tell whether a line in larger type is short enough for a heading and has a letter."""
    return len(text) <= MAX_HEADING_LENGTH and any(map(str.isalpha, text)) and not is_contents_line(text)
