"""What the lines of a PDF become: headings, paragraphs, lists, code, and words that were divided."""

from __future__ import annotations

from pathlib import Path

import pytest

from materials.documents import ChunkKind, Document, Format, LeftOutKind
from materials.readers.pdf.line_joining import LineJoiner
from materials.readers.registry import read_document
from tests.materials.readers.pdfs import typeset

DATA = Path(__file__).parents[3] / "data" / "pdf"
BODY = [
    "Water is heated in a kettle until small bubbles rise from the bottom",
    "and all of it begins to move, which is known as boiling, and this takes",
    "place at a fixed point for as long as the pressure of the air holds.",
]
_Line = tuple[str, float, float, float, str]


def reading(tmp_path: Path, lines: list[_Line]) -> Document:
    path = tmp_path / "source.pdf"
    path.write_bytes(typeset([lines]))
    return read_document(path, Format.PDF)


def pieces(document: Document) -> list[tuple[ChunkKind, str]]:
    return [(piece.kind, piece.text) for piece in document.pieces]


def column(
    texts: list[str], down: float, *, font: str = "Helvetica", left: float = 40, step: float = 14
) -> list[_Line]:
    return [(font, 11, left, down + step * number, text) for number, text in enumerate(texts)]


HEADING, PARAGRAPH, LIST, CODE = ChunkKind.HEADING, ChunkKind.PARAGRAPH, ChunkKind.LIST, ChunkKind.CODE
TEXT = (PARAGRAPH, " ".join(BODY))


@pytest.mark.parametrize("gap", [14, 20])
@pytest.mark.parametrize("titles", [["Boiling of water", "Freezing of water"], ["1. Boiling", "2. What is ice?"]])
def test_bold_lines_in_the_size_of_the_text_are_headings(tmp_path: Path, titles: list[str], gap: float) -> None:
    lines = []
    for number, title in enumerate(titles):
        lines += [("Helvetica-Bold", 11.0, 40.0, 60.0 + 120 * number, title), *column(BODY, 60 + gap + 120 * number)]

    assert pieces(reading(tmp_path, lines)) == [(HEADING, titles[0]), TEXT, (HEADING, titles[1]), TEXT]


@pytest.mark.parametrize(
    ("titles", "levels"),
    [
        (["1 Boiling of water", "2 Freezing of water"], [1, 1]),
        (["1.1 Boiling", "1.2 Freezing"], [2, 2]),
        (["I. Boiling", "II. Freezing"], [1, 1]),
    ],
)
def test_numbered_lines_above_text_are_headings(tmp_path: Path, titles: list[str], levels: list[int]) -> None:
    lines = []
    for number, title in enumerate(titles):
        lines += [("Helvetica", 11.0, 40.0, 60.0 + 120 * number, title), *column(BODY, 82 + 120 * number)]

    document = reading(tmp_path, lines)

    assert pieces(document) == [(HEADING, titles[0]), TEXT, (HEADING, titles[1]), TEXT]
    assert [piece.level for piece in document.pieces if piece.kind is HEADING] == levels


def test_section_numbers_need_no_gap(tmp_path: Path) -> None:
    lines = column([*BODY, "2.1 Boiling", *BODY, "2.2 Freezing", *BODY], 60)

    assert pieces(reading(tmp_path, lines)) == [TEXT, (HEADING, "2.1 Boiling"), TEXT, (HEADING, "2.2 Freezing"), TEXT]


def test_bold_words_and_numbers_within_text_are_no_headings(tmp_path: Path) -> None:
    bold = "Note that the water must have boiled for at least ten minutes before"
    lines = [("Helvetica-Bold", 11.0, 40.0, 60.0, bold), *column(["it is drunk, and that it was clear.", *BODY], 74)]
    numbers = column(
        ["The kettle holds", "2.5 litres of water at most. It is heated by", "1.5 kW, which is much."], 160
    )

    assert {kind for kind, _ in pieces(reading(tmp_path, lines + numbers))} == {PARAGRAPH}


def test_lists_of_short_items_are_no_headings(tmp_path: Path) -> None:
    lines = column(["1. Boil the water", "2. Freeze the water", "3. Melt the ice"], 60, step=24)

    assert pieces(reading(tmp_path, lines)) == [(LIST, "1. Boil the water\n2. Freeze the water\n3. Melt the ice")]


@pytest.mark.parametrize("font", ["Courier", "Courier-Bold"])
def test_code_keeps_its_lines_and_indentation(tmp_path: Path, font: str) -> None:
    lines = [
        *column(BODY, 60),
        *column(["def boil(water):"], 110, font=font),
        *column(["for step in range(3):", "print(step)"], 124, font=font, left=66.4),
        *column(["return water"], 166, font=font, left=66.4),
        *column(BODY, 190),
    ]

    code = "def boil(water):\n    for step in range(3):\n    print(step)\n\n    return water"
    assert pieces(reading(tmp_path, lines)) == [TEXT, (CODE, code), TEXT]


