"""A model that knows what a few words mean, over languages, behind a server that speaks OpenAI's protocol."""

from __future__ import annotations

from typing import Any

from tests.fakes.steps import Vectors

# The words of each meaning begin like this. A text's vector counts them; what it has none of is the last dimension.
MEANINGS = (
    ("loop", "repeat", "цикл", "повтор", "bucle"),
    ("function", "функц", "función", "関数"),
    ("glacier", "льодовик", "glaciar", "melting ice"),
)
DIMENSIONS = len(MEANINGS) + 1


def compute_vector(text: str) -> tuple[float, ...]:
    """Return what the model makes of a text."""
    lower = text.lower()
    counts = [float(sum(lower.count(word) for word in words)) for words in MEANINGS]
    return (*counts, 0.25)


def make_vectors(asked: Any) -> Vectors:
    """Answer a request for vectors, at one token a character."""
    rows = tuple(compute_vector(text) for text in asked.texts)
    return Vectors(rows=rows, input_tokens=sum(map(len, asked.texts)))


def build_models(space: str = "meanings", provider: str = "openai", **more: Any) -> dict[str, Any]:
    """Return a model of a registry that makes these vectors."""
    return {
        "provider": provider,
        "capabilities": ["embedding"],
        "context_window": 1000,
        "max_output": 0,
        "prices": {"input": 1, "output": 0},
        "embedding": {"space": space, "dimensions": DIMENSIONS, "batch": 3, **more},
    }
