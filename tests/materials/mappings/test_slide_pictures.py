"""Slides found in pictures of videos: real decks, drawn and compared in real child processes."""

from __future__ import annotations

from pathlib import Path

import pypdfium2
import pytest
from PIL import Image, ImageDraw
from pptx import Presentation
from pptx.util import Inches

from materials.mappings.slide_drawing import draw_slides, find_office
from materials.mappings.slide_pictures import compare_key_frames
from tests.fakes.site import Site, answer
from tests.materials.mappings.lectures import LAYOUTS, SIZE, Shown, film_lecture, measure_proposals
from tests.materials.readers.pdfs import drawn, shown

needs_office = pytest.mark.skipif(not find_office(), reason="LibreOffice is not installed")

TOPICS = [
    ("Heat and work", ["Energy is conserved", "Work is force along a path"]),
    ("Entropy", ["A measure of disorder", "It never falls by itself", "Heat flows from warm to cold"]),
    ("Engines", ["Efficiency is work over heat", "Carnot gave the upper bound"]),
    ("Summary", ["First law: energy", "Second law: entropy"]),
]
# Each slide with its title and lines; those of one topic are steps of a build.
SLIDES = [(title, lines[:count]) for title, lines in TOPICS for count in range(1, len(lines) + 1)]
PLAN = [
    Shown(slide=1, layout="full", seconds=9),
    Shown(slide=2, layout="corner", seconds=14),
    Shown(slide=3, layout="beside", seconds=12),
    Shown(slide=4, layout="beside", seconds=11),
    Shown(slide=0, layout="scene", seconds=10),
    Shown(slide=5, layout="corner", seconds=13),
    Shown(slide=2, layout="full", seconds=8),
    Shown(slide=5, layout="full", seconds=9),
    Shown(slide=6, layout="beside", seconds=15),
    Shown(slide=7, layout="corner", seconds=12),
    Shown(slide=8, layout="full", seconds=10),
    Shown(slide=9, layout="beside", seconds=12),
]


@pytest.fixture
def deck(tmp_path: Path) -> Path:
    pages = []
    for title, lines in SLIDES:
        texts = [shown(title, at=(60, 340), size=40)]
        texts += [shown(line, at=(70, 260 - 60 * number), size=26) for number, line in enumerate(lines)]
        pages.append("\n".join(texts))
    path = tmp_path / "deck.pdf"
    path.write_bytes(drawn(*pages, size=(720, 405)))
    return path


def presentation(path: Path, *, font: str = "Liberation Sans") -> Path:
    made = Presentation()
    made.slide_width, made.slide_height = Inches(13.333), Inches(7.5)
    for title, lines in SLIDES:
        slide = made.slides.add_slide(made.slide_layouts[1])
        slide.shapes.title.text = title
        slide.placeholders[1].text_frame.text = "\n".join(lines)
        for placeholder in slide.placeholders:
            for paragraph in placeholder.text_frame.paragraphs:
                paragraph.runs[0].font.name = font
    made.save(str(path))
    return path


def pages_of(path: Path) -> list[Image.Image]:
    document = pypdfium2.PdfDocument(path)
    return [document[number].render(scale=2).to_pil().convert("RGB") for number in range(len(document))]


def framed(
    folder: Path, slide: Image.Image | None, layout: str, *, cover: tuple[int, int, int, int] | None = None
) -> Path:
    """Write a picture of a video; `cover` is a part of it that something hides."""
    picture = Image.effect_mandelbrot(SIZE, (-2, -1.2, 0.8, 1.2), 100).convert("RGB")
    place = LAYOUTS[layout][0]
    if slide is not None and place is not None:
        picture.paste(slide.resize(place[2:], Image.Resampling.LANCZOS), place[:2])
    if cover is not None:
        ImageDraw.Draw(picture).rectangle(cover, fill="teal")
    path = folder / f"{len(list(folder.glob('*.jpg')))}.jpg"
    picture.save(path, quality=80)
    return path


def test_each_picture_is_told_by_the_slide_that_it_shows(deck: Path, tmp_path: Path) -> None:
    pages = pages_of(deck)
    frames = [framed(tmp_path, page, layout) for layout in ("full", "beside") for page in pages]

    found = compare_key_frames(deck, [*frames, framed(tmp_path, None, "scene")])

    assert found is not None
    *slides, scene = found
    assert [max(each, key=each.__getitem__) for each in slides] == [*range(1, len(pages) + 1)] * 2
    assert all(each[number] > 0.7 for each, number in zip(slides, [*range(1, len(pages) + 1)] * 2, strict=True))
    assert all(sum(each.values()) < 1.1 for each in slides), "steps of a build are told apart"
    assert scene == {}


