"""Statements that are sent so often that parsing and planning them each time would be most of their cost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import psycopg
from django.db import connection


def execute(sql: str, values: Sequence[Any]) -> psycopg.Cursor[tuple[Any, ...]]:
    """Run a statement on Django's connection, prepared once in each session. Raises Django's database errors.

    The text must not hold values: each text is kept by the server as long as the session lasts.
    """
    connection.ensure_connection()
    with connection.wrap_database_errors:
        return psycopg.Cursor(connection.connection).execute(sql, values, prepare=True)
