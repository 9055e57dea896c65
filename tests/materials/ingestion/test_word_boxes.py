"""Where the words of a PDF stand is kept with its chunks, and changes nothing else of them."""

from __future__ import annotations

from typing import Any

import pytest

from materials.documents import ChunkKind, Locator, Piece
from materials.entries.submission import request_ingestion
from materials.fingerprints import compute_entry_fingerprint
from materials.models import Chunk, MaterialEntry, MaterialNode
from materials.tree.services import copy_node
from tenants.models import Tenant
from tests.conftest import Api, drain, upload
from tests.materials.readers.pdfs import pdf

LINES = [(12, "Water boils at one hundred"), (12, "degrees. Steam is a gas.")]
CAPTIONS = b"WEBVTT\n\n00:00:01.000 --> 00:00:04.000\nSteam <00:00:01.500>is <00:00:02.000>a <00:00:02.250>gas.\n"


@pytest.fixture
def handout(api: Api, acme: Tenant, course: MaterialNode) -> MaterialEntry:
    upload(api(acme), course.pk, "handout.pdf", pdf([LINES]))
    drain()
    return MaterialEntry.objects.get()


def read_chunks(api: Api, entry: MaterialEntry, query: str = "?words=true") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = api(entry.tenant).get(f"/api/v1/entries/{entry.pk}/chunks{query}").json()["data"]
    return found


def test_the_boxes_of_words_are_shown_to_those_who_ask(api: Api, handout: MaterialEntry) -> None:
    (chunk,) = read_chunks(api, handout)

    words = chunk["words"]
    boxes = {chunk["text"][begin:end]: sides for begin, end, *sides in words["boxes"]}
    assert (words["page_width"], words["page_height"]) == (420, 595)
    assert list(boxes) == chunk["text"].split()
    # The second line begins where the first does, below it.
    assert boxes["Water"][0] == boxes["degrees."][0] == 40
    assert boxes["Water"][1] < boxes["degrees."][1]
    assert read_chunks(api, handout, "")[0]["words"] is None


def test_the_times_of_words_are_shown_to_those_who_ask(api: Api, acme: Tenant, course: MaterialNode) -> None:
    upload(api(acme), course.pk, "talk.vtt", CAPTIONS)
    drain()

    (chunk,) = read_chunks(api, MaterialEntry.objects.get())

    assert chunk["words"] == {"starts_ms": [1000, 1500, 2000, 2250]}


def test_boxes_are_of_the_text_that_they_were_made_for(api: Api, handout: MaterialEntry) -> None:
    (chunk,) = read_chunks(api, handout)
    url = f"/api/v1/chunks/{chunk['id']}"

    api(handout.tenant).patch(url, {"text": "Steam boils at one hundred degrees."}, format="json")
    corrected = read_chunks(api, handout)
    api(handout.tenant).patch(url, {"text": chunk["text"]}, format="json")

    assert corrected[0]["words"] is None
    assert read_chunks(api, handout) == [chunk]


def test_an_entry_that_was_read_before_gets_its_boxes_and_stays_what_it_is(api: Api, handout: MaterialEntry) -> None:
    boxed = read_chunks(api, handout)
    Chunk.objects.update(word_boxes=b"")
    assert read_chunks(api, handout)[0]["words"] is None

    request_ingestion(tenant=handout.tenant, entry_id=handout.pk)
    drain()

    assert read_chunks(api, handout) == boxed
    assert MaterialEntry.objects.get().fingerprint == handout.fingerprint


def test_a_copied_course_has_them_as_well(api: Api, acme: Tenant, handout: MaterialEntry) -> None:
    copy_node(tenant=acme, node_id=handout.node_id, parent_id=None)

    first, second = Chunk.objects.values_list("word_boxes", flat=True)

    assert bytes(first) == bytes(second) != b""


def test_the_fingerprint_of_an_entry_is_what_it_was_before_words_had_boxes() -> None:
    pieces = [
        Piece(kind=ChunkKind.PARAGRAPH, text="Steam is a gas.", locator=Locator(page=2), word_boxes=b"some"),
        Piece(
            kind=ChunkKind.TRANSCRIPT,
            text="Fog is none.",
            locator=Locator(start_ms=0, end_ms=900),
            word_starts_ms=(0, 300, 500),
        ),
    ]

    # As version 0.1 computed it, without `word_boxes`.
    assert compute_entry_fingerprint(pieces) == "c373220f0adc77daa951226d4aadc41b53adfcd090d02a423357cc9d307229ce"
