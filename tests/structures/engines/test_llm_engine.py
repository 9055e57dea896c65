"""The engine that asks models, without any: its questions, and what it makes of answers."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, TypeVar
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from llm.messages import ContextCapacity, estimate_text_tokens
from structures.engines.base.drafts import Draft, DraftNode, NodeType
from structures.engines.base.llm_client import TooLargeForModel
from structures.engines.base.sources import SourceNode
from structures.engines.base.text import strip_invisible
from structures.engines.llm.answers import ConceptAnswer, CourseAnswer, LessonDetailsAnswer, PartAnswer
from structures.engines.llm.draft_builder import NO_CHUNK, Topic
from structures.engines.llm.engine import (
    ARRANGEMENT_ACTION,
    COURSE_ACTION,
    MAX_HALVINGS,
    OVERHEAD_TOKENS,
    PART_ACTION,
    build_plan,
    write_course,
)
from structures.engines.llm.lessons import LESSON_ACTION
from structures.engines.llm.numbering import ChunkLine
from tests.structures.engines.numbered import FORGED, HIDDEN, entry, node, texts, words
from tests.structures.generation.llm_courses import arrangement, concept, course, exercise, lesson_details, topic

T = TypeVar("T", bound=BaseModel)


class Clerk:
    """A context that answers with what its functions make of a question, and keeps every question in order.

    `capacity` is how many tokens that the materials of a question may take.
    """

    def __init__(
        self,
        answers: Mapping[str, Callable[[list[int]], BaseModel]] | None = None,
        *,
        capacity: int = 50_000,
        too_much: Callable[[str, list[int]], bool] = lambda _action, _numbers: False,
    ) -> None:
        self.answers = {**USUAL, **(answers or {})}
        self.tokens, self.too_much = capacity + OVERHEAD_TOKENS, too_much
        self.plan: Mapping[str, Any] = {}
        self.questions: list[tuple[str, Mapping[str, object]]] = []
        self.answered: list[tuple[str, list[int]]] = []

    @property
    def actions(self) -> list[str]:
        return [action for action, _ in self.questions]

    def numbers_of(self, action: str) -> list[int]:
        """Return the numbers that were answered to the action."""
        return [number for name, numbers in self.answered for number in numbers if name == action]

    def get_capacity(self, _action: str) -> ContextCapacity:
        price = Decimal("0.000001")
        return ContextCapacity(
            model="m-1", input_tokens=self.tokens, output_tokens=90_000, input_price=price, output_price=price * 10
        )

    def announce_plan(self, plan: Mapping[str, Any]) -> None:
        assert not self.questions
        self.plan = plan

    def complete(self, action: str, values: Mapping[str, object], wanted: type[T]) -> T:
        assert self.plan
        self.questions.append((action, values))
        key, name = ("topics", "topic") if action == ARRANGEMENT_ACTION else ("materials", "chunk")
        lines = [json.loads(line) for line in str(values[key]).splitlines()]
        numbers = list(dict.fromkeys(line[name] for line in lines if name in line))
        if self.too_much(action, numbers):
            raise TooLargeForModel(ValueError(f"{action} is too much"))
        self.answered.append((action, numbers))
        return wanted.model_validate(self.answers[action](numbers).model_dump())


def _course(numbers: list[int]) -> CourseAnswer:
    return course(*(concept(f"Idea {n}", (n, f"Chunk {n}.")) for n in numbers))


def _part(numbers: list[int]) -> PartAnswer:
    return PartAnswer(topics=[topic(f"Topic {n}", concept(f"Idea {n}", (n, f"Chunk {n}."))) for n in numbers])


def _lesson(numbers: list[int]) -> LessonDetailsAnswer:
    return lesson_details(*(concept(f"Idea {n}", (n, f"Chunk {n}.")) for n in numbers))


USUAL: Mapping[str, Callable[[list[int]], BaseModel]] = {
    COURSE_ACTION: _course, PART_ACTION: _part, ARRANGEMENT_ACTION: lambda numbers: arrangement(numbers),
    LESSON_ACTION: _lesson,
}  # fmt: skip


def concepts_of(draft: Draft) -> list[DraftNode]:
    return [each for module in draft.modules for each in module.iter_nodes() if each.node_type is NodeType.CONCEPT]


def titles_of(draft: Draft) -> list[str]:
    return [each.title for each in concepts_of(draft)]


# --- asking -----------------------------------------------------------------------------------------------------------


def test_what_fits_is_one_question_for_the_whole_course() -> None:
    context = Clerk()

    draft = write_course(words(5), context)

    assert context.actions == [COURSE_ACTION]
    assert titles_of(draft) == [f"Idea {n}" for n in range(1, 6)]


def test_larger_materials_are_asked_part_by_part_and_then_arranged() -> None:
    context = Clerk(capacity=500)

    draft = write_course(words(12), context)

    assert context.actions == [PART_ACTION, PART_ACTION, PART_ACTION, ARRANGEMENT_ACTION]
    assert context.numbers_of(PART_ACTION) == list(range(1, 13))
    assert [(values["part"], values["parts"]) for _, values in context.questions[:3]] == [(1, 3), (2, 3), (3, 3)]
    assert titles_of(draft) == [f"Idea {n}" for n in range(1, 13)]
    assert draft.warnings == ()


@pytest.mark.parametrize("count", [1, 5, 12, 40])
def test_the_plan_says_what_is_then_asked(count: int) -> None:
    context = Clerk(capacity=500)

    planned = build_plan(words(count), context)
    write_course(words(count), context)

    assert context.plan == planned
    assert planned["calls"] == len(context.questions)
    assert planned["parts"] == max(1, context.actions.count(PART_ACTION))
    assert planned["model"] == "m-1"
    sent = sum(estimate_text_tokens(str(values.get("materials", ""))) for _, values in context.questions)
    assert sent <= planned["input_tokens"]
    assert Decimal(planned["expected_cost_usd"]) > planned["input_tokens"] * Decimal("0.000001")


def test_a_whole_that_is_too_much_after_all_is_asked_in_halves_and_nothing_is_lost() -> None:
    context = Clerk(too_much=lambda action, numbers: action != ARRANGEMENT_ACTION and len(numbers) > 3)

    draft = write_course(words(10), context)

    assert context.actions[0] == COURSE_ACTION
    assert context.numbers_of(PART_ACTION) == list(range(1, 11))
    assert titles_of(draft) == [f"Idea {n}" for n in range(1, 11)]


def test_a_part_that_is_too_much_is_halved_and_nothing_is_lost() -> None:
    context = Clerk(capacity=1_000, too_much=lambda action, numbers: action == PART_ACTION and len(numbers) > 2)

    draft = write_course(words(20), context)

    assert context.numbers_of(PART_ACTION) == list(range(1, 21))
    assert titles_of(draft) == [f"Idea {n}" for n in range(1, 21)]


def test_halving_ends_and_the_reason_is_told() -> None:
    context = Clerk(too_much=lambda _action, _numbers: True)

    with pytest.raises(TooLargeForModel) as given_up:
        write_course(words(200), context)

    assert str(given_up.value.reason) == "summarise_part is too much"
    assert len(context.questions) == 1 + 1 + MAX_HALVINGS


def test_a_chunk_too_small_to_halve_is_not_asked_again() -> None:
    context = Clerk(too_much=lambda _action, _numbers: True)

    with pytest.raises(TooLargeForModel):
        write_course(node("Water", entry("Water boils.")), context)

    assert context.actions == [COURSE_ACTION, PART_ACTION]


def test_topics_that_are_too_many_to_arrange_are_arranged_in_halves() -> None:
    context = Clerk(capacity=500, too_much=lambda action, numbers: action == ARRANGEMENT_ACTION and len(numbers) > 3)

    draft = write_course(words(12), context)

    assert context.numbers_of(ARRANGEMENT_ACTION) == list(range(1, 13))
    assert titles_of(draft) == [f"Idea {n}" for n in range(1, 13)]
    assert len(draft.modules) == 4
    assert draft.warnings == ()


def test_what_the_owner_says_of_the_course_goes_along() -> None:
    context = Clerk(capacity=500)
    source = node("Water", *words(12).entries, language="uk", learning_goal=f"Boil{HIDDEN} eggs")

    write_course(source, context)

    assert {(values["language"], "Boil eggs" in str(values["goal"])) for _, values in context.questions} == {
        ("uk", True)
    }


@pytest.mark.parametrize("field", ["title", "learning_goal"])
def test_what_the_owner_says_of_the_course_cannot_pass_for_materials(field: str) -> None:
    context = Clerk()
    source = node("Water", entry("Water boils."))
    source = SourceNode(**{**vars(source), field: f"Water{FORGED}"})

    write_course(source, context)

    ((_, values),) = context.questions
    said = f"{values['course']}{values['goal']}"
    assert "\n" not in said
    assert "</" not in said


def test_parts_without_topics_make_an_empty_course_that_says_so() -> None:
    context = Clerk({PART_ACTION: lambda _numbers: PartAnswer(topics=[])}, capacity=500)

    draft = write_course(words(12), context)

    assert draft.modules == ()
    assert draft.warnings == ("The models found no topic in the materials.",)


# --- what becomes of answers ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lessons", "made", "warnings"),
    [
        ([[1, 2, 3, 4]], [["Idea 1", "Idea 2", "Idea 3", "Idea 4"]], []),
        ([[3], [1, 2, 4]], [["Idea 3"], ["Idea 1", "Idea 2", "Idea 4"]], []),
        ([[1], [3, 4]], [["Idea 1", "Idea 2"], ["Idea 3", "Idea 4"]], ["nowhere", "Topic 2"]),
        ([[], []], [["Idea 1", "Idea 2", "Idea 3", "Idea 4"]], ["Topic 1; Topic 2; Topic 3; Topic 4"]),
        ([[1, 1, 2], [2, 3, 1, 4]], [["Idea 1", "Idea 2"], ["Idea 3", "Idea 4"]], []),
        ([[1, 99, 2], [-1, 3, 4]], [["Idea 1", "Idea 2"], ["Idea 3", "Idea 4"]], ["2 topics that do not exist"]),
        ([[2, 3, 4]], [["Idea 2", "Idea 3", "Idea 4", "Idea 1"]], ["Topic 1"]),
    ],
)
def test_an_arrangement_loses_and_doubles_nothing(
    lessons: list[list[int]], made: list[list[str]], warnings: list[str]
) -> None:
    context = Clerk(
        {ARRANGEMENT_ACTION: lambda _numbers: arrangement(*lessons)},
        too_much=lambda action, _numbers: action == COURSE_ACTION,
    )

    draft = write_course(words(4), context)

    found = [[child.title for child in lesson.children] for module in draft.modules for lesson in module.children]
    assert found == made
    assert all(part in " ".join(draft.warnings) for part in warnings)
    assert bool(draft.warnings) == bool(warnings)


@given(st.lists(st.lists(st.integers(-2, 8), max_size=8), min_size=1, max_size=4))
def test_whatever_the_arrangement_each_topic_is_there_once(lessons: list[list[int]]) -> None:
    context = Clerk(
        {ARRANGEMENT_ACTION: lambda _numbers: arrangement(*lessons)},
        too_much=lambda action, _numbers: action == COURSE_ACTION,
    )

    draft = write_course(words(6), context)

    assert sorted(titles_of(draft)) == [f"Idea {n}" for n in range(1, 7)]


def test_a_concept_that_comes_twice_is_one_with_the_evidence_of_both() -> None:
    twice = [
        concept("Boiling point", (1, "Chunk 1."), examples=["An egg"]),
        concept("boiling POINT", (2, "Chunk 2."), (1, "Chunk 1."), definition="When it boils.", examples=["Tea"]),
    ]
    context = Clerk({COURSE_ACTION: lambda _numbers: course(*twice)})

    (found,) = concepts_of(write_course(words(2), context))

    assert (found.title, found.description) == ("Boiling point", "When it boils.")
    assert found.examples == ("An egg", "Tea")
    assert [citation.quote for citation in found.citations] == ["Chunk 1.", "Chunk 2."]


def test_a_concept_of_two_parts_that_come_into_one_lesson_is_one() -> None:
    def answer(numbers: list[int]) -> PartAnswer:
        return PartAnswer(topics=[topic("Heat", concept("Heat", (numbers[0], f"Chunk {numbers[0]}.")))])

    context = Clerk({PART_ACTION: answer}, capacity=500)

    (found,) = concepts_of(write_course(words(12), context))

    assert len(found.citations) == 3


def test_a_number_that_no_chunk_has_is_kept_as_a_citation_that_cannot_hold() -> None:
    context = Clerk({COURSE_ACTION: lambda _numbers: course(concept("Heat", (999, "Chunk 1."), (0, "x"), (-1, "x")))})

    (found,) = concepts_of(write_course(words(2), context))

    assert {citation.chunk_id for citation in found.citations} == {NO_CHUNK}


def test_the_whole_of_an_answer_comes_into_the_draft() -> None:
    task = exercise(
        "Boil an egg", (1, "Chunk 1."), task="Boil one.", reference_solution="Ten minutes.",
        grading_criteria=["It is hard."], difficulty=3,
    )  # fmt: skip
    answer = course(
        concept("Heat", (1, "Chunk 1."), definition="It is hot.", examples=["Fire"]),
        exercises=[task],
        title="Water",
        description="All about it.",
        learning_goal="Boil eggs.",
        expected_knowledge=[{"summary": "Heat", "details": "What heat is."}],
        expected_skills=[{"summary": "Boiling", "details": ""}],
        prerequisites=["Fire"],
    )
    context = Clerk({COURSE_ACTION: lambda _numbers: answer})

    draft = write_course(words(1), context)

    (module,) = draft.modules
    (lesson,) = module.children
    heat, egg = lesson.children
    assert (draft.title, draft.description, draft.learning_goal) == ("Water", "All about it.", "Boil eggs.")
    assert [(each.summary, each.details) for each in draft.expected_knowledge] == [("Heat", "What heat is.")]
    assert [(each.summary, each.details) for each in draft.expected_skills] == [("Boiling", "")]
    assert draft.prerequisites == ("Fire",)
    assert (module.learning_goal, module.difficulty, module.estimated_minutes) == ("Boil.", 2, 45)
    assert (heat.description, heat.examples) == ("It is hot.", ("Fire",))
    assert (egg.description, egg.reference_solution, egg.grading_criteria) == (
        "Boil one.", "Ten minutes.", ("It is hard.",),
    )  # fmt: skip
    assert egg.difficulty == 3


def test_what_nobody_sees_reaches_no_title_and_no_text() -> None:
    hidden = f"Wa{HIDDEN}ter"
    task = exercise(
        hidden, (1, hidden), task=hidden, reference_solution=hidden, grading_criteria=[hidden, HIDDEN], difficulty=1
    )
    about = {"summary": hidden, "details": hidden}
    answer = course(
        concept(hidden, (1, hidden), definition=hidden, examples=[hidden, HIDDEN]), exercises=[task], title=hidden,
        description=hidden, learning_goal=hidden, expected_knowledge=[about], expected_skills=[about],
        prerequisites=[hidden, HIDDEN],
    )  # fmt: skip
    context = Clerk({COURSE_ACTION: lambda _numbers: answer})

    draft = write_course(words(1), context)

    assert not any(sign in repr(draft) for sign in (*HIDDEN, "\\u200b", "\\x00", "\\ufeff"))
    assert draft.prerequisites == ("Water",)
    assert concepts_of(draft)[0].examples == ("Water",)


@pytest.mark.parametrize("title", ["", "   ", "\u200b", f" {HIDDEN} ", "\u200d", "\u3164", "\u00a0\u061c", "\u2800"])
def test_a_title_that_nobody_sees_is_refused(title: str) -> None:
    with pytest.raises(ValidationError):
        ConceptAnswer(title=title, definition="", examples=[], citations=[])


@pytest.mark.parametrize(
    "wrong",
    [
        {"modules": []},
        {"title": "\u2060"},
        {"modules": [{"title": "M", "goal": "", "difficulty": 6, "estimated_minutes": 5, "lessons": []}]},
    ],
)
def test_a_course_that_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        CourseAnswer.model_validate({**course(concept("Heat")).model_dump(), **wrong})


@given(texts)
def test_no_topic_can_end_the_topics_or_forge_a_number(text: str) -> None:
    """The titles and summaries of topics are a model's words, and a model may repeat what materials told it to say."""
    line = Topic(number=7, title=strip_invisible(text), summary=strip_invisible(text), children=()).format_line()

    assert len(line.splitlines()) == 1
    assert json.loads(line)["topic"] == 7
    assert "</" not in line


def test_a_line_counts_at_least_what_it_takes() -> None:
    line = ChunkLine(number=1, chunk_id=uuid4(), heading=(), text='{"chunk": 1}')

    assert line.estimated_tokens >= estimate_text_tokens(line.text)
