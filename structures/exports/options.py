"""Options of export formats: declared with type, default and description, and checked before anything is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

# As many texts as a format can have made of one snapshot, each a file that is stored: long ones have no use.
MAX_TEXT = 200


class OptionType(StrEnum):
    """What values an option takes. The values are part of the API."""

    BOOLEAN = "boolean"
    INTEGER = "integer"
    CHOICE = "choice"
    TEXT = "text"


@dataclass(frozen=True, kw_only=True)
class ExportOption:
    """One option of a format. `choices` are of a choice, `minimum` and `maximum` of an integer."""

    name: str
    type: OptionType
    default: bool | int | str
    description: str
    choices: Sequence[str] = ()
    minimum: int | None = None
    maximum: int | None = None

    def find_fault(self, value: object) -> str:
        """Return in a sentence what is wrong with a value, and what may be given; blank when it may be given."""
        match self.type:
            case OptionType.BOOLEAN:
                return "" if isinstance(value, bool) else "Must be true or false."
            case OptionType.CHOICE:
                is_choice = isinstance(value, str) and value in self.choices
                return "" if is_choice else f"Must be one of: {', '.join(self.choices)}."
            case OptionType.INTEGER:
                return self._find_integer_fault(value)
            case OptionType.TEXT:
                is_text = isinstance(value, str) and len(value) <= MAX_TEXT and value.isprintable()
                return "" if is_text else f"Must be a text of one line with at most {MAX_TEXT} characters."

    def _find_integer_fault(self, value: object) -> str:
        is_integer = isinstance(value, int) and not isinstance(value, bool)
        if is_integer and self.minimum is not None and value < self.minimum:  # type: ignore[operator]  # an integer
            return f"Must be at least {self.minimum}."
        if is_integer and self.maximum is not None and value > self.maximum:  # type: ignore[operator]  # an integer
            return f"Must be at most {self.maximum}."
        return "" if is_integer else "Must be an integer."


class OptionsRefused(Exception):
    """Options that a format does not have, or values that they do not take. `faults` says what is wrong with each."""

    def __init__(self, faults: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{name}: {fault}" for name, fault in faults.items()))
        self.faults = dict(faults)


def complete_options(declared: Sequence[ExportOption], given: Mapping[str, object]) -> dict[str, Any]:
    """Return the values of all declared options, defaults filled in. Raises OptionsRefused."""
    known = {option.name: option for option in declared}
    names = f"Known: {', '.join(known)}." if known else "This format has no options."
    faults = {name: f"There is no such option. {names}" for name in given if name not in known}
    faults |= {
        name: fault for name, option in known.items() if name in given and (fault := option.find_fault(given[name]))
    }
    if faults:
        raise OptionsRefused(faults)
    return {name: given.get(name, option.default) for name, option in known.items()}
