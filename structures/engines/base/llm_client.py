"""The interface through which an engine asks models. Callers implement it; engines know nothing of the router."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Generic, Protocol, TypeVar
from uuid import UUID

from pydantic import BaseModel

from llm.messages import ContextCapacity
from structures.engines.base.drafts import DraftNode
from structures.engines.base.outlines import Outline

T = TypeVar("T", bound=BaseModel)
R = TypeVar("R")


class TooLargeForModel(Exception):
    """The request does not fit into any model of the chain, or its answer does not. Half of it may fit.

    `reason` is the exception to raise when halving does not help either.
    """

    def __init__(self, reason: Exception) -> None:
        super().__init__(str(reason))
        self.reason = reason


@dataclass(frozen=True, kw_only=True)
class TaskOutcome(Generic[R]):
    """What a task returned, or the exception that it raised."""

    value: R | None = None
    error: Exception | None = None

    def get_value(self) -> R:
        """Return what the task returned. Raises what it raised."""
        if self.error is not None:
            raise self.error
        return self.value  # type: ignore[return-value]  # a task without an error has returned


class SimilarTexts(BaseModel, frozen=True):
    """Pairs of texts, by their places, that may mean the same, the nearest first; `count` is of all there are."""

    pairs: tuple[tuple[int, int], ...] = ()
    count: int = 0


class CapacityLookup(Protocol):
    """Looks up what is known before anything is asked."""

    def get_capacity(self, action: str) -> ContextCapacity:
        """Return the capacity, in tokens, of the first model that would be asked."""
        ...

    def get_concurrency(self) -> int:
        """Return how many questions are asked at a time at most."""
        ...

    def find_comparison_price(self) -> Decimal | None:
        """Return what a token costs, in dollars, of texts that are compared by meaning; None when none can be."""
        ...

    def asks_in_batch(self) -> bool:
        """Tell whether questions that are known beforehand are asked together, each by itself (`ask_beforehand`)."""
        ...

    def find_answered(
        self, action: str, questions: Sequence[Mapping[str, object]], wanted: type[BaseModel]
    ) -> list[bool]:
        """Tell for each question, given by the values of the action's prompt, whether there is an answer already."""
        ...


class LLMClient(CapacityLookup, Protocol):
    """Asks models on behalf of one generation."""

    def announce_plan(self, plan: Mapping[str, Any]) -> None:
        """Publish what is going to be asked, before the first request. Raises when it would cost too much."""
        ...

    def ask_beforehand(self, action: str, questions: Sequence[Mapping[str, object]], wanted: type[BaseModel]) -> None:
        """Say which questions are going to be asked, given by the values of the action's prompt.

        A client that asks in batches asks them here, and has the answers when it is asked for them. It may raise to
        stop the work, which begins anew when the answers are there.
        """
        ...

    def complete(self, action: str, values: Mapping[str, object], wanted: type[T]) -> T:
        """Fill the action's prompt and return a model's answer. Raises TooLargeForModel and what the router raises.

        May be called by several threads at once.
        """
        ...

    def complete_together(
        self,
        action: str,
        values: Mapping[str, object],
        wanted: type[T],
        split: Callable[[T], Iterable[tuple[Mapping[str, object], BaseModel]]],
    ) -> T:
        """Ask like `complete` a question that stands for several, which has an answer of its own in no cache.

        `split` tells of the answer which of these questions it answers: the values of each, and what is to be kept as
        the answer to it.
        """
        ...

    def find_similar_texts(self, texts: Sequence[str], parts: Sequence[int], *, limit: int) -> SimilarTexts:
        """Return the pairs of texts of different parts whose vectors lie much nearer to each other than usual.

        Each text is paired with the nearest at most, in whatever language. None where texts cannot be compared, or the
        model does not answer.
        """
        ...

    def announce_lessons(self, outline: Outline, asked: Collection[UUID]) -> None:
        """Publish the modules and lessons of a course, and which of the lessons are asked about."""
        ...

    def publish_lesson(self, key: UUID, lesson: DraftNode) -> None:
        """Publish what was written of a lesson, while others are written. Its citations are not verified yet."""
        ...

    def publish_failure(self, key: UUID, error: Exception) -> None:
        """Publish that a lesson could not be written."""
        ...

    def run_tasks(self, tasks: Sequence[Callable[[], R]]) -> list[TaskOutcome[R]]:
        """Run tasks that ask, as many at a time as the provider allows, and return how each ended, in order.

        A task that fails by itself does not hinder the others. After one that shows that the next would fail, too (the
        job was cancelled, no model can be reached, the money is spent), no further task begins, and those that did not
        begin end with the same exception.
        """
        ...
