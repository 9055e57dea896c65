"""The `llm` engine: a course structure that a model writes and that code checks against the materials.

1. *Number* (`numbering`). Every chunk gets a number, and the materials become lines of JSON: data that cannot end
   early, forge a number or speak as anybody else. A model can cite nothing but numbers and quotes.
2. *Cut* (`parts`). What does not fit into one request is cut at chunk borders into parts that do. Nothing is left out.
3. *Ask* (`engine`). Small materials in one request for the whole course; larger ones part by part for topics with
   their concepts and exercises, then once more to arrange the topics. A part that is too large for a model after all,
   or whose answer does not fit, is halved and asked again.
4. *Draft* (`draft_builder`). Numbers become citations, which `structures.grounding` then verifies as for any engine.
"""

from __future__ import annotations

from structures.engines.base.llm_client import CapacityLookup, LLMClient, TooLargeForModel
from structures.engines.llm.engine import ACTIONS, VERSION, build_plan, write_course

__all__ = ["ACTIONS", "VERSION", "CapacityLookup", "LLMClient", "TooLargeForModel", "build_plan", "write_course"]
