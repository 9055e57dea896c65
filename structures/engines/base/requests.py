"""What an engine is asked for: the materials, an outline that must be kept, and what the request says of the result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from structures.engines.base.outlines import Outline
from structures.engines.base.sources import SourceNode


class Depth(StrEnum):
    """How much a lesson should say."""

    BRIEF = "brief"
    STANDARD = "standard"
    DETAILED = "detailed"


@dataclass(frozen=True, kw_only=True)
class Instructions:
    """What a request says of the result, blank where it says nothing. `leave_out` names entries, headings or subjects.

    Written by clients: to a model it is data, which may ask for a form of the result and for nothing else.
    """

    language: str = ""
    audience: str = ""
    depth: Depth | None = None
    leave_out: tuple[str, ...] = ()

    def build_json(self) -> dict[str, Any]:
        """Return what is said as JSON values, without what is blank: equal instructions are equal values."""
        values = {
            "language": self.language,
            "audience": self.audience,
            "depth": self.depth.value if self.depth else "",
            "leave_out": list(self.leave_out),
        }
        return {name: value for name, value in values.items() if value}

    @staticmethod
    def read_json(values: Mapping[str, Any]) -> Instructions:
        """Return the instructions that `build_json` wrote."""
        return Instructions(
            language=values.get("language", ""),
            audience=values.get("audience", ""),
            depth=Depth(values["depth"]) if "depth" in values else None,
            leave_out=tuple(values.get("leave_out", ())),
        )


NO_INSTRUCTIONS = Instructions()


@dataclass(frozen=True, kw_only=True)
class EngineRequest:
    """A structure that an engine is asked for. With an `outline` it finds details, and keeps the outline.

    `stops_after_outline`: modules and lessons with their evidence are enough. `keeps_partial`: a lesson that fails is
    left empty, and does not end the others. `refinement` is what is asked of the lessons that the outline has not
    settled, in the words of a client: the rest of the course stays as it is. `is_judged`: the caller asks a second
    model about what the first one wrote; the engine only plans for it.
    """

    source: SourceNode
    outline: Outline | None = None
    instructions: Instructions = NO_INSTRUCTIONS
    stops_after_outline: bool = False
    keeps_partial: bool = False
    refinement: str = ""
    is_judged: bool = False
