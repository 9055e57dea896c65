"""Transcripts of recordings for video platforms."""

from __future__ import annotations

import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from structures.exports.transcripts import TranscriptsFormat
from tests.structures.exports.courses import ExampleChunk, build_hostile_course, build_plain_course
from tests.structures.exports.test_chapters import unpack
from tests.structures.exports.test_formats import write


def test_each_recording_has_a_file_in_the_chosen_format() -> None:
    snapshot = build_plain_course().build_snapshot()

    vtt, srt, txt = (unpack(write(TranscriptsFormat(), snapshot, **{"as": each})) for each in ("vtt", "srt", "txt"))

    assert vtt["talk.vtt"].startswith("WEBVTT\n\n00:00:00.000 --> 00:00:15.000\n<v Ada>Water &amp; &lt;heat&gt;.\n")
    assert srt["talk.srt"].startswith("1\n00:00:00,000 --> 00:00:15,000\nAda: Water & <heat>.\n\n2\n")
    assert txt["talk.txt"] == "Ada: Water & <heat>.\n\n]]> --> steam\n\nקר\n"


def test_a_recording_without_a_transcript_and_one_that_is_gone_are_lost() -> None:
    snapshot = build_hostile_course().build_snapshot()
    silent = replace(snapshot.recordings[0], path="Part/silent.mp4", open_transcript=lambda: iter(()))
    timeless = replace(
        snapshot.recordings[0], path="Part/notes.txt", open_transcript=lambda: iter([ExampleChunk("Hi.", None, None)])
    )
    snapshot = replace(snapshot, recordings=[*snapshot.recordings, silent, timeless])

    lost = {
        written_as: [
            loss.title
            for loss in TranscriptsFormat().list_losses(snapshot, {"as": written_as})
            if loss.title.startswith("Part/")
        ]
        for written_as in ("vtt", "txt")
    }

    assert lost["vtt"] == ["Part/gone.mp4", "Part/silent.mp4", "Part/notes.txt"]
    assert lost["txt"] == ["Part/gone.mp4", "Part/silent.mp4"]


@pytest.mark.parametrize(
    ("written_as", "old", "new", "said"),
    [
        ("vtt", "00:00:15.000", "00:00:00.000", "ends when it begins"),
        ("vtt", "WEBVTT", "VTT", "in the place of WEBVTT"),
        ("srt", "2\n", "7\n", "number '7' in the place of 2"),
        ("srt", "00:01:01,000 -->", "1:01 -->", "no times"),
    ],
)
def test_a_fault_in_a_transcript_is_found(tmp_path: Path, written_as: str, old: str, new: str, said: str) -> None:
    files = unpack(write(TranscriptsFormat(), build_plain_course().build_snapshot(), **{"as": written_as}))
    path = tmp_path / "transcripts.zip"
    with zipfile.ZipFile(path, "w") as package:
        for name, text in files.items():
            assert name.endswith(".json") or old in text
            package.writestr(name, text if name.endswith(".json") else text.replace(old, new, 1))

    report = TranscriptsFormat().validate(path)

    assert report.exit == 1
    assert said in report.messages[0]
