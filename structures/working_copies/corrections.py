"""Corrections that a model made in the structure below a working copy, to be taken back one by one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from structures.editing.errors import InvalidValue, NotTakenBack
from structures.models import WorkingCopy
from structures.working_copies.queries import find_generated_base


def list_corrections(copy: WorkingCopy) -> list[dict[str, Any]]:
    """Return the corrections of the generated snapshot that a working copy goes back to. One statement at most."""
    generated = find_generated_base(copy)
    return [] if generated is None else list(generated.provenance.get("corrections", []))


def read_correction(copy: WorkingCopy, index: object) -> dict[str, Any]:
    """Return the correction at this place, which can be taken back as far as it is known. Raises EditRefused."""
    corrections = list_corrections(copy)
    if isinstance(index, bool) or not isinstance(index, int) or not 0 <= index < len(corrections):
        raise InvalidValue(
            f"The structure below the working copy has {len(corrections)} corrections, and none at {index}.",
            code="correction_not_found",
            next_step="Take the place, from 0, in `provenance.corrections` of the snapshot that models wrote.",
        )
    correction = corrections[index]
    if not correction["applied"]:
        raise NotTakenBack("The correction was not applied.", next_step="There is nothing to take back.")
    if not correction.get("undo"):
        raise NotTakenBack("What the correction changed was not kept: it is too long, or the structure too old.")
    return correction


def list_corrected_keys(correction: Mapping[str, Any]) -> list[UUID]:
    """Return the keys of all nodes that taking a correction back reads or changes."""
    undo = correction["undo"]
    return [UUID(undo[name]) for name in ("key", "parent", "into") if undo.get(name)]
