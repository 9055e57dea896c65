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
from materials.readers.base.pieces import PieceCollector, format_list_item, format_table, tidy_lines
from materials.readers.office import docx_tables as tables
from materials.readers.office.charts import parse_chart
from materials.readers.office.diagrams import parse_diagram
from materials.readers.office.docx_lists import ListMarker, ListNumbering, parse_numbering
from materials.readers.office.docx_parts import (
    compute_body_font_size,
    has_balanced_fields,
    index_notes,
    is_table_of_contents,
)
from materials.readers.office.docx_styles import ParagraphProperties, Style, parse_paragraph_properties, parse_styles
from materials.readers.office.docx_text import DocxNotes, ParagraphReader, ParagraphText, is_placeholder
from materials.readers.office.office import build_omission_warnings, clean_alt_text, find_title
from materials.readers.office.ooxml import MC, Package, W, open_package, select_alternate

_P, _TBL, _SDT = f"{W}p", f"{W}tbl", f"{W}sdt"
_TRANSPARENT_TAGS = {f"{W}{name}" for name in ("ins", "moveTo", "customXml", "smartTag", "sdtContent")}
_MAX_HEADING_LENGTH = 100
_CAPTION = re.compile(r"\s*(?:fig|table|рис|табл|abb|tab)[^\W\d]*\.?\s*\d", re.IGNORECASE)
_NESTING_INDENT = 60
"""Twentieths of a point by which an item of another list must be set in to lie below the one before it."""


def read(path: Path) -> Document:
    """Read a Word document. Raises UnreadableDocument."""
    with open_package(path, "Word document") as package:
        main = package.find_main_part()
        body = package.parse_part(main).find(f"{W}body")
        if body is None:
            raise UnreadableDocument("The Word document is damaged: it has no body.", code="damaged")
        reader = _DocxReader(package=package, main_part=main, body=body)
        reader.read_blocks(body)
        reader.flush_buffer()
        found = tuple(reader.pieces.collected)
        return Document(
            pieces=found,
            title=find_title(package, found),
            warnings=build_omission_warnings(reader.paragraph_reader.omissions),
        )


@dataclass(kw_only=True)
class _ListItemPosition:
    """What the list being collected has come to: an item's list, depth there, place from the left."""

    list_id: str
    depth: int
    indent: int

    def is_ancestor_of(self, other: _ListItemPosition) -> bool:
        """Tell whether another item lies below this one."""
        if self.list_id == other.list_id:
            return other.depth > self.depth
        return other.indent > self.indent + _NESTING_INDENT


