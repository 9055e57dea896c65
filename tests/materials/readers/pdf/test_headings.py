"""Headings of PDFs: by bookmarks, printed contents, numbers, type and place; and what only looks like one."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import pytest

from materials.documents import ChunkKind, Document, Format
from materials.readers.pdf.captions import is_caption
from materials.readers.pdf.numbering import parse_section_number
from materials.readers.registry import read_document
from tests.materials.readers.pdfs import typeset

DATA = Path(__file__).parents[3] / "data" / "pdf" / "headings"
EXPECTED = json.loads((DATA / "expected.json").read_text())
PLAIN, BOLD, TIMES = "Helvetica", "Helvetica-Bold", "Times-Roman"
SENTENCE = "Water boils at one hundred degrees on the coast and earlier on a mountain."

Lines = list[tuple[str, float, float, float, str]]


def fold(text: str) -> str:
    number = parse_section_number(text)
    return "".join(filter(str.isalnum, text[number.end if number else 0 :].casefold()))


def compute_f1(found: list[str], expected: list[str], also: list[str]) -> float:
    """Return the F1 of headings by their words; those in `also` may be found or not."""
    ignored = {fold(text) for text in also}
    wanted, counted = list(map(fold, expected)), [text for text in map(fold, found) if text not in ignored]
    hits = sum(min(wanted.count(text), counted.count(text)) for text in set(wanted))
    return 2 * hits / (len(wanted) + len(counted)) if wanted or counted else 1.0


def headings(document: Document) -> list[tuple[int | None, str]]:
    return [(piece.level, piece.text) for piece in document.pieces if piece.kind is ChunkKind.HEADING]


def reading(tmp_path: Path, *pages: Lines, bookmarks: list[tuple[str, int]] | None = None) -> list[str]:
    path = tmp_path / "source.pdf"
    path.write_bytes(typeset(pages, bookmarks=bookmarks or ()))
    return [text for _, text in headings(read_document(path, Format.PDF))]


def column(top: float, *, count: int = 4, left: float = 40) -> Lines:
    return [(PLAIN, 10, left, top + 13 * number, SENTENCE) for number in range(count)]


@pytest.mark.parametrize("name", EXPECTED)
def test_headings_of_each_program_are_found(name: str) -> None:
    expected = EXPECTED[name]

    found = headings(read_document(DATA / f"{name}.pdf", Format.PDF))

    assert compute_f1([text for _, text in found], [text for _, text in expected["headings"]], expected["also"]) >= 0.95


@pytest.mark.parametrize(
    "name", ["chromium-docs", "chromium-word", "libreoffice-word-bold", "latex-ieee", "pandoc-odt-bookmarks"]
)
def test_levels_go_up_and_down_with_those_of_the_source(name: str) -> None:
    levels = {fold(text): level for level, text in EXPECTED[name]["headings"]}

    found = [
        (level, levels[fold(text)])
        for level, text in headings(read_document(DATA / f"{name}.pdf", Format.PDF))
        if fold(text) in levels
    ]

    steps = [(a[0] - b[0], a[1] - b[1]) for a, b in pairwise(found) if a[0] and b[0]]
    assert all((ours > 0) == (theirs > 0) and (ours < 0) == (theirs < 0) for ours, theirs in steps)


def test_lettering_of_figures_is_no_heading_and_takes_no_level(tmp_path: Path) -> None:
    figure: Lines = [
        (BOLD, 20, 60, 200, "Boiler"),
        (BOLD, 20, 200, 200, "Condenser"),
        (PLAIN, 16, 70, 240, "Water in"),
        (PLAIN, 10, 60, 270, "Figure 1. How the water goes round."),
    ]

    found = reading(
        tmp_path,
        [(BOLD, 14, 40, 60, "Steam"), *column(90), *figure, *column(310), (BOLD, 14, 40, 390, "Ice"), *column(420)],
    )

    assert found == ["Steam", "Ice"]


def test_authors_between_title_and_text_are_no_headings(tmp_path: Path) -> None:
    front: Lines = [
        (PLAIN, 20, 120, 60, "How water boils"),
        (PLAIN, 12, 150, 90, "Maria Lopez"),
        (PLAIN, 12, 140, 115, "30 November 2026"),
    ]

    found = reading(tmp_path, [*front, *column(160), (BOLD, 12, 40, 240, "Pressure"), *column(265)])

    assert found == ["How water boils", "Pressure"]


def test_another_font_above_text_and_with_space_is_a_heading(tmp_path: Path) -> None:
    lines: Lines = []
    for number, title in enumerate(["Boiling", "Freezing", "Melting"]):
        lines += [(TIMES, 10, 40, 60 + 90 * number, title), *column(76 + 90 * number)]

    assert reading(tmp_path, lines) == ["Boiling", "Freezing", "Melting"]


def test_bookmarks_say_which_lines_are_headings_and_how_deep(tmp_path: Path) -> None:
    page: Lines = [(PLAIN, 10, 40, 60, "Boiling"), *column(73), (PLAIN, 10, 40, 125, "Freezing"), *column(138)]

    assert reading(tmp_path, page) == []
    assert reading(tmp_path, page, bookmarks=[("Boiling", 1), ("freezing", 1)]) == ["Boiling", "Freezing"]


def test_bookmarks_that_name_no_lines_are_not_followed(tmp_path: Path) -> None:
    page: Lines = [(BOLD, 14, 40, 60, "Boiling"), *column(90)]

    assert reading(tmp_path, page, bookmarks=[("Page 1", 1), ("Page 2", 1)]) == ["Boiling"]


def test_printed_contents_are_no_headings_but_name_them(tmp_path: Path) -> None:
    titles = ["Boiling", "Freezing", "Melting"]
    contents: Lines = [
        (BOLD, 10, 40, 60 + 20 * number, f"{title} {'.' * (60 - len(title))} {number + 2}")
        for number, title in enumerate(titles)
    ]
    pages = [[(PLAIN, 10, 40, 60.0, title), *column(73)] for title in titles]

    assert reading(tmp_path, contents, *pages) == titles


def test_heads_of_a_book_that_name_its_sections_are_left_out(tmp_path: Path) -> None:
    sections = ["BOILING", "FREEZING", "MELTING", "STEAM", "ICE"]
    pages: list[Lines] = [
        [(PLAIN, 10, 40, 40, f"1.{number}. {name}{' ' * 80}{number}"), *column(80, count=8)]
        for number, name in enumerate(sections, start=1)
    ]

    assert reading(tmp_path, *pages) == []


@pytest.mark.parametrize(
    ("text", "depth", "value"),
    [
        ("2.1 Boiling", 2, 2),
        ("IV. Steam", 1, 4),
        ("B. Ice", 1, 2),
        ("Chapter 3: Ice", 1, 3),
        ("Розділ 3. Лід", 1, 3),
        ("Capítulo 3 El hielo", 1, 3),
        ("第三章 冰", 1, 3),
        ("第12节 冰", 2, 12),
        ("二十一、冰", 1, 21),
        ("（二）冰", 2, 2),
    ],
)
def test_section_numbers_are_read(text: str, depth: int, value: int) -> None:
    number = parse_section_number(text)

    assert number is not None
    assert (number.depth, number.value) == (depth, value)


@pytest.mark.parametrize("text", ["3 litres of water", "1999 was dry", "water", "Chapters 3 and 4", "·", "2.5 kg"])
def test_amounts_are_no_section_numbers(text: str) -> None:
    assert parse_section_number(text) is None


@pytest.mark.parametrize(
    "text", ["Figure 1. Steam", "Рис. 2. Пара", "Tabla 3: Vapor", "Abb. 4", "图1 蒸汽", "Tab. 2: Dampf"]
)
def test_captions_are_known_in_several_languages(text: str) -> None:
    assert is_caption(text)


@pytest.mark.parametrize("text", ["Figures of speech", "Table manners", "Tables 1", "Рисунок", "图书馆"])
def test_words_that_begin_as_captions_do_are_none(text: str) -> None:
    assert not is_caption(text)
