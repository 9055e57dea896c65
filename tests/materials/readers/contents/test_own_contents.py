"""Tables of contents of the parts of a file: bookmarks, sections of slides, and contents that are printed."""

from __future__ import annotations

from pathlib import Path

import pytest

from materials.documents import ChunkKind, Contents, ContentsItem, Document, Format, Locator
from materials.readers.registry import read_document
from tests.materials.readers.office.test_pptx_slides import sections
from tests.materials.readers.packages import p, shape, slides, style, word
from tests.materials.readers.pdfs import typeset
from tests.materials.readers.texts import of_kind


def page(*lines: tuple[int, str]) -> list[tuple[str, float, float, float, str]]:
    """Return the lines of a page, each a type size and a text, from the top down."""
    return [
        ("Helvetica-Bold" if size > 10 else "Helvetica", size, 40, 60 + 24 * at, text)
        for at, (size, text) in enumerate(lines)
    ]


def read_pdf(tmp_path: Path, content: bytes) -> Document:
    path = tmp_path / "a.pdf"
    path.write_bytes(content)
    return read_document(path, Format.PDF)


BODY = "These are the words of a paragraph that says something about the part."


def test_bookmarks_lead_to_pages(tmp_path: Path) -> None:
    pages = [page((16, "Heat"), (10, BODY)), page((10, BODY)), page((16, "Cold"), (10, BODY))]

    found = read_pdf(tmp_path, typeset(pages, bookmarks=[("1 Heat", 1), ("2 Cold", 3)])).contents

    assert found == Contents(
        dialect="bookmarks",
        items=(
            ContentsItem(title="1 Heat", locator=Locator(page=1)),
            ContentsItem(title="2 Cold", locator=Locator(page=3)),
        ),
    )


@pytest.mark.parametrize("count", [1, 9])
def test_a_single_bookmark_and_one_for_each_slide_are_no_contents(tmp_path: Path, count: int) -> None:
    pages = [page((16, f"Slide {number}"), (10, BODY)) for number in range(1, 10)]
    bookmarks = [(f"Slide {number}", number) for number in range(1, count + 1)]

    assert read_pdf(tmp_path, typeset(pages, bookmarks=bookmarks)).contents is None


def test_printed_contents_of_a_pdf_lead_to_the_headings_that_they_name(tmp_path: Path) -> None:
    contents = page(
        (16, "Contents"),
        (10, "1 Heat ........................................ 2"),
        (10, "1.1 Boiling .................................... 2"),
        (10, "2 Cold ........................................ 3"),
        (10, "3 Not there ................................... 4"),
    )
    pages = [
        contents,
        page((16, "1 Heat"), (10, BODY), (13, "1.1 Boiling"), (10, BODY)),
        page((16, "2 Cold"), (10, BODY)),
    ]

    document = read_pdf(tmp_path, typeset(pages))

    assert [piece.text for piece in of_kind(document, ChunkKind.HEADING)][1:] == ["1 Heat", "1.1 Boiling", "2 Cold"]
    assert document.contents is not None
    assert document.contents.dialect == "printed contents"
    heat, cold = document.contents.items
    assert (heat.title, heat.locator and heat.locator.page, [child.title for child in heat.children]) == (
        "1 Heat", 2, ["1.1 Boiling"],
    )  # fmt: skip
    assert (cold.title, cold.locator and cold.locator.page) == ("2 Cold", 3)


def test_printed_contents_without_numbers_are_as_deep_as_they_are_indented(tmp_path: Path) -> None:
    rows = [("Heat", 40, 2), ("Boiling", 60, 2), ("Cold", 40, 3)]
    contents = [
        ("Helvetica", 10.0, float(left), 60.0 + 24 * at, f"{title} {'.' * 40} {number}")
        for at, (title, left, number) in enumerate(rows)
    ]
    pages = [contents, page((16, "Heat"), (10, BODY), (13, "Boiling"), (10, BODY)), page((16, "Cold"), (10, BODY))]

    found = read_pdf(tmp_path, typeset(pages)).contents

    assert found is not None
    assert [(item.title, [child.title for child in item.children]) for item in found.items] == [
        ("Heat", ["Boiling"]), ("Cold", []),
    ]  # fmt: skip


def test_sections_of_slides_lead_to_their_first_slides(tmp_path: Path) -> None:
    trees = [shape(f"Slide {number}") for number in range(1, 5)]

    named = read_document(slides(tmp_path / "a.pptx", *trees, deck=sections("Тепло", "Холод")), Format.PPTX)
    unnamed = read_document(slides(tmp_path / "b.pptx", *trees, deck=sections("Default Section", "")), Format.PPTX)

    assert named.contents == Contents(
        dialect="sections",
        items=(
            ContentsItem(title="Тепло", locator=Locator(slide=1)),
            ContentsItem(title="Холод", locator=Locator(slide=3)),
        ),
    )
    assert unnamed.contents is None


def test_the_contents_of_a_word_file_lead_to_its_headings(tmp_path: Path) -> None:
    styles = "".join(
        [
            style("Heading1", '<w:name w:val="heading 1"/><w:pPr><w:outlineLvl w:val="0"/></w:pPr>'),
            style("Heading2", '<w:name w:val="heading 2"/><w:pPr><w:outlineLvl w:val="1"/></w:pPr>'),
            style("Verzeichnis1", '<w:name w:val="toc 1"/>'),
            style("Verzeichnis2", '<w:name w:val="toc 2"/>'),
        ]
    )

    def styled(name: str, text: str) -> str:
        return p(text, f'<w:pStyle w:val="{name}"/>')

    body = "".join(
        [
            styled("Verzeichnis1", "Wärme 2"),
            styled("Verzeichnis2", "Sieden 2"),
            styled("Verzeichnis1", "Kälte 5"),
            styled("Verzeichnis1", "Anhang 9"),
            styled("Heading1", "Wärme"),
            p(BODY),
            styled("Heading2", "Sieden"),
            p(BODY),
            styled("Heading2", "Nicht genannt"),
            p(BODY),
            styled("Heading1", "Kälte"),
            p(BODY),
        ]
    )

    found = read_document(word(tmp_path / "a.docx", body, styles=styles), Format.DOCX).contents

    assert found == Contents(
        dialect="printed contents",
        items=(
            ContentsItem(
                title="Wärme",
                locator=Locator(heading_path=("Wärme",)),
                children=(ContentsItem(title="Sieden", locator=Locator(heading_path=("Wärme", "Sieden"))),),
            ),
            ContentsItem(title="Kälte", locator=Locator(heading_path=("Kälte",))),
        ),
    )
