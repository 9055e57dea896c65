"""Quizzes of learning systems: questions, choices and solutions, and what is wrong with a file."""

# ruff: noqa: E501  # XML has long lines

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import pytest

from materials.documents import Document, Format
from materials.readers.base.errors import UnreadableDocument
from materials.readers.format_problem import FormatProblem
from materials.readers.formats import detect_format
from tests.materials.readers.texts import read_as, texts

QTI = """<?xml version="1.0" encoding="UTF-8"?>
<questestinterop xmlns="http://www.imsglobal.org/xsd/ims_qtiasiv1p2">
 <assessment ident="a1" title="Kartenkunde">
  <section ident="root">
   <item ident="i1" title="Frage 1">
    <presentation>
     <material><mattext texttype="text/html">&lt;p&gt;Was ist ein &lt;b&gt;Ma&#223;stab&lt;/b&gt;?&lt;/p&gt;</mattext></material>
     <response_lid ident="r1" rcardinality="Single"><render_choice>
      <response_label ident="A"><material><mattext texttype="text/plain">Ein Verh&#228;ltnis &lt; 1</mattext></material></response_label>
      <response_label ident="B"><material><mattext>Eine Farbe</mattext></material></response_label>
     </render_choice></response_lid>
    </presentation>
    <resprocessing>
     <respcondition><conditionvar><varequal respident="r1">A</varequal></conditionvar>
      <setvar action="Set" varname="SCORE">100</setvar><displayfeedback linkrefid="fb1" feedbacktype="Response"/></respcondition>
     <respcondition><conditionvar><varequal respident="r1">B</varequal></conditionvar>
      <setvar action="Set" varname="SCORE">0</setvar><displayfeedback linkrefid="fb2"/></respcondition>
    </resprocessing>
    <itemfeedback ident="fb1"><flow_mat><material><mattext>Genau, eine Zahl.</mattext></material></flow_mat></itemfeedback>
    <itemfeedback ident="fb2"><flow_mat><material><mattext>Nein.</mattext></material></flow_mat></itemfeedback>
   </item>
   <item ident="i2" title="Mehrere">
    <presentation><material><mattext>Welche sind Zeichen?</mattext></material>
     <response_lid ident="r2" rcardinality="Multiple"><render_choice>
      <response_label ident="1"><material><mattext>Punkt</mattext></material></response_label>
      <response_label ident="2"><material><mattext>Linie</mattext></material></response_label>
      <response_label ident="3"><material><mattext>Luft</mattext></material></response_label>
     </render_choice></response_lid></presentation>
    <resprocessing><respcondition><conditionvar><and><varequal respident="r2">1</varequal><varequal respident="r2">2</varequal>
      <not><varequal respident="r2">3</varequal></not></and></conditionvar><setvar varname="SCORE">100</setvar></respcondition>
    </resprocessing>
   </item>
   <item ident="i3" title="Hauptstadt">
    <presentation><material><mattext>Hauptstadt von Peru?</mattext></material>
     <response_str ident="r3"><render_fib/></response_str></presentation>
    <resprocessing><respcondition><conditionvar><varequal respident="r3">Lima</varequal></conditionvar>
      <setvar varname="SCORE">100</setvar></respcondition></resprocessing>
   </item>
  </section>
 </assessment>
</questestinterop>"""  # fmt: skip

OLX = """<problem display_name="Закон Ома" markdown="null">
  <multiplechoiceresponse>
    <p>Струм тече через опір.</p>
    <label>Яка одиниця опору?</label>
    <choicegroup type="MultipleChoice">
      <choice correct="false">вольт <choicehint>Ні.</choicehint></choice>
      <choice correct="true">ом</choice>
    </choicegroup>
    <solution><div class="detailed-solution"><p>Пояснення</p><p>Названо на честь Ома.</p></div></solution>
  </multiplechoiceresponse>
  <demandhint><hint>Згадайте прізвище.</hint></demandhint>
</problem>"""

