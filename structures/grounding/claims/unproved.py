"""What checks find: the part of a sentence that no passage proves."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum


class UnprovedKind(StrEnum):
    """What the part is."""

    NUMBER = "number"
    UNIT = "unit"
    DATE = "date"
    NAME = "name"
    FORMULA = "formula"
    CODE = "code"
    TERM = "term"
    CONTRAST = "contrast"
    # Doubted by a model that was asked to judge; all others are looked up by code.
    MEANING = "meaning"


@dataclass(frozen=True, kw_only=True)
class UnprovedSpan:
    """The part `sentence[start:end]` that no passage proves."""

    kind: UnprovedKind
    start: int
    end: int

    def shift(self, by: int) -> UnprovedSpan:
        """Return the same part in a text that has so many characters more before it."""
        return replace(self, start=self.start + by, end=self.end + by)
