"""Elements that readers of Markdown and reStructuredText write into the HTML that both are read through.

A directive becomes one element, `DIRECTIVE_TAG`, around its content. Its `label` says that it is an exercise or the
like and is read as the beginning of its heading; its `kind` that its content is a table written as a list of lists, or
the notes of a speaker. What is left out of the text becomes an empty element, `LEFT_OUT_TAG`, with its `kind` and
`text`.
"""

from __future__ import annotations

import re
from html import escape

from materials.documents import LeftOutKind
from materials.readers.base.task_words import is_task_title

DIRECTIVE_TAG = "coursewright-directive"
LEFT_OUT_TAG = "coursewright-left-out"
LIST_TABLE = "list-table"
NOTES = "notes"
# Characters of what is left out: more than is kept of it.
_MAX_TEXT_LENGTH = 600
# What sites show as the label of such a directive: sphinx-exercise, the Carpentries' workbench, Quarto, MkDocs. Other
# boxes, such as notes, have a title or none, and no task follows from their name.
_LABELS = {
    "exercise": "Exercise",
    "exercise-start": "Exercise",
    "prf:exercise": "Exercise",
    "exr": "Exercise",
    "challenge": "Challenge",
    "activity": "Activity",
    "quiz": "Quiz",
    "homework": "Homework",
    "assignment": "Assignment",
    "solution": "Solution",
    "solution-start": "Solution",
    "sol": "Solution",
    "answer": "Answer",
    # What the lesson aims at: the Carpentries' workbench and its older template of Jekyll.
    "objectives": "Objectives",
    "questions": "Questions",
    "keypoints": "Key points",
    "prereq": "Prerequisites",
    "prerequisites": "Prerequisites",
}
_ANSWERS = {"Solution", "Answer"}
_TARGET_NAME = re.compile(r"[\w:.-]+")


def find_label(name: str, title: str = "") -> str:
    """Return the label of a directive: by its name `Exercise`, `Solution` and the like; blank for other directives.

    The title of another directive is its label when it says as much: `!!! done "Answer"`, `:::tip[Exercise 2]`.
    """
    return _LABELS.get(name.lower(), "") or (title if is_task_title(title) else "")


def format_directive_start(name: str, title: str = "") -> str:
    """Return the start tag of the element for a directive with a name and, as text, its title."""
    label = find_label(name, title)
    # sphinx-exercise names the exercise that a solution belongs to by its label, where others have a title.
    if label == title or (label in _ANSWERS and _TARGET_NAME.fullmatch(title) and not title.istitle()):
        title = ""
    attributes = {"label": label, "title": title if label else "", "kind": name if name in {LIST_TABLE, NOTES} else ""}
    written = "".join(f' {key}="{escape(value, quote=True)}"' for key, value in attributes.items() if value)
    return f"<{DIRECTIVE_TAG}{written}>"


def format_directive_end() -> str:
    """Return the end tag of the element for a directive."""
    return f"</{DIRECTIVE_TAG}>"


def format_left_out(kind: LeftOutKind, text: str) -> str:
    """Return the element for something that is left out of the text."""
    shown = escape(" ".join(text[:_MAX_TEXT_LENGTH].split()), quote=True)
    return f'<{LEFT_OUT_TAG} kind="{kind}" text="{shown}"></{LEFT_OUT_TAG}>'
