"""Forms, typed-on text, comments and attached files of PDFs; and text that a program would read but nobody sees."""

from __future__ import annotations

import zlib
from pathlib import Path

import pytest

from materials.documents import ChunkKind, Document, Format, LeftOutKind
from materials.readers.registry import read_document
from tests.materials.readers.pdfs import HEIGHT, WIDTH, assembled, drawn, shown

DATA = Path(__file__).parents[3] / "data" / "pdf"


def reading(tmp_path: Path, content: bytes) -> Document:
    path = tmp_path / "source.pdf"
    path.write_bytes(content)
    return read_document(path, Format.PDF)


def texts(document: Document) -> list[str]:
    return [piece.text for piece in document.pieces]


def left_out(document: Document) -> dict[LeftOutKind, list[str]]:
    return {each.kind: [text.text for text in each.texts] for each in document.left_out}


def stream(content: str, entries: str = "") -> str:
    return f"<< {entries} /Length {len(content)} >>\nstream\n{content}\nendstream"


def annotated(content: str, *annotations: str) -> bytes:
    """Return a PDF of one page with annotations, those of fields in a form."""
    numbers = range(6, 6 + len(annotations))
    fields = " ".join(f"{number} 0 R" for number in numbers)
    return assembled(
        [
            f"<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [{fields}] >> >>",
            "<< /Type /Pages /Kids [5 0 R] /Count 1 >>",
            "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
            stream(content),
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {WIDTH} {HEIGHT}] /Contents 4 0 R "
            f"/Resources << /Font << /F1 3 0 R >> >> /Annots [{fields}] >>",
            *annotations,
        ]
    )


def text_field(box: str, value: str, more: str = "") -> str:
    return f"<< /Type /Annot /Subtype /Widget /FT /Tx /T (f{box}) /Rect [{box}] /V {value} {more} >>"


def test_values_of_fields_stand_where_they_are_shown() -> None:
    document = read_document(DATA / "f-form.pdf", Format.PDF)

    assert texts(document) == ["Name of the pupil: Filled in by the pupil", "☑ I have read it", "Steam"]
    assert document.left_out == ()


def test_fields_without_a_drawn_value_in_any_script_are_read(tmp_path: Path) -> None:
    value = "<FEFF" + "Вода кипить".encode("utf-16-be").hex() + ">"
    content = "\n".join([shown("First answer:", at=(40, 500)), shown("The end of the sheet.", at=(40, 440))])

    document = reading(tmp_path, annotated(content, text_field("150 495 400 515", value)))

    assert " ".join(texts(document)) == "First answer: Вода кипить The end of the sheet."


def test_a_field_in_a_cell_of_a_table_is_its_text(tmp_path: Path) -> None:
    rows = [["Substance", "Boils at"], ["Water", ""], ["Ethanol", ""]]
    cells = [
        shown(text, at=(60 + 100 * column, 500 - 20 * row))
        for row, texts in enumerate(rows)
        for column, text in enumerate(texts)
        if text
    ]
    rules = [f"50 {y} m 250 {y} l S" for y in (515, 495, 475, 455)] + [f"{x} 515 m {x} 455 l S" for x in (50, 150, 250)]
    fields = [text_field("152 476 248 494", "(100)"), text_field("152 456 248 474", "(78)")]

    document = reading(tmp_path, annotated("\n".join([*cells, *rules]), *fields))

    assert texts(document) == ["| Substance | Boils at |\n| --- | --- |\n| Water | 100 |\n| Ethanol | 78 |"]


def test_hidden_fields_and_passwords_are_left_out_and_said(tmp_path: Path) -> None:
    fields = [
        text_field("40 400 200 420", "(the key of the sheet)", "/F 2"),
        text_field("40 300 200 320", "(sesame)", "/Ff 8192"),
    ]

    document = reading(tmp_path, annotated(shown("What is steam?", at=(40, 500)), *fields))

    assert texts(document) == ["What is steam?"]
    assert left_out(document) == {LeftOutKind.FORM_FIELD: ["the key of the sheet", ""]}
    assert any("form fields" in warning for warning in document.warnings)


def test_typed_on_text_is_read_and_notes_and_files_are_said() -> None:
    document = read_document(DATA / "f-annot.pdf", Format.PDF)

    assert texts(document) == ["Text of the page with a link.", "Typed onto the page by the teacher"]
    assert left_out(document) == {
        LeftOutKind.COMMENT: ["A sticky note by the teacher"],
        LeftOutKind.ATTACHMENT: ["handout.txt"],
    }
    assert any("handout.txt" in warning for warning in document.warnings)
    assert any(warning.startswith("Comments") for warning in document.warnings)


def test_typed_on_text_is_read_on_a_page_without_other_text(tmp_path: Path) -> None:
    note = "<< /Type /Annot /Subtype /FreeText /Rect [40 400 300 460] /Contents (Read the sheet.\\nThen answer.) >>"

    assert texts(reading(tmp_path, annotated("", note))) == ["Read the sheet. Then answer."]


