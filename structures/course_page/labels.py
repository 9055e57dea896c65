"""Words that the pages of structures share: names of fields, minutes, and where minutes come from."""

from __future__ import annotations

from structures.engines.base.drafts import Basis
from structures.models import EDITED_BASIS

FIELD_LABELS = {
    "title": "Title",
    "description": "Description",
    "learning_goal": "Goals",
    "expected_knowledge": "Knowledge after the course",
    "expected_skills": "Skills after the course",
    "difficulty": "Difficulty",
    "estimated_minutes": "Time",
    "key_points": "Key points",
    "questions": "Questions",
    "topics": "Topics",
    "required_knowledge": "Needed before",
    "prerequisites": "Builds on",
    "examples": "Examples",
    "reference_solution": "Solution",
    "grading_criteria": "Grading criteria",
    "arranged_by": "Arranged by",
    "node_type": "Kind",
}
BASIS_NOTES = {
    Basis.STATED.value: "",
    Basis.COMPUTED.value: "computed",
    Basis.ESTIMATED.value: "estimated by a model",
    EDITED_BASIS: "set by a person",
}


def format_minutes(minutes: int) -> str:
    """Return minutes as people say them, such as `50 min` or `1 h 20 min`."""
    hours, rest = divmod(minutes, 60)
    return " ".join(filter(None, [f"{hours} h" if hours else "", f"{rest} min" if rest or not hours else ""]))
