"""Structures as syllabuses for Word."""

from __future__ import annotations

import io
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from docx import Document
from docx.oxml.ns import qn
from pypdfium2 import PdfDocument

from materials.mappings.slide_drawing import find_office
from structures.engines.base.drafts import NodeType
from structures.exports.base import ExportedNode, ExportedSnapshot
from structures.exports.losses import list_filled_fields
from structures.exports.syllabus import validation
from structures.exports.syllabus.syllabus import SyllabusFormat
from structures.models import StructureSnapshot
from tests.structures.exports.courses import (
    ExampleCourse,
    ExampleNode,
    build_hostile_course,
    build_node,
    build_plain_course,
)
from tests.structures.exports.test_cartridge import change
from tests.structures.exports.test_chapters import unpack
from tests.structures.exports.test_formats import COURSES, write


def open_syllabus(snapshot: ExportedSnapshot, **options: bool) -> Any:
    return Document(io.BytesIO(write(SyllabusFormat(), snapshot, **options)))


def build_snapshot(*nodes: ExampleNode, **course: Any) -> ExportedSnapshot:
    return ExportedSnapshot(course=StructureSnapshot(title="Water", **course), modules=nodes)


def list_headings(document: Any) -> list[tuple[str, str]]:
    return [(each.style.name, each.text) for each in document.paragraphs if each.style.name.startswith("Heading")]


def list_paragraphs(snapshot: ExportedSnapshot, **options: bool) -> list[tuple[str, str]]:
    """Return styles and texts of the paragraphs from the first heading of a module or lesson on."""
    listed = [(each.style.name, each.text) for each in open_syllabus(snapshot, **options).paragraphs]
    first = next(number for number, (style, text) in enumerate(listed) if style == "Heading 1" and text[0].isdigit())
    return listed[first:]


def test_modules_and_lessons_are_headings_of_their_levels() -> None:
    document = open_syllabus(build_plain_course().build_snapshot())

    assert list_headings(document) == [
        ("Heading 1", "About the course"),
        ("Heading 1", "Lessons and minutes"),
        ("Heading 1", "1. Hot"),
        ("Heading 2", "1.1. Heat"),
        ("Heading 2", "1.2. Steam"),
        ("Heading 1", "2. Cold"),
        ("Heading 2", "2.1. Ice"),
    ]
    assert document.core_properties.title == "Water"
    facts = [each.text for each in document.paragraphs if each.style.name == "Facts"]
    assert facts[:3] == ["2 modules", "3 lessons, 12 minutes (2 lessons without minutes)", "1 exercise"]


@pytest.mark.parametrize("build", COURSES.values(), ids=COURSES)
def test_the_contents_are_a_field_with_a_line_and_a_link_for_each_heading(build: Callable[[], ExampleCourse]) -> None:
    snapshot = build().build_snapshot()
    document = open_syllabus(snapshot)

    lines = [each for each in document.paragraphs if each.style.name.startswith("toc ")]

    assert [(each.style.name.replace("toc", "Heading"), each.text) for each in lines] == list_headings(document)
    assert [each.text.strip() for each in document.element.iter(qn("w:instrText"))] == [r'TOC \o "1-9" \h \z \u']
    assert lines[0]._p.find(f".//{qn('w:fldChar')}").get(qn("w:dirty")) == "true"
    assert document.settings.element.find(qn("w:updateFields")) is not None
    links = [each.get(qn("w:anchor")) for each in document.element.iter(qn("w:hyperlink"))]
    own = {f"node_{node.row.key.hex}" for node in snapshot.walk_nodes() if node.node_type in {"module", "lesson"}}
    assert own == {each for each in links if each.startswith("node_")}


@pytest.mark.parametrize("with_solutions", [False, True])
@pytest.mark.parametrize("build", COURSES.values(), ids=COURSES)
def test_what_is_not_among_the_losses_is_in_the_document(
    build: Callable[[], ExampleCourse], with_solutions: bool
) -> None:
    snapshot = build().build_snapshot()
    options = {"solutions": with_solutions}
    said = collect_words(open_syllabus(snapshot, **options))
    lost = {(loss.key, loss.field) for loss in SyllabusFormat().list_losses(snapshot, options)}

    for node in snapshot.walk_nodes():
        assert fold(node.row.title) in said
        for field in list_filled_fields(node):
            if (node.row.key, field) not in lost and field not in {"minutes_basis", "prerequisites"}:
                for text in list_texts(node, field):
                    assert fold(text) in said, field


def collect_words(document: Any) -> str:
    return fold("\n".join(each.text for each in document.paragraphs))


def list_texts(node: ExportedNode, field: str) -> list[str]:
    value = getattr(node.row, field)
    lines = value.splitlines() if isinstance(value, str) else value if isinstance(value, list) else [str(value)]
    return [re.sub(r"^- ", "", line) for line in lines]


def fold(text: str) -> str:
    return " ".join(text.split())