def test_text_in_a_typewriter_font_is_no_code(tmp_path: Path) -> None:
    typed = column(BODY, 60, font="Courier")
    labels = [
        *column(BODY * 3, 60),
        *column(["Hot water"], 300, font="Courier"),
        *column(["Steam"], 340, font="Courier"),
    ]

    assert pieces(reading(tmp_path, typed)) == [TEXT]
    assert pieces(reading(tmp_path, labels))[-2:] == [(PARAGRAPH, "Hot water"), (PARAGRAPH, "Steam")]


@pytest.mark.parametrize("form", ["({})", "{})", "{}."])
def test_choices_stand_one_a_line(tmp_path: Path, form: str) -> None:
    signs = [form.format(sign) for sign in "ABC"]
    lines = column(
        [
            "Exercise 1. Boil one litre of water and take the time.",
            "Exercise 2. What is the boiling point?",
            f"{signs[0]} 50 degrees",
            f"{signs[1]} 100 degrees",
            f"{signs[2]} 150 degrees",
            "Exercise 3. What is ice?",
        ],
        60,
    )

    assert pieces(reading(tmp_path, lines)) == [
        (PARAGRAPH, "Exercise 1. Boil one litre of water and take the time."),
        (PARAGRAPH, "Exercise 2. What is the boiling point?"),
        (LIST, f"- {signs[0]} 50 degrees\n- {signs[1]} 100 degrees\n- {signs[2]} 150 degrees"),
        (PARAGRAPH, "Exercise 3. What is ice?"),
    ]


def test_a_letter_in_brackets_within_a_sentence_is_no_choice(tmp_path: Path) -> None:
    lines = column(["The first of the two points, which was called", "(a) above, is the boiling point of water."], 60)

    assert [kind for kind, _ in pieces(reading(tmp_path, lines))] == [PARAGRAPH]


def test_paragraphs_with_a_small_gap_between_them_are_apart(tmp_path: Path) -> None:
    assert pieces(reading(tmp_path, [*column(BODY, 60), *column(BODY, 110)])) == [TEXT, TEXT]


@pytest.mark.parametrize("dots", ["." * 80, ". " * 40, "_" * 60])
def test_worksheets_keep_their_questions(tmp_path: Path, dots: str) -> None:
    lines = column(
        ["1. Why does water boil?", dots, dots, "2. What is steam made of?", dots, dots, f"Name: {dots}"], 60
    )

    document = reading(tmp_path, lines)

    assert document.warnings == ()
    listed = next(piece.text for piece in document.pieces if piece.kind is LIST)
    assert listed.startswith("1. Why does water boil?\n2. What is steam made of?")


def test_a_gap_within_a_sentence_is_kept(tmp_path: Path) -> None:
    (piece,) = reading(tmp_path, column(["Water boils at ________________ degrees."], 60)).pieces

    assert piece.text == "Water boils at ____ degrees."


def test_contents_with_dots_are_read_line_by_line(tmp_path: Path) -> None:
    lines = column([f"{number} Heat of water {'.' * 60} {number + 2}" for number in range(1, 5)], 60)

    document = reading(tmp_path, lines)

    assert document.warnings == ()
    assert [piece.text.split("\n")[0] for piece in document.pieces] == ["- 1 Heat of water … 3"]


def test_letters_that_are_shifted_are_noise(tmp_path: Path) -> None:
    document = read_document(DATA / "f-tounicode-shift.pdf", Format.PDF)

    assert document.pieces == ()
    assert "noise" in document.warnings[0]
    assert [(group.kind, group.count, group.pages) for group in document.left_out] == [(LeftOutKind.NOISE, 1, (1,))]


@pytest.mark.parametrize("shift", [-29, -3, 5, 29])
def test_noise_is_recognised_by_the_frequencies_of_letters(tmp_path: Path, shift: int) -> None:
    shifted = ["".join(chr(ord(sign) + shift) for sign in line if 32 < ord(sign) + shift < 127) for line in BODY]

    assert "noise" in reading(tmp_path, column(shifted, 60)).warnings[0]


@pytest.mark.parametrize(
    "text",
    [
        "for(i=0;i<n;i++){ptr[i]=malloc(sizeof(struct xyz));if(!ptr[i])return NULL;}",
        "ACGTTGCATGCCGTAGCTAGCTAGGCTAGCTTTACGGGCATCGATTTACGCGCGATATATCGCGCG",
        "NMR DNA RNA PCR HPLC MRT CTG SDS PBS BSA FCS DMSO GTP ATP NADH FADH SQL",
        "de ad be ef 12 34 56 78 9a bc de f0 cafe babe dead beef 00 ff 7f 80 c3 b2",
    ],
)
def test_code_genes_and_abbreviations_are_no_noise(tmp_path: Path, text: str) -> None:
    assert reading(tmp_path, column([text, text], 60)).warnings == ()


