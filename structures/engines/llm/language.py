"""Whether an answer is written as its materials are, as far as letters can tell."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable
from functools import cache

from materials.documents import ChunkKind
from structures.engines.base.drafts import Draft
from structures.engines.base.sources import SourceNode

SAMPLE = 20_000
"""So many letters are looked at."""
MOST_PART = 0.6


def foreign_letters(draft: Draft, source: SourceNode) -> str:
    """Return a warning when the draft is written in other letters than the materials; blank when it is not.

    Blank also when either mixes scripts, and when the owner named the language to write in.
    """
    if source.language:
        return ""
    theirs = _main_script(
        chunk.text
        for node in source.walk()
        for entry in node.entries
        for chunk in entry.chunks
        if chunk.kind is not ChunkKind.CODE
    )
    ours = _main_script(
        text for module in draft.modules for node in module.walk() for text in (node.title, node.description)
    )
    if not theirs or not ours or theirs == ours:
        return ""
    return (
        f"The materials are written in {theirs.capitalize()} letters, the structure in {ours.capitalize()} ones. "
        "Set the node's language and generate again."
    )


def _main_script(texts: Iterable[str]) -> str:
    """Return the script that most letters of the texts belong to; blank when none does."""
    found: Counter[str] = Counter()
    for text in texts:
        found.update(script for sign in text if (script := _script(sign)))
        if found.total() > SAMPLE:
            break
    if not found:
        return ""
    (script, count), *_ = found.most_common(1)
    return script if count >= MOST_PART * found.total() else ""


@cache
def _script(sign: str) -> str:
    """Return the script of a letter by its Unicode name, such as LATIN or CYRILLIC; blank for anything else."""
    return unicodedata.name(sign, "").split(" ")[0].split("-")[0] if sign.isalpha() else ""
