"""Two stored trees as far as a comparison needs them: nodes that say the same are there with their titles alone."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import islice
from uuid import UUID

from structures.differences.digests import TreeDigests, load_copy_digests, load_snapshot_digests
from structures.editing.errors import LimitExceeded
from structures.editing.stored_trees import build_course_node, check_row_count, load_snapshot_nodes
from structures.editing.trees import COURSE_KEY, KeyedNode, KeyedTree, build_tree, check_size
from structures.errors import SnapshotTooLarge
from structures.models import StructureSnapshot, WorkingCopy
from structures.working_copies.rows import load_named

StoredTree = StructureSnapshot | WorkingCopy

# So many nodes say in which language a course is, of which the page takes the first 2,000 words.
_SAMPLE_NODES = 100


def load_compared_trees(before: StoredTree, after: StoredTree) -> tuple[KeyedTree, KeyedTree]:
    """Return two trees that differ in what the stored ones differ in.

    Whole are the course, nodes that only one of them has, those that may say something else or have other evidence, and
    the first ones; all others have a title, their parent and their children. Three statements for each tree at most.
    Raises SnapshotTooLarge.
    """
    old, new = _load_digests(before), _load_digests(after)
    wanted = {key for key in old.nodes.keys() | new.nodes.keys() if _may_differ(key, old, new)}
    wanted.update(islice(new.nodes, _SAMPLE_NODES))
    return _load_tree(before, old, wanted), _load_tree(after, new, wanted)


def _load_digests(tree: StoredTree) -> TreeDigests:
    if isinstance(tree, WorkingCopy):
        return load_copy_digests(tree)
    digests = load_snapshot_digests(tree)
    try:
        check_row_count(tree, len(digests.nodes))
    except LimitExceeded as error:
        raise _describe_size(tree, error) from error
    return digests


def _may_differ(key: UUID, old: TreeDigests, new: TreeDigests) -> bool:
    before, after = old.nodes.get(key), new.nodes.get(key)
    return before is None or after is None or before.digest != after.digest


def _load_tree(tree: StoredTree, digests: TreeDigests, wanted: Collection[UUID]) -> KeyedTree:
    present = [key for key in wanted if key in digests.nodes]
    whole = {node.key: node for node in _load_nodes(tree, digests, present)}
    loaded = build_tree([*whole.values(), *_iter_titled(digests, whole.keys())])
    if isinstance(tree, StructureSnapshot):
        try:
            check_size(loaded)
        except LimitExceeded as error:
            raise _describe_size(tree, error) from error
    return loaded


def _load_nodes(tree: StoredTree, digests: TreeDigests, keys: Collection[UUID]) -> list[KeyedNode]:
    if isinstance(tree, WorkingCopy):
        return list(load_named(tree, [COURSE_KEY, *keys]).nodes.values())
    course = build_course_node(tree, digests.children.get(COURSE_KEY, ()))
    return [course, *load_snapshot_nodes(tree, keys, keys=digests.row_keys, children=digests.children)]


def _iter_titled(digests: TreeDigests, whole: Collection[UUID]) -> Iterator[KeyedNode]:
    for key, node in digests.nodes.items():
        if key not in whole:
            yield KeyedNode(
                key=key,
                node_type=node.node_type,
                parent=node.parent,
                children=tuple(digests.children.get(key, ())),
                fields={"title": node.title},
            )


def _describe_size(snapshot: StructureSnapshot, error: LimitExceeded) -> SnapshotTooLarge:
    return SnapshotTooLarge(f"Snapshot {snapshot.pk} cannot be compared: {error}")
