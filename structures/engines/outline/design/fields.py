"""Goals, questions, key points and prerequisites that a front matter states."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from structures.engines.outline.design.purposes import Purpose, classify_heading
from structures.engines.outline.design.statements import Statement

_PURPOSES = frozenset(
    {Purpose.GOALS, Purpose.KEY_POINTS, Purpose.QUESTIONS, Purpose.LEADING_QUESTIONS, Purpose.PREREQUISITES}
)


def read_statement_fields(metadata: Mapping[str, Any]) -> dict[Purpose, list[Statement]]:
    """Return what the fields of a front matter state, by purpose. They cite nothing: front matter is no chunk."""
    found: dict[Purpose, list[Statement]] = {}
    for key, value in metadata.items():
        words = key.replace("_", " ").replace("-", " ")
        # The older template of the Carpentries writes it as one word.
        purpose = Purpose.KEY_POINTS if words.casefold() == "keypoints" else classify_heading(words)
        if purpose in _PURPOSES and (texts := list(_iter_texts(value))):
            found.setdefault(purpose, []).extend(Statement(text=text, citation=None) for text in texts)
    return found


def _iter_texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield from (line.strip(" -*•") for line in value.split("\n") if line.strip(" -*•"))
    elif isinstance(value, list | tuple):
        yield from (each.strip() for each in value if isinstance(each, str) and each.strip())
