"""Cutting what only a model repeats, and leaving what people do."""

from __future__ import annotations

from llm.video.repetition import compute_compression_ratio, remove_loops
from llm.video.transcript import Segment


def said(*texts: str) -> list[Segment]:
    return [Segment(start_ms=at * 1000, end_ms=at * 1000 + 900, text=text) for at, text in enumerate(texts)]


def test_it_leaves_what_is_said_twice() -> None:
    segments = said("Again.", "Again.", "Now the next one.")

    found = remove_loops(segments)

    assert found == (tuple(segments), 0)


def test_it_keeps_the_first_of_three_with_its_own_times() -> None:
    segments = said("Look here.", "Thank you.", "thank you", "Thank you!", "Thank you.", "Goodbye.")

    kept, cut = remove_loops(segments)

    assert kept == (segments[0], segments[1], segments[5])
    assert cut == 3


def test_it_leaves_a_refrain_that_something_else_is_said_between() -> None:
    segments = said("Run it.", "It fails.", "Run it.", "It works.", "Run it.")

    kept, cut = remove_loops(segments)

    assert len(kept) == 5
    assert cut == 0


def test_it_takes_marks_for_what_they_are_when_there_is_nothing_else() -> None:
    kept, cut = remove_loops(said("♪", "…", "?", "♪"))

    assert [segment.text for segment in kept] == ["♪", "…", "?", "♪"]
    assert cut == 0


def test_it_shortens_a_phrase_that_is_said_without_end() -> None:
    looped = "We come to the point. " + "and so on, " * 60 + "which is the end."

    kept, cut = remove_loops(said(looped))

    assert [segment.text for segment in kept] == ["We come to the point. and so on, which is the end."]
    assert cut == 1


def test_it_shortens_a_phrase_of_a_script_without_spaces() -> None:
    kept, cut = remove_loops(said("変数とは" + "名前です" * 60))

    assert [segment.text for segment in kept] == ["変数とは名前です"]
    assert cut == 1


def test_it_drops_a_segment_that_stays_full_of_repeats() -> None:
    waltz = " ".join(f"{step} and left and right and turn" for step in (1, 2) * 30)
    assert compute_compression_ratio(waltz) > 2.4

    kept, cut = remove_loops([*said("Good morning."), *said(" ".join(waltz[at : at + 80] for at in range(0, 900, 7)))])

    assert [segment.text for segment in kept] == ["Good morning."]
    assert cut == 1


def test_it_leaves_a_long_sentence_and_a_short_laugh() -> None:
    long = (
        "A variable is a name that points to a value, and you can change that value at any time, as long as the name "
        "stays the same; that is why names should be chosen so that others understand what they are for."
    )

    kept, cut = remove_loops(said(long, "Ha ha ha ha ha ha!"))

    assert [segment.text for segment in kept] == [long, "Ha ha ha ha ha ha!"]
    assert cut == 0
