from __future__ import annotations

from collections.abc import Callable

import pytest

from materials.entries.serializers import EntrySerializer
from materials.models import MaterialEntry
from materials.queries import get_tree
from materials.tree.serializers import BranchSerializer, NodeSerializer
from tenants.models import Tenant

Shape = type[NodeSerializer] | type[EntrySerializer]


@pytest.mark.parametrize(
    ("shape", "chosen"),
    [(NodeSerializer, lambda entry: entry.node), (EntrySerializer, lambda entry: entry)],
    ids=["node", "entry"],
)
def test_what_is_said_by_hand_is_what_the_schema_declares(
    lecture: MaterialEntry, shape: Shape, chosen: Callable[[MaterialEntry], object]
) -> None:
    said = shape().to_representation(chosen(lecture))  # type: ignore[arg-type]

    assert tuple(said) == shape.Meta.fields


def test_a_branch_says_what_its_schema_declares(acme: Tenant, lecture: MaterialEntry) -> None:
    said = BranchSerializer(get_tree(tenant=acme, node_id=lecture.node_id)).data

    assert tuple(said) == BranchSerializer.Meta.fields
