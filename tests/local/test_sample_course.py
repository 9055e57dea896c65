"""The sample course: every file is recognised by its bytes, read whole, and says what the demo shows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from django.conf import settings

from materials.documents import ChunkKind, Document, Format
from materials.readers.formats import detect_format
from materials.readers.isolation import read_isolated

COURSE = Path(settings.BASE_DIR) / "project" / "local" / "course" / "Maps and how they lie"
GLOBE = "01-Flat pictures of a round world"
ARGUE = "02-Maps that argue"
RECORDING = "03-Maps that you compute/01-first-steps-in-python.mp4"
EXERCISE = "Draw two choropleth maps from it: one that makes Hill look worse and one that makes Harbour look worse."
DISTRICTS = "| Hill | 40 | 2,000 | 20 |"


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One file of the course: what it is, what must come out of it, and as which kinds of chunk."""

    path: str
    format_: Format
    words: tuple[str, ...]
    kinds: frozenset[ChunkKind]
    pages: int | None = None
    duration_ms: int | None = None


SAMPLES = [
    Sample(
        path="README.md",
        format_=Format.MARKDOWN,
        words=("A short course for people who read maps", "Flat pictures of a round world", "Maps that argue"),
        kinds=frozenset({ChunkKind.HEADING, ChunkKind.PARAGRAPH, ChunkKind.LIST}),
    ),
    Sample(
        path=f"{GLOBE}/01-projections.md",
        format_=Format.MARKDOWN,
        words=(
            "A projection is a rule that gives every place on the globe a place on a flat sheet.",
            "| Africa | 30.4 |",
            "return 1 / cos(radians(latitude))",
            "Exercise 1: Measure Greenland",
            "Solution",
        ),
        kinds=frozenset({ChunkKind.HEADING, ChunkKind.PARAGRAPH, ChunkKind.LIST, ChunkKind.TABLE, ChunkKind.CODE}),
    ),
    Sample(
        path=f"{GLOBE}/02-slides.pptx",
        format_=Format.PPTX,
        words=("A rhumb line is a line of constant compass bearing", "| Mollweide | areas |", "Bring an orange."),
        kinds=frozenset({ChunkKind.HEADING, ChunkKind.PARAGRAPH, ChunkKind.LIST, ChunkKind.TABLE, ChunkKind.NOTES}),
        pages=5,
    ),
    Sample(
        path=f"{GLOBE}/03-talk.vtt",
        format_=Format.VTT,
        words=("A projection means a rule", "It tears.", "a question that it was not made to answer"),
        kinds=frozenset({ChunkKind.TRANSCRIPT}),
        duration_ms=109_000,
    ),
    Sample(
        path=f"{ARGUE}/01-choropleth.html",
        format_=Format.HTML,
        words=("Choropleth map", "dividing a count by something", "Land does not vote", DISTRICTS),
        kinds=frozenset({ChunkKind.HEADING, ChunkKind.PARAGRAPH, ChunkKind.LIST, ChunkKind.TABLE}),
    ),
    Sample(
        path=f"{ARGUE}/02-reading-a-map.md",
        format_=Format.MARKDOWN,
        words=("A legend is the part of a map", "Exercise: Two maps from one table", EXERCISE),
        kinds=frozenset({ChunkKind.HEADING, ChunkKind.PARAGRAPH, ChunkKind.LIST}),
    ),
    Sample(
        path=f"{ARGUE}/03-worksheet.docx",
        format_=Format.DOCX,
        words=("Cartogram", "Exercise: Two maps from one table", EXERCISE, DISTRICTS),
        kinds=frozenset({ChunkKind.HEADING, ChunkKind.PARAGRAPH, ChunkKind.TABLE}),
    ),
    Sample(
        path=f"{ARGUE}/04-handout.pdf",
        format_=Format.PDF,
        words=("A persuasive map is a map made to change", "Exercise: Two maps from one table", EXERCISE),
        kinds=frozenset({ChunkKind.HEADING, ChunkKind.PARAGRAPH}),
        pages=2,
    ),
]


def read(sample: Sample) -> Document:
    with (COURSE / sample.path).open("rb") as stream:
        format_ = detect_format(stream, Path(sample.path).name)
    assert format_ is sample.format_
    return read_isolated(COURSE / sample.path, format_)


def flowing(document: Document) -> str:
    """Return all text with every run of white space as one space: where a line ends is the author's business."""
    return " ".join(" ".join(piece.text for piece in document.pieces).split())


def test_every_file_of_the_course_is_in_the_table() -> None:
    there = {str(path.relative_to(COURSE)) for path in COURSE.rglob("*") if path.is_file()}

    assert there == {RECORDING, *(sample.path for sample in SAMPLES)}


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.path.rpartition("/")[2])
def test_it_is_recognised_and_read_without_a_warning(sample: Sample) -> None:
    document = read(sample)

    text = flowing(document)
    assert [words for words in sample.words if words not in text] == []
    assert {piece.kind for piece in document.pieces} == sample.kinds
    assert (document.page_count, document.duration_ms) == (sample.pages, sample.duration_ms)
    assert document.warnings == ()


def test_what_surrounds_the_content_of_a_web_page_is_left_out() -> None:
    page = next(sample for sample in SAMPLES if sample.format_ is Format.HTML)

    text = flowing(read(page))

    assert "All maps" not in text
    assert "Printed from the course site" not in text


def test_the_course_is_small_enough_to_be_cloned_with_the_code() -> None:
    assert sum(path.stat().st_size for path in COURSE.rglob("*") if path.is_file()) < 1_100_000
