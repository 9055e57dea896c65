"""The last question of a course: it sees titles, goals and concepts, and answers with corrections that code applies.

The model never writes the tree: it names lines by their numbers and says what should be otherwise, and why. Each
correction is checked; what was done, and what was refused and why, is kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from structures.engines.base.drafts import Citation, Draft, DraftNode, NodeType, Prerequisite, Reversal
from structures.engines.base.outlines import Outline, list_lesson_materials
from structures.engines.base.sentences import split_text
from structures.engines.llm.answers import CorrectedField, CorrectionAnswer, ModuleGoalAnswer
from structures.engines.llm.draft_builder import clean_text, merge_nodes
from structures.engines.llm.numbering import dump_visible_line
from structures.engines.llm.scripts import find_main_script

# More than a methodologist reads; the rest is counted.
MAX_CORRECTIONS = 500
_MAX_TITLE = 500  # the width of the column


@dataclass(eq=False, kw_only=True)
class CourseLine:
    """A module, lesson or concept with its number, in a form that corrections can change.

    `is_kept` is what the outline fixes: neither its title nor its place may change, and it must stay.
    """

    number: int
    node: DraftNode
    parent: CourseLine | None
    is_kept: bool = False
    children: list[CourseLine] = field(default_factory=list)
    contents: list[DraftNode] = field(default_factory=list)
    required: list[CourseLine] = field(default_factory=list)


class NumberedCourse:
    """A course as numbered lines. Numbers run from 1 in the order of a walk; exercises have none.

    `scripts` are those of the course, as far as they are known: no title changes into other letters.
    """

    def __init__(self, draft: Draft, outline: Outline, *, scripts: frozenset[str] = frozenset()) -> None:
        self._outline, self._scripts = outline, scripts
        self._kept = _list_kept_contents(outline)
        self._by_number: dict[int, CourseLine] = {}
        # What takes an applied correction back, by its place among those that were looked at.
        self.reversals: dict[int, Reversal] = {}
        self._tops = [self._add_line(module, None) for module in draft.modules]
        self._draft = draft

    def _add_line(self, node: DraftNode, parent: CourseLine | None) -> CourseLine:
        is_kept = self._outline.is_fixed
        if node.node_type is NodeType.CONCEPT:
            is_kept = parent is not None and (parent.node.key, node.title.casefold()) in self._kept
        line = CourseLine(number=len(self._by_number) + 1, node=node, parent=parent, is_kept=is_kept)
        self._by_number[line.number] = line
        for child in node.children:
            if child.node_type is NodeType.EXERCISE:
                line.contents.append(child)
            else:
                line.children.append(self._add_line(child, line))
        return line

    def list_concepts(self) -> list[CourseLine]:
        """Return the lines of concepts, in order."""
        return [line for line in self._by_number.values() if line.node.node_type is NodeType.CONCEPT]

    def render_lines(self) -> list[str]:
        """Return the lines of JSON that stand for the course in the prompt."""
        return [_format_line(line) for line in self._by_number.values()]

    def apply(self, corrections: Sequence[CorrectionAnswer]) -> list[dict[str, Any]]:
        """Apply the corrections in order, and return each with whether it was applied, and if not why."""
        return [self._apply_one(place, correction) for place, correction in enumerate(corrections[:MAX_CORRECTIONS])]

    def _apply_one(self, place: int, correction: CorrectionAnswer) -> dict[str, Any]:
        line = self._by_number.get(correction.target)
        old, new = clean_text(correction.old), clean_text(correction.new)
        described: dict[str, Any] = {
            "target": correction.target,
            "type": None if line is None else line.node.node_type.value,
            "field": correction.field.value,
            "old": old,
            "new": new,
            "reason": clean_text(correction.reason),
        }
        if line is None:
            return {**described, "title": "", "applied": False, "refused_because": "no line has this number"}
        described["title"] = line.node.title
        reversal = self._build_reversal(line, new)
        refusal = _APPLY[correction.field](self, line, old, new)
        if not refusal:
            self.reversals[place] = reversal
        return {**described, "applied": not refusal, **({"refused_because": refusal} if refusal else {})}

    def _build_reversal(self, line: CourseLine, new: str) -> Reversal:
        """Return what is needed to make a line, and the one that `new` may name, what they are now."""
        other = self._find(new)
        siblings = [] if line.parent is None else line.parent.children
        before = siblings[: siblings.index(line)] if siblings else []
        is_concept = line.node.node_type is NodeType.CONCEPT and other is not None
        return Reversal(
            line=line.number,
            parent=None if line.parent is None else line.parent.number,
            behind=before[-1].number if before else None,
            other=None if other is None else other.number,
            other_parent=None if other is None or other.parent is None else other.parent.number,
            merged=line.node if is_concept else None,
            kept=other.node if is_concept and other is not None else None,
        )

    def _change_title(self, line: CourseLine, old: str, new: str) -> str:
        if line.is_kept:
            return "it must be kept as it is"
        if old != line.node.title:
            return "it is called otherwise"
        if not new or len(new) > _MAX_TITLE or len(new.splitlines()) > 1:
            return "that is no title"
        if self._scripts and find_main_script([old]) in self._scripts and find_main_script([new]) not in self._scripts:
            return "it is in other letters than the course"
        line.node = replace(line.node, title=new, given_title=line.node.given_title or line.node.title)
        return ""

    def _merge_concept(self, line: CourseLine, _old: str, new: str) -> str:
        other = self._find(new)
        if other is None or other is line or {line.node.node_type, other.node.node_type} != {NodeType.CONCEPT}:
            return "only a concept can be the same as another one"
        # The other concept would get the evidence of this one.
        if line.is_kept or other.is_kept:
            return "it must be kept as it is"
        assert line.parent is not None
        other.node = merge_nodes(other.node, line.node)
        line.parent.children.remove(line)
        del self._by_number[line.number]
        return ""

    def _move_lesson(self, line: CourseLine, _old: str, new: str) -> str:
        other = self._find(new)
        if line.is_kept:
            return "it must be kept as it is"
        if line.node.node_type is not NodeType.LESSON or other is None or other is line:
            return "only a lesson can be moved, behind another one or to the beginning of a module"
        if other.node.node_type not in {NodeType.LESSON, NodeType.MODULE}:
            return "a lesson can only stand behind another one or at the beginning of a module"
        parent = other if other.node.node_type is NodeType.MODULE else other.parent
        if parent is None or line.parent is None:
            return "a lesson can only be moved inside modules"
        line.parent.children.remove(line)
        place = 0 if parent is other else parent.children.index(other) + 1
        parent.children.insert(place, line)
        line.parent = parent
        return ""

    def _require_concept(self, line: CourseLine, _old: str, new: str) -> str:
        other = self._find(new)
        if line.node.node_type is not NodeType.LESSON or other is None or other.node.node_type is not NodeType.CONCEPT:
            return "only a lesson can require a concept"
        if other.parent is line or not other.node.citations:
            return "the concept must be one of another lesson, with evidence"
        if other not in line.required:
            line.required.append(other)
        return ""

    def describe_modules(self, goals: Mapping[int, ModuleGoalAnswer]) -> None:
        """Give modules the goals and difficulties that are said of them, unless they have any."""
        for number, said in goals.items():
            line = self._by_number.get(number)
            if line is not None and line.node.node_type is NodeType.MODULE:
                line.node = replace(
                    line.node,
                    learning_goal=line.node.learning_goal or clean_text(said.goal),
                    difficulty=line.node.difficulty or said.difficulty,
                )

    def _find(self, number: str) -> CourseLine | None:
        return self._by_number.get(int(number)) if number.isascii() and number.isdigit() and len(number) < 10 else None

    def build_modules(self) -> tuple[DraftNode, ...]:
        """Return the corrected modules. A module without lessons inside is left out, unless it must be kept.

        A requirement becomes a prerequisite where the concept's title stands in the lesson's materials and its own
        lesson comes before; others are dropped.
        """
        order = {line.number: place for place, line in enumerate(self._iter_lessons())}
        materials = list_lesson_materials(self._outline)
        built = (_build_node(line, order, materials) for line in self._tops)
        return tuple(node for node in built if node is not None)

    def _iter_lessons(self) -> list[CourseLine]:
        waiting, found = list(reversed(self._tops)), []
        while waiting:
            line = waiting.pop()
            if line.node.node_type is NodeType.LESSON:
                found.append(line)
            waiting.extend(reversed(line.children))
        return found


_APPLY = {
    CorrectedField.TITLE: NumberedCourse._change_title,  # the table of this class's own methods
    CorrectedField.SAME_AS: NumberedCourse._merge_concept,
    CorrectedField.AFTER: NumberedCourse._move_lesson,
    CorrectedField.REQUIRES: NumberedCourse._require_concept,
}


def _list_kept_contents(outline: Outline) -> set[tuple[UUID | None, str]]:
    """Return what people put into lessons, by the lesson's key and the title."""
    return {
        (lesson.key, child.title.casefold())
        for lesson in outline.list_lessons()
        if lesson.known is not None
        for child in lesson.known.children
    }


