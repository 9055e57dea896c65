"""Where the words of a PDF stand: compared with where they are drawn, in red, in the picture of the page."""

from __future__ import annotations

from pathlib import Path

import pypdfium2
import pytest

from materials.documents import ChunkKind, Locator, Piece
from materials.readers.pdf import page_words
from materials.readers.pdf.reader import read
from materials.word_boxes import PlacedText, find_rectangles, unpack_boxes
from tests.materials.readers.pdfs import HEIGHT, WIDTH, assembled, drawn

# Pixels by points, so that half a point is seen.
_SCALE = 4
# Points: boxes are whole points, rounded outwards, with the full stop of their word, and as high as the font's ascent
# and descent.
_ACROSS, _DOWN = 5, 8

Sides = tuple[float, float, float, float]


def write(folder: Path, content: bytes) -> Path:
    file = folder / "page.pdf"
    file.write_bytes(content)
    return file


def lettered(lines: str) -> bytes:
    """Return a PDF with one font of any letters, all drawn as blocks; `lines` are drawing commands with texts."""
    letters = sorted({*lines} - {"\n"})
    codes = {letter: code for code, letter in enumerate((each for each in letters if each > "~"), 128)}
    known = {**codes, **{letter: ord(letter) for letter in letters if letter <= "~"}}
    content = lines.translate({ord(letter): chr(code) for letter, code in codes.items()})
    glyphs = " ".join(f"{code} /{'blank' if letter == ' ' else 'block'}" for letter, code in known.items())
    mapped = "\n".join(f"<{code:02X}> <{letter.encode('utf-16-be').hex().upper()}>" for letter, code in known.items())
    streams = [
        content,
        "500 0 0 0 500 700 d1 50 0 400 600 re f",
        "500 0 d0",
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapType 2 def 1 begincodespacerange <00> <FF> "
        f"endcodespacerange {len(known)} beginbfchar\n{mapped}\nendbfchar endcmap end end",
    ]
    font = (
        "<< /Type /Font /Subtype /Type3 /FontBBox [0 -200 500 800] /FontMatrix [0.001 0 0 0.001 0 0] /FirstChar 0 "
        f"/LastChar 255 /Widths [{' '.join(['500'] * 256)}] /CharProcs << /block 6 0 R /blank 7 0 R >> "
        f"/Encoding << /Type /Encoding /Differences [{glyphs}] >> /ToUnicode 8 0 R /Resources << >> >>"
    )
    page = (
        f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {WIDTH} {HEIGHT}] /Contents 5 0 R "
        "/Resources << /Font << /F1 3 0 R >> >> >>"
    )
    return assembled(
        [
            "<< /Type /Catalog /Pages 2 0 R >>",
            "<< /Type /Pages /Kids [4 0 R] /Count 1 >>",
            font,
            page,
            *(f"<< /Length {len(each)} >>\nstream\n{each}\nendstream" for each in streams),
        ]
    )


def find_red(file: Path) -> Sides:
    """Return left, top, right and bottom of what is red in the picture of the first page, in points."""
    picture = pypdfium2.PdfDocument(file)[0].render(scale=_SCALE).to_pil().convert("RGB")
    red, green, _ = picture.split()
    box = red.point(lambda value: 255 if value > 150 else 0)
    box.paste(0, mask=green.point(lambda value: 255 if value > 120 else 0))
    found = box.getbbox()
    assert found is not None, "nothing is red"
    left, top, right, bottom = found
    return left / _SCALE, top / _SCALE, right / _SCALE, bottom / _SCALE


def locate(file: Path, quote: str) -> tuple[Piece, list[tuple[int, int, int, int]]]:
    """Return the piece of the first page that holds a quote, and the quote's rectangles."""
    piece = next(piece for piece in read(file).pieces if quote in piece.text)
    placed = unpack_boxes(piece.text, piece.word_boxes)
    assert isinstance(placed, PlacedText), "the piece has no boxes"
    page = pypdfium2.PdfDocument(file)[0]
    assert (placed.page_width, placed.page_height) == tuple(map(round, page.get_size()))
    begin = piece.text.index(quote)
    return piece, list(find_rectangles(piece.text, placed.boxes, begin, begin + len(quote)))


