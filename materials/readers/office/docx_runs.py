"""Parse the formatting of the runs of a Word paragraph, as far as it matters for the text."""

from __future__ import annotations

from typing import Any, NamedTuple

from materials.readers.office.docx_styles import CODE_FONT, Style, Styles, parse_bounded_int, parse_script
from materials.readers.office.ooxml import W

# Half points. No printer's and no screen's text has one point or less; it is there for search engines and machines.
_MAX_INVISIBLE_SIZE = 2
# 17.3.2.38 (`sz`): what text has that sets no size.
_DEFAULT_SIZE = 20
_ON = {None, "1", "true", "on"}
_VAL, _ASCII = f"{W}val", f"{W}ascii"
_RPR, _B, _I, _VANISH, _VERTALIGN = f"{W}rPr", f"{W}b", f"{W}i", f"{W}vanish", f"{W}vertAlign"
_RSTYLE, _RFONTS, _SZ, _POSITION = f"{W}rStyle", f"{W}rFonts", f"{W}sz", f"{W}position"


class RunLook(NamedTuple):
    """The formatting of a run as far as it matters: its own, else that of its styles. None is not set.

    A tuple, because one is made for each of tens of thousands of runs.
    """

    bold: bool | None
    italic: bool | None
    hidden: bool | None
    is_monospaced: bool
    size: int
    script: str


def parse_run_look(run: Any, style: Style, styles: Styles) -> RunLook:
    """Return the look of a run in a paragraph of a style."""
    bold, italic, hidden, monospaced, size = style.bold, style.italic, style.hidden, style.is_monospaced, style.size
    script = ""
    position = 0
    # One pass instead of a search for each property.
    for mark in run[0] if len(run) and run[0].tag == _RPR else ():
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
        elif name == _POSITION:
            position = parse_bounded_int(mark.get(_VAL)) or 0
        elif name == _VERTALIGN:
            script = parse_script(mark.get(_VAL))
        elif name == _RSTYLE:
            character = styles.get_character_style(mark.get(_VAL))
            bold = character.bold if bold is None or character.bold else bold
            italic = character.italic if italic is None or character.italic else italic
            hidden = character.hidden if hidden is None else hidden
            size, monospaced = character.size or size, character.is_monospaced or monospaced
            script = character.script or script
    # LibreOffice writes raised text that is not of its usual size or height so: moved up, and smaller.
    if position and not script and 0 < size < (style.size or styles.default.size or _DEFAULT_SIZE):
        script = "superscript" if position > 0 else "subscript"
    if 0 < size <= _MAX_INVISIBLE_SIZE:
        hidden = True
    return RunLook(bold, italic, hidden, monospaced, size, script)
