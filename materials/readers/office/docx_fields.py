"""Follow the complex fields of a Word document (ECMA-376 Part 1, 17.16): what they show, hide and link to."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from materials.readers.office.eq_fields import format_eq_field
from materials.readers.office.ooxml import W
from materials.readers.office.symbols import decode_symbol

# Fields (17.16.5) whose result repeats other text (tables of contents and of authorities, the index) or is none (RD).
_HIDING_FIELDS = {"TOC", "INDEX", "TOA", "RD"}
# An argument of a field code: in quotation marks, which some languages' programs write as typographic ones, or a word.
_ARGUMENT = re.compile(r'["“„]([^"”“]*)["”“]|(\S+)')
# Of a symbol: a font has 65,535 characters at most.
_CHARACTER_NUMBER = re.compile(r"0[xX](?P<hexadecimal>[0-9A-Fa-f]{1,4})|[0-9]{1,5}")
# Fields in one another: Word's own wizards nest three or four. What is nested more deeply counts as part of the last
# one, so that each run asks a bounded number of fields.
_MAX_OPEN_FIELDS = 100
_VAL = f"{W}val"
_TRUE_VALUES = {None, "1", "true", "on"}


@dataclass(kw_only=True)
class _Field:
    """An open field: its code so far, what it shows so far, and whether its code is complete."""

    code: str = ""
    result: str = ""
    form_value: str = ""
    is_in_result: bool = False


@dataclass(kw_only=True)
class FieldTracker:
    """The fields that are open at a place in a document, which must be walked in its order.

    `is_enabled` is False where the ends of fields are unreliable: then no field hides its result.
    """

    is_enabled: bool = True
    _open: list[_Field] = field(default_factory=list)
    _deeper: int = 0

    @property
    def is_inside(self) -> bool:
        """Whether the place is in any field."""
        return bool(self._open)

    @property
    def hides_contents(self) -> bool:
        """Whether the place is in the result of a table of contents or an index."""
        return any(each.is_in_result and parse_field_name(each.code) in _HIDING_FIELDS for each in self._open)

    @property
    def hides_text(self) -> bool:
        """Whether text at the place is not shown as it stands: it belongs to a code, or the field is computed."""
        return any(not each.is_in_result or _is_computed(each.code) for each in self._open)

    @property
    def link(self) -> str:
        """The target of the innermost hyperlink field whose result the place is in; blank for none."""
        links = (find_link(each.code) for each in reversed(self._open) if each.is_in_result)
        return next(filter(None, links), "")

    def add_code(self, text: str) -> None:
        """Note a piece of the code of the innermost field."""
        if self._open:
            self._open[-1].code += text

    def add_hidden_text(self, text: str) -> None:
        """Note text for which `hides_text`: the result of a field inside a code is part of that code."""
        if self._open:
            self._open[-1].result += text

    def follow(self, mark: Any) -> str:
        """Follow a `w:fldChar`; return what the field shows that is not text of the document, blank for nothing."""
        if not self.is_enabled:
            return ""
        kind = mark.get(f"{W}fldCharType")
        if self._deeper or (kind == "begin" and len(self._open) >= _MAX_OPEN_FIELDS):
            self._deeper += {"begin": 1, "end": -1}.get(kind, 0)
        elif kind == "begin":
            self._open.append(_Field(form_value=_parse_form_value(mark)))
        elif kind == "separate" and self._open:
            self._open[-1].is_in_result = True
        elif kind == "end" and self._open:
            return self._close(self._open.pop())
        return ""

    def _close(self, ended: _Field) -> str:
        shown = _compute_result(ended.code) or ended.form_value
        if not self._open or self._open[-1].is_in_result:
            return "" if self.hides_text else shown
        # The field stood in the code of another one.
        is_equation = parse_field_name(ended.code) == "EQ"
        self._open[-1].code += ended.code.strip()[2:] if is_equation else ended.result or shown
        return ""


def parse_field_name(code: str) -> str:
    """Return the name of a field in capitals; blank for a blank code."""
    return next(iter(code.split(maxsplit=1)), "").upper()


def is_hiding_field(code: str) -> bool:
    """Tell whether a field's result only repeats other text."""
    return parse_field_name(code) in _HIDING_FIELDS


def find_link(code: str) -> str:
    """Return the target of a hyperlink field; blank for other fields and for places in the document itself."""
    if parse_field_name(code) != "HYPERLINK":
        return ""
    target, anchor, option = "", "", ""
    for found in _ARGUMENT.finditer(code.strip()[len("HYPERLINK") :]):
        quoted, word = found.groups()
        if quoted is None and word.startswith("\\"):
            option = word.lower()
            continue
        value = word if quoted is None else quoted
        if option == "\\l":
            anchor = value
        elif not option and not target:
            target = value
        option = ""
    return f"{target}#{anchor}" if target and anchor else target


def _is_computed(code: str) -> bool:
    return parse_field_name(code) == "EQ"


def _compute_result(code: str) -> str:
    """Return what a field without a stored result shows."""
    match parse_field_name(code):
        case "EQ":
            return format_eq_field(code.strip()[2:])
        case "SYMBOL":
            words = code.split()
            number = _CHARACTER_NUMBER.fullmatch(words[1]) if len(words) > 1 else None
            font = next(iter(re.findall(r'\\f\s+"?([^"\\]+)', code)), "")
            if number is None or not font:
                return ""
            return decode_symbol(f"{int(number[0], 16 if number['hexadecimal'] else 10):x}", font)
    return ""


def _parse_form_value(mark: Any) -> str:
    """Return the value of a form's check box or list, which has no result of its own."""
    data = mark.find(f"{W}ffData")
    if data is None:
        return ""
    if (box := data.find(f"{W}checkBox")) is not None:
        state = box.find(f"{W}checked")
        state = box.find(f"{W}default") if state is None else state
        return "☒" if state is not None and state.get(_VAL) in _TRUE_VALUES else "☐"
    if (choices := data.find(f"{W}ddList")) is not None:
        entries = [entry.get(_VAL) or "" for entry in choices.iterchildren(f"{W}listEntry")]
        chosen = choices.find(f"{W}result")
        place = (chosen.get(_VAL) or "0") if chosen is not None else "0"
        return entries[int(place)] if place.isdecimal() and len(place) < 4 and int(place) < len(entries) else ""
    return ""
