"""Read the text of a Word paragraph as Word shows it: insertions and field results, not deletions or hidden text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from materials.readers.base.encodings import clean_text
from materials.readers.base.pieces import collapse_whitespace
from materials.readers.office.docx_styles import CODE_FONT, PLAIN_STYLE, Style, Styles, parse_bounded_int
from materials.readers.office.equations import format_equation
from materials.readers.office.numerals import format_roman
from materials.readers.office.ooxml import DGM, MC, A, C, M, R, W, select_alternate
from materials.readers.office.symbols import decode_symbol, replace_symbols

_ON = {None, "1", "true", "on"}
_VAL = f"{W}val"
_R, _RPR, _PPR, _T = f"{W}r", f"{W}rPr", f"{W}pPr", f"{W}t"
_B, _I, _VANISH, _RSTYLE, _RFONTS, _SZ = f"{W}b", f"{W}i", f"{W}vanish", f"{W}rStyle", f"{W}rFonts", f"{W}sz"
_ASCII = f"{W}ascii"
_ALTERNATE = f"{MC}AlternateContent"
_FIXED_TEXTS = {  # 17.3.3; a soft hyphen shows only at the end of a line
    f"{W}tab": "\t",
    f"{W}ptab": "\t",
    f"{W}br": "\n",
    f"{W}cr": "\n",
    f"{W}noBreakHyphen": "-",
    f"{W}softHyphen": "",
}
# Fields (17.16.5) whose result repeats other text (tables of contents and of authorities, the index) or is none (RD).
_HIDING_FIELDS = {"TOC", "INDEX", "TOA", "RD"}
_V = "{urn:schemas-microsoft-com:vml}"
_O = "{urn:schemas-microsoft-com:office:office}"


@dataclass(kw_only=True)
class ParagraphText:
    """The text of a paragraph and its attachments, both in order.

    An attachment is a pair of a kind and its data: `note` (its mark and its text), `box` (the element), `chart` and
    `diagram` (the id of the relationship), `picture` (its alternative text). `all_bold`, `all_monospaced` and
    `smallest_size` (in half points) summarise the runs that have text; `has_runs` says whether there are any.
    """

    parts: list[str] = field(default_factory=list)
    emphasised: list[str] = field(default_factory=list)
    attachments: list[tuple[str, Any]] = field(default_factory=list)
    all_bold: bool = True
    all_monospaced: bool = True
    smallest_size: int = 0
    has_runs: bool = False

    @property
    def text(self) -> str:
        """Return the text without control characters and with the characters of symbol fonts made readable."""
        text = "".join(self.parts)
        return text if text.isprintable() else replace_symbols(clean_text(text))


@dataclass(frozen=True, kw_only=True)
class DocxNotes:
    """The elements of footnotes and endnotes by their ids."""

    footnotes: dict[str, Any] = field(default_factory=dict)
    endnotes: dict[str, Any] = field(default_factory=dict)


@dataclass
class ParagraphReader:
    """Read the paragraphs of a document, which must come in its order: fields and note numbers span paragraphs.

    `omissions` counts what was left out or deserves a warning: insertions, deletions, moves, comments, equations stored
    as pictures, embedded objects, charts of newer kinds. `follows_fields` is False where the ends of fields are
    unreliable; then no complex field hides its result.
    """

    styles: Styles
    notes: DocxNotes
    follows_fields: bool = True
    omissions: Counter[str] = field(default_factory=Counter)
    # The open complex fields, outermost first: the code of each, and whether its result is hidden.
    _fields: list[list[str]] = field(default_factory=list)
    _hiding_depth: int = 0
    _note_marks: dict[tuple[str, str], str] = field(default_factory=dict)
    _note_counts: Counter[str] = field(default_factory=Counter)
    _in_note: bool = False
    _emphasis_is_open: bool = False

    def read(self, paragraph: Any, style: Style = PLAIN_STYLE) -> ParagraphText:
        """Return the text of a paragraph whose style is `style`."""
        words = ParagraphText()
        self._emphasis_is_open = False
        self._read_children(paragraph, words, style)
        return words

    def _read_children(self, element: Any, words: ParagraphText, style: Style) -> None:
        for child in element:
            tag = child.tag
            if tag == _R:
                self._read_run(child, words, style)
            elif tag == _ALTERNATE:
                if (form := select_alternate(child)) is not None:
                    self._read_children(form, words, style)
            elif tag in _CHILD_READERS:
                _CHILD_READERS[tag](self, child, words, style)
            # Hyperlinks, smart tags and wrappers of newer versions: what is not known is transparent, so no text is
            # lost.
            elif tag != _PPR and len(child):
                self._read_children(child, words, style)

    def _read_run(self, run: Any, words: ParagraphText, style: Style) -> None:
        bold, italic, hidden, monospaced, size = style.bold, style.italic, style.hidden, style.is_monospaced, style.size
        parts: list[str] = []
        # One pass with the most frequent tags first: a long document has tens of thousands of runs.
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
                        size = parse_bounded_int(mark.get(_VAL)) or size
                    elif name == _RFONTS:
                        if (font := mark.get(_ASCII)) is not None:
                            monospaced = CODE_FONT.search(font) is not None
                    elif name == _VANISH:
                        hidden = mark.get(_VAL) in _ON
                    elif name == _RSTYLE:
                        character = self.styles.get_character_style(mark.get(_VAL))
                        bold = character.bold if bold is None or character.bold else bold
                        italic = character.italic if italic is None or character.italic else italic
                        hidden = character.hidden if hidden is None else hidden
                        size, monospaced = character.size or size, character.is_monospaced or monospaced
            elif tag in _FIXED_TEXTS:
                parts.append(_FIXED_TEXTS[tag])
            elif hidden is not True:
                self._read_run_child(part, parts, words, style)
        if hidden is True or self._hiding_depth or not parts:
            return
        text = "".join(parts)
        words.parts.append(text)
        if not text.strip():
            return
        words.smallest_size = min(words.smallest_size, size) if words.has_runs else size
        words.has_runs = True
        words.all_bold = words.all_bold and bold is True
        words.all_monospaced = words.all_monospaced and monospaced
        # Word splits a word into runs at spelling marks and edits: adjacent emphasised runs are one term.
        if bold is True or italic is True:
            if self._emphasis_is_open and words.emphasised:
                words.emphasised[-1] += text
            else:
                words.emphasised.append(text)
            self._emphasis_is_open = True
        else:
            self._emphasis_is_open = False

    def _read_run_child(self, part: Any, parts: list[str], words: ParagraphText, style: Style) -> None:
        """Read a child of a run that is neither plain text nor formatting."""
        tag = part.tag
        name = tag.rpartition("}")[2]
        if name == "sym":
            parts.append(decode_symbol(part.get(f"{W}char") or "", part.get(f"{W}font") or ""))
        elif name in {"footnoteReference", "endnoteReference"}:
            if not self._in_note and not self._hiding_depth and (mark := self._read_note_reference(part, name, words)):
                parts.append(f"[{mark}]")
        elif name == "fldChar":
            self._track_field(part.get(f"{W}fldCharType") or "")
        elif name == "instrText":
            if self._fields:
                self._fields[-1][0] += part.text or ""
        elif name == "commentReference":
            self.omissions["comments"] += 1
        elif name == "ruby":  # 17.3.3: the phonetic guide above the base text would double each word
            for base in part.iterchildren(f"{W}rubyBase"):
                inner = ParagraphText()
                self._read_children(base, inner, style)
                parts.extend(inner.parts)
        elif tag == _ALTERNATE:
            if (form := select_alternate(part)) is not None:
                for inside in form:
                    self._read_run_child(inside, parts, words, style)
        elif name in {"drawing", "pict", "object"} and not self._hiding_depth:
            self._read_drawing(part, words)

    def _read_note_reference(self, part: Any, name: str, words: ParagraphText) -> str:
        """Return the mark of a note and attach its text to the first paragraph that refers to it."""
        notes, kind = (self.notes.footnotes, "foot") if name == "footnoteReference" else (self.notes.endnotes, "end")
        note = notes.get(part.get(f"{W}id") or "")
        if note is None:
            return ""
        key = kind, part.get(f"{W}id") or ""
        if key not in self._note_marks:
            text = self.read_note_text(note)
            self._note_counts[kind] += bool(text)
            # Numbered here, because the ids in the file are not the numbers that Word shows.
            place = self._note_counts[kind]
            self._note_marks[key] = "" if not text else str(place) if kind == "foot" else format_roman(place)
            if text:
                words.attachments.append(("note", (self._note_marks[key], text)))
        return self._note_marks[key]

    def read_note_text(self, note: Any) -> str:
        """Return the text of a note on one line."""
        self._in_note = True  # a hostile note may refer to itself
        is_open = self._emphasis_is_open
        try:
            return collapse_whitespace(" ".join(self.read(paragraph).text for paragraph in note.iter(f"{W}p")))
        finally:
            self._in_note, self._emphasis_is_open = False, is_open

    def _track_field(self, kind: str) -> None:
        """Follow a complex field (17.16): its code is between `begin` and `separate`, its result up to `end`."""
        if not self.follows_fields:
            return
        if kind == "begin":
            self._fields.append(["", ""])
        elif kind == "separate" and self._fields:
            if _is_hiding_field(self._fields[-1][0]):
                self._fields[-1][1] = "hides"
                self._hiding_depth += 1
        elif kind == "end" and self._fields and self._fields.pop()[1]:
            self._hiding_depth -= 1

    def _read_drawing(self, element: Any, words: ParagraphText) -> None:
        """Attach the text boxes, charts, diagrams and alternative texts of a drawing to the paragraph."""
        for child in element:
            tag = child.tag
            if tag == _ALTERNATE:
                if (form := select_alternate(child)) is not None:
                    self._read_drawing(form, words)
            elif tag == f"{W}txbxContent":
                words.attachments.append(("box", child))
            elif tag == f"{C}chart":
                words.attachments.append(("chart", child.get(f"{R}id")))
            elif tag.endswith("}chart"):  # chartex of Office 2016: a schema of its own, which is not read
                self.omissions["charts"] += 1
            elif tag == f"{DGM}relIds":
                words.attachments.append(("diagram", child.get(f"{R}dm")))
            elif tag == f"{_O}OLEObject":
                is_equation = (child.get("ProgID") or "").startswith("Equation")
                self.omissions["equations" if is_equation else "objects"] += 1
            else:
                if tag == f"{_V}shape" or tag.endswith("}docPr"):
                    words.attachments.append(("picture", child.get("descr") or child.get("alt") or ""))
                if len(child) and not tag.startswith(A + "blip"):
                    self._read_drawing(child, words)

    def _count_deletion(self, element: Any, words: ParagraphText, style: Style) -> None:
        self.omissions["deletions"] += 1

    def _count_move(self, element: Any, words: ParagraphText, style: Style) -> None:
        self.omissions["moves"] += 1

    def _read_insertion(self, element: Any, words: ParagraphText, style: Style) -> None:
        self.omissions["insertions"] += 1
        self._read_children(element, words, style)

    def _read_equation(self, element: Any, words: ParagraphText, style: Style) -> None:
        if not self._hiding_depth and (text := format_equation(element)):
            words.parts.append(text)

    def _read_simple_field(self, element: Any, words: ParagraphText, style: Style) -> None:
        if not _is_hiding_field(element.get(f"{W}instr") or ""):
            self._read_children(element, words, style)

    def _read_content_control(self, element: Any, words: ParagraphText, style: Style) -> None:
        if not is_placeholder(element):
            for content in element.iterchildren(f"{W}sdtContent"):
                self._read_children(content, words, style)


def is_placeholder(control: Any) -> bool:
    """Tell whether a content control shows only its prompt, such as `Click here to enter text.`"""
    return control.find(f"{W}sdtPr/{W}showingPlcHdr") is not None


def _is_hiding_field(code: str) -> bool:
    return code.split(maxsplit=1)[:1] != [] and code.split(maxsplit=1)[0].upper() in _HIDING_FIELDS


_CHILD_READERS: dict[str, Callable[[ParagraphReader, Any, ParagraphText, Style], None]] = {
    f"{W}del": ParagraphReader._count_deletion,
    f"{W}moveFrom": ParagraphReader._count_move,
    f"{W}ins": ParagraphReader._read_insertion,
    f"{W}sdt": ParagraphReader._read_content_control,
    f"{W}fldSimple": ParagraphReader._read_simple_field,
    f"{M}oMath": ParagraphReader._read_equation,
    f"{M}oMathPara": ParagraphReader._read_equation,
}
