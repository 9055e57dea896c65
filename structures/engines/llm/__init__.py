"""The `llm` engine: details of lessons that a model writes and that code checks against the materials.

1. *Outline*. Modules and lessons are given, with the materials of each: fixed ones, or what the outline engine found.
2. *Lessons* (`lessons`). Each is a question of its own, or small ones of a module are one (`groups`); several questions
   at a time. Its chunks get numbers (`numbering`), and
   the materials become lines of JSON: data that cannot end early, forge a number or speak as anybody else. A model can
   cite nothing but numbers and quotes. What does not fit into one request is cut at chunk borders (`parts`).
3. *Reconciliation*. One question over titles, goals and concepts, whose answer is a list of corrections. Code applies
   them, never to what is fixed.
4. *Draft* (`draft_builder`). Numbers become citations, which `structures.grounding` then verifies as for any engine.
"""

from __future__ import annotations

from structures.engines.base.llm_client import CapacityLookup, LLMClient, TooLargeForModel
from structures.engines.llm.engine import ACTIONS, VERSION, build_plan, write_course

__all__ = ["ACTIONS", "VERSION", "CapacityLookup", "LLMClient", "TooLargeForModel", "build_plan", "write_course"]
