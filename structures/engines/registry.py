"""The registered engines, by name. A new engine is a package beside `outline` and `llm` and an item here."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from llm.prompts import read_prompt
from structures.engines.base.drafts import Draft
from structures.engines.base.llm_client import LLMClient
from structures.engines.base.outlines import Outline
from structures.engines.base.requests import EngineRequest
from structures.engines.llm.engine import ACTIONS, VERSION, write_course
from structures.engines.outline.version import VERSION as OUTLINE_VERSION


class EngineName(StrEnum):
    """The engines there are."""

    OUTLINE = "outline"
    LLM = "llm"


# Not an engine: what a client sends to get `llm` when a model is configured, else `outline`.
AUTO = "auto"


@dataclass(frozen=True, kw_only=True)
class Engine:
    """One way to make a structure.

    `build_draft` is pure, and deterministic unless it asks the LLM client. An outline that it is given must be kept:
    whoever stores the draft checks it. The result of `compute_version` changes
    whenever the same materials may give another draft, so that an old snapshot is not taken for one that today's engine
    would make. A quote with fewer letters than `min_quote_letters`, or that begins or ends inside a word, proves
    nothing, unless it is the whole text of its chunk.
    """

    name: EngineName
    compute_version: Callable[[], str]
    build_draft: Callable[[EngineRequest, LLMClient], Draft]
    uses_llm: bool
    min_quote_letters: int


def _build_outline_draft(request: EngineRequest, _llm: LLMClient) -> Draft:
    # Its word lists take as long to compile as half of a web process takes to start, and only workers build outlines.
    from structures.engines.outline.engine import build_outline  # noqa: PLC0415
    from structures.engines.outline.unmet_instructions import list_unmet_instructions  # noqa: PLC0415

    draft = build_outline(request.source, outline=request.outline, stops_after_outline=request.stops_after_outline)
    unmet = list_unmet_instructions(request.instructions, request.source)
    return replace(draft, warnings=(*draft.warnings, *unmet))


def _write_llm_draft(request: EngineRequest, llm: LLMClient) -> Draft:
    return write_course(request, find_llm_outline(request), llm)


def find_llm_outline(request: EngineRequest) -> Outline:
    """Return the outline whose lessons models are asked about: the given one, else what the outline engine proposes."""
    if request.outline is not None:
        return request.outline
    from structures.engines.outline.skeletons import build_skeleton  # noqa: PLC0415  # as above

    return build_skeleton(request.source)


def _compute_llm_version() -> str:
    """Return a version that changes with every edit of a prompt."""
    prompts = ".".join(read_prompt(action).version for action in ACTIONS)
    # The outline engine proposes the lessons.
    return f"{VERSION}.{OUTLINE_VERSION}-{hashlib.sha256(prompts.encode()).hexdigest()[:12]}"


ENGINES: Mapping[EngineName, Engine] = {
    EngineName.OUTLINE: Engine(
        name=EngineName.OUTLINE,
        compute_version=lambda: OUTLINE_VERSION,
        build_draft=_build_outline_draft,
        uses_llm=False,
        # It copies every quote from the chunk: a short one is a short heading, not a lucky guess.
        min_quote_letters=0,
    ),
    EngineName.LLM: Engine(
        name=EngineName.LLM,
        compute_version=_compute_llm_version,
        build_draft=_write_llm_draft,
        uses_llm=True,
        # Two to three words. A model that invents evidence can find any single word in any chunk
        # (docs/decisions/0025-models-cite-numbers.md).
        min_quote_letters=12,
    ),
}
