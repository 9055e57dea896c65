"""Chapters of recordings for video platforms."""

from __future__ import annotations

import io
import json
import shutil
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from structures.engines.base.drafts import NodeType
from structures.exports.base import ExportedSnapshot
from structures.exports.chapters import ChaptersFormat
from structures.exports.losses import WHOLE
from structures.exports.webvtt import CuesBroken, find_time_faults, read_cues
from structures.exports.youtube_chapters import find_youtube_faults
from structures.models import StructureSnapshot
from tests.structures.exports.courses import (
    build_hostile_course,
    build_node,
    build_plain_course,
    build_recording,
    cite_talk,
)
from tests.structures.exports.test_formats import write


def build_talk(*starts: int, duration_ms: int | None = 600_000, title: str = "Part") -> ExportedSnapshot:
    """Return a course of lessons that begin at these milliseconds of a talk."""
    lessons = [
        build_node(NodeType.LESSON, f"{title} {number}", references=[cite_talk(start, start + 5)])
        for number, start in enumerate(starts, start=1)
    ]
    course = StructureSnapshot(title="Talk")
    return ExportedSnapshot(course=course, modules=lessons, recordings=[build_recording(duration_ms)])


def unpack(content: bytes) -> dict[str, str]:
    """Return the files of a package as text."""
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        return {name: package.read(name).decode() for name in package.namelist()}


def list_lost(snapshot: ExportedSnapshot, level: str = "auto") -> dict[tuple[str, str], str]:
    """Return the reasons of the losses by title and field."""
    return {(loss.title, loss.field): loss.reason for loss in ChaptersFormat().list_losses(snapshot, {"level": level})}


def test_lessons_are_chapters_from_where_they_are_first_cited_to_where_the_next_begins() -> None:
    snapshot = build_plain_course().build_snapshot()
    heat, steam, ice = (str(node.row.key) for node in snapshot.walk_nodes() if node.node_type is NodeType.LESSON)

    files = unpack(write(ChaptersFormat(), snapshot))

    assert files["talk.vtt"] == (
        f"WEBVTT\n\n{heat}\n00:00:00.000 --> 00:01:01.000\nHeat\n"
        f"\n{steam}\n00:01:01.000 --> 00:01:35.000\nSteam\n"
        f"\n{ice}\n00:01:35.000 --> 00:02:00.000\nIce\n"
    )
    assert files["talk.youtube.txt"] == "0:00 Heat\n1:01 Steam\n1:35 Ice\n"
    assert files["talk.ffmetadata"].startswith(
        ";FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=61000\ntitle=Heat\n"
    )
    (described,) = json.loads(files["chapters.json"])["recordings"]
    assert described["path"] == "Part/talk.mp4"
    assert [each["key"] for each in described["chapters"]] == [heat, steam, ice]


def test_concepts_are_chapters_when_asked_for_and_of_a_recording_that_is_one_lesson() -> None:
    snapshot = build_plain_course().build_snapshot()
    assert "Vapour" in unpack(write(ChaptersFormat(), snapshot, level="concepts"))["talk.vtt"]
    concepts = [
        build_node(NodeType.CONCEPT, f"Idea {number}", references=[cite_talk(number * 20_000, number * 20_000 + 1)])
        for number in range(3)
    ]
    one = replace(snapshot, modules=[build_node(NodeType.LESSON, "All", *concepts)])

    assert "Idea 2" in unpack(write(ChaptersFormat(), one))["talk.vtt"]
    assert "Idea 2" not in unpack(write(ChaptersFormat(), one, level="lessons"))["talk.vtt"]


def test_hostile_titles_are_read_back_as_they_are(tmp_path: Path) -> None:
    snapshot = build_hostile_course().build_snapshot()
    path = tmp_path / "chapters.zip"
    path.write_bytes(write(ChaptersFormat(), snapshot))

    report = ChaptersFormat().validate(path)

    assert report.exit == 0, report.messages
    assert ("ffprobe" in report.validator) == bool(shutil.which("ffprobe"))
    files = unpack(path.read_bytes())
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in files["talk.vtt"]
    assert "<" not in files["talk.youtube.txt"]


def test_what_is_no_chapter_is_lost_with_its_reason() -> None:
    lost = list_lost(build_plain_course().build_snapshot())

    assert lost["Heat", "learning_goal"] == "A chapter has a title and times alone."
    assert lost["Boiling point", WHOLE] == "It cites no place in a recording."
    assert lost["Boil an egg", WHOLE] == "Others are the chapters of what it cites."
    assert ("Heat", WHOLE) not in lost
    gone = list_lost(build_hostile_course().build_snapshot())
    assert gone["Gone", WHOLE] == "It cites Part/gone.mp4, which was deleted since."


@pytest.mark.parametrize(
    ("starts", "kept", "said"),
    [
        ((0, 20_000, 40_000, 600_000), ["0:00 Part 1", "0:20 Part 2", "0:40 Part 3"], "after the end"),
        ((0, 20_000, 20_000, 40_000), ["0:00 Part 1", "0:20 Part 2", "0:40 Part 4"], "at the same moment"),
        ((0, 20_000, 25_000, 40_000), ["0:00 Part 1", "0:20 Part 2", "0:40 Part 4"], "10 seconds at least"),
        ((4_000, 20_000, 40_000), ["0:00 Part 1", "0:20 Part 2", "0:40 Part 3"], ""),
        ((15_000, 30_000), ["0:00 talk", "0:15 Part 1", "0:30 Part 2"], ""),
        ((0, 20_000, 40_000, 595_000), ["0:00 Part 1", "0:20 Part 2", "0:40 Part 3"], "the recording ends before"),
        ((0, 20_000), [], "from 3 on, and there are 2"),
    ],
)
def test_the_text_for_youtube_keeps_its_rules_and_says_what_that_costs(
    starts: tuple[int, ...], kept: list[str], said: str
) -> None:
    snapshot = build_talk(*starts)

    files = unpack(write(ChaptersFormat(), snapshot))

    assert files.get("talk.youtube.txt", "").splitlines() == kept
    assert not kept or not list(find_youtube_faults(files["talk.youtube.txt"]))
    assert any(said in reason for reason in list_lost(snapshot).values()) or not said


