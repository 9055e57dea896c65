"""Designs of lessons, made from a few words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from structures.engines.base.drafts import Citation, DraftNode, NodeType
from structures.engines.outline.design import CourseDesign, LessonDesign, design_lessons
from structures.engines.outline.plans import LessonPlan, Role
from tests.structures.engines.outline.lessons import lesson_of


def design_of(files: Mapping[str, str] | str, *, exercises: int = 0, **roles: Role) -> LessonDesign:
    """Return the design of a lesson with these files, or with this text, and so many exercises."""
    parts = lesson_of({"lesson.md": files} if isinstance(files, str) else files, **roles)
    tasks = [DraftNode(node_type=NodeType.EXERCISE, title=f"Exercise {number}") for number in range(exercises)]
    (design,) = design_lessons([LessonPlan(title="Lesson", parts=parts)], [tasks]).lessons
    texts = {chunk.id: chunk.text for part in parts for chunk in part.entry.chunks}
    assert all(citation.quote and citation.quote in texts[citation.chunk_id] for citation in design.citations)
    return design


def course_of(texts: Sequence[str], terms: Mapping[str, int]) -> CourseDesign:
    """Return the design of lessons with one text each; `terms` says which lesson has the sentence that defines each.

    That sentence is the first one of its lesson's text with the term.
    """
    lessons = [
        LessonPlan(title=f"Lesson {number}", parts=lesson_of({f"{number}.md": text}))
        for number, text in enumerate(texts)
    ]
    concepts: list[list[DraftNode]] = [[] for _ in texts]
    for term, number in terms.items():
        chunk = next(c for c in lessons[number].parts[0].entry.chunks if term.casefold() in c.text.casefold())
        concepts[number].append(
            DraftNode(
                node_type=NodeType.CONCEPT,
                title=term,
                description=chunk.text,
                citations=(Citation(chunk_id=chunk.id, quote=chunk.text),),
            )
        )
    return design_lessons(lessons, concepts)
