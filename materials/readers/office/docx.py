"""DOCX to pieces: the body is read element by element, styles and lists are resolved once.

What a reader of the document sees is taken; headers, footers, tables of contents and comments are left out. Tracked
changes are read as if they were accepted.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from materials.documents import ChunkKind, Document
from materials.readers.base.errors import UnreadableDocument
from materials.readers.base.pieces import Pieces, item, table, tidy
from materials.readers.office import docx_tables as tables
from materials.readers.office.charts import chart
from materials.readers.office.diagrams import diagram
from materials.readers.office.docx_lists import Lists, Mark, read_lists
from materials.readers.office.docx_parts import body_size, fields_are_whole, is_contents, notes_of
from materials.readers.office.docx_styles import Marks, Style, marks_of, read_styles
from materials.readers.office.docx_text import Notes, TextReader, Words, is_placeholder
from materials.readers.office.office import left_out, title_of, useful_alt
from materials.readers.office.ooxml import MC, Package, W, choice, opened

_P, _TBL, _SDT = f"{W}p", f"{W}tbl", f"{W}sdt"
_THROUGH = {f"{W}{name}" for name in ("ins", "moveTo", "customXml", "smartTag", "sdtContent")}
_LONGEST_HEADING = 100
_CAPTION = re.compile(r"\s*(?:fig|table|рис|табл|abb|tab)[^\W\d]*\.?\s*\d", re.IGNORECASE)
_SET_IN = 60
"""Twentieths of a point by which an item of another list must be set in to lie below the one before it."""


def read(path: Path) -> Document:
    """Read a Word document. Raises UnreadableDocument."""
    with opened(path, "Word document") as package:
        main = package.main()
        body = package.xml(main).find(f"{W}body")
        if body is None:
            raise UnreadableDocument("The Word document is damaged: it has no body.", code="damaged")
        reader = _Reader(package=package, main=main, body=body)
        reader.blocks(body)
        reader.finish()
        found = tuple(reader.pieces.found)
        return Document(pieces=found, title=title_of(package, found), warnings=left_out(reader.text.found))


@dataclass(kw_only=True)
class _Item:
    """What the list being collected has come to: an item's list, depth there, place from the left."""

    list_id: str
    depth: int
    indent: int

    def holds(self, other: _Item) -> bool:
        """Tell whether another item lies below this one."""
        if self.list_id == other.list_id:
            return other.depth > self.depth
        return other.indent > self.indent + _SET_IN


