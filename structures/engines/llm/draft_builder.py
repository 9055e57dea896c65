"""From what a model answered to a draft: numbers become chunks, and nothing it said is believed yet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from structures.engines.base.drafts import Citation, Draft, DraftNode, Expectation, NodeType
from structures.engines.base.text import visible
from structures.engines.llm.answers import (
    AboutCourse,
    ArrangementAnswer,
    CitationAnswer,
    ConceptAnswer,
    CourseAnswer,
    ExerciseAnswer,
    ExpectationAnswer,
    TopicAnswer,
)
from structures.engines.llm.numbering import dumped

NO_CHUNK = UUID(int=0)
"""Stands for a number that no chunk has, so that the citation is counted, and dropped like others that do not hold."""

Chunks = Mapping[int, UUID]


@dataclass(frozen=True, kw_only=True)
class Topic:
    """A topic of one part, with its concepts and exercises as drafts."""

    number: int
    title: str
    summary: str
    children: tuple[DraftNode, ...]

    def line(self) -> str:
        """Return the topic as the model sees it when it arranges topics."""
        concepts = [child.title for child in self.children if child.node_type is NodeType.CONCEPT]
        exercises = sum(child.node_type is NodeType.EXERCISE for child in self.children)
        return dumped(
            {
                "topic": self.number,
                "title": self.title,
                "summary": self.summary,
                "concepts": concepts,
                "exercises": exercises,
            }
        )


def course_of(answer: CourseAnswer, chunks: Chunks) -> Draft:
    """Return the draft of a whole course."""
    modules = tuple(
        DraftNode(
            node_type=NodeType.MODULE,
            title=_clean(module.title),
            learning_goal=_clean(module.goal),
            difficulty=module.difficulty,
            estimated_minutes=module.estimated_minutes,
            children=tuple(
                _lesson(lesson.title, _children(lesson.concepts, lesson.exercises, chunks)) for lesson in module.lessons
            ),
        )
        for module in answer.modules
    )
    return _draft(answer, modules)


def topics_of(answers: Iterable[TopicAnswer], chunks: Chunks) -> list[Topic]:
    """Return the topics, numbered from 1."""
    return [
        Topic(
            number=number,
            title=_clean(answer.title),
            summary=_clean(answer.summary),
            children=_children(answer.concepts, answer.exercises, chunks),
        )
        for number, answer in enumerate(answers, start=1)
    ]


def arranged(answer: ArrangementAnswer, topics: Sequence[Topic]) -> Draft:
    """Return the course that the arrangement makes of the topics.

    A topic that is placed twice stays where it was first; one that is not placed joins the lesson of the topic before
    it. A warning names what was mended.
    """
    by_number = {topic.number: topic for topic in topics}
    home: dict[int, tuple[int, int]] = {}
    unknown = 0
    for m, module in enumerate(answer.modules):
        for n, lesson in enumerate(module.lessons):
            for number in lesson.topics:
                unknown += number not in by_number
                if number in by_number:
                    home.setdefault(number, (m, n))
    lost = [topic for topic in topics if topic.number not in home]
    placed = dict(home)
    for topic in topics:
        if topic.number not in placed:
            placed[topic.number] = placed.get(topic.number - 1, (0, 0))
    modules = []
    for m, module in enumerate(answer.modules):
        lessons = []
        for n, lesson in enumerate(module.lessons):
            order = [number for number in dict.fromkeys(lesson.topics) if home.get(number) == (m, n)]
            order += [topic.number for topic in lost if placed[topic.number] == (m, n)]
            children = tuple(child for number in order for child in by_number[number].children)
            if order:
                lessons.append(_lesson(lesson.title, _merged(children)))
        if lessons:
            modules.append(
                DraftNode(
                    node_type=NodeType.MODULE,
                    title=_clean(module.title),
                    learning_goal=_clean(module.goal),
                    difficulty=module.difficulty,
                    estimated_minutes=module.estimated_minutes,
                    children=tuple(lessons),
                )
            )
    warnings = []
    if lost:
        named = "; ".join(topic.title for topic in lost)
        warnings.append(f"The model placed these topics nowhere; they stand behind the topic before them: {named}.")
    if unknown:
        warnings.append(f"The model placed {unknown} topics that do not exist; they were left out.")
    return replace(_draft(answer, tuple(modules)), warnings=tuple(warnings))


def joined(first: Draft, second: Draft) -> Draft:
    """Return one course of two that were arranged apart, described as the first."""
    return replace(first, modules=first.modules + second.modules, warnings=first.warnings + second.warnings)


def _draft(about: AboutCourse, modules: tuple[DraftNode, ...]) -> Draft:
    return Draft(
        title=_clean(about.title),
        description=_clean(about.description),
        learning_goal=_clean(about.learning_goal),
        expected_knowledge=_expectations(about.expected_knowledge),
        expected_skills=_expectations(about.expected_skills),
        prerequisites=_texts(about.prerequisites),
        modules=modules,
    )


def _expectations(answers: Iterable[ExpectationAnswer]) -> tuple[Expectation, ...]:
    return tuple(Expectation(summary=_clean(each.summary), details=_clean(each.details)) for each in answers)


def _lesson(title: str, children: tuple[DraftNode, ...]) -> DraftNode:
    return DraftNode(node_type=NodeType.LESSON, title=_clean(title), children=children)


def _children(
    concepts: Iterable[ConceptAnswer], exercises: Iterable[ExerciseAnswer], chunks: Chunks
) -> tuple[DraftNode, ...]:
    made = [
        DraftNode(
            node_type=NodeType.CONCEPT,
            title=_clean(concept.title),
            description=_clean(concept.definition),
            examples=_texts(concept.examples),
            citations=_citations(concept.citations, chunks),
        )
        for concept in concepts
    ]
    made.extend(
        DraftNode(
            node_type=NodeType.EXERCISE,
            title=_clean(exercise.title),
            description=_clean(exercise.task),
            reference_solution=_clean(exercise.reference_solution),
            grading_criteria=_texts(exercise.grading_criteria),
            difficulty=exercise.difficulty,
            citations=_citations(exercise.citations, chunks),
        )
        for exercise in exercises
    )
    return _merged(tuple(made))


def _merged(nodes: tuple[DraftNode, ...]) -> tuple[DraftNode, ...]:
    """Return concepts, then exercises; a concept that comes twice is one, with the evidence and examples of both."""
    concepts: dict[str, DraftNode] = {}
    for node in nodes:
        if node.node_type is NodeType.CONCEPT:
            known = concepts.get(node.title.casefold())
            concepts[node.title.casefold()] = node if known is None else _both(known, node)
    return (*concepts.values(), *(node for node in nodes if node.node_type is not NodeType.CONCEPT))


def _both(first: DraftNode, second: DraftNode) -> DraftNode:
    return replace(
        first,
        description=first.description or second.description,
        citations=tuple(dict.fromkeys(first.citations + second.citations)),
        examples=tuple(dict.fromkeys(first.examples + second.examples)),
    )


def _citations(answers: Iterable[CitationAnswer], chunks: Chunks) -> tuple[Citation, ...]:
    made = (
        Citation(chunk_id=chunks.get(answer.chunk, NO_CHUNK), quote=visible(answer.quote).strip()) for answer in answers
    )
    return tuple(dict.fromkeys(made))


def _texts(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(clean for text in texts if (clean := _clean(text)))


def _clean(text: str) -> str:
    return visible(text).strip()