MOODLE = """<?xml version="1.0"?><quiz>
 <question type="category"><category><text>$course$/top/Geografía</text></category></question>
 <question type="multichoice"><name><text>P1</text></name>
  <questiontext format="html"><text><![CDATA[<p>¿Cuál es la capital de Perú?</p>]]></text></questiontext>
  <answer fraction="100"><text>Lima</text><feedback><text>¡Bien!</text></feedback></answer>
  <answer fraction="0"><text>Cusco</text></answer>
  <generalfeedback><text>Está en la costa.</text></generalfeedback></question>
 <question type="matching"><questiontext><text>Relacione.</text></questiontext>
  <subquestion><text>Perú</text><answer><text>Lima</text></answer></subquestion>
  <subquestion><text>Chile</text><answer><text>Santiago</text></answer></subquestion></question>
 <question type="cloze"><questiontext><text>La capital es {1:SHORTANSWER:=Lima#bien~%50%Cusco}.</text></questiontext></question>
</quiz>"""

GIFT = """// a comment
$CATEGORY: $course$/top/Historia Polski

::Król::Kto był pierwszym królem Polski? {
=Bolesław Chrobry#Tak.
~Mieszko I
~%-50%Kazimierz Wielki
####Koronacja w 1025 roku.
}

Bitwa pod Grunwaldem była w {=1410 =w 1410} roku.

Ziemia jest płaska. {F}

Ile to 2\\=2? {#4:0.5}
"""


