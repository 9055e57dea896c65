"""Structures as Common Cartridges."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

import pytest
from lxml import etree

from materials.documents import Locator
from materials.readers.quizzes import reader as quizzes
from structures.engines.base.drafts import NodeType
from structures.exports.base import ExportedSnapshot
from structures.exports.cartridge.cartridge import CartridgeFormat
from structures.exports.choice_tasks import ChoiceTask, find_choice_task
from structures.exports.lesson_html import escape_text, render_blocks
from structures.models import StructureSnapshot
from tests.structures.exports.courses import (
    DELETED,
    FILE,
    OTHER,
    TALK,
    ExampleCourse,
    ExampleNode,
    ExampleReference,
    build_file,
    build_hostile_course,
    build_node,
    build_plain_course,
    cite_talk,
)
from tests.structures.exports.round_trips import list_outline, plan_import, read_contents
from tests.structures.exports.test_chapters import unpack
from tests.structures.exports.test_formats import COURSES, write

QUESTION = "Where does a river end?\n\n- At its source\n- At its <mouth>\n- Nowhere"
CHOICES = build_node(
    NodeType.EXERCISE, "Ends", description=QUESTION,
    reference_solution="At its <mouth>\n\nWater flows down.", references=[cite_talk(1, 2)],
)  # fmt: skip


def build_snapshot(*nodes: ExampleNode, addresses: dict[UUID, str] | None = None) -> ExportedSnapshot:
    return ExportedSnapshot(course=StructureSnapshot(title="Water"), modules=nodes, addresses=addresses or {})


def find_file(snapshot: ExportedSnapshot, folder: str, **options: str | bool) -> str:
    """Return the only file of a folder of the cartridge."""
    (content,) = [
        text for name, text in unpack(write(CartridgeFormat(), snapshot, **options)).items() if name.startswith(folder)
    ]
    return content


@pytest.mark.parametrize("number", ["1.1", "1.3"])
@pytest.mark.parametrize("build", COURSES.values(), ids=COURSES)
def test_our_own_import_gives_back_modules_lessons_order_and_titles(
    tmp_path: Path, build: Callable[[], ExampleCourse], number: str
) -> None:
    course = build()

    plan = plan_import(tmp_path, write(CartridgeFormat(), course.build_snapshot(), version=number))

    assert plan.package == f"Common Cartridge {number}.0"
    assert plan.title == " ".join(course.course.title.split())
    assert read_contents(plan) == list(list_outline(course.modules))
    assert {skipped.skip.code for skipped in plan.skipped} == {"package_description"}
    assert not plan.warnings


def test_an_empty_module_stays_a_folder_and_comes_back_as_a_heading(tmp_path: Path) -> None:
    empty, full = (
        build_node(NodeType.MODULE, "Soon"),
        build_node(NodeType.MODULE, "Now", build_node(NodeType.LESSON, "Ice")),
    )
    content = write(CartridgeFormat(), build_snapshot(empty, full))

    assert (
        f'<item identifier="folder-{empty.row.key}"><title>Soon</title>\n</item>' in unpack(content)["imsmanifest.xml"]
    )
    assert read_contents(plan_import(tmp_path, content))[-4:] == [(0, "Soon"), (1, "Now"), (2, "Ice")]


def test_a_quiz_comes_back_with_its_choices_its_solution_and_why(tmp_path: Path) -> None:
    path = tmp_path / "quiz.xml"
    path.write_text(find_file(build_snapshot(build_node(NodeType.MODULE, "All", CHOICES)), "quizzes/"))

    pieces = [piece.text for piece in quizzes.read(path).pieces]

    assert pieces[:3] == ["Ends", "Where does a river end?", "- At its source\n- At its <mouth>\n- Nowhere"]
    assert pieces.count("At its <mouth>") == 1
    assert "Water flows down." in pieces


def test_all_of_several_right_choices_have_to_be_chosen_and_no_other(tmp_path: Path) -> None:
    both = build_node(
        NodeType.EXERCISE, "Ice", description="What melts?\n- a) Ice\n- b) Stone\n- c) Snow", reference_solution="a\nC)"
    )
    quiz = find_file(build_snapshot(build_node(NodeType.MODULE, "All", both)), "quizzes/")
    path = tmp_path / "quiz.xml"
    path.write_text(quiz)

    assert "cc.multiple_response.v0p1" in quiz
    conditions = etree.fromstring(quiz.encode()).iterfind(".//{*}and/*")
    assert [etree.tostring(each, method="text").decode() for each in conditions] == ["choice0", "choice2", "choice1"]
    assert "- a) Ice\n- c) Snow" in [piece.text for piece in quizzes.read(path).pieces]


def test_of_two_choices_both_can_be_chosen_as_the_profile_wants_three_for_one(tmp_path: Path) -> None:
    task = build_node(NodeType.EXERCISE, "Ice", description="Does it melt?\n- Yes\n- No", reference_solution="Yes")
    snapshot = build_snapshot(build_node(NodeType.MODULE, "All", task))
    path = tmp_path / "course.imscc"
    path.write_bytes(write(CartridgeFormat(), snapshot))

    losses = CartridgeFormat().list_losses(snapshot, {"quotes": True, "materials": "none"})

    assert 'rcardinality="Multiple"' in find_file(snapshot, "quizzes/")
    assert "<and>" in find_file(snapshot, "quizzes/")
    assert CartridgeFormat().validate(path).exit == 0
    assert [(loss.title, loss.field) for loss in losses] == [("Ice", "choices")]


@pytest.mark.parametrize(
    ("description", "solution"),
    [
        ("Do this:\n\n- boil\n- drink", "First boil, then drink."),
        (QUESTION, ""),
        ("- At its source\n- At its mouth", "At its mouth"),
        ("Which?\n- one\n- two", "one\ntwo"),
        ("Which?\n- one\n- two\n\nSay why.", "one"),
        ("Which?\n- a) one\n- a) two", "a"),
        ("Which?\n- same\n- same", "same"),
    ],
)
def test_a_list_whose_solution_names_none_of_its_items_is_a_topic(description: str, solution: str) -> None:
    task = build_node(NodeType.EXERCISE, "Task", description=description, reference_solution=solution)

    topic = find_file(build_snapshot(build_node(NodeType.MODULE, "All", task)), "topics/")

    assert "<title>Task</title>" in topic


def test_a_mark_of_a_list_within_a_line_is_text() -> None:
    task = build_node(NodeType.EXERCISE, "Task", description="Which?\n- a * b\n- a - b", reference_solution="a * b")

    assert find_choice_task(task) == ChoiceTask(stem="Which?", choices=("a * b", "a - b"), right=(0,))


def test_learners_see_neither_solutions_nor_how_they_are_graded() -> None:
    snapshot = build_plain_course().build_snapshot()

    texts = "".join(unpack(write(CartridgeFormat(), snapshot)).values())
    lost = {
        (loss.title, loss.field)
        for loss in CartridgeFormat().list_losses(snapshot, {"quotes": False, "materials": "none"})
    }

    assert "Ten minutes." not in texts
    assert "It is hard" not in texts
    assert {("Boil an egg", "reference_solution"), ("Boil an egg", "grading_criteria")} <= lost
    assert {("Water", "learning_goal"), ("Hot", "arranged_by"), ("Heat", "references.link")} <= lost


@pytest.mark.parametrize(
    ("address", "href", "says_end"),
    [
        ("https://example.org/talk.mp4", "https://example.org/talk.mp4#t=192.5,460", True),
        ("https://www.youtube.com/watch?v=abc&t=3", "https://www.youtube.com/watch?v=abc&amp;t=192s", False),
        ("https://youtu.be/abc", "https://youtu.be/abc?t=192s", False),
        ("https://vimeo.com/123", "https://vimeo.com/123#t=192s", False),
        ("https://notyoutube.com/x", "https://notyoutube.com/x#t=192.5,460", True),
        ('https://example.org/?q="><script>', "https://example.org/?q=&quot;&gt;&lt;script&gt;#t=192.5,460", True),
    ],
)
def test_evidence_in_a_recording_on_the_web_is_a_link_with_its_times(address: str, href: str, says_end: bool) -> None:
    concept = build_node(NodeType.CONCEPT, "Boiling", references=[cite_talk(192_500, 460_000)])
    snapshot = build_snapshot(build_node(NodeType.LESSON, "Heat", concept), addresses={TALK: address})

    page = find_file(snapshot, "pages/")
    fields = {loss.field for loss in CartridgeFormat().list_losses(snapshot, {"quotes": False, "materials": "none"})}

    assert f'<a href="{href}" target="_blank" rel="noopener noreferrer">Part/talk.mp4, 03:12–07:40</a>' in page
    assert fields == ({"references.quote"} if says_end else {"references.quote", "references.end_ms"})


@pytest.mark.parametrize("address", ["javascript:alert(1)", "file:///etc/passwd", "https://[", "", "//example.org"])
def test_an_address_that_is_not_of_the_web_is_no_link(address: str) -> None:
    concept = build_node(NodeType.CONCEPT, "Boiling", references=[cite_talk(1_000, 2_000)])
    snapshot = build_snapshot(build_node(NodeType.LESSON, "Heat", concept), addresses={TALK: address})

    assert "<a " not in find_file(snapshot, "pages/")
    assert "references.link" in {
        loss.field for loss in CartridgeFormat().list_losses(snapshot, {"quotes": True, "materials": "none"})
    }


def test_a_page_has_all_that_a_lesson_says_and_quotes_when_asked() -> None:
    cited = cite_talk(1_000, 2_000)
    concept = build_node(
        NodeType.CONCEPT, "Vapour", description="Water *in* air.", examples=["Fog"], references=[cited, cited]
    )
    lesson = build_node(
        NodeType.LESSON, "Heat", concept, learning_goal="Know it.", key_points=["Hot."], questions=["Why?"],
        topics=["Air"], required_knowledge=["Fractions"], estimated_minutes=5, minutes_basis="computed", difficulty=2,
    )  # fmt: skip

    page = find_file(build_snapshot(lesson), "pages/", quotes=True)

    assert re.findall(r"<(?:h[123]|li|em|p|blockquote)[^>]*>([^<\n]+)", page) == [
        "Heat", "Goals", "Know it.", "5 minutes (computed), difficulty 2 of 5", "Needed before", "Fractions",
        "Questions", "Why?", "Topics", "Air", "Concepts", "Vapour", "Water *in* air.", "Examples:", "Fog", "Sources:",
        "Part/talk.mp4, 00:01–00:02", "What is quoted.", "Key points", "Hot.",
    ]  # fmt: skip


def test_texts_keep_their_blocks_and_each_sign_within_lines() -> None:
    text = "# Ask <b>*why* & $\\{a_1*b*c\\}$ [x](javascript:a)\n\n- one\n  - `two`\n\n| a | b |\n|---|---|\n| 1 | 2 |"

    assert render_blocks(f"{text}\n\n~~~ <i>\n<p>\n~~~").split("\n") == [
        "<p># Ask &lt;b&gt;*why* &amp; $\\{a_1*b*c\\}$ [x](javascript:a)</p>",
        *("<ul>", "<li>one", "<ul>", "<li>`two`</li>", "</ul>", "</li>", "</ul>"),
        *("<table>", "<thead>", "<tr>", "<th>a</th>", "<th>b</th>", "</tr>", "</thead>"),
        *("<tbody>", "<tr>", "<td>1</td>", "<td>2</td>", "</tr>", "</tbody>", "</table>"),
        *('<pre><code class="language-&lt;i&gt;">&lt;p&gt;', "</code></pre>"),
    ]


BOOK = build_node(NodeType.CONCEPT, "Boiling point", references=[ExampleReference("Part/book.pdf", Locator(page=3))])


def build_attached() -> ExportedSnapshot:
    """Return a course with a talk and a book that are cited, and another file that is not."""
    talk = build_node(NodeType.CONCEPT, "Vapour", references=[cite_talk(1_500, 9_000)])
    gone = build_node(NodeType.CONCEPT, "Gone", references=[cite_talk(5, 9, DELETED)])
    task = build_node(NodeType.EXERCISE, "Task", description="Read.", references=BOOK.references)
    node = build_node(NodeType.LESSON, "Heat", talk, BOOK, gone, task)
    files = [
        build_file(FILE, "Part/book.pdf", b"%PDF"),
        build_file(OTHER, "Part/Плакат №1.HTML", b"<script></script>\n"),
        build_file(TALK, "Part/talk.mp4", b"<script>"),
    ]
    return ExportedSnapshot(course=StructureSnapshot(title="Water"), modules=[node], files=files)


def test_cited_files_are_in_the_package_and_pages_lead_to_the_places_in_them(tmp_path: Path) -> None:
    path = tmp_path / "course.imscc"
    path.write_bytes(write(CartridgeFormat(), build_attached(), materials="cited"))
    book, talk = (f"materials/{name}" for name in (f"book-{FILE.hex[-12:]}.pdf", f"talk-{TALK.hex[-12:]}.mp4"))

    with zipfile.ZipFile(path) as package:
        read = {name: package.read(name) for name in package.namelist()}
        packed = {each.filename for each in package.infolist() if each.compress_type == zipfile.ZIP_STORED}

    assert packed == {book, talk}
    assert (read[book], read[talk]) == (b"%PDF", b"<script>")
    page, topic = (
        next(read[name].decode() for name in read if name.startswith(each)) for each in ("pages/", "topics/")
    )
    assert re.findall(r'<a href="([^"]+)"', page) == [f"../{talk}#t=1.5,9", f"../{book}#page=3"]
    assert "href" not in topic
    manifest = read[MANIFEST].decode()
    assert f'<resource identifier="resource-material-{FILE}" type="webcontent" href="{book}">' in manifest
    assert 'identifierref="resource-material-' not in manifest
    assert CartridgeFormat().validate(path).messages == ()


def test_all_files_are_in_a_folder_at_the_end_with_names_that_addresses_may_have(tmp_path: Path) -> None:
    snapshot = build_attached()
    content = write(CartridgeFormat(), snapshot, materials="all")
    path = tmp_path / "course.imscc"
    path.write_bytes(content)

    with zipfile.ZipFile(path) as package:
        names = [name for name in package.namelist() if name.startswith("materials/")]

    assert names[1] == f"materials/1-{OTHER.hex[-12:]}.html"
    assert CartridgeFormat().validate(path).messages == ()
    assert read_contents(plan_import(tmp_path, content))[-4:] == [
        (0, "Materials"), (1, "Part/book.pdf"), (1, "Part/Плакат №1.HTML"), (1, "Part/talk.mp4"),
    ]  # fmt: skip
    attached = CartridgeFormat().list_attached_files(snapshot, {"materials": "all"})
    assert sum(each.size_bytes for each in attached) == 30


def test_without_the_option_no_file_is_opened_and_places_have_no_link() -> None:
    def refuse() -> BinaryIO:
        raise AssertionError

    snapshot = build_attached()
    closed = replace(snapshot, files=[replace(each, open=refuse) for each in snapshot.files])

    assert "<a " not in find_file(closed, "pages/")
    assert CartridgeFormat().list_attached_files(closed, {"materials": "none"}) == []


def test_what_is_attached_is_not_lost_but_in_topics_and_where_the_file_is_gone() -> None:
    def list_unlinked(choice: str) -> list[str]:
        losses = CartridgeFormat().list_losses(build_attached(), {"quotes": True, "materials": choice})
        return [loss.title for loss in losses if loss.field == "references.link"]

    assert list_unlinked("none") == ["Vapour", "Boiling point", "Gone", "Task"]
    assert list_unlinked("cited") == ["Gone", "Task"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('href="../materials/', 'href="../pages/'),
        ('href="../materials/', 'onclick="a()" href="../materials/'),
        ('href="../materials/', 'href="javascript:a()//../materials/'),
    ],
)
def test_a_link_to_what_is_no_material_is_a_fault(tmp_path: Path, old: str, new: str) -> None:
    path = tmp_path / "course.imscc"
    snapshot = replace(build_attached(), files=build_attached().files[:1])
    path.write_bytes(change(write(CartridgeFormat(), snapshot, materials="cited"), "pages/", old, new))

    assert CartridgeFormat().validate(path).exit == 1


def list_identifiers(course: ExampleCourse) -> list[str]:
    manifest = unpack(write(CartridgeFormat(), course.build_snapshot()))["imsmanifest.xml"]
    return re.findall(r'identifier="([^"]+)"', manifest)


def test_identifiers_stay_when_titles_order_and_neighbours_change() -> None:
    course = build_plain_course()
    before = set(
        re.findall(
            r'identifier="([^"]+)"', unpack(write(CartridgeFormat(), course.build_snapshot()))["imsmanifest.xml"]
        )
    )
    for node in course.build_snapshot().walk_nodes():
        node.row.title += " again"  # type: ignore[misc]  # a row of an example
    course.modules.reverse()
    course.modules.append(build_node(NodeType.MODULE, "New", build_node(NodeType.LESSON, "Newer")))

    after = list_identifiers(course)

    assert set(before) < set(after)
    assert len(after) == len(set(after))


def test_a_cartridge_has_the_identifier_of_its_course() -> None:
    first, other = (
        ExportedSnapshot(course=StructureSnapshot(title=title, node_id=key), modules=[])
        for title, key in (("Water", UUID(int=1)), ("Fire", UUID(int=2)))
    )
    renamed = ExportedSnapshot(course=StructureSnapshot(title="Ice", node_id=UUID(int=1)), modules=[])
    manifests = [unpack(write(CartridgeFormat(), each))["imsmanifest.xml"] for each in (first, renamed, other)]

    found = [re.findall(r'<manifest [^>]* identifier="([^"]+)"', manifest)[0] for manifest in manifests]

    assert found[0] == found[1] != found[2]


def test_characters_that_xml_forbids_are_seen_and_break_nothing(tmp_path: Path) -> None:
    assert escape_text('a\x00\x0b<b>\ud800"\n  c') == "a\ufffd\ufffd&lt;b&gt;\ufffd&quot; c"
    lesson = build_node(NodeType.LESSON, "a\x07b\ufffe", description="c\x1bd\n\n```\n<e>\x00\n```")
    path = tmp_path / "course.imscc"

    path.write_bytes(write(CartridgeFormat(), build_snapshot(lesson)))

    assert CartridgeFormat().validate(path).exit == 0
    assert "&lt;e&gt;\ufffd" in find_file(build_snapshot(lesson), "pages/")


def test_columns_of_tables_may_be_aligned(tmp_path: Path) -> None:
    lesson = build_node(NodeType.LESSON, "Heat", description="| a | b |\n| :- | -: |\n| 1 | 2 |")
    path = tmp_path / "course.imscc"

    path.write_bytes(write(CartridgeFormat(), build_snapshot(lesson)))

    assert CartridgeFormat().validate(path).exit == 0
    assert '<td style="text-align:right">2</td>' in find_file(build_snapshot(lesson), "pages/")


def test_moodle_finds_the_version_in_the_first_bytes() -> None:
    manifest = unpack(write(CartridgeFormat(), build_hostile_course().build_snapshot()))["imsmanifest.xml"]

    assert 'xmlns="http://www.imsglobal.org/xsd/imsccv1p1/imscp_v1p1"' in manifest[:500]


def test_a_concept_outside_lessons_is_lost_as_a_whole() -> None:
    module = build_node(NodeType.MODULE, "All", build_node(NodeType.CONCEPT, "Alone", description="It."))

    losses = CartridgeFormat().list_losses(build_snapshot(module), {"quotes": True, "materials": "none"})

    assert [(loss.title, loss.field) for loss in losses] == [("Alone", "all")]


def change(content: bytes, path: str, old: str, new: str) -> bytes:
    """Return a package with something else in its files below a path."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as package, zipfile.ZipFile(out, "w") as changed:
        found = 0
        for name in package.namelist():
            text = package.read(name).decode()
            found += name.startswith(path) and old in text
            changed.writestr(name, text.replace(old, new, 1) if name.startswith(path) else text)
    assert found
    return out.getvalue()


