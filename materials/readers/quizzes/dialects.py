"""Telling quizzes from other XML and text by their first characters."""

from __future__ import annotations

import re
from enum import StrEnum


class QuizDialect(StrEnum):
    """The forms of quizzes, by the programs that write them."""

    QTI = "IMS QTI 1.2"
    OLX = "an Open edX problem"
    MOODLE = "Moodle XML"
    GIFT = "GIFT"


# What may stand before the root element: the declaration, comments, instructions to programs. A document type is not
# among them: no program writes one into a quiz.
_PROLOG = re.compile(r"\s*(?:<\?[^>]*>\s*|<!--.*?-->\s*)*", re.DOTALL)
_ROOT = re.compile(r"<(?:[\w.-]+:)?(?P<name>[\w.-]+)(?=[\s/>])")
_DIALECT_BY_ROOT = {"questestinterop": QuizDialect.QTI, "problem": QuizDialect.OLX, "quiz": QuizDialect.MOODLE}
_MOODLE_QUESTION = re.compile(r"<question\s[^<>]{0,200}\btype=")
# A question with a title, or a category.
_GIFT_START = re.compile(r"^(?:::.{1,300}?::|\$CATEGORY:)", re.MULTILINE)
_BRACES = re.compile(r"\{([^{}]*)\}")
_GIFT_ANSWER = re.compile(r"^\s*(?:[=~#]|(?:T|F|TRUE|FALSE)\b)")


def find_xml_dialect(head: str) -> QuizDialect | None:
    """Return the form of the quiz whose XML begins with these characters; None for other XML and text."""
    prolog = _PROLOG.match(head.removeprefix("\ufeff"))
    root = _ROOT.match(head.removeprefix("\ufeff"), prolog.end() if prolog is not None else 0)
    dialect = _DIALECT_BY_ROOT.get(root["name"]) if root is not None else None
    # Canvas describes the settings of a quiz in an element of the same name.
    return None if dialect is QuizDialect.MOODLE and not _MOODLE_QUESTION.search(head) else dialect


def is_gift(head: str) -> bool:
    """Tell whether a text has questions in the form of GIFT."""
    return _GIFT_START.search(head) is not None or any(
        _GIFT_ANSWER.match(found.group(1)) for found in _BRACES.finditer(head)
    )
