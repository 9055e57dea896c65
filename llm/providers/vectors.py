"""Vectors as vendors send them: checked against the registry, and of length 1 afterwards."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from llm.errors import ModelUnsuited, ProviderBusy
from llm.messages import EmbeddingInput, ModelReply, TokenUsage, estimate_input_tokens
from llm.providers.base import ProviderCall
from llm.providers.error_mapping import MAX_WINDOWS
from llm.registry import EmbeddingSpec

# A number has up to 22 characters in JSON, and Google puts each on a line of its own, with its indentation.
BYTES_PER_NUMBER = 48
# Head, names of fields, and usage.
BYTES_AROUND = 64 * 1024


def get_embedding_spec(call: ProviderCall) -> EmbeddingSpec:
    """Return how the call's model makes vectors."""
    assert call.model.embedding is not None
    return call.model.embedding


def get_embedding_input(call: ProviderCall) -> EmbeddingInput:
    """Return what the call asks vectors of."""
    assert call.request.embedding is not None
    return call.request.embedding


def compute_max_vector_bytes(call: ProviderCall) -> int:
    """Return how many bytes the response may have."""
    numbers = get_embedding_spec(call).dimensions * len(get_embedding_input(call).texts)
    return BYTES_AROUND + BYTES_PER_NUMBER * numbers


def build_vector_reply(
    call: ProviderCall, rows: Sequence[Sequence[float]], *, tokens: object, model: str, request_id: str = ""
) -> ModelReply:
    """Return the reply with these vectors. `tokens` is what the vendor counted; other than a likely number is replaced.

    Raises ModelUnsuited for vectors of another length than the registry says, ProviderBusy when one is missing or is no
    vector.
    """
    spec, texts = get_embedding_spec(call), get_embedding_input(call).texts
    usage = _build_usage(call, tokens)
    facts: dict[str, Any] = {"usage": usage, "model": model, "request_id": request_id}
    if len(rows) != len(texts):
        raise ProviderBusy(f"the answer has {len(rows)} vectors for {len(texts)} texts", **facts)
    if odd := next((len(row) for row in rows if len(row) != spec.dimensions), None):
        raise ModelUnsuited(f"its vectors have {odd} numbers, the registry says {spec.dimensions}", **facts)
    vectors = tuple(_normalize_vector(row) for row in rows)
    if not all(vectors):
        raise ProviderBusy("the answer holds a vector of zeros or of no numbers", **facts)
    return ModelReply(text="", vectors=vectors, **facts)


def _normalize_vector(row: Sequence[float]) -> tuple[float, ...]:
    """Return the vector with the length 1; empty when it has no direction."""
    length = math.hypot(*row)
    return tuple(number / length for number in row) if length and math.isfinite(length) else ()


def _build_usage(call: ProviderCall, tokens: object) -> TokenUsage:
    most = MAX_WINDOWS * call.model.context_window * len(get_embedding_input(call).texts)
    if isinstance(tokens, int) and 0 < tokens <= most:
        return TokenUsage(input_tokens=tokens)
    return TokenUsage(input_tokens=estimate_input_tokens(call.request), estimated=True)
