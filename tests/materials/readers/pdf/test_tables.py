"""Tables of PDFs: with and without rules, with wrapped cells, over pages; and what only looks like a table."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from materials.documents import ChunkKind, Document, Format
from materials.readers.pdf.alignment import find_blocks
from materials.readers.pdf.words import Fragment
from materials.readers.registry import read_document
from tests.benchmarks.pdf_tables import RULES, TABLES, compute_f1, parse_markdown, read_ours
from tests.materials.readers.pdfs import drawn, shown, typeset

DATA = Path(__file__).parents[3] / "data" / "pdf"
ROWS = [
    ["Substance", "Melts at", "Boils at"],
    ["Water", "0", "100"],
    ["Ethanol", "-114", "78"],
    ["Mercury", "-39", "357"],
    ["Benzene", "6", "80"],
]
LEFTS = (60, 160, 260)


def reading(tmp_path: Path, content: bytes) -> Document:
    path = tmp_path / "source.pdf"
    path.write_bytes(content)
    return read_document(path, Format.PDF)


def tables(document: Document) -> list[list[list[str]]]:
    return [parse_markdown(piece.text) for piece in document.pieces if piece.kind is ChunkKind.TABLE]


def placed(rows: Sequence[Sequence[str]], top: float, step: float = 14, lefts: Sequence[float] = LEFTS) -> list[str]:
    return [
        shown(text, at=(left, top - step * number))
        for number, row in enumerate(rows)
        for left, text in zip(lefts, row, strict=False)
        if text
    ]


def ruled(left: float, right: float, ys: Sequence[float], xs: Sequence[float] = ()) -> list[str]:
    level = [f"{left} {y} m {right} {y} l S" for y in ys]
    return [*level, *(f"{x} {ys[0]} m {x} {ys[-1]} l S" for x in xs)]


@pytest.mark.parametrize("rules", RULES)
@pytest.mark.parametrize("producer", ["libreoffice", "latex", "chromium"])
def test_wrapped_cells_are_read_whole_whoever_printed_the_table(producer: str, rules: str) -> None:
    path = DATA / "tables" / f"{producer}-{rules}-wrapped.pdf"

    document = read_document(path, Format.PDF)

    assert compute_f1(TABLES["wrapped"], tables(document)) == 1
    assert len(tables(document)) == 1
    around = [piece.text for piece in document.pieces if piece.kind is ChunkKind.PARAGRAPH]
    assert around[0].startswith("The values below")
    assert any(text.startswith("Compare the last") for text in around)


def test_a_table_without_text_around_it_that_libreoffice_drew_is_read_cell_by_cell() -> None:
    document = read_document(DATA / "y-table-src.pdf", Format.PDF)

    (table,) = tables(document)
    assert table[0] == ["Term", "Meaning", "Example"]
    assert table[2] == [
        "Boiling",
        "Water turns into a gas in its whole volume, at one temperature",
        "A kettle on the stove whistles when it has reached the point",
    ]
    assert [piece.text for piece in document.pieces if piece.kind is not ChunkKind.TABLE] == ["After the table."]


def test_each_page_of_a_long_table_has_the_head() -> None:
    path = DATA / "tables" / "libreoffice-rows-long.pdf"

    parts = [piece for piece in read_document(path, Format.PDF).pieces if piece.kind is ChunkKind.TABLE]

    assert [part.locator.page for part in parts] == list(range(1, len(parts) + 1))
    assert len(parts) > 2
    assert {tuple(parse_markdown(part.text)[0]) for part in parts} == {("No.", "Term", "Meaning")}
    assert compute_f1(TABLES["long"], read_ours(path)) > 0.95


def test_the_rest_of_a_table_on_the_next_page_is_given_the_head_that_is_not_repeated(tmp_path: Path) -> None:
    first = [*placed(ROWS, 200), *ruled(50, 350, [212, 198, 184, 170, 156, 142], [50, 150, 250, 350])]
    more = [["Acetone", "-95", "56"], ["Toluene", "-95", "111"]]
    second = [*placed(more, 500), *ruled(50, 350, [512, 498, 484], [50, 150, 250, 350])]
    before = shown("The table of the substances begins here and goes on.", at=(50, 400))

    found = tables(reading(tmp_path, drawn("\n".join([before, *first]), "\n".join(second))))

    assert found == [ROWS, [ROWS[0], *more]]


def test_merged_cells_stand_once_and_leave_blanks(tmp_path: Path) -> None:
    # "Points" stands above two columns: the rule between these begins below it.
    cells = placed([["Substance", "Points", ""], ["", "melts", "boils"], ["Water", "0", "100"]], 400)
    rules = [*ruled(50, 350, [412, 384, 370], [50, 150, 350]), "150 398 m 350 398 l S", "250 398 m 250 370 l S"]

    (table,) = tables(reading(tmp_path, drawn("\n".join([*cells, *rules]))))

    assert table == [["Substance", "Points", ""], ["", "melts", "boils"], ["Water", "0", "100"]]


@pytest.mark.parametrize("how", ["cells as rectangles", "one path", "in a form", "turned"])
def test_rules_are_found_however_they_are_drawn(tmp_path: Path, how: str) -> None:
    ys, xs = [412, 398, 384, 370, 356, 342], [50, 150, 250, 350]
    boxes = [f"{x} {y} 100 14 re" for x in xs[:-1] for y in ys[1:]]
    drawing = {"cells as rectangles": " S ".join(boxes) + " S", "one path": " ".join(boxes) + " S"}.get(
        how, "\n".join(ruled(50, 350, ys, xs))
    )
    content = "\n".join([*placed(ROWS, 400), drawing])
    if how == "in a form":
        content = f"q 1 0 0 1 20 30 cm {content} Q"
    if how == "turned":
        content = f"0 1 -1 0 500 0 cm {content}"

    assert tables(reading(tmp_path, drawn(content, turned=90 if how == "turned" else 0))) == [ROWS]


def test_text_beside_and_around_a_table_stays(tmp_path: Path) -> None:
    lines = [
        shown("Some substances melt and boil at these degrees:", at=(50, 440)),
        *placed(ROWS, 400),
        *ruled(50, 350, [412, 398, 384, 370, 356, 342], [50, 150, 250, 350]),
        shown("at sea level", at=(360, 372)),
        shown("Which of them is liquid in this room?", at=(50, 300)),
    ]

    pieces = reading(tmp_path, drawn("\n".join(lines))).pieces

    said = [piece.text for piece in pieces if piece.kind is not ChunkKind.TABLE]
    assert said == [
        "Some substances melt and boil at these degrees:",
        "at sea level",
        "Which of them is liquid in this room?",
    ]
    assert [piece.kind for piece in pieces].count(ChunkKind.TABLE) == 1


def test_numbers_below_a_head_without_any_rule_are_a_table(tmp_path: Path) -> None:
    assert tables(reading(tmp_path, drawn("\n".join(placed(ROWS, 400))))) == [ROWS]


PROSE = [
    "Steam engines turn heat into",
    "work. The first of them pumped",
    "water out of the mines of",
    "Cornwall, slowly and at great",
    "cost of coal, for seventy years.",
]
NO_TABLES = {
    "columns of prose": placed([[line, line] for line in PROSE * 2], 500, lefts=(40, 220)),
    "contents": placed([[f"{n}", f"Of the {n}th thing", f"{3 * n}"] for n in range(1, 9)], 500, lefts=(40, 70, 330)),
    "dotted contents": placed(
        [[f"Chapter {n}", ". " * 40, f"{3 * n}"] for n in range(1, 9)], 500, lefts=(40, 120, 330)
    ),
    "bullets set apart": placed([["\\225", f"The engine number {n}"] for n in range(8)], 500, lefts=(40, 60)),
    "lists side by side": placed([[f"- part {n}", f"- piece {n}", f"- bit {n}"] for n in range(8)], 500),
    "numbered formulas": placed([[f"x = {n}y", f"({n})"] for n in range(1, 9)], 500, lefts=(60, 330)),
    "facts": placed([["Teacher:", "Maria Weber"], ["Room:", "12 B"], ["Hours:", "9 to 11"], ["Term:", "Spring"]], 500),
    "lines to write on": placed([["Name", "_" * 20, "Date", "_" * 9]] * 5, 500, lefts=(40, 90, 230, 270)),
    "labels of a figure": placed(
        [["0", "", "x"], ["", "peak", ""], ["5", "", ""], ["", "", "time"], ["10", "", ""]], 500
    ),
    "a box around text": [*placed([[line] for line in PROSE], 500), "50 430 200 85 re S"],
    "grid lines of a chart": [
        *placed([["12", "", ""], ["", "", "sales"], ["", "costs", ""]], 500, step=40),
        *ruled(50, 350, [520, 480, 440, 400], [50, 100, 150, 200, 250, 300, 350]),
    ],
}


@pytest.mark.parametrize("drawing", NO_TABLES.values(), ids=NO_TABLES.keys())
def test_what_only_looks_like_a_table_is_none(tmp_path: Path, drawing: list[str]) -> None:
    document = reading(tmp_path, drawn("\n".join([shown("What follows is no table.", at=(40, 540)), *drawing])))

    assert tables(document) == []


def test_a_program_in_two_columns_is_no_table(tmp_path: Path) -> None:
    lines = [("Courier", 10, left, 100 + 14 * n, f"x{n} = {n}") for n in range(8) for left in (60, 220)]

    assert tables(reading(tmp_path, typeset([lines]))) == []


def test_ten_thousand_rules_are_no_table_and_take_no_time(tmp_path: Path) -> None:
    hatching = [f"{x / 10} 100 m {x / 10} 500 l S" for x in range(500, 4000)]
    hatching += [f"50 {y / 10} m 400 {y / 10} l S" for y in range(1000, 5000)]

    document = reading(tmp_path, drawn("\n".join([*placed(ROWS, 560), *hatching])))

    assert "Benzene" in " ".join(piece.text for piece in document.pieces)


def test_raised_figures_in_cells_stay_raised(tmp_path: Path) -> None:
    def raised(base: str, figure: str, left: float, top: float, width: float) -> list[str]:
        return [shown(base, at=(left, top)), shown(figure, at=(left + width, top + 4), size=6)]

    cells = [
        *placed([["Unit", "Factor"], ["kilo"], ["mega"]], 400),
        *raised("10", "3", 160, 386, 11.2),
        *raised("10", "6", 160, 372, 11.2),
    ]

    document = reading(tmp_path, drawn("\n".join([*cells, *ruled(50, 250, [412, 398, 384, 366], [50, 150, 250])])))

    assert tables(document) == [[["Unit", "Factor"], ["kilo", "10³"], ["mega", "10⁶"]]]


def test_a_caption_and_text_below_do_not_belong_to_a_table(tmp_path: Path) -> None:
    below = [shown("Degrees", at=(260, 318)), shown("Which is liquid?", at=(60, 296))]

    document = reading(tmp_path, drawn("\n".join([*placed(ROWS, 400), *below])))

    assert tables(document) == [ROWS]
    assert [piece.text for piece in document.pieces if piece.kind is not ChunkKind.TABLE] == [
        "Degrees",
        "Which is liquid?",
    ]


def test_two_rows_between_level_rules_are_two_rows_unless_a_line_goes_on(tmp_path: Path) -> None:
    frame = ruled(50, 350, (412, 394, 355), (50, 200, 350))
    rows = [["Time in seconds", "Distance in metres"], ["1 second", "4.9 metres"], ["2 seconds", "19.6 metres"]]
    wrapped = [
        ["Time in seconds", "Distance in metres"],
        ["One second", "Less than five"],
        ["of falling", "metres are fallen"],
    ]

    separate = tables(reading(tmp_path, drawn("\n".join([*frame, *placed(rows, 400, 18, (60, 210))]))))
    joined = tables(reading(tmp_path, drawn("\n".join([*frame, *placed(wrapped, 400, 18, (60, 210))]))))

    assert separate == [rows]
    assert joined == [[rows[0], ["One second of falling", "Less than five metres are fallen"]]]


def test_lines_that_overlap_below_another_line_are_no_table() -> None:
    above = [Fragment([], 40, 200, 80, 92, 10)]
    overlapping = [Fragment([], 40, 200, 95, 107, 10), Fragment([], 50, 210, 95, 107, 10)]

    assert find_blocks([above, overlapping]) == []
