"""Corrections of a draft as a snapshot keeps them, with what takes each back in a working copy (`undo`).

While the rows are built, nodes are named by the numbers of their lines; their keys are known at the end.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from structures.engines.base.drafts import Citation, Draft, DraftNode, Reversal
from structures.models import StructureNode

# Characters of JSON: some thirty quotes. What is longer is not kept, and the correction cannot be taken back.
MAX_UNDO = 20_000
# Of all corrections of a snapshot, which is read as a whole.
MAX_ALL_UNDO = 500_000
_LINES = ("key", "parent", "behind", "into", "lesson")


def verify_reversals(draft: Draft, verify: Callable[[Draft], Draft]) -> Draft:
    """Return the draft with the merged concepts of its reversals verified as its nodes are by `verify`."""
    concepts = [node for each in draft.reversals.values() for node in (each.merged, each.kept) if node is not None]
    if not concepts:
        return draft
    verified = iter(verify(Draft(title=draft.title, modules=tuple(concepts))).modules)
    reversals = {place: _take_verified(each, verified) for place, each in draft.reversals.items()}
    return replace(draft, reversals=reversals)


def _take_verified(reversal: Reversal, verified: Iterator[DraftNode]) -> Reversal:
    merged = None if reversal.merged is None else next(verified)
    kept = None if reversal.kept is None else next(verified)
    return replace(reversal, merged=merged, kept=kept)


def build_corrections_json(draft: Draft, describe: Callable[[Citation], Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the corrections of a draft; those that were applied have `undo`, None where that would be too long.

    `describe` gives a citation as a working copy keeps references.
    """
    titles = {node.line: node.title for module in draft.modules for node in module.iter_nodes()}
    titles |= {each.line: each.merged.title for each in draft.reversals.values() if each.merged is not None}
    corrections = []
    left = MAX_ALL_UNDO
    for place, correction in enumerate(draft.corrections):
        reversal = draft.reversals.get(place)
        if reversal is None:
            corrections.append(dict(correction))
            continue
        undo: dict[str, Any] | None = _BUILDERS[correction["field"]](reversal, titles, describe)
        length = len(json.dumps(undo, ensure_ascii=False))
        if length > min(MAX_UNDO, left):
            undo = None
        else:
            left -= length
        corrections.append({**correction, "undo": undo})
    return corrections


def name_corrected_nodes(
    corrections: list[dict[str, Any]], rows: Mapping[int, StructureNode], create_id: Callable[[], UUID]
) -> None:
    """Put keys in the place of the numbers of lines. `rows` are the nodes by these numbers, with their final keys.

    A concept that was merged gets the key that it will have once it is separate again. What is in no row otherwise (a
    module that lost all its lessons) has None.
    """
    keys = {number: str(row.key) for number, row in rows.items()}
    undone = [each["undo"] for each in corrections if each.get("undo")]
    keys |= {undo["key"]: str(create_id()) for undo in undone if "into" in undo}
    for undo in undone:
        undo.update({name: keys.get(undo[name]) for name in _LINES if name in undo})


def _build_title(reversal: Reversal, _titles: object, _describe: object) -> dict[str, Any]:
    return {"key": reversal.line}


def _build_place(reversal: Reversal, _titles: object, _describe: object) -> dict[str, Any]:
    return {"key": reversal.line, "parent": reversal.parent, "behind": reversal.behind}


def _build_requirement(reversal: Reversal, titles: Mapping[int | None, str], _describe: object) -> dict[str, Any]:
    return {"key": reversal.line, "lesson": reversal.other_parent, "term": titles.get(reversal.other, "")}


def _build_merge(
    reversal: Reversal, _titles: object, describe: Callable[[Citation], Mapping[str, Any]]
) -> dict[str, Any]:
    merged, kept = reversal.merged, reversal.kept
    assert merged is not None  # concepts are merged with concepts
    assert kept is not None
    gained = [citation for citation in merged.citations if citation not in kept.citations]
    return {
        "key": reversal.line,
        "parent": reversal.parent,
        "behind": reversal.behind,
        "into": reversal.other,
        "title": merged.title,
        "description": merged.description,
        "examples": list(merged.examples),
        "references": [describe(citation) for citation in merged.citations],
        # What the other concept has only from this one.
        "gained_references": [merged.citations.index(citation) for citation in gained],
        "gained_examples": [each for each in merged.examples if each not in kept.examples],
        "gained_description": not kept.description,
    }


_BUILDERS: Mapping[str, Callable[[Reversal, Any, Any], dict[str, Any]]] = {
    "title": _build_title,
    "after": _build_place,
    "requires": _build_requirement,
    "same_as": _build_merge,
}