def test_solutions_and_criteria_are_there_when_they_are_asked_for() -> None:
    snapshot = build_plain_course().build_snapshot()

    without, with_ = list_paragraphs(snapshot), list_paragraphs(snapshot, solutions=True)

    assert [each for each in with_ if each not in without] == [
        ("Label", "Solution"),
        ("Normal", "Ten minutes."),
        ("Label", "Graded by"),
        ("List Bullet", "It is hard"),
    ]
    lost = [
        loss for loss in SyllabusFormat().list_losses(snapshot, {"solutions": False}) if loss.title == "Boil an egg"
    ]
    assert [loss.field for loss in lost] == ["reference_solution", "grading_criteria", "references"]
    assert "`solutions` is off" in lost[0].reason


def test_a_lesson_says_its_goals_what_it_needs_its_exercises_and_its_materials() -> None:
    heat = list_paragraphs(build_plain_course().build_snapshot())[2:22]

    assert heat == [
        ("Heading 2", "1.1. Heat"),
        ("Facts", "12 minutes"),
        ("Label", "Goals"),
        ("List Bullet", "Know heat."),
        ("List Bullet", "Use it."),
        ("Label", "Needed before"),
        ("List Bullet", "Fractions"),
        ("Label", "Topics"),
        ("List Bullet", "Heat"),
        ("Label", "Questions"),
        ("List Bullet", "Why?"),
        ("Label", "Concepts"),
        ("List Bullet", "Boiling point: The temperature."),
        ("Exercise", "Exercise: Boil an egg"),
        ("Facts", "difficulty 2 of 5"),
        ("Normal", "Do it."),
        ("List Bullet", "now"),
        ("Label", "Key points"),
        ("List Bullet", "Hot."),
        ("Label", "Materials"),
    ]


def build_timed_course() -> ExportedSnapshot:
    def build_lesson(title: str, minutes: int | None) -> ExampleNode:
        return build_node(NodeType.LESSON, title, estimated_minutes=minutes, minutes_basis="computed")

    part = build_node(NodeType.MODULE, "Part", build_lesson("A", 50), build_lesson("B", 20))
    return build_snapshot(
        build_node(NodeType.MODULE, "All", part, build_lesson("C", None), estimated_minutes=90, minutes_basis="stated"),
        build_lesson("Alone", 5),
        build_node(NodeType.MODULE, "Sum", build_lesson("D", 7), estimated_minutes=7, minutes_basis="computed"),
        build_node(NodeType.MODULE, "Empty"),
    )


def test_the_minutes_of_modules_are_the_sums_of_their_lessons() -> None:
    (table,) = open_syllabus(build_timed_course()).tables

    assert [tuple(cell.text for cell in row.cells) for row in table.rows] == [
        ("No.", "Module or lesson", "Exercises", "Minutes"),
        ("1", "All", "", "70"),
        ("1.1", "Part", "", "70"),
        ("1.1.1", "A", "", "50"),
        ("1.1.2", "B", "", "20"),
        ("1.2", "C", "", ""),
        ("2", "Alone", "", "5"),
        ("3", "Sum", "", "7"),
        ("3.1", "D", "", "7"),
        ("4", "Empty", "", ""),
        ("", "All lessons (5)", "", "82"),
    ]


def test_other_minutes_that_a_module_states_are_said_beside_the_sum() -> None:
    listed = list_paragraphs(build_timed_course())

    assert [text for style, text in listed if style == "Facts"] == [
        "3 lessons, 70 minutes (1 h 10 min) (1 lesson without minutes); the module: 90 minutes",
        "2 lessons, 70 minutes (1 h 10 min)",
        "50 minutes (computed)",
        "20 minutes (computed)",
        "5 minutes (computed)",
        "1 lesson, 7 minutes (computed)",
        "7 minutes (computed)",
        "0 lessons",
    ]


def test_a_course_without_lessons_says_so(tmp_path: Path) -> None:
    path = tmp_path / "file.docx"
    path.write_bytes(write(SyllabusFormat(), build_snapshot()))

    document = Document(str(path))

    assert SyllabusFormat().validate(path).exit == 0
    assert "The course has no lessons." in [each.text for each in document.paragraphs]


def test_lists_tables_and_code_of_a_text_are_such_in_the_document() -> None:
    lists = "- one\n  - two\n\n3. three\n\n   more\n4. four"
    text = f"Do *this*\nnow:\n\n{lists}\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```\nx = 1\n\ny\n```"
    task = build_node(NodeType.EXERCISE, "Task", description=text)
    lesson = build_snapshot(build_node(NodeType.LESSON, "Heat", task))

    document = open_syllabus(lesson)

    assert list_paragraphs(lesson)[2:] == [
        ("Normal", "Do *this*\nnow:"),
        ("List Bullet", "one"),
        ("List Bullet 2", "two"),
        ("List Continue", "3. three"),
        ("List Continue", "more"),
        ("List Continue", "4. four"),
        ("Normal", ""),
        ("Code", "x = 1\n\ny"),
    ]
    assert [[cell.text for cell in row.cells] for row in document.tables[1].rows] == [["a", "b"], ["1", "2"]]


