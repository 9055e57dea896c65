"""What Word says by formatting, fields and links, and what it holds beside its text."""

from __future__ import annotations

from pathlib import Path

import pytest

from materials.documents import Document, Format, LeftOutKind
from materials.readers.office.eq_fields import format_eq_field
from materials.readers.registry import read_document
from tests.materials.readers.packages import NAMESPACES, RELATION, p, package, style, word


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "made.docx"


def read(path: Path) -> Document:
    return read_document(path, Format.DOCX)


def run(text: str, look: str = "") -> str:
    return f'<w:r><w:rPr>{look}</w:rPr><w:t xml:space="preserve">{text}</w:t></w:r>'


def mark(kind: str, inside: str = "") -> str:
    return f'<w:r><w:fldChar w:fldCharType="{kind}">{inside}</w:fldChar></w:r>'


def field(code: str, result: str = "") -> str:
    """Return a complex field; a code that begins with `<` is XML, such as text around another field."""
    written = code if code.startswith("<") else instruction(code)
    return mark("begin") + written + (mark("separate") + result if result else "") + mark("end")


def instruction(code: str) -> str:
    return f'<w:r><w:instrText xml:space="preserve">{code}</w:instrText></w:r>'


def paragraph(*runs: str) -> str:
    return f"<w:p>{''.join(runs)}</w:p>"


RAISED, LOWERED = '<w:vertAlign w:val="superscript"/>', '<w:vertAlign w:val="subscript"/>'


@pytest.mark.parametrize(
    ("runs", "text"),
    [
        ((run("2"), run("10", RAISED), run(" = 1024")), "2¹⁰ = 1024"),
        ((run("10"), run("-", RAISED), run("3", RAISED), run(" m")), "10⁻³ m"),
        ((run("H"), run("2", LOWERED), run("O and x"), run("m", LOWERED), run("ax", LOWERED)), "H₂O and x_max"),
        ((run("the 1"), run("st", RAISED), run(" time")), "the 1st time"),
        ((run("e"), run("i\u03c0", RAISED), run(" + 1")), "e^iπ + 1"),
        ((run("2"), run("3", '<w:rStyle w:val="Up"/>')), "2³"),
        ((run("10"), run("23", '<w:position w:val="8"/><w:sz w:val="14"/>')), "10²³"),
        ((run("CO"), run("2", '<w:position w:val="-2"/><w:sz w:val="14"/>')), "CO₂"),
        ((run("lifted "), run("2", '<w:position w:val="8"/>'), run(" up")), "lifted 2 up"),
        ((run("2"), run("3", f'<w:rStyle w:val="Up"/>{RAISED.replace("superscript", "baseline")}')), "23"),
        ((run("tempe\u00adra"), "<w:r><w:softHyphen/></w:r>", run("ture\u200b")), "temperature"),
    ],
)
def test_raised_and_lowered_text_keeps_its_meaning(file: Path, runs: tuple[str, ...], text: str) -> None:
    styles = style("Up", f"<w:rPr>{RAISED}</w:rPr>", kind="character")

    assert [piece.text for piece in read(word(file, paragraph(*runs), styles=styles)).pieces] == [text]


def test_emphasised_terms_with_raised_figures_are_terms_of_the_text(file: Path) -> None:
    bold = "<w:b/>"

    (piece,) = read(word(file, paragraph(run("Use "), run("mc", bold), run("2", bold + RAISED), run(".")))).pieces

    assert (piece.text, piece.emphasised) == ("Use mc².", ("mc²",))


def test_the_mark_of_a_note_is_no_exponent(file: Path) -> None:
    note = f'<w:footnote w:id="1">{p("At sea level.")}</w:footnote>'
    reference = f'<w:r><w:rPr>{RAISED}</w:rPr><w:footnoteReference w:id="1"/></w:r>'

    document = read(word(file, paragraph(run("10"), run("3", RAISED), reference), footnotes=note))

    assert [piece.text for piece in document.pieces] == ["10³[1]", "[1] At sea level."]


def test_a_field_in_the_code_of_another_shows_only_what_the_outer_one_shows(file: Path) -> None:
    inner = instruction(" IF ") + field("PAGE", run("7")) + instruction(' = 1 "first" "later" ')
    body = paragraph(run("This page is "), field(inner, run("later")), run("."))
    body += paragraph(run("See "), field(" REF x ", run("figure ") + field(" SEQ f ", run("4"))), run("."))

    assert [piece.text for piece in read(word(file, body)).pieces] == ["This page is later.", "See figure 4."]


