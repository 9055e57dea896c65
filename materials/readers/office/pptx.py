"""Read presentations (PresentationML, ECMA-376 Part 1, clause 19) into pieces.

Per slide: its title, its shapes in reading order with tables, charts and diagrams, and its notes. Only parts with text
are opened. Hidden slides are read like the others and keep their numbers.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from materials.documents import ChunkKind, Document, Locator
from materials.readers.archives import ZIP_MAX_PARTS
from materials.readers.base.errors import UnreadableDocument
from materials.readers.base.pieces import PieceCollector, collapse_whitespace, format_page_numbers
from materials.readers.office.office import build_omission_warnings, find_title, format_slide_numbers
from materials.readers.office.ooxml import A, P, Package, R, open_package
from materials.readers.office.pptx_layouts import Layouts, parse_placeholder
from materials.readers.office.pptx_slide import SlideReader
from materials.readers.office.pptx_text import parse_paragraphs

_SP = f"{P}sp"


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
        reader = _PresentationReader(package)
        for number, name in enumerate(names, start=1):
            reader.add_slide(number, name)
        found = tuple(reader.pieces.collected)
        # Before the title property, which in 2 of 14 sample decks is "Slide 1" or the title of the deck that was
        # translated.
        title = next((piece.text for piece in found if piece.kind is ChunkKind.HEADING), "")
        return Document(
            pieces=found,
            title=title or find_title(package, found),
            page_count=len(names),
            warnings=(*reader.list_warnings(), *build_omission_warnings(reader.omissions)),
        )


@dataclass
class _PresentationReader:
    package: Package
    pieces: PieceCollector = field(default_factory=PieceCollector)
    omissions: Counter[str] = field(default_factory=Counter)
    _broken: list[int] = field(default_factory=list)
    _hidden: list[int] = field(default_factory=list)
    _empty: list[int] = field(default_factory=list)
    _pictures: list[int] = field(default_factory=list)
    _commented: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.layouts = Layouts(self.package)

    def add_slide(self, number: int, name: str | None) -> None:
        """Add the pieces of a slide (`number` is 1-based); a damaged slide is left out with a warning.

        Raises UnreadableDocument when the presentation unpacks to too much.
        """
        before = len(self.pieces.collected)
        try:
            root = self.package.parse_part(name) if name else None
        except UnreadableDocument as exc:
            if exc.code != "damaged":
                raise
            root = None
        if root is None or name is None or root.find(f"{P}cSld/{P}spTree") is None:
            self._broken.append(number)
            return
        if root.get("show") in {"0", "false"}:
            self._hidden.append(number)
        here = Locator(slide=number)
        SlideReader(
            package=self.package,
            layouts=self.layouts,
            pieces=self.pieces,
            omissions=self.omissions,
            name=name,
            locator=here,
        ).read(root.find(f"{P}cSld/{P}spTree"))
        self._add_notes(name, here)
        self._record_comments(name, number)
        if len(self.pieces.collected) == before:
            has_pictures = next(root.iter(f"{A}blip"), None) is not None
            (self._pictures if has_pictures else self._empty).append(number)

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
        if self._empty:
            found.append(f"Slides without text: {format_page_numbers(self._empty)}.")
        if self._commented:
            found.append(f"Comments were left out: {format_slide_numbers(self._commented).lower()}.")
        return found

    def _add_notes(self, name: str, locator: Locator) -> None:
        root = self.package.parse_optional_part(
            self.omissions, next(self.package.iter_related_parts(name, "notesSlide"), None)
        )
        for shape in root.iter(_SP) if root is not None else ():
            placeholder = parse_placeholder(shape)
            body = shape.find(f"{P}txBody")
            if placeholder is not None and placeholder.type == "body" and body is not None:
                text = "\n".join(collapse_whitespace(paragraph.text) for paragraph in parse_paragraphs(body))
                self.pieces.add(ChunkKind.NOTES, text, locator)

    def _record_comments(self, name: str, number: int) -> None:
        for part in self.package.iter_related_parts(name, "comments"):
            root = self.package.parse_optional_part(self.omissions, part)
            if root is not None and len(root):
                self._commented.append(number)
                return
