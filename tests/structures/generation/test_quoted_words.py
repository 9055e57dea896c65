"""References say where in their place the quoted words stand, and are the same references with it and without."""

from __future__ import annotations

from typing import Any

import pytest

from materials.entries.submission import request_ingestion
from materials.models import Chunk, MaterialEntry, MaterialNode
from structures.models import StructureNode, StructureSnapshot
from tenants.models import Tenant
from tests.conftest import Api, drain, upload
from tests.materials.readers.pdfs import pdf
from tests.structures.course_page.documents import parse
from tests.structures.course_page.stored import store_snapshot
from tests.structures.working_copies.desk import Desk, create_copy

MAP = "A persuasive map is a map made to change what its reader believes."
CLOUD = "A fog bank is a cloud that touches the ground."
HANDOUT = pdf(
    [
        [
            (18, "Maps that argue"),
            (11, "Nobody draws a map without a wish. A persuasive map is a map"),
            (11, "made to change what its reader believes. Others only inform."),
        ]
    ]
)


def time_words(text: str, *, start_ms: int, step_ms: int = 250) -> bytes:
    """Return WebVTT of one cue in which each word has a time."""
    words = text.split()
    stamps = [f"00:00:{(start_ms + step_ms * number) / 1000:06.3f}" for number in range(len(words) + 1)]
    said = " ".join(f"<{stamp}>{word}" for stamp, word in zip(stamps, words, strict=False))
    return f"WEBVTT\n\n{stamps[0]} --> {stamps[-1]}\n{said}\n".encode()


TALK = time_words(f"Let us go on. {CLOUD} Look out of the window.", start_ms=2000)


@pytest.fixture
def written(api: Api, acme: Tenant, course: MaterialNode) -> MaterialNode:
    """Return a course of a handout and a talk whose words have times."""
    upload(api(acme), course.pk, "handout.pdf", HANDOUT)
    upload(api(acme), course.pk, "talk.vtt", TALK)
    drain()
    return course


def generate(api: Api, node: MaterialNode) -> StructureSnapshot:
    api(node.tenant).post(f"/api/v1/nodes/{node.pk}/generate", {}, format="json")
    drain()
    return StructureSnapshot.objects.filter(node=node).latest("created_at")


def list_references(api: Api, snapshot: StructureSnapshot, quote: str) -> list[dict[str, Any]]:
    """Return the references with a quote as the API shows them."""
    found: list[dict[str, Any]] = []
    pending = api(snapshot.tenant).get(f"/api/v1/snapshots/{snapshot.pk}").json()["children"]
    while pending:
        node = pending.pop()
        pending += node["children"]
        found += [each for each in node["references"] if each["quote"] == quote]
    assert found, f"nothing quotes {quote}"
    return found


def test_a_quote_of_a_talk_says_when_its_words_are_said(api: Api, written: MaterialNode) -> None:
    for reference in list_references(api, generate(api, written), "Let us go on."):
        # Of four seconds and three quarters.
        assert reference["locator"] == {"start_ms": 2000, "end_ms": 6750, "words": {"start_ms": 2000, "end_ms": 3000}}


def test_a_quote_of_a_page_has_a_rectangle_on_each_of_its_lines(api: Api, written: MaterialNode) -> None:
    for reference in list_references(api, generate(api, written), MAP):
        words = reference["locator"]["words"]
        assert (words["page_width"], words["page_height"]) == (420, 595)
        (left, top, right, bottom), (next_left, next_top, next_right, next_bottom) = words["rectangles"]
        # It begins in the middle of a line and ends in the middle of the next, which begins at the margin.
        assert left > 150
        assert right > next_right > left
        assert next_left == 40
        assert top < bottom
        assert abs(next_top - bottom) < 6
        assert next_bottom > next_top


def test_references_are_the_same_with_the_place_of_their_words_and_without(api: Api, written: MaterialNode) -> None:
    client = api(written.tenant)
    Chunk.objects.update(word_boxes=b"")
    before = generate(api, written)
    assert all("words" not in each["locator"] for each in list_references(api, before, MAP))
    for entry in MaterialEntry.objects.all():
        request_ingestion(tenant=written.tenant, entry_id=entry.pk)
    drain()
    stale = client.get(f"/api/v1/nodes/{written.pk}/structure").json()["materials_changed"]
    upload(client, written.pk, "more.md", b"# Rain\n\nA **rain gauge** is an instrument that measures rain.\n")
    drain()

    after = generate(api, written)

    assert stale is False
    assert all("words" in each["locator"] for each in list_references(api, after, MAP))
    keys = [
        set(StructureNode.objects.filter(snapshot=each, references__quote=MAP).values_list("key", flat=True))
        for each in (before, after)
    ]
    assert keys[0] == keys[1] != set()
    told = client.get(f"/api/v1/snapshots/{after.pk}/differences?from={before.pk}").json()
    assert MAP not in str(told), "the same evidence is neither gained nor lost"


