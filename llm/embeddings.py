"""Requests for vectors of many texts: which texts go together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from llm.messages import EmbeddingPurpose, estimate_text_tokens
from llm.router.router import VectorSpace

# The action of `config/models.yaml` that makes vectors.
EMBED_TEXTS = "embed_texts"


def estimate_document_tokens(text: str, space: VectorSpace) -> int:
    """Return an upper estimate of the tokens that are sent for the vector of a document's text."""
    prefix = space.get_prefix(EmbeddingPurpose.DOCUMENT)
    # A longer one is cut to what the model reads.
    return min(estimate_text_tokens(prefix) + estimate_text_tokens(text), space.text_tokens)


def split_batches(texts: Iterable[str], space: VectorSpace) -> Iterator[tuple[str, ...]]:
    """Yield the texts of documents in order, as many at a time as one request for vectors of the space may have."""
    batch: list[str] = []
    tokens = 0
    for text in texts:
        needed = estimate_document_tokens(text, space)
        if batch and (len(batch) >= space.batch or tokens + needed > space.batch_tokens):
            yield tuple(batch)
            batch, tokens = [], 0
        batch.append(text)
        tokens += needed
    if batch:
        yield tuple(batch)
