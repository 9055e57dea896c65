"""Rows that are inserted with COPY are those that were given, whatever their values."""

from __future__ import annotations

from itertools import pairwise

import pytest
from django.db import IntegrityError, connection, transaction
from django.forms.models import model_to_dict
from django.test.utils import CaptureQueriesContext

from materials.models import MaterialNode
from project.db.bulk_insert import insert_rows
from project.db.fields import new_id
from structures.models import Reference, StructureNode, StructureSnapshot
from tenants.models import Tenant
from tests.structures.course_page.stored import store_snapshot

TEXTS = [
    "",
    "a\tb\nc\\d\r",
    "\\N",
    "\\.",
    'quote " and {brace},',
    "NULL",
    "Їжак \U0001f994 \u2028",
    "'; DROP TABLE x; --",
]


@pytest.fixture
def snapshot(acme: Tenant, course: MaterialNode) -> StructureSnapshot:
    return store_snapshot(acme, course, [])


def test_every_kind_of_value_arrives(acme: Tenant, snapshot: StructureSnapshot) -> None:
    nodes = [
        StructureNode(
            tenant=acme, snapshot=snapshot, position=number, node_type="lesson", title=text or "-", description=text,
            key_points=[text, "x"] if number % 2 else [], prerequisites=[{"term": text, "n": None, "of": [1, True]}],
            difficulty=number % 5 + 1 if number else None,
        )
        for number, text in enumerate(TEXTS)
    ]  # fmt: skip
    for child, parent in pairwise(nodes):
        child.parent = parent
    references = [
        Reference(
            tenant=acme, snapshot=snapshot, structure_node=nodes[0], position=number, entry_id=new_id(),
            entry_name=text, entry_path=text, chunk_id=new_id(), quote=text or "-", heading_path=[text],
            start_ms=2**40, machine_written=bool(number % 2),
        )
        for number, text in enumerate(TEXTS)
    ]  # fmt: skip

    with CaptureQueriesContext(connection) as asked:
        insert_rows(nodes)
        insert_rows(references)
        insert_rows([])

    assert len(asked) == 2
    for given, stored in ((nodes, snapshot.nodes), (references, snapshot.references)):
        rows = list(stored.order_by("position"))
        assert [model_to_dict(row) for row in rows] == [model_to_dict(row) for row in given]
        assert [row.created_at for row in rows] == [row.created_at for row in given]


def test_constraints_hold(acme: Tenant, snapshot: StructureSnapshot) -> None:
    twice = [StructureNode(tenant=acme, snapshot=snapshot, position=0, node_type="lesson", title="A") for _ in range(2)]

    with pytest.raises(IntegrityError), transaction.atomic():
        insert_rows(twice)
    assert not snapshot.nodes.exists()
