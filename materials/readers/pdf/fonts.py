"""Tell from a font of a PDF whether it is bold, whether it is monospaced, and which font it is."""

from __future__ import annotations

import ctypes
import re
from functools import lru_cache
from typing import NamedTuple

import pypdfium2.raw as raw

from materials.readers.pdf.calls import call_by_address

# Flags of a font descriptor (PDF 32000-1, table 123).
_FIXED_PITCH, _FORCE_BOLD = 1 << 0, 1 << 18
# Programs leave the flags out or set them wrongly; names of fonts say what they are. Those of TeX are abbreviations;
# its bold Times is NimbusRomNo9L-Medi.
_BOLD_NAME = re.compile(r"bold|black|heavy|demi|cm(?:ss)?bx|sfbx|sfsx|ecbx|[-,]bd\b|-medi(?:ital)?$", re.IGNORECASE)
_MONOSPACED_NAME = re.compile(
    r"mono(?!type)|courier|consol|menlo|monaco|typewriter|fixed|terminal|(?<!bar)code|lettergothic|"
    r"(?:cm|ec|sf|lm|tx|nimbus)\w{0,2}(?:tt|mon)",
    re.IGNORECASE,
)
# Six letters that say which characters of a font a file holds, not which font it is (PDF 32000-1, 9.6.4).
_SUBSET_TAG = re.compile(r"[A-Z]{6}\+")
_MAX_NAME_LENGTH = 128
_name_buffer = ctypes.create_string_buffer(_MAX_NAME_LENGTH)
_name_address = ctypes.addressof(_name_buffer)
_flags = ctypes.c_int()
_flags_address = ctypes.addressof(_flags)
_get_font_info = call_by_address(
    raw.FPDFText_GetFontInfo,
    ctypes.c_ulong,
    ctypes.c_void_p,
    ctypes.c_int,
    ctypes.c_void_p,
    ctypes.c_ulong,
    ctypes.c_void_p,
)


class FontStyle(NamedTuple):
    """Whether a font is bold, whether all its characters are equally wide, and its name, blank where it has none."""

    is_bold: bool
    is_monospaced: bool
    face: str = ""

    def merge(self, other: FontStyle) -> FontStyle:
        """Return what both fonts are: the style of a text that begins in one of them and ends in the other."""
        return FontStyle(
            self.is_bold and other.is_bold,
            self.is_monospaced and other.is_monospaced,
            self.face if self.face == other.face else "",
        )


NO_STYLE = FontStyle(False, False)


def read_font_style(page: int, index: int) -> FontStyle:
    """Return the style of the font of a character of the text page at an address, by the font's name and flags."""
    length = _get_font_info(page, index, _name_address, _MAX_NAME_LENGTH, _flags_address)
    name = _name_buffer.raw[: length - 1] if 0 < length <= _MAX_NAME_LENGTH else b""
    return _find_style(name, max(0, _flags.value))


@lru_cache(maxsize=1024)  # a document has some dozens of fonts, each on many pages
def _find_style(name: bytes, flags: int) -> FontStyle:
    text = name.decode("utf-8", "replace")
    return FontStyle(
        is_bold=bool(flags & _FORCE_BOLD) or _BOLD_NAME.search(text) is not None,
        is_monospaced=bool(flags & _FIXED_PITCH) or _MONOSPACED_NAME.search(text) is not None,
        face=_SUBSET_TAG.sub("", text),
    )
