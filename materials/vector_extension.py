"""The extension pgvector of the database, without which vectors cannot be compared. It is optional."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core import checks
from django.db import DEFAULT_DB_ALIAS, connection

INSTALL_HINT = (
    "Install pgvector on the database server, then let a superuser run CREATE EXTENSION vector in this database. "
    "Nothing has to be restarted."
)


def has_vector_extension() -> bool:
    """Tell whether the database can compare vectors. One statement."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_extension WHERE extname = 'vector'")
        return cursor.fetchone() is not None


@checks.register(checks.Tags.database)
def check_vector_extension(*, databases: Sequence[str] | None = None, **_kwargs: Any) -> list[checks.CheckMessage]:
    """Tell when the database cannot compare vectors. Asks only where the database is checked at all."""
    if not databases or DEFAULT_DB_ALIAS not in databases or has_vector_extension():
        return []
    said = "The database lacks the extension pgvector: texts are searched for by words, not by meaning."
    return [checks.Info(said, hint=INSTALL_HINT, id="materials.I002")]
