"""The words of a Word paragraph as its reader sees them: insertions and field results, not deletions or hidden text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from materials.readers.base.encodings import clean
from materials.readers.base.pieces import one_line
from materials.readers.office.docx_styles import CODE_FONT, PLAIN, Style, Styles, number
from materials.readers.office.equations import formula
from materials.readers.office.numerals import roman
from materials.readers.office.ooxml import DGM, MC, A, C, M, R, W, choice
from materials.readers.office.symbols import plain, symbol

_ON = {None, "1", "true", "on"}
_VAL = f"{W}val"
_R, _RPR, _PPR, _T = f"{W}r", f"{W}rPr", f"{W}pPr", f"{W}t"
_B, _I, _VANISH, _RSTYLE, _RFONTS, _SZ = f"{W}b", f"{W}i", f"{W}vanish", f"{W}rStyle", f"{W}rFonts", f"{W}sz"
_ASCII = f"{W}ascii"
_ALTERNATE = f"{MC}AlternateContent"
_FIXED = {
    f"{W}tab": "\t",
    f"{W}ptab": "\t",
    f"{W}br": "\n",
    f"{W}cr": "\n",
    f"{W}noBreakHyphen": "-",
    f"{W}softHyphen": "",
}
_HIDING_FIELDS = {"TOC", "INDEX", "TOA", "RD"}
_V = "{urn:schemas-microsoft-com:vml}"
_O = "{urn:schemas-microsoft-com:office:office}"


@dataclass(kw_only=True)
class Words:
    """What a paragraph says, and what hangs on it, in order.

    Those are pairs of a kind and what belongs to it: `note` (its mark and its text), `box` (the element), `chart` and
    `diagram` (the relation's id), `picture` (what its author says that it shows). `all_bold`, `all_monospaced` and
    `smallest` (in half points) speak of the runs that have text.
    """

    parts: list[str] = field(default_factory=list)
    emphasised: list[str] = field(default_factory=list)
    hanging: list[tuple[str, Any]] = field(default_factory=list)
    all_bold: bool = True
    all_monospaced: bool = True
    smallest: int = 0
    has_runs: bool = False

    @property
    def text(self) -> str:
        """The words themselves."""
        text = "".join(self.parts)
        return text if text.isprintable() else plain(clean(text))


@dataclass(frozen=True, kw_only=True)
class Notes:
    """The elements of footnotes and endnotes by their ids."""

    foot: dict[str, Any] = field(default_factory=dict)
    end: dict[str, Any] = field(default_factory=dict)


@dataclass
class TextReader:
    """Reads paragraphs in their order; fields may begin in one and end in another.

    `found` counts what was left out or needs to be told: insertions, deletions, comments, equations stored as pictures,
    embedded objects.
    """

    styles: Styles
    notes: Notes
    follows_fields: bool = True
    found: Counter[str] = field(default_factory=Counter)
    _fields: list[list[str]] = field(default_factory=list)
    _hiding: int = 0
    _marks: dict[tuple[str, str], str] = field(default_factory=dict)
    _counts: Counter[str] = field(default_factory=Counter)
    _in_note: bool = False
    _emphasis_is_open: bool = False

    def read(self, paragraph: Any, style: Style = PLAIN) -> Words:
        """Return the words of a paragraph in a style."""
        words = Words()
        self._emphasis_is_open = False
        self._walk(paragraph, words, style)
        return words

    def _walk(self, element: Any, words: Words, style: Style) -> None:
        for child in element:
            tag = child.tag
            if tag == _R:
                self._run(child, words, style)
            elif tag == _ALTERNATE:
                if (form := choice(child)) is not None:
                    self._walk(form, words, style)
            elif tag in _SPECIAL:
                _SPECIAL[tag](self, child, words, style)
            elif tag != _PPR and len(child):
                self._walk(child, words, style)

    def _run(self, run: Any, words: Words, style: Style) -> None:
        bold, italic, hidden, monospaced, size = style.bold, style.italic, style.hidden, style.is_monospaced, style.size
        parts: list[str] = []
        for part in run:
            tag = part.tag
            if tag == _T:
                parts.append(part.text or "")
            elif tag == _RPR:
                for mark in part:
                    name = mark.tag
                    if name == _B:
                        bold = mark.get(_VAL) in _ON
                    elif name == _I:
                        italic = mark.get(_VAL) in _ON
                    elif name == _SZ:
                        size = number(mark.get(_VAL)) or size
                    elif name == _RFONTS:
                        if (font := mark.get(_ASCII)) is not None:
                            monospaced = CODE_FONT.search(font) is not None
                    elif name == _VANISH:
                        hidden = mark.get(_VAL) in _ON
                    elif name == _RSTYLE:
                        character = self.styles.character(mark.get(_VAL))
                        bold = character.bold if bold is None or character.bold else bold
                        italic = character.italic if italic is None or character.italic else italic
                        hidden = character.hidden if hidden is None else hidden
                        size, monospaced = character.size or size, character.is_monospaced or monospaced
            elif tag in _FIXED:
                parts.append(_FIXED[tag])
            elif hidden is not True:
                self._rare(part, parts, words, style)
        if hidden is True or self._hiding or not parts:
            return
        text = "".join(parts)
        words.parts.append(text)
        if not text.strip():
            return
        words.smallest = min(words.smallest, size) if words.has_runs else size
        words.has_runs = True
        words.all_bold = words.all_bold and bold is True
        words.all_monospaced = words.all_monospaced and monospaced
        if bold is True or italic is True:
            if self._emphasis_is_open and words.emphasised:
                words.emphasised[-1] += text
            else:
                words.emphasised.append(text)
            self._emphasis_is_open = True
        else:
            self._emphasis_is_open = False

    def _rare(self, part: Any, parts: list[str], words: Words, style: Style) -> None:
        """Read what few runs hold."""
        tag = part.tag
        name = tag.rpartition("}")[2]
        if name == "sym":
            parts.append(symbol(part.get(f"{W}char") or "", part.get(f"{W}font") or ""))
        elif name in {"footnoteReference", "endnoteReference"}:
            if not self._in_note and not self._hiding and (mark := self._note(part, name, words)):
                parts.append(f"[{mark}]")
        elif name == "fldChar":
            self._field(part.get(f"{W}fldCharType") or "")
        elif name == "instrText":
            if self._fields:
                self._fields[-1][0] += part.text or ""
        elif name == "commentReference":
            self.found["comments"] += 1
        elif name == "ruby":
            for base in part.iterchildren(f"{W}rubyBase"):
                inner = Words()
                self._walk(base, inner, style)
                parts.extend(inner.parts)
        elif tag == _ALTERNATE:
            if (form := choice(part)) is not None:
                for inside in form:
                    self._rare(inside, parts, words, style)
        elif name in {"drawing", "pict", "object"} and not self._hiding:
            self._picture(part, words)

    def _note(self, part: Any, name: str, words: Words) -> str:
        """Return the mark of a note; where it is first pointed at, what it says hangs on the paragraph."""
        notes, kind = (self.notes.foot, "foot") if name == "footnoteReference" else (self.notes.end, "end")
        note = notes.get(part.get(f"{W}id") or "")
        if note is None:
            return ""
        key = kind, part.get(f"{W}id") or ""
        if key not in self._marks:
            text = self.note_text(note)
            self._counts[kind] += bool(text)
            place = self._counts[kind]
            self._marks[key] = "" if not text else str(place) if kind == "foot" else roman(place)
            if text:
                words.hanging.append(("note", (self._marks[key], text)))
        return self._marks[key]

    def note_text(self, note: Any) -> str:
        """Return what a note says, on one line."""
        self._in_note = True
        is_open = self._emphasis_is_open
        try:
            return one_line(" ".join(self.read(paragraph).text for paragraph in note.iter(f"{W}p")))
        finally:
            self._in_note, self._emphasis_is_open = False, is_open

    def _field(self, kind: str) -> None:
        """Follow a field: between `begin` and `separate` stands its code, then until `end` its result."""
        if not self.follows_fields:
            return
        if kind == "begin":
            self._fields.append(["", ""])
        elif kind == "separate" and self._fields:
            if _hides(self._fields[-1][0]):
                self._fields[-1][1] = "hides"
                self._hiding += 1
        elif kind == "end" and self._fields and self._fields.pop()[1]:
            self._hiding -= 1

    def _picture(self, element: Any, words: Words) -> None:
        """Take the text boxes, charts and diagrams of a drawing, and what its author says that a picture shows."""
        for child in element:
            tag = child.tag
            if tag == _ALTERNATE:
                if (form := choice(child)) is not None:
                    self._picture(form, words)
            elif tag == f"{W}txbxContent":
                words.hanging.append(("box", child))
            elif tag == f"{C}chart":
                words.hanging.append(("chart", child.get(f"{R}id")))
            elif tag.endswith("}chart"):
                self.found["charts"] += 1
            elif tag == f"{DGM}relIds":
                words.hanging.append(("diagram", child.get(f"{R}dm")))
            elif tag == f"{_O}OLEObject":
                is_equation = (child.get("ProgID") or "").startswith("Equation")
                self.found["equations" if is_equation else "objects"] += 1
            else:
                if tag == f"{_V}shape" or tag.endswith("}docPr"):
                    words.hanging.append(("picture", child.get("descr") or child.get("alt") or ""))
                if len(child) and not tag.startswith(A + "blip"):
                    self._picture(child, words)

    def _deleted(self, element: Any, words: Words, style: Style) -> None:
        self.found["deletions"] += 1

    def _moved_away(self, element: Any, words: Words, style: Style) -> None:
        self.found["moves"] += 1

    def _inserted(self, element: Any, words: Words, style: Style) -> None:
        self.found["insertions"] += 1
        self._walk(element, words, style)

    def _equation(self, element: Any, words: Words, style: Style) -> None:
        if not self._hiding and (text := formula(element)):
            words.parts.append(text)

    def _simple_field(self, element: Any, words: Words, style: Style) -> None:
        if not _hides(element.get(f"{W}instr") or ""):
            self._walk(element, words, style)

    def _control(self, element: Any, words: Words, style: Style) -> None:
        if not is_placeholder(element):
            for content in element.iterchildren(f"{W}sdtContent"):
                self._walk(content, words, style)


def is_placeholder(control: Any) -> bool:
    """Tell whether a content control only shows its prompt, such as `Click here to enter text.`"""
    return control.find(f"{W}sdtPr/{W}showingPlcHdr") is not None


def _hides(code: str) -> bool:
    return code.split(maxsplit=1)[:1] != [] and code.split(maxsplit=1)[0].upper() in _HIDING_FIELDS


_SPECIAL: dict[str, Callable[[TextReader, Any, Words, Style], None]] = {
    f"{W}del": TextReader._deleted,
    f"{W}moveFrom": TextReader._moved_away,
    f"{W}ins": TextReader._inserted,
    f"{W}sdt": TextReader._control,
    f"{W}fldSimple": TextReader._simple_field,
    f"{M}oMath": TextReader._equation,
    f"{M}oMathPara": TextReader._equation,
}
