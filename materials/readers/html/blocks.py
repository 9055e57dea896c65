"""Turn the blocks of an HTML tree into pieces, in the order of the page."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from materials.documents import ChunkKind, Locator
from materials.readers.base.encodings import clean_text
from materials.readers.base.html_elements import DIRECTIVE_TAG, LIST_TABLE
from materials.readers.base.left_out import LeftOutCollector
from materials.readers.base.pieces import (
    PieceCollector,
    collapse_whitespace,
    format_list_item,
    format_table_parts,
    tidy_lines,
)
from materials.readers.base.task_words import is_task_title
from materials.readers.html.boxes import find_box_title, is_box, is_speaker_notes
from materials.readers.html.furniture import BoilerplateDetector, is_ignored
from materials.readers.html.inline import InlineText, get_alt_text, is_block, read_inline_text
from materials.readers.html.left_out import count_ignored, count_navigation
from materials.readers.html.lists import ListBuilder, PendingListItem
from materials.readers.html.math import extract_formula
from materials.readers.html.tables import is_layout_table, parse_table_rows, read_list_as_rows

_HEADING_LEVELS = {f"h{level}": level for level in range(1, 7)}
_LIST_TAGS = {"ul", "ol", "menu", "dir"}
_VERBATIM_TAGS = {"pre", "listing", "xmp", "plaintext"}
_STANDALONE_TAGS = {*_VERBATIM_TAGS, *_HEADING_LEVELS, "table", "dl", "figure", "hr"}
# `{#anchor}` behind a heading, of Pandoc, kramdown and MkDocs: markup to them, text to a renderer that does not know
# it.
_TRAILING_ID = re.compile(r"\s*\{#([\w.:-]+)[^}]*\}\s*$")
# Classes by which Prism and CommonMark (language-), GitHub and Sphinx (highlight-), Pandoc (sourceCode),
# SyntaxHighlighter (brush:) and highlight.js (hljs) name the language of code.
_LANGUAGE_CLASS = re.compile(
    r"(?:^|\s)(?:language-|lang-|highlight-source-|highlight-|sourceCode\s+|brush:\s*)([\w+#.-]+)|(?:^|\s)hljs\s+([\w+#-]+)"
)
# A definition that does not fit in one line of a list: it holds blocks, or more paragraphs than a term and a remark.
_LONG_DEFINITION_XPATH = (
    "boolean(.//pre or .//table or .//dl or .//ul or .//ol or .//h2 or .//h3 or .//h4 or count(.//p) > 2)"
)
# Words that stand where a language is named but name none.
_NON_LANGUAGES = {
    "none",
    "text",
    "plain",
    "plaintext",
    "txt",
    "default",
    "nohighlight",
    "notranslate",
    "hljs",
    "copy",
    "numbersource",
    "code-with-copy",
    "output",
    "console-output",
    "cell-code",
}
# Digits: int() refuses more than 4,300 with a ValueError, and the number of a list item has not more than nine.
_MAX_NUMBER_DIGITS = 9
# Elements that may name the language of code: the block, the code in it, and a few boxes around, but not the whole
# page.
_MAX_LANGUAGE_HOLDERS = 8


@dataclass
class HTMLBlockReader:
    """Reads the blocks of one tree, or of several in turn, into `pieces`.

    Without `boilerplate` everything that is visible is content. Trees are read recursively: their depth must be bounded
    (see `build_html_tree`). Each locator holds the last anchor before the piece.
    """

    boilerplate: BoilerplateDetector | None = None
    pieces: PieceCollector = field(default_factory=PieceCollector)
    _fragment: str | None = None
    # Targets of links around blocks, for the next piece.
    _links_around: list[str] = field(default_factory=list)
    _is_in_notes: bool = False
    _has_blocks_cache: dict[Any, bool] = field(default_factory=dict)

    def read(self, element: Any) -> None:
        """Add the content of a block element: its blocks one by one, and each run of inline text as a paragraph."""
        run = self._begin_run()
        run.add_text(element.text)
        for child in element:
            if self._is_inline(child):
                formula = extract_formula(child)
                if formula is None:
                    self._record_fragment(child)
                elif formula and is_block(child):  # a displayed formula, which interrupts the paragraph
                    self._add_paragraph(run)
                    self._add_paragraph(InlineText(self.pieces.left_out, [formula]))
                    run = self._begin_run()
                    run.add_text(child.tail)
                    continue
                run.add_element(child)
            elif not self._skip(child):
                self._add_paragraph(run)
                run = self._begin_run()
                self._read_block(child)
            run.add_text(child.tail)
        self._add_paragraph(run)

    def read_heading(self, element: Any) -> None:
        """Add a heading `h1` to `h6` that stands elsewhere on the page, such as its title."""
        self._read_block(element)

    def is_left_out(self, element: Any) -> bool:
        """Tell whether an element is no content of the page: not shown, or a part of the site around it."""
        return is_ignored(element) or (self.boilerplate is not None and self.boilerplate.is_boilerplate(element))

    def release_tree(self) -> None:
        """Drop references to the tree that was read; another may follow, below the headings of this one."""
        self._has_blocks_cache.clear()

    def _read_block(self, element: Any) -> None:
        tag = element.tag
        self._record_fragment(element)
        if tag in _HEADING_LEVELS:
            self._add_heading(element, _HEADING_LEVELS[tag])
        elif tag in _LIST_TAGS:
            self._read_list(element)
        elif tag == "dl":
            self._read_definition_list(element)
        elif tag == "table":
            self._read_table(element)
        elif tag in _VERBATIM_TAGS:
            self._add_code(element)
        elif tag == "figure":
            self._read_figure(element)
        elif element.get("role") == "heading" and not self._has_blocks(element):
            level = element.get("aria-level") or "2"  # WAI-ARIA 1.2: the implicit level of the role is 2
            self._add_heading(element, min(max(int(level), 1), 6) if level.isdecimal() else 2)
        elif is_speaker_notes(element):
            self._read_notes(element)
        elif tag == DIRECTIVE_TAG:
            with self._open_directive(element):
                self._read_directive(element)
        elif is_box(element):
            with self.pieces.open_box():
                self._add_box_title(element)
                self.read(element)
        else:
            if tag == "a" and (target := element.get("href")):
                self._links_around.append(target)
            self.read(element)

    def _add_box_title(self, element: Any) -> None:
        """Make a heading of the title of a box that says that a task or its solution stands inside."""
        title = find_box_title(element)
        if title is not None and is_task_title(text := read_inline_text(title, LeftOutCollector()).text.strip()):
            self.pieces.add_heading(text, max(self.pieces.next_level, 2), self._build_locator())
            title.drop_tree()

    def _read_notes(self, element: Any) -> None:
        """Add the notes of a speaker: paragraphs and lists are notes then, code and tables what they are."""
        before, self._is_in_notes = self._is_in_notes, True
        with self.pieces.open_box():
            self.read(element)
        self._is_in_notes = before

    @contextmanager
    def _open_directive(self, element: Any) -> Iterator[None]:
        """Read a directive: what follows it belongs to the section around, and its label is said in its heading."""
        with self.pieces.open_box():
            label, title = element.get("label") or "", element.get("title") or ""
            if label and not self._label_first_heading(element, label):
                self.pieces.add_heading(
                    f"{label}: {title}" if title else label, max(self.pieces.next_level, 2), self._build_locator()
                )
            yield

    def _label_first_heading(self, element: Any, label: str) -> bool:
        """Put the label of a directive before the heading that it begins with; return False when it has none."""
        first = next(iter(element), None)
        if first is not None and first.tag == "blockquote":
            first = next(iter(first), None)
        if first is None or first.tag not in _HEADING_LEVELS or (element.text or "").strip():
            return False
        if label.casefold() not in read_inline_text(first, LeftOutCollector()).text.casefold():
            first.text = f"{label}: {(first.text or '').lstrip()}"
        return True

    def _read_directive(self, element: Any) -> None:
        rows = read_list_as_rows(element) if element.get("kind") == LIST_TABLE else None
        if rows is not None:
            self._read_list_table(element, rows)
        else:
            self.read(element)

    def _read_list_table(self, element: Any, rows: Sequence[Sequence[Any]]) -> None:
        """Add a table that is written as a list of lists, and the title before it."""
        for child in element:
            if child.tag not in _LIST_TAGS:
                self._read_block(child)
        cells = [[read_inline_text(cell, self.pieces.left_out) for cell in row] for row in rows]
        self._add_table(
            [[cell.text for cell in row] for row in cells],
            [term for row in cells for cell in row for term in cell.emphasised],
            [target for row in cells for cell in row for target in cell.links],
        )

    def _add_heading(self, element: Any, level: int) -> None:
        for anchor in element.iter("a", "span"):
            self._record_fragment(anchor)
        if element.get("id"):  # again, for it counts more than the anchors inside
            self._record_fragment(element)
        run = read_inline_text(element, self.pieces.left_out)
        text = run.text
        if (anchor := _TRAILING_ID.search(text)) is not None:
            self._fragment, text = anchor.group(1), text[: anchor.start()]
        self.pieces.add_heading(text.rstrip("¶#§🔗 \n"), level, self._build_locator(), links=run.links)

    def _begin_run(self) -> InlineText:
        return InlineText(self.pieces.left_out)

    def _add_paragraph(self, run: InlineText) -> None:
        if not run.parts:
            return
        self._add_piece(ChunkKind.PARAGRAPH, tidy_lines(run.text), run.emphasised, run.links)

    def _add_piece(self, kind: ChunkKind, text: str, emphasised: Sequence[str], links: Sequence[str]) -> None:
        if not text or text.isspace():
            return
        if self._is_in_notes and kind in {ChunkKind.PARAGRAPH, ChunkKind.LIST}:
            kind = ChunkKind.NOTES
        links, self._links_around = [*self._links_around, *links], []
        self.pieces.add(kind, text, self._build_locator(), emphasised=emphasised, links=links)

    def _read_figure(self, element: Any) -> None:
        """Add a figure; alternative text that is the same as the caption is left out."""
        captions = {
            collapse_whitespace(read_inline_text(caption, LeftOutCollector()).text)
            for caption in element.iter("figcaption")
        }
        for image in element.iter("img"):
            if get_alt_text(image) in captions:
                image.set("alt", "")
        self.read(element)

    # --- lists --------------------------------------------------------------------------------------------------------

    def _read_list(self, element: Any) -> None:
        items = ListBuilder()
        self._read_list_items(element, 0, items)
        self._flush_list(items)

    def _flush_list(self, items: ListBuilder) -> None:
        self._add_piece(ChunkKind.LIST, *items.take_text())

    def _read_list_items(self, element: Any, depth: int, items: ListBuilder) -> None:
        given = element.get("start") or "1"
        number = int(given) if given.isdecimal() and len(given) <= _MAX_NUMBER_DIGITS else 1
        for child in element:
            if self._skip(child):
                continue
            if child.tag in _LIST_TAGS:
                self._read_list_items(child, depth + 1, items)
            elif child.tag == "li":
                own = child.get("value") or ""
                number = int(own) if own.isdecimal() and len(own) <= _MAX_NUMBER_DIGITS else number
                self._record_fragment(child)
                self._read_list_item(child, depth, number if element.tag == "ol" else None, items)
                number += 1
            elif next(child.iter("li"), None) is not None:
                self._read_list_items(child, depth, items)
            else:
                self._read_list_item(child, depth, None, items)

    def _read_list_item(self, element: Any, depth: int, number: int | None, items: ListBuilder) -> None:
        """Add an item: its line, the lists in it, and as pieces of their own the blocks that do not fit in a line."""
        entry = PendingListItem(depth=depth, number=number, line=self._begin_run())
        self._read_item_content(element, entry, items)
        self._close_list_item(entry, items)

    def _read_item_content(self, element: Any, list_item: PendingListItem, items: ListBuilder) -> None:
        list_item.line.add_text(element.text)
        for child in element:
            if self._is_inline(child):
                apart = " " if is_block(child) else ""
                list_item.line.add_text(apart)
                list_item.line.add_element(child)
                list_item.line.add_text(apart)
            elif self._skip(child):
                pass
            elif child.tag in _LIST_TAGS:
                self._close_list_item(list_item, items)
                self._read_list_items(child, list_item.depth + 1, items)
            elif child.tag in _STANDALONE_TAGS or _is_box_with_heading(child):
                self._close_list_item(list_item, items)
                self._flush_list(items)
                self._read_block(child)
            else:
                list_item.line.add_text(" ")
                self._read_item_content(child, list_item, items)
                list_item.line.add_text(" ")
            list_item.line.add_text(child.tail)

    def _close_list_item(self, list_item: PendingListItem, items: ListBuilder) -> None:
        rest = items.close_item(list_item)
        if rest is not None:
            self._flush_list(items)
            self._add_paragraph(rest)

    def _read_definition_list(self, element: Any) -> None:
        """Add a list of terms and definitions; when a definition holds blocks, all become pieces of their own."""
        _unnest_definitions(element)
        entries = [child for part in element for child in (part if part.tag == "div" else [part])]
        if any(entry.tag == "dd" and entry.xpath(_LONG_DEFINITION_XPATH) for entry in entries):
            for entry in entries:
                if not self._skip(entry):
                    self._record_fragment(entry)
                    if entry.tag == "dt":
                        run = read_inline_text(entry, self.pieces.left_out)
                        run.emphasised.append(run.text)
                        self._add_paragraph(run)
                    else:
                        self.read(entry)
            return
        lines: list[str] = []
        emphasised: list[str] = []
        terms: list[str] = []
        links: list[str] = []
        for entry in entries:
            if self._skip(entry):
                continue
            run = read_inline_text(entry, self.pieces.left_out)
            links.extend(run.links)
            words = collapse_whitespace(run.text)
            if entry.tag == "dt":
                terms.append(words)
                emphasised.append(words)
            elif words:
                term = ", ".join(filter(None, terms))
                lines.append(
                    format_list_item(f"{term}: {words}" if term else words, depth=0 if term or not lines else 1)
                )
                emphasised.extend(run.emphasised)
                terms = []
        lines.extend(format_list_item(term, depth=0) for term in terms if term)
        self._add_piece(ChunkKind.LIST, "\n".join(lines), emphasised, links)

    # --- tables and code ----------------------------------------------------------------------------------------------

    def _read_table(self, element: Any) -> None:
        if is_layout_table(element):
            self.read(element)
            return
        for caption in element.iterchildren("caption"):
            self._add_paragraph(read_inline_text(caption, self.pieces.left_out))
        self._add_table(*parse_table_rows(element, self.pieces.left_out))

    def _add_table(self, rows: Sequence[Sequence[str]], emphasised: Sequence[str], links: Sequence[str]) -> None:
        for part in format_table_parts(rows):
            self._add_piece(ChunkKind.TABLE, part, emphasised, links)

    def _add_code(self, element: Any) -> None:
        parts: list[str] = []
        _collect_code_text(element, parts)
        self.pieces.add(
            ChunkKind.CODE, clean_text("".join(parts)), self._build_locator(), language=_find_code_language(element)
        )

    # --- classification -----------------------------------------------------------------------------------------------

    def _is_inline(self, element: Any) -> bool:
        if not isinstance(element.tag, str) or extract_formula(element) is not None:
            return True
        return not is_block(element) and not self._has_blocks(element) and not self._is_skipped(element)

    def _has_blocks(self, element: Any) -> bool:
        """Tell whether an element contains a block at any depth; answers are kept, so each element is visited once."""
        if not len(element):
            return False
        known = self._has_blocks_cache.get(element)
        if known is None:
            known = self._has_blocks_cache[element] = any(
                is_block(child) or self._has_blocks(child)
                for child in element
                if isinstance(child.tag, str) and extract_formula(child) is None
            )
        return known

    def _is_skipped(self, element: Any) -> bool:
        return is_ignored(element) or (self.boilerplate is not None and self.boilerplate.is_boilerplate(element))

    def _skip(self, element: Any) -> bool:
        """Tell whether an element is left out, and count it then."""
        if is_ignored(element):
            count_ignored(element, self.pieces.left_out, self._build_locator())
            return True
        if self.boilerplate is not None and self.boilerplate.is_boilerplate(element):
            count_navigation(element, self.pieces.left_out, self._build_locator())
            return True
        return False

    def _record_fragment(self, element: Any) -> None:
        if (named := element.get("id") or (element.get("name") if element.tag == "a" else None)) is not None:
            self._fragment = clean_text(named) or self._fragment

    def _build_locator(self) -> Locator:
        return Locator(fragment=self._fragment)


def _is_box_with_heading(element: Any) -> bool:
    return is_box(element) and (bool(element.get("label")) or next(element.iter(*_HEADING_LEVELS), None) is not None)


def _unnest_definitions(element: Any) -> None:
    """Move terms and definitions that are nested in one another beside each other.

    Their end tags are optional (HTML 13.1.2.4), but libxml2 does not end one where the next begins.
    """
    last: dict[Any, Any] = {}
    for entry in list(element.iter("dt", "dd")):
        holder = entry.getparent()
        if holder.tag in {"dt", "dd"}:
            last.get(holder, holder).addnext(entry)
            last[holder] = entry


def _collect_code_text(element: Any, parts: list[str]) -> None:
    """Append the text of code with its white space, without line numbers and copy buttons."""
    parts.append(element.text or "")
    for child in element:
        if child.tag == "br":
            parts.append("\n")
        elif not is_ignored(child):
            _collect_code_text(child, parts)
        parts.append(child.tail or "")


def _find_code_language(element: Any) -> str | None:
    """Return the language that is named on the block, on the code in it, or on the boxes around it, if any."""
    around = [element, *element.iter("code")]
    above = element.getparent()
    while above is not None and above.tag in {"div", "figure"} and len(around) < _MAX_LANGUAGE_HOLDERS:
        around.append(above)
        above = above.getparent()
    for holder in around:
        for name in ("data-lang", "data-language", "data-enlighter-language"):
            if named := holder.get(name):
                return str(named).lower()
        for found in _LANGUAGE_CLASS.finditer(holder.get("class") or ""):
            language = (found.group(1) or found.group(2)).removeprefix("source-").lower()
            if language not in _NON_LANGUAGES:
                return language
    return None
