"""From bytes to text, whatever the encoding."""

from __future__ import annotations

import codecs
import re
import unicodedata

from charset_normalizer import from_bytes

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_ON_THE_WEB = {
    "utf-8", "utf-16", "utf-16-le", "utf-16-be", "ascii", "gbk", "gb2312", "gb18030", "big5", "big5hkscs", "euc_jp",
    "shift_jis", "cp932", "iso2022_jp", "euc_kr", "cp949", "koi8-r", "koi8-u", "cp866", "mac-cyrillic", "mac-roman",
    "tis-620", "cp874", *(f"iso8859-{part}" for part in range(1, 17)), *(f"cp125{page}" for page in range(9)),
}  # fmt: skip
_SAMPLE_BYTES = 64 * 1024
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufeff\ufffe\uffff]")
_LIKELY = ("cp1251", "koi8_u", "cp1252", "gb18030", "big5", "shift_jis", "euc_kr", "cp1253", "cp1255", "cp1256")
"""Legacy encodings of course files; the Baltic and DOS ones, which accents are easily taken for, are left out."""


def decode(data: bytes, *, declared: str = "") -> str:
    """Return the text of some bytes: by byte order mark, as UTF-8, by `declared` encoding, or by the best guess.

    Line ends become `\\n`; control characters, which no database takes, are removed.
    """
    return clean(_decode(data, declared))


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
        return _wide_encoding(head) != ""
    control = sum(byte < 9 or 13 < byte < 27 or 27 < byte < 32 for byte in head)
    return control <= len(head) // 200


def prefix_text(head: bytes) -> str:
    """Return the beginning of a text; a character cut in two at the end is left out."""
    return _decode(head, "")


def _decode(data: bytes, declared: str) -> str:
    for bom, name in _BOMS:
        if data.startswith(bom):
            return data.decode(name, errors="replace")
    if wide := _wide_encoding(data):
        return data.decode(wide, errors="replace")
    try:
        return codecs.getincrementaldecoder("utf-8")().decode(data, final=False)
    except UnicodeDecodeError:
        pass
    for name in filter(None, [declared, _guess(data)]):
        try:
            return data.decode(name, errors="replace")
        except LookupError:
            continue
    return data.decode("cp1252", errors="replace")


def _wide_encoding(data: bytes) -> str:
    """Return the UTF-16 flavour of bytes without a mark, or blank: only it has control bytes and yet reads as text."""
    sample = data[: _SAMPLE_BYTES & ~1]
    control = sum(byte < 9 or 13 < byte < 32 for byte in sample)
    if control <= len(sample) // 10:
        return ""
    best = max(("utf-16-le", "utf-16-be"), key=lambda name: _plausibility(sample, name))
    return best if _plausibility(sample, best) > 0.97 else ""


def _guess(data: bytes) -> str:
    best = from_bytes(data[:_SAMPLE_BYTES], cp_isolation=list(_LIKELY)).best()
    return best.encoding if best is not None else "cp1252"


def _plausibility(sample: bytes, encoding: str) -> float:
    """Return the share of characters that texts are made of, once the sample is read in this encoding."""
    try:
        text = sample[: len(sample) & ~1].decode(encoding)
    except UnicodeDecodeError:
        return 0.0
    common = sum(c.isspace() or (unicodedata.category(c)[0] in "LNPZ" and ord(c) < 0x2E80) for c in text)
    return common / len(text) if text else 0.0
