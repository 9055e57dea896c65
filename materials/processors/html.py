"""HTML to pieces: what a reader of the page reads, in order, without the page's furniture."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lxml import etree, html

from materials.documents import ChunkKind, Document, Locator
from materials.processors.encodings import clean, decode, known
from materials.processors.errors import UnreadableDocument
from materials.processors.pieces import Pieces, item, one_line, table, tidy

MAX_BYTES = 20 * 2**20

_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_SILENT = {
    "script", "style", "noscript", "template", "head", "svg", "canvas", "iframe", "object", "button", "select",
    "input", "textarea", "audio", "video", "source", "track",
}  # fmt: skip
_FURNITURE = {"nav", "header", "footer", "aside"}
_FURNITURE_ROLES = {"navigation", "banner", "contentinfo", "complementary", "search"}
_FURNITURE_CLASS = re.compile(
    r"(?:^|[\s_-])(?:nav|navbar|navigation|menu|sidebar|breadcrumbs?|footer|cookies?|pagination|skip-link|social|share|toc"
    r"|table-of-contents|headerlink|anchor-link|anchorjs-link|no-print|quarto-secondary-nav)(?:[\s_-]|$)",
    re.IGNORECASE,
)
_INLINE = {
    "a", "abbr", "acronym", "b", "bdi", "bdo", "big", "br", "cite", "code", "data", "del", "dfn", "em", "font", "i",
    "img", "ins", "kbd", "label", "mark", "math", "q", "rp", "rt", "ruby", "s", "samp", "small", "span", "strike",
    "strong", "sub", "sup", "time", "tt", "u", "var", "wbr",
}  # fmt: skip
_EMPHASIS = {"b", "strong", "i", "em", "dfn"}
_META_CHARSET = re.compile(rb"<meta[^>]+charset\s*=\s*[\"']?\s*([A-Za-z0-9_:.-]+)", re.IGNORECASE)
_TRAILING_ID = re.compile(r"\s*\{#([\w.-]+)[^}]*\}\s*$")
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)


def read(path: Path) -> Document:
    """Read an HTML file. Raises UnreadableDocument."""
    data = path.read_bytes()
    if len(data) > MAX_BYTES:
        raise UnreadableDocument(f"The page is larger than {MAX_BYTES // 2**20} MiB.", code="too_large")
    return from_html(decode(data, declared=declared_charset(data)), furniture=False)


def declared_charset(data: bytes) -> str:
    """Return the encoding that a page says it has; blank when it does not, or when there is none of that name."""
    declared = _META_CHARSET.search(data[:4096])
    name = declared.group(1).decode() if declared else ""
    return name if known(name) else ""


def from_html(text: str, *, furniture: bool, title: str = "") -> Document:
    """Turn HTML into a document; with `furniture` nothing is taken for navigation and left out."""
    parser = html.HTMLParser(encoding="utf-8", huge_tree=False, no_network=True, remove_comments=True, remove_pis=True)
    try:
        root = html.document_fromstring(
            f"<html><body>{text}</body></html>".encode() if furniture else text.encode(), parser
        )
    except (etree.ParserError, ValueError):
        return Document(pieces=(), title=title)
    walker = _Walker(keeps_furniture=furniture)
    start = root if furniture else _content_of(root)
    walker.block(start)
    pieces = tuple(walker.pieces.found)
    own = next((p.text for p in pieces if p.kind is ChunkKind.HEADING and p.level == 1), "")
    return Document(pieces=pieces, title=title or own or _title_of(root))


def _content_of(root: Any) -> Any:
    for path in ("//main", "//*[@role='main']", "//article"):
        found = root.xpath(path)
        if len(found) == 1 and len(one_line(found[0].text_content())) > 100:
            return found[0]
    return root.body if root.body is not None else root


def _title_of(root: Any) -> str:
    return one_line(root.findtext(".//title") or "")


@dataclass
class _Inline:
    """Text in the making: its parts, and the terms that were set off."""

    parts: list[str] = field(default_factory=list)
    emphasised: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return clean("".join(self.parts))


@dataclass
class _Walker:
    keeps_furniture: bool
    pieces: Pieces = field(default_factory=Pieces)
    _fragment: str | None = None

    def block(self, element: Any) -> None:
        """Add what a block element holds: its blocks one by one, and each run of inline text as a paragraph."""
        run = _Inline([element.text or ""])
        for child in element:
            if self._skips(child):
                run.parts.append(child.tail or "")
                continue
            if child.tag in _INLINE and not _has_blocks(child):
                self._note_id(child)
                self._inline(child, run)
            else:
                self._paragraph(run)
                run = _Inline()
                self._one(child)
            run.parts.append(child.tail or "")
        self._paragraph(run)

    def _one(self, element: Any) -> None:
        tag = element.tag
        self._note_id(element)
        if tag in _HEADINGS:
            self._heading(element, _HEADINGS[tag])
        elif tag in {"ul", "ol", "menu"}:
            self._list(element)
        elif tag == "dl":
            self._definitions(element)
        elif tag == "table":
            self._table(element)
        elif tag == "pre":
            self._code(element)
        else:
            self.block(element)

    def _heading(self, element: Any, level: int) -> None:
        inline = self._collect(element)
        text = inline.text
        if (anchor := _TRAILING_ID.search(text)) is not None:
            self._fragment, text = anchor.group(1), text[: anchor.start()]
        self.pieces.heading(text.rstrip("¶#§🔗 \n"), level, self._here())

    def _paragraph(self, run: _Inline) -> None:
        self.pieces.add(ChunkKind.PARAGRAPH, tidy(run.text), self._here(), emphasised=run.emphasised)

    def _list(self, element: Any) -> None:
        lines: list[str] = []
        emphasised: list[str] = []
        later: list[Any] = []
        self._items(element, 0, lines, emphasised, later)
        self.pieces.add(ChunkKind.LIST, "\n".join(lines), self._here(), emphasised=emphasised)
        for block in later:
            self._one(block)

    def _items(self, element: Any, depth: int, lines: list[str], emphasised: list[str], later: list[Any]) -> None:
        number = int(element.get("start") or 1) if (element.get("start") or "1").isdecimal() else 1
        for child in element:
            if child.tag in {"ul", "ol", "menu"}:
                self._items(child, depth + 1, lines, emphasised, later)
            if child.tag != "li" or self._skips(child):
                continue
            inline = _Inline([child.text or ""])
            nested: list[Any] = []
            self._item_content(child, inline, nested, later)
            if one_line(inline.text):
                lines.append(item(inline.text, depth=depth, number=number if element.tag == "ol" else None))
                emphasised.extend(inline.emphasised)
            number += 1
            for below in nested:
                self._items(below, depth + 1, lines, emphasised, later)

    def _item_content(self, element: Any, inline: _Inline, nested: list[Any], later: list[Any]) -> None:
        """Split an item into its own words, the lists inside it, and blocks that cannot stand in a line."""
        for child in element:
            if child.tag in {"ul", "ol", "menu"}:
                nested.append(child)
            elif child.tag in {"pre", "table", "dl"} or child.tag in _HEADINGS:
                later.append(child)
            elif child.tag in _INLINE and not _has_blocks(child):
                self._inline(child, inline)
            elif not self._skips(child):
                inline.parts.extend([" ", child.text or ""])
                self._item_content(child, inline, nested, later)
                inline.parts.append(" ")
            inline.parts.append(child.tail or "")

    def _definitions(self, element: Any) -> None:
        lines: list[str] = []
        emphasised: list[str] = []
        term = ""
        for child in element.iter("dt", "dd"):
            words = one_line(self._collect(child).text)
            if child.tag == "dt":
                if term:
                    lines.append(item(term, depth=0))
                term = words
                emphasised.append(words)
            elif words:
                lines.append(item(f"{term}: {words}" if term else words, depth=0 if term else 1))
                term = ""
        if term:
            lines.append(item(term, depth=0))
        self.pieces.add(ChunkKind.LIST, "\n".join(lines), self._here(), emphasised=emphasised)

    def _table(self, element: Any) -> None:
        if element.xpath(".//table") or len(element.xpath(".//td | .//th")) <= 1:
            self.block(element)
            return
        for caption in element.xpath("./caption"):
            self._paragraph(self._collect(caption))
        emphasised: list[str] = []
        rows = []
        for row in element.iter("tr"):
            cells = []
            for cell in row.iterchildren("td", "th"):
                inline = self._collect(cell)
                emphasised.extend(inline.emphasised)
                cells.append(inline.text)
                cells.extend([""] * (_span(cell) - 1))
            rows.append(cells)
        self.pieces.add(ChunkKind.TABLE, table(rows), self._here(), emphasised=emphasised)

    def _code(self, element: Any) -> None:
        for line_break in element.iter("br"):
            line_break.tail = "\n" + (line_break.tail or "")
        classes = " ".join(filter(None, [element.get("class"), *(c.get("class") for c in element.iter("code"))]))
        named = re.search(r"(?:language-|lang-|sourceCode\s+)([\w+#-]+)", classes)
        language = named.group(1) if named else None
        self.pieces.add(ChunkKind.CODE, clean(element.text_content()), self._here(), language=language)

    def _collect(self, element: Any) -> _Inline:
        inline = _Inline([element.text or ""])
        for child in element:
            self._inline(child, inline)
            inline.parts.append(child.tail or "")
        return inline

    def _inline(self, element: Any, into: _Inline) -> None:
        if self._skips(element):
            return
        if element.tag == "br":
            into.parts.append("\n")
            return
        if element.tag == "img":
            into.parts.append(element.get("alt") or "")
            return
        if element.tag == "math":
            into.parts.append(_formula(element))
            return
        separate = "" if element.tag in _INLINE else " "
        before = len(into.parts)
        into.parts.extend([separate, element.text or ""])
        for child in element:
            self._inline(child, into)
            into.parts.append(child.tail or "")
        into.parts.append(separate)
        if element.tag in _EMPHASIS:
            into.emphasised.append("".join(into.parts[before:]))

    def _skips(self, element: Any) -> bool:
        if not isinstance(element.tag, str) or element.tag in _SILENT:
            return True
        if element.get("hidden") is not None or _HIDDEN.search(element.get("style") or ""):
            return True
        if self.keeps_furniture or element.tag in {"body", "main"}:
            return False
        if element.tag in _FURNITURE and element.xpath("not(ancestor::article)"):
            return True
        marks = f"{element.get('class') or ''} {element.get('id') or ''}"
        return element.get("role") in _FURNITURE_ROLES or (
            element.tag not in _HEADINGS and _FURNITURE_CLASS.search(marks) is not None
        )

    def _note_id(self, element: Any) -> None:
        if (named := element.get("id") or (element.get("name") if element.tag == "a" else None)) is not None:
            self._fragment = clean(named) or self._fragment

    def _here(self) -> Locator:
        return Locator(fragment=self._fragment)


def is_in_line(element: Any) -> bool:
    """Tell whether an element stands within a line of text, and not for a block of its own."""
    return element.tag in _INLINE and not _has_blocks(element)


def _has_blocks(element: Any) -> bool:
    return any(isinstance(below.tag, str) and below.tag not in _INLINE | _SILENT for below in element.iterdescendants())


def _span(cell: Any) -> int:
    given = cell.get("colspan") or "1"
    return min(int(given), 100) if given.isdecimal() and int(given) > 0 else 1


def _formula(element: Any) -> str:
    tex = element.xpath(".//*[local-name()='annotation' and @encoding='application/x-tex']")
    return f"${one_line(tex[0].text_content())}$" if tex else one_line(element.text_content())
