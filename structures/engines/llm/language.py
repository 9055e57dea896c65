"""Whether an answer is written as its materials are, as far as letters can tell."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable
from functools import cache

from materials.documents import ChunkKind
from structures.engines.base.drafts import Draft
from structures.engines.base.sources import SourceNode

SAMPLE_LETTERS = 20_000
"""So many letters are looked at."""
MIN_MAIN_SCRIPT_SHARE = 0.6


def build_script_warning(draft: Draft, source: SourceNode) -> str:
    """Return a warning when the draft is written in other letters than the materials; blank when it is not.

    Blank also when either mixes scripts, and when the owner named the language to write in.
    """
    if source.language:
        return ""
    source_script = _find_main_script(
        chunk.text
        for node in source.iter_nodes()
        for entry in node.entries
        for chunk in entry.chunks
        if chunk.kind is not ChunkKind.CODE
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
    return unicodedata.name(character, "").split(" ")[0].split("-")[0] if character.isalpha() else ""
