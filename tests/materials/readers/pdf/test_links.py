"""Links of PDFs: to which chunk they belong, and those that belong to none."""

from __future__ import annotations

from pathlib import Path

from materials.documents import LeftOutKind
from tests.materials.readers.pdf.test_annotations import DATA, annotated, left_out, reading
from tests.materials.readers.pdfs import shown


def link(box: str, target: str) -> str:
    return f"<< /Type /Annot /Subtype /Link /Rect [{box}] /A << /S /URI /URI ({target}) >> >>"


def test_a_link_belongs_to_the_piece_that_it_stands_in(tmp_path: Path) -> None:
    content = "\n".join(
        [
            shown("The first paragraph has a link to the manual and another one.", at=(40, 400)),
            shown("The second paragraph has none at all, and is set far below it.", at=(40, 300)),
        ]
    )

    document = reading(
        tmp_path,
        annotated(
            content,
            link("130 396 200 412", "https://example.org/manual"),
            link("200 396 260 412", "https://example.org/other"),
            link("60 396 100 412", "https://example.org/manual"),
            link("60 296 90 312", "javascript:alert\\(1\\)"),
            "<< /Type /Annot /Subtype /Link /Rect [40 290 80 310] /Dest [5 0 R /Fit] >>",
        ),
    )

    assert [piece.links for piece in document.pieces] == [
        ("https://example.org/manual", "https://example.org/other"),
        (),
    ]


def test_a_link_on_a_picture_is_counted(tmp_path: Path) -> None:
    content = shown("Text far away from the picture that leads to a page.", at=(40, 400))

    document = reading(tmp_path, annotated(content, link("40 40 90 90", "https://example.org/picture")))

    assert left_out(document) == {LeftOutKind.EMBEDDED_OBJECT: ["https://example.org/picture"]}


def test_the_link_of_the_sample_is_read(tmp_path: Path) -> None:
    document = reading(tmp_path, (DATA / "f-annot.pdf").read_bytes())

    assert document.pieces[0].links == ("https://example.org/kettle",)
