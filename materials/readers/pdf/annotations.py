"""Read what stands on a page of a PDF but is not part of its content: values of form fields, typed-on text, comments.

What a reader of the page sees as its text, the values of fields and text that was typed onto it, becomes lines of it.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pypdfium2.raw as raw

from materials.documents import LeftOutKind
from materials.readers.base.encodings import clean_text
from materials.readers.pdf.lines import Line, TableLine
from materials.readers.pdf.text_page import TextPage

# Annotations of a page and characters of a value: no form has so many, and each costs calls of PDFium.
_MAX_ANNOTATIONS = 5_000
_MAX_LENGTH = 100_000
# Lines of values and typed-on text that are placed among those of their page. Forms have some hundred; each is compared
# with all before it, and more are put behind them.
_MAX_PLACED_LINES = 1_000
# Flags of an annotation that is not shown (PDF 32000-1, table 165).
_HIDDEN, _NO_VIEW = 1 << 1, 1 << 5
# Points: the type size that is assumed in a field that is higher than one line.
_USUAL_SIZE = 12.0
# Height of a line by its type size.
_LINE_HEIGHT = 1.2
# Width of a character by the type size, in the mean of Latin text.
_CHARACTER_WIDTH = 0.5
_CHECKED = "☑"
# Annotations that people make to say something about a page; others are links, media and marks of the printer.
_COMMENT_SUBTYPES = frozenset(
    {
        raw.FPDF_ANNOT_TEXT, raw.FPDF_ANNOT_LINE, raw.FPDF_ANNOT_SQUARE, raw.FPDF_ANNOT_CIRCLE, raw.FPDF_ANNOT_POLYGON,
        raw.FPDF_ANNOT_POLYLINE, raw.FPDF_ANNOT_HIGHLIGHT, raw.FPDF_ANNOT_UNDERLINE, raw.FPDF_ANNOT_SQUIGGLY,
        raw.FPDF_ANNOT_STRIKEOUT, raw.FPDF_ANNOT_STAMP, raw.FPDF_ANNOT_CARET, raw.FPDF_ANNOT_INK,
    }
)  # fmt: skip
_VALUE_TYPES = frozenset({raw.FPDF_FORMFIELD_TEXTFIELD, raw.FPDF_FORMFIELD_COMBOBOX, raw.FPDF_FORMFIELD_LISTBOX})
_BUTTON_TYPES = frozenset({raw.FPDF_FORMFIELD_CHECKBOX, raw.FPDF_FORMFIELD_RADIOBUTTON})


@dataclass
class Annotations:
    """What the annotations of a page say: lines that belong to its text, and what is left out, by kind."""

    lines: list[Line] = field(default_factory=list)
    left_out: list[tuple[LeftOutKind, str]] = field(default_factory=list)


def read_annotations(handle: raw.FPDF_PAGE, page: TextPage, form: raw.FPDF_FORMHANDLE | None) -> Annotations:
    """Return what the annotations of a page say; `form` is that of the document, None where it has none."""
    found = Annotations()
    count = raw.FPDFPage_GetAnnotCount(handle)
    for number in range(min(_MAX_ANNOTATIONS, count) if count > 0 else 0):
        annotation = raw.FPDFPage_GetAnnot(handle, number)
        if annotation:
            try:
                _read_annotation(annotation, page, form, found)
            finally:
                raw.FPDFPage_CloseAnnot(annotation)
    return found


def _read_annotation(
    annotation: raw.FPDF_ANNOTATION, page: TextPage, form: raw.FPDF_FORMHANDLE | None, found: Annotations
) -> None:
    subtype = raw.FPDFAnnot_GetSubtype(annotation)
    if subtype == raw.FPDF_ANNOT_WIDGET and form is not None:
        _read_field(annotation, page, form, found)
    elif subtype == raw.FPDF_ANNOT_FREETEXT:
        text = _get_string(raw.FPDFAnnot_GetStringValue, annotation, b"Contents")
        if text and _is_hidden(annotation):
            found.left_out.append((LeftOutKind.HIDDEN_TEXT, text))
        elif text:
            found.lines += _build_lines(annotation, page, text)
    elif subtype == raw.FPDF_ANNOT_FILEATTACHMENT:
        file = raw.FPDFAnnot_GetFileAttachment(annotation)
        found.left_out.append((LeftOutKind.ATTACHMENT, _get_string(raw.FPDFAttachment_GetName, file) if file else ""))
    elif subtype in _COMMENT_SUBTYPES and (text := _get_string(raw.FPDFAnnot_GetStringValue, annotation, b"Contents")):
        found.left_out.append((LeftOutKind.COMMENT, text))


def _read_field(widget: raw.FPDF_ANNOTATION, page: TextPage, form: raw.FPDF_FORMHANDLE, found: Annotations) -> None:
    """Read a field where it is shown: its value, or a mark where it is checked."""
    kind = raw.FPDFAnnot_GetFormFieldType(form, widget)
    if kind in _BUTTON_TYPES:
        text = _CHECKED if raw.FPDFAnnot_IsChecked(form, widget) else ""
    elif kind in _VALUE_TYPES:
        text = _read_value(widget, form)
    else:
        return
    if not text:
        return
    if _is_hidden(widget):
        found.left_out.append((LeftOutKind.FORM_FIELD, text))
    elif kind == raw.FPDF_FORMFIELD_TEXTFIELD and (
        raw.FPDFAnnot_GetFormFieldFlags(form, widget) & raw.FPDF_FORMFLAG_TEXT_PASSWORD
    ):
        found.left_out.append((LeftOutKind.FORM_FIELD, ""))  # shown as dots
    else:
        found.lines += _build_lines(widget, page, text)


def _read_value(widget: raw.FPDF_ANNOTATION, form: raw.FPDF_FORMHANDLE) -> str:
    """Return the value of a field, or the labels of the options that are selected."""
    options = range(min(_MAX_ANNOTATIONS, max(0, raw.FPDFAnnot_GetOptionCount(form, widget))))
    selected = [
        _get_string(raw.FPDFAnnot_GetOptionLabel, form, widget, number)
        for number in options
        if raw.FPDFAnnot_IsOptionSelected(form, widget, number)
    ]
    return "\n".join(filter(None, selected)) or _get_string(raw.FPDFAnnot_GetFormFieldValue, form, widget)


def _is_hidden(annotation: raw.FPDF_ANNOTATION) -> bool:
    return bool(raw.FPDFAnnot_GetFlags(annotation) & (_HIDDEN | _NO_VIEW))


def _build_lines(annotation: raw.FPDF_ANNOTATION, page: TextPage, text: str) -> Iterator[Line]:
    """Yield the lines of a text in the box of its annotation, evenly spread from the top.

    They have no characters of the page: `start` and `end` are 0.
    """
    box = raw.FS_RECTF()
    raw.FPDFAnnot_GetRect(annotation, ctypes.byref(box))
    left, right, top, bottom = page.convert_box(
        min(box.left, box.right), max(box.top, box.bottom), max(box.left, box.right), min(box.top, box.bottom)
    )
    texts = [words for given in text.splitlines() if (words := given.strip())]
    height = (bottom - top) / max(1, len(texts))
    if len(texts) > 1:
        height = min(height, _LINE_HEIGHT * _USUAL_SIZE)
    size = round(min(_USUAL_SIZE, max(1.0, height) / _LINE_HEIGHT), 1)
    for number, words in enumerate(texts):
        end = min(right, left + _CHARACTER_WIDTH * size * len(words))
        yield Line(words, size, top + number * height, top + (number + 1) * height, left, end, 0, 0)


def merge_lines(lines: Sequence[Line], added: Sequence[Line]) -> list[Line]:
    """Return the lines of a page with others where they belong: behind what stands left of them, or is above them.

    More than _MAX_PLACED_LINES others follow all lines of the page.
    """
    ordered = sorted(added, key=lambda line: (line.top, line.left))
    if len(ordered) > _MAX_PLACED_LINES:
        return [*lines, *ordered]
    merged = list(lines)
    for line in ordered:
        middle = (line.top + line.bottom) / 2
        beside = [at for at, other in enumerate(merged) if other.top < middle < other.bottom]
        if left := [at for at in beside if merged[at].left <= line.left]:
            merged.insert(max(left, key=lambda at: merged[at].left) + 1, line)
        elif beside:
            merged.insert(min(beside), line)
        else:
            above = [other for other in merged if other.bottom <= middle]
            level = max((other.top for other in above), default=0.0)  # the last of the lines of the lowest row
            row = (at for at, other in enumerate(merged) if other.bottom <= middle and other.bottom > level)
            merged.insert(max(row, default=-1) + 1, line)
    return merged


def join_added_lines(lines: Sequence[Line]) -> list[Line]:
    """Return lines with each that was added as one with the line beside it: a label and its value."""
    joined: list[Line] = []
    for line in lines:
        last = joined[-1] if joined else None
        if (
            last is None
            or not (last.is_added or line.is_added)
            or isinstance(last, TableLine)
            or isinstance(line, TableLine)
            or not line.top < (last.top + last.bottom) / 2 < line.bottom
        ):
            joined.append(line)
            continue
        size = last.size if line.is_added else line.size
        top, bottom = min(last.top, line.top), max(last.bottom, line.bottom)
        start, end = min(last.start, line.start), max(last.end, line.end)
        text = f"{last.text} {line.text}"
        joined[-1] = Line(text, size, top, bottom, last.left, max(last.right, line.right), start, end)
    return joined


def read_attachment_names(document: raw.FPDF_DOCUMENT) -> list[str]:
    """Return the names of the files that are attached to a document, blank ones included."""
    count = min(_MAX_ANNOTATIONS, max(0, raw.FPDFDoc_GetAttachmentCount(document)))
    attachments = (raw.FPDFDoc_GetAttachment(document, number) for number in range(count))
    return [_get_string(raw.FPDFAttachment_GetName, each) if each else "" for each in attachments]


def _get_string(function: Any, *arguments: Any) -> str:
    """Return the text that a function of PDFium writes into a buffer of UTF-16."""
    length = min(2 * _MAX_LENGTH, function(*arguments, None, 0))
    if length <= 2:  # the terminating zero
        return ""
    buffer = (ctypes.c_ushort * (length // 2))()
    function(*arguments, buffer, length)
    return clean_text(bytes(memoryview(buffer).cast("B"))[: length - 2].decode("utf-16-le", "replace")).strip()
