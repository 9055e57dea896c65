"""Presentations as people really make them: what the audience sees, in the order in which it looks."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from materials.documents import ChunkKind, Document, Format
from materials.readers.registry import read_document
from tests.materials.readers.packages import NAMESPACES, shape, slides

TITLE = '<p:ph type="title"/>'
BODY = '<p:ph type="body" idx="1"/>'


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "made.pptx"


def reading(path: Path) -> Document:
    return read_document(path, Format.PPTX)


def texts(document: Document) -> list[str]:
    return [piece.text for piece in document.pieces]


def lines(*paragraphs: str) -> str:
    """Return paragraphs; each begins with its properties, if any, and a bar."""
    return "".join(
        f"<a:p>{before}<a:r><a:t>{text}</a:t></a:r></a:p>"
        for before, text in (one.rpartition("|")[::2] for one in paragraphs)
    )


def picture(name: str, descr: str = "") -> str:
    return (
        f'<p:pic><p:nvPicPr><p:cNvPr id="9" name="{name}" descr="{descr}"/></p:nvPicPr>'
        '<p:blipFill><a:blip r:embed="x"/></p:blipFill></p:pic>'
    )


def frame(inside: str) -> str:
    held = f"<a:graphic><a:graphicData>{inside}</a:graphicData></a:graphic>"
    return f"<p:graphicFrame><p:nvGraphicFramePr/>{held}</p:graphicFrame>"


def test_the_title_comes_first_wherever_it_stands(file: Path) -> None:
    tree = shape("The text of it, which is long enough for a sentence.", ph=BODY) + shape("The title", ph=TITLE)

    assert texts(reading(slides(file, tree)))[0] == "The title"


def test_columns_are_read_one_after_the_other_and_rows_from_the_top(file: Path) -> None:
    tree = "".join(
        shape(text + " is a sentence that is no label of a drawing at all.", at=at)
        for text, at in {
            "Right below": (130, 90, 100, 40),
            "Left": (10, 40, 100, 100),
            "Bottom": (10, 150, 220, 20),
            "Right above": (130, 40, 100, 40),
            "Top": (10, 10, 220, 20),
        }.items()
    )

    found = [text.split(" is")[0] for text in texts(reading(slides(file, tree)))]

    assert found == ["Top", "Left", "Right above", "Right below", "Bottom"]


def test_groups_in_groups_stay_together(file: Path) -> None:
    def group(inside: str, top: int) -> str:
        frame = f'<a:xfrm><a:off x="0" y="{top * 36_000}"/><a:ext cx="9" cy="9"/></a:xfrm>'
        return f"<p:grpSp><p:nvGrpSpPr/><p:grpSpPr>{frame}</p:grpSpPr>{inside}</p:grpSp>"

    inner = group(shape("Deep inside a group, as a whole sentence should be.", at=(0, 500, 9, 9)), 500)
    tree = shape("Between the groups by its place, but not by its meaning.", at=(0, 80, 90, 10))
    tree += group(inner + shape("Beside it in the outer group, also a whole sentence.", at=(0, 900, 9, 9)), 10)

    assert [text.split()[0] for text in texts(reading(slides(file, tree)))] == ["Deep", "Beside", "Between"]


def test_labels_of_a_drawing_are_one_piece(file: Path) -> None:
    tree = shape("x &gt; 2 ?", at=(10, 10, 30, 9)) + shape("yes", at=(50, 10, 30, 9)) + shape("", at=(5, 20, 1, 1))
    tree += shape("no", at=(10, 40, 30, 9))

    assert texts(reading(slides(file, tree))) == ["x > 2 ?\nyes\nno"]


def sheet(tag: str, tree: str, more: str = "") -> str:
    return f"<p:{tag} {NAMESPACES}><p:cSld><p:spTree>{tree}</p:spTree></p:cSld>{more}</p:{tag}>"


def test_bullets_are_inherited_from_layout_and_master_and_their_prompts_are_not_read(file: Path) -> None:
    styles = '<a:lvl1pPr><a:buChar char="x"/></a:lvl1pPr><a:lvl2pPr><a:buNone/></a:lvl2pPr>'
    parts = {
        "slideLayout1": sheet("sldLayout", shape("Click to edit", ph=BODY)),
        "slideMaster1": sheet(
            "sldMaster", shape("Master text", ph=BODY), f"<p:txStyles><p:bodyStyle>{styles}</p:bodyStyle></p:txStyles>"
        ),
    }
    second = '<a:pPr lvl="1"/>|'
    listed = shape(lines("one", f"{second}set in below it", "<a:pPr><a:buNone/></a:pPr>|no item", "two"), ph=BODY)
    told = shape(lines(f"{second}First.", f"{second}Second."), ph=BODY)

    document = reading(slides(file, listed, told, parts=parts))

    assert texts(document) == ["- one\n  - set in below it", "no item", "- two", "First.\nSecond."]


def test_numbers_of_items_are_counted_by_scheme_and_start(file: Path) -> None:
    auto = '<a:pPr lvl="{}"><a:buAutoNum type="{}" startAt="{}"/></a:pPr>|{}'.format
    tree = shape(
        lines(
            auto(0, "arabicPeriod", 4, "four"),
            auto(1, "alphaLcParenR", 1, "a"),
            auto(1, "alphaLcParenR", 1, "b"),
            auto(0, "arabicPeriod", 4, "five"),
            auto(0, "romanUcPeriod", 9, "nine"),
        ),
        ph=BODY,
    )

    assert texts(reading(slides(file, tree))) == ["4. four\n  - a) a\n  - b) b\n5. five\n- IX. nine"]


def test_code_keeps_its_indentation_beside_text_of_the_same_box(file: Path) -> None:
    code = "<a:p><a:r><a:rPr><a:latin typeface='Courier New'/></a:rPr><a:t>{}</a:t></a:r></a:p>".format
    forgotten = lines("    x = 1")
    tree = shape(lines("Program:") + code("if x:") + forgotten + code("    print(x)"))
    poem = shape(code("Only that shall happen") + code("Which has happened,"))

    document = reading(slides(file, tree, poem))

    assert [(piece.kind, piece.text) for piece in document.pieces] == [
        (ChunkKind.PARAGRAPH, "Program:"),
        (ChunkKind.CODE, "if x:\n    x = 1\n    print(x)"),
        (ChunkKind.PARAGRAPH, "Only that shall happen\nWhich has happened,"),
    ]


def test_a_large_line_at_the_top_is_the_title_of_a_slide_without_one(file: Path) -> None:
    text = shape("The text below it goes on for quite a while.", at=(0, 60, 90, 9), size=1800)
    drawn = shape("Drawn title", at=(0, 5, 90, 9), size=4000)
    same = shape("Same size", at=(0, 5, 90, 9), size=1800)

    document = reading(slides(file, text + drawn, text + same))

    assert [piece.text for piece in document.pieces if piece.kind is ChunkKind.HEADING] == ["Drawn title"]


def chart(plots: str, title: str = "") -> str:
    head = f"<c:title><c:tx><c:rich><a:p><a:r><a:t>{title}</a:t></a:r></a:p></c:rich></c:tx></c:title>" if title else ""
    return f"<c:chartSpace {NAMESPACES}><c:chart>{head}<c:plotArea>{plots}</c:plotArea></c:chart></c:chartSpace>"


def points(tag: str, values: list[object], form: str = "General") -> str:
    inside = "".join(f"<c:pt idx='{at}'><c:v>{value}</c:v></c:pt>" for at, value in enumerate(values))
    cache = f"<c:numCache><c:formatCode>{form}</c:formatCode>{inside}</c:numCache>"
    return f"<c:{tag}><c:numRef>{cache}</c:numRef></c:{tag}>"


def test_charts_become_tables_of_all_their_series(file: Path) -> None:
    name = "<c:tx><c:strRef><c:strCache><c:pt idx='0'><c:v>{}</c:v></c:pt></c:strCache></c:strRef></c:tx>".format
    days = points("cat", [45292, 45293], "yyyy\\-mm\\-dd")
    plots = f"<c:barChart><c:ser>{name('Rain')}{days}{points('val', [0.1 + 0.2, 4])}</c:ser></c:barChart>"
    plots += f"<c:lineChart><c:ser>{name('Cloud')}{days}{points('val', [0.25, 1], '0%')}</c:ser></c:lineChart>"
    parts = {"chart1": chart(plots, "Weather"), "chart2": chart(f"<c:ser>{points('val', list(range(80)))}</c:ser>")}

    document = reading(slides(file, frame('<c:chart r:id="chart1"/>') + frame('<c:chart r:id="chart2"/>'), parts=parts))

    weather, rows, long = texts(document)
    assert weather == "Weather"
    assert rows.splitlines()[0::2] == ["|  | Rain | Cloud |", "| 2024-01-01 | 0.3 | 25% |"]
    assert (long.splitlines()[0], long.splitlines()[-1]) == ("|  | Series 1 |", "| 50 | 49 |")
    assert "30 rows of long charts left out." in document.warnings


def test_a_diagram_is_a_list_in_the_order_of_its_outline(file: Path) -> None:
    def point(name: str, text: str, kind: str = "node") -> str:
        return f'<dgm:pt modelId="{name}" type="{kind}"><dgm:t>{lines(text)}</dgm:t></dgm:pt>'

    def link(parent: str, child: str, order: int) -> str:
        return f'<dgm:cxn srcId="{parent}" destId="{child}" srcOrd="{order}"/>'

    data = f"<dgm:dataModel {NAMESPACES}><dgm:ptLst>{point('d', '', 'doc')}{point('2', 'Ice')}{point('1', 'Steam')}"
    data += f"{point('3', 'Snow')}{point('4', 'noise', 'pres')}</dgm:ptLst><dgm:cxnLst>{link('d', '1', 0)}"
    data += f"{link('d', '2', 1)}{link('2', '3', 0)}{link('3', '2', 0)}</dgm:cxnLst></dgm:dataModel>"

    document = reading(slides(file, frame('<dgm:relIds r:dm="diagramData1"/>'), parts={"diagramData1": data}))

    assert texts(document) == ["- Steam\n- Ice\n  - Snow"]


def test_tables_leave_merged_cells_blank(file: Path) -> None:
    cell = "<a:tc {}><a:txBody>{}</a:txBody></a:tc>".format
    wide = cell('gridSpan="2"', lines("wide")) + cell('hMerge="1"', lines("lost"))
    rows = f"<a:tr>{wide}</a:tr><a:tr>{cell('', lines('One.', 'Two'))}{cell('', lines('c'))}</a:tr>"

    assert texts(reading(slides(file, frame(f"<a:tbl>{rows}</a:tbl>")))) == [
        "| wide |  |\n| --- | --- |\n| One. Two | c |"
    ]


def test_line_breaks_equations_and_furniture_fields(file: Path) -> None:
    half = "<m:oMath><m:f><m:num><m:r><m:t>1</m:t></m:r></m:num><m:den><m:r><m:t>2</m:t></m:r></m:den></m:f></m:oMath>"
    equation = f"<mc:AlternateContent><mc:Choice Requires='a14'><a14:m>{half}</a14:m></mc:Choice></mc:AlternateContent>"
    text = f"<a:p><a:r><a:t>First</a:t></a:r><a:br/><a:r><a:t>half of it: </a:t></a:r>{equation}</a:p>"
    number = '<a:p><a:fld type="slidenum"><a:t>7</a:t></a:fld></a:p>'
    foot = shape("Course 2024", ph='<p:ph type="ftr" idx="9"/>')

    assert texts(reading(slides(file, shape(text) + shape(number) + foot))) == ["First\nhalf of it: $\\frac{1}{2}$"]


def test_hidden_slides_are_read_and_named_and_slides_without_text_too(file: Path) -> None:
    notes = sheet("notes", shape("Say this.", ph=BODY) + shape("12", ph='<p:ph type="sldNum" idx="2"/>'))
    made = slides(
        file, shape("One"), shape("Two"), picture("a"), "", shape("Five"), shown={2: 'show="0"', 5: 'show="0"'}
    )

    document = reading(made)

    assert [(piece.text, piece.locator.slide) for piece in document.pieces] == [("One", 1), ("Two", 2), ("Five", 5)]
    assert document.page_count == 5
    assert document.warnings == (
        "Slides 2, 5 are hidden in the presentation; their text was taken all the same.",
        "Slides without text, only pictures: 3.",
        "Slides without text: 4.",
    )
    (spoken,) = reading(slides(file, "", parts={"notesSlide1": notes})).pieces
    assert (spoken.kind, spoken.text, spoken.locator.slide) == (ChunkKind.NOTES, "Say this.", 1)


def test_a_picture_speaks_by_its_description_where_nothing_else_does(file: Path) -> None:
    described = picture("x", "A kettle over a flame")
    title = shape("Boiling", ph=TITLE)

    document = reading(slides(file, title + described, title + shape("Text.") + described, picture("x", "IMG_1.png")))

    assert [(piece.text, piece.locator.slide) for piece in document.pieces] == [
        ("Boiling", 1), ("Picture: A kettle over a flame", 1), ("Boiling", 2), ("Text.", 2),
    ]  # fmt: skip


def test_comments_are_left_out_and_hidden_shapes_not_seen(file: Path) -> None:
    comments = f"<p:cmLst {NAMESPACES}><p:cm><p:text>Fix this</p:text></p:cm></p:cmLst>"
    hidden = shape("Unseen").replace('name="s"', 'name="s" hidden="1"')

    document = reading(slides(file, shape("Seen") + hidden, parts={"comments1": comments}))

    assert texts(document) == ["Seen"]
    assert document.warnings == ("Comments were left out: slide 1.",)


def test_a_slide_that_is_broken_or_missing_costs_only_itself(file: Path) -> None:
    made = slides(file, shape("One"), shape("Two"), shape("Three"))
    with zipfile.ZipFile(made) as source:
        parts = {part.filename: source.read(part) for part in source.infolist()}
    del parts["ppt/slides/slide1.xml"]
    parts["ppt/slides/slide2.xml"] = b"<p:sld"
    with zipfile.ZipFile(made, "w") as target:
        for name, content in parts.items():
            target.writestr(name, content)

    document = reading(made)

    assert [(piece.text, piece.locator.slide) for piece in document.pieces] == [("Three", 3)]
    assert document.warnings == ("Slides 1–2 could not be read.",)
