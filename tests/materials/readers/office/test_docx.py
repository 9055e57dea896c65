"""Word documents as people really write them: what a reader of the document sees is what comes out."""

from __future__ import annotations

from pathlib import Path

import pytest

from materials.documents import ChunkKind, Document, Format
from materials.readers.registry import read_document
from tests.materials.readers.packages import NAMESPACES, p, package, style, word


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "made.docx"


def reading(path: Path) -> Document:
    return read_document(path, Format.DOCX)


def texts(document: Document) -> list[str]:
    return [piece.text for piece in document.pieces]


def test_notes_follow_the_paragraph_that_they_belong_to(file: Path) -> None:
    body = (
        '<w:p><w:r><w:t>Water boils</w:t></w:r><w:r><w:footnoteReference w:id="7"/></w:r>'
        '<w:r><w:t> at 100 °C</w:t></w:r><w:r><w:endnoteReference w:id="2"/><w:t>.</w:t></w:r></w:p>' + p("Next.")
    )
    foot = '<w:footnote w:type="separator" w:id="0"><w:p/></w:footnote><w:footnote w:id="7">'
    foot += "<w:p><w:r><w:footnoteRef/><w:t>At sea level.</w:t></w:r></w:p></w:footnote>"
    end = '<w:endnote w:id="2"><w:p><w:r><w:t>Celsius, 1742.</w:t></w:r></w:p></w:endnote>'

    document = reading(word(file, body, footnotes=foot, endnotes=end))

    assert texts(document) == ["Water boils[1] at 100 °C[i].", "[1] At sea level.", "[i] Celsius, 1742.", "Next."]


def test_tracked_changes_are_read_as_accepted_and_said(file: Path) -> None:
    body = (
        "<w:p><w:r><w:t>The </w:t></w:r><w:del><w:r><w:delText>cold </w:delText></w:r></w:del>"
        "<w:ins><w:r><w:t>hot </w:t></w:r></w:ins><w:moveFrom><w:r><w:t>moved </w:t></w:r></w:moveFrom>"
        "<w:r><w:t>water.</w:t></w:r></w:p>"
        "<w:p><w:moveTo><w:r><w:t>It is moved here.</w:t></w:r></w:moveTo></w:p>"
        "<w:p><w:pPr><w:rPr><w:del/></w:rPr></w:pPr><w:r><w:t>Two paragraphs </w:t></w:r></w:p>" + p("became one.")
    )
    row = "<w:tr>{}<w:tc>{}</w:tc><w:tc>{}</w:tc></w:tr>"
    body += f"<w:tbl>{row.format('', p('a'), p('b'))}{row.format('<w:trPr><w:del/></w:trPr>', p('x'), p('y'))}</w:tbl>"

    document = reading(word(file, body))

    assert texts(document) == [
        "The hot water.", "It is moved here.", "Two paragraphs became one.", "| a | b |\n| --- | --- |",
    ]  # fmt: skip
    assert document.warnings == (
        "The document has tracked changes; it was read as if all were accepted: "
        "1 insertion taken, 1 deletion left out.",
    )


def test_comments_are_left_out_and_counted(file: Path) -> None:
    body = '<w:p><w:commentRangeStart w:id="0"/><w:r><w:t>Text.</w:t></w:r><w:commentRangeEnd w:id="0"/>'
    body += '<w:r><w:commentReference w:id="0"/></w:r></w:p>'
    comments = f'<w:comments {NAMESPACES}><w:comment w:id="0">{p("Really?")}</w:comment></w:comments>'

    document = reading(word(file, body, comments=comments))

    assert texts(document) == ["Text."]
    assert document.warnings == ("1 comment left out.",)


def field(code: str, result: str) -> str:
    marks = (f'<w:r><w:fldChar w:fldCharType="{kind}"/></w:r>' for kind in ("begin", "separate", "end"))
    begin, separate, end = marks
    return f"{begin}<w:r><w:instrText> {code} </w:instrText></w:r>{separate}{result}{end}"


def test_fields_show_their_results_but_a_table_of_contents_is_left_out(file: Path) -> None:
    run = "<w:r><w:t>{}</w:t></w:r>"
    begin, end = field("TOC \\o", "|").replace("|</w:r>", "</w:r>").split("|")
    body = f"<w:p>{begin}{run.format('Chapter 1')}</w:p><w:p>{run.format('Chapter 2')}{end}</w:p>"
    body += f"<w:p>{run.format('See figure ')}{field('REF fig', run.format('4'))}{run.format('.')}</w:p>"
    body += f'<w:p><w:fldSimple w:instr="SEQ x">{run.format("Table 1")}</w:fldSimple></w:p>'
    body += '<w:sdt><w:sdtPr><w:docPartObj><w:docPartGallery w:val="Table of Contents"/></w:docPartObj></w:sdtPr>'
    body += f"<w:sdtContent>{p('Contents')}</w:sdtContent></w:sdt>"

    assert texts(reading(word(file, body))) == ["See figure 4.", "Table 1"]


