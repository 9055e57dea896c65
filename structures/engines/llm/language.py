"""Detecting an answer in another script than the materials. Languages of one script are not told apart."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable
from functools import cache

from materials.documents import ChunkKind
from structures.engines.base.drafts import Draft
from structures.engines.base.sources import SourceNode

# A few pages: enough to know the main script, and the time does not grow with the course.
SAMPLE_LETTERS = 20_000
# Courses in Cyrillic or CJK scripts are full of Latin terms, so the main script need not be nearly all; below this
# share a text is mixed, and a warning would often be wrong. A choice between one half and two thirds.
MIN_MAIN_SCRIPT_SHARE = 0.6


def build_script_warning(draft: Draft, source: SourceNode) -> str:
    """Return a warning when the draft is in another script than the materials; blank when it is not.

    Blank also when either mixes scripts, and when the node has a language: then the prompt asks for that one.
    """
    if source.language:
        return ""
    source_script = _find_main_script(
        chunk.text
        for node in source.iter_nodes()
        for entry in node.entries
        for chunk in entry.chunks
        if chunk.kind is not ChunkKind.CODE  # its keywords are Latin in every course
    )
    draft_script = _find_main_script(
        text for module in draft.modules for node in module.iter_nodes() for text in (node.title, node.description)
    )
    if not source_script or not draft_script or source_script == draft_script:
        return ""
    return (
        f"The materials are written in {source_script.capitalize()} letters, the structure in "
        f"{draft_script.capitalize()} ones. "
        "Set the node's language and generate again."
    )


def _find_main_script(texts: Iterable[str]) -> str:
    """Return the script that most letters of the texts belong to; blank when none does."""
    found: Counter[str] = Counter()
    for text in texts:
        found.update(script for character in text if (script := _get_script(character)))
        if found.total() > SAMPLE_LETTERS:
            break
    if not found:
        return ""
    (script, count), *_ = found.most_common(1)
    return script if count >= MIN_MAIN_SCRIPT_SHARE * found.total() else ""


@cache
def _get_script(character: str) -> str:
    """Return the script of a letter by its Unicode name, such as LATIN or CYRILLIC; blank for anything else."""
    # The standard library does not have the property Script (UAX 24); the names of letters begin with it.
    return unicodedata.name(character, "").split(" ")[0].split("-")[0] if character.isalpha() else ""
