"""What opening a reference shows: the words as they stand today, or as they stood, and that they were changed."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from PIL import Image

from materials.chunks.services import correct_chunk
from materials.models import Chunk, MaterialEntry, MaterialNode
from project.db.fields import new_id
from structures.models import Reference, StructureSnapshot
from tenants.models import Tenant
from tests.conftest import Api
from tests.structures.course_page.conftest import generate
from tests.structures.course_page.documents import Document, parse
from tests.structures.course_page.stored import store_snapshot

BOILING = "Boiling point is the temperature at which a liquid becomes a gas."


@pytest.fixture
def short(api: Api, acme: Tenant, course: MaterialNode, lecture: MaterialEntry) -> StructureSnapshot:
    """Return the snapshot of a course of one text."""
    return generate(api, acme, course)


def find_reference(snapshot: StructureSnapshot, quote: str) -> Reference:
    return snapshot.references.filter(quote__startswith=quote).earliest("created_at")


def open_evidence(api: Api, reference: Reference, query: str = "?fragment=true") -> Document:
    url = f"/api/v1/snapshots/{reference.snapshot_id}/evidence/{reference.pk}{query}"
    answer = api(reference.tenant).get(url)
    assert answer.status_code == 200, answer.content
    return parse(answer.content.decode())


def read_stream(answer: Any) -> bytes:
    """Return the bytes of a file, which a test's answer may stream."""
    return b"".join(answer.streaming_content)


def is_yellow(colour: Any) -> bool:
    red, _, blue = colour
    return bool(red > 220 and blue < 160)


def list_marks(document: Document) -> list[str]:
    return [each.text for each in document.find("mark")]


def list_notices(document: Document) -> list[str]:
    return [each.text for each in document.find("p") if each.attributes.get("class") == "notice"]


def test_it_marks_the_quote_in_the_text_around_it(api: Api, short: StructureSnapshot) -> None:
    document = open_evidence(api, find_reference(short, BOILING))

    assert list_marks(document) == [BOILING]
    lines = [each.text.strip() for each in document.find("p")]
    assert lines[:3] == ["lecture.md › Boiling water › Temperature", "Temperature", BOILING]
    assert list_notices(document) == []
    assert not document.find("html")


def test_it_is_a_page_of_its_own_without_a_script(api: Api, short: StructureSnapshot) -> None:
    document = open_evidence(api, find_reference(short, BOILING), query="")

    assert list_marks(document) == [BOILING]
    assert not document.find("script")
    assert document.find("h1")[0].text == "lecture.md, § Temperature"
    assert document.find("a")[0].attributes["href"] == "../page"


def test_chunks_that_were_read_again_still_hold_the_quote(
    api: Api, short: StructureSnapshot, lecture: MaterialEntry
) -> None:
    reference = find_reference(short, BOILING)
    # As an ingestion of other bytes leaves it: new rows, some with the same text.
    Chunk.objects.filter(entry=lecture, pk=reference.chunk_id).update(id=new_id())

    document = open_evidence(api, reference)

    assert (list_marks(document), list_notices(document)) == ([BOILING], [])
    assert "Temperature" in [each.text for each in document.find("p")]


@pytest.mark.parametrize(
    "text",
    [
        "Now: Boiling  point is\nthe temperature\tat which a liquid becomes a gas.",
        "Boiling\u00ad point is the temperature at\u00a0which a liquid becomes a gas. \u201cMore.\u201d",
    ],
)
def test_another_reading_may_write_the_quote_with_other_spaces_and_signs(
    api: Api, short: StructureSnapshot, lecture: MaterialEntry, text: str
) -> None:
    reference = find_reference(short, BOILING)
    Chunk.objects.filter(entry=lecture, pk=reference.chunk_id).update(id=new_id(), text=text)

    document = open_evidence(api, reference)

    assert [" ".join(each.split()) for each in list_marks(document)] == [BOILING]
    assert list_notices(document) == []


def test_a_quote_that_was_corrected_away_is_shown_as_it_was(api: Api, short: StructureSnapshot, acme: Tenant) -> None:
    reference = find_reference(short, BOILING)
    correct_chunk(tenant=acme, chunk_id=reference.chunk_id, text="It depends on the pressure.", by="test")

    document = open_evidence(api, reference)

    assert list_marks(document) == [BOILING]
    assert "not in the source any more" in list_notices(document)[0]