def test_text_in_a_layer_that_is_off_is_left_out_and_said() -> None:
    document = read_document(DATA / "f-layers.pdf", Format.PDF)

    assert texts(document) == ["Shown layer text."]
    assert left_out(document) == {LeftOutKind.HIDDEN_LAYER: ["Hidden layer: the solution is 42."]}
    assert any("not shown" in warning for warning in document.warnings)


def test_more_values_than_forms_have_stand_behind_the_text(tmp_path: Path) -> None:
    words = "\\n".join(f"w{number}" for number in range(1_500))
    note = f"<< /Type /Annot /Subtype /FreeText /Rect [40 40 300 560] /Contents ({words}) >>"
    page = shown("Above.", at=(40, 580)) + shown("Below.", at=(40, 20))

    read = " ".join(texts(reading(tmp_path, annotated(page, note)))).split()

    assert read == ["Above.", "Below.", *words.split("\\n")]


def layered(*contents: str) -> bytes:
    """Return a PDF whose pages mark content with `/On`, a layer that is shown, `/Off`, and sets of each by itself."""
    properties = "/Properties << /On 4 0 R /Off 5 0 R /OnSet 6 0 R /OffSet 7 0 R >> /Font << /F1 3 0 R >>"
    objects = [
        "<< /Type /Catalog /Pages 2 0 R /OCProperties << /OCGs [4 0 R 5 0 R] /D << /OFF [5 0 R] >> >> >>",
        "",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        "<< /Type /OCG /Name (shown) >>",
        "<< /Type /OCG /Name (not shown) >>",
        "<< /Type /OCMD /OCGs 4 0 R >>",
        "<< /Type /OCMD /OCGs 5 0 R >>",
    ]
    kids = []
    for content in contents:
        objects.append(stream(content))
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {WIDTH} {HEIGHT}] /Contents {len(objects)} 0 R "
            f"/Resources << {properties} >> >>"
        )
        kids.append(f"{len(objects)} 0 R")
    objects[1] = f"<< /Type /Pages /Kids [{' '.join(kids)}] /Count {len(kids)} >>"
    return assembled(objects)


def in_layer(name: str, content: str) -> str:
    return f"/OC /{name} BDC {content} EMC"


def test_text_in_sets_of_layers_is_left_out_where_the_set_is_not_shown(tmp_path: Path) -> None:
    """A set (PDF 32000-1, 8.11.2.2) has no name."""
    first = in_layer("OnSet", shown("The question.", at=(40, 500)))
    first += in_layer("OffSet", shown("The answer.", at=(40, 400)))

    document = reading(tmp_path, layered(first, in_layer("OnSet", shown("Another page.", at=(40, 500)))))

    assert " ".join(texts(document)) == "The question. Another page."
    assert left_out(document) == {LeftOutKind.HIDDEN_LAYER: ["The answer."]}


def test_a_layer_with_nothing_to_see_on_one_page_is_read_on_the_next(tmp_path: Path) -> None:
    cover = shown("A cover.", at=(40, 500)) + in_layer("On", shown("   ", at=(40, 400)))

    document = reading(tmp_path, layered(cover, in_layer("On", shown("The text.", at=(40, 500)))))

    assert " ".join(texts(document)) == "A cover. The text."
    assert left_out(document) == {}


@pytest.mark.parametrize("scan", ["3 Tr {text}", "{text} 0.5 g 0 0 420 595 re f"], ids=["without ink", "covered"])
def test_recognised_text_of_a_scan_in_a_layer_is_read(tmp_path: Path, scan: str) -> None:
    recognised = in_layer("On", scan.format(text=shown("Words of the scan.", at=(40, 500))))

    document = reading(tmp_path, layered(recognised))

    assert texts(document) == ["Words of the scan."]
    assert left_out(document) == {}


def test_text_without_ink_in_a_layer_that_is_off_is_left_out(tmp_path: Path) -> None:
    page = shown("The question.", at=(40, 500)) + in_layer("Off", f"3 Tr {shown('The answer.', at=(40, 400))}")

    document = reading(tmp_path, layered(page))

    assert texts(document) == ["The question."]
    assert left_out(document) == {LeftOutKind.HIDDEN_LAYER: ["The answer."]}


