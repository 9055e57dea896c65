"""Loading the sources of a generation: the subtree with the text of its ready entries."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from uuid import UUID

from materials.documents import Format
from materials.mappings.queries import list_accepted_mappings
from materials.mappings.validation import ValidationStatus, filter_by_validation
from materials.models import Chunk, EntryState, MaterialNode
from materials.queries import group_by_parent, list_node_entries, list_subtree
from structures.engines.base.conversion import build_source_chunk
from structures.engines.base.sources import SlideAppearance, SourceChunk, SourceEntry, SourceNode
from tenants.models import Tenant


@dataclass(frozen=True, kw_only=True)
class GenerationSources:
    """The sources of a generation, and which entries had to be left out (`left_out`, as paths).

    `paths` are the entries' names behind the titles of the nodes below the root, by entry id. `slide_appearances` are
    the accepted mappings of slides to videos; `unused_mappings` counts those that are not validated.
    """

    root: SourceNode
    entries: dict[UUID, SourceEntry]
    fingerprints: dict[UUID, str]
    paths: dict[UUID, str]
    left_out: tuple[str, ...]
    slide_appearances: tuple[SlideAppearance, ...] = ()
    unused_mappings: int = 0


def load_sources(*, tenant: Tenant, node_id: UUID) -> GenerationSources:
    """Load the subtree with the text of its ready entries. Five statements. Raises NotFound.

    Captions from which a recording in the same node was transcribed are not sources of their own.
    """
    nodes = list_subtree(tenant=tenant, node_id=node_id)
    rows = [row for row in list_node_entries(tenant=tenant, nodes=nodes) if row.captions_of_id is None]
    ready = {row.pk for row in rows if row.state is EntryState.READY}
    chunks: dict[UUID, list[SourceChunk]] = defaultdict(list)
    # iterator(): a server-side cursor, so that model instances of a large course are not all in memory with the values.
    rows_of_chunks = Chunk.objects.for_tenant(tenant).filter(entry__in=ready).without_word_boxes()
    for chunk in rows_of_chunks.order_by("entry_id", "position").iterator():
        chunks[chunk.entry_id].append(build_source_chunk(chunk.pk, chunk.build_piece()))
    entries = {
        row.pk: SourceEntry(
            id=row.pk,
            name=row.name,
            title=row.title,
            format=Format(row.format),
            chunks=tuple(chunks[row.pk]),
            sha256=row.raw_sha256,
            language=row.text_language,
            contents=row.build_contents(),
            metadata=row.metadata,
            page_count=row.page_count,
            duration_ms=row.duration_ms,
        )
        for row in rows
        if row.pk in ready
    }
    by_node: dict[UUID, list[SourceEntry]] = defaultdict(list)
    for row in rows:
        if row.pk in entries:
            by_node[row.node_id].append(entries[row.pk])
    titles = {nodes[0].pk: ""}
    for node in nodes[1:]:
        assert node.parent_id is not None
        titles[node.pk] = f"{titles[node.parent_id]}{node.title}/"
    paths = {row.pk: titles[row.node_id] + row.name for row in rows}
    accepted = list_accepted_mappings(tenant=tenant, nodes=nodes)
    validated = list(
        filter_by_validation(accepted, ValidationStatus.VALIDATED).values_list(
            "presentation", "slide", "video", "start_ms", "end_ms"
        )
    )
    return GenerationSources(
        root=_build_source_tree(nodes, by_node),
        entries=entries,
        fingerprints={row.pk: row.fingerprint for row in rows},
        paths=paths,
        left_out=tuple(paths[row.pk] for row in rows if row.pk not in entries),
        slide_appearances=tuple(
            SlideAppearance(presentation=deck, slide=slide, video=video, start_ms=start_ms, end_ms=end_ms)
            for deck, slide, video, start_ms, end_ms in validated
            if deck in entries and video in entries
        ),
        unused_mappings=accepted.count() - len(validated),
    )


def _build_source_tree(nodes: list[MaterialNode], entries: dict[UUID, list[SourceEntry]]) -> SourceNode:
    children = group_by_parent(nodes)
    built: dict[UUID, SourceNode] = {}
    # `list_subtree` gives parents first; frozen nodes need their children first.
    for node in reversed(nodes):
        built[node.pk] = SourceNode(
            id=node.pk,
            title=node.title,
            language=node.language,
            learning_goal=node.learning_goal,
            entries=tuple(entries[node.pk]),
            children=tuple(built[child.pk] for child in children[node.pk]),
        )
    return built[nodes[0].pk]
