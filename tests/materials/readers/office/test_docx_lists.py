"""Lists and headings of Word documents: numbers and levels as Word shows them."""

from __future__ import annotations

from pathlib import Path

import pytest

from materials.documents import Document, Format
from materials.readers.registry import read_document
from tests.materials.readers.packages import p, style, word


def item(text: str, list_id: int, depth: int = 0) -> str:
    return p(text, f'<w:numPr><w:ilvl w:val="{depth}"/><w:numId w:val="{list_id}"/></w:numPr>')


def level(depth: int, form: str, pattern: str, *, start: int = 1, left: int = 0) -> str:
    return (
        f'<w:lvl w:ilvl="{depth}"><w:start w:val="{start}"/><w:numFmt w:val="{form}"/><w:lvlText w:val="{pattern}"/>'
        f'<w:pPr><w:ind w:left="{left}"/></w:pPr></w:lvl>'
    )


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "made.docx"


def reading(path: Path) -> Document:
    return read_document(path, Format.DOCX)


def texts(document: Document) -> list[str]:
    return [piece.text for piece in document.pieces]


NUMBERING = (
    '<w:abstractNum w:abstractNumId="1">'
    + level(0, "decimal", "%1.", start=3, left=720)
    + level(1, "lowerLetter", "%2)", left=1440)
    + level(2, "decimal", "%1.%2.%3", left=2160)
    + "</w:abstractNum>"
    + f'<w:abstractNum w:abstractNumId="2">{level(0, "bullet", "·", left=1080)}</w:abstractNum>'
    + '<w:num w:numId="1"><w:abstractNumId w:val="1"/></w:num>'
    + '<w:num w:numId="2"><w:abstractNumId w:val="2"/></w:num>'
    + '<w:num w:numId="3"><w:abstractNumId w:val="1"/>'
    + '<w:lvlOverride w:ilvl="0"><w:startOverride w:val="1"/></w:lvlOverride></w:num>'
)


def test_lists_are_numbered_as_word_numbers_them(file: Path) -> None:
    body = item("first", 1) + item("below", 1, 1) + item("beside", 1, 1) + item("deep", 1, 2) + item("second", 1)
    body += item("anew", 1, 1)

    document = reading(word(file, body, numbering=NUMBERING))

    assert texts(document) == [
        "3. first\n  - a) below\n  - b) beside\n    - 3.b.1 deep\n4. second\n  - a) anew",
    ]


def test_a_list_goes_on_after_a_paragraph_and_begins_again_where_the_author_says_so(file: Path) -> None:
    body = item("three", 1) + p("Between.") + item("four", 1) + p("Then:") + item("one", 3) + item("two", 3)

    document = reading(word(file, body, numbering=NUMBERING))

    assert texts(document) == ["3. three", "Between.", "4. four", "Then:", "1. one\n2. two"]


def test_items_of_another_list_that_are_set_in_further_lie_below(file: Path) -> None:
    document = reading(word(file, item("step", 1) + item("remark", 2) + item("next step", 1), numbering=NUMBERING))

    assert texts(document) == ["3. step\n  - remark\n4. next step"]


def test_a_numbered_heading_keeps_its_number_and_counts(file: Path) -> None:
    numbering = (
        f'<w:abstractNum w:abstractNumId="1">{level(0, "decimal", "Module %1.")}{level(1, "decimal", "%1.%2")}'
        '</w:abstractNum><w:num w:numId="1"><w:abstractNumId w:val="1"/></w:num>'
    )
    styles = style("H1", '<w:name w:val="heading 1"/><w:pPr><w:numPr><w:numId w:val="1"/></w:numPr></w:pPr>') + style(
        "H2",
        '<w:name w:val="heading 2"/><w:pPr><w:numPr><w:ilvl w:val="1"/><w:numId w:val="1"/></w:numPr></w:pPr>',
    )
    one, two = '<w:pStyle w:val="H1"/>', '<w:pStyle w:val="H2"/>'
    body = p("Water", one) + p("Steam", two) + p("Ice", two) + p("Air", one) + p("Wind", two)

    document = reading(word(file, body, styles=styles, numbering=numbering))

    assert texts(document) == ["Module 1. Water", "1.1 Steam", "1.2 Ice", "Module 2. Air", "2.1 Wind"]


def test_headings_are_found_by_inheritance_outline_and_foreign_names(file: Path) -> None:
    styles = (
        style("Base", '<w:name w:val="heading 2"/>')
        + style("Mine", '<w:name w:val="My own"/><w:basedOn w:val="Base"/>')
        + style("Loop", '<w:name w:val="Loop"/><w:basedOn w:val="Loop"/>')
        + style("Ukr", '<w:name w:val="Заголовок 3"/>')
        + style(
            "Plain", '<w:name w:val="Back to text"/><w:basedOn w:val="Base"/><w:pPr><w:outlineLvl w:val="9"/></w:pPr>'
        )
    )
    body = p("Inherited", '<w:pStyle w:val="Mine"/>') + p("Outlined", '<w:outlineLvl w:val="3"/>')
    body += p("Foreign", '<w:pStyle w:val="Ukr"/>') + p("Text", '<w:pStyle w:val="Plain"/>')
    body += p("Looped", '<w:pStyle w:val="Loop"/>')

    document = reading(word(file, body, styles=styles))

    assert [(piece.text, piece.level) for piece in document.pieces] == [
        ("Inherited", 2), ("Outlined", 4), ("Foreign", 3), ("Text", None), ("Looped", None),
    ]  # fmt: skip


def test_bold_lines_are_headings_but_captions_are_not(file: Path) -> None:
    styles = style("Sub", '<w:name w:val="Subhead"/><w:rPr><w:b/></w:rPr>')
    styles += style("Cap", '<w:name w:val="caption"/><w:rPr><w:b/></w:rPr>')
    bold = "<w:p><w:r><w:rPr><w:b/></w:rPr><w:t>{}</w:t></w:r></w:p>".format
    body = p("By its style", '<w:pStyle w:val="Sub"/>') + p("Water and steam", '<w:pStyle w:val="Cap"/>')
    body += bold("By hand") + bold("Figure 2: A kettle") + bold("Рис. 3 Чайник") + p("Text.")

    document = reading(word(file, body, styles=styles))

    assert [piece.text for piece in document.pieces if piece.level] == ["By its style", "By hand"]