def test_chinese_and_japanese_lines_are_joined_without_blanks() -> None:
    assert [piece.text for piece in read_document(DATA / "f-cjk.pdf", Format.PDF).pieces] == [
        "水は百度で沸騰しますが、山の上ではもっと低い温度で沸騰します。これは気圧が低いからです。",
        "水在一百度沸腾，但是在高山上沸点会降低，因为那里的气压比较低。",
    ]


@pytest.mark.parametrize(
    ("lines", "joined"),
    [
        (["a tempera-", "ture of"], "a temperature of"),
        (["a well-", "known fact"], "a well-known fact"),
        (["her well-", "ness centre"], "her wellness centre"),
        (["as e-", "mail and X-", "rays"], "as e-mail and X-rays"),
        (["1999-", "2004 and COVID-", "19"], "1999-2004 and COVID-19"),
        (["the Austro-", "Hungarian"], "the Austro-Hungarian"),
        (["a state-of-the-", "art kettle"], "a state-of-the-art kettle"),
        (["a self-con-", "tained unit"], "a self-contained unit"),
        (["DNA-", "based"], "DNA-based"),
        (["qu’est-", "ce que"], "qu’est-ce que"),
        (["що-", "небудь"], "що-небудь"),
        (["темпера-", "тура води"], "температура води"),
        (["the kitch\u2010", "en"], "the kitchen"),
        (["the tem\u00adpera\u00ad", "ture"], "the temperature"),
        (["น้ำเดือด", "ที่ร้อยองศา"], "น้ำเดือดที่ร้อยองศา"),
        (["a dash -", "is none"], "a dash - is none"),
    ],
)
def test_words_at_line_ends(lines: list[str], joined: str) -> None:
    assert LineJoiner(lambda: lines).join_lines(lines) == joined


def test_the_words_of_a_document_decide_about_hyphens() -> None:
    document = ["The follow-up of the database was long.", "A follow-", "up of the data-", "base"]

    assert LineJoiner(lambda: document).join_lines(document[1:]) == "A follow-up of the database"


@pytest.mark.parametrize(
    ("initial", "rest", "whole"), [("W", "ater is heated", "Water is"), ("A", "kettle is hot", "A kettle")]
)
def test_a_large_first_letter_belongs_to_its_word(tmp_path: Path, initial: str, rest: str, whole: str) -> None:
    lines = [
        ("Helvetica", 36.0, 40.0, 126.0, initial),
        *column([rest, "until small bubbles rise and"], 108, left=76),
        *column(["all of it begins to move in the kettle."], 140),
    ]

    (piece,) = reading(tmp_path, lines).pieces

    assert piece.kind is PARAGRAPH
    assert piece.text.startswith(whole)


def test_two_pages_on_a_sheet_are_read_one_after_the_other(tmp_path: Path) -> None:
    sheets = []
    for sheet in range(3):
        lines = []
        for half in (0, 1):
            number = 2 * sheet + half + 1
            left = 40.0 + 420 * half
            lines += [("Helvetica-Bold", 16.0, left, 60.0, f"Chapter {number}")]
            lines += column(BODY * 4, 90, left=left)
            lines.append(("Helvetica", 9.0, left + 160, 570.0, str(number)))
        sheets.append(sorted(lines, key=lambda line: line[3]))
    path = tmp_path / "source.pdf"
    path.write_bytes(typeset(sheets, size=(842, 595)))

    document = read_document(path, Format.PDF)

    assert [(piece.locator.page, piece.text) for piece in document.pieces if piece.kind is HEADING] == [
        (number // 2 + 1, f"Chapter {number + 1}") for number in range(6)
    ]
    assert all(piece.text.startswith("Water is heated") for piece in document.pieces if piece.kind is PARAGRAPH)
    assert [text.text for text in document.left_out[0].texts] == ["1", "2", "3", "4", "5", "6"]
    assert document.page_count == 3


def test_a_slide_in_two_columns_is_one_page(tmp_path: Path) -> None:
    lines = [
        ("Helvetica", 24.0, 40.0, 60.0, "Two columns on a slide"),
        *column(BODY * 3, 100),
        *column(BODY * 3, 100, left=460),
    ]
    path = tmp_path / "source.pdf"
    path.write_bytes(typeset([lines], size=(842, 595)))

    first, *others = read_document(path, Format.PDF).pieces

    assert (first.kind, first.text) == (HEADING, "Two columns on a slide")
    assert all(piece.locator.heading_path == ("Two columns on a slide",) for piece in others)
