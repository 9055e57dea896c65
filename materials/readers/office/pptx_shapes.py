"""The shapes of a slide as they are put in order: what they hold, and what kind of shape they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from materials.readers.base.pieces import collapse_whitespace
from materials.readers.office.docx_tables import join_paragraphs
from materials.readers.office.ooxml import A, P
from materials.readers.office.pptx_layouts import Placeholder, ShapeBox
from materials.readers.office.pptx_text import Paragraph, parse_paragraphs

# Adjacent text boxes this short are the labels of a drawing and become one piece. On the sample decks, half the length
# or one line leaves the words of flow charts one by one; twice the length joins sentences and terminal sessions.
_MAX_LABEL_LENGTH = 40
_MAX_LABEL_LINES = 3
# 21.1.2.3 (`sz`): what text in a drawn box has that sets no size, in hundredths of a point.
_DEFAULT_SIZE = 1800


@dataclass(frozen=True, kw_only=True)
class SlideShape:
    """A shape to read: its element, its placeholder (None for other shapes), its box, and its paragraphs."""

    element: Any
    placeholder: Placeholder | None
    box: ShapeBox
    paragraphs: list[Paragraph]

    @property
    def left(self) -> int:
        return self.box.left

    @property
    def top(self) -> int:
        return self.box.top

    @property
    def width(self) -> int:
        return self.box.width

    @property
    def height(self) -> int:
        return self.box.height


def flatten_text(paragraphs: Sequence[Paragraph]) -> str:
    """Return the text of some paragraphs on one line."""
    return collapse_whitespace(" ".join(paragraph.text for paragraph in paragraphs))


def get_font_size(paragraph: Paragraph) -> int:
    """Return the font size of a paragraph of a drawn box, in hundredths of a point."""
    return paragraph.size or _DEFAULT_SIZE


def is_label(shape: SlideShape) -> bool:
    """Tell whether a shape holds only a few words, as the parts of a drawing do."""
    is_text = shape.placeholder is None and 0 < len(shape.paragraphs) <= _MAX_LABEL_LINES
    return (
        is_text
        and len(flatten_text(shape.paragraphs)) <= _MAX_LABEL_LENGTH
        and not any(p.is_code for p in shape.paragraphs)
    )


def is_hidden(element: Any) -> bool:
    """Tell whether a shape is switched off in PowerPoint's selection pane."""
    for properties in element[:1]:
        named = properties.find(f"{P}cNvPr")
        return named is not None and named.get("hidden") in {"1", "true"}
    return False


def parse_table_rows(element: Any) -> list[list[str]]:
    """Return the cells of a table; what merged cells cover is blank."""
    rows = []
    for row in element.iterchildren(f"{A}tr"):
        cells = []
        for cell in row.iterchildren(f"{A}tc"):
            body = cell.find(f"{A}txBody")
            is_merged = cell.get("hMerge") in {"1", "true"} or cell.get("vMerge") in {"1", "true"}
            words = parse_paragraphs(body) if body is not None and not is_merged else []
            cells.append(
                join_paragraphs(
                    [(collapse_whitespace(p.text), p.bullet is not None and p.bullet.is_item) for p in words]
                )
            )
        rows.append(cells)
    return rows
