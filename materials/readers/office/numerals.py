"""Format the numbers of list items as office programs do: 3, c, iii."""

from __future__ import annotations

_ROMAN = (
    (1000, "m"),
    (900, "cm"),
    (500, "d"),
    (400, "cd"),
    (100, "c"),
    (90, "xc"),
    (50, "l"),
    (40, "xl"),
    (10, "x"),
    (9, "ix"),
    (5, "v"),
    (4, "iv"),
    (1, "i"),
)
_LATIN = "abcdefghijklmnopqrstuvwxyz"
# Word's alphabet for lists (`russianLower`): without ё, й, ъ, ы and ь.
_CYRILLIC = "абвгдежзиклмнопрстуфхцчшщэюя"
# Item 520 in Latin letters. A start number in a hostile file would make labels of thousands of letters.
_MAX_LETTERS = 20


def format_roman(number: int) -> str:
    """Return a number from 1 to 3999 in lower-case Roman numerals, any other in digits."""
    if not 0 < number < 4000:
        return str(number)
    found = ""
    for value, letters in _ROMAN:
        while number >= value:
            found += letters
            number -= value
    return found


def format_letters(number: int, alphabet: str = _LATIN) -> str:
    """Return a number as a, b, ... z, aa, bb, ...; one below 1 or beyond `_MAX_LETTERS` letters in digits."""
    # ECMA-376 Part 1, 17.18 (ST_NumberFormat): letters are repeated, unlike in spreadsheets, where ab follows aa.
    times, at = divmod(number - 1, len(alphabet))
    return alphabet[at] * (times + 1) if number > 0 and times < _MAX_LETTERS else str(number)


def format_numeral(number: int, number_format: str) -> str:
    """Return a number in one of Word's number formats, in digits for a format that is not supported."""
    match number_format:
        case "lowerLetter":
            return format_letters(number)
        case "upperLetter":
            return format_letters(number).upper()
        case "lowerRoman":
            return format_roman(number)
        case "upperRoman":
            return format_roman(number).upper()
        case "russianLower":
            return format_letters(number, _CYRILLIC)
        case "russianUpper":
            return format_letters(number, _CYRILLIC).upper()
        case "decimalZero":
            return f"{number:02d}"
    return str(number)
