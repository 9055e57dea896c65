"""Which entries lack vectors, and which chunks are nearest to one."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.db import connection
from django.db.models import F, Q, QuerySet

from llm.router.router import VectorSpace
from materials.models import MaterialEntry
from tenants.models import Tenant

# Vectors first, texts afterwards: only those of the nearest are read. Of vectors of length 1 the inner product is the
# cosine; `<#>` is the negative of it. Chunks of an entry with one text have one vector.
_NEAREST_SQL = """
    WITH nearest AS (
        SELECT entry_id, text_digest, vector::vector <#> %(vector)s::vector AS distance
        FROM materials_chunkvector
        WHERE tenant_id = %(tenant)s AND space = %(space)s AND entry_id = ANY(%(entries)s)
        ORDER BY distance, entry_id, text_digest LIMIT %(limit)s
    )
    SELECT chunk.id FROM nearest
    JOIN materials_chunk chunk ON chunk.entry_id = nearest.entry_id AND md5(chunk.text) = nearest.text_digest
    ORDER BY distance, chunk.id LIMIT %(limit)s
"""


def filter_unembedded(entries: QuerySet[MaterialEntry], space: VectorSpace) -> QuerySet[MaterialEntry]:
    """Keep the entries that have texts of which some may lack a vector of the space."""
    return entries.filter(chunk_count__gt=0).exclude(Q(vector_space=space.key) & Q(vector_fingerprint=F("fingerprint")))


def list_nearest_chunk_ids(
    *, tenant: Tenant, entries: Sequence[UUID], space: VectorSpace, vector: Sequence[float], limit: int
) -> list[UUID]:
    """Return the ids of the chunks of these entries that are nearest to the vector, nearest first. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(
            _NEAREST_SQL,
            {
                "vector": list(vector),
                "tenant": tenant.pk,
                "space": space.key,
                "entries": list(entries),
                "limit": limit,
            },
        )
        return [row[0] for row in cursor.fetchall()]