def test_a_recording_of_unknown_length_ends_with_what_is_cited_last() -> None:
    files = unpack(write(ChaptersFormat(), build_talk(0, 3_700_000, duration_ms=None)))

    assert "01:01:40.000 --> 01:01:40.005" in files["talk.vtt"]


def test_recordings_whose_names_differ_in_case_only_have_files_of_their_own() -> None:
    snapshot = build_talk(0, 20_000)
    other = replace(build_recording(), entry_id=snapshot.modules[0].row.key, name="TALK.mp4", path="Part/TALK.mp4")
    lesson = build_node(NodeType.LESSON, "Else", references=[cite_talk(0, 5, other.entry_id)])
    concept = build_node(NodeType.LESSON, "More", references=[cite_talk(9, 15, other.entry_id)])
    both = replace(snapshot, modules=[*snapshot.modules, lesson, concept], recordings=[other, *snapshot.recordings])

    names = [name for name in unpack(write(ChaptersFormat(), both)) if name.endswith(".vtt")]

    assert len({name.casefold() for name in names}) == 2


def break_overlap(files: dict[str, str]) -> None:
    files["talk.vtt"] = files["talk.vtt"].replace("00:00:00.000 --> 00:01:01.000", "00:00:00.000 --> 00:01:02.000")


def break_order(files: dict[str, str]) -> None:
    files["talk.vtt"] = files["talk.vtt"].replace("00:01:35.000 --> 00:02:00.000", "00:00:35.000 --> 00:02:00.000")


def break_end(files: dict[str, str]) -> None:
    files["talk.vtt"] = files["talk.vtt"].replace("00:02:00.000", "00:02:00.001")


def break_backwards(files: dict[str, str]) -> None:
    files["talk.vtt"] = files["talk.vtt"].replace("00:01:35.000 --> 00:02:00.000", "00:01:35.000 --> 00:01:35.000")


def break_header(files: dict[str, str]) -> None:
    files["talk.vtt"] = files["talk.vtt"].replace("WEBVTT", "WEB")


def break_title(files: dict[str, str]) -> None:
    files["talk.ffmetadata"] = files["talk.ffmetadata"].replace("title=Ice", "title=Snow")


def break_youtube(files: dict[str, str]) -> None:
    files["talk.youtube.txt"] = files["talk.youtube.txt"].replace("0:00", "0:01")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (break_overlap, "before the one above ends"),
        (break_order, "begins before the one above"),
        (break_end, "after the recording"),
        (break_backwards, "ends when it begins"),
        (break_header, "in the place of WEBVTT"),
        (break_youtube, "0:00"),
        pytest.param(
            break_title,
            "ffprobe reads other chapters",
            marks=pytest.mark.skipif(not shutil.which("ffprobe"), reason="ffprobe is not installed here"),
        ),
    ],
)
def test_a_fault_in_a_package_is_found(tmp_path: Path, change: Callable[[dict[str, str]], None], said: str) -> None:
    files = unpack(write(ChaptersFormat(), build_plain_course().build_snapshot()))
    change(files)
    path = tmp_path / "chapters.zip"
    with zipfile.ZipFile(path, "w") as package:
        for name, text in files.items():
            package.writestr(name, text)

    report = ChaptersFormat().validate(path)

    assert report.exit == 1
    assert any(said in message for message in report.messages)


def test_without_ffprobe_that_is_said_and_the_rest_is_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    path = tmp_path / "chapters.zip"
    path.write_bytes(write(ChaptersFormat(), build_plain_course().build_snapshot()))

    report = ChaptersFormat().validate(path)

    assert report.exit == 0
    assert report.messages == ["ffprobe is not installed: it did not read the chapters back."]


@pytest.mark.parametrize("text", ["x", "WEBVTT\n\nno times\n", "WEBVTT\n\n00:00:00.000 --> 00:00:01.000\n"])
def test_what_is_no_webvtt_is_refused(text: str) -> None:
    with pytest.raises(CuesBroken):
        list(read_cues(io.StringIO(text), header="WEBVTT"))


def test_captions_may_overlap_and_chapters_may_not() -> None:
    text = "WEBVTT\n\n00:00:00.000 --> 00:00:05.000\na\n\n00:00:04.000 --> 00:00:06.000\nb\n"
    found: dict[bool, Any] = {
        may_overlap: list(find_time_faults(read_cues(io.StringIO(text), header="WEBVTT"), may_overlap=may_overlap))
        for may_overlap in (True, False)
    }

    assert found == {True: [], False: ["line 6: it begins before the one above ends"]}


def test_a_recording_that_ends_before_all_that_is_cited_has_no_chapters(tmp_path: Path) -> None:
    snapshot = build_talk(20_000, 40_000, duration_ms=10_000)
    path = tmp_path / "file"
    path.write_bytes(write(ChaptersFormat(), snapshot))

    assert list(unpack(path.read_bytes())) == ["chapters.json"]
    assert ChaptersFormat().validate(path).exit == 0
    of_nodes = {loss.reason for loss in ChaptersFormat().list_losses(snapshot, {"level": "auto"}) if loss.key}
    assert of_nodes == {"It begins after the end of talk.mp4."}
