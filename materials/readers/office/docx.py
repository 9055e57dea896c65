"""Read Word documents (WordprocessingML, ECMA-376 Part 1, clause 17) into pieces.

The text that Word shows is read, with tracked changes as if they were accepted. Headers, footers, tables of contents,
comments and hidden text are left out.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from materials.documents import ChunkKind, Document, LeftOutKind
from materials.readers.base.errors import UnreadableDocument
from materials.readers.base.pieces import PieceCollector, format_list_item, format_table, tidy_lines
from materials.readers.base.printed_contents import PrintedEntry, follow_entries
from materials.readers.office import docx_tables as tables
from materials.readers.office.charts import parse_chart
from materials.readers.office.diagrams import parse_diagram
from materials.readers.office.docx_fields import FieldTracker
from materials.readers.office.docx_lists import ListMarker, ListNumbering, parse_numbering
from materials.readers.office.docx_paragraph import ParagraphText
from materials.readers.office.docx_parts import (
    collect_text,
    compute_body_font_size,
    has_balanced_fields,
    index_comments,
    index_notes,
    is_table_of_contents,
)
from materials.readers.office.docx_styles import ParagraphProperties, Style, parse_paragraph_properties, parse_styles
from materials.readers.office.docx_text import DocxNotes, ParagraphReader, is_placeholder
from materials.readers.office.office import build_omission_warnings, clean_alt_text, find_title, note_alt_text
from materials.readers.office.ooxml import MC, Package, W, open_package, select_alternate

_P, _TBL, _SDT = f"{W}p", f"{W}tbl", f"{W}sdt"
# Wrappers whose content is read as if they were not there. `ins` and `moveTo` are tracked changes; their counterparts
# `del` and `moveFrom` are left out by not being here.
_TRANSPARENT_TAGS = {f"{W}{name}" for name in ("ins", "moveTo", "customXml", "smartTag", "sdtContent")}
# About a line of text: at twice this length, a question of a whole sentence in the sample documents becomes a heading.
_MAX_HEADING_LENGTH = 100
# Lines whose author only made them larger or bold are headings from these ratios to the size of the body text. The
# defaults of Word 2013 to 2019 are 13 and 16 points over 11, ratios of 1.18 and 1.45. On the sample documents, 1.3
# and 1.2 find the same; with 1.02 bold lines rise a level, with 1.5 or 2 the titles fall by one or two.
_HEADING_SIZE_RATIO, _TOP_HEADING_SIZE_RATIO = 1.15, 1.4
# Captions are often bold, too: "Figure 3", "Рис. 3", "Abb. 3".
_CAPTION = re.compile(r"\s*(?:fig|table|рис|табл|abb|tab)[^\W\d]*\.?\s*\d", re.IGNORECASE)
# An item of another list lies below the one before it when it is indented by more than this, in twentieths of a point.
# Three points, where Word's own levels differ by 18; half and twice the value read the sample documents alike.
_NESTING_INDENT = 60
_STYLE_LEVEL = re.compile(r"[1-9]$")


def read(path: Path) -> Document:
    """Read a Word document into pieces with heading paths as locators. Raises UnreadableDocument."""
    with open_package(path, "Word document") as package:
        main = package.find_main_part()
        body = package.parse_part(main).find(f"{W}body")
        if body is None:
            raise UnreadableDocument("The Word document is damaged: it has no body.", code="damaged")
        reader = _DocxReader(package=package, main_part=main, body=body)
        reader.read_blocks(body)
        reader.flush_buffer()
        reader.note_headers_and_footers()
        found = tuple(reader.pieces.collected)
        return Document(
            pieces=found,
            title=find_title(package, found),
            warnings=build_omission_warnings(reader.paragraph_reader.omissions),
            left_out=reader.pieces.left_out.build(),
            contents=follow_entries(reader.printed_entries, found),
        )


@dataclass(kw_only=True)
class _ListItemPosition:
    """The position of a list item: its list, its depth there (0: outermost), its indent in twentieths of a point."""

    list_id: str
    depth: int
    indent: int

    def is_ancestor_of(self, other: _ListItemPosition) -> bool:
        """Tell whether another item is nested in this one."""
        # An inner level may be a list of its own; then only the indent shows the nesting.
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
        self.pieces = PieceCollector()
        self.paragraph_reader = ParagraphReader(
            styles=self.styles,
            notes=DocxNotes(footnotes=index_notes(load_part("footnotes")), endnotes=index_notes(load_part("endnotes"))),
            fields=FieldTracker(is_enabled=has_balanced_fields(body)),
            omissions=found,
            left_out=self.pieces.left_out,
            comments=index_comments(load_part("comments")),
            find_target=self._find_link_target,
        )
        self.body_font_size = compute_body_font_size(body, self.styles.default.size)
        self.printed_entries: list[PrintedEntry] = []
        self._buffer = _BlockBuffer()
        self._unfinished: ParagraphText | None = None

    def read_blocks(self, parent: Any) -> None:
        """Add the paragraphs and tables among the children of an element, in order."""
        for element in parent:
            tag = element.tag
            if tag == _P:
                self._read_paragraph(element)
            elif tag == _TBL:
                self.flush_buffer()
                self._add_table(element)
            elif tag == _SDT:
                if is_table_of_contents(element):
                    self._leave_out(LeftOutKind.CONTENTS, element)
                    for paragraph in element.iter(_P):
                        style_id = parse_paragraph_properties(paragraph).style_id
                        self._add_printed_entry(style_id, collect_text(paragraph))
                elif is_placeholder(element):
                    self._leave_out(LeftOutKind.PLACEHOLDER, element)
                else:
                    self.read_blocks(element)
            elif tag in _TRANSPARENT_TAGS:
                self.read_blocks(element)
            elif tag == f"{MC}AlternateContent":
                if (form := select_alternate(element)) is not None:
                    self.read_blocks(form)
            elif tag == f"{W}altChunk":  # a whole document of another format, which Word converts on opening
                self.paragraph_reader.omissions["chunks"] += 1
                self.pieces.left_out.add(LeftOutKind.EMBEDDED_OBJECT, "Imported part")

    def note_headers_and_footers(self) -> None:
        """Note the text of the headers and footers of the document's pages as left out."""
        for kind in ("header", "footer"):
            for name in self.package.iter_related_parts(self.main_part, kind):
                root = self.package.parse_optional_part(self.paragraph_reader.omissions, name)
                for paragraph in root.iter(_P) if root is not None else ():
                    if text := collect_text(paragraph):
                        self.pieces.left_out.add(LeftOutKind.RUNNING_HEAD, text)

    def _leave_out(self, kind: LeftOutKind, element: Any) -> None:
        """Note each paragraph of an element as left out."""
        for paragraph in element.iter(_P):
            if text := collect_text(paragraph):
                self.pieces.left_out.add(kind, text)

    def _add_printed_entry(self, style_id: str | None, text: str) -> None:
        """Keep a line of a table of contents; its style ends with its level in all languages: `TOC2`."""
        level = _STYLE_LEVEL.search(style_id or "")
        self.printed_entries.append(PrintedEntry(title=text, depth=int(level[0]) if level else 1))

    def _find_link_target(self, part: str, relation_id: str) -> str:
        """Return the target of a link in the document or its notes; blank for a place in the document itself."""
        name: str | None = self.main_part
        if part != "document":
            name = next(self.package.iter_related_parts(self.main_part, part), None)
        return self.package.find_link_target(name, relation_id)

    def flush_buffer(self) -> None:
        """Add the list or code block that was being collected, and what is attached to its paragraphs."""
        if self._unfinished is not None:
            words, self._unfinished = self._unfinished, None
            self._add_paragraph(words)
        collected = self._buffer
        if not (collected.items or collected.code):
            return
        self._buffer = _BlockBuffer()
        if collected.items:
            text = "\n".join(collected.items)
            self.pieces.add(ChunkKind.LIST, text, emphasised=collected.emphasised, links=collected.links)
        if collected.code:
            self.pieces.add(ChunkKind.CODE, "\n".join(collected.code), links=collected.links)
        for words in collected.paragraphs:
            self._add_attachments(words)

    def _read_paragraph(self, element: Any) -> None:
        marks = parse_paragraph_properties(element)
        style = self.styles.get_paragraph_style(marks.style_id)
        words = self.paragraph_reader.read(element, style)
        if self._unfinished is not None:
            words, self._unfinished = _merge_paragraphs(self._unfinished, words), None
        # `del` of a paragraph mark (17.13.5): once the change is accepted, the paragraph continues in the next one.
        if marks.has_deleted_end:
            self._unfinished = words if words.parts else None
            return
        text = words.text
        if style.is_contents:
            if text.strip():
                self.pieces.left_out.add(LeftOutKind.CONTENTS, text)
            self._add_printed_entry(marks.style_id, collect_text(element))  # all of it, also what a field makes
            return
        if not text.strip():
            # A blank line inside code is content; the code block may hold several paragraphs.
            if self._buffer.code and style.is_code:
                self._buffer.code.append("")
            self._defer_attachments(words)
            return
        self._add_text_paragraph(marks, style, words, text)

    def _add_text_paragraph(
        self, properties: ParagraphProperties, style: Style, words: ParagraphText, text: str
    ) -> None:
        # The paragraph's own outline level overrides that of its style, also to make it body text.
        level = style.level if properties.level is None else properties.level
        is_code = style.is_code or (words.all_monospaced and words.has_runs and not self.styles.has_monospaced_text)
        list_id, depth = self._find_list(properties, style)
        is_list = bool(list_id) or style.is_list
        if not (level or is_code or is_list or style.is_auxiliary_text):
            level = self._detect_heading_level(words, text)
        if level:
            self.flush_buffer()
            label = self.numbering.number_item(list_id, depth).label if list_id else ""
            # Marks of notes would make the heading path differ from what a reader calls the section.
            for kind, what in words.attachments:
                text = text.replace(f"[{what[0]}]", "", 1) if kind == "note" else text
            self.pieces.add_heading(f"{label} {text}", level, links=words.links)
            self._add_attachments(words)
        elif is_code:
            if self._buffer.items:
                self.flush_buffer()
            self._buffer.code.append(text.rstrip())
            self._buffer.links.extend(words.links)
            self._defer_attachments(words)
        elif is_list:
            if self._buffer.code:
                self.flush_buffer()
            self._add_list_item(text, list_id, depth, properties.indent, style)
            self._buffer.emphasised.extend(words.emphasised)
            self._buffer.links.extend(words.links)
            self._defer_attachments(words)
        else:
            self.flush_buffer()
            self._add_paragraph(words)

    def _add_paragraph(self, words: ParagraphText) -> None:
        text = tidy_lines(words.text)
        self.pieces.add(ChunkKind.PARAGRAPH, text, emphasised=words.emphasised, links=words.links)
        self._add_attachments(words)

    def _find_list(self, properties: ParagraphProperties, style: Style) -> tuple[str, int]:
        """Return the list and depth (0 for the outermost) of a paragraph; a blank list when it is no item."""
        list_id = properties.list_id or style.list_id
        if not list_id or list_id == "0":  # `numId` 0 removes the numbering of the style (17.9)
            return "", 0
        depth = properties.depth
        if depth is None and list_id == style.list_id:
            depth = style.list_depth
            if depth is None:
                depth = self.numbering.find_style_depth(list_id, properties.style_id)
        return list_id, max(0, depth or 0)

    def _detect_heading_level(self, words: ParagraphText, text: str) -> int:
        """Return the level of a heading without a heading style: a short line, larger than the text or bold; else 0."""
        if len(text) > _MAX_HEADING_LENGTH or text.rstrip()[-1] in ".,;:!" or not any(c.isalpha() for c in text):
            return 0
        if not words.has_runs or _CAPTION.match(text):
            return 0
        if self.body_font_size and words.smallest_size > self.body_font_size * _HEADING_SIZE_RATIO:
            return 1 if words.smallest_size > self.body_font_size * _TOP_HEADING_SIZE_RATIO else 2
        return 3 if words.all_bold else 0  # below any heading that is also larger

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
        # A frame around text or code: as a table it would lose its headings and lists.
        if tables.is_layout_table(element):
            for row in tables.iter_rows(element):
                for cell in tables.iter_cells(row):
                    self.read_blocks(cell)
                    self.flush_buffer()
            return
        for row in tables.iter_deleted_rows(element):
            self._leave_out(LeftOutKind.DELETED_REVISION, row)
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
        links = [link for words in hanging for link in words.links]
        self.pieces.add(ChunkKind.TABLE, format_table(tables.strip_blank_columns(rows)), links=links)
        for words in hanging:
            self._add_attachments(words)
        for inner in nested:
            self._add_table(inner)

    def _read_cell(
        self, cell: Any, cell_paragraphs: list[tuple[str, bool]], attachments: list[ParagraphText], nested: list[Any]
    ) -> None:
        """Collect a cell's paragraphs, their attachments, and nested tables, which become tables of their own."""
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
        """Add the attachments of a paragraph once the list or code block that contains it is complete."""
        if self._buffer.items or self._buffer.code:
            self._buffer.paragraphs.append(words)
        else:
            self._add_attachments(words)

    def _add_attachments(self, words: ParagraphText) -> None:
        """Add the attachments of a paragraph: notes, text boxes, charts, diagrams, and descriptions of pictures."""
        for kind, what in words.attachments:
            if kind == "note":
                self.pieces.add(ChunkKind.PARAGRAPH, f"[{what[0]}] {what[1]}", links=what[2])
            elif kind == "box":
                self.flush_buffer()
                self.read_blocks(what)
                self.flush_buffer()
            elif kind == "picture":
                # Only where the picture stands alone: the description of an icon in a line would interrupt the text.
                is_alone = not words.has_runs and all(other != "box" for other, _ in words.attachments)
                if is_alone and (alt := clean_alt_text(what)):
                    self.pieces.add(ChunkKind.PARAGRAPH, f"Picture: {alt}", links=words.links)
                else:
                    note_alt_text(what, self.pieces.left_out)
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
    """A list or code block that is not complete yet, with the items that a next one could be nested in."""

    items: list[str] = field(default_factory=list)
    code: list[str] = field(default_factory=list)
    emphasised: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    open_items: list[_ListItemPosition] = field(default_factory=list)
    paragraphs: list[ParagraphText] = field(default_factory=list)


def _merge_paragraphs(first: ParagraphText, second: ParagraphText) -> ParagraphText:
    """Return two paragraphs as one with the formatting of the second, as Word joins them."""
    first.close_script()
    for name in ("parts", "emphasised", "attachments", "links"):
        getattr(second, name)[:0] = getattr(first, name)
    return second
