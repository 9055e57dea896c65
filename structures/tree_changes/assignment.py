"""Which module or lesson an entry belongs to: the one that has more than half of its citations."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from structures.tree_changes.trees import PresentTree, Structure


class KeptBecause(StrEnum):
    """Why an entry stays where it is."""

    NOT_CITED = "not_cited"
    SHARED = "shared"
    CONTENTS = "contents"
    SAME_SOURCE = "same_source"


@dataclass(frozen=True, kw_only=True)
class Assignment:
    """Where an entry belongs: `key` is that of a module or lesson, None when it stays where it is, and why.

    `cited` of the `total` citations of the entry are in that module or lesson. Captions follow the `recording` whose
    words they are.
    """

    key: UUID | None = None
    cited: int = 0
    total: int = 0
    kept_because: KeptBecause | None = None
    recording: UUID | None = None


def assign_entries(tree: PresentTree, structure: Structure) -> dict[UUID, Assignment]:
    """Return where each entry of the tree belongs.

    From the top down, an entry goes to the child that has more than half of its citations, itself or below, as long as
    there is one. So a book that the lessons of one module share goes to the module, and what modules share stays.
    """
    parents = dict(structure.iter_parents())
    assigned = {
        entry_id: _assign_entry(structure.citations.get(entry_id, {}), parents, is_contents=entry.is_contents)
        for entry_id, entry in tree.entries.items()
    }
    for entry_id, entry in tree.entries.items():
        recording = tree.entries.get(entry.captions_of) if entry.captions_of else None
        # In another node they are no captions of its.
        if recording is not None and recording.node_id == entry.node_id:
            followed = assigned[recording.entry_id]
            assigned[entry_id] = Assignment(
                key=followed.key, kept_because=followed.kept_because, recording=recording.entry_id
            )
    return assigned


def _assign_entry(
    citations: Mapping[UUID | None, int], parents: Mapping[UUID, UUID | None], *, is_contents: bool
) -> Assignment:
    if is_contents:
        return Assignment(kept_because=KeptBecause.CONTENTS)
    total = sum(citations.values())
    if not total:
        return Assignment(kept_because=KeptBecause.NOT_CITED)
    counts: dict[UUID, int] = defaultdict(int)
    for key, count in citations.items():
        above = key
        while above is not None:
            counts[above] += count
            above = parents[above]
    # Two children cannot both have more than half, so there is nothing to choose between.
    most = {parents[key]: key for key, count in counts.items() if 2 * count > total}
    found: UUID | None = None
    while (below := most.get(found)) is not None:
        found = below
    if found is None:
        return Assignment(total=total, kept_because=KeptBecause.SHARED)
    return Assignment(key=found, cited=counts[found], total=total)
