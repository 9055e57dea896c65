"""Tell from a font of a PDF whether it is bold, and whether it is monospaced."""

from __future__ import annotations

import ctypes
import re
from typing import NamedTuple

import pypdfium2.raw as raw

# Flags of a font descriptor (PDF 32000-1, table 123).
_FIXED_PITCH, _FORCE_BOLD = 1 << 0, 1 << 18
# Programs leave the flags out or set them wrongly; names of fonts say what they are. Those of TeX are abbreviations.
_BOLD_NAME = re.compile(r"bold|black|heavy|demi|cm(?:ss)?bx|sfbx|sfsx|ecbx|[-,]bd\b", re.IGNORECASE)
_MONOSPACED_NAME = re.compile(
    r"mono(?!type)|courier|consol|menlo|monaco|typewriter|fixed|terminal|(?<!bar)code|lettergothic|"
    r"(?:cm|ec|sf|lm|tx|nimbus)\w{0,2}(?:tt|mon)",
    re.IGNORECASE,
)
_MAX_NAME_LENGTH = 128


class FontStyle(NamedTuple):
    """Whether a font is bold, and whether all its characters are equally wide."""

    is_bold: bool
    is_monospaced: bool


NO_STYLE = FontStyle(False, False)


def read_font_style(font: int) -> FontStyle:
    """Return the style of the font at an address, by its name and flags."""
    handle = ctypes.cast(font, raw.FPDF_FONT)
    buffer = ctypes.create_string_buffer(_MAX_NAME_LENGTH)
    length = raw.FPDFFont_GetBaseFontName(handle, buffer, _MAX_NAME_LENGTH)
    name = buffer.raw[:length].decode("utf-8", "replace") if length <= _MAX_NAME_LENGTH else ""
    flags = max(0, raw.FPDFFont_GetFlags(handle))
    return FontStyle(
        is_bold=bool(flags & _FORCE_BOLD) or _BOLD_NAME.search(name) is not None,
        is_monospaced=bool(flags & _FIXED_PITCH) or _MONOSPACED_NAME.search(name) is not None,
    )
