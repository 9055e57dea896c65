"""Exercises of structures as banks of questions."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from materials.readers.quizzes import reader as quizzes
from structures.engines.base.drafts import NodeType
from structures.exports.base import ExportedSnapshot
from structures.exports.qti.items21 import convert_html
from structures.exports.qti.qti import QTIFormat
from structures.models import StructureSnapshot
from tests.structures.exports.courses import ExampleNode, build_node
from tests.structures.exports.round_trips import plan_import
from tests.structures.exports.test_cartridge import CHOICES, change
from tests.structures.exports.test_chapters import unpack
from tests.structures.exports.test_formats import write
from tests.structures.exports.test_scorm import SEVERAL

SHORT = build_node(NodeType.EXERCISE, "Egg", description="How long?", reference_solution='Ten "minutes".')
ESSAY = build_node(
    NodeType.EXERCISE, "Why", description="Say why.\n\n- in short", reference_solution="As heat makes it <hard>.",
    grading_criteria=["Names heat", "Is short"], difficulty=2,
)  # fmt: skip
BLANK = build_node(NodeType.EXERCISE, "Boil & peel")
EXERCISES = (CHOICES, SEVERAL, SHORT, ESSAY, BLANK)


def build_snapshot(*nodes: ExampleNode) -> ExportedSnapshot:
    course = StructureSnapshot(title="Water", description="About water.")
    return ExportedSnapshot(course=course, modules=nodes)


def read_item(exercise: ExampleNode) -> str:
    """Return the item of QTI 2.1 that an exercise is."""
    return unpack(write(QTIFormat(), build_snapshot(exercise)))[f"items/{exercise.row.key}.xml"]


def test_choices_are_scored_and_explained() -> None:
    one, several = read_item(CHOICES), read_item(SEVERAL)

    assert '<responseDeclaration identifier="RESPONSE" cardinality="single" baseType="identifier">' in one
    assert "<correctResponse><value>choice1</value></correctResponse>" in one
    assert re.findall(r'<simpleChoice identifier="(\w+)">(.*)</simpleChoice>', one) == [
        ("choice0", "At its source"), ("choice1", "At its &lt;mouth&gt;"), ("choice2", "Nowhere"),
    ]  # fmt: skip
    assert 'maxChoices="1"' in one
    assert "<p>Water flows down.</p></div></modalFeedback>" in one
    assert '<baseValue baseType="float">1</baseValue>' in one
    assert "<value>choice0</value><value>choice2</value>" in several
    assert 'maxChoices="0"' in several
    assert "rptemplates/match_correct" in several
    assert '<rubricBlock view="scorer"><div><ul>\n<li>Both are named</li>\n</ul></div></rubricBlock>' in several


def test_a_solution_of_few_words_is_compared_and_a_longer_one_is_for_those_who_grade() -> None:
    short, essay = read_item(SHORT), read_item(ESSAY)

    assert re.findall(r'mapKey="([^"]+)" mappedValue="1" caseSensitive="false"', short) == [
        "Ten &quot;minutes&quot;", "Ten &quot;minutes&quot;.",
    ]  # fmt: skip
    assert '<textEntryInteraction responseIdentifier="RESPONSE"/>' in short
    assert "rubricBlock" not in short
    assert '<extendedTextInteraction responseIdentifier="RESPONSE"/>' in essay
    assert "responseProcessing" not in essay
    (rubric,) = re.findall(r'<rubricBlock view="scorer">(.*?)</rubricBlock>', essay, re.DOTALL)
    assert re.findall(r"<(?:p|li)>(.+?)</", rubric) == ["As heat makes it &lt;hard&gt;.", "Names heat", "Is short"]
    assert essay.count("As heat makes it") == 1
    assert "<p>Boil &amp; peel</p>" in read_item(BLANK)


@pytest.mark.parametrize(
    ("solution", "criteria"),
    [("It is ten whole minutes", []), ("Ten\nminutes", []), ("T" * 41, []), ("", []), ("Ten", ["Is a number"])],
)
def test_other_solutions_are_not_compared(solution: str, criteria: list[str]) -> None:
    task = build_node(
        NodeType.EXERCISE, "Egg", description="How long?", reference_solution=solution, grading_criteria=criteria
    )

    assert "extendedTextInteraction" in read_item(task)


def test_html_becomes_what_items_may_hold() -> None:
    table = '<table>\n<thead>\n<tr>\n<th style="text-align:left">a</th>\n</tr>\n</thead>\n</table>'

    assert convert_html(f'{table}<ol start="3"><li>b</li></ol>') == (
        "<div><table>\n<tbody>\n<tr>\n<th>a</th>\n</tr>\n</tbody>\n</table><ol><li>b</li></ol></div>"
    )
    assert convert_html("") == ""


def test_our_own_import_reads_the_questions_of_1_2(tmp_path: Path) -> None:
    content = write(QTIFormat(), build_snapshot(*EXERCISES), version="1.2")
    path = tmp_path / "questions.xml"
    path.write_text(unpack(content)["questions.xml"])

    pieces = [piece.text for piece in quizzes.read(path).pieces]

    assert pieces == [
        "Water",
        "Ends", "Where does a river end?", "- At its source\n- At its <mouth>\n- Nowhere",
        "Solution", "At its <mouth>", "Water flows down.",
        "Melts", "What melts?", "- a) Ice\n- b) Stone\n- c) Snow", "Solution", "- a) Ice\n- c) Snow",
        "Egg", "How long?", "Solution", '- Ten "minutes"\n- Ten "minutes".',
        "Why", "Say why.", "- in short", "Solution", "As heat makes it <hard>.",
        "Boil & peel", "Boil & peel",
    ]  # fmt: skip
    plan = plan_import(tmp_path, content)
    assert plan.package == "IMS content package"
    assert plan.title == "Water"
    assert [file.path for file in plan.files if file.item.path == ("questions.xml",)]


def test_in_1_2_criteria_and_solutions_are_for_scorers() -> None:
    bank = unpack(write(QTIFormat(), build_snapshot(*EXERCISES), version="1.2"))["questions.xml"]

    assert re.findall(r"<fieldentry>(\w+)</fieldentry>", bank) == [
        "multiple_choice_question", "multiple_answers_question", "short_answer_question", "essay_question",
        "essay_question",
    ]  # fmt: skip
    assert bank.count('<rubric view="Scorer">') == 2
    assert bank.count('<itemfeedback ident="solution" view="Scorer">') == 1
    assert '<varequal respident="response" case="No">Ten &quot;minutes&quot;</varequal>' in bank


@pytest.mark.parametrize("number", ["2.1", "1.2"])
def test_losses_are_what_no_question_says(number: str) -> None:
    essay = build_node(
        NodeType.EXERCISE, "Why", description="Say\x07 why.", reference_solution="So it is and so be it.",
        grading_criteria=["Names heat"], difficulty=2,
    )  # fmt: skip
    lesson = build_node(NodeType.LESSON, "Heat\x07", build_node(NodeType.CONCEPT, "Hot"), essay, topics=["Heat"])

    losses = QTIFormat().list_losses(build_snapshot(lesson), {"version": number})
    written = "".join(unpack(write(QTIFormat(), build_snapshot(lesson), version=number)).values())

    assert [(loss.title, loss.field) for loss in losses] == [
        ("Heat\x07", "all"), ("Hot", "all"), ("Why", "difficulty"), ("Why", "description"),
    ]  # fmt: skip
    for text in ("Water", "About water.", "Say\ufffd why.", "So it is and so be it.", "Names heat"):
        assert text in written
    assert "Hot" not in written


@pytest.mark.parametrize("number", ["2.1", "1.2"])
def test_identifiers_stay_when_titles_and_order_change_and_a_course_may_have_no_exercises(
    tmp_path: Path, number: str
) -> None:
    def list_identifiers(*nodes: ExampleNode) -> list[str]:
        files = unpack(write(QTIFormat(), build_snapshot(*nodes), version=number))
        return re.findall(r'ident(?:ifier)?="((?:resource-|question-|item-)[^"]+)"', "".join(files.values()))

    renamed = build_node(NodeType.EXERCISE, "Other")
    renamed.row.key = ESSAY.row.key

    before, after = list_identifiers(SHORT, ESSAY), list_identifiers(renamed, CHOICES, SHORT)

    assert set(before) < set(after)
    assert all(str(ESSAY.row.key) in "".join(names) for names in (before, after))
    path = tmp_path / "bank.zip"
    path.write_bytes(write(QTIFormat(), build_snapshot(), version=number))
    assert QTIFormat().validate(path).messages == ()


MANIFEST = "imsmanifest.xml"


@pytest.mark.parametrize(
    ("path", "old", "new", "said"),
    [
        (MANIFEST, "imscp_v1p1", "other", "no manifest"),
        (MANIFEST, "<schemaversion>1.0.0", "<schemaversion>9", "no version of QTI"),
        (MANIFEST, "<organizations/>", "<organizations><organization/></organizations>", "organizes nothing"),
        (MANIFEST, "<organizations/>", "", "in this order"),
        (MANIFEST, "imsqti_item_xmlv2p1", "webcontent", "its type is not"),
        (MANIFEST, '<file href="', '<file href="no', "there is no file"),
        (MANIFEST, '<file href="', '<file href="no', "not one file"),
        (MANIFEST, 'identifier="resource', 'identifier="1 resource', "no identifier"),
        ("items/", "assessmentItem", "other", "no XML"),
        ("items/", "imsqti_v2p1", "other", "no item of QTI 2.1"),
        ("items/", ' timeDependent="false"', "", "has no timeDependent"),
        ("items/", "<itemBody>", "<itemBody/><itemBody>", "in this order"),
        ("items/", 'identifier="SCORE" cardinality', 'identifier="OTHER" cardinality', "declares no score"),
        ("items/", 'responseIdentifier="RESPONSE"', 'responseIdentifier="OTHER"', "which is declared"),
        ("items/", "<value>choice1</value>", "<value>choice9</value>", "none of its choices"),
        ("items/", 'simpleChoice identifier="choice1"', 'simpleChoice identifier="choice0"', "two have one name"),
        ("items/", 'outcomeIdentifier="FEEDBACK"', 'outcomeIdentifier="OTHER"', "not declared"),
        ("items/", 'view="scorer"', 'view="candidate"', "for those who grade alone"),
        ("items/", "<p>", "<script/><p>", "`script`"),
        ("items/", "<p>", '<p onclick="a()">', "attribute of `p`"),
    ],
)
def test_its_validator_finds_each_fault_of_2_1(tmp_path: Path, path: str, old: str, new: str, said: str) -> None:
    package = tmp_path / "bank.zip"
    package.write_bytes(change(write(QTIFormat(), build_snapshot(*EXERCISES)), path, old, new))

    report = QTIFormat().validate(package)

    assert report.exit == 1
    assert any(said in message for message in report.messages), report.messages


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("questestinterop xmlns", "questestinterop other", "no QTI 1.2"),
        ('<section ident="section">', "<section>", "not one assessment"),
        (f"question-{SEVERAL.row.key}", f"question-{CHOICES.row.key}", "2 of this name"),
        ("multiple_choice_question", "essay_question", "not what its type says"),
        ("multiple_choice_question", "other", "not what its type says"),
        ('rcardinality="Multiple"', 'rcardinality="Single"', "not what its type says"),
        (">choice1</varequal>", ">choice9</varequal>", "none of its choices"),
        ("<resprocessing>", "<itemfeedback/><resprocessing>", "in this order"),
        ("<response_str ", '<response_str ident="a"/><response_str ', "not one place"),
        ("&lt;p&gt;", "&lt;script&gt;", "`script`"),
    ],
)
def test_its_validator_finds_each_fault_of_1_2(tmp_path: Path, old: str, new: str, said: str) -> None:
    package = tmp_path / "bank.zip"
    content = write(QTIFormat(), build_snapshot(*EXERCISES), version="1.2")
    package.write_bytes(change(content, "questions.xml", old, new))

    report = QTIFormat().validate(package)

    assert report.exit == 1
    assert any(said in message for message in report.messages), report.messages
