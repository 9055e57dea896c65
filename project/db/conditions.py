"""Conditions that Django has no lookup for."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db.models import BooleanField, F, Func, UUIDField, Value


class IsAnyOf(Func):
    """The condition that a column holds one of many ids, which are sent as one array.

    Django's `__in` makes a placeholder of each. The planner of PostgreSQL knows how many ids an array has, which it
    does not of a subquery with a recursion: it would rather scan a large table than look each of them up.
    """

    template = "%(expressions)s)"
    arg_joiner = " = ANY("
    output_field = BooleanField()

    def __init__(self, column: str, ids: Sequence[UUID]) -> None:
        super().__init__(F(column), Value(list(ids), output_field=ArrayField(UUIDField())))