def test_a_field_that_never_ends_hides_nothing(file: Path) -> None:
    body = '<w:p><w:r><w:fldChar w:fldCharType="begin"/><w:instrText>TOC</w:instrText>'
    body += '<w:fldChar w:fldCharType="separate"/></w:r></w:p>' + p("All the rest.")

    assert texts(reading(word(file, body))) == ["All the rest."]


def test_tables_keep_merged_cells_apart_and_nested_tables_whole(file: Path) -> None:
    inner = f"<w:tbl><w:tr><w:tc>{p('in 1')}</w:tc><w:tc>{p('in 2')}</w:tc></w:tr></w:tbl>"
    merged = '<w:tcPr><w:vMerge w:val="restart"/></w:tcPr>'
    body = (
        f'<w:tbl><w:tr><w:tc><w:tcPr><w:gridSpan w:val="2"/></w:tcPr>{p("wide")}</w:tc><w:tc>{p("C")}</w:tc></w:tr>'
        f"<w:tr><w:tc>{merged}{p('tall')}</w:tc><w:tc>{p('One.')}{p('Two')}{p('Three')}</w:tc><w:tc>{p('c')}</w:tc></w:tr>"
        f"<w:tr><w:tc><w:tcPr><w:vMerge/></w:tcPr><w:p/></w:tc><w:tc>{inner}<w:p/></w:tc>"
        f"<w:tc>{p('a | b')}</w:tc></w:tr>"
        "</w:tbl>"
    )

    document = reading(word(file, body))

    assert texts(document) == [
        "| wide |  | C |\n| --- | --- | --- |\n| tall | One. Two; Three | c |\n|  |  | a \\| b |",
        "| in 1 | in 2 |\n| --- | --- |",
    ]


def test_a_table_that_only_frames_text_is_read_as_text(file: Path) -> None:
    cell = p("Aims", '<w:outlineLvl w:val="0"/>') + p("Know steam.")
    body = f"<w:tbl><w:tr><w:tc>{cell}</w:tc><w:tc>{p('Weeks')}</w:tc></w:tr></w:tbl>"

    document = reading(word(file, body))

    assert [(piece.kind, piece.text) for piece in document.pieces] == [
        (ChunkKind.HEADING, "Aims"), (ChunkKind.PARAGRAPH, "Know steam."), (ChunkKind.PARAGRAPH, "Weeks"),
    ]  # fmt: skip


def test_a_text_box_is_read_once_after_its_paragraph(file: Path) -> None:
    box = f"<w:txbxContent>{p('In the box.')}</w:txbxContent>"
    body = (
        "<w:p><w:r><w:t>Anchor.</w:t></w:r><w:r><mc:AlternateContent><mc:Choice Requires='wps'><w:drawing><wp:anchor>"
        f"<wps:wsp><wps:txbx>{box}</wps:txbx></wps:wsp></wp:anchor></w:drawing></mc:Choice><mc:Fallback><w:pict>"
        f"<v:shape><v:textbox>{box}</v:textbox></v:shape></w:pict></mc:Fallback></mc:AlternateContent></w:r></w:p>"
    )

    assert texts(reading(word(file, body + p("After.")))) == ["Anchor.", "In the box.", "After."]


def test_content_controls_are_text_and_their_prompts_are_not(file: Path) -> None:
    control = "<w:sdt><w:sdtPr>{}</w:sdtPr><w:sdtContent>{}</w:sdtContent></w:sdt>"
    run = "<w:r><w:t>{}</w:t></w:r>"
    body = control.format("", p("Chosen.")) + control.format("<w:showingPlcHdr/>", p("Click here to enter text."))
    body += f"<w:p>{run.format('Name: ')}{control.format('', run.format('Ada'))}"
    body += f"{control.format('<w:showingPlcHdr/>', run.format('Choose an item.'))}</w:p>"

    assert texts(reading(word(file, body))) == ["Chosen.", "Name: Ada"]


def test_code_is_found_by_style_and_font_and_not_in_a_document_set_in_courier(file: Path) -> None:
    styles = (
        "<w:docDefaults><w:rPrDefault><w:rPr>{}</w:rPr></w:rPrDefault></w:docDefaults>"
        + style("Src", '<w:name w:val="Source Code"/>')
        + style("Verb", '<w:rPr><w:rFonts w:ascii="Consolas"/></w:rPr>', "character")
    )
    body = p("x = 1", '<w:pStyle w:val="Src"/>') + p("", '<w:pStyle w:val="Src"/>')
    body += '<w:p><w:r><w:rPr><w:rStyle w:val="Verb"/></w:rPr><w:t xml:space="preserve">  y = 2</w:t></w:r></w:p>'
    courier = '<w:p><w:r><w:rPr><w:rFonts w:ascii="Courier New"/></w:rPr><w:t>Typed on a machine.</w:t></w:r></w:p>'

    plain = reading(word(file, body, styles=styles.format("")))
    typed = reading(word(file, courier, styles=styles.format('<w:rFonts w:ascii="Courier New"/>')))

    assert [(piece.kind, piece.text) for piece in plain.pieces] == [(ChunkKind.CODE, "x = 1\n\n  y = 2")]
    assert [piece.kind for piece in typed.pieces] == [ChunkKind.PARAGRAPH]


