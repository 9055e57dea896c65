"""Where the words of a quote stand in a chunk whose words have times or boxes."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from materials.documents import WordsPlace
from materials.word_boxes import pack_boxes
from structures.grounding.quoted_words import QuotedWords

SPOKEN = "Water boils. Steam is a gas, “all of it”. Steam is water."


@dataclass
class Chunk:
    text: str
    end_ms: int | None = None
    word_starts_ms: list[int] = field(default_factory=list)
    word_boxes: bytes = b""


def say(text: str, end_ms: int | None = 9000) -> QuotedWords:
    """Return a chunk whose words begin at each half second."""
    return QuotedWords(Chunk(text, end_ms, [500 * number for number in range(len(text.split()))]))


def draw(text: str, drawn: str | None = None) -> QuotedWords:
    """Return a chunk whose letters are ten points wide, all on one line."""
    boxes, at = [], 0
    for word in text.split():
        at = text.index(word, at)
        boxes.append((at, at + len(word), 10 * at, 80, 10 * (at + len(word)), 95))
        at += len(word)
    return QuotedWords(Chunk(drawn or text, word_boxes=pack_boxes(text, (595, 842), boxes)))


@pytest.mark.parametrize(
    ("quote", "times"),
    [
        ("Steam is a gas", (1000, 3000)),
        ("Water", (0, 500)),
        ('gas, "all  of it"', (2500, 4500)),  # as somebody writes it who has other keys
        ("Steam is water.", (4500, 9000)),
        ("boils.", (500, 1000)),
        ("oils", (500, 1000)),
    ],
)
def test_a_quote_is_said_from_its_first_word_until_the_word_behind_it(quote: str, times: tuple[int, int]) -> None:
    assert say(SPOKEN).find_place(quote) == WordsPlace(start_ms=times[0], end_ms=times[1])


def test_a_quote_is_found_as_whole_words_first() -> None:
    place = say("The water was ice. Was it?").find_place("ice")
    late = say("Notice the ice here.").find_place("ice")

    assert place == WordsPlace(start_ms=1500, end_ms=2000)
    assert late == WordsPlace(start_ms=1000, end_ms=1500)


def test_a_chunk_without_an_end_ends_no_earlier_than_its_last_word_begins() -> None:
    assert say("Steam is a gas.", None).find_place("gas.") == WordsPlace(start_ms=1500, end_ms=1500)


def test_ukrainian_quotes_have_times() -> None:
    place = say("Пара є газом, об’єм якого росте.").find_place("об'єм якого")

    assert place == WordsPlace(start_ms=1500, end_ms=2500)


@pytest.mark.parametrize("quote", ["ice", "", "Steam was"])
def test_a_quote_that_does_not_stand_there_has_no_place(quote: str) -> None:
    assert say(SPOKEN).find_place(quote) is None
    assert draw("Steam is a gas.").find_place(quote) is None


def test_a_chunk_of_which_nothing_is_known_gives_no_place() -> None:
    assert QuotedWords(Chunk("Steam is a gas.", 900)).find_place("gas") is None


def test_times_of_another_text_are_not_used() -> None:
    corrected = QuotedWords(Chunk("Steam is one gas more.", 900, [0, 1, 2, 3]))

    assert corrected.find_place("gas") is None


def test_a_quote_of_a_page_has_its_size_and_rectangles() -> None:
    place = draw("Steam is a gas.").find_place("is a gas")

    assert place == WordsPlace(page_width=595, page_height=842, rectangles=((60, 80, 150, 95),))


def test_boxes_of_another_text_are_not_used() -> None:
    assert draw("Steam is a gas.", "Steam is one gas.").find_place("gas") is None


def test_accents_that_are_apart_are_no_other_words() -> None:
    # й as it is written by programs on macOS: и with U+0306 behind it.
    place = draw("Гаряче\u0301 повітря: гарячии\u0306 газ.").find_place("гарячий газ.")

    assert place is not None
    assert place.rectangles == ((170, 80, 300, 95),)
