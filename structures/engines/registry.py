"""The engines that turn materials into a structure, by name."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from llm.prompts import read_prompt
from structures.engines.base.drafts import Draft
from structures.engines.base.llm_client import LLMClient
from structures.engines.base.sources import SourceNode
from structures.engines.llm.engine import ACTIONS, VERSION, write_course
from structures.engines.outline.engine import VERSION as OUTLINE_VERSION
from structures.engines.outline.engine import build_outline


class EngineName(StrEnum):
    """The engines there are."""

    OUTLINE = "outline"
    LLM = "llm"


AUTO = "auto"
"""What a client asks for to get `llm` when a model can be asked, else `build_outline`."""


@dataclass(frozen=True, kw_only=True)
class Engine:
    """One way to make a structure.

    `build_draft` is pure, and deterministic unless it asks the desk. `compute_version` changes whenever the same
    materials may give another draft, so that a snapshot is never taken for one that today's engine would make. A quote
    with fewer letters than `min_quote_letters`, or that begins or ends inside a word, proves nothing, unless it is all
    that the chunk
    says.
    """

    name: EngineName
    compute_version: Callable[[], str]
    build_draft: Callable[[SourceNode, LLMClient], Draft]
    uses_llm: bool
    min_quote_letters: int


def _build_outline_draft(source: SourceNode, _llm: LLMClient) -> Draft:
    return build_outline(source)


def _compute_llm_version() -> str:
    """Return a version that changes with every edit of a prompt."""
    prompts = ".".join(read_prompt(action).version for action in ACTIONS)
    return f"{VERSION}-{hashlib.sha256(prompts.encode()).hexdigest()[:12]}"


ENGINES: Mapping[EngineName, Engine] = {
    EngineName.OUTLINE: Engine(
        name=EngineName.OUTLINE,
        compute_version=lambda: OUTLINE_VERSION,
        build_draft=_build_outline_draft,
        uses_llm=False,
        min_quote_letters=0,
    ),
    EngineName.LLM: Engine(
        name=EngineName.LLM,
        compute_version=_compute_llm_version,
        build_draft=write_course,
        uses_llm=True,
        min_quote_letters=12,
    ),
}
