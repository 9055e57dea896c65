"""What counts as proved: other forms of a number, a measure, a name or a word, and right calculations."""

from __future__ import annotations

from fractions import Fraction

import pytest

from structures.grounding.claims.arithmetic import find_calculations
from structures.grounding.claims.passages import Passages
from structures.grounding.claims.quantities import find_quantities
from structures.grounding.claims.tokens import find_tokens
from structures.grounding.claims.verification import find_unproved


def check(passage: str, sentence: str, language: str = "en") -> list[tuple[str, str]]:
    found = find_unproved(sentence, Passages([passage]), language=language)
    return [(span.kind.value, sentence[span.start : span.end]) for span in found]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("1,800 dollars and 3.5 or 3,5 kg", [1800, Fraction(7, 2), Fraction(7, 2)]),
        ("twenty-four hours, two hundred and five, three quarters", [24, 205, Fraction(3, 4)]),
        ("150 million, two, three", [150_000_000, 2, 3]),
        ("двадцять восьмого грудня тисяча вісімсот дев'яносто п'ятого року", [28, 1895]),
        ("шістдесят грамів, п'ятсот двадцять, 8 млн, пів години", [60, 520, 8_000_000, Fraction(1, 2)]),
        ("п'ятниця, третина", [Fraction(1, 3)]),
        ("1½ cups", [Fraction(3, 2)]),
    ],
)
def test_numbers_are_read_in_digits_and_words(text: str, values: list[Fraction | int]) -> None:
    assert [quantity.value for quantity in find_quantities(list(find_tokens(text)))] == values


@pytest.mark.parametrize(
    ("passage", "sentence", "language"),
    [
        ("Bake it for 30 minutes at 180 °C.", "It is in the oven for half an hour at 180 degrees Celsius.", "en"),
        ("The queen lays up to 2,000 eggs.", "Up to two thousand eggs are laid by the queen.", "en"),
        ("The USA finished it.", "It was finished by the United States of America.", "en"),
        ("США завершили канал.", "Завершили канал Сполучені Штати.", "uk"),
        ("Воду нагрівають до 92–96 °C.", "Нагріта вода має 92 градуси.", "uk"),
        ("Use `F = m·a` here.", "Newton's law is F = m * a.", ""),
        ("The price is $1,800, less $500.", "It costs $1,800 − $500 = $1,300.", "en"),
        ("The tax is 20 % of 1000.", "The tax is 1000 · 0.20 = 200.", "en"),
        ("The ratio is 1.0595.", "The ratio is about 1.059.", "en"),
        ("Take a 10 × 15 cm tile.", "The tile measures 10 by 15 cm.", "en"),
        ("The night has −5 °C, the day +3 °C.", "It falls to -5 °C and rises to +3 °C.", "en"),
        ("The night has minus five degrees.", "It falls to −5 degrees.", "en"),
        ("It is 5 degrees below zero.", "It is −5 degrees.", "en"),
    ],
)
def test_other_forms_of_the_same_are_proved(passage: str, sentence: str, language: str) -> None:
    found = check(passage, sentence, language)

    assert [each for each in found if each[0] != "name" or each[1] != "Newton's"] == []


@pytest.mark.parametrize(
    ("passage", "sentence", "found"),
    [
        ("It has 21 days.", "It takes 24 days.", ("number", "24")),
        ("It weighs 5 kg.", "It weighs 5 g.", ("unit", " g")),
        ("The night has 5 °C.", "It falls to −5 °C.", ("number", "−5")),
        ("Frames: 24 a second.", "There are 24 frames per minute.", ("unit", "minute")),
        ("It was on 3 May 1904.", "It happened on 3 June 1904.", ("date", "June")),
        ("Langstroth patented the hive.", "The hive was patented by Huber.", ("name", "Huber")),
        ("`E = m * c^2` holds.", "It follows that `E = m * c^3`.", ("code", "`E = m * c^3`")),
        ("Run `grep -i`.", "Run `grep -v`.", ("code", "`grep -v`")),
        ("It is the deductible.", "It is the copayment.", ("term", "copayment")),
        ("The price rises with demand.", "The price falls with demand.", ("contrast", "falls")),
        ("The tax is 20 % of 1000.", "The tax is 1000 · 0.20 = 300.", ("formula", "1000 · 0.20 = 300")),
        ("The tax is 20 % of 1000.", "The tax is 1000 · 0.20 = 200 in 1999.", ("number", "1999")),
    ],
)
def test_what_no_passage_has_is_named(passage: str, sentence: str, found: tuple[str, str]) -> None:
    assert found in check(passage, sentence)


def test_words_are_not_compared_over_languages() -> None:
    passage = "The boiling point is 100 °C."

    assert check(passage, "Температура кипіння дорівнює 100 °C.", "") == []
    assert check(passage, "Температура кипіння дорівнює 90 °C.", "") == [("number", "90")]


@pytest.mark.parametrize("text", ["1 / 0 = 5", "9 ^ 99 = 1", "1 + = 1", "10 - 2 + 4 = 6", "a · 2 + 3 = 5", "2 + 2 = 5"])
def test_what_is_no_right_calculation_proves_nothing(text: str) -> None:
    assert list(find_calculations(text)) == []


@pytest.mark.parametrize(
    ("text", "operands", "result"),
    [
        ("(10,000 − 1,000) / 6 = 1,500 euros", [10_000, 1_000, 6], 1_500),
        ("It costs 5 kg × $3 = $15.", [5, 3], 15),
        ("So (as 2 ^ 3 + 1 = 9) it is.", [2, 3, 1], 9),
        ("x = 3 + 4 = 7", [3, 4], 7),
    ],
)
def test_right_calculations_are_found_with_their_numbers(text: str, operands: list[Fraction], result: Fraction) -> None:
    found = next(find_calculations(text))

    assert (list(found.operands), found.result) == (operands, result)


def test_titles_prove_words_and_names_but_no_numbers_units_or_dates() -> None:
    passages = Passages(["The hive has frames."], titles=["Langstroth: 40 kg in May"])

    found = find_unproved("The hive of Langstroth has 40 frames.", passages, language="en")

    assert [span.kind.value for span in found] == ["number"]
    assert (passages.months, passages.units) == (set(), set())


# What made expressions try every way of dividing a text, recursion too deep and integers too long.
_HOSTILE = [
    "(",
    " ",
    "9",
    "`",
    "-",
    "1 + ",
    "1,000",
    "2^",
    "(((1)",
    "a.b",
    "a-",
    "ab_",
    "Ab ",
    "three ",
    "1\u00a0",
    "2)",
    "½",
]


@pytest.mark.parametrize("piece", _HOSTILE)
def test_any_text_is_checked_in_time_that_grows_with_its_length(piece: str) -> None:
    text = (piece * 6_000)[:6_000] + " = 3"

    found = find_unproved(text, Passages(["It is 3 m long."]), language="en")

    assert all(0 <= span.start < span.end <= len(text) for span in found)
    assert find_unproved("It is 3 m long.", Passages([text]), language="en") is not None


def test_what_stands_behind_the_first_piece_of_a_long_sentence_is_found_at_its_place() -> None:
    text = "word " * 1_000 + "and 47 more"

    found = find_unproved(text, Passages(["word"]), language="")

    assert [text[span.start : span.end] for span in found] == ["47"]


@pytest.mark.parametrize("before", range(1_955, 2_000, 3))
def test_a_long_sentence_is_cut_between_words(before: int) -> None:
    passage = "The tank of Kovalenko holds 1 234 567 litres"
    sentence = ("tank " * 400)[:before] + f" {passage}"

    assert check(f"{passage}.", sentence) == []