def test_a_field_whose_end_is_not_read_hides_nothing(file: Path) -> None:
    note = f'<w:footnote w:id="1">{paragraph(mark("begin"), instruction("PAGE"), run("a note"))}</w:footnote>'
    reference = '<w:r><w:footnoteReference w:id="1"/></w:r>'
    deleted = f"<w:del>{mark('separate')}{mark('end')}</w:del>"

    in_note = read(word(file, paragraph(run("Text"), reference) + p("More."), footnotes=note))
    in_deletion = read(word(file, paragraph(run("Text"), mark("begin"), instruction("PAGE"), deleted) + p("More.")))
    gone = read(word(file, paragraph(run("Text "), field("REF x", run("1"))) + f"<w:p>{deleted}</w:p>" + p("More.")))

    assert [piece.text for piece in in_note.pieces] == ["Text[1]", "[1] a note", "More."]
    assert [piece.text for piece in in_deletion.pieces] == ["Text", "More."]
    assert [piece.text for piece in gone.pieces] == ["Text 1", "More."]


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (r" \f(1,2)", r"$\frac{1}{2}$"),
        (r" \f(2,5;10)", r"$\frac{2,5}{10}$"),
        (r" \r(3,x + \f(a,b))", r"$\sqrt[3]{x + \frac{a}{b}}$"),
        (r" \r(,2)", r"$\sqrt{2}$"),
        (r"x\s\up8(2) + y\s\do4(max)", "$x^2 + y_{max}$"),
        (r" \i\su(n=1,5,n\s\up3(2))", r"$\sum_{n=1}^5 n^2$"),
        (r" \b\bc\[(\a\co2\hs3(1,2,3,4))", r"$\left[\begin{matrix} 1 & 2 \\ 3 & 4 \end{matrix}\right]$"),
        (r" \o\ac(○,7)", "⑦"),
        (r' \* jc2 \* "Font:MS Mincho" \* hps10 \o\ad(\s\up 9(かん),漢)', "漢(かん)"),
        (r" \f(1,f(a\,b))", r"$\frac{1}{f(a,b)}$"),
        (r" \l(1,2,3)", "1, 2, 3"),
        (r" \f(1", r"$\frac{1}{}$"),
        (r" \o(○,0200000000)", "0200000000"),
        (rf" \a\co{'9' * 5000}(1,2)", r"$\begin{matrix} 1 \\ 2 \end{matrix}$"),
        ("", ""),
    ],
)
def test_formulas_in_eq_fields_are_read(code: str, text: str) -> None:
    assert format_eq_field(code) == text


def test_an_eq_field_stands_in_its_paragraph_and_may_hold_others(file: Path) -> None:
    inner = instruction(r" EQ \f(1,") + field(r" EQ \r(,2)") + instruction(")")
    body = paragraph(run("It is "), field(inner), run(" long, "), field(r" EQ \s\up4(2)", run("cached")), run("!"))

    assert [piece.text for piece in read(word(file, body)).pieces] == [r"It is $\frac{1}{\sqrt{2}}$ long, $^2$!"]


@pytest.mark.parametrize(
    ("number", "text"), [("0xA5", "∞"), ("165", "∞"), ("0xZZ", ""), ("0x", ""), ("9" * 5000, ""), ("", "")]
)
def test_a_symbol_field_without_a_number_is_blank(file: Path, number: str, text: str) -> None:
    body = paragraph(run("To "), field(rf' SYMBOL {number} \f "Symbol" '), run(" and on."))

    assert [piece.text for piece in read(word(file, body)).pieces] == [f"To {text} and on.".replace("  ", " ")]


def test_text_behind_fields_that_are_nested_very_deeply_is_read(file: Path) -> None:
    body = paragraph(mark("begin") * 500, run("code"), mark("end") * 500, run("Text."))

    assert [piece.text for piece in read(word(file, body)).pieces] == ["Text."]


def test_a_hostile_eq_field_ends() -> None:
    for code in (r"\f(" * 50_000, "(" * 50_000, r"\s\up8" * 50_000, r"\a(1," * 20_000):
        assert len(format_eq_field(code)) < 10 * len(code)


def test_forms_show_what_was_chosen(file: Path) -> None:
    choices = "".join(f'<w:listEntry w:val="{name}"/>' for name in ("ice", "water", "steam"))
    chosen = f'<w:ffData><w:ddList><w:result w:val="2"/>{choices}</w:ddList></w:ffData>'
    boxes = [f'<w:ffData><w:checkBox><w:default w:val="{value}"/></w:checkBox></w:ffData>' for value in "10"]
    body = paragraph(
        run("It is "), mark("begin", chosen), instruction(" FORMDROPDOWN "), mark("end"),
        *(part for box in boxes for part in (run(" "), mark("begin", box), instruction("FORMCHECKBOX"), mark("end"))),
    )  # fmt: skip

    assert [piece.text for piece in read(word(file, body)).pieces] == ["It is steam ☒ ☐"]


