"""A course, its nodes and their evidence in the words of schema.org, of which those for learning came from LRMI."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from structures.engines.base.drafts import NodeType
from structures.exports.base import (
    ExportedCourse,
    ExportedNode,
    ExportedNodeFields,
    ExportedReference,
    ExportedSnapshot,
    build_course_key,
)
from structures.exports.markdown import format_reference_location
from structures.exports.places import find_place_url

CONTEXT = "https://schema.org"
# What nodes are there, and what kind of a learning resource they are.
_TYPES = {
    NodeType.MODULE: ("Syllabus", "module"),
    NodeType.LESSON: ("LearningResource", "lesson"),
    NodeType.EXERCISE: ("LearningResource", "exercise"),
}
_KNOWLEDGE, _SKILLS, _DIFFICULTY = "Expected knowledge", "Expected skills", "Difficulty, 1 to 5"


@dataclass(frozen=True, kw_only=True)
class DescriptionContext:
    """What descriptions say besides a node's own fields: keys of nodes by the ids of their rows, and addresses."""

    keys: Mapping[str, UUID]
    addresses: Mapping[UUID, str]
    with_quotes: bool

    @classmethod
    def build(cls, snapshot: ExportedSnapshot, *, with_quotes: bool) -> DescriptionContext:
        """Return the context of a snapshot."""
        keys = {str(node.row.pk): node.row.key for node in snapshot.walk_nodes()}
        return cls(keys=keys, addresses=snapshot.addresses, with_quotes=with_quotes)


def describe_course(
    course: ExportedCourse, concepts: Iterable[ExportedNode], context: DescriptionContext
) -> dict[str, Any]:
    """Return a course without its parts. `concepts` are those outside modules and lessons."""
    return _drop_blank(
        {
            "@context": CONTEXT,
            "@type": "Course",
            "@id": format_key(build_course_key(course)),
            "name": course.title,
            "description": course.description,
            "coursePrerequisites": list(course.prerequisites),
            "teaches": [
                *course.learning_goal.splitlines(),
                *(_describe_expectation(each, _KNOWLEDGE) for each in course.expected_knowledge),
                *(_describe_expectation(each, _SKILLS) for each in course.expected_skills),
                *(_describe_concept(concept, context) for concept in concepts),
            ],
        }
    )


def describe_node(node: ExportedNode, position: int, context: DescriptionContext) -> dict[str, Any]:
    """Return a module, lesson or exercise without its parts, but with its concepts."""
    row = node.row
    kind, resource_type = _TYPES[node.node_type]
    concepts = [child for child in node.children if child.node_type is NodeType.CONCEPT]
    return _drop_blank(
        {
            "@type": kind,
            "@id": format_key(row.key),
            "learningResourceType": resource_type,
            "name": row.title,
            # Of parts there is no other order.
            "position": position,
            # What a learner does is the exercise itself, and no description of it.
            "text" if node.node_type is NodeType.EXERCISE else "description": row.description,
            "abstract": list(row.key_points),
            "about": [{"@type": "Thing", "name": topic} for topic in row.topics],
            "teaches": [
                *row.learning_goal.splitlines(),
                *(_describe_concept(concept, context) for concept in concepts),
            ],
            "competencyRequired": list(row.required_knowledge),
            "educationalAlignment": [_describe_prerequisite(each, context) for each in row.prerequisites],
            "educationalLevel": _describe_term(str(row.difficulty), _DIFFICULTY) if row.difficulty else None,
            "timeRequired": format_minutes(row.estimated_minutes) if row.estimated_minutes else None,
            "isBasedOn": [describe_place(reference, context) for reference in node.references],
        }
    )


def describe_questions(row: ExportedNodeFields) -> list[dict[str, Any]]:
    """Return the questions that a lesson answers, which are parts of it."""
    return [{"@type": "Question", "name": question} for question in row.questions]


def describe_place(reference: ExportedReference, context: DescriptionContext) -> dict[str, Any]:
    """Return where evidence stands: of a recording the clip, of other material the place in it."""
    locator, url = reference.locator, find_place_url(reference, context.addresses)
    is_timed = locator.start_ms is not None
    end_ms = locator.end_ms if is_timed and (locator.end_ms or 0) > (locator.start_ms or 0) else None
    return _drop_blank(
        {
            "@type": "Clip" if is_timed else "CreativeWork",
            "name": format_reference_location(reference),
            "startOffset": _format_seconds(locator.start_ms),
            "endOffset": _format_seconds(end_ms),
            "url": url,
            "text": reference.quote if context.with_quotes else "",
        }
    )


def format_key(key: UUID) -> str:
    """Return the identifier of what has a key."""
    return f"urn:uuid:{key}"


def format_minutes(minutes: int) -> str:
    """Return minutes as a duration of ISO 8601, such as `PT1H30M`."""
    hours, rest = divmod(minutes, 60)
    return "PT" + (f"{hours}H" if hours else "") + (f"{rest}M" if rest or not hours else "")


def _describe_concept(concept: ExportedNode, context: DescriptionContext) -> dict[str, Any]:
    examples = [
        {"@type": "LearningResource", "learningResourceType": "example", "text": example}
        for example in concept.row.examples
    ]
    places = [describe_place(reference, context) for reference in concept.references]
    return _drop_blank(
        {
            "@type": "DefinedTerm",
            "@id": format_key(concept.row.key),
            "name": concept.row.title,
            "description": concept.row.description,
            "subjectOf": examples + places,
        }
    )


def _describe_expectation(expectation: Mapping[str, str], terms: str) -> dict[str, Any]:
    described = _describe_term(expectation["summary"], terms)
    return _drop_blank({**described, "description": expectation.get("details", "")})


def _describe_term(name: str, terms: str) -> dict[str, Any]:
    return {
        "@type": "DefinedTerm",
        "name": name,
        "inDefinedTermSet": {"@type": "DefinedTermSet", "name": terms},
    }


def _describe_prerequisite(prerequisite: Mapping[str, Any], context: DescriptionContext) -> dict[str, Any]:
    """Return a term of an earlier lesson as what is required, with the identifier of that lesson."""
    return {
        "@type": "AlignmentObject",
        "alignmentType": "requires",
        "targetName": prerequisite["term"],
        "targetUrl": format_key(context.keys[str(prerequisite["lesson"])]),
    }


def _format_seconds(milliseconds: int | None) -> float | None:
    if milliseconds is None:
        return None
    return milliseconds // 1000 if milliseconds % 1000 == 0 else milliseconds / 1000


def _drop_blank(described: dict[str, Any]) -> dict[str, Any]:
    """Return what says something: a clip that begins at 0 does."""
    return {name: value for name, value in described.items() if value == 0 or value}