class _DocxReader:
    def __init__(self, *, package: Package, main_part: str, body: Any) -> None:
        found: Counter[str] = Counter()

        def load_part(kind: str) -> Any:
            return package.parse_optional_part(found, next(package.iter_related_parts(main_part, kind), None))

        self.package, self.main_part = package, main_part
        self.styles = parse_styles(load_part("styles"))
        self.numbering: ListNumbering = parse_numbering(load_part("numbering"))
        self.paragraph_reader = ParagraphReader(
            styles=self.styles,
            notes=DocxNotes(footnotes=index_notes(load_part("footnotes")), endnotes=index_notes(load_part("endnotes"))),
            follows_fields=has_balanced_fields(body),
            omissions=found,
        )
        self.body_font_size = compute_body_font_size(body, self.styles.default.size)
        self.pieces = PieceCollector()
        self._buffer = _BlockBuffer()
        self._unfinished: ParagraphText | None = None

    def read_blocks(self, parent: Any) -> None:
        """Add the paragraphs and tables below an element, in order."""
        for element in parent:
            tag = element.tag
            if tag == _P:
                self._read_paragraph(element)
            elif tag == _TBL:
                self.flush_buffer()
                self._add_table(element)
            elif tag == _SDT:
                if not is_placeholder(element) and not is_table_of_contents(element):
                    self.read_blocks(element)
            elif tag in _TRANSPARENT_TAGS:
                self.read_blocks(element)
            elif tag == f"{MC}AlternateContent":
                if (form := select_alternate(element)) is not None:
                    self.read_blocks(form)
            elif tag == f"{W}altChunk":
                self.paragraph_reader.omissions["chunks"] += 1

    def flush_buffer(self) -> None:
        """Add the list or code block that was being collected, and the notes to it."""
        if self._unfinished is not None:
            words, self._unfinished = self._unfinished, None
            self.pieces.add(ChunkKind.PARAGRAPH, tidy_lines(words.text), emphasised=words.emphasised)
            self._add_attachments(words)
        collected = self._buffer
        if not (collected.items or collected.code):
            return
        self._buffer = _BlockBuffer()
        if collected.items:
            self.pieces.add(ChunkKind.LIST, "\n".join(collected.items), emphasised=collected.emphasised)
        if collected.code:
            self.pieces.add(ChunkKind.CODE, "\n".join(collected.code))
        for words in collected.paragraphs:
            self._add_attachments(words)

    def _read_paragraph(self, element: Any) -> None:
        marks = parse_paragraph_properties(element)
        style = self.styles.get_paragraph_style(marks.style_id)
        words = self.paragraph_reader.read(element, style)
        if self._unfinished is not None:
            words, self._unfinished = _merge_paragraphs(self._unfinished, words), None
        if marks.has_deleted_end:
            self._unfinished = words if words.parts else None
            return
        text = words.text
        if style.is_contents:
            return
        if not text.strip():
            if self._buffer.code and style.is_code:
                self._buffer.code.append("")
            self._defer_attachments(words)
            return
        self._add_text_paragraph(marks, style, words, text)

    def _add_text_paragraph(
        self, properties: ParagraphProperties, style: Style, words: ParagraphText, text: str
    ) -> None:
        level = style.level if properties.level is None else properties.level
        is_code = style.is_code or (words.all_monospaced and words.has_runs and not self.styles.has_monospaced_text)
        list_id, depth = self._find_list(properties, style)
        is_list = bool(list_id) or style.is_list
        if not (level or is_code or is_list or style.is_auxiliary_text):
            level = self._detect_heading_level(words, text)
        if level:
            self.flush_buffer()
            label = self.numbering.number_item(list_id, depth).label if list_id else ""
            for kind, what in words.attachments:
                text = text.replace(f"[{what[0]}]", "", 1) if kind == "note" else text
            self.pieces.add_heading(f"{label} {text}", level)
            self._add_attachments(words)
        elif is_code:
            if self._buffer.items:
                self.flush_buffer()
            self._buffer.code.append(text.rstrip())
            self._defer_attachments(words)
        elif is_list:
            if self._buffer.code:
                self.flush_buffer()
            self._add_list_item(text, list_id, depth, properties.indent, style)
            self._buffer.emphasised.extend(words.emphasised)
            self._defer_attachments(words)
        else:
            self.flush_buffer()
            self.pieces.add(ChunkKind.PARAGRAPH, tidy_lines(text), emphasised=words.emphasised)
            self._add_attachments(words)

    def _find_list(self, properties: ParagraphProperties, style: Style) -> tuple[str, int]:
        """Return the list and depth of a paragraph; a blank list when it is no item."""
        list_id = properties.list_id or style.list_id
        if not list_id or list_id == "0":
            return "", 0
        depth = properties.depth
        if depth is None and list_id == style.list_id:
            depth = style.list_depth
            if depth is None:
                depth = self.numbering.find_style_depth(list_id, properties.style_id)
        return list_id, max(0, depth or 0)

    def _detect_heading_level(self, words: ParagraphText, text: str) -> int:
        """Return the level of a heading that was made by hand: a short line, larger than the text or all in bold."""
        if len(text) > _MAX_HEADING_LENGTH or text.rstrip()[-1] in ".,;:!" or not any(c.isalpha() for c in text):
            return 0
        if not words.has_runs or _CAPTION.match(text):
            return 0
        if self.body_font_size and words.smallest_size > self.body_font_size * 1.15:
            return 1 if words.smallest_size > self.body_font_size * 1.4 else 2
        return 3 if words.all_bold else 0

    def _add_list_item(self, text: str, list_id: str, depth: int, indent: int | None, style: Style) -> None:
        mark = self.numbering.number_item(list_id, depth) if list_id else ListMarker()
        for other in (mark.indent, style.indent):
            indent = other if indent is None else indent
        here = _ListItemPosition(list_id=list_id, depth=depth, indent=indent or 0)
        above = self._buffer.open_items
        while above and not above[-1].is_ancestor_of(here):
            above.pop()
        above.append(here)
        label = f"{mark.label} " if mark.label and mark.number is None else ""
        self._buffer.items.append(format_list_item(label + text, depth=len(above) - 1, number=mark.number))

    def _add_table(self, element: Any) -> None:
        if tables.is_layout_table(element):
            for row in tables.iter_rows(element):
                for cell in tables.iter_cells(row):
                    self.read_blocks(cell)
                    self.flush_buffer()
            return
        rows: list[list[str]] = []
        hanging: list[ParagraphText] = []
        nested: list[Any] = []
        for row in tables.iter_rows(element):
            cells = [""] * tables.count_skipped_columns(row, "gridBefore")
            for cell in tables.iter_cells(row):
                paragraphs: list[tuple[str, bool]] = []
                self._read_cell(cell, paragraphs, hanging, nested)
                cells.append("" if tables.is_merge_continuation(cell) else tables.join_paragraphs(paragraphs))
                cells.extend([""] * (tables.get_column_span(cell) - 1))
            rows.append(cells)
        self.pieces.add(ChunkKind.TABLE, format_table(tables.strip_blank_columns(rows)))
        for words in hanging:
            self._add_attachments(words)
        for inner in nested:
            self._add_table(inner)

    def _read_cell(
        self, cell: Any, cell_paragraphs: list[tuple[str, bool]], attachments: list[ParagraphText], nested: list[Any]
    ) -> None:
        """Take a cell's paragraphs, what hangs on them, and the tables in it, which follow the table as their own."""
        for child in cell:
            if child.tag == _P:
                marks = parse_paragraph_properties(child)
                style = self.styles.get_paragraph_style(marks.style_id)
                words = self.paragraph_reader.read(child, style)
                cell_paragraphs.append((words.text, bool(self._find_list(marks, style)[0]) or style.is_list))
                attachments.append(words)
            elif child.tag == _TBL:
                nested.append(child)
            elif child.tag in _TRANSPARENT_TAGS or (child.tag == _SDT and not is_placeholder(child)):
                self._read_cell(child, cell_paragraphs, attachments, nested)

    def _defer_attachments(self, words: ParagraphText) -> None:
        """Add what hangs on a paragraph after the list or code block that it belongs to."""
        if self._buffer.items or self._buffer.code:
            self._buffer.paragraphs.append(words)
        else:
            self._add_attachments(words)

    def _add_attachments(self, words: ParagraphText) -> None:
        """Add what hangs on a paragraph: its notes, text boxes, charts, diagrams, and words for its pictures."""
        for kind, what in words.attachments:
            if kind == "note":
                self.pieces.add(ChunkKind.PARAGRAPH, f"[{what[0]}] {what[1]}")
            elif kind == "box":
                self.flush_buffer()
                self.read_blocks(what)
                self.flush_buffer()
            elif kind == "picture":
                is_alone = not words.has_runs and all(other != "box" for other, _ in words.attachments)
                if is_alone and (alt := clean_alt_text(what)):
                    self.pieces.add(ChunkKind.PARAGRAPH, f"Picture: {alt}")
            else:
                self._add_graphic(kind, what)

    def _add_graphic(self, kind: str, relation_id: str | None) -> None:
        """Add a chart or a diagram."""
        part = self.package.find_related_part(
            self.main_part, relation_id, "chart" if kind == "chart" else "diagramData"
        )
        root = self.package.parse_optional_part(self.paragraph_reader.omissions, part)
        if root is None:
            return
        if kind == "chart":
            drawn = parse_chart(root)
            self.pieces.add(ChunkKind.PARAGRAPH, drawn.title)
            self.pieces.add(ChunkKind.TABLE, format_table(drawn.rows))
            self.paragraph_reader.omissions["points"] += drawn.omitted_rows
        else:
            self.pieces.add(ChunkKind.LIST, parse_diagram(root))


@dataclass
class _BlockBuffer:
    """A list or code block in the making."""

    items: list[str] = field(default_factory=list)
    code: list[str] = field(default_factory=list)
    emphasised: list[str] = field(default_factory=list)
    open_items: list[_ListItemPosition] = field(default_factory=list)
    paragraphs: list[ParagraphText] = field(default_factory=list)


def _merge_paragraphs(first: ParagraphText, second: ParagraphText) -> ParagraphText:
    """Return two paragraphs as one, which looks like the second."""
    for name in ("parts", "emphasised", "attachments"):
        getattr(second, name)[:0] = getattr(first, name)
    return second
