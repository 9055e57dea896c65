"""What stands where on slides, what is said by formatting, and what is beside the text of a presentation."""

from __future__ import annotations

from pathlib import Path

import pytest

from materials.documents import Document, Format, LeftOutKind
from materials.readers.registry import read_document
from tests.materials.readers.packages import NAMESPACES, shape, slides

SIZE = '<p:sldSz cx="9144000" cy="6858000"/>'  # 254 x 190 millimetres
TITLE = '<p:ph type="title"/>'


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "made.pptx"


def read(path: Path) -> Document:
    return read_document(path, Format.PPTX)


def texts(document: Document) -> list[str]:
    return [piece.text for piece in document.pieces]


def left_out(document: Document) -> dict[LeftOutKind, list[tuple[str, tuple[int, ...]]]]:
    return {left.kind: [(text.text, left.pages) for text in left.texts] for left in document.left_out}


def run(text: str, look: str = "", inside: str = "") -> str:
    return f"<a:r><a:rPr {look}>{inside}</a:rPr><a:t>{text}</a:t></a:r>"


def test_raised_and_lowered_text_keeps_its_meaning(file: Path) -> None:
    raised, lowered = 'baseline="30000"', 'baseline="-25000"'
    runs = (
        run("2"), run("1", raised), run("0", raised), run(" = 1024, H"), run("2", lowered), run("O, 10"),
        run("-3", raised), run(", x"), run("max", lowered), run(", the 1"), run("st", raised), run(", E = "),
        run("mc", 'b="1"'), run("2", 'b="1" baseline="30%"'), run(" at 0%", 'baseline="0"'),
    )  # fmt: skip

    (piece,) = read(slides(file, shape(f"<a:p>{''.join(runs)}</a:p>"))).pieces

    assert piece.text == "2¹⁰ = 1024, H₂O, 10⁻³, x_max, the 1st, E = mc² at 0%"
    assert piece.emphasised == ("mc²",)


def test_targets_of_links_are_kept_with_their_pieces(file: Path) -> None:
    def link(name: str) -> str:
        return f'<a:hlinkClick r:id="{name}"/>'

    whole = shape("Click the whole box to go on to the next part of it.", at=(10, 120, 200, 20))
    whole = whole.replace('name="s"/>', f'name="s">{link("b")}</p:cNvPr>')
    picture = f'<p:pic><p:nvPicPr><p:cNvPr id="9" name="p">{link("c")}</p:cNvPr><p:nvPr/></p:nvPicPr></p:pic>'
    jump = run("The next slide is further down in this deck.", "", link("s"))
    inside = shape(f"<a:p>{jump}</a:p>", at=(10, 150, 200, 20))
    tree = shape(f"<a:p>{run('Links', '', link('a'))}</a:p>", ph=TITLE)
    tree += shape(f"<a:p>{run('See ')}{run('the manual', '', link('a'))}</a:p>" * 2, at=(10, 60, 200, 40))
    links = {"a": "https://a.example/m", "b": "mailto:b@example.org", "c": "https://c.example"}

    document = read(slides(file, tree + whole + inside + picture, links=links))

    assert [piece.links for piece in document.pieces] == [
        ("https://a.example/m",), ("https://a.example/m",), ("mailto:b@example.org",), ("https://c.example",),
    ]  # fmt: skip


def test_boxes_outside_of_the_slide_are_left_out_and_said(file: Path) -> None:
    tree = shape("Not shown", at=(-500, -500, 100, 20)) + shape("The big title line", at=(10, 5, 200, 20), size=4000)
    tree += shape("Half shown, which is enough for a reader to see it.", at=(200, 60, 200, 20))
    tree += shape("Below", at=(10, 191, 100, 20)) + shape(
        "Text of the slide is here, below its title.", at=(10, 90, 200, 20)
    )

    document = read(slides(file, tree, deck=SIZE))

    assert texts(document) == [
        "The big title line",
        "Half shown, which is enough for a reader to see it.",
        "Text of the slide is here, below its title.",
    ]
    assert document.pieces[0].level == 1
    assert left_out(document) == {LeftOutKind.OUTSIDE_PAGE: [("Not shown", (1,)), ("Below", (1,))]}
    assert document.warnings == ("Boxes outside of the slide were left out: slide 1.",)


def test_a_title_above_the_slide_is_its_title(file: Path) -> None:
    tree = shape("Named", at=(10, -40, 200, 20), ph=TITLE) + shape("Text.", at=(10, 60, 200, 40))

    document = read(slides(file, tree, deck=SIZE))

    assert (document.title, texts(document), document.warnings) == ("Named", ["Named", "Text."], ())


TERM, MEANING = "{} is a term", "{} is what it means, in more words than a label has."


@pytest.mark.parametrize("gap", [2, 30])
def test_boxes_in_pairs_are_read_row_by_row(file: Path, gap: int) -> None:
    tree = shape("Terms", at=(10, 5, 230, 20), ph=TITLE)
    for row in (2, 0, 1):
        top = 40 + row * (20 + gap)
        tree += shape(MEANING.format(row), at=(120, top, 100, 20)) + shape(TERM.format(row), at=(10, top, 90, 20))

    assert texts(read(slides(file, tree))) == [
        "Terms", *(said.format(row) for row in range(3) for said in (TERM, MEANING)),
    ]  # fmt: skip


