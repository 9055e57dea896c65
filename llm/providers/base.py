"""The interface of all providers: one request for each call, no retry, and errors of `llm.errors` only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from llm.messages import ModelReply, ModelRequest
from llm.registry import ModelSpec
from llm.schemas import Schema


@dataclass(frozen=True, kw_only=True)
class ProviderCall:
    """One attempt: the request, the model, the limit of its answer in tokens, and that of the whole call in seconds.

    `checkpoint` is called about once a second while the provider waits for the answer; what it raises ends the call.
    """

    request: ModelRequest
    model: ModelSpec
    max_output_tokens: int
    seconds: float
    schema: Schema | None = None
    checkpoint: Callable[[], None] | None = None


class Provider(Protocol):
    """A client of one vendor with one key. Safe under threads; must not be shared across a fork."""

    def complete(self, call: ProviderCall) -> ModelReply:
        """Send the request once and return the complete answer.

        Raises a ProviderError for anything else, including an answer that was truncated, refused or blank; its `usage`
        says what the vendor billed all the same. What `checkpoint` raises passes through.
        """
        ...
