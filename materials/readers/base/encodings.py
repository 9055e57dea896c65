"""From bytes to text, whatever the encoding."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

from materials.readers.base.encoding_detection import guess_encoding, guess_utf16

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (b"\x84\x31\x95\x33", "gb18030"),
)
_WEB_ENCODINGS = {
    "utf-8", "utf-16", "utf-16-le", "utf-16-be", "ascii", "gbk", "gb2312", "gb18030", "big5", "big5hkscs", "euc_jp",
    "shift_jis", "cp932", "iso2022_jp", "euc_kr", "cp949", "koi8-r", "koi8-u", "cp866", "mac-cyrillic", "mac-roman",
    "tis-620", "cp874", *(f"iso8859-{part}" for part in range(1, 17)), *(f"cp125{page}" for page in range(9)),
}  # fmt: skip
_SAMPLE_BYTES = 64 * 1024
_CONTROL_CHARACTERS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufeff\ufffe\uffff]")
_REPLACEMENT_CHARACTER = "\ufffd"
_MISDECLARED_ENCODINGS = {"utf8", "utf16", "utf16le", "utf16be", "unicode"}
"""What files name that are in another encoding, once they are known not to be in this one."""
_SUPERSET_ENCODINGS = {
    "latin1": "cp1252", "iso88591": "cp1252", "ascii": "cp1252", "usascii": "cp1252", "gb2312": "gb18030",
    "gbk": "gb18030", "shiftjis": "cp932", "xsjis": "cp932", "euckr": "cp949",
}  # fmt: skip
"""Encodings that are named where their larger sisters are meant."""


@dataclass(frozen=True, kw_only=True)
class DecodedText:
    """A text, and sentences for the teacher about what had to be guessed or could not be read."""

    text: str
    warnings: tuple[str, ...] = ()


def decode_with_warnings(data: bytes, *, declared: str = "") -> DecodedText:
    """Return the text of some bytes: by byte order mark, as UTF-8, by `declared` encoding, or by the best guess.

    Line ends become `\\n`; control characters, which no database takes, are removed. A guess, and every character that
    is in no encoding, is said in the warnings.
    """
    encoding, guessed = _detect_encoding(data, declared)
    raw = data.decode(encoding, errors="replace")
    broken = raw.count(_REPLACEMENT_CHARACTER) - _count_written_replacements(data, encoding)
    text = clean_text(raw)
    warnings = []
    if guessed:
        name = encoding.replace("_", "-").replace("cp125", "windows-125")
        warnings.append(
            f"The file does not say how its letters are encoded, or says it wrongly; it was read as {name}. "
            "If words look wrong, save it as UTF-8."
        )
    if broken > 0:
        lost = (
            "1 character could not be read and is" if broken == 1 else f"{broken} characters could not be read and are"
        )
        warnings.append(f"{lost} shown as {_REPLACEMENT_CHARACTER}. Save the file as UTF-8 and send it again.")
    return DecodedText(text=text, warnings=tuple(warnings))


def decode_text(data: bytes, *, declared: str = "") -> str:
    """Return the text alone of `decode_with_warnings`."""
    return decode_with_warnings(data, declared=declared).text


def decode_web_text(data: bytes, charset: str, *, declared: str = "") -> str:
    """Return the text of what a server sent as `charset`, which counts unless the bytes show that it is wrong.

    Many servers name one encoding for all their pages: a byte order mark and bytes that are UTF-8 count more.
    """
    return decode_text(data, declared=charset if is_web_encoding(charset) else declared)


def is_web_encoding(charset: str) -> bool:
    """Tell whether a name is that of an encoding of texts on the web."""
    try:
        return codecs.lookup(charset).name in _WEB_ENCODINGS
    except (LookupError, ValueError):
        return False


def clean_text(text: str) -> str:
    """Return text with uniform line ends and without control characters."""
    if text.isprintable():
        return text
    return _CONTROL_CHARACTERS.sub(
        "", text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n").replace("\u2029", "\n")
    )


def looks_like_text(head: bytes) -> bool:
    """Tell whether the first bytes of a file are text of any encoding, not binary noise."""
    if any(head.startswith(bom) for bom, _ in _BOMS):
        return True
    if b"\x00" in head:
        return guess_utf16(head) != ""
    control = sum(byte < 9 or 13 < byte < 27 or 27 < byte < 32 for byte in head)
    return control <= len(head) // 200


def decode_prefix(head: bytes) -> str:
    """Return the beginning of a text; a character cut in two at the end is left out."""
    encoding, _ = _detect_encoding(head, "")
    return codecs.getincrementaldecoder(encoding)(errors="replace").decode(head, final=False)


def _detect_encoding(data: bytes, declared: str) -> tuple[str, bool]:
    """Return the name of the encoding, and whether it is only a guess."""
    for bom, name in _BOMS:
        if data.startswith(bom):
            return name, False
    if b"\x00" in data[:_SAMPLE_BYTES] and (wide := guess_utf16(data[:_SAMPLE_BYTES])):
        return wide, False
    if _is_mostly_utf8(data):
        return "utf-8", False
    named = _resolve_declared_encoding(declared)
    found = guess_encoding(data, hint=named)
    return found, found != named


def _is_mostly_utf8(data: bytes) -> bool:
    """Tell whether the bytes are UTF-8, but for a few that are broken."""
    try:
        data.decode()
    except UnicodeDecodeError:
        text = data.decode("utf-8", errors="replace")
        broken = text.count(_REPLACEMENT_CHARACTER)
        good = len(text) - len(text.encode("ascii", errors="ignore")) - broken
        return good > 8 * broken
    return True


def _resolve_declared_encoding(declared: str) -> str:
    """Return the declared encoding under the name of the widest that contains it; blank when it tells nothing."""
    plain = re.sub(r"[^a-z0-9]", "", declared.lower())
    if plain in _MISDECLARED_ENCODINGS:
        return ""
    try:
        name = codecs.lookup(_SUPERSET_ENCODINGS.get(plain, declared)).name
        b"text".decode(name)
    except (LookupError, ValueError):  # also a codec that is none of texts, such as base64
        return ""
    return name


def _count_written_replacements(data: bytes, encoding: str) -> int:
    """Return how many replacement characters the author's own program wrote into the file."""
    return data.count(_REPLACEMENT_CHARACTER.encode()) if encoding.startswith("utf-8") else 0
