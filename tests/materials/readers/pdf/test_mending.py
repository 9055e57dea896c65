"""Lines whose text is not that of PDFium: raised and lowered characters, accents apart, scripts from the right."""

from __future__ import annotations

from pathlib import Path

import pytest

from materials.documents import Document, Format
from materials.readers.registry import read_document
from tests.materials.readers.pdfs import typeset

DATA = Path(__file__).parents[3] / "data" / "pdf"
# Thousandths of the type size (Adobe's metrics of Helvetica).
WIDTHS = {"i": 222, "t": 278, "f": 278, " ": 278, "r": 333, ".": 278, ",": 278, "m": 833, "c": 500, "x": 500, "-": 333}
WIDTHS |= {"+": 584, "=": 584, "H": 722, "O": 778, "C": 722, "E": 667, "S": 667}
_Line = tuple[str, float, float, float, str]


def run(parts: list[tuple[str, float]], *, left: float = 40, down: float = 100) -> list[_Line]:
    """Return the parts of one line: each a text and by how many points it is raised, smaller then."""
    lines = []
    for text, rise in parts:
        size = 7.0 if rise else 11.0
        lines.append(("Helvetica", size, left, down - rise, text))
        left += size * sum(WIDTHS.get(sign, 556) for sign in text) / 1000
    return lines


def reading(tmp_path: Path, lines: list[_Line]) -> Document:
    path = tmp_path / "source.pdf"
    path.write_bytes(typeset([lines]))
    return read_document(path, Format.PDF)


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ([("is 2", 0), ("10", 4), (" = 1024.", 0)], "is 2¹⁰ = 1024."),
        ([("a thousandth is 10", 0), ("-3", 4), (" here", 0)], "a thousandth is 10⁻³ here"),
        ([("of H", 0), ("2", -2), ("O and CO", 0), ("2", -2), (", too", 0)], "of H₂O and CO₂, too"),
        ([("the SO", 0), ("4", -2), ("2-", 4), (" ion", 0)], "the SO₄²⁻ ion"),
        ([("the 4", 0), ("th", 4), (" time", 0)], "the 4th time"),
        ([("the x", 0), ("max", -2), (" of it", 0)], "the x_max of it"),
        ([("that x", 0), ("n+1", 4), (" grows", 0)], "that xⁿ⁺¹ grows"),
        ([("E = mc", 0), ("2", 4)], "E = mc²"),
    ],
)
@pytest.mark.parametrize("others", [0, 3])
def test_raised_and_lowered_characters_keep_their_meaning(
    tmp_path: Path, parts: list[tuple[str, float]], expected: str, others: int
) -> None:
    text = [
        ("Helvetica", 11.0, 40.0, 114.0 + 14 * number, "and more text on the lines below") for number in range(others)
    ]

    document = reading(tmp_path, [*run(parts), *text])

    assert document.pieces[0].text.startswith(expected)


def test_smaller_text_on_the_line_and_labels_are_no_exponents(tmp_path: Path) -> None:
    small = [("Helvetica", 11.0, 40.0, 100.0, "Water boils at 100"), ("Helvetica", 8.0, 140.0, 100.0, "(see 2)")]
    label = [("Helvetica", 11.0, 40.0, 200.0, "The kettle 5"), ("Helvetica", 7.0, 200.0, 196.0, "12")]

    said = " ".join(piece.text for piece in reading(tmp_path, small + label).pieces)

    assert "100 (see 2)" in said
    assert "5 12" in said


def test_accents_that_are_drawn_apart_stand_on_their_letters(tmp_path: Path) -> None:
    left = 40 + 11 * sum(WIDTHS.get(sign, 556) for sign in "Poincar") / 1000
    lines = [
        ("Helvetica", 11.0, 40.0, 100.0, "Poincar"),
        ("Helvetica", 11.0, left + 1.2, 100.0, "\xb4"),
        ("Helvetica", 11.0, left, 100.0, "e was here"),
    ]

    assert [piece.text for piece in reading(tmp_path, lines).pieces] == ["Poincaré was here"]


def test_a_degree_is_no_accent(tmp_path: Path) -> None:
    lines = [("Helvetica", 11.0, 40.0, 100.0, "It boils at 100 \xb0C and freezes at 0\xb0 in `code`.")]

    assert [piece.text for piece in reading(tmp_path, lines).pieces] == [lines[0][4]]


def test_hebrew_and_arabic_are_read_from_the_right() -> None:
    assert [piece.text for piece in read_document(DATA / "y-rtl.pdf", Format.PDF).pieces] == [
        "המים רותחים (במאה מעלות) בשנת 2024.",
        "אנחנו לומדים Python ו-Java בכיתה.",
        "الماء يغلي (عند مئة درجة) في Python دائما.",
    ]