def test_a_quote_whose_source_was_deleted_is_shown_as_it_was(
    api: Api, short: StructureSnapshot, lecture: MaterialEntry
) -> None:
    reference = find_reference(short, BOILING)
    api(lecture.tenant).delete(f"/api/v1/entries/{lecture.pk}")

    document = open_evidence(api, reference)

    assert list_marks(document) == [BOILING]
    assert "no longer among the materials" in list_notices(document)[0]


def test_it_asks_for_as_much_whatever_the_size_of_the_entry(
    api: Api, short: StructureSnapshot, lecture: MaterialEntry
) -> None:
    reference, client = find_reference(short, BOILING), api(lecture.tenant)
    url = f"/api/v1/snapshots/{short.pk}/evidence/{reference.pk}?fragment=true"
    client.get(url)

    def count_statements() -> int:
        with CaptureQueriesContext(connection) as asked:
            client.get(url)
        return len(asked)

    before = count_statements()
    last = Chunk.objects.filter(entry=lecture).count()
    Chunk.objects.bulk_create(
        Chunk(tenant=lecture.tenant, entry=lecture, position=last + n, kind="paragraph", text="More. " * 1000)
        for n in range(300)
    )

    assert count_statements() == before <= 6
    assert len(client.get(url).content) < 10_000


def test_long_chunks_are_cut_around_the_quote(api: Api, short: StructureSnapshot, acme: Tenant) -> None:
    reference = find_reference(short, BOILING)
    text = f"{'word ' * 5000}{BOILING}{' word' * 5000}"
    correct_chunk(tenant=acme, chunk_id=reference.chunk_id, text=text, by="test")

    document = open_evidence(api, reference)

    line = next(each.text for each in document.find("p") if BOILING in each.text)
    assert (line[0], line[-1], len(line) < 4000) == ("…", "…", True)


def test_a_talk_is_played_from_the_second_of_its_marked_line(api: Api, snapshot: StructureSnapshot) -> None:
    reference = find_reference(snapshot, "A function is a block of code with a name.")

    document = open_evidence(api, reference)

    (player,) = document.find("video")
    assert player.attributes["src"] == f"evidence/{reference.pk}/media#t=64.14"
    marked = next(each for each in document.find("p") if "cited" in (each.attributes.get("class") or ""))
    assert marked.text.startswith("01:04 ")
    assert [each.attributes.get("data-seek") for each in document.find("span")][-2:] == ["64.14", "81.59"]


def test_a_player_has_the_transcript_as_captions(api: Api, snapshot: StructureSnapshot) -> None:
    reference = find_reference(snapshot, "A function is a block of code with a name.")
    chunk = Chunk.objects.get(pk=reference.chunk_id)
    correct_chunk(tenant=snapshot.tenant, chunk_id=chunk.pk, text="2 --> 1 & <script>\n\nNOTE x", by="test")
    url = f"/api/v1/snapshots/{snapshot.pk}/evidence/{reference.pk}/captions"

    answer = api(snapshot.tenant).get(url)

    # The quote is gone, its recording and all that is said in it are not.
    (track,) = open_evidence(api, reference).find("track")
    assert track.attributes["src"] == f"evidence/{reference.pk}/captions"
    assert (track.attributes["kind"], track.attributes["srclang"]) == ("captions", "en")
    assert (answer["Content-Type"], answer["Cache-Control"]) == ("text/vtt; charset=utf-8", "private, no-store")
    captions = read_stream(answer).decode()
    assert captions.startswith("WEBVTT\n\n00:00:01.000 --> ")
    assert captions.count(" --> ") == Chunk.objects.filter(entry=reference.entry_id, kind="transcript").count()
    assert "2 --&gt; 1 &amp; &lt;script&gt; NOTE x" in captions


def test_a_recording_without_a_transcript_has_no_captions(api: Api, stored_course: StructureSnapshot) -> None:
    reference = find_reference(stored_course, "A function")
    Chunk.objects.filter(entry=reference.entry_id).delete()

    document = open_evidence(api, reference)

    assert len(document.find("video")) == 1
    assert not document.find("track")
    url = f"/api/v1/snapshots/{stored_course.pk}/evidence/{reference.pk}/captions"
    answer = api(stored_course.tenant).get(url)
    assert (answer.status_code, answer.json()["code"]) == (422, "no_transcript")


