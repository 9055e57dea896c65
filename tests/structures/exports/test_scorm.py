"""Structures as SCORM packages, and their pages in a browser."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from structures.engines.base.drafts import NodeType
from structures.exports.base import ExportedNode, ExportedSnapshot
from structures.exports.scorm.manifest import MAX_TITLE, shorten_title
from structures.exports.scorm.scorm import ScormFormat
from structures.models import StructureSnapshot
from tests.browser import Browser
from tests.fakes.site import answer
from tests.structures.exports.courses import (
    ExampleCourse,
    ExampleNode,
    build_node,
    build_plain_course,
    cite_talk,
)
from tests.structures.exports.round_trips import plan_import, read_contents
from tests.structures.exports.scorm_player import PLATFORM, play
from tests.structures.exports.test_cartridge import CHOICES, change
from tests.structures.exports.test_chapters import unpack
from tests.structures.exports.test_formats import COURSES, write

SEVERAL = build_node(
    NodeType.EXERCISE, "Melts", description="What melts?\n- a) Ice\n- b) Stone\n- c) Snow",
    reference_solution="a\nc", grading_criteria=["Both are named"],
)  # fmt: skip
OPEN = build_node(NodeType.EXERCISE, "Boil", description="Boil it.", reference_solution="Ten minutes & more.")
LONG_TEXT = "\n\n".join(f"Paragraph {number}." for number in range(60))


def build_snapshot(*nodes: ExampleNode) -> ExportedSnapshot:
    return ExportedSnapshot(course=StructureSnapshot(title="Water"), modules=nodes)


def find_page(snapshot: ExportedSnapshot, node: ExampleNode, **options: bool) -> str:
    return unpack(write(ScormFormat(), snapshot, **options))[f"pages/{node.row.key}.html"]


def list_outline(nodes: Sequence[ExportedNode], depth: int = 0) -> Iterator[tuple[int, str]]:
    """Yield modules, lessons and exercises outside lessons as depth and title."""
    for node in nodes:
        if node.node_type is not NodeType.CONCEPT:
            yield depth, shorten_title(node.row.title)
        if node.node_type is NodeType.MODULE:
            yield from list_outline(node.children, depth + 1)


@pytest.mark.parametrize("build", COURSES.values(), ids=COURSES)
def test_our_own_import_gives_back_modules_lessons_order_and_titles(
    tmp_path: Path, build: Callable[[], ExampleCourse]
) -> None:
    course = build()

    plan = plan_import(tmp_path, write(ScormFormat(), course.build_snapshot()))

    assert plan.package == "SCORM 1.2"
    assert plan.title == " ".join(course.course.title.split())
    assert read_contents(plan) == list(list_outline(course.modules))
    assert {skipped.skip.code for skipped in plan.skipped} == {"package_description", "type_unsupported"}
    assert not plan.warnings


def test_a_page_has_a_lesson_its_questions_and_solutions_to_open() -> None:
    lesson = build_node(NodeType.LESSON, "Heat", CHOICES, SEVERAL, OPEN, learning_goal="Know it.")

    page = find_page(build_snapshot(lesson), lesson)
    without = find_page(build_snapshot(lesson), lesson, solutions=False)

    assert re.findall(r"<(?:h[123]|legend|label|summary)>(?:<input[^>]*> )?([^<\n]+)", page) == [
        "Heat", "Goals", "Exercises",
        "Ends", "Choose one.", "At its source", "At its &lt;mouth&gt;", "Nowhere",
        "Melts", "Choose all that are right.", "a) Ice", "b) Stone", "c) Snow", "How it is graded",
        "Boil", "Solution",
    ]  # fmt: skip
    assert re.findall(r'data-right="([^"]+)"', page) == ["1", "0 2"]
    assert '<div class="explanation" hidden><p>Water flows down.</p></div>' in page
    assert "Ten minutes &amp; more." in page
    assert "<summary>" not in without
    assert "Ten minutes" not in without


def test_an_exercise_outside_lessons_is_a_page_and_an_empty_module_a_heading() -> None:
    module = build_node(NodeType.MODULE, "Now", OPEN)
    snapshot = build_snapshot(build_node(NodeType.MODULE, "Soon"), module)

    manifest = unpack(write(ScormFormat(), snapshot))["imsmanifest.xml"]

    assert re.findall(r"<item [^>]*>(?:<title>[^<]*</title>)?", manifest)[0].endswith("<title>Soon</title>")
    assert f'identifierref="resource-exercise-{OPEN.row.key}"' in manifest
    assert "<h1>Boil</h1>" in find_page(snapshot, OPEN)


def test_identifiers_stay_when_titles_order_and_neighbours_change() -> None:
    course = build_plain_course()
    before = set(
        re.findall(r'identifier="([^"]+)"', unpack(write(ScormFormat(), course.build_snapshot()))["imsmanifest.xml"])
    )
    for node in course.build_snapshot().walk_nodes():
        node.row.title += " again"  # type: ignore[misc]  # a row of an example
    course.modules.reverse()
    course.modules.append(build_node(NodeType.MODULE, "New", build_node(NodeType.LESSON, "Newer")))

    after = re.findall(
        r'identifier="([^"]+)"', unpack(write(ScormFormat(), course.build_snapshot()))["imsmanifest.xml"]
    )

    assert before < set(after)
    assert len(after) == len(set(after))


def test_losses_are_what_no_page_shows() -> None:
    lone = build_node(NodeType.CONCEPT, "Alone", description="It.")
    task = build_node(
        NodeType.EXERCISE, "Boil", description="Boil it.", reference_solution="So.", grading_criteria=["Hard"],
        difficulty=2, references=[cite_talk(1_000, 2_000)],
    )  # fmt: skip
    lesson = build_node(NodeType.LESSON, "L" * 300, task, learning_goal="Know it.")
    module = build_node(NodeType.MODULE, "M" * 300, lone, lesson, description="About.", arranged_by="folders")
    snapshot = build_snapshot(module)

    def list_losses(**options: bool) -> list[tuple[str, str]]:
        losses = ScormFormat().list_losses(snapshot, {"quotes": True, "solutions": True, **options})
        return [(loss.title[:5], loss.field) for loss in losses]

    all_options = [
        ("MMMMM", "title"), ("MMMMM", "description"), ("MMMMM", "arranged_by"), ("Alone", "all"),
        ("Boil", "references.link"),
    ]  # fmt: skip
    assert list_losses() == all_options
    assert list_losses(solutions=False) == [
        *all_options[:4], ("Boil", "reference_solution"), ("Boil", "grading_criteria"), all_options[4],
    ]  # fmt: skip
    assert list_losses(quotes=False) == [*all_options, ("Boil", "references.quote")]
    page = find_page(snapshot, lesson)
    for text in ("L" * 300, "Know it.", "Boil it.", "So.", "Hard", "difficulty 2 of 5", "Part/talk.mp4, 00:01–00:02"):
        assert text in page
    manifest = unpack(write(ScormFormat(), snapshot))["imsmanifest.xml"]
    assert "M" * (MAX_TITLE - 1) + "…" in manifest
    assert "M" * MAX_TITLE not in manifest
    assert "About." not in manifest + page


def test_characters_that_html_forbids_are_seen_and_said() -> None:
    lesson = build_node(NodeType.LESSON, "a\x07b", description="c\x1bd")
    snapshot = build_snapshot(lesson)

    losses = ScormFormat().list_losses(snapshot, {"quotes": True, "solutions": True})

    assert [(loss.title, loss.field) for loss in losses] == [("a\x07b", "title"), ("a\x07b", "description")]
    assert "<h1>a\ufffdb</h1>\n<p>c\ufffdd</p>" in find_page(snapshot, lesson)


@pytest.mark.parametrize("nodes", [[], [build_node(NodeType.MODULE, "Soon")]], ids=["empty", "without lessons"])
def test_a_course_without_lessons_is_a_package_without_pages(tmp_path: Path, nodes: list[ExampleNode]) -> None:
    path = tmp_path / "course.zip"
    path.write_bytes(write(ScormFormat(), build_snapshot(*nodes)))

    assert ScormFormat().validate(path).messages == ()


MANIFEST = "imsmanifest.xml"


@pytest.mark.parametrize(
    ("path", "old", "new", "said"),
    [
        (MANIFEST, "imscp_rootv1p1p2", "other", "not that of SCORM 1.2"),
        (MANIFEST, "<schemaversion>1.2", "<schemaversion>2004", "not '1.2'"),
        (MANIFEST, "<schema>ADL SCORM</schema>", "", "in this order"),
        (MANIFEST, "<organizations ", "<resources/><organizations ", "in this order"),
        (MANIFEST, 'default="organization"', 'default="other"', "the default"),
        (MANIFEST, "<title>Water</title>", "", "other than a title"),
        (MANIFEST, "<title>Hot</title>", "", "not a title and then items"),
        (MANIFEST, "<title>Hot</title>", "<title> </title>", "blank"),
        (MANIFEST, "<title>Hot</title>", f"<title>{'H' * 201}</title>", "more than 200"),
        (MANIFEST, 'identifierref="', 'identifierref="no', "there is no resource"),
        (MANIFEST, 'identifier="organization"', 'identifier="shared"', "2 elements"),
        (MANIFEST, 'identifier="organization"', 'identifier="1 a"', "no identifier"),
        (MANIFEST, 'type="webcontent"', 'type="other"', "its type is not"),
        (MANIFEST, 'scormtype="sco"', 'scormtype="page"', "neither `sco` nor `asset`"),
        (MANIFEST, 'scormtype="sco"', 'scormtype="asset"', "there is no resource"),
        (MANIFEST, 'adlcp:scormtype="sco" href="', 'adlcp:scormtype="sco" href="no', "none of its files"),
        (MANIFEST, '<file href="', '<file href="no', "there is no file"),
        (MANIFEST, '<file href="', '<file href="no', "no resource names it"),
        (MANIFEST, '<dependency identifierref="shared"/>', "", "does not depend"),
        (MANIFEST, '<dependency identifierref="shared"/>', '<dependency identifierref="a"/>', "no resource 'a'"),
        ("pages/", "<h1>", "<script>a()</script><h1>", "`script`"),
        ("pages/", "../shared/lesson.js", "https://example.org/a.js", "`script`"),
        ("pages/", "../shared/lesson.js", "https://example.org/a.js", 'lacks src="../shared/lesson.js"'),
        ("pages/", ' id="progress"', "", 'lacks id="progress"'),
        ("pages/", ' data-right="1"', "", "does not say"),
        ("pages/", ' data-right="1"', ' data-right="7"', "none of its choices"),
    ],
)
def test_its_validator_finds_each_fault(tmp_path: Path, path: str, old: str, new: str, said: str) -> None:
    course = build_plain_course()
    course.modules.append(build_node(NodeType.MODULE, "Rivers", CHOICES))
    package = tmp_path / "course.zip"
    package.write_bytes(change(write(ScormFormat(), course.build_snapshot()), path, old, new))

    report = ScormFormat().validate(package)

    assert report.exit == 1
    assert any(said in message for message in report.messages), report.messages


def test_files_that_no_resource_names_are_faults(tmp_path: Path) -> None:
    package = tmp_path / "course.zip"
    package.write_bytes(write(ScormFormat(), build_plain_course().build_snapshot()))
    with zipfile.ZipFile(package, "a") as archive:
        archive.writestr("more.html", "")

    assert ScormFormat().validate(package).messages == ("more.html: no resource names it",)


def test_a_lesson_with_questions_is_scored_and_passed(chromium: Browser) -> None:
    lesson = build_node(NodeType.LESSON, "Heat", CHOICES, SEVERAL, OPEN)
    content, page = write(ScormFormat(), build_snapshot(lesson)), f"pages/{lesson.row.key}.html"
    with play(chromium, content) as player:
        player.open(page)
        assert chromium.evaluate("calls[0]") == ["LMSInitialize", ""]
        assert chromium.evaluate("values['cmi.core.lesson_status']") == "incomplete"
        assert player.evaluate("document.querySelector('.explanation').hidden")

        assert player.answer(CHOICES.row.key) == "Choose first."
        assert player.answer(CHOICES.row.key, 1) == "Right."
        assert not player.evaluate("document.querySelector('.explanation').hidden")
        assert player.answer(SEVERAL.row.key, 0) == "Not right."
        player.wait_until_said("Questions answered: 2 of 2, right: 1. This lesson is completed.")
        assert chromium.evaluate("values['cmi.core.score.raw']") == "50"
        assert chromium.evaluate("values['cmi.core.lesson_status']") == "completed"

        player.leave()
        assert chromium.evaluate("calls.slice(-3).map((each) => each[0])") == ["LMSSetValue", "LMSCommit", "LMSFinish"]
        assert re.fullmatch(r"00:00:\d\d", chromium.evaluate("values['cmi.core.session_time']"))

        # The answers are there again; what is answered right now counts, and what was right stays so.
        player.open(page)
        player.wait_until_said("Questions answered: 2 of 2, right: 1.")
        assert player.answer(SEVERAL.row.key, 0, 2) == "Right."
        player.wait_until_said("This lesson is passed.")
        player.answer(CHOICES.row.key, 0)
        assert chromium.evaluate("values['cmi.core.score.raw']") == "100"
        assert chromium.evaluate("values['cmi.core.lesson_status']") == "passed"
        player.leave()
        assert chromium.evaluate("calls.filter((each) => each[0] === 'LMSFinish').length") == 2
        assert chromium.messages == []


def test_a_lesson_without_questions_is_completed_at_its_end(chromium: Browser) -> None:
    lesson = build_node(NodeType.LESSON, "Heat", OPEN, description=LONG_TEXT)
    short = build_node(NodeType.LESSON, "Ice", description="Cold.")
    with play(chromium, write(ScormFormat(), build_snapshot(lesson, short))) as player:
        player.open(f"pages/{lesson.row.key}.html")
        player.wait_until_said("It is completed when its end is read.")
        assert chromium.evaluate("values['cmi.core.lesson_status']") == "incomplete"

        player.evaluate("document.querySelector('#end').scrollIntoView()")

        player.wait_until_said("This lesson is completed.")
        assert chromium.evaluate("values['cmi.core.lesson_status']") == "completed"
        assert chromium.evaluate("values['cmi.core.score.raw']") == ""
        player.leave()
        chromium.evaluate("values['cmi.core.lesson_status'] = 'not attempted'")
        player.open(f"pages/{short.row.key}.html")
        player.wait_until_said("This lesson is completed.")
        assert chromium.messages == []


def test_without_a_platform_a_lesson_works_and_says_that_nothing_is_recorded(chromium: Browser) -> None:
    lesson = build_node(NodeType.LESSON, "Heat", CHOICES)
    path = f"pages/{lesson.row.key}.html"
    with play(chromium, write(ScormFormat(), build_snapshot(lesson)), platform="") as player:
        player.open(path)
        assert player.answer(CHOICES.row.key, 1) == "Right."
        player.wait_until_said("right: 1. This lesson is not connected to a learning platform: nothing is recorded.")
    inner = answer(f'<iframe src="/{path}"></iframe>'.encode())
    with play(chromium, write(ScormFormat(), build_snapshot(lesson)), others={"/inner": inner}) as player:
        # The windows above it are of another site, or hold none.
        player.open("inner")
        chromium.wait_until("calls.length > 0")
        count = chromium.evaluate("calls.length")
        player.open("inner", host="localhost")
        assert chromium.evaluate("calls.slice(-1)[0][0]") == "LMSFinish"
        assert chromium.evaluate("calls.filter((each) => each[0] === 'LMSInitialize').length") == 1
        assert chromium.evaluate("calls.length") == count + 3
        assert chromium.messages == []


@pytest.mark.parametrize(
    ("platform", "said"),
    [
        ("refused.push('LMSInitialize')", "did not record this lesson: It is refused by 101 (error 101)."),
        ("refused.push('cmi.core.score.raw')", "did not record this lesson: It is refused by 405 (error 405)."),
        ("values['cmi.core.lesson_mode'] = 'review'", "shows this lesson for a look: nothing is recorded."),
        ("refused.push('cmi.suspend_data', 'cmi.core.score.min')", "This lesson is passed."),
        ("values['cmi.core.lesson_status'] = 'failed'", "This lesson is passed."),
        ("values['cmi.suspend_data'] = 'other=1;broken;=;'", "Questions answered: 1 of 1, right: 1."),
    ],
)
def test_what_a_platform_refuses_is_said_unless_it_need_not_take_it(
    chromium: Browser, platform: str, said: str
) -> None:
    lesson = build_node(NodeType.LESSON, "Heat", CHOICES)
    with play(chromium, write(ScormFormat(), build_snapshot(lesson)), platform=f"{PLATFORM};{platform}") as player:
        player.open(f"pages/{lesson.row.key}.html")

        assert player.answer(CHOICES.row.key, 1) == "Right."

        player.wait_until_said(said)
        assert chromium.messages == []
