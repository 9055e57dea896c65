"""Small lessons that are asked about together: which they are, and how an answer is cut by lesson."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from structures.engines.base.drafts import Draft
from structures.engines.base.requests import EngineRequest
from structures.engines.base.sources import SourceNode
from structures.engines.llm.draft_builder import NO_CHUNK
from structures.engines.llm.engine import RECONCILIATION_ACTION, build_plan
from structures.engines.llm.groups import MAX_GROUP_LESSONS
from structures.engines.llm.lessons import LESSON_ACTION
from structures.engines.registry import ENGINES, EngineName
from structures.generation.guided import build_guided_outline
from tests.structures.engines.numbered import entry, node
from tests.structures.engines.test_llm_engine import LONG, Clerk, concepts_of


def _course(*modules: tuple[str, ...]) -> SourceNode:
    """Return a course of modules, each of lessons with two chunks: a text, and a sentence of its own."""
    return node(
        "Water",
        *(
            node(f"Module {m}", *(node(f"{m}.{n}", entry(text, f"Lesson {m}.{n}.")) for n, text in enumerate(texts)))
            for m, texts in enumerate(modules)
        ),
    )


def write(source: SourceNode, clerk: Clerk) -> Draft:
    """Return the course, and check that what was asked had been planned so."""
    request = EngineRequest(source=source, outline=build_guided_outline(source))
    assert request.outline is not None
    planned = build_plan(request, request.outline, clerk)
    draft = ENGINES[EngineName.LLM].build_draft(request, clerk)
    assert clerk.plan == planned
    return draft


def count_lessons(clerk: Clerk) -> list[int]:
    """Return about how many lessons each question asks; the last one is left out."""
    assert clerk.actions[-1] == RECONCILIATION_ACTION
    return [max(1, str(values["materials"]).count('{"lesson": ')) for _, values in clerk.questions[:-1]]


def assert_each_cites_its_own(draft: Draft, source: SourceNode) -> None:
    lessons = [lesson for module in draft.modules for lesson in module.children]
    nodes = [lesson for module in source.children for lesson in module.children]
    for lesson, materials in zip(lessons, nodes, strict=True):
        own = {chunk.id for file in materials.entries for chunk in file.chunks}
        assert {citation.chunk_id for child in lesson.children for citation in child.citations} == own


def test_small_lessons_of_a_module_are_one_question_and_large_ones_their_own() -> None:
    clerk = Clerk()
    source = _course(("Water.", LONG, "Ice.", "Steam."), ("Rain.", "Dew."))

    draft = write(source, clerk)

    assert count_lessons(clerk) == [3, 1, 2]
    assert clerk.plan["calls"] == 4
    assert (clerk.plan["steps"]["lessons"], clerk.plan["parts"]) == (6, 6)
    assert_each_cites_its_own(draft, source)


def test_in_a_batch_each_lesson_is_asked_by_itself_and_told_before_any_is_asked() -> None:
    clerk = Clerk()
    clerk.is_batched = True
    source = _course(("Water.", LONG, "Ice.", "Steam."), ("Rain.", "Dew."))

    draft = write(source, clerk)

    assert count_lessons(clerk) == [1] * 6
    assert clerk.questions[:-1] == clerk.beforehand
    assert clerk.plan["calls"] == 7
    assert_each_cites_its_own(draft, source)


def test_groups_have_limits() -> None:
    many, half = Clerk(), Clerk()

    write(_course(("Water.",) * (MAX_GROUP_LESSONS + 3)), many)
    write(_course((LONG[: len(LONG) // 4],) * 4), half)

    assert count_lessons(many) == [MAX_GROUP_LESSONS, 3]
    assert max(count_lessons(half)) < 4


def test_groups_fill_the_last_round_of_questions() -> None:
    clerk = Clerk()

    # Of eight lessons each there would be five: four at once, and then one alone.
    write(_course(("Water.",) * (MAX_GROUP_LESSONS * 4 + 1)), clerk)

    assert len(count_lessons(clerk)) == 2 * clerk.get_concurrency() - 1
    assert max(count_lessons(clerk)) == 5


def _leave_out(lessons: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [lessons[0], lessons[2]]


def _say_twice(lessons: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [lessons[0], lessons[1], {**lessons[1], "goals": ["Otherwise."]}, lessons[2]]


def _mix_up(lessons: list[dict[str, Any]]) -> list[dict[str, Any]]:
    lessons[1]["concepts"][0]["citations"][0]["chunk"] = 1
    return lessons


def _quote_another(lessons: list[dict[str, Any]]) -> list[dict[str, Any]]:
    lessons[1]["concepts"][0]["citations"][0]["quote"] = "Lesson  0.2."
    return lessons


def _say_nothing(lessons: list[dict[str, Any]]) -> list[dict[str, Any]]:
    lessons[1].update(goals=[], concepts=[], exercises=[])
    return lessons


class Careless(Clerk):
    """Changes what it answers about several lessons."""

    def __init__(self, change: Callable[[list[dict[str, Any]]], list[dict[str, Any]]]) -> None:
        super().__init__()
        self._change = change

    def change_together(self, answer: dict[str, Any]) -> dict[str, Any]:
        return {"lessons": self._change(answer["lessons"])}


@pytest.mark.parametrize("change", [_leave_out, _say_twice, _mix_up, _quote_another, _say_nothing])
def test_a_lesson_that_an_answer_does_not_tell_apart_is_asked_about_alone(
    change: Callable[[list[dict[str, Any]]], list[dict[str, Any]]],
) -> None:
    clerk = Careless(change)
    source = _course(("Water.", "Ice.", "Steam."))

    draft = write(source, clerk)

    assert count_lessons(clerk) == [3, 1]
    assert "Ice." in str(clerk.questions[1][1]["materials"])
    assert "Steam." not in str(clerk.questions[1][1]["materials"])
    assert_each_cites_its_own(draft, source)


def test_a_number_that_no_chunk_has_is_no_chunk_of_the_lesson() -> None:
    def invent(lessons: list[dict[str, Any]]) -> list[dict[str, Any]]:
        lessons[1]["concepts"][0]["citations"][0]["chunk"] = 99
        return lessons

    clerk = Careless(invent)

    draft = write(_course(("Water.", "Ice.")), clerk)

    assert count_lessons(clerk) == [2]
    assert concepts_of(draft)[2].citations[0].chunk_id == NO_CHUNK


def test_lessons_that_are_too_much_together_are_asked_about_one_by_one() -> None:
    clerk = Clerk(too_much=lambda action, numbers: action == LESSON_ACTION and len(numbers) > 2)
    source = _course(("Water.", "Ice.", "Steam."))

    draft = write(source, clerk)

    assert count_lessons(clerk) == [3, 1, 1, 1]
    assert_each_cites_its_own(draft, source)
