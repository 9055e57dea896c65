"""A sentence or passage as words, numbers, code and formulas, each with its place in the text."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum


class TokenKind(StrEnum):
    """What a token is."""

    WORD = "word"
    NUMBER = "number"
    CODE = "code"
    FORMULA = "formula"


@dataclass(frozen=True, kw_only=True)
class Token:
    """A piece of a text: `text[start:end]`. `starts_sentence` is set of the first word of a sentence."""

    kind: TokenKind
    text: str
    start: int
    end: int
    starts_sentence: bool = False


# Every repetition is bounded, so that the time for any text grows with its length. The bounds are far above what people
# write: longer runs are taken as several tokens.
DIGITS = r"\d{1,40}"
NUMBER = rf"{DIGITS}(?:[.,\u00a0\u202f ]\d{{3}}(?!\d)){{0,12}}(?:[.,]{DIGITS})?"
_WORD = r"[^\W\d_]{1,80}(?:['’ʼ`-][^\W\d_]{1,80}){0,8}"
_SYMBOL = r"[A-Za-zΑ-Ωα-ωА-ЯҐЄІЇ∆Δ∂∇]"
_OPERAND = (
    r"[(\[{|√∑∫+−-]{0,8}"
    rf"(?:{_SYMBOL}[\w₀-₉']{{0,6}}|{DIGITS}(?:[.,]{DIGITS})?%?)[²³⁰¹⁴-⁹⁻₀-₉!]{{0,8}}(?:\([^()\s]{{0,20}}\))?"
    r"[)\]}|²³]{0,8}"
)
_OPERATOR = (
    # A plus or minus with a blank before it alone is the sign of a number: "to −5 °C".
    r"(?:\s{0,4}(?:==|!=|<=|>=|:=|->|→|⇌|[=≈≠≤≥<>·×∙⋅*/^])\s{0,4}|[+−](?!\s)|\s{1,4}[-–−+]\s{1,4})"
)
_FORMULA = rf"{_OPERAND}(?:{_OPERATOR}{_OPERAND}){{1,40}}%?"
_TOKEN = re.compile(
    r"(?P<code>`[^`]{1,2000}`"
    r"|(?<![\w-])--?[A-Za-z][\w-]{0,100}(?!\w)"
    r"|\b[A-Za-z]\w{0,60}(?:\.\w{1,60}){0,6}\(\)"
    r"|\b[A-Za-z]{1,60}_\w{1,120}\b|\b[a-z]{1,60}[A-Z]\w{0,120}\b"
    r"|\b[\w-]{1,80}\.[a-z]{1,4}\b(?=[\s,.;:!?)»\"]|$))"
    rf"|(?P<formula>{_FORMULA})"
    rf"|(?P<number>{NUMBER}(?:\s?[½¼¾⅓⅔])?|[½¼¾⅓⅔])"
    rf"|(?P<word>{_WORD})"
)


def find_tokens(text: str) -> Iterator[Token]:
    """Yield the tokens of a text in order. What is between them is punctuation."""
    begins = True
    last = 0
    for found in _TOKEN.finditer(text):
        between = text[last : found.start()]
        begins = begins or any(mark in between for mark in ".!?…:\n")
        kind = TokenKind(found.lastgroup or "word")
        piece = found.group()
        if kind is TokenKind.FORMULA and not _is_formula(piece):
            yield from _find_simple_tokens(text, found.start(), found.end(), begins)
        else:
            yield Token(kind=kind, text=piece, start=found.start(), end=found.end(), starts_sentence=begins)
        begins, last = False, found.end()


_SIMPLE = re.compile(rf"(?P<number>{NUMBER}|[½¼¾⅓⅔])|(?P<word>{_WORD})")


def _find_simple_tokens(text: str, start: int, end: int, begins: bool) -> Iterator[Token]:
    for found in _SIMPLE.finditer(text, start, end):
        yield Token(
            kind=TokenKind(found.lastgroup or "word"),
            text=found.group(),
            start=found.start(),
            end=found.end(),
            starts_sentence=begins,
        )
        begins = False


def _is_formula(text: str) -> bool:
    """Tell a formula from a range of numbers or years, a fraction, a date and from words with a dash or slash between."""
    if not re.search(r"[=≈≠≤≥<>^²³√·×∙⋅*+−→⇌]", text):
        # "and/or", "Monday – Friday", "1/50", "92–96", "f/8"
        return bool(re.search(rf"\b{_SYMBOL}\s*/\s*{_SYMBOL}\b", text)) and len(text.replace(" ", "")) <= 7
    return True


def normalize_formula(text: str) -> str:
    """Return a formula as formulas are compared: without spaces and markup, one sign for each operation."""
    plain = unicodedata.normalize("NFC", text.strip("`"))
    for old, new in _SAME_SIGNS:
        plain = plain.replace(old, new)
    plain = re.sub(r"[\s\u00a0\u202f{}$\\]", "", plain)
    return re.sub(r"(?<=[a-zA-Z0-9)])\*(?=[a-zA-Z(])", "", plain).replace("**", "^")


def normalize_code(text: str) -> str:
    """Return code as code is compared: without marks around it, white space as one space."""
    return re.sub(r"\s+", " ", text.replace("`", "")).strip()


_SAME_SIGNS = (
    ("²", "^2"), ("³", "^3"), ("⁴", "^4"), ("−", "-"), ("–", "-"), ("—", "-"), ("·", "*"), ("×", "*"), ("∙", "*"),
    ("⋅", "*"), ("∆", "Δ"), ("₀", "0"), ("₁", "1"), ("₂", "2"), ("₃", "3"), ("₄", "4"), ("₅", "5"), ("₆", "6"), ("<=", "≤"), (">=", "≥"),
    ("→", "->"),
)  # fmt: skip
