from __future__ import annotations

from materials.mappings.proposals import SlideFeatures, VideoShot, propose_mappings

VARIABLES = SlideFeatures(number=1, text="Variables: a name that points to a value, made with an equals sign")
LOOPS = SlideFeatures(number=2, text="Loops: repeat the same lines; a while loop stops when its condition is false")
FUNCTIONS = SlideFeatures(number=3, text="Functions: a block of code with parameters and a return statement")
DECK = [VARIABLES, LOOPS, FUNCTIONS]


def shot(start: int, end: int, *, seen: str = "", spoken: str = "", dhash: int = 0) -> VideoShot:
    return VideoShot(start_ms=start * 1000, end_ms=end * 1000, dhash=dhash, screen_text=seen, spoken_text=spoken)


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
    deck = [
        SlideFeatures(number=1, text="", dhash=0x0F0F_0F0F_0F0F_0F0F),
        SlideFeatures(number=2, text="", dhash=0xFFFF_0000_FF00_FF00),
    ]

    found = shown(deck, [shot(0, 5, dhash=0xFFFF_0000_FF00_FF01), shot(5, 9, dhash=0x0F0F_0F0F_0F0F_0F0E)])

    assert found == [(2, 0, 5), (1, 5, 9)]


def test_pictures_with_little_on_them_are_not_alike_for_that() -> None:
    few, others, one = 0x0000_7700_0000_0F00, 0x0000_7100_0000_60F0, 0x0000_0000_0000_0F00
    assert (few ^ others).bit_count() == 12  # of 64

    assert shown([SlideFeatures(number=1, text="", dhash=few)], [shot(0, 9, dhash=few | 1)]) == [(1, 0, 9)]
    assert shown([SlideFeatures(number=1, text="", dhash=few)], [shot(0, 9, dhash=others)]) == []
    assert shown([SlideFeatures(number=1, text="", dhash=one)], [shot(0, 9, dhash=one)]) == []


def test_what_has_nothing_in_common_is_not_proposed() -> None:
    assert (
        propose_mappings(DECK, [shot(0, 60, seen="A cat on a mat", spoken="Today we cook soup", dhash=2**63 - 1)]) == []
    )


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
