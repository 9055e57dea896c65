"""Guess the encoding of the names in an archive that does not say it, over all names together."""

from __future__ import annotations

from collections.abc import Iterable

from materials.readers.base.encoding_detection import compute_text_cost

# Windows writes the DOS code page of its language into archives, other programs mostly the Windows one. The numbers are
# log-odds against each before the names are seen. Of 60 sets of three to six names of lectures in 27 languages, 59 are
# read rightly; of single names one in five is taken for another language's.
_PRIORS = {
    "cp437": 0.0, "cp850": 0.5, "cp866": 1.0, "cp852": 3.0, "cp932": 2.0, "gbk": 1.5, "big5": 3.0, "cp949": 3.0,
    "cp737": 4.0, "cp857": 4.0, "cp862": 5.0, "cp775": 5.0, "cp720": 6.0, "cp1252": 2.0, "cp1251": 2.0, "cp1250": 4.0,
    "cp1253": 5.0, "cp1254": 5.0, "cp1255": 6.0, "cp1257": 6.0, "cp1256": 7.0, "euc_jp": 6.0,
}  # fmt: skip
_LABELS = {
    "cp932": "Japanese (Shift-JIS)", "euc_jp": "Japanese (EUC-JP)", "gbk": "Chinese (GBK)", "big5": "Chinese (Big5)",
    "cp949": "Korean (EUC-KR)",
}  # fmt: skip
# The letters beyond ASCII of languages in Latin script. Code pages differ in few letters, so a wrong one gives letters
# that no language has together: `è` and `ž`, where the right one gives `č` and `ž`.
_ALPHABETS = tuple(
    map(
        frozenset,
        (
            "áčďéěíňóřšťúůýž", "áäčďéíĺľňóôŕšťúýž", "ąćęłńóśźż", "áéíóöőúüű", "čćđšž", "ăâîșşțţ", "äöüß", "åäöé",
            "åæøé", "áðéíóúýþæö", "çğıöşüâîû", "ąčęėįšųūž", "āčēģīķļņšūž", "äõöüšž", "áéíñóúü", "áàâãçéêíóôõúü",
            "àèéìíòóù", "àâæçéèêëîïôœùûüÿ", "àçèéíïòóúü", "éëïóüèê", "ëç",
        ),
    )
)  # fmt: skip
# Without it 9 of those 60 sets are read wrongly; from 3 to 9 it is the same one.
_FOREIGN_LETTER_COST = 4.5
# GBK has a character for almost any two bytes; Chinese names need those of GB 2312, whose second byte is no ASCII.
_RARE_IDEOGRAPH_COST = 3.0
# Characters of a sample: a guess costs as many decodings as there are encodings.
_MAX_SAMPLE_BYTES = 20_000


def guess_name_encoding(names: Iterable[bytes]) -> str:
    """Return the encoding of an archive's names that lack the UTF-8 flag, as a name of Python's.

    UTF-8 when all names are valid UTF-8, because macOS and Unix write it without the flag. Else the code page in which
    all names together are the most usual text.
    """
    odd = sorted({name for name in names if not name.isascii()})
    try:
        for name in odd:
            name.decode()
    except UnicodeDecodeError:
        pass
    else:
        return "utf-8"
    sample = _take_sample(odd)
    return min(_PRIORS, key=lambda encoding: _PRIORS[encoding] + _compute_cost(sample, encoding))


def describe_name_encoding(encoding: str) -> str:
    """Return the encoding's name for people."""
    if encoding.startswith("cp125"):
        return f"Windows code page {encoding.removeprefix('cp')}"
    return _LABELS.get(encoding, f"DOS code page {encoding.removeprefix('cp')}")


def _take_sample(names: list[bytes]) -> list[bytes]:
    """Return names from all over a sorted list, about `_MAX_SAMPLE_BYTES` of them."""
    step = 1 + sum(map(len, names)) // _MAX_SAMPLE_BYTES
    return names[::step]


def _compute_cost(names: list[bytes], encoding: str) -> float:
    text = "\n".join(name.decode(encoding, errors="replace") for name in names)
    cost = compute_text_cost(text)
    if encoding == "gbk":
        cost += _RARE_IDEOGRAPH_COST * sum("\u3400" <= sign <= "\u9fff" and not _is_in_gb2312(sign) for sign in text)
    letters = [sign for sign in text.lower() if "\u00df" <= sign < "\u0250"]
    foreign = min(sum(sign not in alphabet for sign in letters) for alphabet in _ALPHABETS)
    return cost + _FOREIGN_LETTER_COST * foreign


def _is_in_gb2312(sign: str) -> bool:
    try:
        sign.encode("gb2312")
    except UnicodeEncodeError:
        return False
    return True
