"""What a client may choose for a generation, as one value that becomes part of the snapshot's identity."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from structures.engines.base.requests import NO_INSTRUCTIONS, Instructions
from structures.engines.llm.engine import ACTIONS
from structures.engines.llm.judging import JUDGING_ACTION
from structures.engines.registry import Engine

DEFAULT_STRATEGY = "default"


class Mode(StrEnum):
    """Whether the engine arranges the materials, or keeps the tree of material nodes to the letter."""

    FREE = "free"
    GUIDED = "guided"


class Stage(StrEnum):
    """After what a generation may stop."""

    OUTLINE = "outline"


class EvidencePolicy(StrEnum):
    """What becomes of sentences that a model wrote and that their passages do not prove."""

    MARK = "mark"
    STRICT = "strict"


class Verification(StrEnum):
    """Who checks the sentences that a model wrote: code alone, or also a second model as a judge."""

    CODE = "code"
    MODEL = "model"


class OnFailure(StrEnum):
    """What becomes of a generation when a lesson fails."""

    FAIL = "fail"
    PARTIAL = "partial"


class Economy(StrEnum):
    """How models are asked: at once, or in a batch of their vendor, which costs less and takes hours."""

    NONE = "none"
    BATCH = "batch"


@dataclass(frozen=True, kw_only=True)
class Refinement:
    """A module or lesson of an outline that is written again, and what should be otherwise in it."""

    key: UUID
    instruction: str


@dataclass(frozen=True, kw_only=True)
class GenerationOptions:
    """The options of a generation. `outline` is the snapshot whose modules and lessons must be kept.

    `keeps_partial` says what becomes of a lesson that fails, and `economy` how models are asked: neither is a part of
    the identity of a whole snapshot.
    """

    strategy: str = DEFAULT_STRATEGY
    mode: Mode = Mode.FREE
    stop_after: Stage | None = None
    outline: UUID | None = None
    instructions: Instructions = NO_INSTRUCTIONS
    evidence: EvidencePolicy = EvidencePolicy.MARK
    verify: Verification = Verification.CODE
    keeps_partial: bool = False
    economy: Economy = Economy.NONE
    refinement: Refinement | None = None

    def build_json(self, engine: Engine) -> dict[str, Any]:
        """Return the options as the snapshot keeps them: what an engine does not use, or is usual, is left out.

        So options that were added later do not change the identity of snapshots that were made without them.
        """
        values: dict[str, Any] = {"strategy": self.strategy} if engine.uses_llm else {}
        if self.mode is not Mode.FREE:
            values["mode"] = self.mode.value
        if self.stop_after is not None:
            values["stop_after"] = self.stop_after.value
        if self.outline is not None:
            values["outline"] = str(self.outline)
        if self.refinement is not None:
            values["refine"] = {"key": str(self.refinement.key), "instruction": self.refinement.instruction}
        if said := self.instructions.build_json():
            values["instructions"] = said
        if engine.uses_llm and self.evidence is not EvidencePolicy.MARK:
            values["evidence"] = self.evidence.value
        if engine.uses_llm and self.verify is not Verification.CODE:
            values["verify"] = self.verify.value
        return values

    def list_actions(self) -> tuple[str, ...]:
        """Return for what models are asked."""
        return (*ACTIONS, JUDGING_ACTION) if self.verify is Verification.MODEL else ACTIONS

    @staticmethod
    def read_json(values: Mapping[str, Any]) -> GenerationOptions:
        """Return the options that `build_json` wrote."""
        return GenerationOptions(
            strategy=values.get("strategy", DEFAULT_STRATEGY),
            mode=Mode(values.get("mode", Mode.FREE)),
            stop_after=Stage(values["stop_after"]) if "stop_after" in values else None,
            outline=UUID(values["outline"]) if "outline" in values else None,
            refinement=_read_refinement(values.get("refine")),
            instructions=Instructions.read_json(values.get("instructions", {})),
            evidence=EvidencePolicy(values.get("evidence", EvidencePolicy.MARK)),
            verify=Verification(values.get("verify", Verification.CODE)),
        )


def _read_refinement(values: Mapping[str, Any] | None) -> Refinement | None:
    return None if values is None else Refinement(key=UUID(str(values["key"])), instruction=values["instruction"])


DEFAULT_OPTIONS = GenerationOptions()
