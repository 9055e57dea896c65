"""What a transcript cannot be, and what it may be though it looks odd."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from llm.video.plausibility import compute_tolerance, find_implausibility, find_missing_speech
from llm.video.repetition import compute_compression_ratio
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


# --- each bound: at it, and just beyond -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("length_ms", "tolerance_ms"),
    [(0, 5_000), (249_000, 5_000), (250_000, 5_000), (250_050, 5_001), (600_000, 12_000), (3_600_000, 72_000)],
)
def test_a_stamp_may_lie_five_seconds_beyond_a_clip_or_two_percent_of_it(length_ms: int, tolerance_ms: int) -> None:
    assert compute_tolerance(length_ms) == tolerance_ms


@pytest.mark.parametrize(
    ("first_ms", "last_ms", "said"),
    [
        (10 * MINUTE - 12_000, 20 * MINUTE + 12_000, ""),
        (10 * MINUTE - 12_001, 20 * MINUTE, "a line lies at 09:47, outside of 10:00 to 20:00"),
        (10 * MINUTE, 20 * MINUTE + 12_001, "a line lies at 20:12, outside of 10:00 to 20:00"),
    ],
)
def test_a_stamp_lies_within_the_tolerance_of_its_clip(first_ms: int, last_ms: int, said: str) -> None:
    assert fault_of([at(first_ms), at(last_ms, "Goodbye.")], begin=10, end=20) == said
    assert fault_of([at(15 * MINUTE, end=first_ms), at(15 * MINUTE, end=last_ms)], begin=10, end=20) == said


@pytest.mark.parametrize(
    ("untimed", "lines", "said"),
    [
        (1, 10, ""),
        (1, 9, "1 of 9 lines have no time that can be read"),
        (2, 20, ""),
        (2, 19, "2 of 19 lines have no time that can be read"),
        (10, 100, ""),
        (10, 99, "10 of 99 lines have no time that can be read"),
    ],
)
def test_one_line_of_ten_may_have_no_time(untimed: int, lines: int, said: str) -> None:
    timed = list(spoken(0, 10))[: lines - untimed]

    assert fault_of([*timed, *(at(None, WORDS[number]) for number in range(untimed))]) == said


@pytest.mark.parametrize(
    ("lines", "length_ms", "said"),
    [
        (3, 120_000, "all 3 lines have the same time, 00:01"),
        (3, 119_999, ""),
        (2, 120_000, ""),
    ],
)
def test_three_lines_of_two_minutes_have_more_than_one_time(lines: int, length_ms: int, said: str) -> None:
    same = [at(1_000, WORDS[number]) for number in range(lines)]

    assert find_implausibility(same, start_ms=0, end_ms=length_ms) == said
    assert find_implausibility([*same, at(1_001, "other")], start_ms=0, end_ms=length_ms) == ""


def test_the_length_of_a_clip_counts_and_not_where_it_ends() -> None:
    same = [at(10 * MINUTE, WORDS[number]) for number in range(3)]

    assert find_implausibility(same, start_ms=9 * MINUTE, end_ms=11 * MINUTE - 1) == ""
    assert find_implausibility(same, start_ms=9 * MINUTE, end_ms=11 * MINUTE).startswith("all 3 lines")


@pytest.mark.parametrize(
    ("back_ms", "said"), [(5_000, ""), (5_001, "its times go backwards, from 01:40 to 01:34"), (-5_001, "")]
)
def test_a_line_may_begin_five_seconds_before_the_one_before_it(back_ms: int, said: str) -> None:
    assert fault_of([at(99_000), at(100_000, "Well."), at(100_000 - back_ms, "Yes, it does.")]) == said


@pytest.mark.parametrize(
    ("line", "times", "said"),
    [
        ("Thank you all", 6, ""),
        ("Thank you all", 7, "the same line stands there 7 times in a row"),
        ("Thank – YOU, all!", 7, "the same line stands there 7 times in a row"),
        ("Thank you", 40, ""),
        ("…", 40, ""),
    ],
)
def test_a_line_of_three_words_follows_itself_six_times_at_most(line: str, times: int, said: str) -> None:
    again = [at(number * 1_000, line) for number in range(times)]

    assert fault_of(again) == said
    assert fault_of([at(0, "And now:"), *again, at(60_000, "Goodbye.")]) == said


def test_a_line_in_between_ends_a_run() -> None:
    lines = [at(number * 1_000, "Thank you all" if number != 6 else "No.") for number in range(13)]

    assert fault_of(lines) == ""


def test_a_text_of_600_letters_may_not_be_one_loop() -> None:
    loop = "and then we see " * 40

    assert fault_of([at(0, loop[:599])]) == ""
    assert fault_of([at(0, loop[:600])]).startswith("it says the same over and over (1 times 'and then we see")
    assert fault_of([at(0, loop[:299]), at(0, loop[:299])]) == ""
    assert fault_of([at(0, loop[:299]), at(0, loop[:300])]).startswith("it says the same")


def test_a_text_may_zip_to_a_twelfth_of_its_size() -> None:
    ratios = {f"{LESSON} {'la ' * times}": 0.0 for times in range(200, 2_000)}
    ratios = {text: compute_compression_ratio(text) for text in ratios}
    fine = max((text for text in ratios if ratios[text] <= 12), key=lambda text: ratios[text])
    loop = min((text for text in ratios if ratios[text] > 12), key=lambda text: ratios[text])
    assert 11.9 < ratios[fine] <= 12 < ratios[loop] < 12.1

    assert fault_of([at(0, fine)]) == ""
    assert fault_of([at(0, loop)]).startswith("it says the same over and over")


def test_a_loop_is_told_by_the_beginning_of_its_commonest_line() -> None:
    line = "It is what it is, and it will be what it will be."
    lines = [at(number * 2_000, (line, "So?", line, "Why?")[number % 4]) for number in range(80)]

    assert (
        fault_of(lines) == f"it says the same over and over (40 times {'it is what it is and it will be what it '!r})"
    )


@pytest.mark.parametrize(
    ("said", "duration_ms", "fault"),
    [
        ([], 119_999, ""),
        ([], 120_000, "it holds no words, though the recording has 2 minutes of sound"),
        (["one two three four", "five six seven eight"], 120_000, ""),
        (["one two three four", "five six seven"], 120_000, "7 words are too few for 2 minutes of sound"),
        (["one two three four", "five six seven eight"], 120_001, "8 words are too few for 2 minutes of sound"),
        (["I a I a I a I a"], 120_000, ""),
        (["水" * 48], 120_000, ""),
        (["水" * 47], 120_000, "7 words are too few for 2 minutes of sound"),
        (["水" * 47 + "。" * 9], 120_000, "7 words are too few for 2 minutes of sound"),
        (["one"], 150_000, "1 words are too few for 2 minutes of sound"),
        (["one"], 160_000, "1 words are too few for 3 minutes of sound"),
    ],
)
def test_two_minutes_of_sound_have_four_words_a_minute(said: list[str], duration_ms: int, fault: str) -> None:
    assert find_missing_speech([at(0, text) for text in said], duration_ms=duration_ms) == fault
