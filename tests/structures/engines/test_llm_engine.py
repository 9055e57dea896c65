"""The engine that asks models, without any: its questions, and what it makes of answers."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, TypeVar
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from llm.messages import ContextCapacity, estimate_text_tokens
from structures.engines.base.drafts import Basis, Draft, DraftNode, NodeType
from structures.engines.base.llm_client import SimilarTexts, TaskOutcome, TooLargeForModel
from structures.engines.base.outlines import Outline
from structures.engines.base.requests import EngineRequest, Instructions
from structures.engines.base.sources import SourceNode
from structures.engines.llm.answers import (
    ConceptAnswer,
    CorrectionAnswer,
    LessonDetailsAnswer,
    ReconciliationAnswer,
)
from structures.engines.llm.draft_builder import NO_CHUNK
from structures.engines.llm.engine import OVERHEAD_TOKENS, RECONCILIATION_ACTION, build_plan
from structures.engines.llm.lessons import LESSON_ACTION, MAX_HALVINGS
from structures.engines.llm.numbering import ChunkLine
from structures.engines.llm.reconciliation import MAX_CORRECTIONS
from structures.engines.registry import ENGINES, EngineName, find_llm_outline
from structures.generation.guided import build_guided_outline
from tests.structures.engines.numbered import FORGED, HIDDEN, entry, node, texts, words
from tests.structures.generation.llm_courses import about_course, concept, exercise, lesson_details
from tests.structures.trees import tree

T = TypeVar("T", bound=BaseModel)
R = TypeVar("R")


class Clerk:
    """A context that answers with what its functions make of a question, and keeps every question in order.

    `capacity` is how many tokens that the materials of a question may take. `beforehand` are the questions that were
    told before any was asked; it asks them as a batch with `is_batched`.
    """

    is_batched = False

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
        self.published: dict[UUID, DraftNode | Exception] = {}
        self.beforehand: list[tuple[str, Mapping[str, object]]] = []

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

    def get_concurrency(self) -> int:
        return 4

    def asks_in_batch(self) -> bool:
        return self.is_batched

    def ask_beforehand(self, action: str, questions: Sequence[Mapping[str, object]], _wanted: type[BaseModel]) -> None:
        assert self.plan
        assert not self.questions
        self.beforehand = [(action, values) for values in questions]

    def find_answered(
        self, _action: str, questions: Sequence[Mapping[str, object]], _wanted: type[BaseModel]
    ) -> list[bool]:
        return [False] * len(questions)

    def find_comparison_price(self) -> Decimal | None:
        return None

    def find_similar_texts(self, _texts: Sequence[str], _parts: Sequence[int], *, limit: int) -> SimilarTexts:
        return SimilarTexts()

    def announce_plan(self, plan: Mapping[str, Any]) -> None:
        assert not self.questions
        self.plan = plan

    def announce_lessons(self, outline: Outline, asked: Collection[UUID]) -> None:
        assert set(asked) <= {lesson.key for lesson in outline.list_lessons()}

    def publish_lesson(self, key: UUID, lesson: DraftNode) -> None:
        self.published[key] = lesson

    def publish_failure(self, key: UUID, error: Exception) -> None:
        self.published[key] = error

    def run_tasks(self, tasks: Sequence[Callable[[], R]]) -> list[TaskOutcome[R]]:
        return [TaskOutcome(value=task()) for task in tasks]

    def complete(self, action: str, values: Mapping[str, object], wanted: type[T]) -> T:
        (lines,) = self._begin(action, values)
        answer = self.answer(action, _list_numbers(lines), "\n".join(lines))
        self.answered.append((action, _list_numbers(lines)))
        return wanted.model_validate(answer.model_dump())

    def complete_together(
        self,
        action: str,
        values: Mapping[str, object],
        wanted: type[T],
        split: Callable[[T], Iterable[tuple[Mapping[str, object], BaseModel]]],
    ) -> T:
        """Answer each lesson as if it were asked about alone, with the numbers that its chunks have here."""
        lessons = []
        for number, lines in enumerate(self._begin(action, values), start=1):
            numbers = _list_numbers(lines)
            own = list(range(1, len(numbers) + 1))
            answer = self.answer(action, own, "\n".join(lines)).model_dump()
            self.answered.append((action, own))
            for content in (*answer["concepts"], *answer["exercises"]):
                for citation in content["citations"]:
                    citation["chunk"] = dict(zip(own, numbers, strict=True)).get(citation["chunk"], 10_000)
            lessons.append({**answer, "lesson": number})
        value = wanted.model_validate(self.change_together({"lessons": lessons}))
        assert list(split(value)) or not lessons
        return value

    def change_together(self, answer: dict[str, Any]) -> dict[str, Any]:
        """Return what is answered about several lessons instead."""
        return answer

    def answer(self, action: str, numbers: list[int], _text: str) -> BaseModel:
        """Return the answer about these lines, as if nothing else had been asked."""
        return self.answers[action](numbers)

    def _begin(self, action: str, values: Mapping[str, object]) -> list[list[str]]:
        """Note a question, and return its lines by lesson."""
        assert self.plan
        self.questions.append((action, values))
        lessons: list[list[str]] = [[]]
        for line in str(values["course_lines" if action == RECONCILIATION_ACTION else "materials"]).splitlines():
            if line.startswith('{"lesson": ') and action == LESSON_ACTION:
                lessons.append([])
            else:
                lessons[-1].append(line)
        lessons = lessons[1:] or lessons
        if self.too_much(action, [number for lines in lessons for number in _list_numbers(lines)]):
            raise TooLargeForModel(ValueError(f"{action} is too much"))
        return lessons


def _list_numbers(lines: Iterable[str]) -> list[int]:
    values = (json.loads(line) for line in lines)
    return list(dict.fromkeys(value[name] for value in values for name in ("line", "chunk") if name in value))


def _lesson(numbers: list[int]) -> LessonDetailsAnswer:
    return lesson_details(*(concept(f"Idea {n}", (n, f"Chunk {n}.")) for n in numbers))


USUAL: Mapping[str, Callable[[list[int]], BaseModel]] = {
    LESSON_ACTION: _lesson, RECONCILIATION_ACTION: lambda _numbers: about_course(),
}  # fmt: skip


LONG = "Water boils, and steam rises from it. " * 300
"""More text than lessons have that are asked about together."""


def write(source: SourceNode, clerk: Clerk, *, is_guided: bool = False, **said: Any) -> Draft:
    """Return the course that the engine writes of the materials, for a request that says this."""
    outline = build_guided_outline(source) if is_guided else None
    request = EngineRequest(source=source, outline=outline, instructions=Instructions(**said))
    return ENGINES[EngineName.LLM].build_draft(request, clerk)


def answer_lesson(answer: LessonDetailsAnswer) -> Mapping[str, Callable[[list[int]], BaseModel]]:
    return {LESSON_ACTION: lambda _numbers: answer}


def correct(*corrections: dict[str, Any], **about: Any) -> Mapping[str, Callable[[list[int]], BaseModel]]:
    return {RECONCILIATION_ACTION: lambda _numbers: about_course(corrections, **about)}


def concepts_of(draft: Draft) -> list[DraftNode]:
    return [each for module in draft.modules for each in module.iter_nodes() if each.node_type is NodeType.CONCEPT]


def titles_of(draft: Draft) -> list[str]:
    return [each.title for each in concepts_of(draft)]


# --- asking -----------------------------------------------------------------------------------------------------------


def test_each_lesson_is_a_question_and_the_last_one_is_about_the_course() -> None:
    clerk = Clerk()
    source = node("Water", node("One", entry(LONG)), node("Two", entry(LONG)))

    draft = write(source, clerk)

    assert clerk.actions == [LESSON_ACTION, LESSON_ACTION, RECONCILIATION_ACTION]
    assert titles_of(draft) == ["Idea 1", "Idea 1"]


def test_a_lesson_that_is_too_large_for_one_request_is_asked_in_parts() -> None:
    clerk = Clerk(capacity=500)

    draft = write(words(12), clerk)

    assert clerk.actions == [LESSON_ACTION] * 3 + [RECONCILIATION_ACTION]
    assert clerk.numbers_of(LESSON_ACTION) == list(range(1, 13))
    assert titles_of(draft) == [f"Idea {n}" for n in range(1, 13)]
    assert draft.warnings == ()


@pytest.mark.parametrize("count", [1, 5, 12, 40])
def test_the_plan_says_what_is_then_asked(count: int) -> None:
    clerk = Clerk(capacity=500)

    request = EngineRequest(source=words(count))
    planned = build_plan(request, find_llm_outline(request), clerk)
    write(words(count), clerk)

    assert clerk.plan == planned
    assert planned["calls"] == len(clerk.questions)
    assert planned["parts"] == clerk.actions.count(LESSON_ACTION)
    assert planned["model"] == "m-1"
    sent = sum(estimate_text_tokens(str(values.get("materials", ""))) for _, values in clerk.questions)
    assert sent <= planned["input_tokens"]
    assert Decimal(planned["expected_cost_usd"]) > planned["input_tokens"] * Decimal("0.000001")


def test_a_part_that_is_too_much_is_halved_and_nothing_is_lost() -> None:
    clerk = Clerk(capacity=1_000, too_much=lambda action, numbers: action == LESSON_ACTION and len(numbers) > 2)

    draft = write(words(20), clerk)

    assert clerk.numbers_of(LESSON_ACTION) == list(range(1, 21))
    assert titles_of(draft) == [f"Idea {n}" for n in range(1, 21)]


def test_halving_ends_and_the_reason_is_told() -> None:
    clerk = Clerk(too_much=lambda _action, _numbers: True)

    with pytest.raises(TooLargeForModel) as given_up:
        write(words(200), clerk)

    assert str(given_up.value.reason) == "write_lesson is too much"
    assert len(clerk.questions) == 1 + MAX_HALVINGS


def test_a_chunk_too_small_to_halve_is_not_asked_again() -> None:
    clerk = Clerk(too_much=lambda _action, _numbers: True)

    with pytest.raises(TooLargeForModel):
        write(node("Water", entry("Water boils.")), clerk)

    assert clerk.actions == [LESSON_ACTION]


def test_a_course_that_is_too_large_to_read_through_is_read_in_halves() -> None:
    clerk = Clerk(
        correct({"target": 3, "field": "title", "old": "Idea 1", "new": "Steam"}),
        too_much=lambda action, numbers: action == RECONCILIATION_ACTION and len(numbers) > 8,
    )

    draft = write(words(12), clerk)

    assert clerk.numbers_of(RECONCILIATION_ACTION) == list(range(1, 15))
    assert titles_of(draft)[0] == "Steam"
    # The halves say the same, and the second time it is true no more.
    assert [each["applied"] for each in draft.corrections] == [True, False]


def test_what_the_owner_says_of_the_course_goes_along_at_the_end() -> None:
    clerk = Clerk()
    source = node("Water", *words(3).entries, language="uk", learning_goal=f"Boil{HIDDEN} eggs")

    write(source, clerk)

    assert {values["language"] for _, values in clerk.questions} == {"uk"}
    assert clerk.questions[-1][1]["goal"] == "Boil eggs"


@pytest.mark.parametrize("field", ["title", "learning_goal"])
def test_what_the_owner_says_of_the_course_cannot_pass_for_data(field: str) -> None:
    clerk = Clerk()
    source = node("Water", entry("Water boils."))
    source = SourceNode(**{**vars(source), field: f"Water{FORGED}"})

    write(source, clerk)

    values = clerk.questions[-1][1]
    said = f"{values['course']}{values['goal']}"
    assert "\n" not in said
    assert "</" not in said


def test_materials_without_text_ask_nothing() -> None:
    clerk = Clerk()

    draft = write(node("Water", entry()), clerk)

    assert clerk.questions == []
    assert draft.warnings[-1] == "The materials hold nothing that models could be asked."


# --- what becomes of answers ------------------------------------------------------------------------------------------


def test_an_exercise_that_comes_twice_keeps_the_solution_that_one_of_them_has() -> None:
    twice = [
        exercise("Boil", (1, "Text of chunk 1.")),
        exercise("Boil", (2, "Text of chunk 2."), reference_solution="At 100.", grading_criteria=["It boils."]),
    ]

    draft = write(words(2), Clerk(answer_lesson(lesson_details(exercises=twice))))

    (found,) = [node for module in draft.modules for node in module.iter_nodes() if node.node_type is NodeType.EXERCISE]
    assert (found.reference_solution, found.grading_criteria) == ("At 100.", ("It boils.",))


def test_a_concept_that_comes_twice_is_one_with_the_evidence_of_both() -> None:
    twice = [
        concept("Boiling point", (1, "Chunk 1."), examples=["An egg"]),
        concept("boiling POINT", (2, "Chunk 2."), (1, "Chunk 1."), definition="When it boils.", examples=["Tea"]),
    ]

    (found,) = concepts_of(write(words(2), Clerk(answer_lesson(lesson_details(*twice)))))

    assert (found.title, found.description) == ("Boiling point", "When it boils.")
    assert found.examples == ("An egg", "Tea")
    assert [citation.quote for citation in found.citations] == ["Chunk 1.", "Chunk 2."]


def test_a_concept_of_two_parts_of_a_lesson_is_one() -> None:
    def answer(numbers: list[int]) -> LessonDetailsAnswer:
        return lesson_details(concept("Heat", (numbers[0], f"Chunk {numbers[0]}.")))

    (found,) = concepts_of(write(words(12), Clerk({LESSON_ACTION: answer}, capacity=500)))

    assert len(found.citations) == 3


def test_a_number_that_no_chunk_has_is_kept_as_a_citation_that_cannot_hold() -> None:
    answer = lesson_details(concept("Heat", (999, "Chunk 1."), (0, "x"), (-1, "x")))

    (found,) = concepts_of(write(words(2), Clerk(answer_lesson(answer))))

    assert {citation.chunk_id for citation in found.citations} == {NO_CHUNK}


def test_the_whole_of_the_answers_comes_into_the_draft() -> None:
    task = exercise(
        "Boil an egg", (1, "Chunk 1."), task="Boil one.", reference_solution="Ten minutes.",
        grading_criteria=["It is hard."], difficulty=3,
    )  # fmt: skip
    details = lesson_details(
        concept("Heat", (1, "Chunk 1."), definition="It is hot.", examples=["Fire"]),
        exercises=[task], goals=["Boil eggs.", "Boil  tea."], required_knowledge=["Fire"], difficulty=4,
        estimated_minutes=20,
    )  # fmt: skip
    about = about_course(
        title="All of water", description="All about it.", learning_goal="Boil eggs.",
        expected_knowledge=[{"summary": "Heat", "details": "What heat is."}],
        expected_skills=[{"summary": "Boiling", "details": ""}], prerequisites=["Fire"],
        modules=[{"line": 1, "goal": "Boil.", "difficulty": 2}],
    )  # fmt: skip
    clerk = Clerk({LESSON_ACTION: lambda _numbers: details, RECONCILIATION_ACTION: lambda _numbers: about})

    draft = write(words(1), clerk)

    (module,) = draft.modules
    (lesson,) = module.children
    heat, egg = lesson.children
    assert (draft.title, draft.description, draft.learning_goal) == ("All of water", "All about it.", "Boil eggs.")
    assert [(each.summary, each.details) for each in draft.expected_knowledge] == [("Heat", "What heat is.")]
    assert [(each.summary, each.details) for each in draft.expected_skills] == [("Boiling", "")]
    assert draft.prerequisites == ("Fire",)
    assert (module.learning_goal, module.difficulty, module.estimated_minutes) == ("Boil.", 2, 20)
    assert (lesson.learning_goal, lesson.required_knowledge) == ("Boil eggs.\nBoil tea.", ("Fire",))
    assert (lesson.difficulty, lesson.estimated_minutes) == (4, 20)
    assert (heat.description, heat.examples) == ("It is hot.", ("Fire",))
    assert (egg.description, egg.reference_solution, egg.grading_criteria) == (
        "Boil one.", "Ten minutes.", ("It is hard.",),
    )  # fmt: skip
    assert egg.difficulty == 3


def test_what_the_materials_state_counts_more_than_what_a_model_says() -> None:
    text = "# Boiling\n\nAfter this lesson you will be able to boil eggs.\n\nDuration: 40 minutes\n\nWater boils."
    source = tree("Water", {"Heat": {"boiling.md": text}})

    draft = write(source, Clerk({LESSON_ACTION: lambda _numbers: lesson_details(goals=["Mine"], estimated_minutes=5)}))

    (lesson,) = [found for module in draft.modules for found in module.children]
    assert (lesson.estimated_minutes, lesson.minutes_basis) == (40, Basis.STATED)
    assert "boil eggs" in lesson.learning_goal


def test_what_nobody_sees_reaches_no_title_and_no_text() -> None:
    hidden = f"Wa{HIDDEN}ter"
    task = exercise(
        hidden, (1, hidden), task=hidden, reference_solution=hidden, grading_criteria=[hidden, HIDDEN], difficulty=1
    )
    about = {"summary": hidden, "details": hidden}
    details = lesson_details(
        concept(hidden, (1, hidden), definition=hidden, examples=[hidden, HIDDEN]), exercises=[task], goals=[hidden],
        required_knowledge=[hidden, HIDDEN],
    )  # fmt: skip
    last = about_course(
        [{"target": 3, "field": "title", "old": "Water", "new": f"W{hidden}", "reason": hidden}], title=hidden,
        description=hidden, learning_goal=hidden, expected_knowledge=[about], expected_skills=[about],
        prerequisites=[hidden, HIDDEN], modules=[{"line": 1, "goal": hidden, "difficulty": 1}],
    )  # fmt: skip
    clerk = Clerk({LESSON_ACTION: lambda _numbers: details, RECONCILIATION_ACTION: lambda _numbers: last})

    draft = write(words(1), clerk)

    assert not any(sign in repr(draft) for sign in (*HIDDEN, "\\u200b", "\\x00", "\\ufeff"))
    assert draft.prerequisites == ("Water",)
    assert concepts_of(draft)[0].title == "WWater"
    assert concepts_of(draft)[0].examples == ("Water",)


@pytest.mark.parametrize("title", ["", "   ", "\u200b", f" {HIDDEN} ", "\u200d", "\u3164", "\u00a0\u061c", "\u2800"])
def test_a_title_that_nobody_sees_is_refused(title: str) -> None:
    with pytest.raises(ValidationError):
        ConceptAnswer(title=title, definition="", examples=[], citations=[])


@pytest.mark.parametrize("wrong", [{"difficulty": 6}, {"estimated_minutes": 0}, {"goals": [None]}, {"concepts": [{}]}])
def test_a_lesson_that_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        LessonDetailsAnswer.model_validate({**lesson_details().model_dump(), **wrong})


def test_a_line_counts_at_least_what_it_takes() -> None:
    line = ChunkLine(number=1, chunk_id=uuid4(), heading=(), text='{"chunk": 1}')

    assert line.estimated_tokens >= estimate_text_tokens(line.text)


# --- corrections ------------------------------------------------------------------------------------------------------
# Lines: 1 the module Heat, 2 its lesson Boiling, 3 its concept, 4 the lesson Melting, 5 its concept, 6 the module Rain,
# 7 its lesson, 8 its concept.

COURSE = {
    "Heat": {
        "1-boiling.md": "# Boiling\n\nThe **boiling point** is a temperature.",
        "2-melting.md": "# Melting\n\nAt the melting point ice melts. The boiling point is higher.",
    },
    "Rain": {"1-clouds.md": "# Clouds\n\nClouds are water.", "2-rain.md": "# Rain\n\nRain falls."},
}
LINES = [
    {"line": 1, "module": "Heat"},
    {"line": 2, "lesson": "Boiling", "goals": ["Boil."]},
    {"line": 3, "concept": "Boiling point"},
    {"line": 4, "lesson": "Melting", "goals": ["Boil."]},
    {"line": 5, "concept": "Melting point"},
    {"line": 6, "module": "Rain"},
    {"line": 7, "lesson": "Clouds", "goals": ["Boil."]},
    {"line": 8, "concept": "The boiling-point"},
    {"line": 9, "lesson": "Rain", "goals": ["Boil."]},
]
_CONCEPTS = {"temperature": "Boiling point", "melts": "Melting point", "Clouds are": "The boiling-point"}


class Reader(Clerk):
    """Answers each lesson with the concept that the words of its materials stand for, and corrects the course."""

    def __init__(self, *corrections: dict[str, Any]) -> None:
        super().__init__(correct(*corrections))

    def answer(self, action: str, numbers: list[int], text: str) -> BaseModel:
        if action == RECONCILIATION_ACTION:
            return super().answer(action, numbers, text)
        titles = [title for word, title in _CONCEPTS.items() if word in text]
        return lesson_details(*(concept(title, (2, "words")) for title in titles))

    def read_course(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in str(self.questions[-1][1]["course_lines"]).splitlines()]


def corrected(*corrections: dict[str, Any], is_guided: bool = False) -> Draft:
    source = tree("Water", COURSE)
    if is_guided:
        source = replace(source, children=tuple(_give_lessons(child) for child in source.children))
    return write(source, Reader(*corrections), is_guided=is_guided)


def _give_lessons(folder: SourceNode) -> SourceNode:
    lessons = (node(each.name[2:-3].title(), each) for each in folder.entries)
    return replace(folder, entries=(), children=tuple(lessons))


def outline_of(draft: Draft) -> dict[str, dict[str, list[str]]]:
    return {
        module.title: {lesson.title: [child.title for child in lesson.children] for lesson in module.children}
        for module in draft.modules
    }


PLAIN = {
    "Heat": {"Boiling": ["Boiling point"], "Melting": ["Melting point"]},
    "Rain": {"Clouds": ["The boiling-point"], "Rain": []},
}


def test_the_last_question_sees_titles_goals_and_concepts_alone() -> None:
    reader = Reader()

    draft = write(tree("Water", COURSE), reader)

    assert reader.read_course() == LINES
    assert outline_of(draft) == PLAIN
    assert draft.corrections == ()


def test_corrections_are_applied_by_code_and_kept() -> None:
    draft = corrected(
        {"target": 6, "field": "title", "old": "Rain", "new": "Weather"},
        {"target": 7, "field": "title", "old": "Clouds", "new": "Why it rains"},
        {"target": 8, "field": "same_as", "new": "3"},
        {"target": 9, "field": "after", "new": "6"},
        {"target": 6, "field": "title", "old": "Weather", "new": "Weather"},
    )

    assert outline_of(draft) == {
        "Heat": {"Boiling": ["Boiling point"], "Melting": ["Melting point"]},
        "Weather": {"Rain": [], "Why it rains": []},
    }
    assert [(module.title, module.given_title) for module in draft.modules] == [("Heat", ""), ("Weather", "Rain")]
    assert draft.given_title == "Water"
    assert len(concepts_of(draft)[0].citations) == 2
    assert draft.corrections[0] == {
        "target": 6, "type": "module", "title": "Rain", "field": "title", "old": "Rain", "new": "Weather",
        "reason": "It reads better.", "applied": True,
    }  # fmt: skip


def test_modules_take_as_long_as_the_lessons_that_they_have_in_the_end() -> None:
    draft = corrected({"target": 7, "field": "after", "new": "2"})

    assert [(module.title, module.estimated_minutes) for module in draft.modules] == [("Heat", 45), ("Rain", 15)]


@pytest.mark.parametrize(
    "wrong",
    [
        {"target": 99, "field": "title", "old": "x", "new": "y"},
        {"target": -1, "field": "title", "old": "x", "new": "y"},
        {"target": 2, "field": "title", "old": "Melting", "new": "Ice"},
        {"target": 2, "field": "title", "old": "Boiling", "new": ""},
        {"target": 2, "field": "title", "old": "Boiling", "new": "x" * 501},
        {"target": 2, "field": "title", "old": "Boiling", "new": "two\nlines"},
        {"target": 2, "field": "same_as", "new": "4"},
        {"target": 3, "field": "same_as", "new": "3"},
        {"target": 3, "field": "same_as", "new": "2"},
        {"target": 3, "field": "same_as", "new": "9" * 5_000},
        {"target": 3, "field": "same_as", "new": "²"},
        {"target": 3, "field": "after", "new": "2"},
        {"target": 1, "field": "after", "new": "6"},
        {"target": 2, "field": "after", "new": "2"},
        {"target": 2, "field": "after", "new": "3"},
        {"target": 2, "field": "after", "new": ""},
        {"target": 2, "field": "requires", "new": "3"},
        {"target": 2, "field": "requires", "new": "4"},
        {"target": 3, "field": "requires", "new": "5"},
    ],
)
def test_a_correction_that_makes_no_sense_is_refused_with_a_reason(wrong: dict[str, Any]) -> None:
    draft = corrected(wrong)

    assert outline_of(draft) == PLAIN
    (kept,) = draft.corrections
    assert kept["applied"] is False
    assert kept["refused_because"]


def test_what_must_be_kept_is_corrected_by_nobody() -> None:
    draft = corrected(
        {"target": 1, "field": "title", "old": "Heat", "new": "Hot"},
        {"target": 2, "field": "title", "old": "Boiling", "new": "Hot"},
        {"target": 2, "field": "after", "new": "6"},
        {"target": 3, "field": "title", "old": "Boiling point", "new": "Boiling"},
        {"target": 8, "field": "same_as", "new": "3"},
        is_guided=True,
    )

    assert [each["applied"] for each in draft.corrections] == [False, False, False, True, True]
    assert outline_of(draft) == {
        "Heat": {"Boiling": ["Boiling"], "Melting": ["Melting point"]}, "Rain": {"Clouds": [], "Rain": []},
    }  # fmt: skip
    assert draft.title == "Water"


def test_a_concept_that_must_be_kept_gets_no_evidence_of_another_one() -> None:
    source = tree("Water", COURSE)
    source = replace(source, children=tuple(_give_lessons(child) for child in source.children))
    outline = build_guided_outline(source)
    heat, rain = outline.nodes
    mine = DraftNode(node_type=NodeType.CONCEPT, title="Boiling point", description="Mine.", key=uuid4())
    known = DraftNode(node_type=NodeType.LESSON, title="Boiling", children=(mine,))
    heat = replace(heat, children=(replace(heat.children[0], known=known), *heat.children[1:]))
    outline = replace(outline, nodes=(heat, rain))
    reader = Reader({"target": 8, "field": "same_as", "new": "3"})

    draft = ENGINES[EngineName.LLM].build_draft(EngineRequest(source=source, outline=outline), reader)

    (correction,) = draft.corrections
    assert (correction["applied"], correction["refused_because"]) == (False, "it must be kept as it is")
    assert concepts_of(draft)[0] == mine
    assert len(concepts_of(draft)[2].citations) == 1


def test_a_required_concept_is_a_prerequisite_where_the_lesson_names_it() -> None:
    draft = corrected(
        {"target": 4, "field": "requires", "new": "3"},
        {"target": 9, "field": "requires", "new": "5"},
        {"target": 2, "field": "requires", "new": "5"},
    )

    lessons = [lesson for module in draft.modules for lesson in module.children]
    (found,) = lessons[1].prerequisites
    assert (found.term, found.lesson, found.use.quote) == ("Boiling point", 0, "The boiling point is higher.")
    assert not any(lesson.prerequisites for lesson in (lessons[0], lessons[2], lessons[3]))


def test_too_many_corrections_are_counted() -> None:
    draft = corrected(*({"target": 99, "field": "title", "old": "", "new": str(n)} for n in range(MAX_CORRECTIONS + 2)))

    assert len(draft.corrections) == MAX_CORRECTIONS
    assert "2 further corrections of the model were not looked at." in draft.warnings


_corrections = st.builds(
    lambda target, field, old, new: {"target": target, "field": field, "old": old, "new": new},
    st.integers(0, 11),
    st.sampled_from(["title", "same_as", "after", "requires"]),
    st.sampled_from(["Rain", "Boiling", "Boiling point", ""]),
    st.integers(0, 10).map(str) | texts,
)


@given(st.lists(_corrections, max_size=12), st.booleans())
def test_whatever_is_corrected_lessons_and_evidence_stay(corrections: list[dict[str, Any]], is_guided: bool) -> None:
    draft = corrected(*corrections, is_guided=is_guided)

    nodes = [found for module in draft.modules for found in module.iter_nodes()]
    lessons = [found for found in nodes if found.node_type is NodeType.LESSON]
    assert len(lessons) == 4
    assert sum(len(found.citations) for found in nodes if found.node_type is NodeType.CONCEPT) == 3
    assert all(one.lesson < place for place, lesson in enumerate(lessons) for one in lesson.prerequisites)
    if is_guided:
        assert {module: list(inside) for module, inside in outline_of(draft).items()} == {
            "Heat": ["Boiling", "Melting"], "Rain": ["Clouds", "Rain"],
        }  # fmt: skip


@given(texts)
def test_no_title_can_end_the_course_or_forge_a_line(text: str) -> None:
    """Titles of concepts are a model's words, and a model may repeat what materials told it to say."""
    clerk = Clerk({LESSON_ACTION: lambda _numbers: lesson_details(concept(f"x{text}"), goals=[text])})

    write(words(1), clerk)

    lines = str(clerk.questions[-1][1]["course_lines"]).split("\n")
    assert [json.loads(line)["line"] for line in lines] == [1, 2, 3]
    assert not any("</" in line for line in lines)


def test_a_correction_needs_a_field_that_there_is() -> None:
    with pytest.raises(ValidationError):
        CorrectionAnswer.model_validate({"target": 1, "field": "delete", "old": "", "new": "", "reason": ""})
    with pytest.raises(ValidationError):
        ReconciliationAnswer.model_validate({})
