"""Prerequisites between lessons: a term that one defines and a later one uses, both quoted."""

from __future__ import annotations

import pytest

from structures.engines.base.drafts import Citation, DraftNode, NodeType, OrderFaults
from structures.engines.outline.design import design_lessons
from structures.engines.outline.design.stems import build_stem
from structures.engines.outline.plans import LessonPlan
from tests.executed_lines import count_executed_lines
from tests.structures.engines.outline.design.designs import course_of
from tests.structures.engines.outline.lessons import lesson_of


def terms_of(texts: list[str], terms: dict[str, int]) -> list[list[tuple[str, int]]]:
    """Return the terms that each lesson needs, with the lesson that defines them."""
    return [[(each.term, each.lesson) for each in one.prerequisites] for one in course_of(texts, terms).lessons]


def test_a_later_lesson_needs_what_an_earlier_one_defines() -> None:
    course = course_of(["A dough is a mix.", "Knead. Every dough rests. It rises."], {"dough": 0})

    (prerequisite,) = course.lessons[1].prerequisites
    assert (prerequisite.term, prerequisite.lesson) == ("dough", 0)
    assert prerequisite.definition.quote == "A dough is a mix."
    assert prerequisite.use.quote == "Every dough rests."
    assert course.lessons[0].prerequisites == ()
    assert course.warnings == ()


@pytest.mark.parametrize(
    ("term", "defined", "used"),
    [
        ("loop", "A loop is a block.", "Two loops run here."),
        (
            "Ітерація",
            "Ітерація — це виконання циклу для одного значення.",
            "На кожній ітерації оновлюємо екран і все що є.",
        ),
        ("Функція", "Функція — це блок коду, який має ім'я.", "Ми пишемо дві функції та одну програму для цього."),
        ("Horizonte", "Un horizonte es una capa del suelo.", "Los horizontes de la arcilla retienen el agua."),
        ("Mianownik", "Mianownik to liczba pod kreską ułamka.", "Sprowadzamy je do wspólnego mianownika i są równe."),
        ("Zelle", "Eine Zelle ist der Baustein des Lebens.", "Die Zellen sind klein und nicht mit dem Auge zu sehen."),
        ("charge fixe", "Une charge fixe est une dépense du mois.", "La marge couvre les charges fixes de la société."),
        ("叶绿体", "叶绿体是进行光合作用的细胞器。", "而叶绿体只在光下工作。"),
    ],
)
def test_a_term_is_found_in_its_inflected_forms(term: str, defined: str, used: str) -> None:
    assert terms_of([defined, used], {term: 0}) == [[], [(term, 0)]]


@pytest.mark.parametrize(
    "used", ["Listen to it.", "The listing is long.", "# List\n\nNothing.", "- Lists\n- A list", "```\nlist\n```"]
)
def test_other_words_headings_and_code_are_no_use(used: str) -> None:
    assert terms_of(["A list is a run of values.", used], {"list": 0}) == [[], []]


def test_the_longest_term_counts() -> None:
    texts = ["A loop is a block.\n\nA for loop is a loop with a number.", "Write a for loop today."]

    assert terms_of(texts, {"loop": 0, "for loop": 0}) == [[], [("for loop", 0)]]


def test_a_lesson_names_the_terms_that_it_uses_most_and_few() -> None:
    words = ["alpha", "bravo", "carol", "delta", "eagle", "fjord", "gamma"]
    uses = [f"Here is one {word}." for number, word in enumerate(words) for _ in range(number + 1)]
    texts = [" ".join(f"The {word} is a sign." for word in words), *["Nothing."] * 6, " ".join(uses)]

    needed = terms_of(texts, dict.fromkeys(words, 0))[-1]

    assert [term for term, _ in needed] == ["gamma", "fjord", "eagle", "delta", "carol"]


def test_a_word_that_most_lessons_have_is_no_prerequisite() -> None:
    texts = ["A value is a thing.", *["It has a value."] * 7]

    assert terms_of(texts, {"value": 0}) == [[]] * 8
    assert terms_of(["A value is a thing.", "It has a value."], {"value": 0}) == [[], [("value", 0)]]


