"""Chapters and transcripts, read by the W3C's parser of WebVTT: make test-exports."""

from __future__ import annotations

import io
import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from structures.exports.base import ExportedSnapshot
from structures.exports.chapters import ChaptersFormat
from structures.exports.h5p.videos import H5PVideoFormat
from structures.exports.transcripts import TranscriptsFormat
from structures.exports.webvtt import read_cues
from tests.samples.node_packages import find_node_package
from tests.samples.test_exports import COURSES, load_course
from tests.structures.exports.courses import build_hostile_course, build_plain_course
from tests.structures.exports.test_formats import write
from tests.structures.exports.test_h5p import unpack

SCRIPT = Path(__file__).parent / "read_webvtt.js"


def read_with_parser(files: Mapping[str, str], kind: str) -> dict[str, Any]:
    """Return for each file its errors and its cues as the parser reads them."""
    command = ["node", str(SCRIPT), str(find_node_package("webvtt-parser")), kind]
    done = subprocess.run(command, input=json.dumps(files), capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def collect_tracks(snapshot: ExportedSnapshot) -> dict[str, dict[str, str]]:
    """Return the WebVTT that formats write, by its kind and then by its name."""
    tracks: dict[str, dict[str, str]] = {"chapters": {}, "subtitles": {}}
    for kind, name, content in (
        ("chapters", "lessons", write(ChaptersFormat(), snapshot, level="lessons")),
        ("chapters", "concepts", write(ChaptersFormat(), snapshot, level="concepts")),
        ("subtitles", "transcripts", write(TranscriptsFormat(), snapshot)),
    ):
        files = unpack(content)
        tracks[kind] |= {f"{name}/{path}": data.decode() for path, data in files.items() if path.endswith(".vtt")}
    for path, package in unpack(write(H5PVideoFormat(), snapshot)).items():
        files = unpack(package)
        tracks["subtitles"] |= {f"{path}/{name}": files[name].decode() for name in files if name.endswith(".vtt")}
    return tracks


def check_tracks(snapshot: ExportedSnapshot) -> int:
    """Compare what the parser reads with what our own checks do; return how many tracks there were."""
    tracks = collect_tracks(snapshot)
    for kind, files in tracks.items():
        found = read_with_parser(files, kind)
        for name, text in files.items():
            assert found[name]["errors"] == [], name
            own = read_cues(io.StringIO(text), header="WEBVTT")
            expected = [[cue.identifier, cue.start_ms, cue.end_ms, cue.text] for cue in own]
            assert found[name]["cues"] == expected, name
    return sum(map(len, tracks.values()))


@pytest.mark.parametrize("course", COURSES, ids=lambda each: each.name)
def test_the_tracks_of_a_sample_course_are_read_as_they_were_written(course: Path) -> None:
    print(f"{course.name}: {check_tracks(load_course(course))} tracks of WebVTT")  # noqa: T201  # what the target shows


@pytest.mark.parametrize("build", [build_plain_course, build_hostile_course])
def test_the_tracks_of_an_example_course_are_read_as_they_were_written(build: Any) -> None:
    assert check_tracks(build().build_snapshot()) >= 3


@pytest.mark.parametrize(
    "text",
    ["WEBVT\n\n00:00:00.000 --> 00:00:01.000\na\n", "WEBVTT\n\n00:00:02.000 --> 00:00:01.000\na\n",
     "WEBVTT\n\n00:00:00,000 --> 00:00:01,000\na\n"],
)  # fmt: skip
def test_the_parser_finds_what_is_wrong(text: str) -> None:
    assert read_with_parser({"broken": text}, "chapters")["broken"]["errors"]