@pytest.mark.parametrize("is_packed", [False, True])
def test_a_drawing_in_a_layer_that_is_off_is_left_out(tmp_path: Path, is_packed: bool) -> None:
    """A form names its layer itself; the catalog may be in a compressed stream of objects."""
    catalog = "<< /Type /Catalog /Pages 2 0 R /OCProperties << /OCGs [7 0 R] /D << /OFF [7 0 R] >> >> >>"
    content = assembled(
        [
            "<< /Type /Catalog /Pages 2 0 R >>" if is_packed else catalog,
            "<< /Type /Pages /Kids [5 0 R] /Count 1 >>",
            "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
            stream(f"{shown('The question is shown.', at=(40, 500))}\n/X1 Do /X2 Do"),
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {WIDTH} {HEIGHT}] /Contents 4 0 R "
            "/Resources << /Font << /F1 3 0 R >> /XObject << /X1 6 0 R /X2 8 0 R >> >> >>",
            stream(
                shown("The answer is hidden.", at=(40, 400)),
                f"/Type /XObject /Subtype /Form /BBox [0 0 {WIDTH} {HEIGHT}] /OC 7 0 R "
                "/Resources << /Font << /F1 3 0 R >> >>",
            ),
            "<< /Type /OCG /Name (answers) >>",
            stream(
                shown("So is the hint.", at=(40, 450)),
                f"/Type /XObject /Subtype /Form /BBox [0 0 {WIDTH} {HEIGHT}] /Resources << /Font << /F1 3 0 R >> >>",
            ),
        ]
    )
    if is_packed:
        content = packed(content, catalog)

    document = reading(tmp_path, content)

    assert " ".join(texts(document)) == "The question is shown. So is the hint."
    assert left_out(document) == {LeftOutKind.HIDDEN_LAYER: ["The answer is hidden."]}


def packed(content: bytes, catalog: str) -> bytes:
    """Return a PDF with another catalog in a compressed stream of objects, named by a stream of cross references."""
    first = "20 0 "
    objects = zlib.compress((first + catalog).encode())
    place = len(content)
    content += (
        f"21 0 obj << /Type /ObjStm /N 1 /First {len(first)} /Filter /FlateDecode /Length {len(objects)} >> stream\n"
    ).encode()
    content += objects + b"\nendstream endobj\n"
    before = int(content.split(b"startxref")[1].split()[0])
    table = len(content)
    entries = b"\x02\x00\x00\x15\x00" + b"\x01" + place.to_bytes(3, "big") + b"\x00"
    content += (
        f"22 0 obj << /Type /XRef /W [1 3 1] /Index [20 2] /Size 23 /Root 20 0 R /Prev {before} /Length 10 >> stream\n"
    ).encode()
    return content + entries + f"\nendstream endobj\nstartxref\n{table}\n%%EOF\n".encode()


UNSEEN = {
    "white": (f"1 g {shown('This is white.', at=(40, 400))}", LeftOutKind.HIDDEN_TEXT),
    "white on a white box": (
        f"1 g 30 390 200 30 re f {shown('This is white.', at=(40, 400))}",
        LeftOutKind.HIDDEN_TEXT,
    ),
    "tiny": (
        "BT /F1 0.5 Tf 1 0 0 1 40 400 Tm (This is tiny.) Tj ET",
        LeftOutKind.HIDDEN_TEXT,
    ),
    "left of the page": (shown("This is outside.", at=(-400, 400)), LeftOutKind.OUTSIDE_PAGE),
    "above the page": (shown("This is outside.", at=(40, HEIGHT + 90)), LeftOutKind.OUTSIDE_PAGE),
}


@pytest.mark.parametrize(("drawing", "kind"), UNSEEN.values(), ids=UNSEEN.keys())
def test_text_that_nobody_sees_is_left_out_and_said(tmp_path: Path, drawing: str, kind: LeftOutKind) -> None:
    document = reading(tmp_path, drawn(f"{shown('What is steam?', at=(40, 500))}\nq {drawing} Q"))

    assert texts(document) == ["What is steam?"]
    assert [words[:7] for words in left_out(document)[kind]] == ["This is"]
    assert any("not shown" in warning for warning in document.warnings)


SEEN = {
    "white on a dark box": f"0.2 g 30 390 200 30 re f 1 g {shown('This is seen.', at=(40, 400))}",
    "light gray": f"0.9 g {shown('This is seen.', at=(40, 400))}",
    "scaled up from one point": "BT /F1 1 Tf 12 0 0 12 40 400 Tm (This is seen.) Tj ET",
    "partly off the page": shown("This is seen.", at=(-3, 400)),
}


@pytest.mark.parametrize("drawing", SEEN.values(), ids=SEEN.keys())
def test_text_that_is_seen_is_read(tmp_path: Path, drawing: str) -> None:
    document = reading(tmp_path, drawn(f"{shown('What is steam?', at=(40, 500))}\nq {drawing} Q"))

    assert texts(document) == ["What is steam?", "This is seen."]
    assert document.left_out == ()


def test_a_thousand_comments_are_counted(tmp_path: Path) -> None:
    note = "<< /Type /Annot /Subtype /Text /Rect [40 400 60 420] /Contents (Too short) >>"

    document = reading(tmp_path, annotated(shown("What is steam?", at=(40, 500)), *[note] * 1000))

    (comments,) = document.left_out
    assert (comments.kind, comments.count, comments.pages) == (LeftOutKind.COMMENT, 1000, (1,))
    assert [piece.kind for piece in document.pieces] == [ChunkKind.PARAGRAPH]
