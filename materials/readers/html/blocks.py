"""The blocks of an HTML tree as pieces, in the order of the page."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from materials.documents import ChunkKind, Locator
from materials.readers.base.encodings import clean
from materials.readers.base.pieces import Pieces, item, one_line, table_parts, tidy
from materials.readers.html.furniture import Furniture, is_silent
from materials.readers.html.inline import Inline, alternative, inline_of, is_block
from materials.readers.html.lists import Entry, Items
from materials.readers.html.math import formula_of
from materials.readers.html.tables import is_layout, rows_of

_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_LISTS = {"ul", "ol", "menu", "dir"}
_VERBATIM = {"pre", "listing", "xmp", "plaintext"}
_APART = {*_VERBATIM, *_HEADINGS, "table", "dl", "figure", "hr"}
_TRAILING_ID = re.compile(r"\s*\{#([\w.:-]+)[^}]*\}\s*$")
_LANGUAGE = re.compile(
    r"(?:^|\s)(?:language-|lang-|highlight-source-|highlight-|sourceCode\s+|brush:\s*)([\w+#.-]+)|(?:^|\s)hljs\s+([\w+#-]+)"
)
_LONG = "boolean(.//pre or .//table or .//dl or .//ul or .//ol or .//h2 or .//h3 or .//h4 or count(.//p) > 2)"
"""XPath: a meaning that does not fit in a line."""
_NO_LANGUAGE = {
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


@dataclass
class Blocks:
    """Reads the blocks of a tree. Without `furniture` everything that is visible is content."""

    furniture: Furniture | None = None
    pieces: Pieces = field(default_factory=Pieces)
    _fragment: str | None = None
    _holders: dict[Any, bool] = field(default_factory=dict)

    def read(self, element: Any) -> None:
        """Add what a block element holds: its blocks one by one, and each run of inline text as a paragraph."""
        run = Inline()
        run.words(element.text)
        for child in element:
            if self._is_inline(child):
                formula = formula_of(child)
                if formula is None:
                    self._note_id(child)
                elif formula and is_block(child):
                    self._paragraph(run)
                    self._paragraph(Inline([formula]))
                    run = Inline()
                    run.words(child.tail)
                    continue
                run.element(child)
            elif not self._skips(child):
                self._paragraph(run)
                run = Inline()
                self._block(child)
            run.words(child.tail)
        self._paragraph(run)

    def forget(self) -> None:
        """Let go of the tree that was read; another may follow, under the headings of this one."""
        self._holders.clear()

    def _block(self, element: Any) -> None:
        tag = element.tag
        self._note_id(element)
        if tag in _HEADINGS:
            self._heading(element, _HEADINGS[tag])
        elif tag in _LISTS:
            self._list(element)
        elif tag == "dl":
            self._definitions(element)
        elif tag == "table":
            self._table(element)
        elif tag in _VERBATIM:
            self._code(element)
        elif tag == "figure":
            self._figure(element)
        elif element.get("role") == "heading" and not self._holds_blocks(element):
            level = element.get("aria-level") or "2"
            self._heading(element, min(max(int(level), 1), 6) if level.isdecimal() else 2)
        else:
            self.read(element)

    def _heading(self, element: Any, level: int) -> None:
        for anchor in element.iter("a", "span"):
            self._note_id(anchor)
        if element.get("id"):
            self._note_id(element)
        text = inline_of(element).text
        if (anchor := _TRAILING_ID.search(text)) is not None:
            self._fragment, text = anchor.group(1), text[: anchor.start()]
        self.pieces.heading(text.rstrip("¶#§🔗 \n"), level, self._here())

    def _paragraph(self, run: Inline) -> None:
        if not run.parts:
            return
        self.pieces.add(ChunkKind.PARAGRAPH, tidy(run.text), self._here(), emphasised=run.emphasised)

    def _figure(self, element: Any) -> None:
        """Add a figure; a picture whose caption says the same is not said twice."""
        captions = {one_line(inline_of(caption).text) for caption in element.iter("figcaption")}
        for image in element.iter("img"):
            if alternative(image) in captions:
                image.set("alt", "")
        self.read(element)

    # --- lists --------------------------------------------------------------------------------------------------------

    def _list(self, element: Any) -> None:
        items = Items()
        self._items(element, 0, items)
        self._flush(items)

    def _flush(self, items: Items) -> None:
        text, emphasised = items.take()
        self.pieces.add(ChunkKind.LIST, text, self._here(), emphasised=emphasised)

    def _items(self, element: Any, depth: int, items: Items) -> None:
        given = element.get("start") or "1"
        number = int(given) if given.isdecimal() and len(given) < 10 else 1
        for child in element:
            if self._skips(child):
                continue
            if child.tag in _LISTS:
                self._items(child, depth + 1, items)
            elif child.tag == "li":
                own = child.get("value") or ""
                number = int(own) if own.isdecimal() and len(own) < 10 else number
                self._note_id(child)
                self._item(child, depth, number if element.tag == "ol" else None, items)
                number += 1
            elif next(child.iter("li"), None) is not None:
                self._items(child, depth, items)
            else:
                self._item(child, depth, None, items)

    def _item(self, element: Any, depth: int, number: int | None, items: Items) -> None:
        """Add an item: its line, the lists in it, and in between, as pieces of their own, what fits in no line."""
        entry = Entry(depth=depth, number=number)
        self._item_content(element, entry, items)
        self._close(entry, items)

    def _item_content(self, element: Any, entry: Entry, items: Items) -> None:
        entry.line.words(element.text)
        for child in element:
            if self._is_inline(child):
                apart = " " if is_block(child) else ""
                entry.line.words(apart)
                entry.line.element(child)
                entry.line.words(apart)
            elif self._skips(child):
                pass
            elif child.tag in _LISTS:
                self._close(entry, items)
                self._items(child, entry.depth + 1, items)
            elif child.tag in _APART:
                self._close(entry, items)
                self._flush(items)
                self._block(child)
            else:
                entry.line.words(" ")
                self._item_content(child, entry, items)
                entry.line.words(" ")
            entry.line.words(child.tail)

    def _close(self, entry: Entry, items: Items) -> None:
        rest = items.close(entry)
        if rest is not None:
            self._flush(items)
            self._paragraph(rest)

    def _definitions(self, element: Any) -> None:
        """Add a list of terms and their meanings; meanings that hold blocks of their own are read as such."""
        _part_entries(element)
        entries = [child for part in element for child in (part if part.tag == "div" else [part])]
        if any(entry.tag == "dd" and entry.xpath(_LONG) for entry in entries):
            for entry in entries:
                if not self._skips(entry):
                    self._note_id(entry)
                    if entry.tag == "dt":
                        run = inline_of(entry)
                        run.emphasised.append(run.text)
                        self._paragraph(run)
                    else:
                        self.read(entry)
            return
        lines: list[str] = []
        emphasised: list[str] = []
        terms: list[str] = []
        for entry in entries:
            if self._skips(entry):
                continue
            run = inline_of(entry)
            words = one_line(run.text)
            if entry.tag == "dt":
                terms.append(words)
                emphasised.append(words)
            elif words:
                term = ", ".join(filter(None, terms))
                lines.append(item(f"{term}: {words}" if term else words, depth=0 if term or not lines else 1))
                emphasised.extend(run.emphasised)
                terms = []
        lines.extend(item(term, depth=0) for term in terms if term)
        self.pieces.add(ChunkKind.LIST, "\n".join(lines), self._here(), emphasised=emphasised)

    # --- tables and code ----------------------------------------------------------------------------------------------

    def _table(self, element: Any) -> None:
        if is_layout(element):
            self.read(element)
            return
        for caption in element.iterchildren("caption"):
            self._paragraph(inline_of(caption))
        rows, emphasised = rows_of(element)
        for part in table_parts(rows):
            self.pieces.add(ChunkKind.TABLE, part, self._here(), emphasised=emphasised)

    def _code(self, element: Any) -> None:
        parts: list[str] = []
        _verbatim(element, parts)
        self.pieces.add(ChunkKind.CODE, clean("".join(parts)), self._here(), language=_language(element))

    # --- what is where ------------------------------------------------------------------------------------------------

    def _is_inline(self, element: Any) -> bool:
        if not isinstance(element.tag, str) or formula_of(element) is not None:
            return True
        return not is_block(element) and not self._holds_blocks(element) and not self._skips(element)

    def _holds_blocks(self, element: Any) -> bool:
        """Tell whether a block stands somewhere inside; each element is looked at once."""
        if not len(element):
            return False
        known = self._holders.get(element)
        if known is None:
            known = self._holders[element] = any(
                is_block(child) or self._holds_blocks(child)
                for child in element
                if isinstance(child.tag, str) and formula_of(child) is None
            )
        return known

    def _skips(self, element: Any) -> bool:
        return is_silent(element) or (self.furniture is not None and self.furniture.has(element))

    def _note_id(self, element: Any) -> None:
        if (named := element.get("id") or (element.get("name") if element.tag == "a" else None)) is not None:
            self._fragment = clean(named) or self._fragment

    def _here(self) -> Locator:
        return Locator(fragment=self._fragment)


def _part_entries(element: Any) -> None:
    """Put each term and meaning beside the one it stands in: the parser ends none where the next begins."""
    last: dict[Any, Any] = {}
    for entry in list(element.iter("dt", "dd")):
        holder = entry.getparent()
        if holder.tag in {"dt", "dd"}:
            last.get(holder, holder).addnext(entry)
            last[holder] = entry


def _verbatim(element: Any, parts: list[str]) -> None:
    """Add the text of code as it stands, without the numbers of its lines."""
    parts.append(element.text or "")
    for child in element:
        if child.tag == "br":
            parts.append("\n")
        elif not is_silent(child):
            _verbatim(child, parts)
        parts.append(child.tail or "")


def _language(element: Any) -> str | None:
    """Return the language that the author named: on the block, on the code in it, or on the boxes around it."""
    around = [element, *element.iter("code")]
    above = element.getparent()
    while above is not None and above.tag in {"div", "figure"} and len(around) < 8:
        around.append(above)
        above = above.getparent()
    for holder in around:
        for name in ("data-lang", "data-language", "data-enlighter-language"):
            if named := holder.get(name):
                return str(named).lower()
        for found in _LANGUAGE.finditer(holder.get("class") or ""):
            language = (found.group(1) or found.group(2)).removeprefix("source-").lower()
            if language not in _NO_LANGUAGE:
                return language
    return None
