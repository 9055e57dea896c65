"""What the engine needs from outside: somebody who asks models, and says how much they take."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, TypeVar

from pydantic import BaseModel

from llm.messages import ContextCapacity

T = TypeVar("T", bound=BaseModel)


class TooLargeForModel(Exception):
    """No model takes so much at once, or none can answer it in one piece. Half of it may work.

    `reason` is what to raise when halving is no way out either.
    """

    def __init__(self, reason: Exception) -> None:
        super().__init__(str(reason))
        self.reason = reason


class CapacityLookup(Protocol):
    """Knows how much models take."""

    def get_capacity(self, action: str) -> ContextCapacity:
        """Return how much the first model takes that would be asked."""
        ...


class LLMClient(CapacityLookup, Protocol):
    """Asks models on behalf of one generation."""

    def announce_plan(self, plan: Mapping[str, Any]) -> None:
        """Say what is going to be asked, before the first question. Raises when it would cost too much."""
        ...

    def complete(self, action: str, values: Mapping[str, object], wanted: type[T]) -> T:
        """Fill the action's prompt and return a model's answer. Raises TooMuch."""
        ...
