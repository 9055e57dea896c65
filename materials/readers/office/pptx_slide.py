"""Read one slide into pieces: its title, then its shapes in reading order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from materials.documents import ChunkKind, Locator
from materials.readers.base.pieces import PieceCollector, collapse_whitespace, format_table
from materials.readers.office.charts import parse_chart
from materials.readers.office.diagrams import parse_diagram
from materials.readers.office.docx_tables import join_paragraphs, strip_blank_columns
from materials.readers.office.office import clean_alt_text
from materials.readers.office.ooxml import DGM, MC, A, C, P, Package, R, select_alternate
from materials.readers.office.pptx_layouts import (
    BODY_TYPES,
    FURNITURE_TYPES,
    Layouts,
    Placeholder,
    ShapeBox,
    parse_placeholder,
)
from materials.readers.office.pptx_text import Paragraph, add_paragraphs, parse_paragraphs
from materials.readers.office.reading_order import sort_by_reading_order

_SP, _GROUP, _FRAME, _PICTURE = f"{P}sp", f"{P}grpSp", f"{P}graphicFrame", f"{P}pic"
_EMPTY_BOX = ShapeBox(left=0, top=0, width=0, height=0)
# Adjacent text boxes this short are the labels of a drawing and become one piece. On the sample decks, half the length
# or one line leaves the words of flow charts one by one; twice the length joins sentences and terminal sessions.
_MAX_LABEL_LENGTH = 40
_MAX_LABEL_LINES = 3
# A title is one line. Nothing changes on the sample decks at half or at twice the value.
_MAX_TITLE_LENGTH = 100
# A text box serves as the title when its type is larger than all other type by this factor. On the sample decks, 1.12
# takes the middle of a diagram for the title, 1.6 misses the title of one slide, 2 of two.
_TITLE_SIZE_RATIO = 1.25


@dataclass(frozen=True, kw_only=True)
class _SlideShape:
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


@dataclass(kw_only=True)
class SlideReader:
    """Read one slide, the part `name`, into `pieces` with `locator`; count what is left out in `omissions`."""

    package: Package
    layouts: Layouts
    pieces: PieceCollector
    omissions: Counter[str]
    name: str
    locator: Locator

    def __post_init__(self) -> None:
        self.layout_names = self.layouts.list_layout_names(self.name)

    def read(self, tree: Any) -> None:
        """Add the pieces of the slide's shape tree."""
        pieces = self.pieces
        pieces.reset_headings()
        shapes = self._list_shapes(tree)
        first = len(pieces.collected)
        title, rest = self._split_title(shapes)
        if title:
            pieces.add_heading(title, 1, self.locator)
        for is_label, group in groupby(rest, _is_label):
            members = list(group)
            if is_label and len(members) > 1:
                text = "\n".join(_flatten_text(shape.paragraphs) for shape in members)
                terms = [term for shape in members for paragraph in shape.paragraphs for term in paragraph.emphasised]
                pieces.add(ChunkKind.PARAGRAPH, text, self.locator, emphasised=terms)
                continue
            for shape in members:
                self._add_shape(shape)
        # Alternative texts only where there is no other text: elsewhere pictures illustrate what the slide says.
        if len(pieces.collected) - first == bool(title):
            self._add_alt_texts(tree)

    def _list_shapes(self, tree: Any) -> list[_SlideShape]:
        """Return the visible shapes of a tree or group in reading order."""
        found: list[Any] = []
        for element in tree:
            if element.tag == f"{MC}AlternateContent":
                form = select_alternate(element)
                found.extend(form if form is not None else [])
            else:
                found.append(element)
        held: list[_SlideShape] = []
        free: list[_SlideShape] = []
        for element in found:
            if element.tag not in {_SP, _GROUP, _FRAME} or _is_hidden(element):
                continue
            placeholder = parse_placeholder(element)
            if placeholder is not None and placeholder.type in FURNITURE_TYPES:
                continue
            paragraphs = self._parse_paragraphs(element, placeholder)
            if element.tag == _SP and not paragraphs:
                continue
            box = self.layouts.find_box(element, placeholder, self.layout_names) or _EMPTY_BOX
            shape = _SlideShape(element=element, placeholder=placeholder, box=box, paragraphs=paragraphs)
            (held if placeholder else free).append(shape)
        # Placeholders first: they hold the text of the slide, and boxes drawn over or beside them comment on it. A
        # group is placed as a whole, so that its labels stay together.
        ordered: list[_SlideShape] = []
        for shape in (*sort_by_reading_order(held), *sort_by_reading_order(free)):
            ordered.extend(self._list_shapes(shape.element) if shape.element.tag == _GROUP else [shape])
        return ordered

    def _split_title(self, shapes: Sequence[_SlideShape]) -> tuple[str, list[_SlideShape]]:
        """Return the slide's title and its other shapes; the title is blank for a slide without one."""
        rest = list(shapes)
        for shape in shapes:
            if shape.placeholder is not None and shape.placeholder.is_title:
                words = _flatten_text(shape.paragraphs)
                if words:
                    rest.remove(shape)
                    return words, rest
        # Some decks have a text box in large type where the title placeholder was deleted.
        drawn = self._find_drawn_title(shapes)
        if drawn is None:
            return "", rest
        rest.remove(drawn)
        return _flatten_text(drawn.paragraphs), rest

    def _find_drawn_title(self, shapes: Sequence[_SlideShape]) -> _SlideShape | None:
        """Return the shape that serves as a title: one short line above all other text, in much larger type."""
        texts = [(shape, words) for shape in shapes if (words := shape.paragraphs)]
        if len(texts) < 2:
            return None
        shape, words = min(texts, key=lambda one: one[0].top)
        size = max(paragraph.size for paragraph in words)
        others = max(paragraph.size for other, text in texts if other is not shape for paragraph in text)
        is_short = len(words) == 1 and len(words[0].text) <= _MAX_TITLE_LENGTH and not words[0].is_code
        # `others` is 0 where no other shape sets a size of its own; then there is nothing to compare with.
        return shape if is_short and others and size >= others * _TITLE_SIZE_RATIO else None

    def _parse_paragraphs(self, element: Any, placeholder: Placeholder | None) -> list[Paragraph]:
        body = element.find(f"{P}txBody")
        if body is None:
            return []
        layouts = self.layouts
        return parse_paragraphs(body, lambda depth: layouts.find_bullet(element, placeholder, self.layout_names, depth))

    def _add_shape(self, shape: _SlideShape) -> None:
        if shape.element.tag == _FRAME:
            self._add_graphic_frame(shape.element)
            return
        is_body = shape.placeholder is not None and shape.placeholder.type in BODY_TYPES
        add_paragraphs(shape.paragraphs, self.locator, self.pieces, is_body=is_body)

    def _add_graphic_frame(self, element: Any) -> None:
        pieces, package = self.pieces, self.package
        data = element.find(f"{A}graphic/{A}graphicData")
        for child in data if data is not None else ():
            if child.tag == f"{A}tbl":
                pieces.add(ChunkKind.TABLE, format_table(strip_blank_columns(_parse_table_rows(child))), self.locator)
            elif child.tag == f"{C}chart":
                root = self.package.parse_optional_part(
                    self.omissions, package.find_related_part(self.name, child.get(f"{R}id"), "chart")
                )
                if root is not None:
                    drawn = parse_chart(root)
                    pieces.add(ChunkKind.PARAGRAPH, drawn.title, self.locator)
                    pieces.add(ChunkKind.TABLE, format_table(drawn.rows), self.locator)
                    self.omissions["points"] += drawn.omitted_rows
            elif child.tag == f"{DGM}relIds":
                root = self.package.parse_optional_part(
                    self.omissions, package.find_related_part(self.name, child.get(f"{R}dm"), "diagramData")
                )
                if root is not None:
                    pieces.add(ChunkKind.LIST, parse_diagram(root), self.locator)
            elif child.tag.endswith("}chart"):
                self.omissions["charts"] += 1
            else:
                self._count_embedded_object(child)

    def _count_embedded_object(self, element: Any) -> None:
        """Count an embedded file or an equation of the old Equation Editor; only its picture is on the slide."""
        for part in (element, *element.iter(f"{P}oleObj")):
            if part.tag == f"{P}oleObj":
                is_equation = (part.get("progId") or "").startswith("Equation")
                self.omissions["equations" if is_equation else "objects"] += 1
                return

    def _add_alt_texts(self, tree: Any) -> None:
        """Add the alternative texts of the slide's pictures as paragraphs."""
        for picture in tree.iter(_PICTURE):
            properties = picture.find(f"{P}nvPicPr/{P}cNvPr")
            alt = clean_alt_text(properties.get("descr") or "") if properties is not None else ""
            if alt and not _is_hidden(picture):
                self.pieces.add(ChunkKind.PARAGRAPH, f"Picture: {alt}", self.locator)


def _flatten_text(paragraphs: Sequence[Paragraph]) -> str:
    return collapse_whitespace(" ".join(paragraph.text for paragraph in paragraphs))


def _is_label(shape: _SlideShape) -> bool:
    """Tell whether a shape holds only a few words, as the parts of a drawing do."""
    is_text = shape.placeholder is None and 0 < len(shape.paragraphs) <= _MAX_LABEL_LINES
    return (
        is_text
        and len(_flatten_text(shape.paragraphs)) <= _MAX_LABEL_LENGTH
        and not any(p.is_code for p in shape.paragraphs)
    )


def _is_hidden(element: Any) -> bool:
    for properties in element[:1]:
        named = properties.find(f"{P}cNvPr")
        return named is not None and named.get("hidden") in {"1", "true"}
    return False


def _parse_table_rows(element: Any) -> list[list[str]]:
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
