"""Structures as H5P: sets of questions, and interactive videos."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from materials.documents import Format
from materials.readers.quizzes.h5p import read_h5p
from structures.engines.base.drafts import NodeType
from structures.exports.base import ExportedRecording, ExportedSnapshot
from structures.exports.h5p.packages import MAX_TITLE_BYTES
from structures.exports.h5p.question_sets import H5PFormat
from structures.exports.h5p.questions import render_lines
from structures.exports.h5p.videos import H5PVideoFormat
from structures.models import StructureSnapshot
from tests.structures.exports.courses import (
    TALK,
    ExampleCourse,
    ExampleNode,
    build_hostile_course,
    build_node,
    build_plain_course,
    build_recording,
    cite_talk,
)
from tests.structures.exports.test_formats import COURSES, write

QUESTION = "Where does a river end?\n\n- At its source\n- At its <mouth>\n- Nowhere"
CHOICES = build_node(
    NodeType.EXERCISE, "Ends", description=QUESTION, reference_solution="At its <mouth>\n\nWater flows down.",
    references=[cite_talk(10_000, 20_500)], difficulty=2,
)  # fmt: skip
BLANK = build_node(NodeType.EXERCISE, "Colder", description="What is cold water?", reference_solution="Ice.")
ESSAY = build_node(
    NodeType.EXERCISE, "Why", description="Say why.\n\n- of ice\n    code",
    reference_solution="It is *cold*,\nand that is all.", grading_criteria=["It is hard"],
)  # fmt: skip


def build_snapshot(*nodes: ExampleNode, **fields: Any) -> ExportedSnapshot:
    given: dict[str, Any] = {name: fields.pop(name) for name in ("addresses", "recordings") if name in fields}
    return ExportedSnapshot(course=StructureSnapshot(title="Water", **fields), modules=nodes, **given)


def unpack(content: bytes) -> dict[str, Any]:
    """Return the files of a package by their names, JSON as what it says."""
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        files = {name: package.read(name) for name in package.namelist()}
    return {name: json.loads(data) if name.endswith(".json") else data for name, data in files.items()}


def read_back(tmp_path: Path, content: bytes) -> list[str]:
    """Return what our own reader of quizzes makes of a package."""
    path = tmp_path / f"read{Format.QUIZ}.h5p"
    path.write_bytes(content)
    return [piece.text for piece in read_h5p(path).pieces]


def list_fields(losses: Any) -> list[tuple[str, str]]:
    return [(loss.title, loss.field) for loss in losses]


def test_our_own_reader_gives_back_each_question_with_its_choices_and_solution(tmp_path: Path) -> None:
    module = build_node(NodeType.MODULE, "All", build_node(NodeType.LESSON, "Rivers", CHOICES, BLANK), ESSAY)

    content = write(H5PFormat(), build_snapshot(module))
    said = read_back(tmp_path, content)

    assert [said.index(title) for title in ("Ends", "Colder", "Why")] == sorted(
        said.index(title) for title in ("Ends", "Colder", "Why")
    )
    assert "- At its source\n- At its <mouth>\n- Nowhere" in said
    text = "\n".join(said)
    for words in ("Where does a river end?", "At its <mouth>\nWater flows down.", "What is cold water?", "Ice"):
        assert words in text
    assert "It is *cold*,\nand that is all." in text
    assert [each["machineName"] for each in unpack(content)["h5p.json"]["preloadedDependencies"]] == [
        "H5P.QuestionSet", "H5P.Blanks", "H5P.Essay", "H5P.MultiChoice"
    ]  # fmt: skip


@pytest.mark.parametrize("build", COURSES.values(), ids=COURSES)
def test_our_own_reader_gives_back_the_titles_of_exercises_in_their_order(
    tmp_path: Path, build: Callable[[], ExampleCourse]
) -> None:
    course = build()
    # The only question of a set has the title of the set when it is read.
    course.modules.append(build_node(NodeType.MODULE, "Rivers", CHOICES))
    snapshot = course.build_snapshot()
    titles = [node.row.title for node in snapshot.walk_nodes() if node.node_type is NodeType.EXERCISE]

    said = [" ".join(text.split()) for text in read_back(tmp_path, write(H5PFormat(), snapshot))]

    position = 0
    for title in titles:
        position = said.index(" ".join(title.split()), position) + 1


def test_questions_are_of_the_library_that_takes_their_solutions() -> None:
    both = build_node(
        NodeType.EXERCISE, "Both", description="Which?\n- a) Ice\n- b) Stone\n- c) Snow", reference_solution="a\nc"
    )
    marked = build_node(NodeType.EXERCISE, "Ratio", description="Which ratio?", reference_solution="1:2")

    asked = unpack(write(H5PFormat(), build_snapshot(CHOICES, BLANK, ESSAY, both, marked)))["content/content.json"][
        "questions"
    ]

    assert [each["library"] for each in asked] == [
        "H5P.MultiChoice 1.16", "H5P.Blanks 1.14", "H5P.Essay 1.5", "H5P.MultiChoice 1.16", "H5P.Essay 1.5"
    ]  # fmt: skip
    assert [each["behaviour"]["type"] for each in (asked[0]["params"], asked[3]["params"])] == ["single", "multi"]
    assert [answer["correct"] for answer in asked[3]["params"]["answers"]] == [True, False, True]
    assert asked[1]["params"]["questions"] == ["<p>*Ice/Ice.*</p>"]
    assert asked[2]["params"]["taskDescription"] == "<p>Say why.</p><p>- of ice<br>&nbsp;&nbsp;&nbsp;&nbsp;code</p>"
    assert asked[2]["params"]["solution"]["introduction"] == "<p>- It is hard</p>"
    assert [each["subContentId"] for each in asked[:2]] == [str(CHOICES.row.key), str(BLANK.row.key)]


@pytest.mark.parametrize(("libraries", "versions"), [("2024", (20, 27)), ("2026", (21, 28))])
def test_the_versions_of_libraries_are_those_of_the_option(libraries: str, versions: tuple[int, int]) -> None:
    snapshot = build_snapshot(CHOICES, recordings=[build_recording()])

    questions = unpack(write(H5PFormat(), snapshot, libraries=libraries))["h5p.json"]
    video = unpack(unpack(write(H5PVideoFormat(), snapshot, libraries=libraries))["talk.h5p"])["h5p.json"]

    assert [each["preloadedDependencies"][0]["minorVersion"] for each in (questions, video)] == list(versions)
    for export_format, library in ((H5PFormat(), f"1.{versions[0]}"), (H5PVideoFormat(), f"1.{versions[1]}")):
        losses = export_format.list_losses(snapshot, {"libraries": libraries})
        assert library in next(loss.reason for loss in losses if loss.field == "libraries")


def test_a_long_title_is_cut_for_the_package_and_whole_before_the_first_question() -> None:
    title = "Вода " * 100
    snapshot = ExportedSnapshot(course=StructureSnapshot(title=title, description="About\n\n<water>"), modules=[BLANK])

    files = unpack(write(H5PFormat(), snapshot))

    assert len(files["h5p.json"]["title"].encode()) <= MAX_TITLE_BYTES
    assert files["content/content.json"]["introPage"] == {
        "showIntroPage": True, "title": title.strip(), "introduction": "<p>About</p><p>&lt;water&gt;</p>"
    }  # fmt: skip


def test_losses_of_a_set_are_what_questions_do_not_say() -> None:
    snapshot = build_snapshot(build_node(NodeType.LESSON, "Rivers", CHOICES, BLANK, ESSAY), learning_goal="Know it.")

    assert list_fields(H5PFormat().list_losses(snapshot, {"libraries": "2024"})) == [
        ("Water", "libraries"), ("Water", "learning_goal"), ("Rivers", "all"), ("Ends", "difficulty"),
        ("Ends", "references"),
    ]  # fmt: skip


def read_videos(snapshot: ExportedSnapshot) -> dict[str, dict[str, Any]]:
    return {name: unpack(content) for name, content in unpack(write(H5PVideoFormat(), snapshot)).items()}


def test_chapters_are_bookmarks_and_the_transcript_is_a_track() -> None:
    (files,) = read_videos(build_plain_course().build_snapshot()).values()

    video = files["content/content.json"]["interactiveVideo"]

    assert [(each["time"], each["label"]) for each in video["assets"]["bookmarks"]] == [
        (0, "Heat"), (61, "Steam"), (95, "Ice")
    ]  # fmt: skip
    assert video["video"]["files"] == []
    assert video["video"]["textTracks"]["videoTrack"][0]["track"]["path"] == "files/track.vtt"
    assert files["content/files/track.vtt"].startswith(b"WEBVTT")
    assert [each["machineName"] for each in files["h5p.json"]["preloadedDependencies"]] == ["H5P.InteractiveVideo"]


def test_a_question_with_choices_is_asked_once_what_it_cites_was_said() -> None:
    late = build_node(
        NodeType.EXERCISE,
        "Late",
        description=QUESTION,
        reference_solution="Nowhere",
        references=[cite_talk(1, 999_000)],
    )
    snapshot = build_snapshot(late, CHOICES, BLANK, recordings=[build_recording(duration_ms=120_000)])

    (files,) = read_videos(snapshot).values()

    asked = files["content/content.json"]["interactiveVideo"]["assets"]["interactions"]
    assert [(each["duration"], each["pause"], each["action"]["metadata"]["title"]) for each in asked] == [
        ({"from": 20.5, "to": 30.5}, True, "Ends"), ({"from": 119, "to": 129}, True, "Late")
    ]  # fmt: skip
    assert asked[0]["x"] != asked[1]["x"]
    losses = list_fields(H5PVideoFormat().list_losses(snapshot, {"libraries": "2024"}))
    assert ("Colder", "all") in losses
    assert ("Ends", "difficulty") in losses
    assert ("Ends", "all") not in losses


@pytest.mark.parametrize(
    ("address", "path", "kind"),
    [
        ("https://youtu.be/abc?t=5", "https://www.youtube.com/watch?v=abc", "video/YouTube"),
        ("https://vimeo.com/123", "https://vimeo.com/123", "video/Vimeo"),
        ("https://example.org/a.MP4", "https://example.org/a.MP4", "video/mp4"),
        ("https://example.org/a", "https://example.org/a", "video/unknown"),
        ("javascript:alert(1)", None, None),
        ("", None, None),
    ],
)
def test_a_recording_on_the_web_is_played_from_there(address: str, path: str | None, kind: str | None) -> None:
    snapshot = build_snapshot(CHOICES, recordings=[build_recording()], addresses={TALK: address})

    (files,) = read_videos(snapshot).values()

    found = files["content/content.json"]["interactiveVideo"]["video"]["files"]
    assert [(each["path"], each["mime"]) for each in found] == ([] if path is None else [(path, kind)])
    losses = list_fields(H5PVideoFormat().list_losses(snapshot, {"libraries": "2024"}))
    assert (("Part/talk.mp4", "video") in losses) is (path is None)


def test_recordings_that_nothing_cites_are_lost_and_an_archive_without_videos_is_said(tmp_path: Path) -> None:
    silent = ExportedRecording(
        entry_id=UUID(int=7), name="talk.mp4", path="Other/talk.mp4", duration_ms=None, open_transcript=lambda: iter(())
    )
    cited, uncited = build_recording(), silent
    path = tmp_path / "videos.zip"
    path.write_bytes(write(H5PVideoFormat(), build_snapshot(CHOICES)))

    report = H5PVideoFormat().validate(path)
    losses = list_fields(
        H5PVideoFormat().list_losses(build_snapshot(CHOICES, recordings=[cited, uncited]), {"libraries": "2024"})
    )

    assert (report.exit, *report.messages) == (0, "No node cites a recording by time: there are no videos.")
    assert ("Other/talk.mp4", "all") in losses


def test_a_course_without_exercises_is_a_set_without_questions_and_said(tmp_path: Path) -> None:
    path = tmp_path / "set.h5p"
    path.write_bytes(write(H5PFormat(), build_snapshot(build_node(NodeType.MODULE, "Soon"))))

    report = H5PFormat().validate(path)

    assert report.exit == 0
    assert "no questions" in report.messages[0]


def test_lines_keep_what_they_say_and_run_nothing() -> None:
    assert render_lines(" <b>a</b>\r\n\tb\n \n\n- c & d\x00") == (
        "<p>&lt;b&gt;a&lt;/b&gt;<br>&nbsp;&nbsp;&nbsp;&nbsp;b</p><p>- c &amp; d\ufffd</p>"
    )


def change(content: bytes, path: str, old: str, new: str) -> bytes:
    """Return a package with something else in one of its files."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as package, zipfile.ZipFile(out, "w") as changed:
        for name in package.namelist():
            text = package.read(name).decode()
            assert name != path or old in text
            changed.writestr(name, text.replace(old, new, 1) if name == path else text)
    return out.getvalue()


