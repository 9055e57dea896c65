"""Which materials belong to the lessons of a stored outline: its references say so, wherever they stand today.

A lesson has an entry from its first reference there up to the next reference of another lesson. So people give a lesson
other materials by editing its evidence, and what was added inside a file since belongs to the lesson around it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from uuid import UUID

from structures.editing.references import ReferenceIdentity, TreeReference
from structures.editing.trees import KeyedNode, KeyedTree
from structures.engines.base.drafts import Citation, NodeType
from structures.engines.base.outlines import select_chunks
from structures.engines.base.sources import SourceEntry
from structures.engines.base.text import normalize_quote

# A text and its exercises may be shared by some lessons; what more lessons begin with, such as a syllabus that all of
# them cite, is about the course. A choice.
_MAX_SHARING = 3


@dataclass(frozen=True, kw_only=True)
class LocatedReference:
    """A reference with the entry and the position of the chunk where its words stand today."""

    entry_id: UUID
    position: int
    citation: Citation


@dataclass(kw_only=True)
class LocatedReferences:
    """The references of each node by its key, in order, and how many of it stand nowhere any more.

    `removed` are those that a person took away, with normalized quotes, in every chunk that has their words.
    """

    by_key: dict[UUID, list[LocatedReference]] = field(default_factory=lambda: defaultdict(list))
    lost: Counter[UUID] = field(default_factory=Counter)
    removed: dict[UUID, frozenset[Citation]] = field(default_factory=lambda: defaultdict(frozenset))


@dataclass(kw_only=True)
class DividedMaterials:
    """The entries of each module and lesson by its key, with the chunks that belong there, and the others.

    `about` are entries that many lessons begin with; to `uncovered` no lesson and no module refers.
    """

    by_key: dict[UUID, list[SourceEntry]] = field(default_factory=lambda: defaultdict(list))
    about: list[SourceEntry] = field(default_factory=list)
    uncovered: list[SourceEntry] = field(default_factory=list)


def locate_references(
    tree: KeyedTree, entries: Sequence[SourceEntry], fingerprints: Mapping[UUID, str], paths: Mapping[UUID, str]
) -> LocatedReferences:
    """Return where the references of a tree stand: by their chunks, else by their words.

    Words are looked for in the same entry; where that is gone, in one with the same content, else at the same path.
    """
    texts = _EntryTexts(entries, fingerprints, paths)
    located = LocatedReferences()
    for node in tree.iter_nodes():
        for reference in node.references:
            if (found := texts.find(reference)) is None:
                located.lost[node.key] += 1
            else:
                located.by_key[node.key].append(found)
        if node.locks.references_removed:
            located.removed[node.key] = frozenset(
                citation for removed in node.locks.references_removed for citation in texts.list_citations(removed)
            )
    return located


class _EntryTexts:
    def __init__(
        self, entries: Sequence[SourceEntry], fingerprints: Mapping[UUID, str], paths: Mapping[UUID, str]
    ) -> None:
        self._entries = {entry.id: entry for entry in entries}
        self._by_path = {paths[entry.id]: entry.id for entry in entries}
        self._by_content = {fingerprints[entry.id]: entry.id for entry in entries}
        self._places = {
            chunk.id: (entry.id, position) for entry in entries for position, chunk in enumerate(entry.chunks)
        }
        self._texts: dict[UUID, list[str]] = {}

    def find(self, reference: TreeReference) -> LocatedReference | None:
        place = self._places.get(reference.chunk_id)
        if place is None:
            place = self._find_words(reference)
        if place is None:
            return None
        entry_id, position = place
        chunk = self._entries[entry_id].chunks[position]
        return LocatedReference(
            entry_id=entry_id, position=position, citation=Citation(chunk_id=chunk.id, quote=reference.quote)
        )

    def list_citations(self, removed: ReferenceIdentity) -> Iterator[Citation]:
        """Yield the words of a reference, normalized, as a citation of each chunk of its entry in which they stand."""
        if removed.entry_id in self._entries:
            quote = normalize_quote(removed.quote)
            chunks = self._entries[removed.entry_id].chunks
            for chunk, text in zip(chunks, self._get_texts(removed.entry_id), strict=True):
                if quote in text:
                    yield Citation(chunk_id=chunk.id, quote=quote)

    def _get_texts(self, entry_id: UUID) -> list[str]:
        if entry_id not in self._texts:
            self._texts[entry_id] = [normalize_quote(chunk.text) for chunk in self._entries[entry_id].chunks]
        return self._texts[entry_id]

    def _find_words(self, reference: TreeReference) -> tuple[UUID, int] | None:
        entry_id = reference.entry_id
        if entry_id not in self._entries:
            found = self._by_content.get(reference.entry_fingerprint) or self._by_path.get(reference.entry_path)
            if found is None:
                return None
            entry_id = found
        quote = normalize_quote(reference.quote)
        places = (position for position, text in enumerate(self._get_texts(entry_id)) if quote in text)
        position = next(places, None)
        return None if position is None else (entry_id, position)


def divide_materials(tree: KeyedTree, located: LocatedReferences, entries: Sequence[SourceEntry]) -> DividedMaterials:
    """Return the materials of the modules and lessons of a tree.

    A lesson begins where its first reference stands, and in every entry whose first chunk it cites; what else it cites
    proves something, and takes nothing from the lesson around it. A lesson whose references stand nowhere has no
    materials. An entry that only modules cite is about the first of them.
    """
    beginnings: dict[UUID, dict[int, list[UUID]]] = defaultdict(lambda: defaultdict(list))
    modules: dict[UUID, UUID] = {}
    for node in tree.iter_nodes():
        places = dict.fromkeys((one.entry_id, one.position) for one in _list_references(node, tree, located))
        for number, (entry_id, position) in enumerate(places):
            if node.node_type is NodeType.MODULE:
                modules.setdefault(entry_id, node.key)
            elif number == 0 or position == 0:
                beginnings[entry_id][position].append(node.key)
    divided = DividedMaterials()
    for entry in entries:
        own = beginnings.get(entry.id, {})
        spans = list(_iter_spans(own, len(entry.chunks)))
        for keys, positions in spans:
            for key in keys:
                divided.by_key[key].append(select_chunks(entry, positions))
        if spans:
            continue
        if own:
            divided.about.append(entry)
        elif entry.id in modules:
            divided.by_key[modules[entry.id]].append(entry)
        else:
            divided.uncovered.append(entry)
    return divided


def _list_references(node: KeyedNode, tree: KeyedTree, located: LocatedReferences) -> list[LocatedReference]:
    """Return where the references of a module or lesson stand; of a lesson without any, those of what is inside."""
    if node.node_type is NodeType.MODULE:
        return located.by_key.get(node.key, [])
    if node.node_type is not NodeType.LESSON:
        return []
    return located.by_key.get(node.key) or [one for key in node.children for one in located.by_key.get(key, [])]


def _iter_spans(beginnings: Mapping[int, list[UUID]], chunk_count: int) -> Iterator[tuple[list[UUID], range]]:
    """Yield the lessons that have a part of an entry, and the positions of its chunks, in order and without holes."""
    starts = [position for position in sorted(beginnings) if len(beginnings[position]) <= _MAX_SHARING]
    for number, (start, end) in enumerate(pairwise([*starts, chunk_count])):
        yield beginnings[start], range(start if number else 0, end)
