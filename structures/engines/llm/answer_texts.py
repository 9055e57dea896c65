"""What is taken out of models' answers whatever they say: links that the materials do not have, and the instructions.

Everything else that a model writes stays, as text: exports and pages show it as such, never as HTML or Markdown.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container
from functools import lru_cache
from typing import Any, TypeVar

from pydantic import BaseModel

T = TypeVar("T", bound=BaseModel)

# Stands for what was taken out, so that a title of nothing else is still a title.
TAKEN_OUT = "…"
_LINK = re.compile(
    r"\b(?:(?:https?|ftp|file)://[^\s<>\"'`)\]}»”]+|(?:javascript|vbscript):[^\s<>\"'`\]]+|data:\w+/\S+)",
    re.IGNORECASE,
)
_END_OF_LINK = ".,;:!?"
# They lead nowhere but to the reader's own machine, or to pages that say that they are examples (RFC 2606).
_HARMLESS = re.compile(
    r"https?://(?:localhost|127\.0\.0\.1|(?:www\.)?example\.(?:com|org|net))(?=[:/?#]|$)", re.IGNORECASE
)
# In letters, some eight words: shorter sentences of the instructions may stand in any text.
_MIN_SENTENCE_LENGTH = 40
_SENTENCE_END = re.compile(r"(?<=[.:;])\s+")


def take_out_links(answer: T, materials: str) -> tuple[T, int]:
    """Return the answer without links that do not stand in the materials, and how many there were.

    A model that was told to send something somewhere can do it in a link alone. Quotes stay: they are looked up.
    """
    known = materials.casefold()
    count = 0

    def replace_link(found: re.Match[str]) -> str:
        nonlocal count
        link = found[0].rstrip(_END_OF_LINK)
        if link.casefold() in known or _HARMLESS.match(link):
            return found[0]
        count += 1
        return TAKEN_OUT + found[0][len(link) :]

    return map_texts(answer, lambda text: _LINK.sub(replace_link, text), kept={"quote", "old"}), count


def take_out_instructions(answer: T, instructions: str) -> tuple[T, int]:
    """Return the answer without sentences of the instructions that the model was given, and how many there were."""
    sentences = _compile_sentences(instructions)
    count = 0

    def replace_sentence(_found: re.Match[str]) -> str:
        nonlocal count
        count += 1
        return TAKEN_OUT

    if sentences is None:
        return answer, 0
    return map_texts(answer, lambda text: sentences.sub(replace_sentence, text)), count


def map_texts(value: T, change: Callable[[str], str], *, kept: Container[str] = ()) -> T:
    """Return a copy of a model's answer with each text changed, but for the fields that are kept."""
    return value.model_copy(
        update={
            name: _map_value(getattr(value, name), change, kept)
            for name in type(value).model_fields
            if name not in kept
        }
    )


def _map_value(value: Any, change: Callable[[str], str], kept: Container[str]) -> Any:
    if isinstance(value, BaseModel):
        return map_texts(value, change, kept=kept)
    if isinstance(value, list):
        return [_map_value(each, change, kept) for each in value]
    # Not an enumeration, whose values are texts as well.
    return change(value) if type(value) is str else value


@lru_cache(maxsize=16)
def _compile_sentences(instructions: str) -> re.Pattern[str] | None:
    found = _SENTENCE_END.split(" ".join(instructions.split()))
    sentences = sorted((each for each in found if len(each) >= _MIN_SENTENCE_LENGTH), key=len, reverse=True)
    if not sentences:
        return None
    return re.compile("|".join(r"\s+".join(map(re.escape, each.split())) for each in sentences), re.IGNORECASE)
