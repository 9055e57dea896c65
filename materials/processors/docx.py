"""DOCX to pieces: the package is opened by python-docx, its body is read element by element.

Reading each paragraph through python-docx's objects looks its style up again and again, which makes a long document a
hundred times slower than its XML.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import docx
from docx.opc.exceptions import PackageNotFoundError
from docx.oxml.ns import qn
from lxml import etree

from materials.documents import ChunkKind, Document
from materials.processors.encodings import clean
from materials.processors.errors import UnreadableDocument
from materials.processors.pieces import Pieces, item, one_line, table, tidy

_W_P, _W_TBL, _W_SDT, _W_VAL = qn("w:p"), qn("w:tbl"), qn("w:sdt"), qn("w:val")
_W_R, _W_T, _W_TAB, _W_BR, _W_CR = qn("w:r"), qn("w:t"), qn("w:tab"), qn("w:br"), qn("w:cr")
_W_DEL, _W_MOVE_FROM, _W_NOTE = qn("w:del"), qn("w:moveFrom"), qn("w:footnoteReference")
_W_NO_BREAK = qn("w:noBreakHyphen")
_CODE_STYLE = re.compile(r"code|source|verbatim|preformatted|listing|console", re.IGNORECASE)
_CODE_FONT = re.compile(r"courier|consol|mono|menlo", re.IGNORECASE)
_LONGEST_HEADING = 100
_HEADING_NAME = re.compile(r"^heading (\d)$", re.IGNORECASE)
_ALTERNATE = "{http://schemas.openxmlformats.org/markup-compatibility/2006}AlternateContent"


def read(path: Path) -> Document:
    """Read a Word document. Raises UnreadableDocument."""
    try:
        package = docx.Document(str(path))
    except (PackageNotFoundError, BadZipFile, KeyError, ValueError, etree.XMLSyntaxError) as exc:
        raise UnreadableDocument("The Word document is damaged.", code="damaged") from exc
    reader = _Reader(
        styles=_styles(package),
        ordered=_ordered_lists(package),
        notes=_footnotes(package),
        body_size=_body_size(package.element.body),
    )
    reader.blocks(package.element.body)
    reader.finish()
    title = one_line(package.core_properties.title or "")
    first = next((p.text for p in reader.pieces.found if p.kind is ChunkKind.HEADING and p.level == 1), "")
    return Document(pieces=tuple(reader.pieces.found), title=first or title)


@dataclass(frozen=True, kw_only=True)
class _Style:
    """What matters of a paragraph style: its heading level (0: none), whether it is code, its list."""

    level: int = 0
    is_code: bool = False
    list_id: str = ""
    is_list: bool = False


@dataclass
class _Reader:
    styles: dict[str, _Style]
    ordered: dict[tuple[str, int], bool]
    notes: dict[str, str]
    body_size: int
    pieces: Pieces = field(default_factory=Pieces)
    _items: list[str] = field(default_factory=list)
    _code: list[str] = field(default_factory=list)
    _emphasised: list[str] = field(default_factory=list)
    _numbers: dict[tuple[str, int], int] = field(default_factory=dict)

    def blocks(self, parent: Any) -> None:
        """Add the paragraphs and tables below an element, in order."""
        for element in parent:
            if element.tag == _W_P:
                self._paragraph(element)
            elif element.tag == _W_TBL:
                self.finish()
                self._table(element)
            elif element.tag == _W_SDT:
                for content in element.iterchildren(qn("w:sdtContent")):
                    self.blocks(content)
            elif element.tag in {qn("w:ins"), qn("w:customXml"), qn("w:smartTag")}:
                self.blocks(element)

    def finish(self) -> None:
        """Add the list or code block that was being collected."""
        if self._items:
            self.pieces.add(ChunkKind.LIST, "\n".join(self._items), emphasised=self._emphasised)
        if self._code:
            self.pieces.add(ChunkKind.CODE, "\n".join(self._code))
        self._items, self._code, self._emphasised = [], [], []
        self._numbers.clear()

    def _paragraph(self, element: Any) -> None:
        properties = element.find(qn("w:pPr"))
        style = self.styles.get(_value(properties, "w:pStyle"), _Style())
        level = style.level
        outline = _value(properties, "w:outlineLvl")
        if outline.isdecimal() and int(outline) < 6:
            level = int(outline) + 1
        text, emphasised = self._text(element)
        if not text.strip():
            if self._code and style.is_code:
                self._code.append("")
            return
        if level:
            self.finish()
            self.pieces.heading(text, level)
            return
        if style.is_code or _is_monospaced(element):
            if self._items:
                self.finish()
            self._code.append(text.rstrip())
            return
        list_id, depth = _list_of(properties, style)
        if not (list_id or style.is_list) and (level := self._drawn_level(element, text)):
            self.finish()
            self.pieces.heading(text, level)
            return
        if list_id or style.is_list:
            if self._code:
                self.finish()
            self._item(text, list_id, depth)
            self._emphasised.extend(emphasised)
            return
        self.finish()
        self.pieces.add(ChunkKind.PARAGRAPH, tidy(text), emphasised=emphasised)

    def _drawn_level(self, element: Any, text: str) -> int:
        """Return the level of a heading that was made by hand: a short line, larger than the text or all in bold."""
        if len(text) > _LONGEST_HEADING or text.rstrip()[-1] in ".,;:!" or not any(c.isalpha() for c in text):
            return 0
        runs = [run for run in _runs(element) if run.find(_W_T) is not None]
        size = min((_size_of(run) for run in runs), default=0)
        if self.body_size and size > self.body_size * 1.15:
            return 1 if size > self.body_size * 1.4 else 2
        return 3 if all(_is_on(run, "w:b") for run in runs) else 0

    def _item(self, text: str, list_id: str, depth: int) -> None:
        number = None
        if self.ordered.get((list_id, depth)):
            number = self._numbers[list_id, depth] = self._numbers.get((list_id, depth), 0) + 1
            for deeper in [key for key in self._numbers if key[0] == list_id and key[1] > depth]:
                del self._numbers[deeper]
        self._items.append(item(text, depth=depth, number=number))

    def _table(self, element: Any) -> None:
        rows = []
        for row in element.iter(qn("w:tr")):
            cells: list[str] = []
            for cell in row.iterchildren(qn("w:tc"), qn("w:sdt")):
                words = " ".join(self._text(paragraph)[0] for paragraph in cell.iter(_W_P))
                span = _value(cell.find(qn("w:tcPr")), "w:gridSpan")
                cells.append(words)
                cells.extend([""] * (min(int(span), 100) - 1 if span.isdecimal() else 0))
            rows.append(cells)
        if len(rows) == 1 and len(rows[0]) == 1:
            for cell in element.iter(qn("w:tc")):
                self.blocks(cell)
            self.finish()
            return
        self.pieces.add(ChunkKind.TABLE, table(rows))

    def _text(self, paragraph: Any) -> tuple[str, list[str]]:
        parts: list[str] = []
        emphasised: list[str] = []
        for run in _runs(paragraph):
            words = "".join(self._run_parts(run))
            if words.strip() and _is_set_off(run):
                if emphasised and parts and parts[-1].endswith(emphasised[-1][-1:]) and parts[-1] in emphasised[-1]:
                    emphasised[-1] += words
                else:
                    emphasised.append(words)
            parts.append(words)
        return clean("".join(parts)), emphasised

    def _run_parts(self, run: Any) -> Iterator[str]:
        for part in run:
            if part.tag == _W_T:
                yield part.text or ""
            elif part.tag == _W_TAB:
                yield "\t"
            elif part.tag in {_W_BR, _W_CR}:
                yield "\n"
            elif part.tag == _W_NO_BREAK:
                yield "-"
            elif part.tag == _W_NOTE and (note := self.notes.get(part.get(qn("w:id")) or "")):
                yield f" ({note})"


def _runs(element: Any) -> Iterator[Any]:
    """Yield the runs that a reader sees: insertions and links, not what was deleted or moved away."""
    for child in element:
        if child.tag == _W_R:
            yield child
        elif child.tag not in {_W_DEL, _W_MOVE_FROM, qn("w:pPr"), _ALTERNATE} and isinstance(child.tag, str):
            yield from _runs(child)


def _is_set_off(run: Any) -> bool:
    return _is_on(run, "w:b") or _is_on(run, "w:i")


def _is_on(run: Any, name: str) -> bool:
    properties = run.find(qn("w:rPr"))
    mark = properties.find(qn(name)) if properties is not None else None
    return mark is not None and mark.get(_W_VAL) not in {"0", "false", "none"}


def _size_of(run: Any) -> int:
    """Return the size set on a run in half points, 0 when none is set."""
    size = _value(run.find(qn("w:rPr")), "w:sz")
    return int(size) if size.isdecimal() else 0


def _body_size(body: Any) -> int:
    """Return the size in half points that most of the text is set in."""
    weights: Counter[int] = Counter()
    for run in body.iter(_W_R):
        weights[_size_of(run)] += sum(len(text.text or "") for text in run.iterchildren(_W_T))
    return weights.most_common(1)[0][0] if weights else 0


def _is_monospaced(paragraph: Any) -> bool:
    fonts = [font.get(qn("w:ascii")) or "" for font in paragraph.iter(qn("w:rFonts"))]
    runs = sum(1 for run in paragraph.iterchildren(_W_R) if run.find(_W_T) is not None)
    return bool(fonts) and len(fonts) >= runs and all(_CODE_FONT.search(font) for font in fonts)


def _value(properties: Any, name: str) -> str:
    found = properties.find(qn(name)) if properties is not None else None
    return (found.get(_W_VAL) or "") if found is not None else ""


def _list_of(properties: Any, style: _Style) -> tuple[str, int]:
    numbering = properties.find(qn("w:numPr")) if properties is not None else None
    if numbering is None:
        return style.list_id, 0
    list_id, depth = _value(numbering, "w:numId"), _value(numbering, "w:ilvl")
    return ("" if list_id == "0" else list_id or style.list_id), int(depth) if depth.isdecimal() else 0


def _styles(package: Any) -> dict[str, _Style]:
    """Return what matters of every paragraph style by its id, what it is based on included."""
    raw = {style.get(qn("w:styleId")) or "": style for style in package.styles.element.iter(qn("w:style"))}
    found: dict[str, _Style] = {}
    for style_id in raw:
        level, is_code, list_id, is_list = 0, False, "", False
        current, seen = style_id, set[str]()
        while current in raw and current not in seen:
            seen.add(current)
            style = raw[current]
            name = _value(style, "w:name")
            properties = style.find(qn("w:pPr"))
            outline = _value(properties, "w:outlineLvl")
            if not level:
                if (heading := _HEADING_NAME.match(name)) is not None:
                    level = int(heading.group(1))
                elif name.lower() == "title":
                    level = 1
                elif outline.isdecimal() and int(outline) < 6:
                    level = int(outline) + 1
            is_code = is_code or (_CODE_STYLE.search(name) is not None)
            is_list = is_list or name.lower().startswith(("list bullet", "list number"))
            list_id = list_id or _list_of(properties, _Style())[0]
            current = _value(style, "w:basedOn")
        found[style_id] = _Style(level=min(level, 6), is_code=is_code, list_id=list_id, is_list=is_list)
    return found


def _ordered_lists(package: Any) -> dict[tuple[str, int], bool]:
    """Tell for each list and depth whether its items are numbered rather than bulleted."""
    try:
        numbering = package.part.numbering_part.element
    except (KeyError, NotImplementedError):
        return {}
    kinds: dict[str, dict[int, bool]] = {}
    for abstract in numbering.iter(qn("w:abstractNum")):
        levels = {int(level.get(qn("w:ilvl")) or 0): _value(level, "w:numFmt") for level in abstract.iter(qn("w:lvl"))}
        kinds[abstract.get(qn("w:abstractNumId")) or ""] = {
            depth: form not in {"bullet", "none", ""} for depth, form in levels.items()
        }
    found = {}
    for number in numbering.iter(qn("w:num")):
        for depth, is_ordered in kinds.get(_value(number, "w:abstractNumId"), {}).items():
            found[number.get(qn("w:numId")) or "", depth] = is_ordered
    return found


def _footnotes(package: Any) -> dict[str, str]:
    """Return the text of each footnote by its id."""
    for relation in package.part.rels.values():
        if relation.reltype.endswith("/footnotes") and not relation.is_external:
            parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
            try:
                root = etree.fromstring(relation.target_part.blob, parser)
            except etree.XMLSyntaxError:
                return {}
            return {
                note.get(qn("w:id")) or "": clean(one_line("".join(t.text or "" for t in note.iter(_W_T))))
                for note in root.iter(qn("w:footnote"))
                if note.get(qn("w:type")) is None
            }
    return {}
