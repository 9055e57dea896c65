"""Going on from a stored outline, which people may have edited and approved: a snapshot as an outline to keep."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from project.counts import choose_verb, format_count
from project.errors import NotFound
from structures.editing.fields import COURSE_FIELDS, NODE_FIELDS, Minutes
from structures.editing.outline_check import ENRICHING_TYPES
from structures.editing.stored_trees import build_node_columns, load_snapshot_tree
from structures.editing.tree_json import encode_locks, encode_retirement
from structures.editing.trees import COURSE_KEY, NO_LOCKS, KeyedNode, KeyedTree
from structures.engines.base.drafts import Basis, DraftNode, NodeType, UnprovedStatement
from structures.engines.base.outlines import Outline, OutlineNode
from structures.engines.base.sources import SourceEntry, SourceNode
from structures.errors import OutlineGone, OutlineOfAnotherNode, OutlineWithoutLessons, RefinedNodeMissing
from structures.generation.outline_materials import (
    DividedMaterials,
    LocatedReferences,
    divide_materials,
    locate_references,
)
from structures.generation.snapshots import SnapshotRows
from structures.grounding.claims.unproved import UnprovedKind
from structures.models import SnapshotSource, StructureNode, StructureSnapshot
from structures.queries import get_snapshot
from tenants.models import Tenant


def get_outline_snapshot(*, tenant: Tenant, node_id: UUID, snapshot_id: UUID) -> StructureSnapshot:
    """Return the snapshot whose outline is to be kept.

    Raises OutlineGone, OutlineOfAnotherNode and OutlineWithoutLessons.
    """
    try:
        snapshot = get_snapshot(tenant=tenant, snapshot_id=snapshot_id)
    except NotFound as exc:
        raise OutlineGone(f"There is no snapshot {snapshot_id}.") from exc
    if snapshot.node_id != node_id:
        raise OutlineOfAnotherNode(
            f"Snapshot {snapshot_id} is of node {snapshot.node_id}.", extra={"node": str(snapshot.node_id)}
        )
    if not StructureNode.objects.filter(tenant=tenant, snapshot=snapshot, node_type=NodeType.LESSON).exists():
        raise OutlineWithoutLessons(f"Snapshot {snapshot_id} has no lessons.")
    return snapshot


def check_refined_node(snapshot: StructureSnapshot, key: UUID) -> None:
    """Raise RefinedNodeMissing unless the key is that of a module or lesson of the snapshot."""
    nodes = StructureNode.objects.filter(tenant=snapshot.tenant_id, snapshot=snapshot, key=key)
    if not nodes.exclude(node_type__in=ENRICHING_TYPES).exists():
        raise RefinedNodeMissing(f"Snapshot {snapshot.pk} has no module or lesson with the key {key}.")


class StoredOutline:
    """The modules and lessons of a snapshot, and the content that people changed there. Four statements at most.

    With a node that is `refined`, all content outside of it, too, and all fields of what is neither in nor around it,
    with what a model doubted in them.
    Raises LimitExceeded for a snapshot that is too large or too deep, and RefinedNodeMissing.
    """

    def __init__(self, snapshot: StructureSnapshot, *, refined: UUID | None = None) -> None:
        if refined is not None:
            check_refined_node(snapshot, refined)
        self._snapshot = snapshot
        self._whole = load_snapshot_tree(snapshot)
        sources = SnapshotSource.objects.filter(tenant=snapshot.tenant_id, snapshot=snapshot)
        self._sources = dict(sources.values_list("entry_id", "fingerprint"))
        self._is_refinement = refined is not None
        # What is written anew: the refined node with all inside, else everything.
        self._open = {node.key for node in self._whole.iter_nodes(COURSE_KEY if refined is None else refined)}
        around = {COURSE_KEY} if refined is None else set(self._whole.iter_ancestors(refined))
        self._settled = self._whole.nodes.keys() - self._open - around
        self.tree = _drop_generated_content(self._whole, self._open)
        self._doubts = _load_doubts(snapshot, self._settled) if self._settled else {}

    def build_outline(
        self,
        root: SourceNode,
        entries: Sequence[SourceEntry],
        fingerprints: Mapping[UUID, str],
        paths: Mapping[UUID, str],
    ) -> Outline:
        """Return the outline with the materials of each lesson as they are today, and what it does not cover."""
        located = locate_references(self._whole, entries, fingerprints, paths)
        # With the content that is not kept: it, too, says where the materials of its lesson are.
        divided = divide_materials(self._whole, located, entries)
        return Outline(
            title=self.tree.nodes[COURSE_KEY].title or root.title,
            nodes=tuple(
                self._build_node(self.tree.nodes[key], located, divided) for key in self.tree.nodes[COURSE_KEY].children
            ),
            entries=tuple(divided.about),
            explanation={"chosen": f"snapshot {self._snapshot.pk}"},
            warnings=tuple(self._list_warnings(located, divided, fingerprints, paths)),
        )

    def _build_node(self, node: KeyedNode, located: LocatedReferences, divided: DividedMaterials) -> OutlineNode:
        assert node.node_type is not None
        inside = [self.tree.nodes[key] for key in node.children]
        return OutlineNode(
            key=node.key,
            node_type=node.node_type,
            title=node.title,
            children=tuple(
                self._build_node(each, located, divided) for each in inside if each.node_type not in ENRICHING_TYPES
            ),
            entries=tuple(divided.by_key.get(node.key, ())),
            known=_build_known(
                node, [each for each in inside if each.node_type in ENRICHING_TYPES], located, self._doubts
            ),
            locked=frozenset(self._list_kept_fields(node)),
            removed=located.removed[node.key],
            is_settled=node.key in self._settled,
        )

    def _list_warnings(
        self,
        located: LocatedReferences,
        divided: DividedMaterials,
        fingerprints: Mapping[UUID, str],
        paths: Mapping[UUID, str],
    ) -> Iterable[str]:
        uncovered = [entry for entry in divided.uncovered if entry.chunks]
        known = {*self._sources, *self._sources.values()}
        new = [entry for entry in uncovered if entry.id not in known and fingerprints[entry.id] not in known]
        rest = [entry for entry in uncovered if entry not in new]
        for said, found in (("came after the outline was made, and", new), ("", rest)):
            if found:
                names = "; ".join(paths[entry.id] for entry in found)
                verb = choose_verb("is", "are", part=len(found))
                yield " ".join(
                    f"{format_count(len(found), 'source')} {said} {verb} in no lesson of the outline: {names}.".split()
                )
        if lost := sum(located.lost[key] for key in self.tree.nodes):
            stand = choose_verb("stands", "stand", part=lost)
            yield (
                f"{format_count(lost, 'reference')} of the outline {stand} nowhere in the materials any more, "
                "and had to be left out."
            )
        generated = Counter(
            node.node_type for node in self._whole.nodes.values() if node.key not in self.tree.nodes and node.node_type
        )
        if generated:
            yield (
                f"{format_count(generated.total(), 'concept or exercise', 'concepts and exercises')} of the outline "
                "that no person had changed were made anew."
            )

    def _list_kept_fields(self, node: KeyedNode) -> list[str]:
        return [name for name in NODE_FIELDS if self._keeps_field(node, name)]

    def _keeps_field(self, node: KeyedNode, name: str) -> bool:
        if node.key in self._settled or node.locks_field(name):
            return True
        # What a lesson needs of others is found when the course is read through, which a refinement does not do.
        return self._is_refinement and name == "prerequisites"

    def keep_locks(self, rows: SnapshotRows) -> None:
        """Give the unsaved rows what people locked in the outline, to the letter, and the locks themselves."""
        ids = {row.key: row.pk for row in rows.nodes}
        for row in rows.nodes:
            node = self.tree.nodes.get(row.key)
            if node is None or not (names := self._list_kept_fields(node)):
                continue
            columns = build_node_columns(node, ids)
            for name in names:
                setattr(row, name, columns[name])
                if name == "estimated_minutes":
                    row.minutes_basis = columns["minutes_basis"]
        course = self.tree.nodes[COURSE_KEY]
        for name in COURSE_FIELDS if self._is_refinement else course.locks.fields:
            setattr(rows.snapshot, name, getattr(self._snapshot, name))
        rows.snapshot.edits = {
            "locks": {
                str(node.key): encode_locks(node.locks) for node in self.tree.iter_nodes() if node.locks != NO_LOCKS
            },
            "retired": {str(key): encode_retirement(gone) for key, gone in self.tree.retired.items() if key not in ids},
        }


def _drop_generated_content(tree: KeyedTree, dropped: Container[UUID]) -> KeyedTree:
    """Return the tree without those of the nodes `dropped` that are concepts and exercises which no person touched."""
    kept = {
        key: node
        for key, node in tree.nodes.items()
        if key not in dropped or node.node_type not in ENRICHING_TYPES or node.is_touched
    }
    nodes = {
        key: replace(node, children=tuple(child for child in node.children if child in kept))
        for key, node in kept.items()
    }
    return KeyedTree(nodes=nodes, retired=tree.retired)


def _load_doubts(snapshot: StructureSnapshot, keys: Container[UUID]) -> dict[UUID, tuple[UnprovedStatement, ...]]:
    """Return what a model doubted in some nodes of a snapshot, by key. What code found it finds again."""
    marked = StructureNode.objects.filter(tenant=snapshot.tenant_id, snapshot=snapshot).exclude(unproved=[])
    return {
        key: tuple(
            UnprovedStatement(**{name: part[name] for name in ("field", "item", "start", "end", "kind")})
            for part in unproved
            if part["kind"] == UnprovedKind.MEANING
        )
        for key, unproved in marked.values_list("key", "unproved")
        if key in keys
    }


def _build_known(
    node: KeyedNode,
    contents: Iterable[KeyedNode],
    located: LocatedReferences,
    doubts: Mapping[UUID, tuple[UnprovedStatement, ...]],
) -> DraftNode:
    """Return what the outline says of a node. Prerequisites are not in it: lessons are named otherwise in drafts."""
    assert node.node_type is not None
    minutes = node.get_field("estimated_minutes")
    fields: dict[str, Any] = {
        name: node.get_field(name)
        for name in NODE_FIELDS
        if name not in {"title", "estimated_minutes", "prerequisites"}
    }
    return DraftNode(
        node_type=node.node_type,
        title=node.title,
        key=node.key,
        citations=tuple(one.citation for one in located.by_key.get(node.key, ())),
        children=tuple(_build_known(each, (), located, doubts) for each in contents),
        unproved=doubts.get(node.key, ()),
        estimated_minutes=minutes.minutes if isinstance(minutes, Minutes) else None,
        # A draft knows no minutes of people: their basis is given back with the locks.
        minutes_basis=_find_basis(minutes.basis) if isinstance(minutes, Minutes) else None,
        **fields,
    )


def _find_basis(basis: str) -> Basis:
    return Basis(basis) if basis in {each.value for each in Basis} else Basis.STATED