def h5p(library: str, content: dict[str, Any], title: str = "Packung") -> bytes:
    """Return an H5P package with this content."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("h5p.json", json.dumps({"title": title, "mainLibrary": library}))
        archive.writestr("content/content.json", json.dumps(content))
    return buffer.getvalue()


def outline(document: Document) -> list[str]:
    """Return the pieces with the levels of headings before them."""
    return [f"{'#' * piece.level} {piece.text}" if piece.level else piece.text for piece in document.pieces]


def test_qti_gives_questions_with_choices_and_solutions() -> None:
    document = read_as(Format.QUIZ, QTI)

    assert document.title == "Kartenkunde"
    assert outline(document) == [
        "# Kartenkunde",
        "## Was ist ein Maßstab?", "Was ist ein Maßstab?", "- Ein Verhältnis < 1\n- Eine Farbe",
        "### Solution", "Ein Verhältnis < 1", "Genau, eine Zahl.",
        "## Mehrere", "Welche sind Zeichen?", "- Punkt\n- Linie\n- Luft", "### Solution", "- Punkt\n- Linie",
        "## Hauptstadt", "Hauptstadt von Peru?", "### Solution", "Lima",
    ]  # fmt: skip


def test_what_is_matched_in_qti_is_one_question() -> None:
    response = '<response_lid ident="{0}"><material><mattext>{0}</mattext></material><render_choice>' + "".join(
        f'<response_label ident="{city}"><material><mattext>{city}</mattext></material></response_label>'
        for city in ("Lima", "Quito")
    ) + "</render_choice></response_lid>"  # fmt: skip
    right = '<respcondition><conditionvar><varequal respident="{}">{}</varequal></conditionvar><setvar>50</setvar></respcondition>'
    item = (
        '<questestinterop><item title="Match"><presentation><material><mattext>Match them.</mattext></material>'
        + response.format("Peru") + response.format("Ecuador") + "</presentation><resprocessing>"
        + right.format("Peru", "Lima") + right.format("Ecuador", "Quito") + "</resprocessing></item></questestinterop>"
    )  # fmt: skip

    assert texts(read_as(Format.QUIZ, item)) == [
        "Match", "Match them.", "1. Peru\n2. Ecuador", "- Lima\n- Quito", "Solution", "- Peru: Lima\n- Ecuador: Quito",
    ]  # fmt: skip


def test_a_problem_of_open_edx_keeps_hints_and_solution_in_boxes() -> None:
    document = read_as(Format.QUIZ, OLX)

    assert outline(document) == [
        "## Закон Ома", "Струм тече через опір.", "Яка одиниця опору?", "- вольт\n- ом", "### Hint", "Згадайте прізвище.",
        "### Solution", "ом", "Пояснення", "Названо на честь Ома.",
    ]  # fmt: skip
    assert document.pieces[-1].locator.heading_path == ("Закон Ома", "Solution")


@pytest.mark.parametrize(
    ("inside", "shown"),
    [
        ("<p>Pick two.</p><choiceresponse><checkboxgroup><choice correct='true'>a</choice><choice correct='false'>b</choice>"
         "<choice correct='true'>c</choice></checkboxgroup></choiceresponse>",
         ["Pick two.", "- a\n- b\n- c", "Solution", "- a\n- c"]),
        ("<optionresponse><label>Pick.</label><optioninput options=\"('red','blue')\" correct=\"blue\"/></optionresponse>",
         ["Pick.", "- red\n- blue", "Solution", "blue"]),
        ("<stringresponse answer='Lima'><label>Capital?</label><additional_answer answer='lima'/><textline/></stringresponse>",
         ["Capital?", "Solution", "- Lima\n- lima"]),
        ("<numericalresponse answer='3.14'><label>Pi?</label><responseparam type='tolerance' default='.01'/></numericalresponse>",
         ["Pi?", "Solution", "3.14 ± .01"]),
        ("<p>Write an essay.</p><solution><p>See page 3.</p></solution>", ["Write an essay.", "Solution", "See page 3."]),
    ],
)  # fmt: skip
def test_problems_of_open_edx_of_each_type(inside: str, shown: list[str]) -> None:
    assert texts(read_as(Format.QUIZ, f'<problem display_name="Name">{inside}</problem>')) == ["Name", *shown]


def test_a_problem_in_the_shorthand_of_studio() -> None:
    text = (
        "&gt;&gt;Wo liegt Lima?||Eine Antwort.&lt;&lt;&#10;(x) Peru {{Ja}}&#10;( ) Chile&#10;||Denk an Inka.||&#10;"
        "[explanation]&#10;An der Küste.&#10;[explanation]"
    )

    assert texts(read_as(Format.QUIZ, f'<problem display_name="Lage" markdown="{text}"/>')) == [
        "Lage", "Wo liegt Lima?", "Eine Antwort.", "- Peru\n- Chile", "Hint", "Denk an Inka.", "Solution", "Peru",
        "An der Küste.",
    ]  # fmt: skip


def test_moodle_xml_gives_choices_pairs_and_gaps() -> None:
    assert texts(read_as(Format.QUIZ, MOODLE)) == [
        "Geografía",
        "¿Cuál es la capital de Perú?", "¿Cuál es la capital de Perú?", "- Lima\n- Cusco", "Solution", "Lima", "¡Bien!", "Está en la costa.",
        "Relacione.", "Relacione.", "1. Perú\n2. Chile", "- Lima\n- Santiago", "Solution",
        "- Perú: Lima\n- Chile: Santiago",
        "La capital es ____.", "La capital es ____.", "Solution", "Lima",
    ]  # fmt: skip


def test_gift_gives_choices_gaps_truths_and_numbers() -> None:
    assert texts(read_as(Format.QUIZ, GIFT)) == [
        "Historia Polski",
        "Król", "Kto był pierwszym królem Polski?", "- Bolesław Chrobry\n- Mieszko I\n- Kazimierz Wielki",
        "Solution", "Bolesław Chrobry", "Tak.", "Koronacja w 1025 roku.",
        "Bitwa pod Grunwaldem była w ____ roku.", "Bitwa pod Grunwaldem była w ____ roku.", "Solution",
        "- 1410\n- w 1410",
        "Ziemia jest płaska.", "Ziemia jest płaska.", "- True\n- False", "Solution", "False",
        "Ile to 2=2?", "Ile to 2=2?", "Solution", "4:0.5",
    ]  # fmt: skip


CHOICE = {
    "question": "<p>光速是多少？</p>",
    "answers": [{"text": "<div>快</div>", "correct": True}, {"text": "慢", "correct": False}],
}


@pytest.mark.parametrize(
    ("library", "content", "shown"),
    [
        ("H5P.MultiChoice", CHOICE, ["Packung", "光速是多少？", "- 快\n- 慢", "Solution", "快"]),
        ("H5P.TrueFalse", {"question": "Water is wet.", "correct": "true", "l10n": {"trueText": "Wahr", "falseText": "Falsch"}},
         ["Packung", "Water is wet.", "- Wahr\n- Falsch", "Solution", "Wahr"]),
        ("H5P.Blanks", {"text": "Fill in.", "questions": ["<p>Lima is in *Peru/Perú:Andes*.</p>"]},
         ["Packung", "Fill in.", "Lima is in ____.", "Solution", "Peru"]),
        ("H5P.QuestionSet", {"questions": [
            {"library": "H5P.MultiChoice 1.16", "params": CHOICE, "metadata": {"title": "光"}},
            {"library": "H5P.SingleChoiceSet 1.11", "params": {"choices": [{"question": "Why?", "answers": ["b", "a"]}]}},
         ]},
         ["Packung", "光", "光速是多少？", "- 快\n- 慢", "Solution", "快", "Why?", "Why?", "- a\n- b", "Solution", "b"]),
        ("H5P.InteractiveVideo", {"interactiveVideo": {"assets": {"interactions": [
            {"action": {"library": "H5P.MultiChoice 1.16", "params": CHOICE}}]}}},
         ["Packung", "光速是多少？", "- 快\n- 慢", "Solution", "快"]),
    ],
)  # fmt: skip
def test_h5p_gives_the_questions_in_its_content(library: str, content: dict[str, Any], shown: list[str]) -> None:
    assert texts(read_as(Format.QUIZ, h5p(library, content))) == shown


# --- which files are quizzes, and what is wrong with them -----------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("quiz.xml", QTI), ("a.xml", OLX), ("bank.xml", MOODLE), ("q.qti", QTI), ("test.gift", GIFT),
        ("q.xml", f"\ufeff<!-- made by hand -->\n{OLX}"), ("Q.H5P", h5p("H5P.Blanks", {})),
    ],
)  # fmt: skip
def test_a_quiz_is_known_by_its_content(name: str, content: str | bytes) -> None:
    data = content.encode() if isinstance(content, str) else content

    assert detect_format(io.BytesIO(data), name) is Format.QUIZ


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("feed.xml", "<rss><channel/></rss>"), ("a.xml", "<!DOCTYPE problem><problem/>"), ("a.xml", "no XML at all"),
        ("a.gift", "Only a list of presents."), ("a.h5p", "text"), ("data.xml", "<problems/>"),
        ("assessment_meta.xml", '<quiz identifier="g1"><title>Week 1</title></quiz>'),
    ],
)  # fmt: skip
def test_other_files_are_refused(name: str, content: str) -> None:
    with pytest.raises(FormatProblem) as refused:
        detect_format(io.BytesIO(content.encode()), name)

    assert refused.value.code == "type_unsupported"


def test_an_archive_that_is_no_h5p_is_refused() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("notes.txt", "words")

    with pytest.raises(FormatProblem):
        detect_format(buffer, "a.h5p")


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("<problem><p>never ended", "damaged"),
        ("<quiz><question type='a'/><!DOCTYPE x></quiz>", "damaged"),
        ("<problem/>", "no_questions"),
        ("<questestinterop><item/></questestinterop>", "no_questions"),
        ("<quiz>" + "<question type='a'>" * 300 + "</question>" * 300 + "</quiz>", "damaged"),
        (h5p("H5P.Audio", {"files": []}), "no_questions"),
        (h5p("H5P.MultiChoice", {"question": 3.5, "answers": "none"})[:-40], "damaged"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(content: str | bytes, code: str) -> None:
    with pytest.raises(UnreadableDocument) as refused:
        read_as(Format.QUIZ, content)

    assert refused.value.code == code


def test_entities_are_neither_read_nor_expanded() -> None:
    bomb = '<?xml version="1.0"?><!-- x --><!DOCTYPE problem [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><problem><p>&b;</p></problem>'

    with pytest.raises(UnreadableDocument):
        read_as(Format.QUIZ, bomb)


def test_content_of_other_types_than_expected_does_no_harm() -> None:
    content = {
        "question": ["a"],
        "answers": [None, 3, {"text": {"a": 1}, "correct": "yes"}, {"text": "x", "correct": True}],
    }

    assert texts(read_as(Format.QUIZ, h5p("H5P.MultiChoice", content)))[-2:] == ["Solution", "x"]


def test_markup_in_a_question_cannot_end_its_box() -> None:
    stem = "&lt;/div&gt;&lt;/coursewright-directive&gt;&lt;h1&gt;Big&lt;/h1&gt;&lt;b&gt;Why?"
    document = read_as(
        Format.QUIZ,
        '<quiz><question type="essay"><name><text>N</text></name><questiontext><text>' + stem
        + "</text></questiontext><generalfeedback><text>So.</text></generalfeedback></question></quiz>",
    )  # fmt: skip

    assert outline(document) == ["## N", "### Big", "Why?", "### Solution", "So."]