def test_use_before_definition_and_cycles_are_reported() -> None:
    texts = ["A dough is a mix. It needs yeast.", "Yeast is a fungus. It lives in dough."]

    course = course_of(texts, {"dough": 0, "yeast": 1})

    assert course.warnings == (
        "Uses of a term in a lesson before the lesson that defines it: 1, such as "
        '"yeast" in "Lesson 0" (defined in "Lesson 1").',
        'Pairs of lessons that use terms of each other: 1, such as "Lesson 0" and "Lesson 1".',
    )
    assert course.order_faults == OrderFaults(early_uses=1, mutual_uses=1)
    assert [each.term for each in course.lessons[1].prerequisites] == ["dough"]


def test_an_introduction_may_name_what_is_to_come() -> None:
    def count(introduction: str) -> int:
        return course_of([introduction, *["Nothing."] * 6, "Yeast is a fungus."], {"yeast": 7}).order_faults.early_uses

    assert count("Later we meet yeast.") == 0
    assert count("Later we meet yeast. Here we already need yeast.") == 1


def test_a_glossary_comes_neither_before_nor_after_a_lesson() -> None:
    lessons = [
        LessonPlan(title=title, parts=lesson_of({f"{title}.md": "A dough is a mix. Every dough rests here."}))
        for title in ("Bread", "Glossary", "Cake")
    ]
    chunk = lessons[1].parts[0].entry.chunks[0]
    dough = DraftNode(
        node_type=NodeType.CONCEPT,
        title="dough",
        description="A mix.",
        citations=(Citation(chunk_id=chunk.id, quote="A dough is a mix."),),
    )

    course = design_lessons(lessons, [[], [dough], []])

    assert [each.prerequisites for each in course.lessons] == [(), (), ()]
    assert course.order_faults == OrderFaults()


def test_a_talk_without_punctuation_is_quoted_around_the_term() -> None:
    talk = " ".join(["so"] * 100 + ["yeast"] + ["and"] * 100)

    course = course_of(["Yeast is a fungus.", talk], {"yeast": 0})

    assert course.lessons[1].prerequisites[0].use.quote == " ".join(["so"] * 8 + ["yeast"] + ["and"] * 8)


@pytest.mark.parametrize(
    ("language", "forms"),
    [
        ("uk", ["функція", "функції", "функцію", "функцій", "функціями", "функціях"]),
        ("uk", ["цикл", "циклу", "цикли", "циклів", "циклом"]),
        ("pl", ["licznik", "licznika", "liczniki", "licznikiem"]),
        ("en", ["class", "classes"]), ("en", ["query", "queries"]), ("en", ["list", "lists"]),
        ("en", ["array", "array's"]),
        ("de", ["zelle", "zellen"]), ("fr", ["réseau", "réseaux"]), ("it", ["variabile", "variabili"]),
        ("en", ["LED", "LEDs", "LED's"]), ("uk", ["ДНК"]),
        ("es", ["función", "función"]), ("pt", ["função", "funções"]),
    ],
)  # fmt: skip
def test_forms_of_a_word_share_a_stem(language: str, forms: list[str]) -> None:
    assert len({build_stem(form, language) for form in forms}) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [("list", "listen"), ("class", "clash"), ("loop", "looping"), ("test", "tester"), ("HTTPS", "https"), ("IT", "it")],
)
def test_other_words_have_other_stems(one: str, other: str) -> None:
    assert build_stem(one, "en") != build_stem(other, "en")


@pytest.mark.slow
def test_the_work_grows_with_the_texts_not_with_the_terms() -> None:
    def measure(size: int) -> int:
        letters = "abcdefghij"
        words = [f"term{letters[n % 10]}{letters[n // 10 % 10]}{letters[n // 100]}" for n in range(size)]
        texts = [f"The {word} is one. " + "Words follow here. " * 5 for word in words]
        return count_executed_lines(
            lambda: course_of(texts, {word: n for n, word in enumerate(words)}), at_most=2_000_000
        )

    assert measure(80) < 2.5 * measure(40)
