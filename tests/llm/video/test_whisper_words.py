"""Segments as faster-whisper returns them, with the times of words."""

from __future__ import annotations

from dataclasses import dataclass

from llm.video.whisper_words import split_at_pauses


@dataclass
class Word:
    start: float
    end: float
    word: str


@dataclass
class Heard:
    start: float
    end: float
    text: str
    words: list[Word] | None = None


def test_a_segment_is_split_where_nothing_is_said_for_long() -> None:
    words = [Word(1, 1.4, " Heat"), Word(1.5, 2, " flows."), Word(302, 302.5, " Then"), Word(302.6, 303, " it stops.")]

    first, second = split_at_pauses(
        Heard(1, 303, " Heat flows. Then it stops.", words), start_ms=10_000, least_ms=0, end_ms=400_000
    )

    assert (first.text, first.start_ms, first.end_ms, first.word_starts_ms) == (
        "Heat flows.", 11_000, 12_000, (11_000, 11_500)
    )  # fmt: skip
    assert (second.text, second.start_ms, second.end_ms) == ("Then it stops.", 312_000, 313_000)
    assert second.word_starts_ms == (), "a word with a blank inside leaves the number of words unknown"


def test_words_of_a_language_without_blanks_are_one() -> None:
    (segment,) = split_at_pauses(
        Heard(0, 2, "熱は流れる。", [Word(0, 1, "熱は"), Word(1, 2, "流れる。")]), start_ms=0, least_ms=0, end_ms=9000
    )

    assert (segment.text, segment.word_starts_ms) == ("熱は流れる。", (0,))


def test_a_segment_without_words_keeps_its_times_within_the_window() -> None:
    (segment,) = split_at_pauses(Heard(-0.5, 70, " Heat"), start_ms=1000, least_ms=2000, end_ms=60_000)

    assert (segment.text, segment.start_ms, segment.end_ms) == ("Heat", 2000, 60_000)
