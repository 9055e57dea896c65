"""Read GIFT, the plain text in which Moodle and others take questions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape

from materials.documents import Document
from materials.readers.quizzes.questions import Question, build_document

_COMMENT = re.compile(r"^\s*//.*$", re.MULTILINE)
_CATEGORY = re.compile(r"^\s*\$CATEGORY:\s*(?P<name>.+)$", re.MULTILINE)
_TITLE = re.compile(r"::(?P<title>(?:[^:\\]|\\.|:(?!:)){1,300})::\s*")
_FORMAT = re.compile(r"\[(?P<name>html|markdown|plain|moodle)\]\s*", re.IGNORECASE)
_BRACES = re.compile(r"\{(?P<answers>(?:[^{}\\]|\\.)*)\}", re.DOTALL)
_ANSWER = re.compile(
    r"(?P<sign>[=~])\s*(?:%(?P<weight>-?\d+(?:\.\d+)?)%)?(?P<text>(?:[^=~#\\]|\\.)*)"
    r"(?:#(?!###)(?P<feedback>(?:[^=~#\\]|\\.)*))?"
)
_GENERAL_FEEDBACK = re.compile(r"####(?P<text>.*)$", re.DOTALL)
_TRUTH = re.compile(r"\s*(?P<value>T|TRUE|F|FALSE)\s*(?:#.*)?$", re.IGNORECASE | re.DOTALL)
_ESCAPE = re.compile(r"\\([~=#{}:\\])")
_GAP = "____"


def read_gift(text: str) -> Document:
    """Return the document of a text in GIFT. Raises UnreadableDocument without questions."""
    text = _COMMENT.sub("", text)
    category = _CATEGORY.search(text)
    name = category["name"].strip().rpartition("/")[2] if category is not None else ""
    return build_document(name, list(_iter_questions(_CATEGORY.sub("", text))))


def _iter_questions(text: str) -> Iterator[Question]:
    """Yield the questions: each ends with the blank line behind its braces."""
    begin = 0
    for found in _BRACES.finditer(text):
        if found.start() < begin:
            continue
        head = text[begin : found.start()]
        # What stands before a blank line is no part of this question.
        head = re.split(r"\n\s*\n", head.strip())[-1]
        rest, _, _ = text[found.end() :].partition("\n\n")
        yield _build_question(head, found["answers"], "" if "{" in rest else rest)
        begin = found.end() + (0 if "{" in rest else len(rest))


def _build_question(head: str, answers: str, rest: str) -> Question:
    titled = _TITLE.match(head.lstrip())
    stem = head.lstrip()[titled.end() :] if titled is not None else head
    formatted = _FORMAT.match(stem)
    stem = stem[formatted.end() :] if formatted is not None else stem
    is_html = formatted is not None and formatted["name"].lower() == "html"
    stem = f"{stem.rstrip()} {_GAP}{rest}" if rest.strip() else stem

    def render(source: str) -> str:
        plain = _ESCAPE.sub(r"\1", source.strip())
        return plain if is_html else escape(plain).replace("\n", "<br>")

    general = _GENERAL_FEEDBACK.search(answers)
    explanation = [render(general["text"])] if general is not None else []
    answers = _GENERAL_FEEDBACK.sub("", answers)
    title = _ESCAPE.sub(r"\1", titled["title"]).strip() if titled is not None else ""
    if (truth := _TRUTH.match(answers)) is not None:
        is_true = truth["value"].upper().startswith("T")
        return Question(
            title=title, stem=render(stem), choices=("True", "False"), answers=("True" if is_true else "False",),
            explanation=tuple(explanation),
        )  # fmt: skip
    if answers.strip().startswith("#"):
        values = [value.strip(" =") for value in re.split(r"[\n=]", answers.strip().lstrip("#")) if value.strip(" =")]
        return Question(
            title=title, stem=render(stem), answers=tuple(map(render, values)), explanation=tuple(explanation)
        )
    given = list(_ANSWER.finditer(answers))
    pairs = [found["text"].partition("->") for found in given if "->" in found["text"]]
    if pairs and len(pairs) == len(given):
        listed = "".join(f"<li>{render(one)}</li>" for one, _, _ in pairs if one.strip())
        return Question(
            title=title, stem=f"{render(stem)}<ol>{listed}</ol>", explanation=tuple(explanation),
            choices=tuple(dict.fromkeys(render(other) for _, _, other in pairs)),
            answers=tuple(f"{render(one)}: {render(other)}" for one, _, other in pairs if one.strip()),
        )  # fmt: skip
    right = [found for found in given if found["sign"] == "=" or float(found["weight"] or 0) > 0]
    is_choice = any(found["sign"] == "~" for found in given)
    explanation = [render(found["feedback"]) for found in right if found["feedback"]] + explanation
    return Question(
        title=title,
        stem=render(stem),
        choices=tuple(render(found["text"]) for found in given) if is_choice else (),
        answers=tuple(render(found["text"]) for found in right),
        explanation=tuple(explanation),
    )
