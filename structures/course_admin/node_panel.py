"""What the editor shows of one node: its fields, evidence and notes, and what can be done with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from structures.course_admin.field_inputs import FieldInput, build_field_inputs
from structures.course_admin.operation_forms import digest_prerequisite, digest_reference, list_prerequisites
from structures.course_admin.outline import Outline, OutlineRow
from structures.editing.operations import ALLOWED_CHILDREN
from structures.editing.references import TreeReference
from structures.editing.trees import KeyedNode
from structures.engines.base.drafts import NodeType
from structures.exports.markdown import format_reference_location

# A form with a number for each child is for a list that one can look over; longer ones have the arrows.
MAX_ORDERED = 200


@dataclass(frozen=True, kw_only=True)
class PanelReference:
    """A reference of the node. `digest` names it in forms."""

    digest: str
    place: str
    heading: str
    quote: str
    is_machine_written: bool
    is_added: bool


@dataclass(frozen=True, kw_only=True)
class PanelPrerequisite:
    """A term that an earlier lesson defines; `lesson` is None when that lesson is gone."""

    digest: str
    term: str
    lesson: OutlineRow | None
    definition: str
    use: str


@dataclass(frozen=True, kw_only=True)
class PanelChild:
    """A part inside the node. `up` and `down` are the positions to which the arrows move it, None at the ends."""

    row: OutlineRow
    place: int
    count: int
    up: int | None
    down: int | None


@dataclass(frozen=True, kw_only=True)
class NodePanel:
    """A node of a working copy with all choices of its forms."""

    node: KeyedNode
    row: OutlineRow
    above: Sequence[OutlineRow]
    fields: Sequence[FieldInput]
    references: Sequence[PanelReference]
    prerequisites: Sequence[PanelPrerequisite]
    children: Sequence[PanelChild]
    child_types: Sequence[str]
    parents: Sequence[OutlineRow]
    siblings: Sequence[OutlineRow]
    lessons: Sequence[OutlineRow]
    place: PanelChild | None

    @property
    def is_course(self) -> bool:
        return self.node.node_type is None

    @property
    def can_be_ordered(self) -> bool:
        return 1 < len(self.children) <= MAX_ORDERED

    @property
    def split_description(self) -> FieldInput:
        return next(each for each in self.fields if each.name == "description")


def build_node_panel(node: KeyedNode, outline: Outline) -> NodePanel:
    """Return what the editor shows of a node. Asks no database."""
    row = outline.rows[node.key]
    allowed = ALLOWED_CHILDREN[node.node_type]
    siblings = _place_children([] if row.parent is None else outline.list_children(row.parent))
    return NodePanel(
        node=node,
        row=row,
        above=outline.list_above(node.key),
        fields=build_field_inputs(node),
        references=[_describe_reference(each, node) for each in node.references],
        prerequisites=_list_prerequisites(node, outline),
        children=_place_children(outline.list_children(node.key)),
        child_types=[each.value for each in NodeType if each in allowed],
        parents=outline.list_parents(node.key),
        siblings=outline.list_siblings(node.key),
        lessons=[each for each in outline.list_lessons() if each.key != node.key],
        place=next((each for each in siblings if each.row.key == node.key), None),
    )


def describe_place(reference: TreeReference) -> str:
    """Return the file and the page, slide or time that a reference names."""
    return format_reference_location(reference)


def _place_children(rows: Sequence[OutlineRow]) -> list[PanelChild]:
    last = len(rows) - 1
    return [
        PanelChild(
            row=row, place=at + 1, count=len(rows), up=at - 1 if at else None, down=at + 1 if at < last else None
        )
        for at, row in enumerate(rows)
    ]


def _describe_reference(reference: TreeReference, node: KeyedNode) -> PanelReference:
    return PanelReference(
        digest=digest_reference(reference),
        place=describe_place(reference),
        heading=" › ".join(reference.locator.heading_path),
        quote=reference.quote,
        is_machine_written=reference.machine_written,
        is_added=reference.identity in node.locks.references_added,
    )


def _list_prerequisites(node: KeyedNode, outline: Outline) -> list[PanelPrerequisite]:
    return [
        PanelPrerequisite(
            digest=digest_prerequisite(each),
            term=each.term,
            lesson=outline.rows.get(each.lesson),
            definition=each.definition.quote,
            use=each.use.quote,
        )
        for each in list_prerequisites(node)
    ]
