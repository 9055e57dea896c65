"""Whether a snapshot is out of date. Each function takes a constant number of statements.

Texts are loaded of entries that have changed alone; that nothing has is seen from fingerprints.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from django.db.models.functions import MD5

from materials.models import Chunk, ChunkCorrection, EntryState, MaterialEntry, MaterialNode
from materials.queries import Branch, list_subtree
from structures.models import Reference, SnapshotSource, StructureNode, StructureSnapshot
from structures.staleness.comparison import (
    PresentEntry,
    Source,
    SourceChanges,
    compare_sources,
    compute_sources_digest,
)
from structures.staleness.passages import PassageIndex
from tenants.models import Tenant

# Of a text that is read again nothing is known but what its job will say: until then it counts as it is.
_READABLE = {EntryState.READY, EntryState.PENDING}


@dataclass(frozen=True, kw_only=True)
class PrerequisitePart:
    """One of the two quotes of a prerequisite: `part` is `definition` or `use`, of the node's prerequisite `index`."""

    node_id: UUID
    index: int
    part: str


@dataclass(frozen=True, kw_only=True)
class MaterialChanges:
    """What has happened to the materials of a snapshot since it was made, and which references no longer stand.

    `is_known` is False for snapshots that are older than the list of their sources. `lost_references` are ids,
    `lost_prerequisites` quotes of prerequisites.
    """

    is_known: bool = True
    sources: SourceChanges = field(default_factory=SourceChanges)
    lost_references: frozenset[UUID] = field(default_factory=frozenset)
    lost_prerequisites: frozenset[PrerequisitePart] = field(default_factory=frozenset)

    @property
    def lost_count(self) -> int:
        return len(self.lost_references) + len(self.lost_prerequisites)

    @property
    def has_any(self) -> bool:
        return self.sources.has_any


@dataclass(frozen=True, kw_only=True)
class StructureMark:
    """A node's newest snapshot, and whether its materials have changed since; None where that is not known."""

    snapshot_id: UUID
    is_stale: bool | None


@dataclass(frozen=True, kw_only=True)
class _CitedQuote:
    """A quote that may no longer stand. `chunk_digest` is blank where the text of its chunk is not known."""

    source: UUID | PrerequisitePart
    entry_id: UUID
    quote: str
    chunk_digest: str


PREREQUISITE_PARTS = ("definition", "use")
UNKNOWN_CHANGES = MaterialChanges(is_known=False)


def find_changes(*, tenant: Tenant, snapshot: StructureSnapshot, references: Iterable[Reference]) -> MaterialChanges:
    """Return what has changed below the snapshot's node. `references` are all of the snapshot's.

    Two statements when nothing has changed, seven when something has.
    """
    if not snapshot.sources_digest:
        return UNKNOWN_CHANGES
    present = _list_present_entries(tenant=tenant, snapshot=snapshot)
    if compute_sources_digest(entry.fingerprint for entry in present if entry.is_source) == snapshot.sources_digest:
        return MaterialChanges()
    sources = _list_sources(tenant=tenant, snapshot=snapshot)
    present = _mark_corrected(tenant=tenant, snapshot=snapshot, sources=sources, present=present)
    changes = compare_sources(sources, present)
    cited = changes.list_cited_ids()
    quotes = _list_quotes(tenant=tenant, snapshot=snapshot, references=list(references))
    doubtful = [quote for quote in quotes if quote.entry_id in cited]
    lost = _find_lost_quotes(tenant=tenant, quotes=doubtful, present=present)
    return MaterialChanges(
        sources=changes,
        lost_references=frozenset(each for each in lost if isinstance(each, UUID)),
        lost_prerequisites=frozenset(each for each in lost if isinstance(each, PrerequisitePart)),
    )


def _list_quotes(*, tenant: Tenant, snapshot: StructureSnapshot, references: Sequence[Reference]) -> list[_CitedQuote]:
    """Return the quotes of the references and those of the prerequisites of nodes. One statement.

    Prerequisites keep no digest of the chunk that they quote; mostly a reference quotes it, too.
    """
    digests = {reference.chunk_id: reference.chunk_digest for reference in references}
    nodes = StructureNode.objects.filter(tenant=tenant, snapshot=snapshot).exclude(prerequisites=[])
    return [
        *(
            _CitedQuote(
                source=reference.pk,
                entry_id=reference.entry_id,
                quote=reference.quote,
                chunk_digest=reference.chunk_digest,
            )
            for reference in references
        ),
        *(
            _CitedQuote(
                source=PrerequisitePart(node_id=node_id, index=index, part=part),
                entry_id=UUID(prerequisite[part]["entry"]),
                quote=prerequisite[part]["quote"],
                chunk_digest=digests.get(UUID(prerequisite[part]["chunk"]), ""),
            )
            for node_id, prerequisites in nodes.values_list("pk", "prerequisites")
            for index, prerequisite in enumerate(prerequisites)
            for part in PREREQUISITE_PARTS
        ),
    ]


def _list_present_entries(*, tenant: Tenant, snapshot: StructureSnapshot) -> list[PresentEntry]:
    """Return the entries below the snapshot's node that may be sources. Two statements."""
    nodes = list_subtree(tenant=tenant, node_id=snapshot.node_id)
    titles = build_title_paths(nodes)
    rows = (
        MaterialEntry.objects.for_tenant(tenant)
        .with_job()
        .filter(node__in=list(titles), captions_of__isnull=True)
        .only(
            "node_id",
            "name",
            "fingerprint",
            "raw_sha256",
            "processed_sha256",
            "processed_at",
            "job__status",
            "job__error_code",
        )
    )
    return [
        PresentEntry(
            entry_id=row.pk,
            name=row.name,
            path=titles[row.node_id] + row.name,
            fingerprint=row.fingerprint,
            raw_sha256=row.processed_sha256,
            is_readable=row.state in _READABLE,
            was_read_since=row.processed_at is not None and row.processed_at > snapshot.created_at,
        )
        for row in rows
    ]