MANIFEST, CONTENT = "h5p.json", "content/content.json"


@pytest.mark.parametrize(
    ("path", "old", "new", "said"),
    [
        (MANIFEST, "{", "[", "Expecting"),
        (MANIFEST, '"language":"und"', '"language":""', "does not match"),
        (MANIFEST, '"title":"Water"', f'"title":"{"x" * 256}"', "more than 255 bytes"),
        (MANIFEST, '"mainLibrary":"H5P.QuestionSet"', '"mainLibrary":"H5P.InteractiveVideo"', "not H5P.QuestionSet"),
        (MANIFEST, '"minorVersion":20', '"minorVersion":9', "released together"),
        (MANIFEST, '{"machineName":"H5P.Essay"', '{"machineName":"H5P.Blanks"', "H5P.Essay is used and not named"),
        (CONTENT, '"H5P.MultiChoice 1.16"', '"H5P.MultiChoice 1.9"', "is not one of"),
        (CONTENT, '"correct":true', '"correct":"yes"', "is not of type"),
        (CONTENT, "<p>*Ice", "<p>Ice", "does not match"),
        (CONTENT, "<p>Say why.", "<p><script>x</script>Say why.", "the tag '<script>'"),
        (CONTENT, "<p>Say why.", "<p><img src=a onerror=b", "the tag '<img src=a onerror=b"),
        (CONTENT, str(BLANK.row.key), str(ESSAY.row.key), "2 pieces with the id"),
        (CONTENT, '"questions":', '"other":1,"questions":', "'other' was unexpected"),
    ],
)
def test_its_validator_finds_each_fault(tmp_path: Path, path: str, old: str, new: str, said: str) -> None:
    package = tmp_path / "set.h5p"
    content = write(H5PFormat(), build_snapshot(CHOICES, BLANK, ESSAY))
    package.write_bytes(change(content, path, old, new))

    report = H5PFormat().validate(package)

    assert report.exit == 1
    assert any(said in message for message in report.messages), report.messages


