"""The comparison of words that the other tests of this folder rest on."""

from __future__ import annotations

from tests.speech.lectures import SpokenSentence
from tests.speech.words import compare_words, count_words_by_half_minute, list_start_errors, list_words, split_words


def test_words_are_compared_by_the_fewest_differences() -> None:
    said = split_words("Keys in a hash table must be immutable, while they are stored.")
    heard = split_words("Kiss in a hash table must well be immutable while are stored")

    found = compare_words(said, heard)

    assert (found.said, found.substituted, found.deleted, found.inserted) == (12, 1, 1, 1)
    assert found.error_rate == 3 / 12
    assert [(said[one], heard[other]) for one, other in found.pairs if said[one] != heard[other]] == [("keys", "kiss")]


def test_nothing_that_was_heard_is_all_deleted_and_all_else_is_inserted() -> None:
    assert compare_words(["a", "b"], []).deleted == 2
    assert compare_words(["a"], ["b", "a", "c"]).inserted == 2


def test_numbers_and_apostrophes_are_written_one_way() -> None:
    assert split_words("It’s 3 o'clock, at 14.") == ["it's", "three", "o'clock", "at", "14"]


def test_times_are_by_letters_and_compared_where_both_begin() -> None:
    said = list_words(
        [
            SpokenSentence(start_ms=0, end_ms=1000, text="aa bbb"),
            SpokenSentence(start_ms=30_000, end_ms=31_000, text="c"),
        ]
    )
    heard = list_words([SpokenSentence(start_ms=100, end_ms=40_000, text="aa bbb c")])

    assert [word.at_ms for word in said] == [0, 400, 30_000]
    assert list_start_errors(compare_words(["aa", "bbb", "c"], ["aa", "bbb", "c"]), said, heard) == [100]
    assert count_words_by_half_minute(said, 60_000) == [2, 1]