def find_structure_marks(*, tenant: Tenant, tree: Branch, is_published_only: bool) -> dict[UUID, StructureMark]:
    """Return for each node of a tree that has a structure whether its newest one is up to date. One statement.

    `is_published_only` leaves out snapshots that readers may not see.
    """
    branches = list(tree.iter_branches())
    newest = (
        StructureSnapshot.objects.for_tenant(tenant)
        .filter(node__in=[branch.node.pk for branch in branches])
        .order_by("node_id", "-created_at", "-id")
        .distinct("node_id")
    )
    if is_published_only:
        newest = newest.filter(publication__is_current=True)
    digests = {node: (pk, digest) for node, pk, digest in newest.values_list("node_id", "pk", "sources_digest")}
    fingerprints: dict[UUID, list[str]] = {}
    # Children before their parents. Only lists that a node above still needs are kept.
    marks: dict[UUID, StructureMark] = {}
    for branch in reversed(branches):
        below = [entry.fingerprint for entry in branch.entries if _is_source(entry)]
        for child in branch.children:
            below.extend(fingerprints.pop(child.node.pk))
        fingerprints[branch.node.pk] = below
        if branch.node.pk in digests:
            snapshot_id, digest = digests[branch.node.pk]
            is_stale = compute_sources_digest(below) != digest if digest else None
            marks[branch.node.pk] = StructureMark(snapshot_id=snapshot_id, is_stale=is_stale)
    return marks


def _is_source(row: MaterialEntry) -> bool:
    """Tell whether a generation would read the entry, as `PresentEntry.is_source` does."""
    return row.captions_of_id is None and row.fingerprint != "" and row.state in _READABLE


def build_title_paths(nodes: Sequence[MaterialNode]) -> dict[UUID, str]:
    """Return for each node of a subtree the titles of the nodes below its top, with a slash behind each."""
    titles = {nodes[0].pk: ""}
    for node in nodes[1:]:
        assert node.parent_id is not None
        titles[node.pk] = f"{titles[node.parent_id]}{node.title}/"
    return titles


def _list_sources(*, tenant: Tenant, snapshot: StructureSnapshot) -> list[Source]:
    rows = SnapshotSource.objects.filter(tenant=tenant, snapshot=snapshot).order_by("path", "entry_id")
    return [
        Source(
            entry_id=row.entry_id,
            name=row.name,
            path=row.path,
            fingerprint=row.fingerprint,
            raw_sha256=row.raw_sha256,
        )
        for row in rows
    ]


def _mark_corrected(
    *, tenant: Tenant, snapshot: StructureSnapshot, sources: Sequence[Source], present: Sequence[PresentEntry]
) -> list[PresentEntry]:
    """Return the entries with those marked whose text a person has corrected since. One statement."""
    fingerprints = {source.entry_id: source.fingerprint for source in sources}
    changed = [
        entry.entry_id for entry in present if fingerprints.get(entry.entry_id, entry.fingerprint) != entry.fingerprint
    ]
    corrections = ChunkCorrection.objects.for_tenant(tenant).filter(
        entry__in=changed, corrected_at__gt=snapshot.created_at
    )
    corrected = set(corrections.values_list("entry_id", flat=True).distinct())
    return [replace(entry, was_corrected_since=entry.entry_id in corrected) for entry in present]


def _find_lost_quotes(
    *, tenant: Tenant, quotes: Sequence[_CitedQuote], present: Sequence[PresentEntry]
) -> set[UUID | PrerequisitePart]:
    """Return whose quote is not in its entry, while its chunk's text is in no other. Two statements."""
    texts = _load_texts(tenant, {quote.entry_id for quote in quotes} & {each.entry_id for each in present})
    by_entry: dict[UUID, list[_CitedQuote]] = defaultdict(list)
    for quote in quotes:
        by_entry[quote.entry_id].append(quote)
    lost: list[_CitedQuote] = []
    for entry_id, cited in by_entry.items():
        index = PassageIndex(texts.get(entry_id, []))
        lost.extend(each for each in cited if not index.has_quote(each.quote))
    found = _find_digests(tenant, {quote.chunk_digest for quote in lost}, present)
    return {quote.source for quote in lost if quote.chunk_digest not in found}


def _load_texts(tenant: Tenant, entry_ids: set[UUID]) -> Mapping[UUID, list[str]]:
    texts: dict[UUID, list[str]] = defaultdict(list)
    chunks = Chunk.objects.for_tenant(tenant).filter(entry__in=entry_ids).order_by("entry_id", "position")
    for entry_id, text in chunks.values_list("entry_id", "text").iterator():
        texts[entry_id].append(text)
    return texts


def _find_digests(tenant: Tenant, digests: set[str], present: Sequence[PresentEntry]) -> set[str]:
    """Return those of the digests of which there is a chunk below the node, whichever entry it is in."""
    entries = [entry.entry_id for entry in present if entry.is_source]
    chunks = Chunk.objects.for_tenant(tenant).alias(digest=MD5("text"))
    return set(chunks.filter(entry__in=entries, digest__in=digests).values_list(MD5("text"), flat=True).distinct())
