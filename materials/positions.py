"""Dense positions among siblings: 0, 1, 2, in the owner's order. Call these functions holding the tree lock.

The unique constraints on positions are deferred, so that positions may collide until the transaction commits.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db.models import F, Max, QuerySet

# Django puts a bulk_update into one CASE with a branch for each row, which PostgreSQL evaluates branch by branch: the
# time grows with the square of the batch.
_RENUMBER_BATCH_SIZE = 500


def get_next_position(rows: QuerySet[Any]) -> int:
    """Return the position behind the last of the siblings."""
    last: int | None = rows.aggregate(last=Max("position"))["last"]
    return 0 if last is None else last + 1


def close_gap(rows: QuerySet[Any], position: int) -> None:
    """Move up the siblings behind a position that has become free."""
    rows.filter(position__gt=position).update(position=F("position") - 1)


def renumber_siblings(rows: QuerySet[Any], order: Sequence[UUID]) -> None:
    """Set the position of each sibling to its place in `order`, which must name all of them."""
    ordered = [rows.model(pk=pk, position=position) for position, pk in enumerate(order)]
    rows.bulk_update(ordered, ["position"], batch_size=_RENUMBER_BATCH_SIZE)
