"""Compare stored objects with the rows that point at them.

The storage is listed once, as a stream, into a temporary table, and the database compares. So neither side is held in
memory, and no object is requested by itself.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, islice
from typing import Any
from uuid import UUID

from django.db import connection, models

from materials.entries.services import delete_entry
from materials.models import KeyFrame, MaterialEntry, ObjectRemoval, Upload
from materials.objects.removal import list_key_columns, remove_objects, schedule_removals
from materials.uploads.cleanup import build_direct_upload
from project.errors import NotFound
from project.storage.objects import ListedObject, UnfinishedWrite, get_object_storage
from tenants.models import Tenant

# All keys that this service writes (`materials.models`); other programs may keep objects in the same bucket.
PREFIXES = ("tenants/", "uploads/")
BATCH_SIZE = 1000  # a page of S3's listing
# For one call of a command that can be repeated. A choice: time for thousands of objects in a bucket.
_REMOVAL_SECONDS = 600.0


@dataclass(frozen=True, kw_only=True)
class OrphanedObject:
    """A stored object that no row points at."""

    key: str
    size: int


@dataclass(frozen=True, kw_only=True)
class MissingObject:
    """A row whose object is not stored."""

    model: type[models.Model]
    id: UUID
    tenant: UUID
    key: str


@contextlib.contextmanager
def load_object_listing() -> Iterator[None]:
    """List the storage into a temporary table, which `find_orphaned_objects` and `find_missing_objects` need.

    Takes one SQL statement for each BATCH_SIZE objects. Raises OSError.
    """
    listed = chain.from_iterable(map(get_object_storage().list_objects, PREFIXES))
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMPORARY TABLE stored_object (key text PRIMARY KEY, size bigint, modified timestamptz NOT NULL)"
        )
        try:
            while batch := list(islice(listed, BATCH_SIZE)):
                cursor.execute(
                    "INSERT INTO stored_object SELECT * FROM unnest(%s::text[], %s::bigint[], %s::timestamptz[]) "
                    "ON CONFLICT DO NOTHING",  # a key may be listed twice when it is written meanwhile
                    _transpose_listing(batch),
                )
            # Autovacuum does not analyse temporary tables; without statistics the planner chooses nested loops.
            cursor.execute("ANALYZE stored_object")
            yield
        finally:
            cursor.execute("DROP TABLE stored_object")


def find_orphaned_objects(*, before: datetime) -> Iterator[OrphanedObject]:
    """Yield the objects stored before that time that no row points at and that are not scheduled for removal.

    Objects of direct uploads count only when their upload has been cleared.
    """
    awaited = _collect_direct_upload_keys()
    known: list[tuple[type[models.Model], str]] = [*list_key_columns(), (ObjectRemoval, "key")]
    conditions = " AND ".join(
        (
            f"NOT EXISTS (SELECT FROM {_quote_table(model)} WHERE {_quote_table(model)}.{_quote_column(column)} = "
            f"stored_object.key)"
        )
        for model, column in known
    )
    query = f"SELECT key, size FROM stored_object WHERE modified < %s AND {conditions} ORDER BY key"  # noqa: S608  # names of our own tables
    for key, size in _iterate_rows(query, before):
        if key not in awaited.keys and "/".join(key.split("/")[:3]) not in awaited.incoming:
            yield OrphanedObject(key=key, size=size)


def find_missing_objects(*, before: datetime) -> Iterator[MissingObject]:
    """Yield the rows created before that time whose object is not stored."""
    for model, column in list_key_columns():
        table, key = _quote_table(model), _quote_column(column)
        query = (
            f"SELECT id, tenant_id, {key} FROM {table} WHERE {key} <> '' AND created_at < %s "  # noqa: S608  # as above
            f"AND NOT EXISTS (SELECT FROM stored_object WHERE stored_object.key = {table}.{key}) ORDER BY id"
        )
        for id_, tenant, where in _iterate_rows(query, before):
            # Once more: the object may have been stored after its place in the listing had passed.
            if not get_object_storage().exists(where):
                yield MissingObject(model=model, id=id_, tenant=tenant, key=where)


def find_unfinished_writes(*, before: datetime) -> Iterator[UnfinishedWrite]:
    """Yield the writes that began before that time and have not ended, except those of direct uploads."""
    awaited = _collect_direct_upload_keys()
    for write in get_object_storage().list_unfinished():
        if write.started_at < before and write.key not in awaited.keys:
            yield write


@dataclass(frozen=True, kw_only=True)
class _DirectUploadKeys:
    """The keys of direct uploads that are not cleared; `cleanup.sweep_uploads` removes their objects."""

    keys: frozenset[str]
    incoming: frozenset[str]


def _collect_direct_upload_keys() -> _DirectUploadKeys:
    direct_uploads = [
        build_direct_upload(upload) for upload in Upload.objects.filter(cleared_at=None).iterator(BATCH_SIZE)
    ]
    return _DirectUploadKeys(
        keys=frozenset(direct_upload.key for direct_upload in direct_uploads),
        incoming=frozenset(direct_upload.incoming_key for direct_upload in direct_uploads),
    )


def remove_orphans(found: Iterable[OrphanedObject]) -> int:
    """Schedule the removal of these objects and try it; return how many are gone. The others are tried again later."""
    keys = {orphan.key for orphan in found}
    schedule_removals(keys)
    return remove_objects(seconds=_REMOVAL_SECONDS, only=keys)


def delete_row_without_object(found: MissingObject) -> bool:
    """Delete the entry or key frame whose object is missing; return False for other rows, which are only reported."""
    tenant = Tenant.objects.get(pk=found.tenant)
    if found.model is KeyFrame:
        KeyFrame.objects.for_tenant(tenant).filter(pk=found.id, object_key=found.key).delete()
    elif found.model is MaterialEntry:
        with contextlib.suppress(NotFound):
            delete_entry(tenant=tenant, entry_id=found.id)
    else:
        return False
    return True


def _transpose_listing(batch: Iterable[ListedObject]) -> list[list[Any]]:
    keys, sizes, times = zip(*((each.key, each.size, each.modified) for each in batch), strict=True)
    return [list(keys), list(sizes), list(times)]


def _iterate_rows(query: str, *parameters: datetime) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of a query in batches, by a cursor WITH HOLD: no transaction stays open meanwhile."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(query, parameters)
        while rows := cursor.fetchmany(BATCH_SIZE):
            yield from rows


def _quote_table(model: type[models.Model]) -> str:
    return connection.ops.quote_name(model._meta.db_table)


def _quote_column(column: str) -> str:
    return connection.ops.quote_name(column)
