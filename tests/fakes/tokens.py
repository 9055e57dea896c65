"""Counting tokens about as vendors do, for fakes that bill what they were really sent and what they really answer."""

from __future__ import annotations

import json
import re

from tests.fakes.asked import Asked

_PIECES = re.compile(r"[A-Za-z]+|[^\W\d_]+|\d+|\n+|[^\w\s]+|_+")


def count_tokens(text: str) -> int:
    """Return about how many tokens a text has, by the pieces into which tokenizers cut it before they look for words.

    Compared with OpenAI's o200k and the published vocabularies of Gemini and Claude on questions about eight sample
    courses: 0.92 to 1.06 times as many in English, 0.79 to 0.97 in Ukrainian, where the three themselves differ by a
    quarter.
    """
    return sum(map(_count_piece, _PIECES.findall(text)))


def _count_piece(piece: str) -> int:
    first = piece[0]
    if first == "\n":
        return 1
    if first.isalpha():
        # A usual English word is one token, a Cyrillic one two or three.
        length, whole = (6, 8) if first.isascii() else (3, 3)
        return 1 if len(piece) <= whole else -(-len(piece) // length)
    return -(-len(piece) // (2 if first.isdigit() else 3))


def count_question(asked: Asked) -> int:
    """Return the input tokens of a question: its instructions, its text and its schema, where it is sent apart."""
    schema = "" if asked.schema is None else json.dumps(asked.schema, ensure_ascii=False)
    return sum(map(count_tokens, (asked.system, asked.prompt, schema)))
