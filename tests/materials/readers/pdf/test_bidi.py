from __future__ import annotations

import pytest

from materials.readers.pdf.bidi import order_right_to_left
from materials.readers.pdf.glyphs import Glyph

# As it stands on the page, from the left: a sentence in Arabic that ends in Latin, and one in English about a word.
ARABIC_WITH_ADDRESS = ".Python و https://example.org رظنا"
ENGLISH_WITH_WORD = "This is how the word is written: ءام"


def line(shown: str) -> list[Glyph]:
    """Return the characters of a line as it is drawn, each a point wide."""
    return [Glyph(sign, at, at + 1, 0, 10, at) for at, sign in enumerate(shown)]


@pytest.mark.parametrize(
    ("shown", "is_page_right_to_left", "read"),
    [
        (ARABIC_WITH_ADDRESS, True, "انظر https://example.org و Python."),
        (ENGLISH_WITH_WORD, False, "This is how the word is written: ماء"),
        ("Python is a language", True, "Python is a language"),
    ],
)
def test_the_page_says_where_a_line_of_two_scripts_begins(
    shown: str, *, is_page_right_to_left: bool, read: str
) -> None:
    assert order_right_to_left(line(shown), is_page_right_to_left=is_page_right_to_left) == read
