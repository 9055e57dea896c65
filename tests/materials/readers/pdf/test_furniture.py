"""Running heads and page numbers are left out and said; lines of content that look like them are not."""

from __future__ import annotations

from pathlib import Path

import pytest

from materials.documents import ChunkKind, Document, Format, LeftOutKind
from materials.readers.registry import read_document
from tests.materials.readers.pdfs import HEIGHT, typeset

BODY = [
    "Water boils when its vapour has the pressure of the air around it.",
    "On a mountain the air is thin and water boils at ninety degrees.",
    "A lid keeps the steam in, and the pressure in the pot rises.",
    "So does the point at which it boils, and the beans are done sooner.",
    "Salt raises the point by less than a degree in any soup.",
    "Bubbles form at scratches of the pot first, where air is caught.",
]
_Line = tuple[str, float, float, float, str]


def reading(tmp_path: Path, content: bytes) -> Document:
    path = tmp_path / "source.pdf"
    path.write_bytes(content)
    return read_document(path, Format.PDF)


def texts(document: Document) -> list[str]:
    return [piece.text for piece in document.pieces]


def left_out(document: Document, kind: LeftOutKind = LeftOutKind.RUNNING_HEAD) -> list[str]:
    return [text.text for group in document.left_out if group.kind is kind for text in group.texts]


def body(number: int, *, down: float = 120) -> list[_Line]:
    turned = BODY[number % 6 :] + BODY[: number % 6]
    return [("Helvetica", 11, 40, down + 14 * line, text) for line, text in enumerate(turned)]


def foot(text: str, *, down: float = HEIGHT - 30) -> _Line:
    return ("Helvetica", 9, 200, down, text)


@pytest.mark.parametrize(
    "written",
    [
        "Page {page} of 6",
        "{page}",
        "- {page} -",
        "Steam and water | {page}",
        "{page} / 6",
        "Kurs Dampf \xb7 Seite {page}",
        "Winter 2024",
    ],
)
@pytest.mark.parametrize("down", [24, HEIGHT - 30])
def test_running_heads_and_feet_are_left_out_and_said(tmp_path: Path, written: str, down: float) -> None:
    pages = [[foot(written.format(page=page), down=down), *body(page)] for page in range(1, 7)]

    document = reading(tmp_path, typeset(pages))

    assert {piece.text[:5] for piece in document.pieces} == {line[:5] for line in BODY}
    (group,) = document.left_out
    assert (group.kind, group.count, group.pages) == (LeftOutKind.RUNNING_HEAD, 6, (1, 2, 3, 4, 5, 6))
    assert group.texts[0].text == written.format(page=1)


def test_heads_of_odd_and_even_pages_are_left_out(tmp_path: Path) -> None:
    heads = ["Chapter of steam", "Handbook of heat"]

    document = reading(tmp_path, typeset([[foot(heads[page % 2], down=24), *body(page)] for page in range(10)]))

    assert left_out(document) == heads


@pytest.mark.parametrize(
    ("font", "size"), [("Helvetica-Bold", 20), ("Helvetica", 14), ("Helvetica-Bold", 11), ("Helvetica", 11)]
)
@pytest.mark.parametrize("label", ["Exercise", "Week", "\xdcbung", "Lab session"])
def test_titles_that_count_as_the_pages_do_are_kept(tmp_path: Path, label: str, font: str, size: float) -> None:
    pages = [[(font, size, 40, 60, f"{label} {page}"), *body(page), foot(str(page))] for page in range(1, 7)]

    document = reading(tmp_path, typeset(pages))

    said = " ".join(texts(document))
    assert all(f"{label} {page}" in said for page in range(1, 7))
    assert left_out(document) == [str(page) for page in range(1, 7)]


def test_numbers_that_count_differently_from_the_pages_are_kept(tmp_path: Path) -> None:
    answers = [42, 1742, 100, 7, 58, 3]
    pages = [[*body(page)[:2], foot(f"Answer: {answer}", down=400)] for page, answer in enumerate(answers)]
    bare = [[*body(page)[:2], foot(str(answer))] for page, answer in enumerate(answers)]

    for content in (typeset(pages), typeset(bare)):
        document = reading(tmp_path, content)
        assert document.left_out == ()
        assert all(any(str(answer) in text for text in texts(document)) for answer in answers)


def test_an_answer_that_follows_the_text_is_kept_although_it_counts(tmp_path: Path) -> None:
    pages = [[*body(page)[:3], ("Helvetica", 11, 40, 120 + 14 * 3, str(page + 1))] for page in range(5)]

    said = " ".join(texts(reading(tmp_path, typeset(pages))))

    assert all(f" {page + 1} " in f" {said} " for page in range(5))


def test_a_line_within_the_text_is_kept_although_it_is_the_same_everywhere(tmp_path: Path) -> None:
    pages = [
        [
            ("Helvetica", 12, 40, 60, f"{line} What follows?"),
            ("Helvetica", 12, 40, 90, "The answer is:"),
            ("Helvetica", 12, 40, 120, line),
            *body(page, down=160),
        ]
        for page, line in enumerate(BODY)
    ]

    assert texts(reading(tmp_path, typeset(pages))).count("The answer is:") == 6


def test_titles_by_bookmark_are_kept_on_the_page_that_the_bookmark_names(tmp_path: Path) -> None:
    pages = [[("Helvetica", 9, 40, 30, "Heat"), *body(page)] for page in range(6)]

    document = reading(tmp_path, typeset(pages, bookmarks=[("Heat", 2)]))

    assert [piece.locator.page for piece in document.pieces if piece.text.startswith("Heat")] == [2]
    assert document.left_out[0].pages == (1, 3, 4, 5, 6)


def test_a_title_repeated_over_overlays_is_kept_once(tmp_path: Path) -> None:
    titles = ["Boiling points"] * 4 + ["Summary", "Questions"]
    pages = [
        [("Helvetica-Bold", 28, 40, 50, title), ("Helvetica", 16, 50, 110, BODY[page]), foot(str(page + 1), down=390)]
        for page, title in enumerate(titles)
    ]

    document = reading(tmp_path, typeset(pages, size=(720, 405)))

    headings = [piece.text for piece in document.pieces if piece.kind is ChunkKind.HEADING]
    assert headings == ["Boiling points", "Summary", "Questions"]
    assert [piece.locator.heading_path[0] for piece in document.pieces if piece.text in BODY] == titles
    assert left_out(document, LeftOutKind.REPETITION) == ["Boiling points"]


def test_roman_page_numbers_count_too(tmp_path: Path) -> None:
    numbers = ["i", "ii", "iii", "iv", "v", "vi"]

    document = reading(tmp_path, typeset([[*body(page), foot(number)] for page, number in enumerate(numbers)]))

    assert left_out(document) == numbers
