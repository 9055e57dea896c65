"""The interface of all providers: one request for each call, no retry, and errors of `llm.errors` only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from llm.messages import ModelReply, ModelRequest
from llm.registry import ModelSpec
from llm.schemas import Schema

if TYPE_CHECKING:
    from llm.providers.batches import BatchClient  # which is about these calls


@dataclass(kw_only=True)
class Arrival:
    """How many characters of an answer have arrived so far, thinking included. Written by the provider."""

    characters: int = 0


@dataclass(frozen=True, kw_only=True)
class ProviderCall:
    """One attempt: the request, the model, the limit of its answer in tokens, and that of the whole call in seconds.

    `checkpoint` is called about once a second until the answer is whole; what it raises ends the call. `arrival` tells
    meanwhile, and after a failure, how much of the answer has come.
    """

    request: ModelRequest
    model: ModelSpec
    max_output_tokens: int
    seconds: float
    schema: Schema | None = None
    checkpoint: Callable[[], None] | None = None
    arrival: Arrival = field(default_factory=Arrival)


class Provider(Protocol):
    """A client of one vendor with one key. Safe under threads; must not be shared across a fork."""

    def complete(self, call: ProviderCall) -> ModelReply:
        """Send the request once and return the complete answer.

        Raises a ProviderError for anything else, including an answer that was truncated, refused or blank; its `usage`
        says what the vendor billed all the same. What `checkpoint` raises passes through.
        """
        ...

    def embed_texts(self, call: ProviderCall) -> ModelReply:
        """Send the texts of the request's `embedding` once and return their vectors.

        Raises what `complete` raises; ModelUnsuited when the model's vectors are not those that the registry says.
        """
        ...

    def get_batches(self) -> BatchClient:
        """Return the client of the vendor's batch API, with the same key."""
        ...
