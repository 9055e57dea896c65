"""Text layers whose letters stand for other letters, and texts that look odd but are what the page shows."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from materials.documents import Format, LeftOutKind
from materials.readers.pdf.noise import is_noise
from materials.readers.registry import read_document

DATA = Path(__file__).parents[3] / "data"
TALKS = [DATA / "talks" / f"{language}.txt" for language in ("de", "es", "fr", "pl", "uk")]
READABLE = [*TALKS, DATA / "talks" / "zh.txt", *sorted((DATA / "courses").rglob("*.md"))]


def exchange_letters(text: str, seed: int) -> str:
    """Put one letter of a text's alphabet for another, all of them small, as a wrong map of a font does."""
    letters = sorted({sign for sign in text.lower() if sign.isalpha()})
    others = Random(seed).sample(letters, len(letters))  # noqa: S311  # no secret
    return text.lower().translate(str.maketrans("".join(letters), "".join(others)))


@pytest.mark.parametrize("path", TALKS, ids=lambda path: path.stem)
def test_most_texts_with_exchanged_letters_are_noise(path: Path) -> None:
    text = path.read_text()[:1_500]

    assert sum(is_noise(exchange_letters(text, seed)) for seed in range(20)) >= 13


@pytest.mark.parametrize("path", READABLE, ids=lambda path: path.stem)
def test_texts_are_no_noise(path: Path) -> None:
    text = path.read_text()

    assert not any(is_noise(text[start : start + 800]) for start in range(0, max(1, len(text) - 400), 800))


@pytest.mark.parametrize("path", sorted((DATA / "odd_texts").glob("*.txt")), ids=lambda path: path.stem)
def test_other_languages_names_code_formulas_and_sequences_are_no_noise(path: Path) -> None:
    assert not is_noise(path.read_text())


def test_a_pdf_whose_font_has_a_wrong_map_gives_no_text_and_says_so() -> None:
    """LibreOffice made the file from tests/data/talks/pl.txt; the characters of its ToUnicode map were exchanged."""
    document = read_document(DATA / "pdf" / "exchanged-letters.pdf", Format.PDF)

    assert document.pieces == ()
    assert document.warnings[0].startswith("The text layer of these pages is noise and was not used: 1.")
    assert [(group.kind, group.pages) for group in document.left_out] == [(LeftOutKind.NOISE, (1,))]
