"""The corrections of a model as the page of a course lists them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from structures.models import EditRecord, WorkingCopy
from structures.working_copies.corrections import list_corrections

_WORDS = {
    "title": "Gave another title",
    "same_as": "Merged into another concept",
    "after": "Moved elsewhere",
    "requires": "Said what the lesson builds on",
}


@dataclass(frozen=True, kw_only=True)
class PanelCorrection:
    """A correction, its place among all, and what became of it."""

    index: int
    words: str
    title: str
    new_title: str
    reason: str
    is_applied: bool
    is_taken_back: bool


def list_panel_corrections(copy: WorkingCopy) -> list[PanelCorrection]:
    """Return the corrections below a working copy in their order. Four statements at most."""
    corrections = list_corrections(copy)
    taken_back = _list_taken_back(copy) if corrections else []
    return [_describe(index, each, each in taken_back) for index, each in enumerate(corrections)]


def _list_taken_back(copy: WorkingCopy) -> list[Any]:
    """Return the corrections that were taken back in steps that still stand."""
    rows = EditRecord.objects.filter(tenant=copy.tenant_id, working_copy=copy)
    made = dict(rows.filter(kind="refuse_correction").values_list("number", "arguments__correction"))
    if not made:
        return []
    undone = Counter(rows.filter(undoes__in=made).values_list("undoes", flat=True))
    undone.subtract(rows.filter(redoes__in=made).values_list("redoes", flat=True))
    return [correction for number, correction in made.items() if not undone[number]]


def _describe(index: int, correction: Mapping[str, Any], is_taken_back: bool) -> PanelCorrection:
    return PanelCorrection(
        index=index,
        words=_WORDS[correction["field"]],
        title=correction["title"],
        new_title=correction["new"] if correction["field"] == "title" else "",
        reason=correction["reason"],
        is_applied=correction["applied"],
        is_taken_back=is_taken_back,
    )