def _format_line(line: CourseLine) -> str:
    node = line.node
    values: dict[str, object] = {"line": line.number, node.node_type.value: node.title}
    if node.node_type is not NodeType.CONCEPT and node.learning_goal:
        values["goals"] = node.learning_goal.split("\n")
    return dump_visible_line(values)


def _build_node(
    line: CourseLine, order: Mapping[int, int], materials: Mapping[UUID, Sequence[Any]]
) -> DraftNode | None:
    inside = [_build_node(child, order, materials) for child in line.children]
    children = tuple(node for node in inside if node is not None)
    if line.node.node_type is NodeType.MODULE and not children and not line.is_kept:
        return None
    if line.node.node_type is not NodeType.LESSON:
        return replace(line.node, children=children, line=line.number)
    found = (_build_prerequisite(line, concept, order, materials) for concept in line.required)
    prerequisites = tuple(one for one in found if one is not None)
    return replace(
        line.node,
        children=(*children, *line.contents),
        prerequisites=(*line.node.prerequisites, *prerequisites),
        line=line.number,
    )


def _build_prerequisite(
    lesson: CourseLine, concept: CourseLine, order: Mapping[int, int], materials: Mapping[UUID, Sequence[Any]]
) -> Prerequisite | None:
    assert concept.parent is not None
    defining = order[concept.parent.number]
    use = _find_use(concept.node.title, materials.get(lesson.node.key, ()) if lesson.node.key else ())
    if use is None or defining >= order[lesson.number]:
        return None
    return Prerequisite(term=concept.node.title, lesson=defining, definition=concept.node.citations[0], use=use)


def _find_use(term: str, entries: Sequence[Any]) -> Citation | None:
    """Return the first sentence of a lesson's materials in which a term stands."""
    wanted = term.casefold()
    for entry in entries:
        for chunk in entry.chunks:
            if wanted in chunk.text.casefold():
                sentences = (sentence for sentence in split_text(chunk.text) if wanted in sentence.casefold())
                sentence = next(sentences, None)
                if sentence is not None:
                    return Citation(chunk_id=chunk.id, quote=sentence)
    return None
