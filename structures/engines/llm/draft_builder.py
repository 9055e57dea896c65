"""Building drafts from models' answers: numbers become ids of chunks. The citations are not verified here."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from structures.engines.base.drafts import Basis, Citation, Draft, DraftNode, Expectation, NodeType
from structures.engines.base.outlines import Outline
from structures.engines.base.text import strip_invisible
from structures.engines.llm.answers import (
    AboutCourse,
    CitationAnswer,
    ConceptAnswer,
    ExerciseAnswer,
    ExpectationAnswer,
    LessonDetailsAnswer,
)

# Stands for a number that no chunk has, so that the citation is counted as made and dropped by the verification, like
# others that do not hold. Dropping it here would hide that the model invented it.
NO_CHUNK = UUID(int=0)

ChunkIdsByNumber = Mapping[int, UUID]


def build_lesson_details(answers: Sequence[LessonDetailsAnswer], chunks: ChunkIdsByNumber) -> DraftNode:
    """Return what the answers for the parts of one lesson say of it, without a title.

    It takes as long as all parts, and is as difficult as the most difficult.
    """
    goals = _clean_texts(goal for answer in answers for goal in answer.goals)
    required = _clean_texts(each for answer in answers for each in answer.required_knowledge)
    contents = tuple(
        child for answer in answers for child in _build_children(answer.concepts, answer.exercises, chunks)
    )
    return DraftNode(
        node_type=NodeType.LESSON,
        title="",
        learning_goal="\n".join(dict.fromkeys(" ".join(goal.split()) for goal in goals)),
        required_knowledge=tuple(dict.fromkeys(required)),
        difficulty=max(answer.difficulty for answer in answers),
        estimated_minutes=sum(answer.estimated_minutes for answer in answers),
        minutes_basis=Basis.ESTIMATED,
        children=_merge_repeated(contents),
    )


def describe_course(draft: Draft, about: AboutCourse) -> Draft:
    """Return the draft with what an answer says of the course as a whole."""
    return replace(
        draft,
        title=clean_text(about.title),
        description=clean_text(about.description),
        learning_goal=clean_text(about.learning_goal),
        expected_knowledge=_build_expectations(about.expected_knowledge),
        expected_skills=_build_expectations(about.expected_skills),
        prerequisites=_clean_texts(about.prerequisites),
    )


def add_module_minutes(modules: Iterable[DraftNode], outline: Outline) -> tuple[DraftNode, ...]:
    """Return the modules with the sum of the minutes inside; those that the outline locks keep theirs."""
    locked = {node.key for node in outline.iter_nodes() if "estimated_minutes" in node.locked}
    return tuple(_add_minutes(module, locked) for module in modules)


def _add_minutes(node: DraftNode, locked: Container[UUID | None]) -> DraftNode:
    if node.node_type is not NodeType.MODULE:
        return node
    children = tuple(_add_minutes(child, locked) for child in node.children)
    minutes = sum(child.estimated_minutes or 0 for child in children)
    if not minutes or node.key in locked:
        return replace(node, children=children)
    return replace(node, children=children, estimated_minutes=minutes, minutes_basis=Basis.ESTIMATED)


def _build_expectations(answers: Iterable[ExpectationAnswer]) -> tuple[Expectation, ...]:
    made = (Expectation(summary=clean_text(each.summary), details=clean_text(each.details)) for each in answers)
    return tuple(dict.fromkeys(made))


def _build_children(
    concepts: Iterable[ConceptAnswer], exercises: Iterable[ExerciseAnswer], chunks: ChunkIdsByNumber
) -> tuple[DraftNode, ...]:
    made = [
        DraftNode(
            node_type=NodeType.CONCEPT,
            title=clean_text(concept.title),
            description=clean_text(concept.definition),
            examples=_clean_texts(concept.examples),
            citations=_build_citations(concept.citations, chunks),
        )
        for concept in concepts
    ]
    made.extend(
        DraftNode(
            node_type=NodeType.EXERCISE,
            title=clean_text(exercise.title),
            description=clean_text(exercise.task),
            reference_solution=clean_text(exercise.reference_solution),
            grading_criteria=_clean_texts(exercise.grading_criteria),
            difficulty=exercise.difficulty,
            citations=_build_citations(exercise.citations, chunks),
        )
        for exercise in exercises
    )
    return _merge_repeated(tuple(made))


def _merge_repeated(nodes: tuple[DraftNode, ...]) -> tuple[DraftNode, ...]:
    """Return concepts, then exercises; what comes twice is one, with the evidence and examples of both.

    A concept comes twice when its title does, an exercise when its task does as well.
    """
    concepts: dict[object, DraftNode] = {}
    exercises: dict[object, DraftNode] = {}
    for node in nodes:
        title = " ".join(node.title.casefold().split())
        if node.node_type is NodeType.CONCEPT:
            _add_node(concepts, title, node)
        else:
            _add_node(exercises, (title, node.description), node)
    return (*concepts.values(), *exercises.values())


def _add_node(nodes: dict[object, DraftNode], key: object, node: DraftNode) -> None:
    known = nodes.get(key)
    nodes[key] = node if known is None else merge_nodes(known, node)


def merge_nodes(first: DraftNode, second: DraftNode) -> DraftNode:
    """Return the first of two concepts or exercises with the evidence and examples of both.

    What it does not say it has from the second: a definition, a solution, what a teacher looks at.
    """
    return replace(
        first,
        description=first.description or second.description,
        reference_solution=first.reference_solution or second.reference_solution,
        grading_criteria=first.grading_criteria or second.grading_criteria,
        citations=tuple(dict.fromkeys(first.citations + second.citations)),
        examples=tuple(dict.fromkeys(first.examples + second.examples)),
    )


def _build_citations(answers: Iterable[CitationAnswer], chunks: ChunkIdsByNumber) -> tuple[Citation, ...]:
    made = (
        Citation(chunk_id=chunks.get(answer.chunk, NO_CHUNK), quote=strip_invisible(answer.quote).strip())
        for answer in answers
    )
    return tuple(dict.fromkeys(made))


def _clean_texts(texts: Iterable[str]) -> tuple[str, ...]:
    """Return the texts that are not blank, each once: small models repeat themselves."""
    return tuple(dict.fromkeys(clean for text in texts if (clean := clean_text(text))))


def clean_text(text: str) -> str:
    """Return a model's text without characters that people cannot see."""
    return strip_invisible(text).strip()