@pytest.fixture
def desk(api: Api, written: MaterialNode) -> Desk:
    return create_copy(api(written.tenant), generate(api, written).pk)


def test_what_people_cite_has_the_place_of_its_words(api: Api, desk: Desk, written: MaterialNode) -> None:
    talk, handout = (str(MaterialEntry.objects.get(name=name).pk) for name in ("talk.vtt", "handout.pdf"))
    lesson = next(node["key"] for node in desk.list_nodes() if node["node_type"] == "lesson")

    desk.edit("add_reference", key=lesson, reference={"entry": talk, "quote": CLOUD})
    desk.edit("add_reference", key=lesson, reference={"entry": handout, "quote": "Others only inform."})
    # What a person says of it is not believed.
    said = {"words": {"page_width": 9, "page_height": 9, "rectangles": [[0, 0, 1, 1]]}}
    desk.edit("add_reference", key=lesson, reference={"entry": handout, "quote": MAP, "locator": said})
    desk.post("approve", status=201)

    approved = StructureSnapshot.objects.filter(node=written).latest("created_at")
    (cloud,), (inform,) = (list_references(api, approved, quote) for quote in (CLOUD, "Others only inform."))
    # Four words before it, and ten of its own.
    assert cloud["locator"] == {"start_ms": 2000, "end_ms": 6750, "words": {"start_ms": 3000, "end_ms": 5500}}
    assert len(inform["locator"]["words"]["rectangles"]) == 1
    assert {str(each["locator"]["words"]["page_width"]) for each in list_references(api, approved, MAP)} == {"420"}


def test_a_reference_is_named_as_it_is_shown(desk: Desk, api: Api) -> None:
    snapshot = StructureSnapshot.objects.get()
    shown = list_references(api, snapshot, MAP)[0]
    without = {**shown, "locator": {name: value for name, value in shown["locator"].items() if name != "words"}}
    concept = str(StructureNode.objects.get(snapshot=snapshot, node_type="concept").key)

    desk.edit("remove_reference", key=concept, reference=shown)
    desk.post("undo")
    desk.edit("remove_reference", key=concept, reference=without)
    desk.post("approve", status=201)

    approved = StructureSnapshot.objects.latest("created_at")
    assert not approved.references.filter(structure_node__key=concept, quote=MAP).exists()


@pytest.mark.parametrize("words", ["here", {"rectangles": [[1, 2, 3]]}, {"rectangles": 7}, {"where": 1}, [1]])
def test_words_that_are_no_place_are_refused(desk: Desk, words: object) -> None:
    entry = str(MaterialEntry.objects.get(name="handout.pdf").pk)
    lesson = next(node["key"] for node in desk.list_nodes() if node["node_type"] == "lesson")

    reference = {"entry": entry, "quote": MAP, "locator": {"words": words}}
    desk.refuse("add_reference", key=lesson, reference=reference)


@pytest.mark.slow
def test_evidence_of_older_snapshots_has_the_times_that_are_known_today(
    api: Api, acme: Tenant, written: MaterialNode
) -> None:
    chunk = Chunk.objects.get(entry__name="talk.vtt", kind="transcript")
    quote = {"quote": CLOUD, "entry_id": chunk.entry_id, "chunk_id": chunk.pk, "start_ms": 2000, "end_ms": 6750}
    snapshot = store_snapshot(acme, written, [{"node_type": "module", "title": "M", "quotes": [quote]}])
    reference = snapshot.references.get()

    def list_times() -> list[str | None]:
        page = api(acme).get(f"/api/v1/snapshots/{snapshot.pk}/evidence/{reference.pk}?fragment=true")
        return [each.attributes.get("data-seek") for each in parse(page.content.decode()).find("span")]

    assert list_times() == ["2", "3"], "the line, and the words that are marked in it"
    Chunk.objects.filter(pk=chunk.pk).update(word_starts_ms=[])
    assert list_times() == ["2"]
