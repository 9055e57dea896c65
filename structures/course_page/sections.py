"""What a course page shows, as values for its templates: modules and lessons in one list, in order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.utils import translation
from django.utils.safestring import SafeString

from structures.course_page.labels import (
    count_parts,
    count_places,
    count_removed_parts,
    describe_arrangement,
    describe_counts,
    describe_minutes,
    format_place,
    list_facts,
)
from structures.course_page.origins import PageOrigin, load_origin
from structures.course_page.quality_facts import QualityFact, list_quality_facts
from structures.course_page.text_blocks import render_text_blocks
from structures.editing.trees import COURSE_KEY
from structures.engines.base.drafts import NodeType
from structures.exports.languages import choose_label_language, find_direction, find_language
from structures.models import Reference, StructureNode, StructureSnapshot
from structures.queries import StoredNode

_SECTION_TYPES = {NodeType.MODULE, NodeType.LESSON}
# HTML has headings of six levels; h1 is the title of the course.
_TOP_LEVEL, _MAX_LEVEL = 2, 6


@dataclass(frozen=True, kw_only=True)
class PageEvidence:
    """A reference as the page lists it: where it points, the heading above, and the quote.

    `place` names the file, `path` the file with the folders around it.
    """

    id: UUID
    place: str
    path: str
    heading: str
    quote: str
    is_machine_written: bool


@dataclass(frozen=True, kw_only=True)
class PagePrerequisite:
    """A term that an earlier lesson defines, with the words of both places."""

    term: str
    title: str
    anchor: str
    definition: PageEvidence
    use: PageEvidence


@dataclass(frozen=True, kw_only=True)
class PageLeaf:
    """A concept or an exercise."""

    row: StructureNode
    evidence: Sequence[PageEvidence]
    facts: Sequence[str]
    level: int
    edits: str

    @property
    def description(self) -> SafeString:
        return render_text_blocks(self.row.description)

    @property
    def solution(self) -> SafeString:
        return render_text_blocks(self.row.reference_solution)


@dataclass(frozen=True, kw_only=True)
class PageSection:
    """A module or a lesson without the modules and lessons inside it.

    `number` is its place, such as `1.2`; `level` that of its heading. `children` counts the sections directly inside
    it, and `closes` how many sections end with this one, itself included: so a template nests lists without recursion.
    `parts` and `places` count its children and its evidence in words. `edits` says what people did to it, for those who
    may know; `is_machine_written` that a model wrote it.
    """

    row: StructureNode
    number: str
    level: int
    is_module: bool
    children: int
    closes: int
    parts: str
    places: str
    arranged_by: str
    goals: Sequence[str]
    facts: Sequence[str]
    prerequisites: Sequence[PagePrerequisite]
    edits: str
    is_machine_written: bool
    concepts: Sequence[PageLeaf]
    exercises: Sequence[PageLeaf]
    evidence: Sequence[PageEvidence]

    @property
    def anchor(self) -> str:
        return build_anchor(self.number)

    @property
    def description(self) -> SafeString:
        return render_text_blocks(self.row.description)

    @property
    def closing_levels(self) -> range:
        return range(self.closes)


@dataclass(frozen=True, kw_only=True)
class CoursePage:
    """All that a page of a snapshot shows: labels in `label_language`, texts in `language`, blank if it is unknown."""

    snapshot: StructureSnapshot
    sections: Sequence[PageSection]
    language: str
    label_language: str
    direction: str
    counts: Sequence[str]
    minutes: str
    origin: PageOrigin
    edits: str
    removed: str
    quality: Sequence[QualityFact]

    @property
    def description(self) -> SafeString:
        return render_text_blocks(self.snapshot.description)

    @property
    def goals(self) -> list[str]:
        return list_goals(self.snapshot.learning_goal)

    @property
    def has_expectations(self) -> bool:
        snapshot = self.snapshot
        return bool(snapshot.expected_knowledge or snapshot.expected_skills or snapshot.prerequisites)


def build_course_page(
    snapshot: StructureSnapshot, modules: Sequence[StoredNode], *, shows_edits: bool = False
) -> CoursePage:
    """Return what the page of a snapshot shows. `modules` are its top nodes with everything below them.

    What people changed is in it with `shows_edits`.
    """
    origin = load_origin(snapshot, shows_edits=shows_edits)
    numbered = list(_number_sections(modules))
    language = find_language(_list_texts(snapshot, numbered))
    with translation.override(choose_label_language(language)):
        return _build_page(snapshot, numbered, origin, language)


def _build_page(
    snapshot: StructureSnapshot, numbered: Sequence[_NumberedNode], origin: PageOrigin, language: str
) -> CoursePage:
    """Return the page with labels in the language that is active."""
    titles = {str(each.node.row.pk): (each.node.row.title, build_anchor(each.number)) for each in numbered}
    sections = [_build_section(each, titles, origin) for each in numbered]
    names = [snapshot.title, *(each.node.row.title for each in numbered)]
    return CoursePage(
        snapshot=snapshot,
        sections=sections,
        language=language,
        label_language=choose_label_language(language),
        direction=find_direction(names),
        counts=describe_counts(snapshot.counts),
        minutes=describe_minutes(section.row for section in sections if not section.is_module),
        origin=origin,
        edits=origin.describe_edits(COURSE_KEY),
        removed=count_removed_parts(origin.removed) if origin.removed else "",
        quality=list_quality_facts(snapshot.quality),
    )


def list_goals(learning_goal: str) -> list[str]:
    """Return the goals, which stand on lines of their own."""
    return [line for line in learning_goal.splitlines() if line.strip()]


def build_anchor(number: str) -> str:
    """Return the anchor of the section with a number such as `1.2`."""
    return "s" + number.replace(".", "-")


def build_page_evidence(reference: Reference) -> PageEvidence:
    """Return a stored reference as pages list it."""
    return PageEvidence(
        id=reference.pk,
        place=format_place(reference.entry_name, reference.locator, is_machine_written=reference.machine_written),
        path=reference.entry_path,
        heading=" › ".join(reference.heading_path),
        quote=reference.quote,
        is_machine_written=reference.machine_written,
    )


@dataclass(frozen=True, kw_only=True)
class _NumberedNode:
    node: StoredNode
    number: str
    depth: int
    children: int
    closes: int


def _number_sections(modules: Sequence[StoredNode]) -> Iterator[_NumberedNode]:
    """Yield modules and lessons in order, numbered within their parents."""
    # What is still to come: a node, its number and depth, and how many sections end with its last descendant.
    pending = [(node, str(position), 0, 1) for position, node in enumerate(_list_sections(modules), start=1)]
    pending.reverse()
    while pending:
        node, number, depth, closes = pending.pop()
        below = _list_sections(node.children)
        yield _NumberedNode(node=node, number=number, depth=depth, children=len(below), closes=0 if below else closes)
        numbered = [
            (child, f"{number}.{position}", depth + 1, closes + 1 if position == len(below) else 1)
            for position, child in enumerate(below, start=1)
        ]
        pending.extend(reversed(numbered))


def _list_sections(nodes: Iterable[StoredNode]) -> list[StoredNode]:
    return [node for node in nodes if node.node_type in _SECTION_TYPES]


def _build_section(numbered: _NumberedNode, titles: Mapping[str, tuple[str, str]], origin: PageOrigin) -> PageSection:
    node, row = numbered.node, numbered.node.row
    level = min(_TOP_LEVEL + numbered.depth, _MAX_LEVEL)
    below = min(level + 1, _MAX_LEVEL)
    return PageSection(
        row=row,
        number=numbered.number,
        level=level,
        is_module=node.node_type is NodeType.MODULE,
        children=numbered.children,
        closes=numbered.closes,
        parts=count_parts(numbered.children),
        arranged_by=describe_arrangement(row.arranged_by),
        places=count_places(len(node.references)),
        goals=list_goals(row.learning_goal),
        facts=list_facts(row),
        prerequisites=[_build_prerequisite(each, titles) for each in row.prerequisites],
        edits=origin.describe_edits(row.key),
        is_machine_written=bool(origin.models) and not origin.is_by_person(row.key),
        concepts=_build_leaves(node, NodeType.CONCEPT, below, origin),
        exercises=_build_leaves(node, NodeType.EXERCISE, below, origin),
        evidence=[build_page_evidence(reference) for reference in node.references],
    )


def _build_leaves(node: StoredNode, node_type: NodeType, level: int, origin: PageOrigin) -> list[PageLeaf]:
    return [
        PageLeaf(
            row=child.row,
            evidence=[build_page_evidence(reference) for reference in child.references],
            facts=list_facts(child.row),
            level=level,
            edits=origin.describe_edits(child.row.key),
        )
        for child in node.children
        if child.node_type is node_type
    ]


def _build_prerequisite(fields: Mapping[str, Any], titles: Mapping[str, tuple[str, str]]) -> PagePrerequisite:
    title, anchor = titles.get(fields["lesson"], ("", ""))
    return PagePrerequisite(
        term=fields["term"],
        title=title,
        anchor=anchor,
        definition=_build_kept_evidence(fields["definition"]),
        use=_build_kept_evidence(fields["use"]),
    )


def _build_kept_evidence(fields: Mapping[str, Any]) -> PageEvidence:
    """Return evidence that is stored inside its node and has no row of its own."""
    locator = {name: value for name, value in fields["locator"].items() if name != "heading_path"}
    heading_path = tuple(fields["locator"].get("heading_path", ()))
    names = ("entry_name", "entry_path", "quote", "machine_written")
    reference = Reference(**{name: fields[name] for name in names}, **locator)
    reference.heading_path = list(heading_path)
    return build_page_evidence(reference)


def _list_texts(snapshot: StructureSnapshot, numbered: Sequence[_NumberedNode]) -> Iterator[str]:
    """Yield the texts of a course, the longest kinds first: a language is found by whole sentences."""
    yield snapshot.description
    for section in numbered:
        yield section.node.row.description
        yield section.node.row.learning_goal
        for leaf in section.node.children:
            if leaf.node_type not in _SECTION_TYPES:
                yield leaf.row.description
    for section in numbered:
        yield section.node.row.title
