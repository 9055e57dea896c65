"""Each format, read: a table of small files made here, with what must and must not come out."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import docx
import pptx
import pytest
from docx.oxml import parse_xml
from docx.shared import Pt
from hypothesis import given
from hypothesis import strategies as st
from pptx.util import Inches

from materials.documents import ChunkKind, Document, Format, Piece
from materials.readers.base.encodings import decode_text
from materials.readers.registry import read_document
from tests.materials.readers.pdfs import pdf

Read = Callable[[Format, bytes | str], Document]


@pytest.fixture
def read_bytes(tmp_path: Path) -> Read:
    def reading(format_: Format, content: bytes | str) -> Document:
        path = tmp_path / "source"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return read_document(path, format_)

    return reading


def of_kind(document: Document, kind: ChunkKind) -> list[Piece]:
    return [piece for piece in document.pieces if piece.kind is kind]


def texts(document: Document) -> list[str]:
    return [piece.text for piece in document.pieces]


# --- Markdown ---------------------------------------------------------------------------------------------------------

MARKDOWN = """---
title: The title of the front matter
---
# Course {#top}

Intro with **bold term**, *italic term*, `code` and a [link](https://example.org).

## Lists

- one
  - nested *deep*
- two

1. first
2. second

## Code

```python
# not a heading
def f(): pass
```

| a | b |
| - | - |
| 1 | x\\|y |

Setext heading
--------------

<div><b>Raw</b> HTML</div>
"""


def test_markdown_keeps_what_its_author_wrote(read_bytes: Read) -> None:
    document = read_bytes(Format.MARKDOWN, MARKDOWN)

    assert document.title == "The title of the front matter"
    assert [(p.text, p.level) for p in of_kind(document, ChunkKind.HEADING)] == [
        ("Course", 1), ("Lists", 2), ("Code", 2), ("Setext heading", 2),
    ]  # fmt: skip
    assert [p.text for p in of_kind(document, ChunkKind.LIST)] == [
        "- one\n  - nested deep\n- two", "1. first\n2. second",
    ]  # fmt: skip
    (code,) = of_kind(document, ChunkKind.CODE)
    assert (code.text, code.language) == ("# not a heading\ndef f(): pass", "python")
    assert [p.text for p in of_kind(document, ChunkKind.TABLE)] == ["| a | b |\n| --- | --- |\n| 1 | x\\|y |"]
    intro = document.pieces[1]
    assert intro.text == "Intro with bold term, italic term, code and a link."
    assert intro.emphasised == ("bold term", "italic term")
    assert "Raw HTML" in texts(document)
    assert code.locator.heading_path == ("Course", "Code")
    assert document.pieces[0].locator.fragment == "top"


@given(st.lists(st.sampled_from(["# Title", "text", "```", "~~~~", "    # code", "", "## Two"]), max_size=20))
def test_no_heading_is_ever_taken_from_a_code_fence(lines: list[str]) -> None:
    fence = ""
    outside = 0
    for line in lines:
        if fence:
            fence = "" if line == fence else fence
        elif line in {"```", "~~~~"}:
            fence = line
        elif line.startswith("#"):
            outside += 1
    path = Path("/dev/shm" if Path("/dev/shm").is_dir() else "/tmp") / "coursewright-fence.md"  # noqa: S108
    path.write_text("\n".join(lines))

    headings = of_kind(read_document(path, Format.MARKDOWN), ChunkKind.HEADING)

    assert len(headings) <= outside
    path.unlink()


# --- HTML -------------------------------------------------------------------------------------------------------------

HTML = """<!doctype html><html><head><meta charset="windows-1251"><title>Page</title></head><body>
<nav><a href="/">Menu entry</a></nav><header>Site name</header>
<main><h1 id="start">Вода</h1>
<p>Hello <b>bold</b>word<br>next line</p>
<div class="sidebar">Advertisement</div>
<p hidden>Hidden words</p>
<dl><dt>Term</dt><dd>what it means</dd></dl>
<ul><li>One<ul><li>Nested</li></ul></li><li><p>Two</p></li></ul>
<pre><code class="language-js">let a = 1;
  let b = 2;</code></pre>
<table><tr><th>A</th><th colspan="2">B</th></tr><tr><td>1</td><td>2</td><td>3</td></tr></table>
<script>var secret = 1;</script></main><footer>Imprint</footer></body></html>"""


def test_html_keeps_the_content_and_leaves_the_furniture(read_bytes: Read) -> None:
    document = read_bytes(Format.HTML, HTML.encode("cp1251"))

    everything = "\n".join(texts(document))
    for words in ("Menu entry", "Site name", "Advertisement", "Hidden", "secret", "Imprint"):
        assert words not in everything
    assert document.title == "Вода"
    assert "Hello boldword\nnext line" in texts(document)
    assert [p.text for p in of_kind(document, ChunkKind.LIST)] == [
        "- Term: what it means", "- One\n  - Nested\n- Two",
    ]  # fmt: skip
    assert of_kind(document, ChunkKind.CODE)[0].text == "let a = 1;\n  let b = 2;"
    assert of_kind(document, ChunkKind.TABLE)[0].text == "| A | B |  |\n| --- | --- | --- |\n| 1 | 2 | 3 |"
    assert document.pieces[0].locator.fragment == "start"


# --- captions ---------------------------------------------------------------------------------------------------------


def test_captions_become_whole_sentences_with_their_times(read_bytes: Read) -> None:
    content = "WEBVTT\n\nSTYLE\n::cue {}\n\n1\n00:01.000 --> 00:09.000 align:left\n<v Ann>Hello <i>there</i>.\n\n"
    content += "00:09.500 --> 00:17.000\nThis goes\n\n00:17.000 --> 00:26.500\non to its end.\n\n"
    content += "01:00:00.000 --> 01:00:02.000\nMuch later.\n"

    document = read_bytes(Format.VTT, content)

    assert [(p.text, p.speaker, p.locator.start_ms, p.locator.end_ms) for p in document.pieces] == [
        ("Hello there.", "Ann", 1_000, 9_000),
        ("This goes on to its end.", "", 9_500, 26_500),
        ("Much later.", "", 3_600_000, 3_602_000),
    ]
    assert document.duration_ms == 3_602_000


def test_captions_mend_what_real_files_have(read_bytes: Read) -> None:
    content = "\ufeff2\r\n00:00:05,000 --> 00:00:06,000\r\nsecond one here\r\n\r\n"
    content += "1\r\n00:00:01,000 --> 00:00:02,000\r\nfirst one here\r\n\r\n"
    content += "3\r\n-00:00:03,000 --> 00:00:04,000\r\nimpossible\r\n\r\n"
    content += "4\r\n00:00:06,000 --> 00:00:08,000\r\nsecond one here rolls on\r\n"

    document = read_bytes(Format.SRT, content)

    assert texts(document) == ["first one here second one here rolls on"]
    assert len(document.warnings) == 2


# --- presentations ----------------------------------------------------------------------------------------------------


def deck() -> bytes:
    made = pptx.Presentation()
    first = made.slides.add_slide(made.slide_layouts[1])
    first.shapes.title.text = "Boiling"
    body = first.placeholders[1].text_frame
    body.text = "Heat the water"
    below = body.add_paragraph()
    below.text, below.level = "to 100 degrees", 1
    first.notes_slide.notes_text_frame.text = "Mind the steam."
    made.slides.add_slide(made.slide_layouts[6])
    third = made.slides.add_slide(made.slide_layouts[5])
    third.shapes.title.text = "Numbers"
    table = third.shapes.add_table(2, 2, Inches(1), Inches(2), Inches(4), Inches(1)).table
    for row, cells in enumerate([("Place", "Degrees"), ("Sea level", "100")]):
        for column, text in enumerate(cells):
            table.cell(row, column).text = text
    group = third.shapes.add_group_shape()
    group.shapes.add_textbox(Inches(1), Inches(5), Inches(3), Inches(1)).text_frame.text = "Inside a group"
    made.slides._sldIdLst[2].getparent()
    third._element.set("show", "0")
    stream = io.BytesIO()
    made.save(stream)
    return stream.getvalue()


def test_a_presentation_keeps_numbers_notes_tables_and_groups(read_bytes: Read) -> None:
    document = read_bytes(Format.PPTX, deck())

    assert document.page_count == 3
    assert [(p.kind, p.locator.slide, p.text) for p in document.pieces] == [
        (ChunkKind.HEADING, 1, "Boiling"),
        (ChunkKind.LIST, 1, "- Heat the water\n  - to 100 degrees"),
        (ChunkKind.NOTES, 1, "Mind the steam."),
        (ChunkKind.HEADING, 3, "Numbers"),
        (ChunkKind.TABLE, 3, "| Place | Degrees |\n| --- | --- |\n| Sea level | 100 |"),
        (ChunkKind.PARAGRAPH, 3, "Inside a group"),
    ]
    assert "Slides without text: 2." in document.warnings
    assert any("Slide 3 is hidden" in warning for warning in document.warnings)


# --- Word documents ---------------------------------------------------------------------------------------------------


def word() -> bytes:
    made = docx.Document()
    made.add_heading("Steam", 1)
    paragraph = made.add_paragraph("The ")
    paragraph.add_run("dew point").bold = True
    paragraph.add_run(" is a temperature.")
    for text in ("one", "two"):
        made.add_paragraph(text, style="List Bullet")
    made.add_paragraph("deeper", style="List Bullet 2")
    table = made.add_table(2, 2)
    for row, cells in enumerate([("a", "b"), ("1", "2")]):
        for column, text in enumerate(cells):
            table.cell(row, column).text = text
    made.add_heading("Code", 2)
    for line in ("x = 1", "y = 2"):
        run = made.add_paragraph().add_run(line)
        run.font.name, run.font.size = "Courier New", Pt(9)
    stream = io.BytesIO()
    made.save(stream)
    return stream.getvalue()


def test_a_word_document_keeps_order_lists_tables_and_code(read_bytes: Read) -> None:
    document = read_bytes(Format.DOCX, word())

    assert document.title == "Steam"
    assert [piece.kind for piece in document.pieces] == [
        ChunkKind.HEADING, ChunkKind.PARAGRAPH, ChunkKind.LIST, ChunkKind.TABLE, ChunkKind.HEADING, ChunkKind.CODE,
    ]  # fmt: skip
    assert document.pieces[1].text == "The dew point is a temperature."
    assert document.pieces[1].emphasised == ("dew point",)
    assert document.pieces[2].text == "- one\n- two\n  - deeper"
    assert document.pieces[3].text == "| a | b |\n| --- | --- |\n| 1 | 2 |"
    assert document.pieces[5].text == "x = 1\ny = 2"
    assert document.pieces[5].locator.heading_path == ("Steam", "Code")


def test_a_heading_made_by_hand_is_a_heading(tmp_path: Path) -> None:
    made = docx.Document()
    for text, size, bold in (("The big one", 20, False), ("The bold one", 11, True), ("A whole sentence.", 11, True)):
        run = made.add_paragraph().add_run(text)
        run.font.size, run.bold = Pt(size), bold
    made.add_paragraph().add_run("The text goes on for a while in the usual size. " * 3).font.size = Pt(11)
    made.save(str(tmp_path / "made.docx"))

    document = read_document(tmp_path / "made.docx", Format.DOCX)

    assert [(p.text, p.level) for p in of_kind(document, ChunkKind.HEADING)] == [
        ("The big one", 1), ("The bold one", 3),
    ]  # fmt: skip


def test_a_word_document_shows_insertions_and_not_deletions(read_bytes: Read, tmp_path: Path) -> None:
    made = docx.Document()
    made.add_paragraph("kept")
    body = made.element.body
    w = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    added = "<w:ins><w:r><w:t>added</w:t></w:r></w:ins>"
    change = f"<w:p {w}>{added}<w:del><w:r><w:delText>gone</w:delText></w:r></w:del></w:p>"
    body.insert(1, parse_xml(change))
    made.save(str(tmp_path / "changed.docx"))

    assert texts(read_document(tmp_path / "changed.docx", Format.DOCX)) == ["kept", "added"]


# --- PDF --------------------------------------------------------------------------------------------------------------


def test_a_pdf_keeps_every_page_number_and_finds_headings(read_bytes: Read) -> None:
    text = ["An engine turns heat into work by means of steam,", "which drives a pis-", "ton back and forth."]
    pages = [
        [(24, "Steam engines"), *((11, line) for line in text)],
        [],
        [(11, "- boiler"), (11, "- piston"), (11, "The end of the text.")],
    ]

    document = read_bytes(Format.PDF, pdf(pages))

    assert document.page_count == 3
    assert [(p.kind, p.locator.page) for p in document.pieces] == [
        (ChunkKind.HEADING, 1), (ChunkKind.PARAGRAPH, 1), (ChunkKind.LIST, 3),
    ]  # fmt: skip
    assert document.pieces[1].text.endswith("drives a piston back and forth.")
    assert "Pages without text, probably pictures or scans: 2 of 3." in document.warnings


def test_a_pdf_drops_running_heads_and_page_numbers(read_bytes: Read) -> None:
    pages = [
        [(9, "Handbook of steam"), (11, f"Content number {number} is here in full."), (9, str(number))]
        for number in range(1, 7)
    ]

    document = read_bytes(Format.PDF, pdf(pages))

    assert texts(document) == [f"Content number {number} is here in full." for number in range(1, 7)]


def test_a_text_layer_that_is_noise_is_said_and_not_used(read_bytes: Read) -> None:
    noise = "%&$#!?/=+*;:<>^~|@%&$#!?/=+*;:<>^~|@"
    pages = [[(11, "A page with real words on it, as it should be.")], [(11, noise), (11, noise)]]

    document = read_bytes(Format.PDF, pdf(pages))

    assert texts(document) == ["A page with real words on it, as it should be."]
    assert "The text layer of these pages is noise and was not used: 2." in document.warnings[0]


def test_a_page_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    path = tmp_path / "one-bad-page.pdf"
    path.write_bytes(
        pdf([[(11, "The first page.")], [(11, "The second page.")]]).replace(b"5 0 R 7 0 R", b"5 0 R 9 9 R")
    )

    document = read_document(path, Format.PDF)

    assert document.page_count == 2
    assert [(p.text, p.locator.page) for p in document.pieces] == [("The first page.", 1)]
    assert any("2" in warning for warning in document.warnings)


# --- text and encodings -----------------------------------------------------------------------------------------------


def test_plain_text_has_paragraphs_and_lists(read_bytes: Read) -> None:
    document = read_bytes(Format.PLAIN, "Title\n=====\n\nOne\ntwo.\n\n* a\n* b\n")

    assert [(p.kind, p.text) for p in document.pieces] == [
        (ChunkKind.HEADING, "Title"), (ChunkKind.PARAGRAPH, "One\ntwo."), (ChunkKind.LIST, "- a\n- b"),
    ]  # fmt: skip


UKRAINIAN = "Вступ до програмування: змінні та оператори — це основа.\n" * 4
CHINESE = "变量是存储数据的容器。程序由语句组成。\n" * 4
GERMAN = "Größe und Übung: Äpfel sind schön. Das Maß ist voll.\n" * 4


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (UKRAINIAN, "utf-8"),
        (UKRAINIAN, "utf-8-sig"),
        (UKRAINIAN, "cp1251"),
        (UKRAINIAN, "koi8-u"),
        (UKRAINIAN, "utf-16"),
        (UKRAINIAN, "utf-16-le"),
        (CHINESE, "gb18030"),
        (CHINESE, "utf-16"),
        (GERMAN, "cp1252"),
    ],
)
def test_it_reads_any_encoding(text: str, encoding: str) -> None:
    readable = text.encode(encoding, errors="ignore").decode(encoding)

    assert decode_text(text.encode(encoding, errors="ignore")) == readable


@given(st.binary(max_size=300))
def test_any_bytes_become_text_that_a_database_takes(data: bytes) -> None:
    text = decode_text(data)

    assert "\x00" not in text
    text.encode()
