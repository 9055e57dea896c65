"""Map the characters of symbol fonts, which office files store by their position in the font, to Unicode.

The tables follow the encodings of the fonts Symbol (Adobe's) and Wingdings (Microsoft's), as far as lessons use them.
"""

from __future__ import annotations

import re

from materials.readers.base.typography import strip_break_hints

_GREEK = dict(zip("ABGDEZHQIKLMNXOPRSTUFCYWabgdezhqiklmnxoprstufcyw",
                  "ΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩαβγδεζηθικλμνξοπρστυφχψω", strict=True))  # fmt: skip
_SYMBOL = {
    **{ord(latin): greek for latin, greek in _GREEK.items()},
    0x22: "∀", 0x24: "∃", 0x27: "∋", 0x40: "≅", 0x4A: "ϑ", 0x56: "ς", 0x5C: "∴", 0x5E: "⊥", 0x6A: "ϕ", 0x76: "ϖ",
    0xA2: "′", 0xA3: "≤", 0xA5: "∞", 0xAB: "↔", 0xAC: "←", 0xAD: "↑", 0xAE: "→", 0xAF: "↓", 0xB0: "°", 0xB1: "±",
    0xB2: "″", 0xB3: "≥", 0xB4: "×", 0xB5: "∝", 0xB6: "∂", 0xB7: "•", 0xB8: "÷", 0xB9: "≠", 0xBA: "≡", 0xBB: "≈",
    0xBC: "…", 0xC4: "⊗", 0xC5: "⊕", 0xC6: "∅", 0xC7: "∩", 0xC8: "∪", 0xC9: "⊃", 0xCA: "⊇", 0xCB: "⊄", 0xCC: "⊂",
    0xCD: "⊆", 0xCE: "∈", 0xCF: "∉", 0xD0: "∠", 0xD1: "∇", 0xD5: "∏", 0xD6: "√", 0xD7: "⋅", 0xD8: "¬", 0xD9: "∧",
    0xDA: "∨", 0xDB: "⇔", 0xDC: "⇐", 0xDD: "⇑", 0xDE: "⇒", 0xDF: "⇓", 0xE5: "∑", 0xF2: "∫",
}  # fmt: skip
_WINGDINGS = {
    0xE0: "→", 0xDF: "←", 0xE1: "↑", 0xE2: "↓", 0xF3: "⇔", 0xF0: "⇒", 0xEF: "⇐", 0xFC: "✓", 0xFB: "✗", 0xFE: "☑",
    0xFD: "☒", 0xA8: "☐", 0x6F: "☐", 0xA7: "▪", 0x4A: "☺", 0xD8: "➢", 0x9F: "•", 0x6C: "•", 0x6E: "■",
}  # fmt: skip
# Plain text does not name the font. Symbol is more frequent, except for the arrow, the check marks and the smiley that
# Word's automatic correction inserts from Wingdings.
_COMMON_SYMBOLS = {**_SYMBOL, **{at: _WINGDINGS[at] for at in (0xE0, 0xFC, 0xFE, 0x4A)}}
# Symbol fonts are mapped to U+F000 to U+F0FF, in the Private Use Area.
_PRIVATE_USE_CHARACTER = re.compile("[\uf020-\uf0ff]")


def decode_symbol(code: str, font: str) -> str:
    """Return the Unicode character for a hexadecimal position in a font; blank for an unknown one."""
    try:
        at = int(code, 16)
    except ValueError:
        return ""
    if 0xF000 <= at <= 0xF0FF:
        at -= 0xF000
    elif at > 0xFF:  # a character of Unicode already; surrogates and what is beyond are no characters of a font
        return chr(at) if at < 0xD800 else ""
    table = _WINGDINGS if "wingding" in font.lower() else _SYMBOL
    return table.get(at, chr(at) if 0x20 <= at < 0x7F and table is _SYMBOL else "")


def replace_symbols(text: str) -> str:
    """Return text without hints for line ends and with the characters of symbol fonts as Unicode.

    Unknown ones are left out.
    """
    text = strip_break_hints(text)
    if _PRIVATE_USE_CHARACTER.search(text):
        text = _PRIVATE_USE_CHARACTER.sub(lambda found: _COMMON_SYMBOLS.get(ord(found.group()) - 0xF000, ""), text)
    return text
