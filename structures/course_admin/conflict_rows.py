"""Conflicts as people read them: what it is about, both versions beside what was there before, and their evidence."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.utils.safestring import SafeString

from structures.course_admin.field_inputs import label_field
from structures.course_admin.node_panel import describe_place
from structures.course_admin.values import Titles, compare_texts, load_titles, write_value
from structures.editing.conflicts import ConflictKind, EditConflict, decode_conflict
from structures.editing.references import TreeReference
from structures.models import EditConflictRow, WorkingCopy

_SENTENCES = {
    ConflictKind.FIELD: "Both changed this field.",
    ConflictKind.PLACE: "Both moved it, or it cannot stand where the new structure puts it.",
    ConflictKind.ORDER: "Both put the parts inside in another order.",
    ConflictKind.DELETED: "It was deleted or merged here, and the new structure changed it.",
    ConflictKind.DROPPED: "It was edited here, and the new structure does not have it.",
    ConflictKind.PARENT_DROPPED: "The new structure does not have it; it is kept for what was edited inside.",
}
# What stands in the place of a version where the kind of conflict is that a side has none.
_WITHOUT_MINE = {ConflictKind.DELETED: "Deleted."}
_WITHOUT_THEIRS = {ConflictKind.DROPPED: "Not there.", ConflictKind.PARENT_DROPPED: "Not there."}
# What the nodes of a conflict are called, on a line.
_MAX_NAMED = 20


@dataclass(frozen=True, kw_only=True)
class ConflictEvidence:
    """A reference of one version."""

    quote: str
    place: str


@dataclass(frozen=True, kw_only=True)
class ConflictVersion:
    """One side: its text with what differs from the text of before, and its evidence."""

    html: SafeString
    evidence: Sequence[ConflictEvidence]


@dataclass(frozen=True, kw_only=True)
class ConflictView:
    """A conflict. `before` is blank where nobody knows what was there. `named` are the other nodes it is about."""

    id: UUID | None
    key: UUID
    title: str
    what: str
    sentence: str
    before: str
    mine: ConflictVersion
    theirs: ConflictVersion
    named: Sequence[str]
    left_out_names: int


def describe_conflicts(copy: WorkingCopy, rows: Sequence[EditConflictRow]) -> list[ConflictView]:
    """Return conflicts in words. Two statements."""
    conflicts = [decode_conflict(row.content) for row in rows]
    titles = load_titles(copy, (key for conflict in conflicts for key in _list_keys(conflict)))
    return [
        _build_conflict_view(row, conflict, {**titles, conflict.key: conflict.title})
        for row, conflict in zip(rows, conflicts, strict=True)
    ]


def _build_conflict_view(row: EditConflictRow, conflict: EditConflict, titles: Titles) -> ConflictView:
    before, mine, theirs = (write_value(version, titles) for version in (conflict.base, conflict.mine, conflict.theirs))
    return ConflictView(
        id=None if row._state.adding else row.pk,
        key=conflict.key,
        title=conflict.title,
        what=label_field(conflict.field, None) if conflict.field else "",
        sentence=_SENTENCES[conflict.kind],
        before=before,
        mine=_build_version(before, mine, conflict.references_mine, without=_WITHOUT_MINE.get(conflict.kind, "")),
        theirs=_build_version(
            before, theirs, conflict.references_theirs, without=_WITHOUT_THEIRS.get(conflict.kind, "")
        ),
        named=[titles[key] for key in conflict.keys[:_MAX_NAMED] if key in titles],
        left_out_names=max(0, len(conflict.keys) - _MAX_NAMED),
    )


def _build_version(before: str, text: str, references: Sequence[TreeReference], *, without: str) -> ConflictVersion:
    # Without a version of before all would count as new, which says nothing.
    compared = compare_texts(before or text, text) if text or not without else SafeString(without)
    return ConflictVersion(
        html=compared,
        evidence=[ConflictEvidence(quote=each.quote, place=describe_place(each)) for each in references],
    )


def _list_keys(conflict: EditConflict) -> Iterator[UUID]:
    yield from conflict.keys[:_MAX_NAMED]
    for version in (conflict.base, conflict.mine, conflict.theirs):
        if isinstance(version, UUID):
            yield version
        elif isinstance(version, tuple):
            yield from (item for item in version if isinstance(item, UUID))
