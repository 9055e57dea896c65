"""Rules of the policies of a course of Open edX: its settings, and how it is graded."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import Any

_SETTINGS = {"display_name", "start", "end", "course_image"}
# Of a kind of work, what it has to say, and which values that takes.
_NUMBERS = {"drop_count": 0, "min_count": 1}
# Weights are fractions of binary numbers.
_MAX_DIFFERENCE = 1e-8


def parse_json(content: bytes) -> dict[str, Any] | None:
    """Return the object that a file of JSON holds; None when it holds none."""
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def find_policy_faults(policy: Mapping[str, Any], run: str, paths: Collection[str]) -> Iterator[str]:
    """Yield the faults of the settings of a course, which `paths` has the files of."""
    settings = policy.get(f"course/{run}")
    if set(policy) != {f"course/{run}"} or not isinstance(settings, dict):
        yield f"it has other than the settings of course/{run}: those of blocks stand in their XML"
        return
    if set(settings) != _SETTINGS or not all(isinstance(value, str) and value.strip() for value in settings.values()):
        yield f"the settings are not texts for {', '.join(sorted(_SETTINGS))}"
        return
    start, end = _parse_date(settings["start"]), _parse_date(settings["end"])
    if start is None or end is None or start >= end:
        yield "the dates are none, or the course ends before it begins"
    if f"static/{settings['course_image']}" not in paths:
        yield f"there is no image static/{settings['course_image'][:100]}"


def find_grading_faults(policy: Mapping[str, Any], run: str, paths: Collection[str]) -> Iterator[str]:
    """Yield the faults of how a course is graded, which no other file says anything of."""
    graders, cutoffs = policy.get("GRADER"), policy.get("GRADE_CUTOFFS")
    if not isinstance(graders, list) or not graders or not all(isinstance(each, dict) for each in graders):
        yield "GRADER is no list of kinds of work, or an empty one"
    else:
        yield from _find_grader_faults(graders)
    if not isinstance(cutoffs, dict) or set(cutoffs) != {"Pass"} or not _is_share(cutoffs["Pass"]):
        yield "GRADE_CUTOFFS does not say from which share on a course is passed"


def _find_grader_faults(graders: list[dict[str, Any]]) -> Iterator[str]:
    names = [grader.get("type") for grader in graders]
    if not all(isinstance(name, str) and name for name in names) or len(set(map(str, names))) != len(names):
        yield "a kind of work has no name, or two have one"
    for name, least in _NUMBERS.items():
        if not all(isinstance(grader.get(name), int) and grader[name] >= least for grader in graders):
            yield f"{name} of a kind of work is no number from {least} on"
    if not all(isinstance(grader.get("short_label", ""), str) for grader in graders):
        yield "short_label of a kind of work is no text"
    weights: list[Any] = [grader.get("weight") for grader in graders]
    if not all(map(_is_share, weights)) or abs(sum(map(float, weights)) - 1) > _MAX_DIFFERENCE:
        yield "the weights of the kinds of work are no shares that add up to one"


def _is_share(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1


def _parse_date(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo is not None else None
