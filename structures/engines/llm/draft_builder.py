"""Building drafts from models' answers: numbers become ids of chunks. The citations are not verified here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from project.counts import choose_verb, format_count
from structures.engines.base.drafts import Basis, Citation, Draft, DraftNode, Expectation, NodeType
from structures.engines.base.text import strip_invisible
from structures.engines.llm.answers import (
    AboutCourse,
    ArrangementAnswer,
    CitationAnswer,
    ConceptAnswer,
    CourseAnswer,
    ExerciseAnswer,
    ExpectationAnswer,
    LessonDetailsAnswer,
    TopicAnswer,
)
from structures.engines.llm.numbering import dump_json_line

# Stands for a number that no chunk has, so that the citation is counted as made and dropped by the verification, like
# others that do not hold. Dropping it here would hide that the model invented it.
NO_CHUNK = UUID(int=0)

ChunkIdsByNumber = Mapping[int, UUID]


@dataclass(frozen=True, kw_only=True)
class Topic:
    """A topic of one part, with its concepts and exercises as drafts."""

    number: int
    title: str
    summary: str
    children: tuple[DraftNode, ...]

    def format_line(self) -> str:
        """Return the line of JSON that stands for the topic in the prompt of the arrangement."""
        # Titles only: the arrangement needs to know what a topic is about, and all topics must fit into one request.
        concepts = [child.title for child in self.children if child.node_type is NodeType.CONCEPT]
        exercises = sum(child.node_type is NodeType.EXERCISE for child in self.children)
        return dump_json_line(
            {
                "topic": self.number,
                "title": self.title,
                "summary": self.summary,
                "concepts": concepts,
                "exercises": exercises,
            }
        )


def build_course_draft(answer: CourseAnswer, chunks: ChunkIdsByNumber) -> Draft:
    """Return the draft of a whole course."""
    modules = tuple(
        DraftNode(
            node_type=NodeType.MODULE,
            title=_clean_text(module.title),
            learning_goal=_clean_text(module.goal),
            difficulty=module.difficulty,
            estimated_minutes=module.estimated_minutes,
            minutes_basis=Basis.ESTIMATED,
            children=tuple(
                _build_lesson(lesson.title, _build_children(lesson.concepts, lesson.exercises, chunks))
                for lesson in module.lessons
            ),
        )
        for module in answer.modules
    )
    return _build_draft(answer, modules)


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
        children=_merge_concepts(contents),
    )


def build_topics(answers: Iterable[TopicAnswer], chunks: ChunkIdsByNumber) -> list[Topic]:
    """Return the topics, numbered from 1."""
    return [
        Topic(
            number=number,
            title=_clean_text(answer.title),
            summary=_clean_text(answer.summary),
            children=_build_children(answer.concepts, answer.exercises, chunks),
        )
        for number, answer in enumerate(answers, start=1)
    ]


def build_arranged_draft(answer: ArrangementAnswer, topics: Sequence[Topic]) -> Draft:
    """Return the course that the arrangement makes of the topics.

    A topic that is placed twice stays in its first place; one that is not placed joins the lesson of the topic before
    it. Lessons and modules without topics are left out. Warnings name topics without a place and numbers without a
    topic.
    """
    by_number = {topic.number: topic for topic in topics}
    assigned: dict[int, tuple[int, int]] = {}
    unknown = 0
    for m, module in enumerate(answer.modules):
        for n, lesson in enumerate(module.lessons):
            for number in lesson.topics:
                unknown += number not in by_number
                if number in by_number:
                    assigned.setdefault(number, (m, n))
    unassigned = [topic for topic in topics if topic.number not in assigned]
    placed = dict(assigned)
    for topic in topics:
        if topic.number not in placed:
            # Topics are in the order of the materials, so the neighbour's lesson is the likeliest. The first topic has
            # no neighbour and joins the first lesson.
            placed[topic.number] = placed.get(topic.number - 1, (0, 0))
    modules = []
    for m, module in enumerate(answer.modules):
        lessons = []
        for n, lesson in enumerate(module.lessons):
            order = [number for number in dict.fromkeys(lesson.topics) if assigned.get(number) == (m, n)]
            order += [topic.number for topic in unassigned if placed[topic.number] == (m, n)]
            children = tuple(child for number in order for child in by_number[number].children)
            if order:
                lessons.append(_build_lesson(lesson.title, _merge_concepts(children)))
        if lessons:
            modules.append(
                DraftNode(
                    node_type=NodeType.MODULE,
                    title=_clean_text(module.title),
                    learning_goal=_clean_text(module.goal),
                    difficulty=module.difficulty,
                    estimated_minutes=module.estimated_minutes,
                    minutes_basis=Basis.ESTIMATED,
                    children=tuple(lessons),
                )
            )
    warnings = []
    if unassigned:
        titles = "; ".join(topic.title for topic in unassigned)
        warnings.append(f"The model placed these topics nowhere; they stand behind the topic before them: {titles}.")
    if unknown:
        lost = choose_verb("does not exist; it was", "do not exist; they were", part=unknown)
        warnings.append(f"The model placed {format_count(unknown, 'topic')} that {lost} left out.")
    return replace(_build_draft(answer, tuple(modules)), warnings=tuple(warnings))


def join_drafts(first: Draft, second: Draft) -> Draft:
    """Return one course of two drafts that were arranged apart, with the title and description of the first."""
    return replace(first, modules=first.modules + second.modules, warnings=first.warnings + second.warnings)


def _build_draft(about: AboutCourse, modules: tuple[DraftNode, ...]) -> Draft:
    return Draft(
        title=_clean_text(about.title),
        description=_clean_text(about.description),
        learning_goal=_clean_text(about.learning_goal),
        expected_knowledge=_build_expectations(about.expected_knowledge),
        expected_skills=_build_expectations(about.expected_skills),
        prerequisites=_clean_texts(about.prerequisites),
        modules=modules,
    )


def _build_expectations(answers: Iterable[ExpectationAnswer]) -> tuple[Expectation, ...]:
    return tuple(Expectation(summary=_clean_text(each.summary), details=_clean_text(each.details)) for each in answers)


def _build_lesson(title: str, children: tuple[DraftNode, ...]) -> DraftNode:
    return DraftNode(node_type=NodeType.LESSON, title=_clean_text(title), children=children)


def _build_children(
    concepts: Iterable[ConceptAnswer], exercises: Iterable[ExerciseAnswer], chunks: ChunkIdsByNumber
) -> tuple[DraftNode, ...]:
    made = [
        DraftNode(
            node_type=NodeType.CONCEPT,
            title=_clean_text(concept.title),
            description=_clean_text(concept.definition),
            examples=_clean_texts(concept.examples),
            citations=_build_citations(concept.citations, chunks),
        )
        for concept in concepts
    ]
    made.extend(
        DraftNode(
            node_type=NodeType.EXERCISE,
            title=_clean_text(exercise.title),
            description=_clean_text(exercise.task),
            reference_solution=_clean_text(exercise.reference_solution),
            grading_criteria=_clean_texts(exercise.grading_criteria),
            difficulty=exercise.difficulty,
            citations=_build_citations(exercise.citations, chunks),
        )
        for exercise in exercises
    )
    return _merge_concepts(tuple(made))


def _merge_concepts(nodes: tuple[DraftNode, ...]) -> tuple[DraftNode, ...]:
    """Return concepts, then exercises; a concept that comes twice is one, with the evidence and examples of both."""
    concepts: dict[str, DraftNode] = {}
    for node in nodes:
        if node.node_type is NodeType.CONCEPT:
            known = concepts.get(node.title.casefold())
            concepts[node.title.casefold()] = node if known is None else _merge_nodes(known, node)
    return (*concepts.values(), *(node for node in nodes if node.node_type is not NodeType.CONCEPT))


def _merge_nodes(first: DraftNode, second: DraftNode) -> DraftNode:
    return replace(
        first,
        description=first.description or second.description,
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
    return tuple(clean for text in texts if (clean := _clean_text(text)))


def _clean_text(text: str) -> str:
    return strip_invisible(text).strip()