def assert_it_is_red(file: Path, rectangles: list[tuple[int, int, int, int]], *, is_lying: bool = False) -> None:
    """Assert that the rectangles together hold all that is red, and little else."""
    assert rectangles, "it is not known where the words stand"
    red = find_red(file)
    sides = list(zip(*rectangles, strict=True))
    around = (min(sides[0]), min(sides[1]), max(sides[2]), max(sides[3]))
    slack = (_DOWN, _ACROSS) if is_lying else (_ACROSS, _DOWN)
    for number, (found, drawn_side) in enumerate(zip(around, red, strict=True)):
        outwards = drawn_side - found if number < 2 else found - drawn_side
        assert -0.5 <= outwards <= slack[number % 2], (around, red)


def say(before: str, quote: str, after: str, *, at: tuple[int, int], size: int = 12) -> str:
    """Return the commands of a line in which the quote is red."""
    shown = [f"{ink} ({text}) Tj" for ink, text in (("0 g", before), ("1 0 0 rg", quote), ("0 g", after)) if text]
    return f"BT /F1 {size} Tf {at[0]} {at[1]} Td {' '.join(shown)} ET"


@pytest.mark.parametrize("turned", [0, 90, 180, 270])
def test_words_are_found_however_the_page_is_turned(tmp_path: Path, turned: int) -> None:
    line = say("Water boils. ", "Steam is a gas", ". Fog is none.", at=(40, 500))
    file = write(tmp_path, drawn(line, turned=turned))

    _, rectangles = locate(file, "Steam is a gas")

    assert len(rectangles) == 1
    assert_it_is_red(file, rectangles, is_lying=turned in {90, 270})


@pytest.mark.parametrize("turned", [0, 90])
def test_words_that_run_up_the_page_are_found(tmp_path: Path, turned: int) -> None:
    shown = say("Water boils. ", "Steam is a gas", ". Fog is none.", at=(0, 0)).replace("0 0 Td", "0 1 -1 0 200 100 Tm")
    file = write(tmp_path, drawn(shown, turned=turned))

    _, rectangles = locate(file, "Steam is a gas")

    assert_it_is_red(file, rectangles, is_lying=turned == 0)


def test_a_page_is_measured_from_the_corner_of_what_is_shown_of_it(tmp_path: Path) -> None:
    content = drawn(say("Water boils. ", "Steam", " is a gas.", at=(90, 500)))
    file = write(tmp_path, content.replace(b"/Rotate 0", b"/Rotate 90 /CropBox [50 60 400 580]"))

    _, rectangles = locate(file, "Steam")

    assert_it_is_red(file, rectangles, is_lying=True)


@pytest.mark.parametrize(
    ("first", "second", "quote"),
    [
        ("Steam is a gas, and what is seen is conden-", "sation on dust.", "condensation"),
        ("Пара є газом, а те, що видно, є кон-", "денсацією на пилу.", "конденсацією"),
    ],
)
def test_a_word_that_is_divided_has_two_rectangles(tmp_path: Path, first: str, second: str, quote: str) -> None:
    begin, end = first.rindex(" ") + 1, second.index(" ")
    commands = [
        say(first[:begin], first[begin:-1], "-", at=(40, 500)),
        say("", second[:end], second[end:], at=(40, 485)),
    ]
    file = write(tmp_path, lettered("\n".join(commands)))

    piece, rectangles = locate(file, quote)

    assert piece.text.startswith(first[:begin])
    assert len(rectangles) == 2
    assert rectangles[0][0] > rectangles[1][2]
    assert rectangles[0][3] <= rectangles[1][1] + 4
    assert_it_is_red(file, rectangles)


def test_ligatures_and_accents_are_letters(tmp_path: Path) -> None:
    file = write(tmp_path, lettered(say("The ", "ﬁnal rôle", " of the ﬁlm is small.", at=(40, 500))))

    _, rectangles = locate(file, "final rôle")

    assert_it_is_red(file, rectangles)


def test_ukrainian_words_are_found(tmp_path: Path) -> None:
    file = write(tmp_path, lettered(say("Вода кипить. ", "Її пара є газом", " а туман — ні.", at=(40, 500))))

    _, rectangles = locate(file, "Її пара є газом")

    assert len(rectangles) == 1
    assert_it_is_red(file, rectangles)


