"""Tell from a font of a PDF whether it is bold, and whether it is monospaced."""

from __future__ import annotations

import ctypes
import re
from functools import lru_cache
from typing import NamedTuple

import pypdfium2.raw as raw

from materials.readers.pdf.calls import call_by_address

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
_name_buffer = ctypes.create_string_buffer(_MAX_NAME_LENGTH)
_name_address = ctypes.addressof(_name_buffer)
_get_font_name = call_by_address(
    raw.FPDFFont_GetBaseFontName, ctypes.c_size_t, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t
)
_get_font_flags = call_by_address(raw.FPDFFont_GetFlags, ctypes.c_int, ctypes.c_void_p)


class FontStyle(NamedTuple):
    """Whether a font is bold, and whether all its characters are equally wide."""

    is_bold: bool
    is_monospaced: bool


NO_STYLE = FontStyle(False, False)


def read_font_style(font: int) -> FontStyle:
    """Return the style of the font at an address, by its name and flags."""
    length = _get_font_name(font, _name_address, _MAX_NAME_LENGTH)
    name = _name_buffer.raw[: length - 1] if 0 < length <= _MAX_NAME_LENGTH else b""
    return _find_style(name, max(0, _get_font_flags(font)))


@lru_cache(maxsize=1024)  # a document has some dozens of fonts, each on many pages
def _find_style(name: bytes, flags: int) -> FontStyle:
    text = name.decode("utf-8", "replace")
    return FontStyle(
        is_bold=bool(flags & _FORCE_BOLD) or _BOLD_NAME.search(text) is not None,
        is_monospaced=bool(flags & _FIXED_PITCH) or _MONOSPACED_NAME.search(text) is not None,
    )
