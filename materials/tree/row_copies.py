"""Copying the rows of entries inside the database: a course's text is not sent to this process and back."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from django.db import connection, models

from tenants.models import Tenant

# A UUIDv7 (RFC 9562, 5.7): a random version 4 whose first 48 bits are replaced by milliseconds since 1970 and whose
# version bits, 0100, become 0111. PostgreSQL has uuidv7() from version 18 on.
_UUID7_SQL = """encode(set_bit(set_bit(overlay(
    uuid_send(gen_random_uuid())
    placing substring(int8send((extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3) FROM 1 FOR 6
), 52, 1), 53, 1), 'hex')::uuid"""

# The copy of the chunk that the copied row's original names: copies keep positions, ids they do not.
COPIED_CHUNK_ID_SQL = """(
    SELECT twin.id FROM materials_chunk original JOIN materials_chunk twin USING (position)
    WHERE original.id = old.chunk_id AND twin.entry_id = copied.entry
)"""


def copy_rows(model: type[models.Model], *, tenant: Tenant, entries: Mapping[UUID, UUID], **columns: str) -> None:
    """Copy the rows of `model` that belong to entries to the copies of those entries, in one statement.

    `entries` maps the id of each entry to that of its copy. `columns` are SQL expressions for columns that change; id,
    creation time and entry always do.
    """
    if not entries:
        return
    values = {"id": _UUID7_SQL, "created_at": "statement_timestamp()", "entry_id": "copied.entry", **columns}
    # PostgreSQL refuses values for generated columns.
    names = [str(field.column) for field in model._meta.concrete_fields if not field.generated]
    quote = connection.ops.quote_name
    chosen = ", ".join(values.get(column, f"old.{quote(column)}") for column in names)
    statement = f"""
        INSERT INTO {quote(model._meta.db_table)} ({", ".join(map(quote, names))})
        SELECT {chosen}
        FROM unnest(%(from)s::uuid[], %(to)s::uuid[]) AS copied (original, entry)
        JOIN {quote(model._meta.db_table)} old ON old.entry_id = copied.original
        WHERE old.tenant_id = %(tenant)s
    """  # noqa: S608  # names of our own tables and columns
    with connection.cursor() as cursor:
        cursor.execute(statement, {"from": list(entries), "to": list(entries.values()), "tenant": tenant.pk})
