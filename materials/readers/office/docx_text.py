"""Read the text of a Word paragraph as Word shows it: insertions and field results, not deletions or hidden text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from materials.documents import LeftOutKind
from materials.readers.base.encodings import clean_text
from materials.readers.base.left_out import LeftOutCollector
from materials.readers.base.pieces import collapse_whitespace
from materials.readers.office.docx_fields import FieldTracker, find_link, is_hiding_field
from materials.readers.office.docx_paragraph import ParagraphText
from materials.readers.office.docx_parts import has_balanced_fields
from materials.readers.office.docx_runs import RunLook, parse_run_look
from materials.readers.office.docx_styles import PLAIN_STYLE, Style, Styles
from materials.readers.office.equations import format_equation
from materials.readers.office.numerals import format_roman
from materials.readers.office.ooxml import DGM, MC, A, C, M, R, W, select_alternate
from materials.readers.office.symbols import decode_symbol

_R, _RPR, _PPR, _T = f"{W}r", f"{W}rPr", f"{W}pPr", f"{W}t"
_DELETED, _FIELD_MARK, _FIELD_CODE = f"{W}delText", f"{W}fldChar", f"{W}instrText"
_NOTE_REFERENCES = {f"{W}footnoteReference", f"{W}endnoteReference"}
_ALTERNATE = f"{MC}AlternateContent"
_FIXED_TEXTS = {  # 17.3.3; a soft hyphen shows only at the end of a line
    f"{W}tab": "\t",
    f"{W}ptab": "\t",
    f"{W}br": "\n",
    f"{W}cr": "\n",
    f"{W}noBreakHyphen": "-",
    f"{W}softHyphen": "",
}
_V = "{urn:schemas-microsoft-com:vml}"
_O = "{urn:schemas-microsoft-com:office:office}"


@dataclass(frozen=True, kw_only=True)
class DocxNotes:
    """The elements of footnotes and endnotes by their ids."""

    footnotes: dict[str, Any] = field(default_factory=dict)
    endnotes: dict[str, Any] = field(default_factory=dict)


@dataclass
class ParagraphReader:
    """Read the paragraphs of a document, which must come in its order: fields and note numbers span paragraphs.

    `omissions` counts what deserves a warning: insertions, deletions, moves, comments, equations stored as pictures,
    embedded objects, charts of newer kinds; `left_out` has what is not part of the text. `fields` is disabled where
    the ends of fields are unreliable. `find_target` returns the target of a relationship (by its id) of a part of the
    document: `document`, `footnotes` or `endnotes`.
    """

    styles: Styles
    notes: DocxNotes
    fields: FieldTracker = field(default_factory=FieldTracker)
    omissions: Counter[str] = field(default_factory=Counter)
    left_out: LeftOutCollector = field(default_factory=LeftOutCollector)
    comments: Mapping[str, str] = field(default_factory=dict)
    find_target: Callable[[str, str], str] = lambda part, relation_id: ""
    _note_marks: dict[tuple[str, str], str] = field(default_factory=dict)
    _note_counts: Counter[str] = field(default_factory=Counter)
    _part: str = "document"

    def read(self, paragraph: Any, style: Style = PLAIN_STYLE) -> ParagraphText:
        """Return the text of a paragraph whose style is `style`."""
        words = ParagraphText()
        self._read_children(paragraph, words, style)
        words.close_script()
        for kind, text in words.left_out:
            if text.strip():
                self.left_out.add(kind, clean_text(text))
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
            # Smart tags and wrappers of newer versions: what is not known is transparent, so no text is lost.
            elif tag != _PPR and len(child):
                self._read_children(child, words, style)

    def _read_run(self, run: Any, words: ParagraphText, style: Style) -> None:
        look = parse_run_look(run, style, self.styles)
        parts: list[str] = []
        # The most frequent tags first: a long document has tens of thousands of runs.
        for part in run:
            tag = part.tag
            if tag == _T:
                parts.append(part.text or "")
            elif tag == _RPR:
                pass
            elif tag in _FIXED_TEXTS:
                parts.append(_FIXED_TEXTS[tag])
            elif tag == _FIELD_MARK:
                # What stands before the mark in the same run is shown or hidden by the field before it.
                self._add_run_text(parts, look, words)
                parts = [self.fields.follow(part)]
            elif tag == _FIELD_CODE:
                self.fields.add_code(part.text or "")
            elif tag in _NOTE_REFERENCES:
                self._add_run_text(parts, look, words)
                parts = []
                if look.hidden is not True and (mark := self._read_note_reference(part, words)):
                    self._add_run_text([f"[{mark}]"], look._replace(script=""), words)
            elif look.hidden is not True:
                self._read_run_child(part, parts, words, style)
        self._add_run_text(parts, look, words)

    def _add_run_text(self, parts: list[str], look: RunLook, words: ParagraphText) -> None:
        text = "".join(parts)
        if not text:
            return
        if look.hidden is True:
            words.note_left_out(LeftOutKind.HIDDEN_TEXT, text)
            return
        if self.fields.is_inside:
            if self.fields.hides_contents:
                words.note_left_out(LeftOutKind.CONTENTS, text)
                return
            if self.fields.hides_text:
                self.fields.add_hidden_text(text)
                return
            if link := self.fields.link:
                words.links.append(link)
        words.add(text, is_emphasised=look.bold is True or look.italic is True, script=look.script)
        if text.strip():
            words.smallest_size = min(words.smallest_size, look.size) if words.has_runs else look.size
            words.has_runs = True
            words.all_bold = words.all_bold and look.bold is True
            words.all_monospaced = words.all_monospaced and look.is_monospaced

    @property
    def _hides(self) -> bool:
        return self.fields.hides_contents or self.fields.hides_text

    def _read_run_child(self, part: Any, parts: list[str], words: ParagraphText, style: Style) -> None:
        """Read a child of a run that is neither plain text nor formatting."""
        tag = part.tag
        name = tag.rpartition("}")[2]
        if name == "sym":
            parts.append(decode_symbol(part.get(f"{W}char") or "", part.get(f"{W}font") or ""))
        elif name == "commentReference":
            self.omissions["comments"] += 1
            self.left_out.add(LeftOutKind.COMMENT, self.comments.get(part.get(f"{W}id") or "", ""))
        elif name == "ruby":  # 17.3.3: the phonetic guide above the base text would double each word
            for base in part.iterchildren(f"{W}rubyBase"):
                inner = ParagraphText()
                self._read_children(base, inner, style)
                parts.append(inner.text)
            guide = "".join(text.text or "" for text in part.iterfind(f"{W}rt//{_T}"))
            words.left_out.append((LeftOutKind.REPETITION, guide))
        elif tag == _ALTERNATE:
            if (form := select_alternate(part)) is not None:
                for inside in form:
                    self._read_run_child(inside, parts, words, style)
        elif name in {"drawing", "pict", "object"} and not self._hides:
            self._read_drawing(part, words)

    def _read_note_reference(self, part: Any, words: ParagraphText) -> str:
        """Return the mark of a note and attach its text to the first paragraph that refers to it."""
        # A hostile note may refer to itself.
        if self._part != "document" or self._hides:
            return ""
        is_footnote = part.tag == f"{W}footnoteReference"
        notes, kind = (self.notes.footnotes, "foot") if is_footnote else (self.notes.endnotes, "end")
        note = notes.get(part.get(f"{W}id") or "")
        if note is None:
            return ""
        key = kind, part.get(f"{W}id") or ""
        if key not in self._note_marks:
            text, links = self._read_note(note, f"{kind}notes")
            self._note_counts[kind] += bool(text)
            # Numbered here, because the ids in the file are not the numbers that Word shows.
            place = self._note_counts[kind]
            self._note_marks[key] = "" if not text else str(place) if kind == "foot" else format_roman(place)
            if text:
                words.attachments.append(("note", (self._note_marks[key], text, links)))
        return self._note_marks[key]

    def _read_note(self, note: Any, part: str) -> tuple[str, list[str]]:
        """Return the text of a note on one line, and its links."""
        around = self.fields
        self._part, self.fields = part, FieldTracker(is_enabled=has_balanced_fields(note))
        try:
            found = [self.read(paragraph) for paragraph in note.iter(f"{W}p")]
        finally:
            self._part, self.fields = "document", around
        text = collapse_whitespace(" ".join(words.text for words in found))
        return text, [link for words in found for link in words.links]

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
                self.left_out.add(LeftOutKind.EMBEDDED_OBJECT, "Chart of a newer kind")
            elif tag == f"{DGM}relIds":
                words.attachments.append(("diagram", child.get(f"{R}dm")))
            elif tag == f"{_O}OLEObject":
                is_equation = (child.get("ProgID") or "").startswith("Equation")
                self.omissions["equations" if is_equation else "objects"] += 1
                self.left_out.add(LeftOutKind.EMBEDDED_OBJECT, child.get("ProgID") or "")
            else:
                if tag == f"{_V}shape" or tag.endswith("}docPr"):
                    words.attachments.append(("picture", child.get("descr") or child.get("alt") or ""))
                    for link in child.iterfind(f"{A}hlinkClick"):
                        words.links.append(self.find_target(self._part, link.get(f"{R}id") or ""))
                if len(child) and not tag.startswith(A + "blip"):
                    self._read_drawing(child, words)

    def _count_deletion(self, element: Any, words: ParagraphText, style: Style) -> None:
        self.omissions["deletions"] += 1
        self.left_out.add(LeftOutKind.DELETED_REVISION, "".join(each.text or "" for each in element.iter(_DELETED)))

    def _count_move(self, element: Any, words: ParagraphText, style: Style) -> None:
        self.omissions["moves"] += 1
        self.left_out.add(LeftOutKind.REPETITION, "".join(each.text or "" for each in element.iter(_T)))

    def _read_insertion(self, element: Any, words: ParagraphText, style: Style) -> None:
        self.omissions["insertions"] += 1
        self._read_children(element, words, style)

    def _read_equation(self, element: Any, words: ParagraphText, style: Style) -> None:
        if not self._hides and (text := format_equation(element)):
            words.add(text)

    def _read_simple_field(self, element: Any, words: ParagraphText, style: Style) -> None:
        code = element.get(f"{W}instr") or ""
        if is_hiding_field(code):
            text = "".join(each.text or "" for each in element.iter(_T))
            words.note_left_out(LeftOutKind.CONTENTS, text)
            return
        self._read_children(element, words, style)
        if link := find_link(code):
            words.links.append(link)

    def _read_hyperlink(self, element: Any, words: ParagraphText, style: Style) -> None:
        before = len(words.parts)
        self._read_children(element, words, style)
        target = self.find_target(self._part, element.get(f"{R}id") or "")
        if target and len(words.parts) > before:
            anchor = element.get(f"{W}anchor")
            words.links.append(f"{target}#{anchor}" if anchor else target)

    def _read_content_control(self, element: Any, words: ParagraphText, style: Style) -> None:
        if is_placeholder(element):
            words.left_out.append((LeftOutKind.PLACEHOLDER, "".join(each.text or "" for each in element.iter(_T))))
            return
        for content in element.iterchildren(f"{W}sdtContent"):
            self._read_children(content, words, style)


def is_placeholder(control: Any) -> bool:
    """Tell whether a content control shows only its prompt, such as `Click here to enter text.`"""
    return control.find(f"{W}sdtPr/{W}showingPlcHdr") is not None


_CHILD_READERS: dict[str, Callable[[ParagraphReader, Any, ParagraphText, Style], None]] = {
    f"{W}del": ParagraphReader._count_deletion,
    f"{W}moveFrom": ParagraphReader._count_move,
    f"{W}ins": ParagraphReader._read_insertion,
    f"{W}sdt": ParagraphReader._read_content_control,
    f"{W}hyperlink": ParagraphReader._read_hyperlink,
    f"{W}fldSimple": ParagraphReader._read_simple_field,
    f"{M}oMath": ParagraphReader._read_equation,
    f"{M}oMathPara": ParagraphReader._read_equation,
}
