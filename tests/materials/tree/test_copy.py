"""Copies of whole subtrees."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from materials.errors import TreeRefused
from materials.models import Chunk, KeyFrame, MaterialEntry, MaterialNode
from materials.tree.services import MAX_DEPTH, copy_node, create_node
from project.db.fields import new_id
from project.errors import NotFound
from tenants.models import Tenant
from tests.conftest import Api
from tests.materials.transfer.test_import import outline


def ready(node: MaterialNode, position: int, **fields: Any) -> MaterialEntry:
    digest = f"{position:064}"
    return MaterialEntry(
        tenant=node.tenant, node=node, position=position, name=f"{position}.md", format="markdown", object_key="k",
        raw_sha256=digest, processed_sha256=digest, processed_at=timezone.now(), fingerprint="f" * 64, chunk_count=2,
        **fields,
    )  # fmt: skip


@pytest.fixture
def grown(acme: Tenant, course: MaterialNode) -> MaterialNode:
    """Return a node with two levels below it, and an entry of each sort."""
    top = create_node(tenant=acme, title="Top", parent_id=course.pk)
    part = create_node(tenant=acme, title="Part", parent_id=top.pk, language="uk", expected_skills=["boil"])
    video = ready(part, 0, transcribed_by="whisper")
    captions = ready(part, 1, captions_of=video)
    broken = ready(top, 0, transcribed_by="whisper")
    broken.raw_sha256 = "1" * 64
    MaterialEntry.objects.bulk_create([video, captions, broken])
    Chunk.objects.bulk_create(
        Chunk(tenant=acme, entry=entry, position=n, kind="paragraph", text=f"{n}", heading_path=["a", "b"], start_ms=n)
        for entry in (video, captions, broken)
        for n in range(2)
    )
    KeyFrame.objects.create(
        tenant=acme, entry=video, start_ms=0, end_ms=9, object_key="f", size_bytes=1, width=1, height=1
    )
    return top


def test_a_subtree_is_copied_into_another_course_with_all_that_hangs_on_it(
    api: Api, acme: Tenant, grown: MaterialNode
) -> None:
    other = create_node(tenant=acme, title="Other")

    copy = copy_node(tenant=acme, node_id=grown.pk, parent_id=other.pk)

    assert outline(api(acme), other.pk) == [("Top", ["0.md", ("Part", ["0.md", "1.md"])])]
    part = MaterialNode.objects.get(parent=copy)
    assert (part.language, part.expected_skills) == ("uk", ["boil"])
    video, captions = MaterialEntry.objects.filter(node=part).order_by("position")
    assert captions.captions_of == video
    assert [(c.text, c.heading_path, c.start_ms) for c in video.chunks.order_by("position")] == [
        ("0", ["a", "b"], 0), ("1", ["a", "b"], 1),
    ]  # fmt: skip
    assert video.frames.get().object_key == "f"
    brought = MaterialEntry.objects.get(node=copy)
    assert (brought.state, brought.chunk_count, brought.transcribed_by) == ("raw", 0, "")
    assert not brought.chunks.exists()
    made = [*Chunk.objects.filter(entry__node=part), *KeyFrame.objects.filter(entry=video)]
    assert {row.pk.version for row in made} == {7}
    assert all(abs((row.pk.int >> 80) - (new_id().int >> 80)) < 60_000 for row in made)
    assert all(row.created_at >= copy.created_at for row in made)


@pytest.mark.parametrize("size", [20, 400])
def test_it_copies_any_tree_in_the_same_few_statements(
    acme: Tenant, course: MaterialNode, size: int, django_assert_max_num_queries: Any
) -> None:
    entries = [ready(course, position) for position in range(size)]
    MaterialEntry.objects.bulk_create(entries)
    Chunk.objects.bulk_create(
        Chunk(tenant=acme, entry=entry, position=n, kind="paragraph", text="x") for entry in entries for n in range(5)
    )

    with django_assert_max_num_queries(15):
        copy_node(tenant=acme, node_id=course.pk, parent_id=None)

    assert Chunk.objects.count() == 10 * size


def test_a_node_is_not_copied_below_itself_nor_too_deep_nor_to_another_tenant(
    acme: Tenant, rival: Tenant, course: MaterialNode, grown: MaterialNode
) -> None:
    (part,) = MaterialNode.objects.filter(parent=grown)
    foreign = create_node(tenant=rival, title="Foreign")
    deep = create_node(tenant=acme, title="1")
    for depth in range(2, MAX_DEPTH):
        deep = create_node(tenant=acme, title=f"{depth}", parent_id=deep.pk)
    before = MaterialNode.objects.count()

    for parent in (grown, part, deep):
        with pytest.raises(TreeRefused):
            copy_node(tenant=acme, node_id=grown.pk, parent_id=parent.pk)
    with pytest.raises(NotFound):
        copy_node(tenant=acme, node_id=grown.pk, parent_id=foreign.pk)

    assert MaterialNode.objects.count() == before
    assert copy_node(tenant=acme, node_id=grown.pk, parent_id=course.pk).position == 1
