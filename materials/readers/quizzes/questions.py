"""Questions of quizzes, and how they are written as HTML, through which all quizzes are read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from html import escape, unescape

from materials.documents import Document
from materials.readers.base.errors import UnreadableDocument
from materials.readers.base.html_elements import DIRECTIVE_TAG, format_directive_end, format_directive_start
from materials.readers.base.pieces import collapse_whitespace
from materials.readers.html.reader import parse_html
from materials.readers.html.tree import build_html_tree
from materials.readers.quizzes.xml_trees import render_inside

# A longer stem is cut off for the heading of its question.
_MAX_TITLE_WORDS = 14
_INLINE_TAG = re.compile(r"</?(?:a|b|code|em|font|i|small|span|strong|sub|sup|u)(?:\s[^<>]{0,2000})?>", re.IGNORECASE)
_BLOCK_TAG = re.compile(r"<(?:ol|ul|table|pre|p|div|br|h[1-6])\b[^<>]{0,2000}>", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]{0,2000}>")
_BOX_TAG = re.compile(rf"</?{DIRECTIVE_TAG}[^<>]{{0,2000}}>?", re.IGNORECASE)
# What programs call questions that nobody named: "Question 3", "item_12", an identifier.
_GENERIC_TITLE = re.compile(
    r"(?:question|item|q|problem|quiz|питання|frage|pregunta|pytanie|domanda|multiple choice|true/false|checkboxes|"
    r"single select|multi-select|numerical input|text input|dropdown|blank\w* \w+ problem)?[\s_#-]*\d*"
    r"|[a-z]{1,3}\d{1,4}|[0-9a-f]{8,}(?:-[0-9a-f]{4,})*|i[0-9a-f]{16,}",
    re.IGNORECASE,
)


@dataclass(frozen=True, kw_only=True)
class Question:
    """One question. All texts are HTML.

    `answers` are the right ones: choices, or what is to be written. `explanation` says why, or what the feedback says.
    """

    stem: str
    title: str = ""
    choices: tuple[str, ...] = ()
    answers: tuple[str, ...] = ()
    explanation: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()


def build_document(title: str, questions: Sequence[Question], *, warnings: tuple[str, ...] = ()) -> Document:
    """Return the document of a quiz: a heading for each question, its stem and choices, then its solution.

    Raises UnreadableDocument when there is no question.
    """
    asked = [question for question in questions if strip_tags(question.stem) or question.choices]
    if not asked:
        raise UnreadableDocument(
            "The quiz has no questions that can be read.",
            code="no_questions",
            next_step="Send the questions as a document, or export the quiz as QTI 1.2 or Moodle XML.",
        )
    title = collapse_whitespace(title)
    is_single = len(asked) == 1 and not is_generic_title(title)
    if is_single:
        # The file and its only question have one title.
        asked = [replace(asked[0], title=title)]
    parts = [f"<h1>{escape(title)}</h1>"] if title and not is_single else []
    parts.extend(_render_question(question) for question in asked)
    document = parse_html("".join(parts), keep_boilerplate=True, title=title)
    return replace(document, warnings=(*warnings, *document.warnings))


def is_generic_title(title: str) -> bool:
    """Tell whether a title says nothing about a question, such as `Question 3` or an identifier."""
    return _GENERIC_TITLE.fullmatch(title.strip()) is not None


def strip_tags(html: str) -> str:
    """Return HTML as a line of text."""
    return collapse_whitespace(unescape(_TAG.sub(" ", _INLINE_TAG.sub("", html))))


def _render_question(question: Question) -> str:
    heading = strip_tags(question.title)
    if not heading or is_generic_title(heading):
        asked = (strip_tags(part) for part in _BLOCK_TAG.split(question.stem))
        heading = _shorten(next(filter(None, asked), "")) or heading or "Question"
    # In a box of its own, so that a heading in the stem does not begin another question.
    parts = [f"<h2>{escape(heading)}</h2>", _render_box("", _balance(question.stem)), _render_list(question.choices)]
    parts.extend(_render_box("Hint", _balance(hint)) for hint in question.hints)
    answers = [answer for answer in question.answers if answer.strip()]
    solution = [f"<div>{_balance(answers[0])}</div>"] if len(answers) == 1 else [_render_list(answers)]
    solution.extend(f"<div>{_balance(text)}</div>" for text in question.explanation if strip_tags(text))
    if any(solution):
        parts.append(_render_box("Solution", "".join(solution)))
    return "".join(parts)


def _render_list(texts: Sequence[str]) -> str:
    items = "".join(f"<li>{_balance(text)}</li>" for text in texts if text.strip())
    return f"<ul>{items}</ul>" if items else ""


def _render_box(title: str, content: str) -> str:
    return f"{format_directive_start('', title)}{content}{format_directive_end()}"


def _balance(html: str) -> str:
    """Return HTML in which each element ends, so that it cannot end what it is put into."""
    if "<" not in html:
        return html
    tree = build_html_tree(f"<html><body>{_BOX_TAG.sub('', html)}</body></html>")
    body = tree.find("body") if tree is not None else None
    return render_inside(body) if body is not None else escape(strip_tags(html))


def _shorten(text: str) -> str:
    words = text.split()
    return " ".join(words[:_MAX_TITLE_WORDS]) + ("…" if len(words) > _MAX_TITLE_WORDS else "")
