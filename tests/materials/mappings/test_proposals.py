from __future__ import annotations

from collections.abc import Mapping

from materials.mappings.proposals import SlideFeatures, VideoShot, propose_mappings

VARIABLES = SlideFeatures(number=1, text="Variables: a name that points to a value, made with an equals sign")
LOOPS = SlideFeatures(number=2, text="Loops: repeat the same lines; a while loop stops when its condition is false")
FUNCTIONS = SlideFeatures(number=3, text="Functions: a block of code with parameters and a return statement")
DECK = [VARIABLES, LOOPS, FUNCTIONS]


def shot(
    start: int, end: int, *, seen: str = "", spoken: str = "", slides: Mapping[int, float] | None = None
) -> VideoShot:
    return VideoShot(
        start_ms=start * 1000, end_ms=end * 1000, screen_text=seen, spoken_text=spoken, slides_seen=slides or {}
    )


def shown(slides: list[SlideFeatures], shots: list[VideoShot]) -> list[tuple[int, int, int]]:
    return [(p.slide, p.start_ms // 1000, p.end_ms // 1000) for p in propose_mappings(slides, shots)]


def test_words_that_are_seen_say_which_slide_is_shown() -> None:
    shots = [
        shot(0, 10, seen="Welcome to the course"),
        shot(10, 60, seen=VARIABLES.text),
        shot(60, 90, seen="Loops: repeat the same lines; a while loop stops when its condition is"),
        shot(90, 99, seen="Thank you"),
    ]

    assert shown(DECK, shots) == [(1, 10, 60), (2, 60, 90)]


def test_words_that_are_spoken_say_it_less_surely() -> None:
    heard = (
        "A function is a block of code with a name. Parameters let you pass values, and the return statement ends it."
    )

    seen = propose_mappings(DECK, [shot(0, 30, seen=FUNCTIONS.text)])
    spoken = propose_mappings(DECK, [shot(0, 30, spoken=heard)])

    assert [p.slide for p in seen] == [p.slide for p in spoken] == [3]
    assert 0.35 <= spoken[0].confidence < seen[0].confidence <= 1


def test_pictures_alone_are_enough() -> None:
    deck = [SlideFeatures(number=1, text=""), SlideFeatures(number=2, text="")]

    found = propose_mappings(deck, [shot(0, 5, slides={2: 1.0}), shot(5, 9, slides={1: 0.9, 2: 0.1})])

    assert [(one.slide, one.start_ms, one.end_ms) for one in found] == [(2, 0, 5000), (1, 5000, 9000)]
    assert all(one.confidence > 0.8 for one in found)


def test_slides_that_look_alike_share_the_confidence_and_their_order_decides() -> None:
    deck = [SlideFeatures(number=number, text="") for number in (1, 2, 3, 4)]
    shots = [shot(0, 5, slides={1: 1.0}), shot(5, 9, slides={2: 0.9, 3: 0.9}), shot(9, 20, slides={4: 1.0})]

    first, alike, last = propose_mappings(deck, shots)

    assert (first.slide, last.slide) == (1, 4)
    assert alike.slide in {2, 3}
    assert alike.confidence < 0.5 < 0.9 < min(first.confidence, last.confidence)


def test_words_tell_slides_apart_that_look_alike() -> None:
    (found,) = propose_mappings(DECK, [shot(0, 9, seen=LOOPS.text, slides={1: 0.5, 2: 0.5})])

    assert found.slide == 2
    assert found.confidence > 0.8


def test_a_proposal_over_several_shots_is_as_sure_as_they_are_on_the_whole() -> None:
    deck = [SlideFeatures(number=1, text=""), SlideFeatures(number=2, text="")]

    (found,) = propose_mappings(deck, [shot(0, 10, slides={1: 1.0}), shot(10, 40, slides={1: 0.9, 2: 0.9})])

    assert (found.start_ms, found.end_ms) == (0, 40_000)
    assert 0.5 < found.confidence < 0.6


def test_what_is_seen_between_for_seconds_does_not_end_a_slide() -> None:
    deck = [SlideFeatures(number=1, text=""), SlideFeatures(number=2, text="")]
    shots = [shot(0, 9, slides={1: 1.0}), shot(12, 20, slides={1: 1.0}), shot(50, 60, slides={1: 1.0})]

    assert shown(deck, shots) == [(1, 0, 20), (1, 50, 60)]


def test_what_has_nothing_in_common_is_not_proposed() -> None:
    assert propose_mappings(DECK, [shot(0, 60, seen="A cat on a mat", spoken="Today we cook soup")]) == []


def test_one_slide_over_several_shots_is_one_proposal() -> None:
    shots = [shot(0, 10, seen=LOOPS.text), shot(10, 20, seen=LOOPS.text[:60])]

    assert shown(DECK, shots) == [(2, 0, 20)]


def test_a_slide_that_comes_up_again_is_proposed_again() -> None:
    shots = [shot(0, 9, seen=VARIABLES.text), shot(9, 20, seen=LOOPS.text), shot(20, 30, seen=VARIABLES.text)]

    assert shown(DECK, shots) == [(1, 0, 9), (2, 9, 20), (1, 20, 30)]


def test_of_two_equal_slides_the_next_in_order_is_taken() -> None:
    twins = [VARIABLES, LOOPS, SlideFeatures(number=3, text=VARIABLES.text)]

    assert shown(twins, [shot(0, 9, seen=LOOPS.text), shot(9, 20, seen=VARIABLES.text)]) == [(2, 0, 9), (3, 9, 20)]


def test_without_slides_or_shots_there_is_nothing() -> None:
    assert propose_mappings([], [shot(0, 1)]) == propose_mappings(DECK, []) == []
