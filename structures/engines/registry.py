"""The engines that turn materials into a structure, by name."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from llm.prompts import read_prompt
from structures.engines.base.drafts import Draft
from structures.engines.base.llm_client import Desk
from structures.engines.base.sources import SourceNode
from structures.engines.llm.engine import ACTIONS, VERSION, write
from structures.engines.outline.engine import VERSION as OUTLINE_VERSION
from structures.engines.outline.engine import outline


class EngineName(StrEnum):
    """The engines there are."""

    OUTLINE = "outline"
    LLM = "llm"


AUTO = "auto"
"""What a client asks for to get `llm` when a model can be asked, else `outline`."""


@dataclass(frozen=True, kw_only=True)
class Engine:
    """One way to make a structure.

    `make` is pure, and deterministic unless it asks the desk. `version` changes whenever the same materials may give
    another draft, so that a snapshot is never taken for one that today's engine would make. A quote with fewer letters
    than `least_quote`, or that begins or ends inside a word, proves nothing, unless it is all that the chunk says.
    """

    name: EngineName
    version: Callable[[], str]
    make: Callable[[SourceNode, Desk], Draft]
    asks_models: bool
    least_quote: int


def _outlined(source: SourceNode, _desk: Desk) -> Draft:
    return outline(source)


def _version_with_prompts() -> str:
    """Return a version that changes with every edit of a prompt."""
    prompts = ".".join(read_prompt(action).version for action in ACTIONS)
    return f"{VERSION}-{hashlib.sha256(prompts.encode()).hexdigest()[:12]}"


ENGINES: Mapping[EngineName, Engine] = {
    EngineName.OUTLINE: Engine(
        name=EngineName.OUTLINE, version=lambda: OUTLINE_VERSION, make=_outlined, asks_models=False, least_quote=0
    ),
    EngineName.LLM: Engine(
        name=EngineName.LLM, version=_version_with_prompts, make=write, asks_models=True, least_quote=12
    ),
}
