"""Time stamps as models write them."""

from __future__ import annotations

import pytest

from llm.video.timestamps import StampedLine, build_segments, compute_offset, parse_timestamp
from llm.video.transcript import Segment

MINUTE = 60_000

READ: list[tuple[str, int]] = [
    ("00:00", 0),
    ("3:07", 187_000),
    ("03:07", 187_000),
    ("59:59", 3_599_000),
    ("123:45", 7_425_000),
    ("1:02:03", 3_723_000),
    ("01:02:03", 3_723_000),
    ("00:01.5", 1_500),
    ("00:01.25", 1_250),
    ("00:01,250", 1_250),
    ("01:02:500", 62_500),
    ("1:02:03.040", 3_723_040),
    ("[00:12]", 12_000),
    (" (00:12) ", 12_000),
]


@pytest.mark.parametrize(("written", "milliseconds"), READ)
def test_it_reads_a_stamp(written: str, milliseconds: int) -> None:
    assert parse_timestamp(written) == milliseconds


@pytest.mark.parametrize(
    "written",
    [
        "",
        "later",
        "62",
        "62.5",
        "12s",
        "00:61",
        "1:60:00",
        "-1:00",
        "00:1",
        "12345:00",
        "00:00:00:00",
        "٠١:٠٢",
        "1:2:3",
    ],
)
def test_it_reads_nothing_else(written: str) -> None:
    assert parse_timestamp(written) is None


def offset(*minutes: float, start: int = 10, end: int = 20) -> int:
    stamps = [round(minute * MINUTE) for minute in minutes]
    return compute_offset(stamps, start_ms=start * MINUTE, end_ms=end * MINUTE, tolerance_ms=12_000)


@pytest.mark.parametrize(
    ("minutes", "expected"),
    [
        ([0, 4, 9.9], 10),
        ([10, 14, 19.9], 0),
        ([0.1], 10),
        ([19], 0),
        ([], 10),
        ([0, 4, 9, 12], 10),
        ([3, 11, 12, 19], 0),
        ([10.1, 10.1], 10),
        ([25, 26], 10),
    ],
    ids=[
        "of the clip", "of the recording", "one of the clip", "one of the recording", "none",
        "most of the clip", "most of the recording", "undecided", "of neither",
    ],
)  # fmt: skip
def test_stamps_of_a_later_clip_count_from_where_most_of_them_fit(minutes: list[float], expected: int) -> None:
    assert offset(*minutes) == expected * MINUTE


def test_stamps_of_the_first_clip_are_those_of_the_recording() -> None:
    assert offset(0, 5, 9, start=0, end=10) == 0


def line(start: int | None, end: int | None, text: str = "Words.", **more: str) -> StampedLine:
    return StampedLine(start_ms=start, end_ms=end, text=text, **more)


def test_lines_become_segments_in_the_order_of_time() -> None:
    lines = [line(5_000, 9_000, " Second. ", speaker=" Ann "), line(4_000, 5_000, "First.", seen=" A slide ")]

    segments = build_segments(lines, end_ms=MINUTE)

    assert segments == (
        Segment(start_ms=4_000, end_ms=5_000, text="First.", seen="A slide"),
        Segment(start_ms=5_000, end_ms=9_000, text="Second.", speaker="Ann"),
    )


def test_a_line_without_a_beginning_goes_on_with_the_one_before_it() -> None:
    lines = [
        line(None, None, "Lost."),
        line(1_000, 2_000, "First", seen="One"),
        line(None, 6_000, "and more.", seen="Two"),
        line(7_000, 8_000),
    ]

    segments = build_segments(lines, end_ms=MINUTE)

    assert segments[0] == Segment(start_ms=1_000, end_ms=6_000, text="First and more.", seen="One\nTwo")
    assert len(segments) == 2


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ((1_000, None), (1_000, 30_000)),
        ((1_000, 1_000), (1_000, 2_000)),
        ((5_000, 1_000), (5_000, 6_000)),
        ((58_000, 70_000), (58_000, 60_000)),
        ((63_000, 66_000), (59_000, 60_000)),
    ],
    ids=["no end", "no length", "an end before its beginning", "an end beyond the end", "beyond the end"],
)
def test_a_segment_lasts_a_second_at_least_and_ends_with_the_recording(
    given: tuple[int, int | None], expected: tuple[int, int]
) -> None:
    segments = build_segments([line(*given), line(30_000, 31_000)], end_ms=MINUTE)

    assert expected in [(segment.start_ms, segment.end_ms) for segment in segments]


def test_what_holds_nothing_is_left_out() -> None:
    lines = [line(0, 1_000, " "), line(2_000, 3_000, "", seen="A slide"), line(4_000, 5_000, "Words.")]

    segments = build_segments(lines, end_ms=MINUTE)

    assert [(segment.text, segment.seen) for segment in segments] == [("", "A slide"), ("Words.", "")]


def test_no_lines_are_no_segments() -> None:
    assert build_segments([], end_ms=MINUTE) == ()