def test_a_recording_comes_in_parts(
    api: Api, stored_course: StructureSnapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("structures.course_page.files._MAX_PART_BYTES", 1000)
    reference = find_reference(stored_course, "A function")
    entry = MaterialEntry.objects.get(pk=reference.entry_id)
    client = api(stored_course.tenant)
    url = f"/api/v1/snapshots/{stored_course.pk}/evidence/{reference.pk}/media"

    part = client.get(url, headers={"Range": "bytes=500-"})
    whole = client.get(url)
    beyond = client.get(url, headers={"Range": f"bytes={entry.size_bytes}-"})

    assert (part.status_code, part["Content-Range"]) == (206, f"bytes 500-1499/{entry.size_bytes}")
    assert part["Content-Type"] == "video/mp4"
    everything = read_stream(whole)
    assert (whole.status_code, len(everything)) == (200, entry.size_bytes)
    assert read_stream(part) == everything[500:1500]
    assert beyond.status_code == 416


def test_a_page_of_a_pdf_is_a_picture_with_the_passage_marked(api: Api, stored_course: StructureSnapshot) -> None:
    reference = find_reference(stored_course, "A persuasive map")
    client = api(stored_course.tenant)
    url = f"/api/v1/snapshots/{stored_course.pk}/evidence/{reference.pk}"

    picture = client.get(f"{url}/picture")

    assert (picture.status_code, picture["Content-Type"]) == (200, "image/jpeg")
    with Image.open(BytesIO(picture.content)) as drawn:
        page = drawn.convert("RGB")
    marked = [count for count, colour in page.getcolors(2**24) or [] if is_yellow(colour)]
    assert sum(marked) > 1000
    (shown,) = open_evidence(api, reference).find("img")
    assert shown.attributes["src"] == f"evidence/{reference.pk}/picture"
    assert "Page 1" in (shown.attributes["alt"] or "")


def test_another_version_of_a_pdf_is_not_drawn(api: Api, stored_course: StructureSnapshot) -> None:
    reference = find_reference(stored_course, "A persuasive map")
    assert open_evidence(api, reference).find("img")
    entry = MaterialEntry.objects.filter(pk=reference.entry_id)
    entry.update(fingerprint="another", processed_at=timezone.now(), chunk_count=1)

    assert not open_evidence(api, reference).find("img")
    url = f"/api/v1/snapshots/{stored_course.pk}/evidence/{reference.pk}/picture"
    assert api(stored_course.tenant).get(url).status_code == 404


@pytest.mark.parametrize("what", ["media", "captions", "picture"])
def test_a_text_has_neither_recording_nor_picture(api: Api, short: StructureSnapshot, what: str) -> None:
    reference = find_reference(short, BOILING)

    answer = api(short.tenant).get(f"/api/v1/snapshots/{short.pk}/evidence/{reference.pk}/{what}")

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize(
    ("url", "fields", "shown"),
    [
        ("https://example.org/a?b=1", {"fragment": "part-2"}, "https://example.org/a?b=1#part-2"),
        ("https://example.org/a.pdf", {"page": 3}, "https://example.org/a.pdf#page=3"),
        ("https://example.org/a", {"fragment": '"><script>'}, 'https://example.org/a#"><script>'),
        ("javascript:alert(1)", {}, None),
        ("data:text/html,x", {}, None),
        ("https://[broken", {}, None),
    ],
)
def test_only_addresses_of_the_web_become_links(
    api: Api, lecture: MaterialEntry, url: str, fields: dict[str, Any], shown: str | None
) -> None:
    MaterialEntry.objects.filter(pk=lecture.pk).update(source_url=url)
    quote = {"quote": BOILING, "entry_id": lecture.pk, **fields}
    tree = [{"node_type": "module", "title": "M", "quotes": [quote]}]
    snapshot = store_snapshot(lecture.tenant, lecture.node, tree)

    links = open_evidence(api, snapshot.references.get()).find("a")

    assert [each.attributes["href"] for each in links] == ([shown] if shown else [])
