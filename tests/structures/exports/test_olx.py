"""Structures as courses of Open edX."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from structures.engines.base.drafts import NodeType
from structures.exports.base import ExportedSnapshot
from structures.exports.olx.olx import OLXFormat
from structures.exports.places import find_file_url, find_youtube_id
from structures.models import StructureSnapshot
from tests.structures.exports.broken_olx import BROKEN, break_course, build_snapshot, pack_tar, unpack_tar
from tests.structures.exports.courses import (
    DELETED,
    TALK,
    ExampleChunk,
    ExampleCourse,
    ExampleNode,
    build_node,
    build_plain_course,
    build_recording,
    cite_talk,
)
from tests.structures.exports.round_trips import list_flat_outline, plan_import, read_contents
from tests.structures.exports.test_formats import COURSES, write


def build_course(*nodes: ExampleNode, title: str = "Water") -> ExportedSnapshot:
    return ExportedSnapshot(course=StructureSnapshot(title=title), modules=nodes)


def read_files(snapshot: ExportedSnapshot, folder: str = "") -> dict[str, str]:
    """Return the text files below a folder of the course by their paths."""
    files = unpack_tar(write(OLXFormat(), snapshot))
    return {name: text.decode() for name, text in files.items() if name.startswith(folder) and not name.endswith("png")}


def list_losses(snapshot: ExportedSnapshot) -> set[tuple[str, str]]:
    return {(loss.title, loss.field) for loss in OLXFormat().list_losses(snapshot, {"quotes": True})}


@pytest.mark.parametrize("build", COURSES.values(), ids=COURSES)
def test_our_own_import_gives_back_modules_lessons_order_and_titles(
    tmp_path: Path, build: Callable[[], ExampleCourse]
) -> None:
    course = build()

    plan = plan_import(tmp_path, write(OLXFormat(), course.build_snapshot()))

    assert plan.package == "Open edX course (OLX)"
    assert plan.title == " ".join(course.course.title.split())
    assert read_contents(plan) == list(list_flat_outline(course.modules))
    assert {skipped.skip.code for skipped in plan.skipped} == {"package_description"}
    assert not [folder for folder in plan.folders if folder.title == "Other files"]
    assert not plan.warnings


def test_modules_in_modules_are_sections_with_their_path_and_all_stay_in_order(tmp_path: Path) -> None:
    lessons = [build_node(NodeType.LESSON, f"Lesson {number}") for number in range(4)]
    inner = build_node(NodeType.MODULE, "Inner", lessons[1])
    outer = build_node(NodeType.MODULE, "Outer", lessons[0], inner, lessons[2])
    snapshot = build_course(outer, build_node(NodeType.MODULE, "Last", lessons[3]))

    contents = read_contents(plan_import(tmp_path, write(OLXFormat(), snapshot)))

    assert contents == [
        *((0, "Outer"), (1, "Lesson 0"), (0, "Outer / Inner"), (1, "Lesson 1")),
        *((0, "Outer"), (1, "Lesson 2"), (0, "Last"), (1, "Lesson 3")),
    ]
    assert list_losses(snapshot) == {("Inner", "parent")}


def test_a_path_of_titles_keeps_its_end_where_it_is_too_long_for_open_edx() -> None:
    deep = build_node(NodeType.MODULE, "Innermost", build_node(NodeType.LESSON, "Ice"))
    for number in range(4):
        deep = build_node(NodeType.MODULE, f"{number} " + "long " * 80, deep)
    snapshot = build_course(deep, title="Very long " * 40)

    (title,) = re.findall(r'<chapter display_name="(.*)">', "".join(read_files(snapshot, "chapter/").values()))
    settings = json.loads(read_files(snapshot)["policies/export/policy.json"])["course/export"]

    assert title.startswith("… / 1 long")
    assert title.endswith("long / Innermost")
    assert len(title) <= 1000
    assert len(settings["display_name"]) == 255
    assert (snapshot.course.title, "title") in list_losses(snapshot)


def test_lessons_without_a_module_are_in_a_section_of_the_course_and_come_back_without_it(tmp_path: Path) -> None:
    task = build_node(NodeType.EXERCISE, "Task", description="Do it.")
    snapshot = build_course(build_node(NodeType.LESSON, "Ice"), task, build_node(NodeType.CONCEPT, "Alone"))

    contents = read_contents(plan_import(tmp_path, write(OLXFormat(), snapshot)))

    assert contents == [(0, "Ice"), (0, "Task")]
    assert list_losses(snapshot) == {("Ice", "parent"), ("Task", "parent"), ("Alone", "all")}


@pytest.mark.parametrize("modules", [[], [build_node(NodeType.MODULE, "Soon")]], ids=["nothing", "an empty module"])
def test_a_course_without_lessons_is_valid(tmp_path: Path, modules: list[ExampleNode]) -> None:
    path = tmp_path / "course.tar.gz"
    path.write_bytes(write(OLXFormat(), build_course(*modules)))

    report = OLXFormat().validate(path)

    assert report.exit == 0, report.messages
    assert [file.count('display_name="Soon"') for file in read_files(build_course(*modules), "chapter/").values()] == [
        1 for _ in modules
    ]


def test_a_lesson_shows_the_part_of_a_recording_that_it_cites_with_its_transcript(tmp_path: Path) -> None:
    concept = build_node(NodeType.CONCEPT, "Ice", references=[cite_talk(70_500, 90_200), cite_talk(1, 2, DELETED)])
    lesson = build_node(NodeType.LESSON, "Cold", concept, references=[cite_talk(62_900, 80_000)])
    snapshot = replace(
        build_course(build_node(NodeType.MODULE, "All", lesson)), recordings=[build_recording()],
        addresses={TALK: "https://www.youtube.com/watch?v=a-b_c"},
    )  # fmt: skip

    (chapter,) = read_files(snapshot, "chapter/").values()
    transcripts = read_files(snapshot, "static/")

    assert re.search(
        r'<video url_name="video-\S+" display_name="talk.mp4" youtube_id_1_0="a-b_c" start_time="00:01:02" '
        r'end_time="00:01:31" download_video="false">\n<transcript language="en" src="(\S+)"/>\n</video>',
        chapter,
    )
    assert list(transcripts) == [f"static/transcript-{TALK}.srt"]
    assert "Ada: Water & <heat>." in transcripts[f"static/transcript-{TALK}.srt"]
    assert list_losses(snapshot) == {("Cold", "references.end_ms"), ("Ice", "references.link")}
    assert [file.name for file in plan_import(tmp_path, write(OLXFormat(), snapshot)).files] == [
        *("SUMMARY.md", "Cold.html", "talk.mp4.srt")
    ]


def test_a_recording_elsewhere_is_a_file_and_without_captions_has_no_transcript() -> None:
    timeless = replace(build_recording(), open_transcript=lambda: iter([ExampleChunk("Hi.", None, None)]))
    lesson = build_node(NodeType.LESSON, "Cold", references=[cite_talk(90_000_000, 90_001_000)])
    snapshot = replace(
        build_course(lesson), recordings=[timeless], addresses={TALK: "https://example.org/a.mp4?x=1&y=2"}
    )

    (chapter,) = read_files(snapshot, "chapter/").values()

    assert 'youtube_id_1_0="" start_time="23:59:59" download_video' in chapter
    assert '\n<source src="https://example.org/a.mp4?x=1&amp;y=2"/>\n</video>' in chapter
    assert not read_files(snapshot, "static/")


@pytest.mark.parametrize(
    "address", ["", "https://vimeo.com/1", "https://example.org/a.vtt", "javascript:a()", "https://["]
)
def test_what_open_edx_cannot_play_is_no_video(address: str) -> None:
    assert "<video" not in "".join(read_files(build_snapshot(address), "chapter/").values())


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("https://www.youtube.com/watch?v=a-b_c&t=1", "a-b_c"),
        ("https://youtu.be/a-b_c?t=1", "a-b_c"),
        ("https://www.youtube-nocookie.com/embed/a-b_c", "a-b_c"),
        ("https://m.youtube.com/shorts/a-b_c/", "a-b_c"),
        ("https://www.youtube.com/playlist?list=a", ""),
        ('https://www.youtube.com/watch?v="><b', ""),
        ("https://notyoutube.com/watch?v=a", ""),
        ("ftp://youtu.be/a", ""),
    ],
)
def test_the_id_of_a_video_is_found_in_addresses_of_youtube_alone(address: str, found: str) -> None:
    assert find_youtube_id(address) == found
    assert (find_file_url(address) == address) == address.startswith("https://notyoutube")


def test_a_question_names_its_choices_and_learners_see_no_solution_of_an_open_one() -> None:
    files = read_files(build_snapshot())
    texts = "".join(files.values())
    (problem,) = [text for name, text in files.items() if name.startswith("problem/")]

    assert "<multiplechoiceresponse>\n<label>Where does a river end?</label>\n<choicegroup" in problem
    assert '<choice correct="true">At its &lt;mouth&gt;</choice>' in problem
    assert "Ten minutes." not in texts
    assert "It is hard" not in texts
    assert {("Boil an egg", "reference_solution"), ("Boil an egg", "grading_criteria")} <= list_losses(build_snapshot())


def test_names_stay_when_titles_order_and_neighbours_change() -> None:
    course = build_plain_course()

    def list_names() -> list[str]:
        text = "".join(read_files(replace(course.build_snapshot(), addresses={TALK: "https://youtu.be/a"})).values())
        return re.findall(r'url_name="([^"]+)"', text)

    before = list_names()
    for node in course.build_snapshot().walk_nodes():
        node.row.title += " again"  # type: ignore[misc]  # a row of an example
    course.modules.reverse()
    course.modules.append(build_node(NodeType.MODULE, "New", build_node(NodeType.LESSON, "Newer")))

    after = list_names()

    assert set(before) < set(after)
    assert len(after) == len(set(after))


def test_characters_that_xml_forbids_are_seen_and_break_nothing(tmp_path: Path) -> None:
    lesson = build_node(NodeType.LESSON, "a\x07b\ufffe", description="c\x1bd\n\n```\n<e>\x00\n```")
    snapshot = build_course(lesson, title="\x00\ud800 & <b>")
    path = tmp_path / "course.tar.gz"

    path.write_bytes(write(OLXFormat(), snapshot))

    assert OLXFormat().validate(path).exit == 0
    assert "&lt;e&gt;\ufffd" in "".join(read_files(snapshot, "html/").values())


@pytest.mark.parametrize(("path", "old", "new", "said", "_name"), BROKEN)
def test_its_validator_finds_each_fault(tmp_path: Path, path: str, old: str, new: str, said: str, _name: str) -> None:
    package = tmp_path / "course.tar.gz"
    package.write_bytes(break_course(path, old, new))

    report = OLXFormat().validate(package)

    assert report.exit == 1
    assert any(said in message for message in report.messages), report.messages


def test_paths_that_lead_out_or_are_there_twice_and_large_files_are_faults(tmp_path: Path) -> None:
    package = tmp_path / "course.tar.gz"
    files = unpack_tar(write(OLXFormat(), build_snapshot()))
    twice = {**files, "../out.xml": b"", "COURSE.xml": b"<course/>", "about/large.html": b" " * (8 * 2**20 + 1)}
    package.write_bytes(pack_tar(twice))

    messages = "\n".join(OLXFormat().validate(package).messages)

    assert "course/../out.xml: no file, or a path that leads out" in messages
    assert "COURSE.xml: it is beside the course, or another file has this name" in messages
    assert "about/large.html: it has more than" in messages


def test_an_archive_that_ends_too_early_is_a_fault(tmp_path: Path) -> None:
    package = tmp_path / "course.tar.gz"
    package.write_bytes(write(OLXFormat(), build_snapshot())[:-200])

    assert OLXFormat().validate(package).exit == 1
