"""What a transcript cannot be, and what it may be though it looks odd."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from llm.video.plausibility import find_implausibility, find_missing_speech
from llm.video.timestamps import StampedLine
from llm.video.transcript import Segment

MINUTE = 60_000
LESSON = (
    "water boils when its vapour pressure equals the pressure of the air above it so on a high mountain an egg takes "
    "longer until it is hard because the temperature stays below one hundred degrees whatever the flame does"
)
WORDS = LESSON.split()


def spoken(begin: float, end: float, *, every: int = 5_000, words: int = 12) -> Iterator[StampedLine]:
    """Yield lines of a lesson from one minute to another: every so many milliseconds one of so many words."""
    for number, start in enumerate(range(round(begin * MINUTE), round(end * MINUTE), every)):
        said = [WORDS[(number * 7 + at * (1 + number % 5)) % len(WORDS)] for at in range(words)]
        yield at(start, f"{number} {' '.join(said)}", end=start + every)


def at(start: int | None, text: str = "Water boils here.", *, end: int | None = None) -> StampedLine:
    return StampedLine(start_ms=start, end_ms=end, text=text)


def fault_of(lines: list[StampedLine], *, begin: float = 0, end: float = 10) -> str:
    return find_implausibility(lines, start_ms=round(begin * MINUTE), end_ms=round(end * MINUTE))


CHORUS = "We all live beside the river."

FINE: dict[str, list[StampedLine]] = {
    "a lesson": list(spoken(0, 10)),
    "a pause of eight minutes": [*spoken(0, 1), *spoken(9, 10)],
    "nothing said": [],
    "one line": [at(1_000)],
    "slow speech": list(spoken(0, 10, every=20_000, words=4)),
    "people who interrupt each other": [at(0), at(9_000, "No."), at(5_000, "Well, yes, it does."), at(12_000, "Fine.")],
    "a stamp just beyond the end": [at(0), at(10 * MINUTE + 11_000, "Goodbye to all.")],
    "one line of twenty without a time": [*spoken(0, 2), at(None)],
    "short answers": [at(number * 1_000, "Yes.") for number in range(40)],
    "a refrain": [
        *(at(number * 4_000, CHORUS) for number in range(4)),
        *spoken(1, 2),
        *(at(2 * MINUTE + number * 4_000, CHORUS) for number in range(4)),
    ],
    "a drill of one pattern": [
        at(minute * MINUTE + second * 1_000, f"At minute {minute} and {second} seconds water is warmer.")
        for minute in range(10)
        for second in range(0, 60, 20)
    ],
    "numbers that are counted": [at(number * 1_000, f"{number}, and then {number + 1}") for number in range(100)],
}  # fmt: skip


@pytest.mark.parametrize("lines", FINE.values(), ids=FINE)
def test_a_lesson_may_have(lines: list[StampedLine]) -> None:
    assert fault_of(lines) == ""


REFUSED: dict[str, tuple[list[StampedLine], str]] = {
    "no times": ([at(None) for _ in range(9)], "9 of 9 lines have no time that can be read"),
    "few times": ([*spoken(0, 1), at(None), at(None)], "2 of 14 lines have no time that can be read"),
    "one time for all": ([at(0, text) for text in WORDS], f"all {len(WORDS)} lines have the same time, 00:00"),
    "a beginning beyond the end": ([at(0), at(11 * MINUTE)], "a line lies at 11:00, outside of 00:00 to 10:00"),
    "an end beyond the end": ([at(0, end=61 * MINUTE)], "a line lies at 61:00, outside of 00:00 to 10:00"),
    "times that go backwards": ([at(4 * MINUTE), at(MINUTE)], "its times go backwards, from 04:00 to 01:00"),
    "a line again and again": (
        [at(number * 5_000, "Thanks for watching!") for number in range(7)],
        "the same line stands there 7 times in a row",
    ),
    "the same with other marks": (
        [at(number * 5_000, f"Thanks for  watching{'!' * number}") for number in range(7)],
        "the same line stands there 7 times in a row",
    ),
    "a phrase without end": ([at(0, "and then we see " * 100)], "it says the same over and over"),
    "two lines in turn": (
        [at(number * 5_000, ("So what is it?", "It is what it is.")[number % 2]) for number in range(60)],
        "it says the same over and over",
    ),
}


@pytest.mark.parametrize(("lines", "said"), REFUSED.values(), ids=REFUSED)
def test_a_transcript_cannot_have(lines: list[StampedLine], said: str) -> None:
    assert fault_of(lines).startswith(said)


def test_a_later_clip_has_no_line_before_it() -> None:
    assert fault_of(list(spoken(10, 20)), begin=10, end=20) == ""
    assert fault_of([at(9 * MINUTE)], begin=10, end=20) == "a line lies at 09:00, outside of 10:00 to 20:00"


def test_a_short_clip_may_have_one_time() -> None:
    assert fault_of([at(0, text) for text in WORDS], end=1) == ""


def test_segments_of_any_transcriber_can_be_looked_at() -> None:
    segments = [Segment(start_ms=11 * MINUTE, end_ms=12 * MINUTE, text="Water boils.")]

    assert (
        find_implausibility(segments, start_ms=0, end_ms=10 * MINUTE)
        == "a line lies at 11:00, outside of 00:00 to 10:00"
    )


@pytest.mark.parametrize(
    ("lines", "minutes", "said"),
    [
        ([], 45, "it holds no words, though the recording has 45 minutes of sound"),
        ([at(0, "…")], 45, "it holds no words, though the recording has 45 minutes of sound"),
        ([at(0)] * 5, 10, "15 words are too few for 10 minutes of sound"),
        ([], 1.9, ""),
        ([at(0)] * 14, 10, ""),
        ([at(0, "水は百度で沸騰します。" * 25)], 10, ""),
        (list(spoken(0, 3)), 45, ""),
    ],
    ids=["nothing", "no letters", "too little", "a tune", "a few remarks", "no spaces", "a lesson with exercises"],
)
def test_a_whole_recording_holds_enough_words(lines: list[StampedLine], minutes: float, said: str) -> None:
    assert find_missing_speech(lines, duration_ms=round(minutes * MINUTE)) == said
