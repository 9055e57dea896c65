"""Read Moodle XML: questions of most types, with their answers and feedback."""

from __future__ import annotations

import re
from html import escape
from typing import Any

from materials.documents import Document
from materials.readers.quizzes.questions import Question, build_document
from materials.readers.quizzes.xml_trees import get_text

# No question, or one whose answer is a place in a picture.
_IGNORED_TYPES = {"category", "description"}
_PLAIN_FORMATS = {"plain_text", "moodle_auto_format"}
# A gap with its answers inside of the text: {1:SHORTANSWER:=Berlin#right~%50%Bonn}.
_GAP = re.compile(r"\{\d*:[A-Z_]+:(?P<answers>(?:[^{}\\]|\\.)*)\}")
_GAP_ANSWER = re.compile(r"(?:^|(?<=~))(?:=|%100%)(?P<text>(?:[^~#\\]|\\.)*)")


def read_moodle(root: Any) -> Document:
    """Return the document of a `quiz` element. Raises UnreadableDocument without questions."""
    categories = [get_text(each.find("category")) for each in root.iter("question") if _get_type(each) == "category"]
    questions = [_read_question(each) for each in root.iter("question") if _get_type(each) not in _IGNORED_TYPES]
    return build_document(next(iter(categories), "").rpartition("/")[2], questions)


def _read_question(element: Any) -> Question:
    kind = _get_type(element)
    stem = _render_text(element.find("questiontext"))
    title = get_text(element.find("name"))
    explanation = [_render_text(element.find(name)) for name in ("generalfeedback", "graderinfo", "correctfeedback")]
    if kind == "cloze":
        answers = [found["text"] for gap in _GAP.finditer(stem) for found in _GAP_ANSWER.finditer(gap["answers"])]
        stem = _GAP.sub("____", stem)
        return Question(title=title, stem=stem, answers=tuple(answers), explanation=tuple(explanation))
    if kind in {"matching", "ddmatch"}:
        pairs = [(_render_text(each), _render_text(each.find("answer"))) for each in element.iter("subquestion")]
        listed = "".join(f"<li>{one}</li>" for one, _ in pairs if one)
        return Question(
            title=title,
            stem=f"{stem}<ol>{listed}</ol>",
            choices=tuple(dict.fromkeys(other for _, other in pairs if other)),
            answers=tuple(f"{one}: {other}" for one, other in pairs if one and other),
            explanation=tuple(explanation),
        )
    given = [
        (_render_text(each), _is_right(each), _render_text(each.find("feedback"))) for each in element.findall("answer")
    ]
    is_choice = kind in {"multichoice", "truefalse"}
    explanation = [feedback for _, is_right, feedback in given if is_right and feedback] + explanation
    return Question(
        title=title,
        stem=stem,
        choices=tuple(text for text, _, _ in given) if is_choice else (),
        answers=tuple(text for text, is_right, _ in given if is_right and text),
        explanation=tuple(explanation),
    )


def _get_type(element: Any) -> str:
    return element.get("type") or ""


def _is_right(answer: Any) -> bool:
    try:
        return float(answer.get("fraction") or 0) > 0
    except ValueError:
        return False


def _render_text(element: Any | None) -> str:
    """Return the text of an element as HTML; blank without one."""
    if element is None:
        return ""
    holder = element.find("text")
    text = get_text(holder) if holder is not None else (element.text or "").strip()
    return escape(text) if (element.get("format") or "html") in _PLAIN_FORMATS else text
