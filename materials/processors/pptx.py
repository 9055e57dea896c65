"""PPTX to pieces: each slide's title, its shapes in reading order, its tables, charts, diagrams and notes.

Only the parts that hold text are opened. Hidden slides are read like the others and keep their numbers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any

from materials.documents import ChunkKind, Document, Locator
from materials.processors.charts import chart
from materials.processors.diagrams import diagram
from materials.processors.docx_tables import joined, without_blank_columns
from materials.processors.errors import UnreadableDocument
from materials.processors.office import left_out, slides, title_of, useful_alt
from materials.processors.ooxml import DGM, MC, A, C, P, Package, R, choice, opened
from materials.processors.pieces import Pieces, numbers, one_line, table
from materials.processors.pptx_layouts import BODIES, FURNITURE, Box, Layouts, Placeholder, placeholder_of
from materials.processors.pptx_text import Paragraph, add_paragraphs, paragraphs_of
from materials.processors.reading_order import in_reading_order

_SP, _GROUP, _FRAME, _PICTURE = f"{P}sp", f"{P}grpSp", f"{P}graphicFrame", f"{P}pic"
_NOWHERE = Box(left=0, top=0, width=0, height=0)
_LONGEST_LABEL = 40
_LONGEST_TITLE = 100
_MUCH_LARGER = 1.25


def read(path: Path) -> Document:
    """Read a presentation. Raises UnreadableDocument."""
    with opened(path, "presentation") as package:
        main = package.main()
        deck = package.xml(main)
        names = [package.target(main, one.get(f"{R}id"), "slide") for one in deck.iterfind(f"{P}sldIdLst/{P}sldId")]
        reader = _Reader(package)
        for number, name in enumerate(names, start=1):
            reader.slide(number, name)
        found = tuple(reader.pieces.found)
        title = next((piece.text for piece in found if piece.kind is ChunkKind.HEADING), "")
        return Document(
            pieces=found,
            title=title or title_of(package, found),
            page_count=len(names),
            warnings=(*reader.warnings(), *left_out(reader.found)),
        )


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


@dataclass
class _Reader:
    package: Package
    pieces: Pieces = field(default_factory=Pieces)
    found: Counter[str] = field(default_factory=Counter)
    _broken: list[int] = field(default_factory=list)
    _hidden: list[int] = field(default_factory=list)
    _empty: list[int] = field(default_factory=list)
    _pictures: list[int] = field(default_factory=list)
    _commented: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.layouts = Layouts(self.package)

    def slide(self, number: int, name: str | None) -> None:
        """Add what a slide says; a slide that cannot be read costs only itself."""
        before = len(self.pieces.found)
        try:
            root = self.package.xml(name) if name else None
        except UnreadableDocument as exc:
            if exc.code != "damaged":
                raise
            root = None
        if root is None or name is None or root.find(f"{P}cSld/{P}spTree") is None:
            self._broken.append(number)
            return
        if root.get("show") in {"0", "false"}:
            self._hidden.append(number)
        _Slide(reader=self, name=name, here=Locator(slide=number)).read(root.find(f"{P}cSld/{P}spTree"))
        self._notes(name, Locator(slide=number))
        self._count_comments(name, number)
        if len(self.pieces.found) == before:
            has_pictures = next(root.iter(f"{A}blip"), None) is not None
            (self._pictures if has_pictures else self._empty).append(number)

    def warnings(self) -> list[str]:
        """Return sentences on slides that are broken, hidden or without text."""
        found = []
        if self._broken:
            found.append(f"{slides(self._broken)} could not be read.")
        if self._hidden:
            is_one = len(self._hidden) == 1
            found.append(
                f"{slides(self._hidden)} {'is' if is_one else 'are'} hidden in the presentation; "
                f"{'its' if is_one else 'their'} text was taken all the same."
            )
        if self._pictures:
            found.append(f"Slides without text, only pictures: {numbers(self._pictures)}.")
        if self._empty:
            found.append(f"Slides without text: {numbers(self._empty)}.")
        if self._commented:
            found.append(f"Comments were left out: {slides(self._commented).lower()}.")
        return found

    def part(self, name: str | None) -> Any:
        """Return the root of a part that a slide uses, None when it is missing or broken."""
        try:
            return self.package.xml(name) if name else None
        except UnreadableDocument as exc:
            if exc.code != "damaged":
                raise
            self.found["parts"] += 1
            return None

    def _notes(self, name: str, here: Locator) -> None:
        root = self.part(next(self.package.related(name, "notesSlide"), None))
        for shape in root.iter(_SP) if root is not None else ():
            placeholder = placeholder_of(shape)
            body = shape.find(f"{P}txBody")
            if placeholder is not None and placeholder.type == "body" and body is not None:
                text = "\n".join(one_line(paragraph.text) for paragraph in paragraphs_of(body))
                self.pieces.add(ChunkKind.NOTES, text, here)

    def _count_comments(self, name: str, number: int) -> None:
        for part in self.package.related(name, "comments"):
            root = self.part(part)
            if root is not None and len(root):
                self._commented.append(number)
                return


@dataclass(kw_only=True)
class _Slide:
    """One slide being read."""

    reader: _Reader
    name: str
    here: Locator

    def __post_init__(self) -> None:
        self.above = self.reader.layouts.above(self.name)

    def read(self, tree: Any) -> None:
        pieces = self.reader.pieces
        pieces.start_over()
        shapes = self._shapes(tree)
        first = len(pieces.found)
        title, rest = self._title(shapes)
        if title:
            pieces.heading(title, 1, self.here)
        for is_label, group in groupby(rest, self._is_label):
            members = list(group)
            if is_label and len(members) > 1:
                words = [paragraph for shape in members for paragraph in shape.paragraphs]
                text = "\n".join(one_line(paragraph.text) for paragraph in words)
                pieces.add(ChunkKind.PARAGRAPH, text, self.here, emphasised=[e for w in words for e in w.emphasised])
                continue
            for shape in members:
                self._shape(shape)
        if len(pieces.found) - first == bool(title):
            self._pictures(tree)

    def _shapes(self, tree: Any) -> list[_Shape]:
        """Return the shapes that are seen, in reading order: placeholders, then the others; groups stay together."""
        found = []
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
            box = self.reader.layouts.box(element, placeholder, self.above) or _NOWHERE
            shape = _Shape(
                element=element,
                placeholder=placeholder,
                box=box,
                paragraphs=self._paragraphs(element, placeholder),
            )
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
        layouts = self.reader.layouts
        return paragraphs_of(body, lambda depth: layouts.bullet(element, placeholder, self.above, depth))

    def _is_label(self, shape: _Shape) -> bool:
        """Tell whether a shape holds but a few words of a drawing."""
        if shape.placeholder is not None:
            return False
        words = shape.paragraphs
        return len(words) == 1 and len(words[0].text) <= _LONGEST_LABEL and not words[0].is_code

    def _shape(self, shape: _Shape) -> None:
        if shape.element.tag == _FRAME:
            self._frame(shape.element)
            return
        is_body = shape.placeholder is not None and shape.placeholder.type in BODIES
        add_paragraphs(shape.paragraphs, self.here, self.reader.pieces, is_body=is_body)

    def _frame(self, element: Any) -> None:
        pieces, package = self.reader.pieces, self.reader.package
        data = element.find(f"{A}graphic/{A}graphicData")
        for child in data if data is not None else ():
            if child.tag == f"{A}tbl":
                pieces.add(ChunkKind.TABLE, table(without_blank_columns(_rows(child))), self.here)
            elif child.tag == f"{C}chart":
                root = self.reader.part(package.target(self.name, child.get(f"{R}id"), "chart"))
                if root is not None:
                    drawn = chart(root)
                    pieces.add(ChunkKind.PARAGRAPH, drawn.title, self.here)
                    pieces.add(ChunkKind.TABLE, table(drawn.rows), self.here)
                    self.reader.found["points"] += drawn.left_out
            elif child.tag == f"{DGM}relIds":
                root = self.reader.part(package.target(self.name, child.get(f"{R}dm"), "diagramData"))
                if root is not None:
                    pieces.add(ChunkKind.LIST, diagram(root), self.here)
            else:
                self._embedded(child)

    def _embedded(self, element: Any) -> None:
        """Count an embedded file or a formula of the old editor, which are stored as pictures."""
        for part in (element, *element.iter(f"{P}oleObj")):
            if part.tag == f"{P}oleObj":
                is_equation = (part.get("progId") or "").startswith("Equation")
                self.reader.found["equations" if is_equation else "objects"] += 1
                return

    def _pictures(self, tree: Any) -> None:
        """Take what the author says that the pictures show, on a slide that has nothing else."""
        for picture in tree.iter(_PICTURE):
            properties = picture.find(f"{P}nvPicPr/{P}cNvPr")
            alt = useful_alt(properties.get("descr") or "") if properties is not None else ""
            if alt and not _is_hidden(picture):
                self.reader.pieces.add(ChunkKind.PARAGRAPH, f"Picture: {alt}", self.here)


def _flat(paragraphs: Sequence[Paragraph]) -> str:
    return one_line(" ".join(paragraph.text for paragraph in paragraphs))


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
