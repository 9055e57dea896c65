"""From bytes to text, whatever the encoding."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

from materials.readers.base.encoding_detection import guess, guess_wide

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (b"\x84\x31\x95\x33", "gb18030"),
)
_ON_THE_WEB = {
    "utf-8", "utf-16", "utf-16-le", "utf-16-be", "ascii", "gbk", "gb2312", "gb18030", "big5", "big5hkscs", "euc_jp",
    "shift_jis", "cp932", "iso2022_jp", "euc_kr", "cp949", "koi8-r", "koi8-u", "cp866", "mac-cyrillic", "mac-roman",
    "tis-620", "cp874", *(f"iso8859-{part}" for part in range(1, 17)), *(f"cp125{page}" for page in range(9)),
}  # fmt: skip
_SAMPLE_BYTES = 64 * 1024
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufeff\ufffe\uffff]")
_BROKEN = "\ufffd"
_SAID_WRONGLY = {"utf8", "utf16", "utf16le", "utf16be", "unicode"}
"""What files name that are in another encoding, once they are known not to be in this one."""
_WIDER = {
    "latin1": "cp1252", "iso88591": "cp1252", "ascii": "cp1252", "usascii": "cp1252", "gb2312": "gb18030",
    "gbk": "gb18030", "shiftjis": "cp932", "xsjis": "cp932", "euckr": "cp949",
}  # fmt: skip
"""Encodings that are named where their larger sisters are meant."""


@dataclass(frozen=True, kw_only=True)
class Decoded:
    """A text, and sentences for the teacher about what had to be guessed or could not be read."""

    text: str
    warnings: tuple[str, ...] = ()


def decoded(data: bytes, *, declared: str = "") -> Decoded:
    """Return the text of some bytes: by byte order mark, as UTF-8, by `declared` encoding, or by the best guess.

    Line ends become `\\n`; control characters, which no database takes, are removed. A guess, and every character that
    is in no encoding, is said in the warnings.
    """
    encoding, guessed = _encoding_of(data, declared)
    raw = data.decode(encoding, errors="replace")
    broken = raw.count(_BROKEN) - _written(data, encoding)
    text = clean(raw)
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
        warnings.append(f"{lost} shown as {_BROKEN}. Save the file as UTF-8 and send it again.")
    return Decoded(text=text, warnings=tuple(warnings))


def decode(data: bytes, *, declared: str = "") -> str:
    """Return the text alone of `decoded`."""
    return decoded(data, declared=declared).text


def decode_as(data: bytes, charset: str, *, declared: str = "") -> str:
    """Return the text of what a server sent as `charset`, which counts unless the bytes show that it is wrong.

    Many servers name one encoding for all their pages: a byte order mark and bytes that are UTF-8 count more.
    """
    return decode(data, declared=charset if known(charset) else declared)


def known(charset: str) -> bool:
    """Tell whether a name is that of an encoding of texts on the web."""
    try:
        return codecs.lookup(charset).name in _ON_THE_WEB
    except (LookupError, ValueError):
        return False


def clean(text: str) -> str:
    """Return text with uniform line ends and without control characters."""
    if text.isprintable():
        return text
    return _CONTROL.sub(
        "", text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n").replace("\u2029", "\n")
    )


def looks_like_text(head: bytes) -> bool:
    """Tell whether the first bytes of a file are text of any encoding, not binary noise."""
    if any(head.startswith(bom) for bom, _ in _BOMS):
        return True
    if b"\x00" in head:
        return guess_wide(head) != ""
    control = sum(byte < 9 or 13 < byte < 27 or 27 < byte < 32 for byte in head)
    return control <= len(head) // 200


def prefix_text(head: bytes) -> str:
    """Return the beginning of a text; a character cut in two at the end is left out."""
    encoding, _ = _encoding_of(head, "")
    return codecs.getincrementaldecoder(encoding)(errors="replace").decode(head, final=False)


def _encoding_of(data: bytes, declared: str) -> tuple[str, bool]:
    """Return the name of the encoding, and whether it is only a guess."""
    for bom, name in _BOMS:
        if data.startswith(bom):
            return name, False
    if b"\x00" in data[:_SAMPLE_BYTES] and (wide := guess_wide(data[:_SAMPLE_BYTES])):
        return wide, False
    if _is_mostly_utf8(data):
        return "utf-8", False
    named = _known(declared)
    found = guess(data, hint=named)
    return found, found != named


def _is_mostly_utf8(data: bytes) -> bool:
    """Tell whether the bytes are UTF-8, but for a few that are broken."""
    try:
        data.decode()
    except UnicodeDecodeError:
        text = data.decode("utf-8", errors="replace")
        broken = text.count(_BROKEN)
        good = len(text) - len(text.encode("ascii", errors="ignore")) - broken
        return good > 8 * broken
    return True


def _known(declared: str) -> str:
    """Return the declared encoding under the name of the widest that contains it; blank when it tells nothing."""
    plain = re.sub(r"[^a-z0-9]", "", declared.lower())
    if plain in _SAID_WRONGLY:
        return ""
    try:
        name = codecs.lookup(_WIDER.get(plain, declared)).name
        b"text".decode(name)
    except (LookupError, ValueError):  # also a codec that is none of texts, such as base64
        return ""
    return name


def _written(data: bytes, encoding: str) -> int:
    """Return how many replacement characters the author's own program wrote into the file."""
    return data.count(_BROKEN.encode()) if encoding.startswith("utf-8") else 0
