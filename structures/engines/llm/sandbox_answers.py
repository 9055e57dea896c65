"""What a model of a sandbox answers: sentences of the materials, put where they belong, and each cited.

The same materials give the same answer. Nothing in it is written anew, so that every statement is proved, in whatever
language the materials are.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from llm.errors import ContentRefused
from llm.messages import ModelRequest
from materials.documents import ChunkKind
from materials.forced_outcomes import get_outcome
from structures.engines.base.sentences import split_text
from structures.engines.llm.answers import (
    CitationAnswer,
    ConceptAnswer,
    ExerciseAnswer,
    ExpectationAnswer,
    JudgementAnswer,
    LessonDetailsAnswer,
    LessonsAnswer,
    ModuleGoalAnswer,
    NumberedLessonAnswer,
    ReconciliationAnswer,
)

# What people read of a lesson in a sandbox; of one with more chunks, chunks at equal distances are taken.
MAX_CONCEPTS = 8
# A sentence with fewer words is a label more often than something to learn, and prompts ask for quotes of four words.
MIN_WORDS = 4
_TITLE_WORDS = 6
_DIFFICULTY = 2
# The pace at which people read to learn.
_WORDS_A_MINUTE = 100
_TEXT_KINDS = {ChunkKind.PARAGRAPH, ChunkKind.LIST, ChunkKind.NOTES, ChunkKind.TRANSCRIPT, ChunkKind.READING}
_REFUSED = get_outcome("refused-lesson")


def answer_lesson(request: ModelRequest) -> LessonDetailsAnswer:
    """Return what one lesson teaches. Raises ContentRefused when its materials ask for it by a name."""
    return _describe_lesson(_read_lines(request, "materials"))


def answer_lessons(request: ModelRequest) -> LessonsAnswer:
    """Return what several lessons teach. Raises ContentRefused when the materials of one ask for it by a name."""
    lessons: dict[int, list[Mapping[str, Any]]] = {}
    own: list[Mapping[str, Any]] = []
    for line in _read_lines(request, "materials"):
        if "lesson" in line:
            own = lessons.setdefault(line["lesson"], [])
        own.append(line)
    return LessonsAnswer(
        lessons=[
            NumberedLessonAnswer(lesson=number, **_describe_lesson(lines).model_dump())
            for number, lines in lessons.items()
        ]
    )


def answer_course(request: ModelRequest) -> ReconciliationAnswer:
    """Return what the course is about, from the titles and goals of its lines. Corrects nothing."""
    lines = _read_lines(request, "course")
    goals = [goal for line in lines for goal in line.get("goals", ())]
    modules = [line for line in lines if "module" in line]
    concepts = [line["concept"] for line in lines if "concept" in line]
    titles = [str(line[name]) for line in lines for name in ("module", "lesson") if name in line]
    return ReconciliationAnswer(
        title=titles[0] if titles else "Sandbox",
        description=" ".join(goals[:2]),
        learning_goal=goals[0] if goals else "",
        expected_knowledge=[ExpectationAnswer(summary=concept, details="") for concept in concepts[:3]],
        expected_skills=[],
        prerequisites=[],
        modules=[
            ModuleGoalAnswer(line=module["line"], goal=_find_goal(lines, module), difficulty=_DIFFICULTY)
            for module in modules
        ],
        corrections=[],
    )


def answer_judgement(request: ModelRequest) -> JudgementAnswer:
    """Return no doubts: all statements of a sandbox are sentences of their passages."""
    return JudgementAnswer(doubts=[])


def _read_lines(request: ModelRequest, tag: str) -> list[Mapping[str, Any]]:
    """Return the lines of JSON between the marks of a prompt. `</` does not occur within them."""
    inside = request.prompt.partition(f"<{tag}>\n")[2].partition(f"\n</{tag}>")[0]
    return [json.loads(line) for line in inside.split("\n") if line.strip()]


def _describe_lesson(lines: Sequence[Mapping[str, Any]]) -> LessonDetailsAnswer:
    if any(_REFUSED.matches(str(line["entry"])) for line in lines if "entry" in line):
        # With a status: a request that a vendor refuses so costs nothing.
        raise ContentRefused("the content was refused (the name of a file asks for this)", status=400)
    sentences = _list_sentences(lines)
    step = -(-len(sentences) // MAX_CONCEPTS) or 1
    chosen = sentences[::step]
    titles: dict[str, ConceptAnswer] = {}
    for number, sentence in chosen:
        title = " ".join(sentence.split()[:_TITLE_WORDS]).rstrip(".,;:!?")
        titles.setdefault(
            title.casefold(),
            ConceptAnswer(
                title=title, definition=sentence, examples=[], citations=[CitationAnswer(chunk=number, quote=sentence)]
            ),
        )
    words = sum(len(str(line.get("text", "")).split()) for line in lines)
    return LessonDetailsAnswer(
        goals=[sentence for _, sentence in chosen[:1]],
        required_knowledge=[],
        difficulty=_DIFFICULTY,
        estimated_minutes=max(1, words // _WORDS_A_MINUTE),
        concepts=list(titles.values()),
        exercises=[_build_exercise(*chosen[-1])] if chosen else [],
    )


def _build_exercise(number: int, sentence: str) -> ExerciseAnswer:
    return ExerciseAnswer(
        title=" ".join(sentence.split()[:_TITLE_WORDS]).rstrip(".,;:!?"),
        task=sentence,
        reference_solution=sentence,
        grading_criteria=[sentence],
        difficulty=_DIFFICULTY,
        citations=[CitationAnswer(chunk=number, quote=sentence)],
    )


def _list_sentences(lines: Sequence[Mapping[str, Any]]) -> list[tuple[int, str]]:
    """Return the first sentence of each chunk that has one, with the chunk's number."""
    found = []
    for line in lines:
        if line.get("kind") in _TEXT_KINDS:
            usable = (text for text in split_text(str(line.get("text", ""))) if len(text.split()) >= MIN_WORDS)
            if (sentence := next(usable, None)) is not None:
                found.append((int(line["chunk"]), sentence))
    return found


def _find_goal(lines: Sequence[Mapping[str, Any]], module: Mapping[str, Any]) -> str:
    """Return the first goal of a lesson below the module."""
    for line in lines[lines.index(module) + 1 :]:
        if "module" in line:
            break
        if line.get("goals"):
            return str(line["goals"][0])
    return ""