def test_columns_with_heads_are_read_column_by_column(file: Path) -> None:
    held = '<p:ph idx="{}"/>'
    tree = shape("Compare", at=(10, 5, 230, 20), ph=TITLE)
    for at, side in enumerate(("Ice", "Steam")):
        left = 10 + at * 120
        tree += shape(f"{side} in general", at=(left, 40, 100, 15), ph=held.format(1 + at))
        tree += shape(f"{side} is water, too.", at=(left, 56, 100, 100), ph=held.format(3 + at))

    assert texts(read(slides(file, tree))) == [
        "Compare", "Ice in general", "Ice is water, too.", "Steam in general", "Steam is water, too.",
    ]  # fmt: skip


def sections(*names: str) -> str:
    """Return the sections of a deck, each with the next two slides."""
    listed = "".join(
        f'<p14:section name="{name}"><p14:sldIdLst><p14:sldId id="{256 + 2 * at}"/><p14:sldId id="{257 + 2 * at}"/>'
        "</p14:sldIdLst></p14:section>"
        for at, name in enumerate(names)
    )
    space = "http://schemas.microsoft.com/office/powerpoint/2010/main"
    return f'<p:extLst><p:ext><p14:sectionLst xmlns:p14="{space}">{listed}</p14:sectionLst></p:ext></p:extLst>'


def titled(title: str) -> str:
    return shape(title, ph=TITLE) + shape(f"Text of {title}, which is long enough to be a sentence.")


def test_sections_are_headings_above_the_titles_of_their_slides(file: Path) -> None:
    deck = sections("Heat", "Cold")

    document = read(slides(file, titled("One"), titled("Two"), titled("Three"), "", deck=deck))

    headings = [(piece.level, piece.text, piece.locator.slide) for piece in document.pieces if piece.level]
    assert headings == [(1, "Heat", 1), (2, "One", 1), (2, "Two", 2), (1, "Cold", 3), (2, "Three", 3)]
    assert [piece.locator.heading_path for piece in document.pieces if not piece.level] == [
        ("Heat", "One"), ("Heat", "Two"), ("Cold", "Three"),
    ]  # fmt: skip
    assert (document.title, document.blank_pages) == ("One", (4,))


def test_the_name_that_powerpoint_gives_a_section_is_none(file: Path) -> None:
    trees = (titled("One"), titled("Two"), titled("Three"), titled("Four"))

    alone = read(slides(file, *trees, deck=sections("Default Section", "")))
    after = read(slides(file, *trees, deck=sections("Heat", "Standardabschnitt")))

    assert [(piece.level, piece.text) for piece in alone.pieces if piece.level] == [
        (1, "One"), (1, "Two"), (1, "Three"), (1, "Four"),
    ]  # fmt: skip
    assert [piece.locator.heading_path for piece in after.pieces if not piece.level] == [
        ("Heat", "One"), ("Heat", "Two"), ("Three",), ("Four",),
    ]  # fmt: skip


def test_what_is_not_read_of_slides_is_counted(file: Path) -> None:
    hidden = shape("Secret").replace('name="s"', 'name="s" hidden="1"')
    footer = shape("Physics 101", ph='<p:ph type="ftr"/>')
    film = (
        '<p:pic><p:nvPicPr><p:cNvPr id="9" name="film.mp4" descr="A kettle boils on a stove."/>'
        '<p:nvPr><a:videoFile r:link="v"/></p:nvPr></p:nvPicPr></p:pic>'
    )
    sheet = '<a:graphic><a:graphicData><p:oleObj progId="Excel.Sheet.12"/></a:graphicData></a:graphic>'
    sheet = (
        f'<p:graphicFrame><p:nvGraphicFramePr><p:cNvPr id="8" name="o"/></p:nvGraphicFramePr>{sheet}</p:graphicFrame>'
    )
    comments = f"<p:cmLst {NAMESPACES}><p:cm><p:text>Really?</p:text></p:cm></p:cmLst>"
    notes = f"<p:notes {NAMESPACES}><p:cSld><p:spTree>{{}}</p:spTree></p:cSld></p:notes>".format(
        shape("Say hello.", ph='<p:ph type="body"/>')
        + shape("Drawn on the page.")
        + shape("Course", ph='<p:ph type="hdr"/>')
    )
    layout = f"<p:sldLayout {NAMESPACES}><p:cSld><p:spTree>{shape('University X')}</p:spTree></p:cSld></p:sldLayout>"
    tree = shape("Text of the slide is here, and it is long.") + hidden + footer + film + sheet

    document = read(slides(
        file, tree, parts={"comments1": comments, "notesSlide1": notes, "slideLayout1": layout},
    ))  # fmt: skip

    assert texts(document) == ["Text of the slide is here, and it is long.", "Say hello.", "Drawn on the page."]
    assert left_out(document) == {
        LeftOutKind.HIDDEN_TEXT: [("Secret", (1,))],
        LeftOutKind.RUNNING_HEAD: [("Physics 101", (1,)), ("University X", (1,)), ("Course", (1,))],
        LeftOutKind.EMBEDDED_OBJECT: [("Excel.Sheet.12", (1,)), ("film.mp4", (1,))],
        LeftOutKind.METADATA: [("A kettle boils on a stove.", (1,))],
        LeftOutKind.COMMENT: [("Really?", (1,))],
    }
