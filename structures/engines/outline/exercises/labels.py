"""Paragraphs that begin with a label, such as `Task: ...` or `Answer: ...`, and what belongs to them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from materials.documents import ChunkKind
from structures.engines.base.sources import SourceChunk
from structures.engines.outline.exercises import vocabulary
from structures.engines.outline.exercises.tasks import Member

# What follows `Task:` in a paragraph is the title of the task rather than the task itself when it is no longer than
# this and no sentence. A choice: half and twice give the same exercises on the sample courses.
_MAX_HEADING_WORDS = 8
_ATTACHED_KINDS = {ChunkKind.LIST, ChunkKind.CODE, ChunkKind.TABLE}
_ENUMERATED = re.compile(r"^\W{0,2}(?:\d{1,3}|[A-Za-zА-Яа-яІіЇїЄє])\s*[.)]\s")


def match_label(pattern: re.Pattern[str], member: Member) -> re.Match[str] | None:
    """Return the label that a paragraph begins with: a word with a colon behind it, or with a number and no more."""
    if not isinstance(member, SourceChunk) or member.kind is not ChunkKind.PARAGRAPH:
        return None
    found = pattern.match(member.text)
    if found is None:
        return None
    is_alone = found.end("label") >= len(member.text.rstrip())
    if is_alone and not found["number"] and pattern is vocabulary.EXERCISE_LABEL:
        return vocabulary.STRONG_LABEL.match(member.text)
    return found


def match_question_label(member: Member) -> re.Match[str] | None:
    found = match_label(vocabulary.QUESTION_LABEL, member)
    return found if found is not None and found["number"] else None


def take_attached(chunk: SourceChunk, followers: Sequence[SourceChunk]) -> list[SourceChunk]:
    """Return what belongs to a paragraph that ends with a colon: a list, code or table, or enumerated paragraphs."""
    if not chunk.text.rstrip().endswith((":", "：")) or not followers:
        return []
    if followers[0].kind in _ATTACHED_KINDS:
        return [followers[0]]
    attached: list[SourceChunk] = []
    for follower in followers:
        if follower.kind is not ChunkKind.PARAGRAPH or not _ENUMERATED.match(follower.text):
            break
        attached.append(follower)
    return attached


def is_title(text: str) -> bool:
    return len(text.split()) <= _MAX_HEADING_WORDS and text[-1:] not in {
        ".",
        ":",
        "!",
        "?",
        "…",
        "。",
        "？",
        "：",
        "！",
    }
