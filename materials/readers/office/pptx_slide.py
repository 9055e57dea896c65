"""Read one slide into pieces: its title, then its shapes in reading order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

from materials.documents import ChunkKind, LeftOutKind, Locator
from materials.readers.base.pieces import PieceCollector, format_table, select_links
from materials.readers.office.charts import parse_chart
from materials.readers.office.diagrams import parse_diagram
from materials.readers.office.docx_tables import strip_blank_columns
from materials.readers.office.office import clean_alt_text, note_alt_text
from materials.readers.office.ooxml import DGM, MC, A, C, P, Package, R, select_alternate
from materials.readers.office.pptx_layouts import (
    BODY_TYPES,
    FURNITURE_TYPES,
    Layouts,
    Placeholder,
    ShapeBox,
    collect_shape_text,
    parse_placeholder,
)
from materials.readers.office.pptx_shapes import (
    SlideShape,
    flatten_text,
    get_font_size,
    is_hidden,
    is_label,
    parse_table_rows,
)
from materials.readers.office.pptx_text import Paragraph, add_paragraphs, parse_paragraphs
from materials.readers.office.reading_order import sort_by_reading_order

_SP, _GROUP, _FRAME, _PICTURE = f"{P}sp", f"{P}grpSp", f"{P}graphicFrame", f"{P}pic"
_EMPTY_BOX = ShapeBox(left=0, top=0, width=0, height=0)
# A title is one line. Nothing changes on the sample decks at half or at twice the value.
_MAX_TITLE_LENGTH = 100
# A text box serves as the title when its type is larger than all other type by this factor. On the sample decks, 1.12
# takes the middle of a diagram for the title, 1.6 misses the title of one slide, 2 of two.
_TITLE_SIZE_RATIO = 1.25


@dataclass(kw_only=True)
class SlideReader:
    """Read one slide, the part `name`, into `pieces` with `locator`; count what is left out in `omissions`.

    `slide_size` is None when it is unknown. The slide's title becomes a heading of `title_level`. `has_outside_text`
    is set when a box with text lies outside of the slide.
    """

    package: Package
    layouts: Layouts
    pieces: PieceCollector
    omissions: Counter[str]
    name: str
    locator: Locator
    slide_size: tuple[int, int] | None = None
    title_level: int = 1
    has_outside_text: bool = False

    def __post_init__(self) -> None:
        self.layout_names = self.layouts.list_layout_names(self.name)

    def read(self, tree: Any) -> None:
        """Add the pieces of the slide's shape tree."""
        pieces = self.pieces
        pieces.reset_headings(deeper_than=self.title_level - 1)
        shapes = self._list_shapes(tree, is_top=True)
        first = len(pieces.collected)
        title, rest = self._split_title(shapes)
        if title is not None:
            words = flatten_text(title.paragraphs)
            pieces.add_heading(words, self.title_level, self.locator, links=self._find_links(title))
        for are_labels, group in groupby(rest, is_label):
            members = list(group)
            if are_labels and len(members) > 1:
                text = "\n".join(flatten_text(shape.paragraphs) for shape in members)
                terms = [term for shape in members for paragraph in shape.paragraphs for term in paragraph.emphasised]
                links = [link for shape in members for link in self._find_links(shape)]
                pieces.add(ChunkKind.PARAGRAPH, text, self.locator, emphasised=terms, links=links)
                continue
            for shape in members:
                self._add_shape(shape)
        # Alternative texts only where there is no other text: elsewhere pictures illustrate what the slide says.
        self._read_pictures(tree, takes_alt_texts=len(pieces.collected) - first == (title is not None))
        for text in self.layouts.list_fixed_texts(self.layout_names):
            pieces.left_out.add(LeftOutKind.RUNNING_HEAD, text, self.locator)

    def _list_shapes(self, tree: Any, *, is_top: bool = False) -> list[SlideShape]:
        """Return the visible shapes of a tree or group in reading order."""
        found: list[Any] = []
        for element in tree:
            if element.tag == f"{MC}AlternateContent":
                form = select_alternate(element)
                found.extend(form if form is not None else [])
            else:
                found.append(element)
        held: list[SlideShape] = []
        free: list[SlideShape] = []
        for element in found:
            if element.tag not in {_SP, _GROUP, _FRAME}:
                continue
            placeholder = parse_placeholder(element)
            if (reason := self._find_reason_to_leave_out(element, placeholder, is_top=is_top)) is not None:
                if text := collect_shape_text(element):
                    self.pieces.left_out.add(reason, text, self.locator)
                    self.has_outside_text = self.has_outside_text or reason is LeftOutKind.OUTSIDE_PAGE
                continue
            paragraphs = self._parse_paragraphs(element, placeholder)
            if element.tag == _SP and not paragraphs:
                continue
            box = self.layouts.find_box(element, placeholder, self.layout_names) or _EMPTY_BOX
            shape = SlideShape(element=element, placeholder=placeholder, box=box, paragraphs=paragraphs)
            (held if placeholder else free).append(shape)
        # Placeholders first: they hold the text of the slide, and boxes drawn over or beside them comment on it. A
        # group is placed as a whole, so that its labels stay together.
        ordered: list[SlideShape] = []
        for shape in (*sort_by_reading_order(held), *sort_by_reading_order(free)):
            ordered.extend(self._list_shapes(shape.element) if shape.element.tag == _GROUP else [shape])
        return ordered

    def _find_reason_to_leave_out(
        self, element: Any, placeholder: Placeholder | None, *, is_top: bool
    ) -> LeftOutKind | None:
        if is_hidden(element):
            return LeftOutKind.HIDDEN_TEXT
        if placeholder is not None and placeholder.type in FURNITURE_TYPES:
            return LeftOutKind.RUNNING_HEAD
        # A title above the slide is how PowerPoint names a slide without showing it ("Add hidden slide title"). Inside
        # of a group, boxes are measured in the group's own units.
        if not is_top or self.slide_size is None or (placeholder is not None and placeholder.is_title):
            return None
        box = self.layouts.find_box(element, placeholder, self.layout_names)
        return LeftOutKind.OUTSIDE_PAGE if box is not None and box.is_outside(*self.slide_size) else None

    def _find_links(self, shape: SlideShape) -> list[str]:
        """Return the targets of the links of a shape: those in its text, and its own."""
        found = [self._find_target(link) for paragraph in shape.paragraphs for link in paragraph.links]
        return found + self._find_shape_links(shape.element)

    def _find_target(self, relation_id: str) -> str:
        return self.package.find_link_target(self.name, relation_id)

    def _find_shape_links(self, element: Any) -> list[str]:
        """Return the targets of the links that a shape or picture has as a whole, and of a video on the web."""
        ids = []
        for properties in element[:1]:
            ids += [link.get(f"{R}id") for link in properties.iterfind(f"{P}cNvPr/{A}hlinkClick")]
            ids += [media.get(f"{R}link") for media in properties.iterfind(f"{P}nvPr/{A}videoFile")]
        targets = (self._find_target(name) for name in ids if name)
        return [target for target in targets if target.startswith(("http://", "https://", "mailto:"))]

    def _split_title(self, shapes: Sequence[SlideShape]) -> tuple[SlideShape | None, list[SlideShape]]:
        """Return the slide's title, None for a slide without one, and its other shapes."""
        rest = list(shapes)
        for shape in shapes:
            if shape.placeholder is not None and shape.placeholder.is_title and flatten_text(shape.paragraphs):
                rest.remove(shape)
                return shape, rest
        # Some decks have a text box in large type where the title placeholder was deleted.
        drawn = self._find_drawn_title(shapes)
        if drawn is not None:
            rest.remove(drawn)
        return drawn, rest

    def _find_drawn_title(self, shapes: Sequence[SlideShape]) -> SlideShape | None:
        """Return the shape that serves as a title: one short line above all other text, in much larger type."""
        texts = [(shape, words) for shape in shapes if (words := shape.paragraphs)]
        if len(texts) < 2:
            return None
        shape, words = min(texts, key=lambda one: one[0].top)
        size = max(map(get_font_size, words))
        others = max(
            get_font_size(paragraph) if other.placeholder is None else paragraph.size
            for other, text in texts
            if other is not shape
            for paragraph in text
        )
        is_short = len(words) == 1 and len(words[0].text) <= _MAX_TITLE_LENGTH and not words[0].is_code
        # `others` is 0 where there are only placeholders without a size of their own: nothing to compare with.
        return shape if is_short and others and size >= others * _TITLE_SIZE_RATIO else None

    def _parse_paragraphs(self, element: Any, placeholder: Placeholder | None) -> list[Paragraph]:
        body = element.find(f"{P}txBody")
        if body is None:
            return []
        layouts = self.layouts
        return parse_paragraphs(body, lambda depth: layouts.find_bullet(element, placeholder, self.layout_names, depth))

    def _add_shape(self, shape: SlideShape) -> None:
        if shape.element.tag == _FRAME:
            self._add_graphic_frame(shape.element)
            return
        is_body = shape.placeholder is not None and shape.placeholder.type in BODY_TYPES
        add_paragraphs(
            shape.paragraphs,
            self.locator,
            self.pieces,
            is_body=is_body,
            find_target=self._find_target,
            shape_links=self._find_shape_links(shape.element),
        )

    def _add_graphic_frame(self, element: Any) -> None:
        pieces, package = self.pieces, self.package
        data = element.find(f"{A}graphic/{A}graphicData")
        for child in data if data is not None else ():
            if child.tag == f"{A}tbl":
                table = format_table(strip_blank_columns(parse_table_rows(child)))
                links = [self._find_target(link.get(f"{R}id") or "") for link in child.iter(f"{A}hlinkClick")]
                pieces.add(ChunkKind.TABLE, table, self.locator, links=links)
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
                pieces.left_out.add(LeftOutKind.EMBEDDED_OBJECT, "Chart of a newer kind", self.locator)
            else:
                self._count_embedded_object(child)

    def _count_embedded_object(self, element: Any) -> None:
        """Count an embedded file or an equation of the old Equation Editor; only its picture is on the slide."""
        for part in (element, *element.iter(f"{P}oleObj")):
            if part.tag == f"{P}oleObj":
                is_equation = (part.get("progId") or "").startswith("Equation")
                self.omissions["equations" if is_equation else "objects"] += 1
                self.pieces.left_out.add(LeftOutKind.EMBEDDED_OBJECT, part.get("progId") or "", self.locator)
                return

    def _read_pictures(self, tree: Any, *, takes_alt_texts: bool) -> None:
        """Add the slide's pictures: their alternative texts where they are taken, and their links.

        Alternative texts that are not taken, and recordings, are noted as left out.
        """
        pieces, links = self.pieces, []
        first = len(pieces.collected)
        for picture in tree.iter(_PICTURE):
            properties = picture.find(f"{P}nvPicPr/{P}cNvPr")
            said = (properties.get("descr") or "") if properties is not None else ""
            if takes_alt_texts and not is_hidden(picture) and (alt := clean_alt_text(said)):
                pieces.add(ChunkKind.PARAGRAPH, f"Picture: {alt}", self.locator)
            else:
                note_alt_text(said, pieces.left_out, self.locator)
            if any(picture.find(f"{P}nvPicPr/{P}nvPr/{A}{kind}File") is not None for kind in ("video", "audio")):
                name = (properties.get("name") or "") if properties is not None else ""
                pieces.left_out.add(LeftOutKind.EMBEDDED_OBJECT, name, self.locator)
            links.extend(self._find_shape_links(picture))
        # Links of pictures have no words of their own; they are kept with the last piece of the slide.
        last = pieces.collected[-1] if pieces.collected else None
        if links and last is not None and (len(pieces.collected) > first or last.locator.slide == self.locator.slide):
            pieces.collected[-1] = replace(last, links=select_links([*last.links, *links]))
