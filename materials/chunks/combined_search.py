"""Search by words and by meaning together: the results of both are combined by their ranks.

A model turns what is searched for into a vector, and the chunks whose vectors are nearest are what is meant, in
whatever language. Where that cannot be done the search is by words alone, and says why.
"""

from __future__ import annotations

import threading
from array import array
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import QuerySet

from llm.embeddings import EMBED_TEXTS
from llm.errors import BudgetExceeded, DeadlinePassed, ModelsExhausted, NoProvider, RegistryUnusable, UnknownAction
from llm.messages import EmbeddingPurpose
from llm.router.deadlines import Deadline
from llm.router.factory import get_model_router
from llm.router.router import VectorSpace
from materials.chunks.search import asks_for_exact_matches, build_search, order_by_rank, order_by_words
from materials.chunks.vectors import list_nearest_chunk_ids
from materials.models import Chunk, MaterialEntry
from materials.queries import list_subtree
from materials.vector_space import find_vector_space
from tenants.models import Tenant

# Of the chunks found by meaning. There is always a nearest one, and those far down the list mean something else.
MAX_NEAREST = 50
# Of those found by words that are ranked together with them. Those behind follow in their own order.
MAX_RANKED = 200
# A person waits for the answer. A model needs some tenths of a second for a few words.
QUERY_SECONDS = 6.0
# Vectors of what was searched for lately, so that the next page of the results is one of the same results, and costs
# nothing. Some megabytes for each process.
MAX_CACHED_QUERIES = 1000


@dataclass(frozen=True, kw_only=True)
class MeaningReport:
    """Whether a search was by meaning, too; `why_not` is blank when it was.

    `entries_without_vectors` counts the entries below the node of which some texts may not be found by meaning.
    """

    is_used: bool
    space: str
    entries_without_vectors: int
    why_not: str


@dataclass(frozen=True, kw_only=True)
class FoundChunks:
    """What a search found, best first, with `score`, `snippet_source`, `is_found_by_words` and `entry`.

    `nearest` are the ids of those found by meaning, nearest first.
    """

    rows: QuerySet[Chunk]
    nearest: tuple[UUID, ...]
    meaning: MeaningReport


class _QueryVectorCache:
    """Vectors of queries by tenant, space and words. Safe under threads."""

    def __init__(self) -> None:
        self._vectors: OrderedDict[tuple[UUID, str, str], array[float]] = OrderedDict()
        self._lock = threading.Lock()

    def find_vector(self, key: tuple[UUID, str, str]) -> Sequence[float] | None:
        with self._lock:
            if key in self._vectors:
                self._vectors.move_to_end(key)
            return self._vectors.get(key)

    def store_vector(self, key: tuple[UUID, str, str], vector: Sequence[float]) -> None:
        with self._lock:
            self._vectors[key] = array("f", vector)
            if len(self._vectors) > MAX_CACHED_QUERIES:
                self._vectors.popitem(last=False)


_query_vectors = _QueryVectorCache()


@dataclass(frozen=True, kw_only=True)
class _EntryFacts:
    id: UUID
    language: str
    is_embedded: bool
    is_current: bool


def search_materials(*, tenant: Tenant, node_id: UUID, words: str, by_meaning: bool = True) -> FoundChunks:
    """Return the chunks below the node that match the words, and with `by_meaning` those that mean the same.

    A query with a phrase or `-without` is for exact matches, and is searched for by words alone. A constant
    number of statements, whatever the size of the tree. Must not be called inside a transaction when `by_meaning`.
    Raises NotFound.
    """
    nodes = [node.pk for node in list_subtree(tenant=tenant, node_id=node_id)]
    space, why_not = _choose_space(tenant, words) if by_meaning else (None, "The request asks for words alone.")
    entries = _list_entries(tenant, nodes, space)
    embedded = [entry.id for entry in entries if entry.is_embedded]
    vector: Sequence[float] | None = None
    if space is not None and embedded:
        vector, why_not = _find_query_vector(tenant, space, words)
    elif space is not None:
        why_not = "No text below this node has a vector: POST /nodes/{id}/vectors makes them."
    report = MeaningReport(
        is_used=vector is not None,
        space=space.key if space is not None else "",
        entries_without_vectors=sum(not entry.is_current for entry in entries) if space is not None else 0,
        why_not=why_not,
    )
    chunks = Chunk.objects.for_tenant(tenant).filter(entry__node__in=nodes)
    search = build_search(words, languages={entry.language for entry in entries})
    if space is None or vector is None:
        return FoundChunks(rows=order_by_words(chunks, search), nearest=(), meaning=report)
    nearest = list_nearest_chunk_ids(tenant=tenant, entries=embedded, space=space, vector=vector, limit=MAX_NEAREST)
    best = list(order_by_words(chunks, search).values_list("pk", flat=True)[:MAX_RANKED])
    return FoundChunks(rows=order_by_rank(chunks, search, (best, nearest)), nearest=tuple(nearest), meaning=report)


def _choose_space(tenant: Tenant, words: str) -> tuple[VectorSpace | None, str]:
    if asks_for_exact_matches(words):
        return None, 'Queries with "a phrase" or -without are searched for by words alone.'
    return find_vector_space(tenant)


def _list_entries(tenant: Tenant, nodes: Sequence[UUID], space: VectorSpace | None) -> list[_EntryFacts]:
    """Return the entries of these nodes that have texts. One statement."""
    rows = (
        MaterialEntry.objects.for_tenant(tenant)
        .filter(node__in=nodes, chunk_count__gt=0)
        .order_by()
        .values_list("pk", "text_language", "vector_space", "vector_fingerprint", "fingerprint")
    )
    key = space.key if space is not None else None
    return [
        _EntryFacts(id=pk, language=language, is_embedded=in_space == key, is_current=in_space == key and then == now)
        for pk, language, in_space, then, now in rows
    ]


def _find_query_vector(tenant: Tenant, space: VectorSpace, words: str) -> tuple[Sequence[float] | None, str]:
    key = (tenant.pk, space.key, words)
    known = _query_vectors.find_vector(key)
    if known is not None:
        return known, ""
    try:
        made = get_model_router(tenant).embed_texts(
            EMBED_TEXTS,
            [words],
            purpose=EmbeddingPurpose.QUERY,
            space=space,
            tenant=tenant,
            deadline=Deadline.after(QUERY_SECONDS),
        )
    except (BudgetExceeded, DeadlinePassed, ModelsExhausted, NoProvider, RegistryUnusable, UnknownAction) as exc:
        return None, f"{exc} {exc.next_step}"
    _query_vectors.store_vector(key, made.vectors[0])
    return made.vectors[0], ""
