"""Captions as people and programs really write them."""

from __future__ import annotations

import io

import pytest

from materials.documents import Format
from materials.readers.base.errors import UnreadableDocument
from materials.readers.formats import detect_format
from tests.materials.readers.texts import read_as


def said(content: str, format_: Format = Format.SRT) -> list[tuple[str, int | None, int | None]]:
    return [(p.text, p.locator.start_ms, p.locator.end_ms) for p in read_as(format_, content).pieces]


@pytest.mark.parametrize(
    "content",
    [
        "7\n00:00:01,000 --> 00:00:02,000\nOne two.\n",
        "\ufeff00:00:01.000-->00:00:02.000\r\nOne two.\r\n",
        "x\n00:01,0 --> 00:02\n{\\an8}{\\i1}One{\\i0} <font color='red'>two.</font>\n",
        "1\n00:00:01:000 --> 00:00:02:000 X1:40 X2:600\nOne\n\ntwo.\n",
        "1\n00 : 00 : 01 , 000 --> 00:00:02,000\n<i>One</i>\ntwo.",
        "1\n00:00:01,000 --> 00:00:02,000\nOne two.\n\n2\n00:00:09,000 --> 00:00:03,000\nImpossible.\n",
    ],
)
def test_what_is_odd_about_cues_does_no_harm(content: str) -> None:
    assert said(content) == [("One two.", 1_000, 2_000)]


def test_a_number_that_is_said_is_kept_and_a_number_of_a_cue_is_not() -> None:
    content = "1\n00:00:01,000 --> 00:00:02,000\n42\nis it.\n2\n00:00:20,000 --> 00:00:21,000\nNext.\n\n3\n"

    assert [text for text, _, _ in said(content)] == ["42 is it.", "Next."]


def test_notes_and_styles_of_webvtt_are_not_said() -> None:
    content = (
        "WEBVTT - title\n\nSTYLE\n::cue { color: red }\n\nNOTE\nnot said\n\nid\n00:01.000 --> 00:02.000 line:0\nOne.\n"
    )

    assert said(content, Format.VTT) == [("One.", 1_000, 2_000)]


def test_overlapping_cues_are_said_in_the_order_in_which_they_begin() -> None:
    content = "1\n00:00:03,000 --> 00:00:09,000\nthen.\n\n2\n00:00:01,000 --> 00:00:05,000\nFirst\n"

    document = read_as(Format.SRT, content)

    assert [(p.text, p.locator.end_ms) for p in document.pieces] == [("First then.", 9_000)]
    assert document.warnings


def test_captions_without_fractions_are_recognised_and_words_without_times_refused() -> None:
    assert detect_format(io.BytesIO(b"1\n00:01 --> 00:02\nOne.\n"), "talk.srt") is Format.SRT
    with pytest.raises(UnreadableDocument):
        read_as(Format.SRT, "Only words.")
