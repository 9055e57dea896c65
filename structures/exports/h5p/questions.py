"""Exercises as H5P content: with choices, with a word to fill in, or as an essay with a sample solution."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from structures.exports.chapter_lists import clean_title
from structures.exports.choice_tasks import ChoiceTask
from structures.exports.h5p.libraries import BLANKS, CONTENT_TYPES, ESSAY, MULTI_CHOICE, format_library
from structures.exports.lesson_html import escape_text
from structures.exports.qti.questions import Kind, Question

# What parts the words of a blank, marks it and begins its tip (Fill in the Blanks).
_MARKS_OF_BLANKS = re.compile(r"[*/:]")


def find_library(question: Question) -> str:
    """Return the library of a question."""
    if question.task is not None:
        return MULTI_CHOICE
    is_blank = question.kind is Kind.SHORT_ANSWER and not any(map(_MARKS_OF_BLANKS.search, question.answers))
    return BLANKS if is_blank else ESSAY


def describe_question(question: Question, libraries: str) -> dict[str, Any]:
    """Return a question as content within other content. Its identifier is the key of its node."""
    library = find_library(question)
    params = (
        _describe_choices(question.task)
        if question.task is not None
        else _describe_blank(question)
        if library == BLANKS
        else _describe_essay(question)
    )
    return {
        "library": format_library(library, libraries),
        "params": params,
        "subContentId": str(question.row.key),
        # Titles inside content are HTML, as platforms escape them when they are not.
        "metadata": {
            "contentType": CONTENT_TYPES[library], "license": "U", "title": escape_text(clean_title(question.row.title))
        },
    }  # fmt: skip


def render_lines(text: str) -> str:
    """Return text as paragraphs and lines, which every text of H5P may have. Lists and code keep their marks."""
    return "".join(f"<p>{'<br>'.join(map(_render_line, lines))}</p>" for lines in _split_paragraphs(text))


def _render_line(line: str) -> str:
    # Of code the lines begin with spaces that say something.
    line = line.expandtabs(4)
    return "&nbsp;" * (len(line) - len(line.lstrip(" "))) + escape_text(line)


def _split_paragraphs(text: str) -> Iterator[list[str]]:
    for paragraph in re.split(r"\n\s*\n", "\n".join(text.strip().splitlines())):
        if lines := [line for line in paragraph.split("\n") if line.strip()]:
            yield lines


def _render_stem(question: Question) -> str:
    text = question.row.description if question.task is None else question.task.stem
    return render_lines(text) or f"<p>{escape_text(question.row.title)}</p>"


def _describe_choices(task: ChoiceTask) -> dict[str, Any]:
    return {
        "question": render_lines(task.stem),
        "answers": [
            {
                "text": escape_text(choice),
                "correct": at in task.right,
                "tipsAndFeedback": {
                    "tip": "",
                    "chosenFeedback": escape_text(task.explanation) if at in task.right else "",
                    "notChosenFeedback": "",
                },
            }
            for at, choice in enumerate(task.choices)
        ],
        "behaviour": {
            "type": "single" if task.has_one_right_choice else "multi",
            # All of several right choices are worth a point together, as the exercise says no more.
            "singlePoint": True,
            "randomAnswers": False,
        },
    }


def _describe_blank(question: Question) -> dict[str, Any]:
    return {
        "text": _render_stem(question),
        "questions": [f"<p>*{'/'.join(map(escape_text, question.answers))}*</p>"],
        "behaviour": {"caseSensitive": False},
    }


def _describe_essay(question: Question) -> dict[str, Any]:
    row = question.row
    criteria = "\n".join(f"- {criterion}" for criterion in row.grading_criteria if criterion.strip())
    solution = render_lines(row.reference_solution)
    return {
        "taskDescription": _render_stem(question),
        # What stands before the solution is shown with it; without one it is all there is.
        "solution": {
            "introduction": render_lines(criteria) if solution else "",
            "sample": solution or render_lines(criteria),
        },
        # Any text has this word, so that nothing is counted as wrong that no program can judge.
        "keywords": [
            {"keyword": "*", "alternatives": [], "options": {"points": 1, "occurrences": 1, "caseSensitive": False}}
        ],
        "behaviour": {"inputFieldSize": "10", "enableRetry": True, "ignoreScoring": True},
    }
