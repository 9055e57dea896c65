"""The interface through which an engine asks models. Callers implement it; engines know nothing of the router."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, TypeVar

from pydantic import BaseModel

from llm.messages import ContextCapacity

T = TypeVar("T", bound=BaseModel)


class TooLargeForModel(Exception):
    """The request does not fit into any model of the chain, or its answer does not. Half of it may fit.

    `reason` is the exception to raise when halving does not help either.
    """

    def __init__(self, reason: Exception) -> None:
        super().__init__(str(reason))
        self.reason = reason


class CapacityLookup(Protocol):
    """Looks up how much text one request may have."""

    def get_capacity(self, action: str) -> ContextCapacity:
        """Return the capacity, in tokens, of the first model that would be asked."""
        ...


class LLMClient(CapacityLookup, Protocol):
    """Asks models on behalf of one generation."""

    def announce_plan(self, plan: Mapping[str, Any]) -> None:
        """Publish what is going to be asked, before the first request. Raises when it would cost too much."""
        ...

    def complete(self, action: str, values: Mapping[str, object], wanted: type[T]) -> T:
        """Fill the action's prompt and return a model's answer. Raises TooLargeForModel and what the router raises."""
        ...
