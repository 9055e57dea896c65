"""What a format does not carry, found by comparing the filled fields of nodes with those that the format writes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from uuid import UUID

from structures.engines.base.drafts import NodeType
from structures.exports.base import ExportedCourse, ExportedNode, ExportedSnapshot, ExportLoss
from structures.exports.characters import has_forbidden_characters

WHOLE = "all"
"""The field of a loss of a whole node."""
ABOUT_STRUCTURE = frozenset({"arranged_by", "unproved", "minutes_basis"})
"""Fields of the structure, not of the course: they say how it came about."""
_NODE_FIELDS = (
    "description",
    "learning_goal",
    "difficulty",
    "estimated_minutes",
    "minutes_basis",
    "key_points",
    "questions",
    "topics",
    "required_knowledge",
    "prerequisites",
    "examples",
    "reference_solution",
    "grading_criteria",
    "arranged_by",
    "unproved",
)
_COURSE_FIELDS = (
    "title", "description", "learning_goal", "expected_knowledge", "expected_skills", "prerequisites", "quality",
)  # fmt: skip


def list_filled_fields(node: ExportedNode) -> list[str]:
    """Return the names of the fields of a node that say something, besides its title, and `references`."""
    filled = [name for name in _NODE_FIELDS if getattr(node.row, name)]
    return [*filled, "references"] if node.references else filled


def list_lone_concepts(snapshot: ExportedSnapshot) -> set[UUID]:
    """Return the keys of the concepts that are in no lesson."""
    others = [node for node in snapshot.walk_nodes() if node.node_type is not NodeType.LESSON]
    around = [snapshot.modules, *(node.children for node in others)]
    return {node.row.key for nodes in around for node in nodes if node.node_type is NodeType.CONCEPT}


def build_loss(node: ExportedNode, field: str, reason: str) -> ExportLoss:
    """Return the loss of a field of a node."""
    return ExportLoss(key=node.row.key, title=node.row.title, field=field, reason=reason)


def find_prerequisite_losses(node: ExportedNode) -> Iterator[ExportLoss]:
    """Yield what `lesson_html.describe_prerequisite` says less of a node's prerequisites than is stored."""
    if node.row.prerequisites:
        said = "It names the materials that define and use a term, not the places in them nor the words quoted."
        yield build_loss(node, "prerequisites.quote", said)


def find_outside_losses(snapshot: ExportedSnapshot, reason: str) -> Iterator[ExportLoss]:
    """Yield the concepts and exercises that are in no module and no lesson, for formats without a place for them."""
    for node in snapshot.modules:
        if node.node_type in {NodeType.CONCEPT, NodeType.EXERCISE}:
            yield build_loss(node, WHOLE, reason)


def find_node_losses(
    snapshot: ExportedSnapshot,
    carried: Mapping[NodeType, frozenset[str]],
    describe: Callable[[ExportedNode, str], str],
) -> Iterator[ExportLoss]:
    """Yield the fields of nodes that are filled and not carried; of types without a row in `carried` the whole node.

    `describe` says in a sentence why a field of a node is lost.
    """
    for node in snapshot.walk_nodes():
        fields = carried.get(node.node_type)
        lost = [WHOLE] if fields is None else [name for name in list_filled_fields(node) if name not in fields]
        for field in lost:
            yield build_loss(node, field, describe(node, field))


def find_course_losses(course: ExportedCourse, *, carried: frozenset[str], reason: str) -> Iterator[ExportLoss]:
    """Yield the fields of the course that are filled and not carried."""
    for field in _COURSE_FIELDS:
        if field not in carried and getattr(course, field):
            yield ExportLoss(key=None, title=course.title, field=field, reason=reason)


def find_carried_replacements(
    snapshot: ExportedSnapshot, carried: Callable[[ExportedNode], frozenset[str]], *, of_course: frozenset[str]
) -> Iterator[ExportLoss]:
    """Yield of the fields that are written, which `carried` says of a node, those with characters that HTML forbids."""
    written = {node.row.key: carried(node) for node in snapshot.walk_nodes()}
    for loss in find_replaced_characters(snapshot):
        if loss.field in (of_course if loss.key is None else written[loss.key]):
            yield loss


def find_replaced_characters(snapshot: ExportedSnapshot) -> Iterator[ExportLoss]:
    """Yield the fields of nodes with characters that HTML and XML forbid, for which a sign stands."""
    reason = "It holds characters that HTML forbids, such as control characters: a sign stands for each."
    for name in _COURSE_FIELDS:
        if has_forbidden_characters(getattr(snapshot.course, name)):
            yield ExportLoss(key=None, title=snapshot.course.title, field=name, reason=reason)
    for node in snapshot.walk_nodes():
        for name in ("title", *_NODE_FIELDS):
            if has_forbidden_characters(getattr(node.row, name)):
                yield ExportLoss(key=node.row.key, title=node.row.title, field=name, reason=reason)
        if any(has_forbidden_characters((each.quote, each.entry_path)) for each in node.references):
            yield ExportLoss(key=node.row.key, title=node.row.title, field="references", reason=reason)
