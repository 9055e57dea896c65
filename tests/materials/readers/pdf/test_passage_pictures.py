"""Pages of a PDF as pictures, with a passage marked where the page shows it."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image

from materials.documents import WordsPlace
from materials.readers.passage_pictures import MAX_SIDE, draw_passage
from tests.materials.readers.pdfs import HEIGHT, WIDTH, drawn, pdf

LINES = [(12, "Water boils at one hundred"), (12, "degrees. Steam is a gas."), (12, "Fog is none.")]


def find_marks(jpeg: bytes) -> tuple[Image.Image, tuple[int, int, int, int] | None]:
    """Return the picture, and the box around all that is marked."""
    with Image.open(io.BytesIO(jpeg)) as picture:
        page = picture.convert("RGB")
    blue = page.getchannel("B").point(lambda value: 255 if value < 160 else 0)
    red = page.getchannel("R").point(lambda value: 255 if value > 220 else 0)
    both = Image.new("L", page.size)
    both.paste(blue, mask=red)
    return page, both.getbbox()


def write(folder: Path, content: bytes) -> Path:
    file = folder / "page.pdf"
    file.write_bytes(content)
    return file


def test_it_marks_a_passage_that_runs_over_two_lines(tmp_path: Path) -> None:
    file = write(tmp_path, pdf([[(12, "Another page.")], LINES]))

    over_lines = draw_passage(file, page=2, passage="at one hundred degrees. Steam")
    one_line = draw_passage(file, page=2, passage="Fog is none.")

    assert over_lines is not None
    assert one_line is not None
    page, box = find_marks(over_lines.jpeg)
    _, lower = find_marks(one_line.jpeg)
    assert (max(page.size), over_lines.is_marked, one_line.is_marked) == (MAX_SIDE, True, True)
    assert box is not None
    assert lower is not None
    assert box[3] <= lower[1]
    assert (box[3] - box[1]) > 1.5 * (lower[3] - lower[1])


@pytest.mark.parametrize("turned", [0, 90, 180, 270])
def test_marks_turn_with_the_page(tmp_path: Path, turned: int) -> None:
    text = "BT /F1 20 Tf 30 500 Td (Steam is a gas.) Tj ET"
    file = write(tmp_path, drawn(text, turned=turned))

    picture = draw_passage(file, page=1, passage="Steam is a gas.")

    assert picture is not None
    page, box = find_marks(picture.jpeg)
    assert box is not None
    middle = ((box[0] + box[2]) / 2 / page.width, (box[1] + box[3]) / 2 / page.height)
    # Text near the upper left corner of the page goes round with it.
    across, down = {0: (0.25, 0.15), 90: (0.85, 0.25), 180: (0.75, 0.85), 270: (0.15, 0.75)}[turned]
    assert middle == pytest.approx((across, down), abs=0.1)


@pytest.mark.parametrize("turned", [0, 90])
def test_the_place_that_is_known_is_marked_and_no_other(tmp_path: Path, turned: int) -> None:
    lines = [f"BT /F1 20 Tf 30 {down} Td (Steam is a gas.) Tj ET" for down in (500, 300, 100)]
    file = write(tmp_path, drawn("\n".join(lines), turned=turned))
    size = (WIDTH, HEIGHT) if turned == 0 else (HEIGHT, WIDTH)
    # The second of three equal lines: 300 points from the lower edge of the page as it was drawn.
    place = (30, 275, 170, 300) if turned == 0 else (295, 30, 320, 170)
    words = WordsPlace(page_width=size[0], page_height=size[1], rectangles=(place,))

    picture = draw_passage(file, page=1, passage="Steam is a gas.", place=words)

    assert picture is not None
    assert picture.is_marked
    page, box = find_marks(picture.jpeg)
    assert box is not None
    scale = page.width / size[0]
    assert [side / scale for side in box] == pytest.approx(place, abs=3)


@pytest.mark.parametrize("passage", ["These words are on no page.", "", "…"])
def test_a_page_without_the_passage_is_drawn_without_a_mark(tmp_path: Path, passage: str) -> None:
    picture = draw_passage(write(tmp_path, pdf([LINES])), page=1, passage=passage)

    assert picture is not None
    assert not picture.is_marked
    assert find_marks(picture.jpeg)[1] is None


@pytest.mark.parametrize("page", [0, 2, -1])
def test_a_page_that_is_not_there_is_none(tmp_path: Path, page: int) -> None:
    assert draw_passage(write(tmp_path, pdf([LINES])), page=page, passage="Fog") is None


def test_a_file_that_is_no_pdf_is_none(tmp_path: Path) -> None:
    assert draw_passage(write(tmp_path, b"%PDF-1.7\nnothing\n%%EOF"), page=1, passage="Fog") is None
