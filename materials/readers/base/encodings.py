"""Decode bytes whose encoding is declared, marked, guessed, or wrong."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

from materials.readers.base.encoding_detection import detect_escaped_encoding, guess_encoding, guess_wide_encoding

# UTF-32 before UTF-16: the mark of UTF-16 LE (FF FE) begins that of UTF-32 LE (FF FE 00 00).
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (b"\x84\x31\x95\x33", "gb18030"),
)
# About what the WHATWG Encoding Standard names, under the names of Python's codecs. Any other charset is ignored:
# Python also has codecs that no page is written in, such as utf_7, idna and rot13.
_WEB_ENCODINGS = {
    "utf-8", "utf-16", "utf-16-le", "utf-16-be", "ascii", "gbk", "gb2312", "gb18030", "big5", "big5hkscs", "euc_jp",
    "shift_jis", "cp932", "iso2022_jp", "euc_kr", "cp949", "koi8-r", "koi8-u", "cp866", "mac-cyrillic", "mac-roman",
    "tis-620", "cp874", *(f"iso8859-{part}" for part in range(1, 17)), *(f"cp125{page}" for page in range(9)),
}  # fmt: skip
# UTF-16 and UTF-32 have their first zero byte at the first ASCII letter, space or line end: far before this many bytes.
_SAMPLE_BYTES = 64 * 1024
# A page break and a vertical tab end a line as well; removed like other controls, they would glue two words together.
_LINE_END = re.compile("\r\n|[\r\x0b\x0c\u2028\u2029]")
# PostgreSQL cannot store U+0000 in text; the other controls, the byte order mark and the noncharacters U+FFFE and
# U+FFFF are never content. Tab and line feed are kept.
# Colours and movements of terminals go as a whole.
_CONTROL_CHARACTERS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufeff\ufffe\uffff]")
_REPLACEMENT_CHARACTER = "\ufffd"
# Declarations that say nothing: they are consulted after the bytes turned out to be neither UTF-8 nor UTF-16.
_MISDECLARED_ENCODINGS = {"utf8", "utf16", "utf16le", "utf16be", "unicode"}
# Text in another encoding has pairs of letters that look like UTF-8, too: in lines of the sample courses and the tests
# up to one such pair for each broken byte. Well above that, the text is UTF-8 with damage.
_MIN_VALID_PER_BROKEN = 8
# One control byte in this many is allowed, because old texts have stray ones; of random bytes one in ten is one. A
# short text may have one as well.
_MIN_BYTES_PER_CONTROL = 200
_STRAY_CONTROLS = 1
# The WHATWG Encoding Standard decodes these labels as the larger encoding, because that is what files labelled so
# contain.
_SUPERSET_ENCODINGS = {
    "latin1": "cp1252", "iso88591": "cp1252", "ascii": "cp1252", "usascii": "cp1252", "gb2312": "gb18030",
    "gbk": "gb18030", "shiftjis": "cp932", "xsjis": "cp932", "euckr": "cp949",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class DecodedText:
    """A decoded text, with warnings for the teacher when its encoding was guessed or characters were lost."""

    text: str
    warnings: tuple[str, ...] = ()


def decode_with_warnings(data: bytes, *, declared: str = "") -> DecodedText:
    """Decode bytes by their byte order mark, as UTF-8, by the `declared` encoding, or by the best guess, in this order.

    Line ends become `\\n`, control characters are removed, and undecodable bytes become U+FFFD. The warnings name a
    guessed encoding and count the characters that were lost.
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
    """Decode bytes as `decode_with_warnings` does, and drop the warnings."""
    return decode_with_warnings(data, declared=declared).text


def decode_web_text(data: bytes, charset: str, *, declared: str = "") -> str:
    """Decode a response body by the `charset` of its header, or by the document's own `declared` encoding without one.

    Many servers send one charset for all their pages, so a byte order mark and valid UTF-8 take precedence over it.
    """
    return decode_text(data, declared=charset if is_web_encoding(charset) else declared)


def is_web_encoding(charset: str) -> bool:
    """Tell whether a charset names an encoding of the WHATWG Encoding Standard."""
    try:
        return codecs.lookup(charset).name in _WEB_ENCODINGS
    except (LookupError, ValueError):
        return False


def clean_text(text: str) -> str:
    """Return text with uniform line ends and without control characters."""
    if text.isprintable():  # no control character and no line end: nearly all short strings, at a fifth of the cost
        return text
    return _CONTROL_CHARACTERS.sub("", _LINE_END.sub("\n", text))


def looks_like_text(head: bytes) -> bool:
    """Tell whether the first bytes of a file are text of any encoding, not binary noise."""
    if any(head.startswith(bom) for bom, _ in _BOMS):
        return True
    if (b"\x00" in head and guess_wide_encoding(head)) or detect_escaped_encoding(head):
        return True
    # Tab to carriage return are white space, and escape (27) begins the colours of terminals.
    control = sum(byte < 9 or 13 < byte < 27 or 27 < byte < 32 for byte in head)
    return control <= _STRAY_CONTROLS + len(head) // _MIN_BYTES_PER_CONTROL


def decode_prefix(head: bytes) -> str:
    """Decode the first bytes of a file, with `\\n` as line ends; a character cut off at their end is left out."""
    encoding, _ = _detect_encoding(head, "")
    text = codecs.getincrementaldecoder(encoding)(errors="replace").decode(head, final=False)
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _detect_encoding(data: bytes, declared: str) -> tuple[str, bool]:
    """Return the name of the encoding, and whether it is a guess (and deserves a warning)."""
    for bom, name in _BOMS:
        if data.startswith(bom):
            return name, False
    if b"\x00" in data[:_SAMPLE_BYTES] and (wide := guess_wide_encoding(data[:_SAMPLE_BYTES])):
        return wide, False
    if b"\x1b" in data[:_SAMPLE_BYTES] and (escaped := detect_escaped_encoding(data)):
        return escaped, False
    if _is_mostly_utf8(data):
        return "utf-8", False
    named = _resolve_declared_encoding(declared)
    found = guess_encoding(data, hint=named)
    return found, found != named


def _is_mostly_utf8(data: bytes) -> bool:
    """Tell whether the bytes are UTF-8, apart from a few broken ones."""
    try:
        data.decode()
    except UnicodeDecodeError:
        text = data.decode("utf-8", errors="replace")
        broken = text.count(_REPLACEMENT_CHARACTER)
        good = len(text) - len(text.encode("ascii", errors="ignore")) - broken
        return good > _MIN_VALID_PER_BROKEN * broken
    return True


def _resolve_declared_encoding(declared: str) -> str:
    """Return the codec for a declared encoding, or the larger encoding that is usually meant; blank for no help."""
    plain = re.sub(r"[^a-z0-9]", "", declared.lower())
    if plain in _MISDECLARED_ENCODINGS:
        return ""
    try:
        name = codecs.lookup(_SUPERSET_ENCODINGS.get(plain, declared)).name
        # Strictly and with replacements: some codecs do not decode texts (base64, punycode), `idna` replaces nothing.
        b"text".decode(name)
        b"text".decode(name, errors="replace")
    except (LookupError, ValueError):
        return ""
    return name


def _count_written_replacements(data: bytes, encoding: str) -> int:
    """Return how many U+FFFD the file itself contains: those are not errors of this decoding."""
    return data.count(_REPLACEMENT_CHARACTER.encode()) if encoding.startswith("utf-8") else 0
