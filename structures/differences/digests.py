"""Digests of stored trees: how the nodes hang together, and a digest of what each says, which the database computes.

Equal digests mean equal fields and equal evidence, in snapshots and in working copies alike, so that only nodes whose
digests differ have to be read. Different digests mean nothing yet.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import connection

from structures.editing.fields import NODE_FIELDS, FieldKind
from structures.editing.trees import COURSE_KEY, MAX_NODES
from structures.engines.base.drafts import Basis, NodeType
from structures.models import StructureSnapshot, WorkingCopy


@dataclass(frozen=True, kw_only=True)
class NodeDigest:
    """A module, lesson, concept or exercise, without what it says but its title."""

    key: UUID
    node_type: NodeType
    parent: UUID
    title: str
    digest: bytes


@dataclass(frozen=True, kw_only=True)
class TreeDigests:
    """The nodes of a tree by key, and the keys below each and below the course, in order.

    `row_keys` has the keys of a snapshot's nodes by the ids of their rows.
    """

    nodes: Mapping[UUID, NodeDigest]
    children: Mapping[UUID, Sequence[UUID]]
    row_keys: Mapping[UUID, UUID] = field(default_factory=dict)


# What a working copy stores of a field (`structures.editing.tree_json.encode_node`), from a snapshot's columns; null
# where it stores nothing. Prerequisites are apart, as snapshots name lessons by the ids of their rows.
_FIELD_SQL = {
    FieldKind.TITLE: "NULLIF(node.{name}, '')",
    FieldKind.TEXT: "NULLIF(node.{name}, '')",
    FieldKind.ORIGIN: "NULLIF(node.{name}, '')",
    FieldKind.TEXTS: "NULLIF(to_jsonb(node.{name}), '[]')",
    FieldKind.DIFFICULTY: "node.{name}",
    FieldKind.MINUTES: (
        "CASE WHEN node.{name} IS NOT NULL THEN jsonb_build_object('minutes', node.{name},"
        f" 'basis', COALESCE(NULLIF(node.minutes_basis, ''), '{Basis.ESTIMATED}')) END"
    ),
}
_FIELDS_SQL = ", ".join(
    f"'{name}', {_FIELD_SQL[kind].format(name=name)}" for name, kind in NODE_FIELDS.items() if kind in _FIELD_SQL
)
# Of each prerequisite the term, the key of the lesson, and what identifies both references: of their places all but
# where exactly the words stand.
_PREREQUISITES_SQL = """(
    SELECT jsonb_agg(jsonb_build_array(
        item->'term', {lesson},
        item->'definition'->'entry', (item->'definition'->'locator') - 'words', item->'definition'->'quote',
        item->'use'->'entry', (item->'use'->'locator') - 'words', item->'use'->'quote'
    ) ORDER BY place)
    FROM jsonb_array_elements({items}) WITH ORDINALITY AS listed (item, place)
)"""

_SNAPSHOT_SQL = """
SELECT node.position, node.id, node.key, node.parent_id, node.node_type, node.title,
    sha256(convert_to(jsonb_build_array(
        jsonb_strip_nulls(jsonb_build_object({fields})),
        CASE WHEN node.prerequisites <> '[]' THEN {prerequisites} END,
        evidence.identities
    )::text, 'UTF8'))
FROM (
    SELECT * FROM structures_structurenode
    WHERE tenant_id = %(tenant)s AND snapshot_id = %(tree)s ORDER BY position LIMIT {limit}
) AS node
LEFT JOIN (
    SELECT structure_node_id, jsonb_agg(jsonb_build_array(entry_id, jsonb_strip_nulls(jsonb_build_object(
        'page', page, 'slide', slide, 'start_ms', start_ms, 'end_ms', end_ms,
        'heading_path', NULLIF(to_jsonb(heading_path), '[]'), 'fragment', NULLIF(fragment, '')
    )), quote) ORDER BY position) AS identities
    FROM structures_reference WHERE tenant_id = %(tenant)s AND snapshot_id = %(tree)s GROUP BY structure_node_id
) AS evidence ON evidence.structure_node_id = node.id
""".format(  # noqa: S608  # names of our own columns
    fields=_FIELDS_SQL,
    limit=MAX_NODES,
    prerequisites=_PREREQUISITES_SQL.format(
        items="node.prerequisites",
        lesson="""COALESCE((
            SELECT to_jsonb(lesson.key) FROM structures_structurenode AS lesson
            WHERE lesson.id = (item->>'lesson')::uuid AND lesson.snapshot_id = node.snapshot_id
        ), item->'lesson')""",
    ),
)

# A long value is stored apart from its row. Joined with nothing it is fetched once, and not for each use of it; OFFSET
# keeps the planner from undoing that.
_COPY_SQL = """
SELECT node.key, node.parent, whole.content->>'node_type', part.fields->>'title', whole.content->>'children',
    sha256(convert_to(jsonb_build_array(
        part.fields - 'prerequisites',
        CASE WHEN part.fields ? 'prerequisites' THEN {prerequisites} END,
        (
            SELECT jsonb_agg(
                jsonb_build_array(item->'entry', (item->'locator') - 'words', item->'quote') ORDER BY place
            )
            FROM jsonb_array_elements(whole.content->'references') WITH ORDINALITY AS listed (item, place)
        )
    )::text, 'UTF8'))
FROM structures_workingnode AS node,
    LATERAL (SELECT node.content || '{{}}' AS content OFFSET 0) AS whole,
    LATERAL (SELECT whole.content->'fields' AS fields OFFSET 0) AS part
WHERE node.tenant_id = %(tenant)s AND node.working_copy_id = %(tree)s AND node.content IS NOT NULL
""".format(  # noqa: S608  # likewise
    prerequisites=_PREREQUISITES_SQL.format(items="part.fields->'prerequisites'", lesson="item->'lesson'")
)


def load_snapshot_digests(snapshot: StructureSnapshot) -> TreeDigests:
    """Return the digests of a snapshot's nodes, of the first MAX_NODES. One statement."""
    row_keys: dict[UUID, UUID] = {}
    nodes: dict[UUID, NodeDigest] = {}
    children: dict[UUID, list[UUID]] = defaultdict(list)
    for _, row_id, key, parent_id, node_type, title, digest in sorted(_read(_SNAPSHOT_SQL, snapshot)):
        parent = COURSE_KEY if parent_id is None else row_keys[parent_id]
        row_keys[row_id] = key
        children[parent].append(key)
        nodes[key] = NodeDigest(
            key=key, node_type=NodeType(node_type), parent=parent, title=title, digest=bytes(digest)
        )
    return TreeDigests(nodes=nodes, children=children, row_keys=row_keys)


def load_copy_digests(copy: WorkingCopy) -> TreeDigests:
    """Return the digests of a working copy's nodes, the course left out. One statement."""
    nodes: dict[UUID, NodeDigest] = {}
    children: dict[UUID, Sequence[UUID]] = {}
    for key, parent, node_type, title, below, digest in _read(_COPY_SQL, copy):
        if below is not None:
            children[key] = [UUID(child) for child in json.loads(below)]
        if key != COURSE_KEY:
            nodes[key] = NodeDigest(
                key=key, node_type=NodeType(node_type), parent=parent, title=title, digest=bytes(digest)
            )
    return TreeDigests(nodes=nodes, children=children)


def _read(sql: str, tree: StructureSnapshot | WorkingCopy) -> Iterator[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, {"tenant": tree.tenant_id, "tree": tree.pk})
        yield from cursor.fetchall()