def test_targets_of_links_are_kept_with_their_pieces(file: Path) -> None:
    link = f'<w:hyperlink r:id="l1" w:anchor="top">{run("the manual")}</w:hyperlink>'
    inside = f'<w:hyperlink w:anchor="_Toc1">{run("below")}</w:hyperlink>'
    typed = field(' HYPERLINK "https://b.example/x" \\l "part" \\o "tip" ', run("a page"))
    listed = f'<w:p><w:pPr><w:numPr><w:numId w:val="1"/></w:numPr></w:pPr>{link}</w:p>'
    cells = f"<w:tr><w:tc>{p('a')}</w:tc><w:tc>{paragraph(typed)}</w:tc></w:tr>" * 2
    heading = f'<w:p><w:pPr><w:outlineLvl w:val="0"/></w:pPr>{link}</w:p>'
    note = '<w:r><w:footnoteReference w:id="1"/></w:r>'
    body = heading + paragraph(run("See "), link, run(" or "), typed, inside, note) + listed + f"<w:tbl>{cells}</w:tbl>"
    foot = f'<w:footnote w:id="1">{paragraph(link)}</w:footnote>'
    files = {
        "word/document.xml": f"<w:document {NAMESPACES}><w:body>{body}</w:body></w:document>",
        "word/footnotes.xml": f"<w:footnotes {NAMESPACES}>{foot}</w:footnotes>",
        "word/_rels/footnotes.xml.rels": _relate("https://c.example"),
        "word/_rels/document.xml.rels": _relate("https://a.example/m", notes="footnotes.xml"),
    }

    document = read(package(file, "word/document.xml", files, {}))

    a, b = "https://a.example/m#top", "https://b.example/x#part"
    assert [piece.links for piece in document.pieces] == [(a,), (a, b), ("https://c.example#top",), (a,), (b,)]


def _relate(url: str, notes: str = "") -> str:
    external = f'<Relationship Id="l1" Type="{RELATION}/hyperlink" Target="{url}" TargetMode="External"/>'
    internal = f'<Relationship Id="n1" Type="{RELATION}/footnotes" Target="{notes}"/>' if notes else ""
    return f"<Relationships>{external}{internal}</Relationships>"


def test_what_is_not_read_of_a_document_is_counted(file: Path) -> None:
    row = f"<w:tr><w:trPr><w:del/></w:trPr><w:tc>{p('old')}</w:tc><w:tc>{p('row')}</w:tc></w:tr>"
    prompt = f"<w:sdt><w:sdtPr><w:showingPlcHdr/></w:sdtPr><w:sdtContent>{p('Click here')}</w:sdtContent></w:sdt>"
    body = (
        paragraph(run("Seen "), run("un", "<w:vanish/>"), run("seen", "<w:vanish/>"), run("tiny", '<w:sz w:val="1"/>'))
        + paragraph(field(" TOC ", run("Chapter 1")), '<w:del><w:r><w:delText>cold</w:delText></w:r></w:del>')
        + paragraph('<w:r><w:commentReference w:id="0"/></w:r>', "<w:moveFrom><w:r><w:t>moved</w:t></w:r></w:moveFrom>")
        + f"<w:tbl>{row}<w:tr><w:tc>{p('a')}</w:tc><w:tc>{p('b')}</w:tc></w:tr></w:tbl>"
        + prompt
        + paragraph('<w:r><w:object><o:OLEObject ProgID="Excel.Sheet.12"/></w:object></w:r>')
    )  # fmt: skip
    comments = f'<w:comments {NAMESPACES}><w:comment w:id="0">{p("Really?")}</w:comment></w:comments>'
    header = f"<w:hdr {NAMESPACES}>{p('Physics 101')}{p('')}</w:hdr>"
    footer = f"<w:ftr {NAMESPACES}>{p('Page 1')}</w:ftr>"

    document = read(word(file, body, comments=comments, header=header, footer=footer))

    assert [piece.text for piece in document.pieces] == ["Seen", "| a | b |\n| --- | --- |"]
    assert {left.kind: [text.text for text in left.texts] for left in document.left_out} == {
        LeftOutKind.HIDDEN_TEXT: ["unseentiny"],
        LeftOutKind.CONTENTS: ["Chapter 1"],
        LeftOutKind.DELETED_REVISION: ["cold", "old", "row"],
        LeftOutKind.COMMENT: ["Really?"],
        LeftOutKind.REPETITION: ["moved"],
        LeftOutKind.PLACEHOLDER: ["Click here"],
        LeftOutKind.EMBEDDED_OBJECT: ["Excel.Sheet.12"],
        LeftOutKind.RUNNING_HEAD: ["Physics 101", "Page 1"],
    }
