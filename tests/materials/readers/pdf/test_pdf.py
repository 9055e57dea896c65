"""PDFs that are hard to read: columns, turned pages, broken lines, scans, locks and bombs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from materials.documents import ChunkKind, Document, Format
from materials.readers.base.errors import UnreadableDocument
from materials.readers.isolation import ReaderLimits, read_isolated
from materials.readers.registry import read_document
from tests.materials.readers.pdfs import HEIGHT, WIDTH, assembled, drawn, pdf, shown

LEFT = [
    "Steam engines turn heat into",
    "work. The first of them pumped",
    "water out of the mines of",
    "Cornwall, slowly and at great",
    "cost of coal, for seventy years.",
]
RIGHT = [
    "Watt added a condenser of its",
    "own, so that the cylinder could",
    "stay hot. That saved three",
    "quarters of the coal and made",
    "the engine worth its price.",
]


def reading(tmp_path: Path, content: bytes) -> Document:
    path = tmp_path / "source.pdf"
    path.write_bytes(content)
    return read_document(path, Format.PDF)


def texts(document: Document) -> list[str]:
    return [piece.text for piece in document.pieces]


def column(lines: list[str], left: float) -> list[str]:
    return [shown(text, at=(left, 500 - 14 * number)) for number, text in enumerate(lines)]


TITLE = shown("Two columns", at=(40, 540), size=16)
FOOT = shown("Both columns stand above this sentence, which runs across the page.", at=(40, 300))


@pytest.mark.parametrize(
    "drawing",
    [
        [TITLE, *column(LEFT * 2, 40), *column(RIGHT * 2, 220), FOOT],
        [
            TITLE,
            *(line for row in zip(column(LEFT * 2, 40), column(RIGHT * 2, 220), strict=True) for line in row),
            FOOT,
        ],
    ],
    ids=["one after the other", "row by row"],
)
def test_columns_are_read_one_after_the_other(tmp_path: Path, drawing: list[str]) -> None:
    document = reading(tmp_path, drawn("\n".join(drawing)))

    assert texts(document) == [
        "Two columns",
        " ".join(LEFT * 2),
        " ".join(RIGHT * 2),
        "Both columns stand above this sentence, which runs across the page.",
    ]


def test_columns_whose_lines_are_not_level_are_read_one_after_the_other(tmp_path: Path) -> None:
    right = [shown(text, at=(220, 496 - 14 * number)) for number, text in enumerate(RIGHT * 2)]
    rows = zip(column(LEFT * 2, 40), right, strict=True)

    document = reading(tmp_path, drawn("\n".join(line for row in rows for line in row)))

    assert texts(document) == [" ".join(LEFT * 2), " ".join(RIGHT * 2)]


def test_the_rows_of_a_table_stay_rows(tmp_path: Path) -> None:
    cells = [(f"Engine {number}", f"{number * 10} horsepower") for number in range(1, 13)]
    drawing = [
        shown(text, at=(left, 500 - 14 * number))
        for number, row in enumerate(cells)
        for left, text in zip((40, 220), row, strict=True)
    ]

    (said,) = texts(reading(tmp_path, drawn("\n".join(drawing))))

    assert said.startswith("| Engine 1 | 10 horsepower |\n| --- | --- |\n| Engine 2 | 20 horsepower |")


TURNS: dict[int, tuple[str, Callable[[int], tuple[float, float]]]] = {
    0: ("1 0 0 1", lambda down: (40, HEIGHT - 60 - down)),
    90: ("0 1 -1 0", lambda down: (60 + down, 40)),
    180: ("-1 0 0 -1", lambda down: (WIDTH - 40, 60 + down)),
    270: ("0 -1 1 0", lambda down: (WIDTH - 60 - down, HEIGHT - 40)),
}


@pytest.mark.parametrize("turned", [0, 90, 180, 270])
@pytest.mark.parametrize("runs", TURNS)
def test_a_page_is_read_whichever_way_it_and_its_text_are_turned(tmp_path: Path, runs: int, turned: int) -> None:
    matrix, place = TURNS[runs]
    lines = [("A turned page", 18), *((line, 10) for line in LEFT + RIGHT)]
    drawing = [
        shown(text, at=place(0 if number == 0 else 16 + 14 * number), size=size, matrix=matrix)
        for number, (text, size) in enumerate(lines)
    ]

    document = reading(tmp_path, drawn("\n".join(drawing), turned=turned))

    assert [(piece.kind, piece.text) for piece in document.pieces] == [
        (ChunkKind.HEADING, "A turned page"),
        (ChunkKind.PARAGRAPH, " ".join(LEFT + RIGHT)),
    ]


def test_a_turned_label_does_not_turn_the_page(tmp_path: Path) -> None:
    label = shown("engines sold", at=(30, 400), matrix="0 1 -1 0")

    document = reading(tmp_path, drawn("\n".join([*column(LEFT, 60), label])))

    assert texts(document) == [" ".join(LEFT), "engines sold"]


@pytest.mark.parametrize("is_turned_first", [True, False])
def test_turned_and_upright_lines_are_each_read_in_order(tmp_path: Path, is_turned_first: bool) -> None:
    upright = [shown(text, at=(60, 500 - 14 * number)) for number, text in enumerate(LEFT)]
    turned = [shown(text, at=(300 + 14 * number, 60), matrix="0 1 -1 0") for number, text in enumerate(RIGHT)]
    drawing = [*reversed(turned), *upright] if is_turned_first else [*upright, *reversed(turned)]

    assert sorted(texts(reading(tmp_path, drawn("\n".join(drawing))))) == [" ".join(LEFT), " ".join(RIGHT)]


def test_words_that_are_divided_are_made_whole_and_do_not_end_the_paragraph(tmp_path: Path) -> None:
    lines = [
        "The boiling point of a liq-",
        "uid is a temper-",
        "ature at which it becomes",
        "a gas, as Anglo-",
        "Saxons say.",
    ]

    document = reading(tmp_path, pdf([[(11, line) for line in lines]]))

    assert texts(document) == [
        "The boiling point of a liquid is a temperature at which it becomes a gas, as Anglo-Saxons say."
    ]


def test_letters_beyond_the_basic_plane_are_kept_and_shift_nothing(tmp_path: Path) -> None:
    to_unicode = "1 begincodespacerange <00> <FF> endcodespacerange\n1 beginbfchar <41> <D835DC65> endbfchar"
    content = "\n".join(
        [
            shown("A A A A A A A A", at=(40, 500)),
            shown("Solving", at=(40, 470), size=20),
            *(shown("what stands here is the body of the text", at=(40, 440 - 14 * number)) for number in range(3)),
        ]
    )
    document = reading(
        tmp_path,
        assembled(
            [
                "<< /Type /Catalog /Pages 2 0 R >>",
                "<< /Type /Pages /Kids [5 0 R] /Count 1 >>",
                "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /ToUnicode 6 0 R >>",
                f"<< /Length {len(content)} >>\nstream\n{content}\nendstream",
                "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 420 595] /Contents 4 0 R "
                "/Resources << /Font << /F1 3 0 R >> >> >>",
                f"<< /Length {len(to_unicode)} >>\nstream\n{to_unicode}\nendstream",
            ]
        ),
    )

    assert [(piece.kind, piece.text) for piece in document.pieces][:2] == [
        (ChunkKind.PARAGRAPH, " ".join("𝑥" * 8)),
        (ChunkKind.HEADING, "Solving"),
    ]


def test_scanned_pages_are_counted_and_named_also_under_a_running_head(tmp_path: Path) -> None:
    head = (9, "Handbook of steam")
    said = {number: f"{line} {number}" for number, line in zip([1, 2, 4, 7, 8], RIGHT, strict=True)}
    pages = [[head, (11, said[number])] if number in said else [head] for number in range(1, 9)]

    document = reading(tmp_path, pdf(pages))

    assert document.page_count == 8
    assert {piece.locator.page: piece.text for piece in document.pieces} == said
    assert document.warnings == ("Pages without text, probably pictures or scans: 3, 5–6 of 8.",)


def test_lines_that_are_the_same_on_every_page_are_kept_when_there_is_nothing_else(tmp_path: Path) -> None:
    document = reading(tmp_path, pdf([[(11, f"Slide {number} of a very short course")] for number in range(1, 7)]))

    assert len(document.pieces) == 6


def test_a_locked_pdf_is_refused_with_a_way_out(tmp_path: Path) -> None:
    lock = f"/Encrypt << /Filter /Standard /V 1 /R 2 /P -4 /O <{'ab' * 32}> /U <{'cd' * 32}> >> /ID [<01> <01>]"

    with pytest.raises(UnreadableDocument) as refused:
        reading(tmp_path, drawn(FOOT, trailer=lock))

    assert refused.value.code == "encrypted"
    assert "Remove the password" in refused.value.next_step


def test_a_pdf_whose_table_of_objects_is_wrong_is_read(tmp_path: Path) -> None:
    content = pdf([[(11, line)] for line in LEFT]).replace(b"0000000", b"9999999")

    assert texts(reading(tmp_path, content)) == LEFT


@pytest.mark.parametrize("size", [(9e9, 9e9), (0, 0), (1, 14_400)])
def test_the_size_of_a_page_may_be_absurd(tmp_path: Path, size: tuple[float, float]) -> None:
    assert texts(reading(tmp_path, drawn(FOOT, size=size))) == [
        "Both columns stand above this sentence, which runs across the page."
    ]


def test_pages_that_are_only_said_to_be_there_are_named(tmp_path: Path) -> None:
    content = assembled(
        [
            "<< /Type /Catalog /Pages 2 0 R >>",
            "<< /Type /Pages /Kids [3 0 R] /Count 2900 >>",
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 100 100] >>",
        ]
    )

    assert "Pages that could not be read: 2–2900." in reading(tmp_path, content).warnings


def test_a_page_that_draws_itself_without_end_dies_alone(tmp_path: Path) -> None:
    form = "<< /Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /F {} 0 R >> >> /Length {} >>"
    levels = 12
    calls = "/F Do " * 10
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 400 400] /Contents 4 0 R "
        "/Resources << /XObject << /F 5 0 R >> >> >>",
        "<< /Length 5 >>\nstream\n/F Do\nendstream",
        *(f"{form.format(6 + level, len(calls))}\nstream\n{calls}\nendstream" for level in range(levels)),
    ]
    path = tmp_path / "bomb.pdf"
    path.write_bytes(assembled(objects))

    with pytest.raises(UnreadableDocument) as refused:
        read_isolated(path, Format.PDF, limits=ReaderLimits(memory_bytes=300 * 2**20, seconds=20))

    assert refused.value.code == "out_of_memory"