MANIFEST = "imsmanifest.xml"


@pytest.mark.parametrize(
    ("path", "old", "new", "said"),
    [
        (MANIFEST, "imsccv1p1/imscp_v1p1", "other", "of no version"),
        (MANIFEST, "<manifest ", f"<manifest {' ' * 500}", "first 500 bytes"),
        (MANIFEST, "1.1.0", "1.3.0", "not '1.1.0'"),
        (MANIFEST, "<lomimscc:string>Water</lomimscc:string>", "", "no title"),
        (MANIFEST, "<organizations>", "<resources/><organizations>", "in this order"),
        (MANIFEST, "rooted-hierarchy", "flat", "rooted-hierarchy"),
        (MANIFEST, '<item identifier="root">', '<item identifier="root"><title>A</title>', "root item"),
        (MANIFEST, "<title>Hot</title>", "", "not a title and then items"),
        (MANIFEST, "<title>Hot</title>", "<title> </title>", "blank"),
        (MANIFEST, "<title>Hot</title>", "<title>Hot</title><parameters/>", "not a title and then items"),
        (MANIFEST, 'identifierref="', 'identifierref="no', "there is no resource"),
        (MANIFEST, "</title></item>", '</title><item identifier="a"><title>A</title></item></item>', "and holds items"),
        (MANIFEST, 'identifier="organization"', 'identifier="root"', "2 elements"),
        (MANIFEST, 'identifier="organization"', 'identifier="1 a"', "no identifier"),
        (MANIFEST, 'type="webcontent"', 'type="other"', "none of this version"),
        (MANIFEST, 'type="webcontent" href="', 'type="webcontent" href="no', "none of its files"),
        (MANIFEST, '<file href="', '<file href="no', "there is no file"),
        (MANIFEST, '<file href="', '<file href="no', "no resource names it"),
        (MANIFEST, 'type="imsdt_xmlv1p1"', 'type="imsdt_xmlv1p1" href="a"', "has an address"),
        ("pages/", "<h1>", "<script></script><h1>", "`script`"),
        ("pages/", "<h1>", '<h1 onclick="a()">', "`onclick`"),
        ("pages/", "<h1>", '<h1 style="position:fixed">', "`style`"),
        ("pages/", "<h1>", '<a href="javascript:a()">a</a><h1>', "javascript:"),
        ("topics/", "text/html", "text/other", "no known type"),
        ("topics/", "<text ", "<title/><text ", "no topic"),
        ("topics/", "&lt;p&gt;", "&lt;img src=a&gt;", "`img`"),
        ("quizzes/", "questestinterop xmlns", "questestinterop other", "no QTI"),
        ("quizzes/", ">choice1</varequal>", ">choice9</varequal>", "none of its choices"),
        ("quizzes/", 'ident="choice1"', 'ident="choice0"', "two have one name"),
        ("quizzes/", "cc.multiple_choice.v0p1", "cc.essay.v0p1", "not what its type says"),
        ("quizzes/", 'rcardinality="Single"', 'rcardinality="Multiple"', "not what its type says"),
        ("quizzes/", "<resprocessing>", "<itemfeedback/><resprocessing>", "in this order"),
        ("quizzes/", "<section ", "<other ", "no QTI"),
        (
            "quizzes/",
            "<decvar ",
            "<decvar>a</decvar><decvar ",
            "outcomes: it holds decvar decvar, in the order or number",
        ),
        ("quizzes/", ' varname="SCORE" vartype', " vartype", "decvar: the attribute 'varname' is missing"),
        ("quizzes/", 'action="Set"', 'action="Add"', "setvar: the attribute 'action' is 'Add'"),
        ("quizzes/", "<other/>", "<unanswered/>", "unanswered: there is no such element"),
        ("quizzes/", "<render_choice>", '<render_choice shuffle="Yes">', "it has no attribute 'shuffle'"),
        ("quizzes/", "<flow_mat>", "<flow_mat>Because", "flow_mat: it holds text"),
        ("quizzes/", 'respident="response"', 'respident="other"', "there is no response_lid 'other'"),
        ("quizzes/", 'linkrefid="general_fb"', 'linkrefid="other"', "there is no itemfeedback 'other'"),
        ("topics/", "<topic ", '<topic version="1" ', "topic: it has no attribute 'version'"),
        (MANIFEST, "<file ", '<file version="1" ', "file: it has no attribute 'version'"),
        (MANIFEST, "<lomimscc:description>", "<lomimscc:coverage/><lomimscc:description>", "in the order or number"),
    ],
)
def test_its_validator_finds_each_fault(tmp_path: Path, path: str, old: str, new: str, said: str) -> None:
    course = build_plain_course()
    course.modules.append(build_node(NodeType.MODULE, "Rivers", CHOICES))
    package = tmp_path / "course.imscc"
    package.write_bytes(change(write(CartridgeFormat(), course.build_snapshot()), path, old, new))

    report = CartridgeFormat().validate(package)

    assert report.exit == 1
    assert any(said in message for message in report.messages), report.messages


def test_files_that_no_resource_names_and_paths_that_lead_out_are_faults(tmp_path: Path) -> None:
    package = tmp_path / "course.imscc"
    package.write_bytes(write(CartridgeFormat(), build_plain_course().build_snapshot()))
    with zipfile.ZipFile(package, "a") as archive:
        archive.writestr("../out.html", "")
        archive.writestr("IMSMANIFEST.XML", "")

    messages = CartridgeFormat().validate(package).messages

    assert "../out.html: a path that leads out of the package" in messages
    assert "../out.html: no resource names it" in messages
    assert "imsmanifest.xml: 2 files of this name" in messages