@pytest.mark.parametrize(
    ("path", "old", "new", "said"),
    [
        (CONTENT, '"time":61.0', '"time":0.0', "does not come after"),
        (CONTENT, '"time":61.0', '"time":-1', "less than the minimum"),
        (CONTENT, "files/track.vtt", "files/other.vtt", "there is no such file"),
        (CONTENT, '"files":[]', '"files":[{"path":"javascript:x","mime":"video/mp4","copyright":{}}]', "no address"),
        (CONTENT, '"label":"Heat"', '"label":"<b>Heat"', "the tag '<b>'"),
    ],
)
def test_its_validator_finds_each_fault_of_a_video(tmp_path: Path, path: str, old: str, new: str, said: str) -> None:
    archive = tmp_path / "videos.zip"
    package = unpack(write(H5PVideoFormat(), build_plain_course().build_snapshot()))["talk.h5p"]
    with zipfile.ZipFile(archive, "w") as changed:
        changed.writestr("talk.h5p", change(package, path, old, new))
        changed.writestr("broken.h5p", "text")

    report = H5PVideoFormat().validate(archive)

    assert report.exit == 1
    assert any(said in message for message in report.messages), report.messages
    assert any(message.startswith("broken.h5p: no ZIP archive") for message in report.messages)


def list_ids(snapshot: ExportedSnapshot) -> Sequence[str]:
    questions = unpack(write(H5PFormat(), snapshot))[CONTENT]["questions"]
    return sorted(each["subContentId"] for each in questions)


def test_identifiers_stay_when_titles_and_order_change() -> None:
    course = build_hostile_course()
    before = list_ids(course.build_snapshot())
    for node in course.build_snapshot().walk_nodes():
        node.row.title += " again"  # type: ignore[misc]  # a row of an example
    course.modules.reverse()

    assert list_ids(course.build_snapshot()) == before
