"""Where the vectors of chunks are, whether there can be any, and which chunks are nearest to one."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.db import connection
from django.db.models import F, Q, QuerySet

from llm.embeddings import EMBED_TEXTS
from llm.errors import NoProvider, RegistryUnusable, UnknownAction
from llm.router.factory import get_model_router
from llm.router.router import VectorSpace
from materials.chunks.vector_extension import INSTALL_HINT, has_vector_extension
from materials.models import MaterialEntry
from project.errors import RuleViolation
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


class VectorsUnavailable(RuleViolation):
    """The database cannot compare vectors."""

    code = "vectors_unavailable"
    next_step = f"An operator must act: {INSTALL_HINT}"


def require_vector_space() -> VectorSpace:
    """Return the space of the vectors that are made now.

    Raises VectorsUnavailable without the extension, and NoProvider, UnknownAction or RegistryUnusable without a model.
    """
    space = get_model_router().get_vector_space(EMBED_TEXTS)
    if not has_vector_extension():
        raise VectorsUnavailable("The database lacks the extension pgvector, so that vectors cannot be compared.")
    return space


def find_vector_space() -> tuple[VectorSpace | None, str]:
    """Return the space of the vectors that are made now; or None, with why there is none and what to do about it."""
    try:
        return require_vector_space(), ""
    except (VectorsUnavailable, NoProvider, UnknownAction, RegistryUnusable) as exc:
        return None, f"{exc} {exc.next_step}"


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
