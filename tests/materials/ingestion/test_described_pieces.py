"""Which pictures of a file are drawn, and where what was seen in them stands."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pptx
import pytest
from PIL import Image, ImageDraw
from pptx.util import Inches

from materials.documents import ChunkKind, Document, Format, Locator, Piece
from materials.ingestion.described_pieces import (
    build_picture_pieces,
    has_pages_without_text,
    merge_picture_pieces,
    normalize_text_per_page,
)
from materials.ingestion.picture_schema import ImageDescription
from materials.readers.page_pictures import PagePictureBatch, draw_pictures
from tests.materials.readers.pdfs import assembled, drawn, shown

WORDS = "Steam engines turn heat into work, and the first of them pumped water out of mines."


def batch(
    path: Path, format_: Format, letters: dict[int, int] | None = None, *, first: int = 1, most: int = 9
) -> PagePictureBatch:
    return draw_pictures(path, format_, letters or {}, first=first, limit=most, checkpoint=lambda: None)


def written(tmp_path: Path, name: str, content: bytes) -> Path:
    path = tmp_path / name
    path.write_bytes(content)
    return path


def striped(width: int, height: int) -> bytes:
    picture = Image.new("RGB", (width, height), "white")
    ImageDraw.Draw(picture).rectangle((0, 0, width // 2, height // 2), fill="black")
    stream = io.BytesIO()
    picture.save(stream, "PNG")
    return stream.getvalue()


def deck(*slides: Sequence[tuple[bytes, float, float]]) -> bytes:
    made = pptx.Presentation()
    for pictures in slides:
        slide = made.slides.add_slide(made.slide_layouts[6])
        for blob, width, height in pictures:
            slide.shapes.add_picture(io.BytesIO(blob), Inches(1), Inches(1), Inches(width), Inches(height))
    stream = io.BytesIO()
    made.save(stream)
    return stream.getvalue()


BOX = "0 0 0 rg 40 40 200 100 re f"
GRID = "\n".join(f"{10 * number} 0 m {10 * number} 300 l S" for number in range(1, 31))


def test_pages_without_text_are_drawn_and_blank_ones_are_not(tmp_path: Path) -> None:
    path = written(tmp_path, "a.pdf", drawn(BOX, "", shown(WORDS, at=(40, 500)), BOX))

    found = batch(path, Format.PDF, {3: 66})

    assert [(picture.number, picture.index) for picture in found.pictures] == [(1, 0), (4, 0)]
    assert found.pictures[0].sha256 == found.pictures[1].sha256
    assert found.next_page is None


def test_a_page_with_a_title_only_is_not_drawn_but_one_with_a_diagram_is(tmp_path: Path) -> None:
    title = shown("Engines", at=(40, 500), size=20)
    path = written(tmp_path, "a.pdf", drawn(title, f"{title}\n{GRID}"))

    assert [picture.number for picture in batch(path, Format.PDF, {1: 7, 2: 7}).pictures] == [2]


PLOT = "100 100 m 300 100 l S 100 100 m 100 250 l S " + " ".join(
    f"{100 + 5 * number} {110 + number * number / 12:.1f} m {105 + 5 * number} {110 + (number + 1) ** 2 / 12:.1f} l S"
    for number in range(40)
)
PROSE = "\n".join(shown(WORDS, at=(20, 520 - 14 * line), size=9) for line in range(4))


def test_a_plot_between_the_lines_is_drawn_without_them(tmp_path: Path) -> None:
    axis = shown("0 10 20", at=(110, 101), size=6)
    path = written(tmp_path, "a.pdf", drawn(f"{PROSE}\n{PLOT}\n{axis}"))

    (picture,) = batch(path, Format.PDF, {1: 260}).pictures

    width, height = Image.open(io.BytesIO(picture.jpeg)).size
    assert width / height == pytest.approx(200 / 150, rel=0.05)


def test_a_plot_that_is_placed_as_one_object_is_drawn(tmp_path: Path) -> None:
    content, form = f"{PROSE}\n/Plot Do", PLOT
    path = written(
        tmp_path,
        "a.pdf",
        assembled(
            [
                "<< /Type /Catalog /Pages 2 0 R >>",
                "<< /Type /Pages /Kids [6 0 R] /Count 1 >>",
                "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
                f"<< /Length {len(content)} >>\nstream\n{content}\nendstream",
                "<< /Type /XObject /Subtype /Form /BBox [90 90 310 260] "
                f"/Length {len(form)} >>\nstream\n{form}\nendstream",
                "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 420 595] /Contents 4 0 R "
                "/Resources << /Font << /F1 3 0 R >> /XObject << /Plot 5 0 R >> >> >>",
            ]
        ),
    )

    assert len(batch(path, Format.PDF, {1: 260}).pictures) == 1


@pytest.mark.parametrize(
    "extra",
    [
        "20 540 m 400 540 l S 0.9 g 0 0 420 60 re f",
        "\n".join(f"0.9 g 40 {100 + 12 * line} 300 12 re f 0 g\n{shown('x = 1', at=(45, 102 + 12 * line))}"
                  for line in range(20)),
        "\n".join(f"40 {100 + 16 * line} m 340 {100 + 16 * line} l S\n{shown(WORDS[:40], at=(45, 104 + 16 * line))}"
                  for line in range(20)),
        "200 200 100 120 re S 205 205 90 110 re S",
    ],
    ids=["rule and footer", "code on grey", "table", "ornament"],
)  # fmt: skip
def test_what_only_adorns_or_holds_text_is_not_drawn(tmp_path: Path, extra: str) -> None:
    path = written(tmp_path, "a.pdf", drawn(f"{PROSE}\n{extra}"))

    assert batch(path, Format.PDF, {1: 260}).pictures == ()


def test_a_page_of_very_many_strokes_does_not_hold_up_the_others(tmp_path: Path) -> None:
    strokes = "\n".join(
        f"{number % 400} {number % 500} m {number % 300} {number % 590} l S" for number in range(19_000)
    )
    path = written(tmp_path, "a.pdf", drawn(f"{PROSE}\n{strokes}", f"{PROSE}\n{PLOT}"))

    assert [picture.number for picture in batch(path, Format.PDF, {1: 260, 2: 260}).pictures][-1] == 2


@pytest.mark.parametrize("size", [(14_400, 14_400), (14_400, 3), (2, 9_000), (200_000_000, 200_000_000)])
def test_a_picture_has_few_pixels_whatever_the_size_of_the_page(tmp_path: Path, size: tuple[float, float]) -> None:
    path = written(tmp_path, "a.pdf", drawn("0 0 0 rg 0 0 1 1 re f 5000 0 9000 9000 re f", size=size))

    for picture in batch(path, Format.PDF).pictures:
        assert max(Image.open(io.BytesIO(picture.jpeg)).size) <= 1601


def test_it_goes_on_where_it_stopped(tmp_path: Path) -> None:
    path = written(tmp_path, "a.pdf", drawn(*[BOX] * 5))

    first = batch(path, Format.PDF, most=2)
    second = batch(path, Format.PDF, first=first.next_page or 0, most=9)

    assert [picture.number for picture in (*first.pictures, *second.pictures)] == [1, 2, 3, 4, 5]
    assert (first.next_page, second.next_page) == (3, None)


def test_only_large_pictures_of_slides_are_taken_and_each_once(tmp_path: Path) -> None:
    large, logo, other = striped(400, 300), striped(40, 30), striped(300, 300)
    path = written(tmp_path, "a.pptx", deck([(large, 5, 4), (logo, 0.5, 0.4)], [(large, 5, 4)], [(other, 4, 4)]))

    assert [picture.number for picture in batch(path, Format.PPTX).pictures] == [1, 3]
    assert [picture.number for picture in batch(path, Format.PPTX, first=2).pictures] == [3]


def test_pictures_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    content = deck([(striped(400, 300), 5, 4)])
    path = written(tmp_path, "a.pptx", content)
    broken = written(tmp_path, "b.pptx", _with_parts(content, b"no picture"))

    assert len(batch(path, Format.PPTX).pictures) == 1
    found = batch(broken, Format.PPTX)
    assert found.pictures == ()
    assert found.warnings == ("Slide 1: a picture on it is of a type that cannot be looked at.",)


@pytest.mark.parametrize("kind", [b"slideshow", b"template"])
def test_shows_and_templates_are_looked_at_like_presentations(tmp_path: Path, kind: bytes) -> None:
    content = deck([(striped(400, 300), 5, 4)])
    types = zipfile.ZipFile(io.BytesIO(content)).read("[Content_Types].xml")
    other = types.replace(b"presentationml.presentation.main+xml", b"presentationml." + kind + b".main+xml")
    assert other != types

    path = written(tmp_path, "a.ppsx", _with_parts(content, other, at="[Content_Types].xml"))

    assert [picture.number for picture in batch(path, Format.PPTX).pictures] == [1]


def test_programs_that_draw_pictures_are_not_run(tmp_path: Path) -> None:
    program = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 100 100\n%%EndComments\nshowpage\n%%EOF\n"
    content = deck([(striped(400, 300), 5, 4)], [(striped(300, 300), 4, 4)])

    found = batch(written(tmp_path, "a.pptx", _with_parts(content, program, at="ppt/media/image1.png")), Format.PPTX)

    assert [picture.number for picture in found.pictures] == [2]
    assert found.warnings == ("Slide 1: a picture on it is of a type that cannot be looked at.",)


def test_a_slide_that_is_damaged_does_not_hide_the_pictures_of_others(tmp_path: Path) -> None:
    content = deck([(striped(400, 300), 5, 4)], [(striped(300, 300), 4, 4)])
    path = written(tmp_path, "a.pptx", _with_parts(content, b"<p:sld", at="ppt/slides/slide1.xml"))

    assert [picture.number for picture in batch(path, Format.PPTX).pictures] == [2]


def test_a_picture_that_unpacks_to_gigabytes_is_left_out(tmp_path: Path) -> None:
    stream = io.BytesIO()
    Image.new("1", (30_000, 30_000)).save(stream, "PNG")
    path = written(tmp_path, "a.pptx", _with_parts(deck([(striped(400, 300), 5, 4)]), stream.getvalue()))

    (warning,) = batch(path, Format.PPTX).warnings

    assert warning.startswith("Slide 1: a picture on it is")


def test_a_file_that_breaks_the_child_is_told(tmp_path: Path) -> None:
    found = batch(written(tmp_path, "a.pdf", b"%PDF-1.7 nothing"), Format.PDF)

    assert found.is_broken
    assert found.warnings == ("Page 1 could not be drawn: it is broken.",)


def piece(text: str, page: int, *path: str) -> Piece:
    return Piece(kind=ChunkKind.PARAGRAPH, text=text, locator=Locator(page=page, heading_path=path))


def test_what_was_seen_stands_behind_its_page_under_its_heading() -> None:
    own = [piece("one", 1, "A"), piece("two", 1, "A", "B"), piece("four", 4)]
    seen = [
        *build_picture_pieces(ImageDescription(text="page five", shows=""), 5, Format.PDF),
        *build_picture_pieces(ImageDescription(text="", shows="a figure"), 1, Format.PDF),
        *build_picture_pieces(ImageDescription(text="page two", shows="a scan"), 2, Format.PDF),
    ]

    together = merge_picture_pieces(own, seen)

    assert [(each.text, each.locator.page, each.locator.heading_path) for each in together] == [
        ("one", 1, ("A",)), ("two", 1, ("A", "B")), ("a figure", 1, ("A", "B")),
        ("page two", 2, ()), ("a scan", 2, ()), ("four", 4, ()), ("page five", 5, ()),
    ]  # fmt: skip
    assert merge_picture_pieces(own, [each for each in together if each.kind.is_machine_written]) == together


def test_lines_that_the_page_says_itself_are_not_said_twice() -> None:
    known = normalize_text_per_page([piece("The steam engine", 1)])[1]

    (read,) = build_picture_pieces(
        ImageDescription(text="The Steam-Engine\nboiler\n→ piston", shows=""), 1, Format.PDF, own_text=known
    )

    assert read.text == "boiler\n→ piston"


def _with_parts(content: bytes, blob: bytes, *, at: str = "ppt/media/") -> bytes:
    """Return a deck with other bytes in the parts whose names begin so."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(stream, "w") as target:
        for part in source.infolist():
            target.writestr(part, blob if part.filename.startswith(at) else source.read(part))
    return stream.getvalue()


def test_a_page_that_shows_nothing_is_no_picture_to_describe() -> None:
    text = Piece(kind=ChunkKind.PARAGRAPH, text="Text", locator=Locator(slide=1))

    assert has_pages_without_text(Document(pieces=(text,), page_count=2))
    assert not has_pages_without_text(Document(pieces=(text,), page_count=2, blank_pages=(2,)))
