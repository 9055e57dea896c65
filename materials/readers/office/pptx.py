"""Read presentations (PresentationML, ECMA-376 Part 1, clause 19) into pieces.

Per slide: its title, its shapes in reading order with tables, charts and diagrams, and its notes. Only parts with text
are opened. Hidden slides are read like the others and keep their numbers.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from materials.documents import ChunkKind, Contents, Document, LeftOutKind, Locator
from materials.readers.archives import ZIP_MAX_PARTS
from materials.readers.base.encodings import clean_text
from materials.readers.base.errors import UnreadableDocument
from materials.readers.base.outlines import build_item
from materials.readers.base.pieces import PieceCollector, collapse_whitespace, format_page_numbers
from materials.readers.office.office import build_omission_warnings, find_title, format_slide_numbers
from materials.readers.office.ooxml import A, P, Package, R, open_package
from materials.readers.office.pptx_layouts import Layouts, collect_shape_text, parse_placeholder, parse_slide_size
from materials.readers.office.pptx_slide import SlideReader
from materials.readers.office.pptx_text import parse_paragraphs

_SP = f"{P}sp"
_P14 = "{http://schemas.microsoft.com/office/powerpoint/2010/main}"
_DEFAULT_SECTION = re.compile(
    r"(?:default|untitled) section|standardabschnitt|abschnitt ohne titel|section (?:par défaut|sans titre)|"
    r"sección (?:predeterminada|sin título)|раздел (?:по умолчанию|без заголовка)|розділ (?:за замовчуванням|без назви)"
    r"|sekcja domyślna|sezione (?:predefinita|senza titolo)|seção (?:padrão|sem título)|既定のセクション|默认节",
    re.IGNORECASE,
)


def read(path: Path) -> Document:
    """Read a presentation into pieces with slide numbers as locators. Raises UnreadableDocument."""
    with open_package(path, "presentation") as package:
        main = package.find_main_part()
        deck = package.parse_part(main)
        names = [
            package.find_related_part(main, one.get(f"{R}id"), "slide")
            for one in deck.iterfind(f"{P}sldIdLst/{P}sldId")
        ]
        # A hostile file may list one slide a million times, and each time it would be read.
        if len(names) > ZIP_MAX_PARTS:
            raise UnreadableDocument("The presentation is damaged: it lists more slides than it has.", code="damaged")
        reader = _PresentationReader(package, parse_slide_size(deck), parse_sections(deck))
        for number, name in enumerate(names, start=1):
            reader.add_slide(number, name)
        found = tuple(reader.pieces.collected)
        # Before the title property, which in 2 of 14 sample decks is "Slide 1" or the title of the deck that was
        # translated.
        slides = [piece for piece in found if piece.level is None or piece.level == reader.title_level]
        title = next((piece.text for piece in slides if piece.kind is ChunkKind.HEADING), "")
        return Document(
            pieces=found,
            title=title or find_title(package, slides),
            page_count=len(names),
            blank_pages=tuple(reader.empty),
            warnings=(*reader.list_warnings(), *build_omission_warnings(reader.omissions)),
            left_out=reader.pieces.left_out.build(),
            contents=_build_contents(reader.sections),
        )


def _build_contents(sections: Mapping[int, str]) -> Contents | None:
    """Return the sections as a table of contents; None where nobody has named any."""
    if not any(sections.values()):
        return None
    items = (build_item(name, locator=Locator(slide=number)) for number, name in sorted(sections.items()))
    return Contents(dialect="sections", items=tuple(items))


@dataclass
class _PresentationReader:
    """Reads the slides of a presentation in order. `sections` has the name of each by the number of its first slide."""

    package: Package
    slide_size: tuple[int, int] | None
    sections: Mapping[int, str]
    pieces: PieceCollector = field(default_factory=PieceCollector)
    omissions: Counter[str] = field(default_factory=Counter)
    # The slides that show nothing, neither text nor pictures.
    empty: list[int] = field(default_factory=list)
    _broken: list[int] = field(default_factory=list)
    _hidden: list[int] = field(default_factory=list)
    _outside: list[int] = field(default_factory=list)
    _pictures: list[int] = field(default_factory=list)
    _commented: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.layouts = Layouts(self.package)
        self.title_level = 2 if any(self.sections.values()) else 1

    def add_slide(self, number: int, name: str | None) -> None:
        """Add the pieces of a slide (`number` is 1-based); a damaged slide is left out with a warning.

        Raises UnreadableDocument when the presentation unpacks to too much.
        """
        here = Locator(slide=number)
        if number in self.sections:
            self.pieces.reset_headings()
            self.pieces.add_heading(self.sections[number], 1, here)
        before = len(self.pieces.collected)
        try:
            root = self.package.parse_part(name) if name else None
        except UnreadableDocument as exc:
            if exc.code != "damaged":
                raise
            root = None
        if root is None or name is None or root.find(f"{P}cSld/{P}spTree") is None:
            self._broken.append(number)
            self.pieces.left_out.add(LeftOutKind.DAMAGED, f"Slide {number}", here)
            return
        if root.get("show") in {"0", "false"}:
            self._hidden.append(number)
        slide = SlideReader(
            package=self.package,
            layouts=self.layouts,
            pieces=self.pieces,
            omissions=self.omissions,
            name=name,
            locator=here,
            slide_size=self.slide_size,
            title_level=self.title_level,
        )
        slide.read(root.find(f"{P}cSld/{P}spTree"))
        if slide.has_outside_text:
            self._outside.append(number)
        self._add_notes(name, here)
        self._record_comments(name, number)
        if len(self.pieces.collected) == before:
            has_pictures = next(root.iter(f"{A}blip"), None) is not None
            (self._pictures if has_pictures else self.empty).append(number)

    def list_warnings(self) -> list[str]:
        """Return warnings for the teacher about slides that are damaged, hidden, without text, or have comments."""
        found = []
        if self._broken:
            found.append(f"{format_slide_numbers(self._broken)} could not be read.")
        if self._hidden:
            is_one = len(self._hidden) == 1
            found.append(
                f"{format_slide_numbers(self._hidden)} {'is' if is_one else 'are'} hidden in the presentation; "
                f"{'its' if is_one else 'their'} text was taken all the same."
            )
        if self._pictures:
            found.append(f"Slides without text, only pictures: {format_page_numbers(self._pictures)}.")
        if self.empty:
            found.append(f"Slides without text: {format_page_numbers(self.empty)}.")
        if self._outside:
            found.append(f"Boxes outside of the slide were left out: {format_slide_numbers(self._outside).lower()}.")
        if self._commented:
            found.append(f"Comments were left out: {format_slide_numbers(self._commented).lower()}.")
        return found

    def _add_notes(self, slide: str, locator: Locator) -> None:
        name = next(self.package.iter_related_parts(slide, "notesSlide"), None)
        root = self.package.parse_optional_part(self.omissions, name)
        for shape in root.iter(_SP) if root is not None else ():
            placeholder = parse_placeholder(shape)
            body = shape.find(f"{P}txBody")
            if body is None:
                continue
            # Boxes drawn on the page of the notes belong to them; other placeholders are its head and foot.
            if placeholder is not None and placeholder.type != "body":
                if text := collect_shape_text(shape):
                    self.pieces.left_out.add(LeftOutKind.RUNNING_HEAD, text, locator)
                continue
            paragraphs = parse_paragraphs(body)
            text = "\n".join(collapse_whitespace(paragraph.text) for paragraph in paragraphs)
            links = [self.package.find_link_target(name, link) for one in paragraphs for link in one.links]
            self.pieces.add(ChunkKind.NOTES, text, locator, links=links)

    def _record_comments(self, name: str, number: int) -> None:
        for part in self.package.iter_related_parts(name, "comments"):
            root = self.package.parse_optional_part(self.omissions, part)
            if root is not None and len(root):
                self._commented.append(number)
            for comment in root if root is not None else ():
                # Comments of PowerPoint up to 2019 have a `text`, those of newer ones paragraphs.
                words = (each.text or "" for each in comment.iter() if each.tag.endswith(("}text", "}t")))
                text = clean_text(collapse_whitespace(" ".join(words)))
                self.pieces.left_out.add(LeftOutKind.COMMENT, text, Locator(slide=number))


def parse_sections(deck: Any) -> dict[int, str]:
    """Return the names of a presentation's sections by the number of their first slide (1-based).

    A section without slides is left out; the name is blank where it is the one that PowerPoint gives by itself.
    """
    numbers = {one.get("id"): number for number, one in enumerate(deck.iterfind(f"{P}sldIdLst/{P}sldId"), start=1)}
    found: dict[int, str] = {}
    for section in deck.iter(f"{_P14}section"):
        inside = [numbers[one.get("id")] for one in section.iter(f"{_P14}sldId") if one.get("id") in numbers]
        name = clean_text(collapse_whitespace(section.get("name") or ""))
        if inside:
            found[min(inside)] = "" if _DEFAULT_SECTION.fullmatch(name) else name
    return found
