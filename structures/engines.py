"""The engines that turn materials into a structure, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from structures.drafts import Draft
from structures.outline import VERSION as OUTLINE_VERSION
from structures.outline import outline
from structures.sources import SourceNode


class EngineName(StrEnum):
    """The names a client may ask for."""

    OUTLINE = "outline"


@dataclass(frozen=True, kw_only=True)
class Engine:
    """One way to make a structure.

    `make` is pure and deterministic unless the engine asks a model. `version` changes whenever the same materials may
    give another draft, so that a snapshot is never taken for one that today's engine would make.
    """

    name: EngineName
    version: str
    make: Callable[[SourceNode], Draft]


ENGINES: Mapping[EngineName, Engine] = {
    EngineName.OUTLINE: Engine(name=EngineName.OUTLINE, version=OUTLINE_VERSION, make=outline),
}