def test_words_from_right_to_left_are_runs_of_that_direction() -> None:
    lesson = build_node(NodeType.LESSON, "הקרח: 20, מאוד (H2O) ماء", description="Ice is קרח in Hebrew")

    document = open_syllabus(build_snapshot(lesson))

    (heading,) = [each for each in document.paragraphs if each.style.name == "Heading 1" and "H2O" in each.text]
    assert [(each.text, bool(each.font.rtl)) for each in heading.runs] == [
        ("1. ", False),
        ("הקרח: 20, מאוד", True),
        (" (H2O) ", False),
        ("ماء", True),
    ]
    assert heading._p.pPr.find(qn("w:bidi")) is not None
    (inside,) = [each for each in document.paragraphs if each.text == "Ice is קרח in Hebrew"]
    assert [bool(each.font.rtl) for each in inside.runs] == [False, True, False]
    assert inside._p.pPr.find(qn("w:bidi")) is None


def test_the_language_of_the_course_is_that_of_its_styles() -> None:
    said = "Вода кипить, коли її гріють, і тоді вона стає парою. Це є те, що ми знаємо про воду, яка була в каструлі."

    styles = unpack(write(SyllabusFormat(), build_snapshot(description=said)))["word/styles.xml"]

    assert '<w:lang w:val="uk"' in styles


def build_deep_module(depth: int) -> ExampleNode:
    node = build_node(NodeType.LESSON, "Innermost")
    for level in range(depth):
        node = build_node(NodeType.MODULE, f"Level {level}", node)
    return node


def test_modules_deeper_than_word_has_headings_are_of_the_last_level(tmp_path: Path) -> None:
    snapshot = build_snapshot(build_deep_module(11))
    path = tmp_path / "file.docx"
    path.write_bytes(write(SyllabusFormat(), snapshot))

    assert SyllabusFormat().validate(path).messages == ("13 headings",)
    assert list_headings(Document(str(path)))[-1][0] == "Heading 9"


@pytest.mark.parametrize(
    ("path", "old", "new", "said"),
    [
        ("word/document.xml", 'w:val="Heading2"', 'w:val="Chapter"', "there is no style 'Chapter'"),
        ("word/document.xml", 'w:val="Heading2"', 'w:val="Heading4"', "of level 4, below one of level 1"),
        ("word/document.xml", 'w:val="TOC2"', 'w:val="Normal"', "6 lines, which are not the 7 headings"),
        ("word/document.xml", "TOC \\o", "INDEX \\o", "not one field of contents"),
        ("word/document.xml", 'w:fldCharType="end"', 'w:fldCharType="begin"', "does not end"),
        ("word/document.xml", 'w:anchor="lessons"', 'w:anchor="other"', "'other', which is no bookmark"),
        ("word/document.xml", 'w:id="2"', 'w:id="1"', "2 bookmarks have the id '1'"),
        ("word/document.xml", "</w:p>", "", "no Word document"),
        ("word/_rels/", 'Target="styles.xml"', 'Target="other.xml"', "there is no part 'other.xml'"),
        ("_rels/.rels", "<Relationships", "<Relation", "no valid XML"),
        ("[Content_Types].xml", "document.main+xml", "other+xml", "no Word document"),
    ],
)
def test_its_validator_finds_each_fault(tmp_path: Path, path: str, old: str, new: str, said: str) -> None:
    package = tmp_path / "file.docx"
    package.write_bytes(change(write(SyllabusFormat(), build_plain_course().build_snapshot()), path, old, new))

    report = SyllabusFormat().validate(package)

    assert report.exit == 1
    assert any(said in message for message in report.messages), report.messages


def test_a_document_too_large_for_its_validator_is_said_to_be_unchecked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(validation, "_MAX_DOCUMENT_BYTES", 1000)
    path = tmp_path / "file.docx"
    path.write_bytes(write(SyllabusFormat(), build_plain_course().build_snapshot()))

    report = SyllabusFormat().validate(path)

    assert report.exit is None
    assert "at most 1000 bytes" in report.messages[0]


@pytest.mark.slow
@pytest.mark.skipif(not find_office(), reason="LibreOffice is not installed")
def test_libreoffice_shows_the_headings_and_takes_the_contents_as_contents(tmp_path: Path) -> None:
    path = tmp_path / "file.docx"
    path.write_bytes(write(SyllabusFormat(), build_hostile_course().build_snapshot()))
    profile = f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"
    for target in ("pdf", "fodt"):
        subprocess.run(
            [find_office(), profile, "--headless", "--convert-to", target, "--outdir", str(tmp_path), str(path)],
            check=True,
            capture_output=True,
        )

    with PdfDocument(tmp_path / "file.pdf") as pdf:
        pages = [page.get_textpage().get_text_range() for page in pdf]

    assert "Contents" in pages[1]
    for title in ("1.7. +1; #2 \\ [three](four)", "1.9. SAME NAME", "2.1. Level 7"):
        assert title in pages[1]
        assert title in "".join(pages[2:])
    assert "<text:table-of-content " in (tmp_path / "file.fodt").read_text()