def test_steps_of_a_build_are_equally_sure_where_their_difference_is_covered(deck: Path, tmp_path: Path) -> None:
    second, third = pages_of(deck)[2:4]
    # The second line of the slide, which only the later step has.
    hidden = (0, 150, 640, 220)
    frames = [framed(tmp_path, page, "full", cover=hidden) for page in (second, third)]

    found = compare_key_frames(deck, frames)

    assert found is not None
    for each in found:
        assert each[3] == pytest.approx(each[4], abs=0.1)
        assert each[3] > 0.5


def test_a_slide_of_another_deck_is_less_sure(deck: Path, tmp_path: Path) -> None:
    other = Image.new("RGB", (1440, 810), "white")
    ImageDraw.Draw(other).text((120, 60), "Cells have walls", fill="black", font_size=80)
    ImageDraw.Draw(other).text((140, 260), "Membranes let water through", fill="black", font_size=50)
    frames = [framed(tmp_path, page, "full") for page in [*pages_of(deck), other]]

    found = compare_key_frames(deck, frames)

    assert found is not None
    assert max(found[-1].values(), default=0.0) < 0.35


def test_a_deck_that_cannot_be_drawn_is_told(tmp_path: Path) -> None:
    broken = tmp_path / "broken.pdf"
    broken.write_bytes(b"%PDF-1.4 nothing")

    assert compare_key_frames(broken, [framed(tmp_path, None, "scene")]) is None


@pytest.mark.slow
def test_slides_of_a_lecture_are_found_with_jumps_a_speaker_and_scenes(deck: Path, tmp_path: Path) -> None:
    video = film_lecture(tmp_path / "lecture.mp4", pages_of(deck), PLAN, seed=1)

    recall, precision, confidence = measure_proposals(video, deck, PLAN)

    assert recall >= 0.95
    assert precision >= 0.95
    assert confidence > 0.9


@pytest.mark.slow
@needs_office
def test_slides_of_a_presentation_are_found_when_libreoffice_draws_them(tmp_path: Path) -> None:
    # What was recorded has another font than what LibreOffice draws with.
    recorded = draw_slides(presentation(tmp_path / "recorded.pptx", font="DejaVu Sans"), tmp_path)
    assert recorded is not None
    video = film_lecture(tmp_path / "lecture.mp4", pages_of(recorded), PLAN, seed=2)

    deck = draw_slides(presentation(tmp_path / "deck.pptx"), tmp_path)

    assert deck is not None
    recall, precision, _ = measure_proposals(video, deck, PLAN)
    assert recall >= 0.9
    assert precision >= 0.9


@needs_office
def test_hidden_slides_count_as_in_the_file(tmp_path: Path) -> None:
    path = presentation(tmp_path / "deck.pptx")
    made = Presentation(str(path))
    made.slides[1].element.set("show", "0")
    made.save(str(path))

    drawn_deck = draw_slides(path, tmp_path)

    assert drawn_deck is not None
    assert len(pages_of(drawn_deck)) == len(SLIDES)


@needs_office
def test_drawing_fetches_nothing(tmp_path: Path) -> None:
    with Site({"/logo.png": answer(b"x", content_type="image/png")}) as site:
        path = tmp_path / "deck.pptx"
        made = Presentation()
        slide = made.slides.add_slide(made.slide_layouts[6])
        picture = tmp_path / "picture.png"
        Image.new("RGB", (9, 9), "red").save(picture)
        shape = slide.shapes.add_picture(str(picture), 0, 0)
        linked = slide.part.relate_to(
            site.url("/logo.png"), "http://schemas.openxmlformats.org/officeDocument/2006/relationships/image",
            is_external=True,
        )  # fmt: skip
        blip = shape._element.blipFill.blip
        blip.attrib.clear()
        blip.set("{http://schemas.openxmlformats.org/officeDocument/2006/relationships}link", linked)
        made.save(str(path))

        assert draw_slides(path, tmp_path) is not None
        assert site.asked == []
