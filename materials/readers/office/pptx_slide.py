"""One slide to pieces: its title, then its shapes in reading order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from materials.documents import ChunkKind, Locator
from materials.readers.base.pieces import Pieces, one_line, table
from materials.readers.office.charts import chart
from materials.readers.office.diagrams import diagram
from materials.readers.office.docx_tables import joined, without_blank_columns
from materials.readers.office.office import useful_alt
from materials.readers.office.ooxml import DGM, MC, A, C, P, Package, R, choice
from materials.readers.office.pptx_layouts import BODIES, FURNITURE, Box, Layouts, Placeholder, placeholder_of
from materials.readers.office.pptx_text import Paragraph, add_paragraphs, paragraphs_of
from materials.readers.office.reading_order import in_reading_order

_SP, _GROUP, _FRAME, _PICTURE = f"{P}sp", f"{P}grpSp", f"{P}graphicFrame", f"{P}pic"
_NOWHERE = Box(left=0, top=0, width=0, height=0)
_LONGEST_LABEL = 40
_MOST_LINES = 3
_LONGEST_TITLE = 100
_MUCH_LARGER = 1.25


@dataclass(frozen=True, kw_only=True)
class _Shape:
    """A shape to read: its element, which placeholder it is, where it stands, and its paragraphs."""

    element: Any
    placeholder: Placeholder | None
    box: Box
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
class Slide:
    """One slide being read into pieces; what was not read is counted in `found`."""

    package: Package
    layouts: Layouts
    pieces: Pieces
    found: Counter[str]
    name: str
    here: Locator

    def __post_init__(self) -> None:
        self.above = self.layouts.above(self.name)

    def read(self, tree: Any) -> None:
        pieces = self.pieces
        pieces.start_over()
        shapes = self._shapes(tree)
        first = len(pieces.found)
        title, rest = self._title(shapes)
        if title:
            pieces.heading(title, 1, self.here)
        for is_label, group in groupby(rest, _is_label):
            members = list(group)
            if is_label and len(members) > 1:
                text = "\n".join(_flat(shape.paragraphs) for shape in members)
                terms = [term for shape in members for paragraph in shape.paragraphs for term in paragraph.emphasised]
                pieces.add(ChunkKind.PARAGRAPH, text, self.here, emphasised=terms)
                continue
            for shape in members:
                self._shape(shape)
        if len(pieces.found) - first == bool(title):
            self._pictures(tree)

    def _shapes(self, tree: Any) -> list[_Shape]:
        """Return the shapes that are seen, in reading order: placeholders, then the others; groups stay together."""
        found: list[Any] = []
        for element in tree:
            if element.tag == f"{MC}AlternateContent":
                form = choice(element)
                found.extend(form if form is not None else [])
            else:
                found.append(element)
        held: list[_Shape] = []
        free: list[_Shape] = []
        for element in found:
            if element.tag not in {_SP, _GROUP, _FRAME} or _is_hidden(element):
                continue
            placeholder = placeholder_of(element)
            if placeholder is not None and placeholder.type in FURNITURE:
                continue
            paragraphs = self._paragraphs(element, placeholder)
            if element.tag == _SP and not paragraphs:
                continue
            box = self.layouts.box(element, placeholder, self.above) or _NOWHERE
            shape = _Shape(element=element, placeholder=placeholder, box=box, paragraphs=paragraphs)
            (held if placeholder else free).append(shape)
        ordered: list[_Shape] = []
        for shape in (*in_reading_order(held), *in_reading_order(free)):
            ordered.extend(self._shapes(shape.element) if shape.element.tag == _GROUP else [shape])
        return ordered

    def _title(self, shapes: Sequence[_Shape]) -> tuple[str, list[_Shape]]:
        """Return the slide's title and the other shapes: the title placeholder, or the large line at the top."""
        rest = list(shapes)
        for shape in shapes:
            if shape.placeholder is not None and shape.placeholder.is_title:
                words = _flat(shape.paragraphs)
                if words:
                    rest.remove(shape)
                    return words, rest
        drawn = self._drawn_title(shapes)
        if drawn is None:
            return "", rest
        rest.remove(drawn)
        return _flat(drawn.paragraphs), rest

    def _drawn_title(self, shapes: Sequence[_Shape]) -> _Shape | None:
        """Return the shape that serves as a title: above all other text, and in much larger type."""
        texts = [(shape, words) for shape in shapes if (words := shape.paragraphs)]
        if len(texts) < 2:
            return None
        shape, words = min(texts, key=lambda one: one[0].top)
        size = max(paragraph.size for paragraph in words)
        others = max(paragraph.size for other, text in texts if other is not shape for paragraph in text)
        is_short = len(words) == 1 and len(words[0].text) <= _LONGEST_TITLE and not words[0].is_code
        return shape if is_short and others and size >= others * _MUCH_LARGER else None

    def _paragraphs(self, element: Any, placeholder: Placeholder | None) -> list[Paragraph]:
        body = element.find(f"{P}txBody")
        if body is None:
            return []
        layouts = self.layouts
        return paragraphs_of(body, lambda depth: layouts.bullet(element, placeholder, self.above, depth))

    def _shape(self, shape: _Shape) -> None:
        if shape.element.tag == _FRAME:
            self._frame(shape.element)
            return
        is_body = shape.placeholder is not None and shape.placeholder.type in BODIES
        add_paragraphs(shape.paragraphs, self.here, self.pieces, is_body=is_body)

    def _frame(self, element: Any) -> None:
        pieces, package = self.pieces, self.package
        data = element.find(f"{A}graphic/{A}graphicData")
        for child in data if data is not None else ():
            if child.tag == f"{A}tbl":
                pieces.add(ChunkKind.TABLE, table(without_blank_columns(_rows(child))), self.here)
            elif child.tag == f"{C}chart":
                root = self.package.optional(self.found, package.target(self.name, child.get(f"{R}id"), "chart"))
                if root is not None:
                    drawn = chart(root)
                    pieces.add(ChunkKind.PARAGRAPH, drawn.title, self.here)
                    pieces.add(ChunkKind.TABLE, table(drawn.rows), self.here)
                    self.found["points"] += drawn.left_out
            elif child.tag == f"{DGM}relIds":
                root = self.package.optional(self.found, package.target(self.name, child.get(f"{R}dm"), "diagramData"))
                if root is not None:
                    pieces.add(ChunkKind.LIST, diagram(root), self.here)
            elif child.tag.endswith("}chart"):
                self.found["charts"] += 1
            else:
                self._embedded(child)

    def _embedded(self, element: Any) -> None:
        """Count an embedded file or a formula of the old editor, which are stored as pictures."""
        for part in (element, *element.iter(f"{P}oleObj")):
            if part.tag == f"{P}oleObj":
                is_equation = (part.get("progId") or "").startswith("Equation")
                self.found["equations" if is_equation else "objects"] += 1
                return

    def _pictures(self, tree: Any) -> None:
        """Take what the author says that the pictures show, on a slide that has nothing else."""
        for picture in tree.iter(_PICTURE):
            properties = picture.find(f"{P}nvPicPr/{P}cNvPr")
            alt = useful_alt(properties.get("descr") or "") if properties is not None else ""
            if alt and not _is_hidden(picture):
                self.pieces.add(ChunkKind.PARAGRAPH, f"Picture: {alt}", self.here)


def _flat(paragraphs: Sequence[Paragraph]) -> str:
    return one_line(" ".join(paragraph.text for paragraph in paragraphs))


def _is_label(shape: _Shape) -> bool:
    """Tell whether a shape holds but a few words of a drawing."""
    is_text = shape.placeholder is None and 0 < len(shape.paragraphs) <= _MOST_LINES
    return is_text and len(_flat(shape.paragraphs)) <= _LONGEST_LABEL and not any(p.is_code for p in shape.paragraphs)


def _is_hidden(element: Any) -> bool:
    for properties in element[:1]:
        named = properties.find(f"{P}cNvPr")
        return named is not None and named.get("hidden") in {"1", "true"}
    return False


def _rows(element: Any) -> list[list[str]]:
    rows = []
    for row in element.iterchildren(f"{A}tr"):
        cells = []
        for cell in row.iterchildren(f"{A}tc"):
            body = cell.find(f"{A}txBody")
            is_merged = cell.get("hMerge") in {"1", "true"} or cell.get("vMerge") in {"1", "true"}
            words = paragraphs_of(body) if body is not None and not is_merged else []
            cells.append(joined([(one_line(p.text), p.bullet is not None and p.bullet.is_item) for p in words]))
        rows.append(cells)
    return rows
