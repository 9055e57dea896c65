"""PPTX to pieces: each slide's title, its shapes in reading order, its tables, charts, diagrams and notes.

Only the parts that hold text are opened. Hidden slides are read like the others and keep their numbers.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from materials.documents import ChunkKind, Document, Locator
from materials.readers.archives import ZIP_MAX_PARTS
from materials.readers.base.errors import UnreadableDocument
from materials.readers.base.pieces import Pieces, numbers, one_line
from materials.readers.office.office import left_out, slides, title_of
from materials.readers.office.ooxml import A, P, Package, R, opened
from materials.readers.office.pptx_layouts import Layouts, placeholder_of
from materials.readers.office.pptx_slide import Slide
from materials.readers.office.pptx_text import paragraphs_of

_SP = f"{P}sp"


def read(path: Path) -> Document:
    """Read a presentation. Raises UnreadableDocument."""
    with opened(path, "presentation") as package:
        main = package.main()
        deck = package.xml(main)
        names = [package.target(main, one.get(f"{R}id"), "slide") for one in deck.iterfind(f"{P}sldIdLst/{P}sldId")]
        if len(names) > ZIP_MAX_PARTS:
            raise UnreadableDocument("The presentation is damaged: it lists more slides than it has.", code="damaged")
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
        here = Locator(slide=number)
        Slide(
            package=self.package, layouts=self.layouts, pieces=self.pieces, found=self.found, name=name, here=here
        ).read(root.find(f"{P}cSld/{P}spTree"))
        self._notes(name, here)
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

    def _notes(self, name: str, here: Locator) -> None:
        root = self.package.optional(self.found, next(self.package.related(name, "notesSlide"), None))
        for shape in root.iter(_SP) if root is not None else ():
            placeholder = placeholder_of(shape)
            body = shape.find(f"{P}txBody")
            if placeholder is not None and placeholder.type == "body" and body is not None:
                text = "\n".join(one_line(paragraph.text) for paragraph in paragraphs_of(body))
                self.pieces.add(ChunkKind.NOTES, text, here)

    def _count_comments(self, name: str, number: int) -> None:
        for part in self.package.related(name, "comments"):
            root = self.package.optional(self.found, part)
            if root is not None and len(root):
                self._commented.append(number)
                return
