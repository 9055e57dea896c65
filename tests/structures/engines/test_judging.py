"""Which statements are asked about together, and what becomes of those that do not fit."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, TypeVar
from uuid import UUID

import pytest
from pydantic import BaseModel

from llm.errors import Attempt, ModelsExhausted, PromptTooLong
from llm.messages import ContextCapacity, estimate_text_tokens
from materials.documents import ChunkKind, Locator
from structures.engines.base.llm_client import LLMClient, TaskOutcome, TooLargeForModel
from structures.engines.base.sources import SourceChunk
from structures.engines.llm.judging import OVERHEAD_TOKENS, Judgements, Statement, judge_statements

T = TypeVar("T", bound=BaseModel)
R = TypeVar("R")

TEXT = "Water boils at a hundred degrees. " * 10
CHUNKS = {
    UUID(int=number): SourceChunk(id=UUID(int=number), kind=ChunkKind.PARAGRAPH, text=TEXT, locator=Locator())
    for number in range(1, 7)
}
# Of one chunk with one statement.
SIZE = estimate_text_tokens(TEXT) + 30


def exhaust(*, asked: bool = True) -> ModelsExhausted:
    """Return what the router raises when a question is too long for all models, whether one was asked or none."""
    attempt = Attempt(provider="p-1", model="m-1", path="first", kind=PromptTooLong.kind, cause="too long")
    last = PromptTooLong("It is too long.") if asked else None
    return ModelsExhausted("No model answered.", attempts=[attempt], last=last, next_step="Ask for less.")


class Judge:
    """A client that doubts every statement, and takes `most` statements of `longest` characters at a time at most.

    Anything else is too large, as `reason` says.
    """

    def __init__(
        self, *, capacity: int, most: int = 100, longest: int = 100, reason: ModelsExhausted | None = None
    ) -> None:
        self.capacity, self.most, self.longest = capacity, most, longest
        self.reason = reason or exhaust()
        self.tries = 0
        self.asked: list[list[str]] = []
        self.shown: list[int] = []

    def get_capacity(self, _action: str) -> ContextCapacity:
        return ContextCapacity(
            model="m-1",
            input_tokens=self.capacity + OVERHEAD_TOKENS,
            output_tokens=8_000,
            input_price=Decimal(0),
            output_price=Decimal(0),
        )

    def run_tasks(self, tasks: Sequence[Callable[[], R]]) -> list[TaskOutcome[R]]:
        return [TaskOutcome(value=task()) for task in tasks]

    def complete(self, _action: str, values: Mapping[str, object], wanted: type[T]) -> T:
        lines: list[dict[str, Any]] = [json.loads(line) for line in str(values["statements"]).splitlines()]
        self.tries += 1
        if len(lines) > self.most or any(len(line["text"]) > self.longest for line in lines):
            raise TooLargeForModel(self.reason)
        self.asked.append([line["text"] for line in lines])
        self.shown.append(len(str(values["chunks"]).splitlines()))
        return wanted.model_validate({"doubts": [{"statement": line["statement"], "words": ""} for line in lines]})


def state(*numbers: int) -> Statement:
    return Statement(text=f"It is so by {numbers}.", chunks=tuple(UUID(int=number) for number in numbers))


def judge(client: Any, *lessons: list[Statement]) -> Judgements:
    typed: LLMClient = client
    return judge_statements(lessons, CHUNKS, typed)


def test_statements_of_a_lesson_share_their_chunks_and_lessons_are_asked_apart() -> None:
    client = Judge(capacity=10 * SIZE)

    found = judge(client, [state(1), state(1, 2), state(2)], [state(3)])

    assert [len(texts) for texts in client.asked] == [3, 1]
    assert client.shown == [2, 1]
    assert len(found.judged) == 4
    assert found.doubts[state(1, 2)] == ("",)


def test_what_does_not_fit_is_asked_in_several_questions() -> None:
    client = Judge(capacity=2 * SIZE)

    found = judge(client, [state(number) for number in range(1, 7)])

    assert client.shown == [2, 2, 2]
    assert len(found.judged) == 6


def test_what_is_too_large_for_a_model_is_halved() -> None:
    client = Judge(capacity=10 * SIZE, most=1)

    found = judge(client, [state(1), state(2), state(3)])

    assert client.asked == [[state(1).text], [state(2).text], [state(3).text]]
    assert len(found.doubts) == 3


def test_a_statement_whose_chunks_do_not_fit_is_not_judged() -> None:
    client = Judge(capacity=2 * SIZE)

    found = judge(client, [state(1, 2, 3), state(4)])

    assert found.judged == {state(4)}


def test_a_statement_that_is_too_large_even_alone_is_not_judged() -> None:
    client = Judge(capacity=10 * SIZE, longest=20)

    found = judge(client, [state(1), state(2, 3, 4), state(5)])

    assert found.judged == {state(1), state(5)}
    assert found.warnings == ("No model judged 1 sentence: their passages are too long, or no model could answer.",)


def test_when_no_model_was_asked_at_all_the_statements_are_not_passed_over() -> None:
    away = exhaust(asked=False)

    with pytest.raises(ModelsExhausted) as caught:
        judge(Judge(capacity=10 * SIZE, most=0, reason=away), [state(1), state(2)])

    assert caught.value is away


def test_statements_that_are_always_too_much_are_not_halved_one_by_one() -> None:
    client = Judge(capacity=100 * SIZE, most=0)

    found = judge(client, [replace(state(1), text=f"It is so, says {number}.") for number in range(200)])

    assert (client.tries, len(found.judged)) == (31, 0)