def test_hidden_text_soft_hyphens_and_symbols(file: Path) -> None:
    body = (
        "<w:p><w:r><w:t>ther\u00admo</w:t><w:softHyphen/><w:t>meter </w:t><w:noBreakHyphen/></w:r>"
        '<w:r><w:sym w:font="Symbol" w:char="F061"/><w:sym w:font="Wingdings" w:char="F0E0"/></w:r>'
        "<w:r><w:rPr><w:vanish/></w:rPr><w:t>secret</w:t></w:r><w:r><w:t> \uf062</w:t></w:r></w:p>"
    )

    assert texts(reading(word(file, body))) == ["thermometer -α→ β"]


def test_emphasis_comes_from_character_styles_too_and_joins_its_runs(file: Path) -> None:
    styles = style("Strong", '<w:name w:val="Strong"/><w:rPr><w:b/></w:rPr>', "character")
    strong = '<w:r><w:rPr><w:rStyle w:val="Strong"/></w:rPr><w:t xml:space="preserve">{}</w:t></w:r>'
    run = "<w:r><w:t>{}</w:t></w:r>"
    body = f"<w:p>{run.format('The ')}{strong.format('dew ')}{strong.format('point')}{run.format(' is one.')}</w:p>"

    (piece,) = reading(word(file, body, styles=styles)).pieces

    assert piece.emphasised == ("dew point",)


def test_charts_diagrams_and_described_pictures_are_read(file: Path) -> None:
    chart = (
        f"<c:chartSpace {NAMESPACES}><c:chart><c:plotArea><c:barChart><c:ser><c:tx><c:v>Rain</c:v></c:tx>"
        "<c:cat><c:strCache><c:pt idx='0'><c:v>May</c:v></c:pt></c:strCache></c:cat>"
        "<c:val><c:numCache><c:formatCode>0%</c:formatCode><c:pt idx='0'><c:v>0.3</c:v></c:pt></c:numCache></c:val>"
        "</c:ser></c:barChart></c:plotArea></c:chart></c:chartSpace>"
    )
    drawing = "<w:p><w:r><w:drawing><wp:inline>{}</wp:inline></w:drawing></w:r></w:p>"
    body = drawing.format('<a:graphic><a:graphicData><c:chart r:id="rId1"/></a:graphicData></a:graphic>')
    body += drawing.format('<wp:docPr id="1" name="x" descr="A kettle over a flame"/>')
    body += drawing.format('<wp:docPr id="1" name="x" descr="image1.png"/>')
    body += drawing.format('<wp:docPr id="1" name="x" descr="A cat&#10;&#10;Description automatically generated"/>')

    document = reading(word(file, body, chart=chart))

    assert texts(document) == ["Rain", "|  | Rain |\n| --- | --- |\n| May | 30% |", "Picture: A kettle over a flame"]


def test_what_cannot_be_read_is_said(file: Path) -> None:
    body = p("Text.") + '<w:p><w:r><w:object><o:OLEObject ProgID="Equation.3"/></w:object></w:r></w:p>'
    body += '<w:p><w:r><w:object><o:OLEObject ProgID="Excel.Sheet.12"/></w:object></w:r></w:p><w:altChunk r:id="rId9"/>'

    document = reading(word(file, body, numbering="<w:num"))

    assert texts(document) == ["Text."]
    said = " ".join(document.warnings)
    for words in ("1 equation of the old", "1 embedded file", "1 imported part", "1 part of the file damaged"):
        assert words in said


def test_a_strict_document_is_read_like_any_other(file: Path) -> None:
    strict = "http://purl.oclc.org/ooxml/wordprocessingml/main"
    body = f'<w:document xmlns:w="{strict}"><w:body>{p("Strict.")}</w:body></w:document>'
    made = package(file, "word/document2.xml", {"word/document2.xml": body}, {})

    assert texts(reading(made)) == ["Strict."]


def test_a_title_that_the_program_put_there_is_no_title(file: Path) -> None:
    core = '<x xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>{}</dc:title></x>'
    body = f"<w:document {NAMESPACES}><w:body>{p('Some text.')}</w:body></w:document>"
    titles = []
    for title in ("Word Document", "Steam and ice"):
        files = {"word/document.xml": body, "core.xml": core.format(title)}
        roots = {"a": ("officeDocument", "word/document.xml"), "b": ("core-properties", "core.xml")}
        titles.append(reading(package(file, "word/document.xml", files, {"": roots})).title)

    assert titles == ["", "Steam and ice"]