class _Reader:
    def __init__(self, *, package: Package, main: str, body: Any) -> None:
        found: Counter[str] = Counter()

        def part(kind: str) -> Any:
            return package.optional(found, next(package.related(main, kind), None))

        self.package, self.main = package, main
        self.styles = read_styles(part("styles"))
        self.lists: Lists = read_lists(part("numbering"))
        self.text = TextReader(
            styles=self.styles,
            notes=Notes(foot=notes_of(part("footnotes")), end=notes_of(part("endnotes"))),
            follows_fields=fields_are_whole(body),
            found=found,
        )
        self.body_size = body_size(body, self.styles.default.size)
        self.pieces = Pieces()
        self._collected = _Collected()
        self._carried: Words | None = None

    def blocks(self, parent: Any) -> None:
        """Add the paragraphs and tables below an element, in order."""
        for element in parent:
            tag = element.tag
            if tag == _P:
                self._paragraph(element)
            elif tag == _TBL:
                self.finish()
                self._table(element)
            elif tag == _SDT:
                if not is_placeholder(element) and not is_contents(element):
                    self.blocks(element)
            elif tag in _THROUGH:
                self.blocks(element)
            elif tag == f"{MC}AlternateContent":
                if (form := choice(element)) is not None:
                    self.blocks(form)
            elif tag == f"{W}altChunk":
                self.text.found["chunks"] += 1

    def finish(self) -> None:
        """Add the list or code block that was being collected, and the notes to it."""
        if self._carried is not None:
            words, self._carried = self._carried, None
            self.pieces.add(ChunkKind.PARAGRAPH, tidy(words.text), emphasised=words.emphasised)
            self._attached(words)
        collected = self._collected
        if not (collected.items or collected.code):
            return
        self._collected = _Collected()
        if collected.items:
            self.pieces.add(ChunkKind.LIST, "\n".join(collected.items), emphasised=collected.emphasised)
        if collected.code:
            self.pieces.add(ChunkKind.CODE, "\n".join(collected.code))
        for words in collected.words:
            self._attached(words)

    def _paragraph(self, element: Any) -> None:
        marks = marks_of(element)
        style = self.styles.get(marks.style_id)
        words = self.text.read(element, style)
        if self._carried is not None:
            words, self._carried = _merged(self._carried, words), None
        if marks.has_no_end:
            self._carried = words if words.parts else None
            return
        text = words.text
        if style.is_contents:
            return
        if not text.strip():
            if self._collected.code and style.is_code:
                self._collected.code.append("")
            self._keep(words)
            return
        self._with_text(marks, style, words, text)

    def _with_text(self, marks: Marks, style: Style, words: Words, text: str) -> None:
        level = style.level if marks.level is None else marks.level
        is_code = style.is_code or (words.all_monospaced and words.has_runs and not self.styles.has_monospaced_text)
        list_id, depth = self._list_of(marks, style)
        is_list = bool(list_id) or style.is_list
        if not (level or is_code or is_list or style.is_beside_text):
            level = self._drawn_level(words, text)
        if level:
            self.finish()
            label = self.lists.next(list_id, depth).label if list_id else ""
            for kind, what in words.hanging:
                text = text.replace(f"[{what[0]}]", "", 1) if kind == "note" else text
            self.pieces.heading(f"{label} {text}", level)
            self._attached(words)
        elif is_code:
            if self._collected.items:
                self.finish()
            self._collected.code.append(text.rstrip())
            self._keep(words)
        elif is_list:
            if self._collected.code:
                self.finish()
            self._item(text, list_id, depth, marks.indent, style)
            self._collected.emphasised.extend(words.emphasised)
            self._keep(words)
        else:
            self.finish()
            self.pieces.add(ChunkKind.PARAGRAPH, tidy(text), emphasised=words.emphasised)
            self._attached(words)

    def _list_of(self, marks: Marks, style: Style) -> tuple[str, int]:
        """Return the list and depth of a paragraph; a blank list when it is no item."""
        list_id = marks.list_id or style.list_id
        if not list_id or list_id == "0":
            return "", 0
        depth = marks.depth
        if depth is None and list_id == style.list_id:
            depth = style.list_depth
            if depth is None:
                depth = self.lists.depth_of(list_id, marks.style_id)
        return list_id, max(0, depth or 0)

    def _drawn_level(self, words: Words, text: str) -> int:
        """Return the level of a heading that was made by hand: a short line, larger than the text or all in bold."""
        if len(text) > _LONGEST_HEADING or text.rstrip()[-1] in ".,;:!" or not any(c.isalpha() for c in text):
            return 0
        if not words.has_runs or _CAPTION.match(text):
            return 0
        if self.body_size and words.smallest > self.body_size * 1.15:
            return 1 if words.smallest > self.body_size * 1.4 else 2
        return 3 if words.all_bold else 0

    def _item(self, text: str, list_id: str, depth: int, indent: int | None, style: Style) -> None:
        mark = self.lists.next(list_id, depth) if list_id else Mark()
        for other in (mark.indent, style.indent):
            indent = other if indent is None else indent
        here = _Item(list_id=list_id, depth=depth, indent=indent or 0)
        above = self._collected.above
        while above and not above[-1].holds(here):
            above.pop()
        above.append(here)
        label = f"{mark.label} " if mark.label and mark.number is None else ""
        self._collected.items.append(item(label + text, depth=len(above) - 1, number=mark.number))

    def _table(self, element: Any) -> None:
        if tables.lays_out(element):
            for row in tables.rows_of(element):
                for cell in tables.cells_of(row):
                    self.blocks(cell)
                    self.finish()
            return
        rows: list[list[str]] = []
        hanging: list[Words] = []
        nested: list[Any] = []
        for row in tables.rows_of(element):
            cells = [""] * tables.skipped(row, "gridBefore")
            for cell in tables.cells_of(row):
                paragraphs: list[tuple[str, bool]] = []
                self._cell(cell, paragraphs, hanging, nested)
                cells.append("" if tables.is_continued(cell) else tables.joined(paragraphs))
                cells.extend([""] * (tables.span(cell) - 1))
            rows.append(cells)
        self.pieces.add(ChunkKind.TABLE, table(tables.without_blank_columns(rows)))
        for words in hanging:
            self._attached(words)
        for inner in nested:
            self._table(inner)

    def _cell(self, cell: Any, paragraphs: list[tuple[str, bool]], hanging: list[Words], nested: list[Any]) -> None:
        """Take a cell's paragraphs, what hangs on them, and the tables in it, which follow the table as their own."""
        for child in cell:
            if child.tag == _P:
                marks = marks_of(child)
                style = self.styles.get(marks.style_id)
                words = self.text.read(child, style)
                paragraphs.append((words.text, bool(self._list_of(marks, style)[0]) or style.is_list))
                hanging.append(words)
            elif child.tag == _TBL:
                nested.append(child)
            elif child.tag in _THROUGH or (child.tag == _SDT and not is_placeholder(child)):
                self._cell(child, paragraphs, hanging, nested)

    def _keep(self, words: Words) -> None:
        """Add what hangs on a paragraph after the list or code block that it belongs to."""
        if self._collected.items or self._collected.code:
            self._collected.words.append(words)
        else:
            self._attached(words)

    def _attached(self, words: Words) -> None:
        """Add what hangs on a paragraph: its notes, text boxes, charts, diagrams, and words for its pictures."""
        for kind, what in words.hanging:
            if kind == "note":
                self.pieces.add(ChunkKind.PARAGRAPH, f"[{what[0]}] {what[1]}")
            elif kind == "box":
                self.finish()
                self.blocks(what)
                self.finish()
            elif kind == "picture":
                is_alone = not words.has_runs and all(other != "box" for other, _ in words.hanging)
                if is_alone and (alt := useful_alt(what)):
                    self.pieces.add(ChunkKind.PARAGRAPH, f"Picture: {alt}")
            else:
                self._drawn(kind, what)

    def _drawn(self, kind: str, relation_id: str | None) -> None:
        """Add a chart or a diagram."""
        part = self.package.target(self.main, relation_id, "chart" if kind == "chart" else "diagramData")
        root = self.package.optional(self.text.found, part)
        if root is None:
            return
        if kind == "chart":
            drawn = chart(root)
            self.pieces.add(ChunkKind.PARAGRAPH, drawn.title)
            self.pieces.add(ChunkKind.TABLE, table(drawn.rows))
            self.text.found["points"] += drawn.left_out
        else:
            self.pieces.add(ChunkKind.LIST, diagram(root))


@dataclass
class _Collected:
    """A list or code block in the making."""

    items: list[str] = field(default_factory=list)
    code: list[str] = field(default_factory=list)
    emphasised: list[str] = field(default_factory=list)
    above: list[_Item] = field(default_factory=list)
    words: list[Words] = field(default_factory=list)


def _merged(first: Words, second: Words) -> Words:
    """Return two paragraphs as one, which looks like the second."""
    for name in ("parts", "emphasised", "hanging"):
        getattr(second, name)[:0] = getattr(first, name)
    return second
