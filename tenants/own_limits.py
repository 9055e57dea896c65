"""Limits that an operator sets for a tenant, and those that the tenant sets itself: the lower one holds.

The two stand side by side, so that a tenant can lower its own and raise it again, never above the operator's.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TypeVar

from project.errors import RuleViolation

L = TypeVar("L", int, Decimal)  # bytes, or dollars


class AboveOperatorLimit(RuleViolation):
    """A tenant may not set its own limit above the operator's."""

    code = "above_operator_limit"
    next_step = "Give no more than the operator's limits, which the answer to a GET of the same address has."


def choose_lower(one: L | None, other: L | None) -> L | None:
    """Return the lower of two limits, of which None is no limit."""
    if one is None or other is None:
        return other if one is None else one
    return min(one, other)


def require_not_above(*, soft: L | None, hard: L | None, operator_soft: L | None, operator_hard: L | None) -> None:
    """Raise AboveOperatorLimit when a tenant's own limit is above what the operator has set."""
    limits = {"soft": (soft, choose_lower(operator_soft, operator_hard)), "hard": (hard, operator_hard)}
    for name, (own, most) in limits.items():
        if own is not None and choose_lower(own, most) != own:
            raise AboveOperatorLimit(f"The {name} limit is above {most}, which the operator has set.")
