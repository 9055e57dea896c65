"""The fields of nodes in keyed trees: their forms, limits and JSON values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from structures.editing.errors import InvalidValue, LimitExceeded
from structures.editing.reference_json import decode_prerequisite, encode_prerequisite
from structures.editing.references import KeyedPrerequisite
from structures.editing.texts import check_length, require_text
from structures.engines.base.drafts import Basis, Expectation

MAX_TITLE = 500  # the width of the column
# A page has some 3,000 characters; no field of a lesson is a book.
MAX_TEXT = 100_000
MAX_ITEM = 10_000
MAX_ITEMS = 500
MAX_MINUTES = 100_000  # a year of full-time study, the bound that models are given
_MAX_COLUMN = 2**31 - 1

EDITED = "edited"
"""The basis of minutes that a person set."""
_BASES = frozenset({EDITED, *(basis.value for basis in Basis)})


@dataclass(frozen=True)
class Minutes:
    """How long a node takes, and where that comes from: a `Basis`, or `edited`. One value, since neither is without."""

    minutes: int
    basis: str


FieldValue = str | int | Minutes | tuple[str, ...] | tuple[Expectation, ...] | tuple[KeyedPrerequisite, ...] | None


class FieldKind(StrEnum):
    """The form of a field's value."""

    TITLE = "title"
    TEXT = "text"
    TEXTS = "texts"
    DIFFICULTY = "difficulty"
    MINUTES = "minutes"
    EXPECTATIONS = "expectations"
    PREREQUISITES = "prerequisites"
    ORIGIN = "origin"
    """What an engine says of its own work, which nobody else can know."""


COURSE_FIELDS: Mapping[str, FieldKind] = {
    "title": FieldKind.TITLE,
    "description": FieldKind.TEXT,
    "learning_goal": FieldKind.TEXT,
    "prerequisites": FieldKind.TEXTS,
    "expected_knowledge": FieldKind.EXPECTATIONS,
    "expected_skills": FieldKind.EXPECTATIONS,
}
NODE_FIELDS: Mapping[str, FieldKind] = {
    "title": FieldKind.TITLE,
    "description": FieldKind.TEXT,
    "learning_goal": FieldKind.TEXT,
    "difficulty": FieldKind.DIFFICULTY,
    "estimated_minutes": FieldKind.MINUTES,
    "key_points": FieldKind.TEXTS,
    "questions": FieldKind.TEXTS,
    "topics": FieldKind.TEXTS,
    "required_knowledge": FieldKind.TEXTS,
    "prerequisites": FieldKind.PREREQUISITES,
    "examples": FieldKind.TEXTS,
    "reference_solution": FieldKind.TEXT,
    "grading_criteria": FieldKind.TEXTS,
    "arranged_by": FieldKind.ORIGIN,
}


def get_empty_value(kind: FieldKind) -> FieldValue:
    """Return what a field of this kind holds when nothing was said."""
    match kind:
        case FieldKind.TITLE | FieldKind.TEXT | FieldKind.ORIGIN:
            return ""
        case FieldKind.DIFFICULTY | FieldKind.MINUTES:
            return None
        case FieldKind.TEXTS | FieldKind.EXPECTATIONS | FieldKind.PREREQUISITES:
            return ()


def parse_value(name: str, kind: FieldKind, given: Any) -> FieldValue:
    """Return a field's value from JSON values. Raises InvalidValue for another form.

    Minutes as a number are a person's, and get the basis `edited`.
    """
    return _PARSERS[kind](name, given)


def check_value(name: str, value: FieldValue) -> None:
    """Raise LimitExceeded or InvalidValue for a value that a person may not give.

    What an engine wrote may be longer, and is read and kept.
    """
    if name == "title":
        _check_title(value)
    elif isinstance(value, str):
        check_length(name, value, limit=MAX_TEXT)
    elif isinstance(value, Minutes) and value.minutes > MAX_MINUTES:
        raise LimitExceeded(f"{name} would be {value.minutes}; {MAX_MINUTES} are allowed.")
    elif isinstance(value, tuple):
        if len(value) > MAX_ITEMS:
            raise LimitExceeded(f"{name} would have {len(value)} items; {MAX_ITEMS} are allowed.")
        for item in value:
            _check_item(name, item)


