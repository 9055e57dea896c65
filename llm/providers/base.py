"""What every provider does: one call, no retry, our errors out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from llm.messages import ModelReply, ModelRequest
from llm.registry import ModelSpec
from llm.schemas import Schema


@dataclass(frozen=True, kw_only=True)
class ProviderCall:
    """One attempt: what is asked of which model, the room for its answer in tokens, the time for it in seconds.

    `checkpoint` is called now and then while the answer is waited for, and ends the attempt by raising.
    """

    request: ModelRequest
    model: ModelSpec
    max_output_tokens: int
    seconds: float
    schema: Schema | None = None
    checkpoint: Callable[[], None] | None = None


class Provider(Protocol):
    """An authenticated way to one vendor. Safe under threads; not to be shared across a fork."""

    def complete(self, call: ProviderCall) -> ModelReply:
        """Make the call once and return the whole answer.

        Raises a ProviderError for everything else, an answer that was cut off, refused or blank included; the errors of
        an answer that was paid for carry its usage.
        """
        ...
