"""Versions of rows that PostgreSQL itself keeps, whoever writes: services, bulk updates, raw SQL, migrations."""

from __future__ import annotations

from typing import Any

from django.db.models import F, Func, TextField


class RowVersion(Func):
    """A text that changes with each change of the row in which a column stands; null where an outer join found none.

    Name a column of the row's own table: `RowVersion("job__status")` is of the job, `RowVersion("job")` of the row that
    points at it.
    """

    output_field = TextField()

    def __init__(self, column: str, **extra: Any) -> None:
        super().__init__(F(column), **extra)

    def as_sql(  # type: ignore[override]  # no template
        self, compiler: Any, connection: Any, **_context: Any
    ) -> tuple[str, tuple[()]]:
        """Return the number of the transaction that wrote the row, and where it stands.

        An UPDATE writes a new row, in another place and under its own number; two of one transaction have the same
        number. Locks change neither. A table that is restored or rewritten changes both: clients then read once more.
        """
        [column] = self.get_source_expressions()
        table = compiler.quote_name_unless_alias(column.alias)
        return f"({table}.xmin::text || {table}.ctid::text)", ()