def encode_value(value: FieldValue) -> Any:
    """Return a field's value as JSON values, from which `parse_value` makes the same value."""
    if isinstance(value, Minutes):
        return {"minutes": value.minutes, "basis": value.basis}
    if isinstance(value, tuple):
        return [_encode_item(item) for item in value]
    return value


def _check_title(value: FieldValue) -> None:
    title = require_text("title", value)
    check_length("title", title, limit=MAX_TITLE)
    if not title.strip() or len(title.splitlines()) > 1:
        raise InvalidValue("A title must be one line that is not blank.")


def _check_item(name: str, item: str | Expectation | KeyedPrerequisite) -> None:
    if isinstance(item, KeyedPrerequisite):
        head, rest = item.term, item.definition.quote + item.use.quote
    else:
        head, rest = (item, "") if isinstance(item, str) else (item.summary, item.details)
    check_length(f"An item of {name}", head, limit=MAX_ITEM)
    check_length(f"An item of {name}", rest, limit=MAX_TEXT)
    if not head.strip():
        raise InvalidValue(f"An item of {name} is blank.")


def _encode_item(item: str | Expectation | KeyedPrerequisite) -> Any:
    if isinstance(item, Expectation):
        return {"summary": item.summary, "details": item.details}
    return encode_prerequisite(item) if isinstance(item, KeyedPrerequisite) else item


def _parse_items(name: str, given: Any) -> list[Any] | tuple[Any, ...]:
    if not isinstance(given, list | tuple):
        raise InvalidValue(f"{name} must be a list.")
    return given


def _parse_texts(name: str, given: Any) -> tuple[str, ...]:
    return tuple(require_text(f"An item of {name}", item) for item in _parse_items(name, given))


def _parse_difficulty(name: str, given: Any) -> int | None:
    return None if given is None else _parse_number(name, given, 1, 5)


def _parse_minutes(name: str, given: Any) -> Minutes | None:
    if given is None:
        return None
    if not isinstance(given, Mapping):
        return Minutes(_parse_number(name, given, 0, _MAX_COLUMN), EDITED)
    if given.keys() != {"minutes", "basis"} or str(given["basis"]) not in _BASES:
        raise InvalidValue(f"{name} must be a number, or have `minutes` and a `basis` of {', '.join(sorted(_BASES))}.")
    return Minutes(_parse_number(name, given["minutes"], 0, _MAX_COLUMN), str(given["basis"]))


def _parse_number(name: str, given: Any, low: int, high: int) -> int:
    # True is an int to Python, but not to people.
    if isinstance(given, bool) or not isinstance(given, int) or not low <= given <= high:
        raise InvalidValue(f"{name} must be a whole number from {low} to {high}.")
    return given


def _parse_expectations(name: str, given: Any) -> tuple[Expectation, ...]:
    return tuple(_parse_expectation(name, item) for item in _parse_items(name, given))


def _parse_expectation(name: str, given: Any) -> Expectation:
    if not isinstance(given, Mapping) or given.keys() - {"summary", "details"} or "summary" not in given:
        raise InvalidValue(f"An item of {name} must have a `summary` and may have `details`.")
    return Expectation(
        summary=require_text(f"A summary of {name}", given["summary"]),
        details=require_text(f"The details of {name}", given.get("details", "")),
    )


def _parse_prerequisites(name: str, given: Any) -> tuple[KeyedPrerequisite, ...]:
    return tuple(decode_prerequisite(item) for item in _parse_items(name, given))


_PARSERS: Mapping[FieldKind, Callable[[str, Any], FieldValue]] = {
    FieldKind.TITLE: require_text,
    FieldKind.TEXT: require_text,
    FieldKind.TEXTS: _parse_texts,
    FieldKind.DIFFICULTY: _parse_difficulty,
    FieldKind.MINUTES: _parse_minutes,
    FieldKind.EXPECTATIONS: _parse_expectations,
    FieldKind.PREREQUISITES: _parse_prerequisites,
    FieldKind.ORIGIN: require_text,
}
