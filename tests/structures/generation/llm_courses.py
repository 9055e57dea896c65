"""Models that write courses: their world, what they answer, and how to read what they were asked."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any
from uuid import UUID

from pydantic import BaseModel
from rest_framework.test import APIClient

from structures.engines.llm.answers import (
    CitationAnswer,
    ConceptAnswer,
    ExerciseAnswer,
    LessonDetailsAnswer,
    ReconciliationAnswer,
)
from structures.engines.llm.engine import ACTIONS
from structures.engines.llm.judging import JUDGING_ACTION
from tests.conftest import drain
from tests.fakes.asked import Asked
from tests.fakes.server import FakeVendor
from tests.fakes.steps import Answer
from tests.llm.world import World

CHAINS = {"quality": ["gpt"], "default": ["gemini", "claude"], "budget": ["deepseek"]}
ROOM_FOR_SMALL_PARTS = 1_650
"""So little room for an answer makes parts of 500 tokens."""

COURSE: dict[str, Any] = {
    "title": "Water", "description": "", "learning_goal": "", "expected_knowledge": [], "expected_skills": [],
    "prerequisites": [],
}  # fmt: skip

Evidence = tuple[int, str]

BOILING = "Boiling point is the temperature at which a liquid becomes a gas."
"""The third chunk of the lecture."""


def let_write(world: World, *, chain: Sequence[str] = CHAINS["default"], **action: Any) -> None:
    """Write the registry with these values for each of the actions, and this chain for the strategy `default`."""
    for name in (*ACTIONS, JUDGING_ACTION):
        usual = {"description": name, "needs": ["structured_output"], "output_tokens": 8_000, "seconds": 30}
        world.file["actions"][name] = {**usual, "when_refused": "next", **action}
        world.file["chains"][name] = {**CHAINS, "default": list(chain)}
    world.write()


def data_lines(prompt: str, tag: str = "materials") -> list[dict[str, Any]]:
    """Return the lines of data in a prompt, as a strict reader finds them; fails when one is not JSON."""
    begin, end = f"<{tag}>\n", f"\n</{tag}>\n"
    data = prompt[prompt.index(begin) + len(begin) : prompt.rindex(end)]
    return [json.loads(line) for line in data.split("\n")]


def chunks_shown(prompt: str) -> list[dict[str, Any]]:
    """Return the chunks in a prompt."""
    return [line for line in data_lines(prompt) if "chunk" in line]


def said(answer: BaseModel | dict[str, Any], **tokens: Any) -> Answer:
    """Return the answer as a vendor sends it."""
    text = answer.model_dump_json() if isinstance(answer, BaseModel) else json.dumps(answer, ensure_ascii=False)
    return Answer(text, **tokens)


def honest(asked: Asked) -> Answer:
    """Answer as a model that does what it is told: a concept for each chunk, which it quotes whole."""
    if is_about_course(asked):
        return said(about_course())
    return said_of_lessons(asked, _quote_all)


def _quote_all(chunks: list[dict[str, Any]]) -> LessonDetailsAnswer:
    return lesson_details(*(concept(f"Idea {line['chunk']}", (line["chunk"], line["text"])) for line in chunks))


def said_of_lessons(
    asked: Asked, describe: Callable[[list[dict[str, Any]]], LessonDetailsAnswer], **tokens: Any
) -> Answer:
    """Return what `describe` says of the chunks of the lesson, or of each lesson, that a question is about."""
    lessons: list[list[dict[str, Any]]] = [[]]
    for line in data_lines(asked.prompt):
        if "lesson" in line:
            lessons.append([])
        elif "chunk" in line:
            lessons[-1].append(line)
    if len(lessons) == 1:
        return said(describe(lessons[0]), **tokens)
    described = [{**describe(chunks).model_dump(), "lesson": n} for n, chunks in enumerate(lessons[1:], start=1)]
    return said({"lessons": described}, **tokens)


def is_about_course(asked: Asked) -> bool:
    """Tell whether this is the last question, about the course as a whole."""
    return "\n<course>\n" in asked.prompt


def is_judging(asked: Asked) -> bool:
    """Tell whether a second model is asked what the first one wrote."""
    return "\n<statements>\n" in asked.prompt


def of_lesson(
    *concepts: ConceptAnswer, about: dict[str, Any] | None = None, **details: Any
) -> Callable[[Asked], Answer]:
    """Return a step that answers each lesson with these details, and the last question with `about`."""

    def step(asked: Asked) -> Answer:
        if is_about_course(asked):
            return said(about_course(**(about or {})))
        return said_of_lessons(asked, lambda _chunks: lesson_details(*concepts, **details))

    return step


def concept(title: str, *evidence: Evidence, definition: str = "", examples: Iterable[str] = ()) -> ConceptAnswer:
    return ConceptAnswer(title=title, definition=definition, examples=list(examples), citations=_citations(evidence))


def exercise(title: str, *evidence: Evidence, **more: Any) -> ExerciseAnswer:
    usual: dict[str, Any] = {"task": "Boil it.", "reference_solution": "", "grading_criteria": [], "difficulty": 1}
    return ExerciseAnswer(title=title, citations=_citations(evidence), **{**usual, **more})


def lesson_details(
    *concepts: ConceptAnswer, exercises: Iterable[ExerciseAnswer] = (), **more: Any
) -> LessonDetailsAnswer:
    usual: dict[str, Any] = {"goals": ["Boil."], "required_knowledge": [], "difficulty": 2, "estimated_minutes": 15}
    return LessonDetailsAnswer(**{**usual, **more}, concepts=list(concepts), exercises=list(exercises))


def about_course(corrections: Iterable[dict[str, Any]] = (), **more: Any) -> ReconciliationAnswer:
    usual = {"reason": "It reads better.", "old": ""}
    values = {**COURSE, "modules": [], **more, "corrections": [{**usual, **each} for each in corrections]}
    return ReconciliationAnswer.model_validate(values)


def _citations(evidence: Iterable[Evidence]) -> list[CitationAnswer]:
    return [CitationAnswer(chunk=chunk, quote=quote) for chunk, quote in evidence]


def ask_for(client: APIClient, node: UUID, **options: Any) -> dict[str, Any]:
    """Ask for a structure, do the work, and return the job as the API shows it."""
    accepted = client.post(f"/api/v1/nodes/{node}/generate", options, format="json")
    assert accepted.status_code == 202, accepted.content
    drain()
    job: dict[str, Any] = client.get(accepted["Location"]).json()
    return job


def written(client: APIClient, node: UUID, **options: Any) -> dict[str, Any]:
    """Ask for a structure and return the snapshot; fails unless it is made."""
    job = ask_for(client, node, **options)
    assert job["status"] == "complete", job["error"]
    snapshot: dict[str, Any] = client.get(f"/api/v1/snapshots/{job['result']['snapshot']}").json()
    return snapshot


def nodes_in(snapshot: dict[str, Any], node_type: str) -> list[dict[str, Any]]:
    """Return the structure nodes of a type, in order."""
    found, waiting = [], list(snapshot["children"])
    while waiting:
        node = waiting.pop(0)
        waiting = node["children"] + waiting
        if node["node_type"] == node_type:
            found.append(node)
    return found


def busy_vendors(world: World) -> list[FakeVendor]:
    return [vendor for vendor in world.vendors if vendor.asked]