def test_columns_that_are_drawn_row_by_row_are_told_apart(tmp_path: Path) -> None:
    left = [
        "Steam engines turn heat into",
        "work. The first of them pumped",
        "water out of the mines of",
        "Cornwall, slowly and at great",
        "cost of coal, for seventy years.",
        "Newcomen had made the first,",
        "and Smeaton measured what it",
        "burned, bushel by bushel, until",
        "he knew where the heat went:",
        "into the cold cylinder wall.",
    ]
    right = [
        "Watt added a condenser of its",
        "own, so that the cylinder could",
        "stay hot. That saved three",
        "quarters of the coal and made",
        "the engine worth its price.",
        "The saving was what the mines",
        "paid for: a third of it went to",
        "him and to his partner Boulton,",
        "for twenty five years, and then",
        "everybody could build them.",
    ]
    commands = []
    for number, (one, other) in enumerate(zip(left, right, strict=True)):
        down = 500 - 14 * number
        is_quoted = number in {3, 4}
        commands.append(say("" if is_quoted else one, one if is_quoted else "", "", at=(40, down), size=10))
        commands.append(say(other, "", "", at=(220, down), size=10))
    foot = say("Both columns stand above this sentence, which runs across the page.", "", "", at=(40, 300), size=10)
    title = say("Two columns", "", "", at=(40, 540), size=16)
    file = write(tmp_path, drawn("\n".join([title, *commands, foot])))

    _, rectangles = locate(file, "Cornwall, slowly and at great cost of coal, for seventy years.")

    assert len(rectangles) == 2
    assert_it_is_red(file, rectangles)


def test_the_second_of_two_equal_sentences_is_the_second(tmp_path: Path) -> None:
    same = "Try it yourself with a pot of water."
    rows = [same, "What is seen above the pot is no steam.", "", "", same]
    commands = [say(text, "", "", at=(40, 500 - 15 * number)) for number, text in enumerate(rows) if text]
    commands[-1] = say("", same, "", at=(40, 500 - 15 * 4))
    file = write(tmp_path, drawn("\n".join(commands)))
    last = [piece for piece in read(file).pieces if same in piece.text][-1]
    placed = unpack_boxes(last.text, last.word_boxes)
    assert placed is not None

    begin = last.text.rindex(same)
    assert_it_is_red(file, list(find_rectangles(last.text, placed.boxes, begin, begin + len(same))))


def test_the_cells_of_a_table_are_found(tmp_path: Path) -> None:
    rows = [
        ("Matter", "State", "Note"),
        ("Water", "liquid", "flows"),
        ("Steam", "gas", "fills"),
        ("Ice", "solid", "floats"),
    ]
    commands = []
    for number, row in enumerate(rows):
        down = 500 - 20 * number
        for place, cell in enumerate(row):
            quoted = cell == "floats"
            commands.append(say("" if quoted else cell, cell if quoted else "", "", at=(40 + 110 * place, down)))
    rules = " ".join(f"30 {515 - 20 * number} m 350 {515 - 20 * number} l S" for number in range(5))
    upright = " ".join(f"{left} 435 m {left} 515 l S" for left in (30, 140, 250, 350))
    file = write(tmp_path, drawn("\n".join([*commands, rules, upright])))

    piece, rectangles = locate(file, "floats")

    assert piece.text.startswith("| Matter | State | Note |")
    assert_it_is_red(file, rectangles)


def test_the_search_for_words_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = ["Water boils at one hundred degrees.", "Steam is a gas.", "Fog is none."]
    commands = [say(text, "", "", at=(40, 500 - 60 * number)) for number, text in enumerate(lines)]
    file = write(tmp_path, drawn("\n".join(commands)))

    assert all(piece.word_boxes for piece in read(file).pieces)
    monkeypatch.setattr(page_words, "_MAX_SEARCHED", -1)
    assert [piece.text for piece in read(file).pieces] == lines
    assert not any(piece.word_boxes for piece in read(file).pieces)


def test_the_search_for_words_between_others_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    page = page_words.PageWords(width=600, height=800)
    for word in ["first", *["ab"] * 400]:
        page.starts.append(len(page.letters))
        page.letters += word
        page.sides.extend((10, 10, 20, 20))
    text = " ".join(["first", *["abb"] * 100, "ab"])
    piece = Piece(kind=ChunkKind.PARAGRAPH, text=text, locator=Locator(page=1))

    def count_boxes() -> int:
        (placed,) = page_words.place_pieces([piece], {1: page})
        found = unpack_boxes(text, placed.word_boxes)
        return 0 if found is None else len(found.boxes)

    assert count_boxes() == 2
    # Enough to look for the halves of the text, and for some words between what was found.
    monkeypatch.setattr(page_words, "_MAX_SEARCHED", 60_000)
    assert count_boxes() == 1


def test_a_text_that_nobody_drew_has_no_boxes(tmp_path: Path) -> None:
    file = write(tmp_path, drawn(say("Water boils.", "", "", at=(40, 500))))

    (piece,) = read(file).pieces

    assert unpack_boxes(piece.text, piece.word_boxes) is not None
    assert unpack_boxes("Steam boils.", piece.word_boxes) is None, "a corrected text has other words"
