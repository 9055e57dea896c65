"""A concept on a slide also cites the moments at which a video shows that slide."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest
from rest_framework.test import APIClient

from materials.documents import ChunkKind, Format, Locator
from materials.entries.services import update_entry
from materials.models import Chunk, MaterialEntry, MaterialNode
from materials.tree.fingerprinting import refresh_node_fingerprint
from materials.tree.services import create_node, move_node
from structures.engines.base.drafts import Citation, DraftNode, NodeType
from structures.engines.base.sources import SlideAppearance, SourceChunk, SourceEntry
from structures.grounding.slide_moments import MAX_MOMENTS, SlideMoments
from tenants.models import Tenant
from tests.conftest import Api, drain, upload
from tests.llm.world import World
from tests.materials.mappings.mapped import created, item, proposed, send, talk
from tests.materials.readers.pdfs import pdf
from tests.materials.recordings.lecture import CAPTIONS, LECTURE, sent
from tests.structures.generation.llm_courses import honest, nodes_in, written

DECK = pdf(
    [
        [(24, "Variables"), (12, "A variable is a name that points to a value; choose clear names.")],
        [(24, "Loops"), (12, "A loop means that the same lines of code are done again and again.")],
        [(24, "Functions"), (12, "A function is a block of code with a name, parameters and a return statement.")],
    ]
)
SPOKEN = [
    (0, 15_000, "Good morning, everybody, and welcome."),
    (15_000, 31_000, "Well. Now the same lines are done once more, and once more."),
    (31_000, 45_000, "That was all for today, thank you."),
]


@pytest.fixture
def client(api: Api, acme: Tenant) -> APIClient:
    return api(acme)


@pytest.fixture
def slides(client: APIClient, course: MaterialNode) -> MaterialEntry:
    """Return a deck of three pages, read."""
    pk = upload(client, course.pk, "deck.pdf", DECK)["id"]
    drain()
    return MaterialEntry.objects.get(pk=pk)


@pytest.fixture
def video(course: MaterialNode) -> MaterialEntry:
    return spoken(talk(course, duration_ms=45_000))


def spoken(video: MaterialEntry) -> MaterialEntry:
    """Give a video its words."""
    Chunk.objects.bulk_create(
        Chunk(tenant=video.tenant, entry=video, position=n, kind="transcript", text=text, start_ms=start, end_ms=end)
        for n, (start, end, text) in enumerate(SPOKEN)
    )
    return video


def cited(snapshot: dict[str, Any], quote: str) -> list[tuple[str, dict[str, Any], str]]:
    """Return the references of the concept whose first evidence has this in its quote."""
    found = [one for one in nodes_in(snapshot, "concept") if quote in one["references"][0]["quote"]]
    return [(row["entry_name"], row["locator"], row["quote"]) for row in found[0]["references"]]


def list_sources(snapshot: dict[str, Any], quote: str) -> list[str]:
    """Return the names of the entries that the concept cites, each once."""
    return list(dict.fromkeys(name for name, _, _ in cited(snapshot, quote)))


# --- end to end -------------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("engine", "on_the_slide"), [("outline", 1), ("llm", 2)])
def test_a_concept_on_a_slide_also_cites_the_video(
    world: World, client: APIClient, course: MaterialNode, slides: MaterialEntry, video: MaterialEntry, engine: str,
    on_the_slide: int,
) -> None:  # fmt: skip
    world.google.always(honest)
    before = written(client, course.pk, engine=engine)
    mapping = created(client, course, item(slides, video, slide=2, start_ms=14_000, end_ms=30_000))

    after = written(client, course.pk, engine=engine)

    moment = (
        "talk.mp4",
        {"start_ms": 15_000, "end_ms": 31_000},
        "Now the same lines are done once more, and once more.",
    )
    assert cited(after, "A loop means") == [*cited(before, "A loop means"), moment]
    assert cited(after, "A variable is") == cited(before, "A variable is")
    assert after["fingerprint"] != before["fingerprint"]
    assert after["grounding"]["dropped"] == before["grounding"]["dropped"] == 0
    assert after["grounding"]["verified"] == before["grounding"]["verified"] + on_the_slide

    client.post(f"/api/v1/mappings/{mapping['id']}/reject")
    again = client.post(f"/api/v1/nodes/{course.pk}/generate", {"engine": engine}, format="json")
    assert (again.status_code, again.json()["id"]) == (200, before["id"])


@pytest.mark.django_db(transaction=True)
def test_a_mapping_stated_before_anything_was_read_leads_to_the_recording(
    client: APIClient, course: MaterialNode
) -> None:
    deck = sent(client, course.pk, "slides.pdf", DECK)["id"]
    sent(client, course.pk, "lecture.vtt", CAPTIONS)
    lecture = sent(client, course.pk, "lecture.mp4", LECTURE.read_bytes())["id"]
    mapping = created(client, course, item(deck, lecture, slide=3, start_ms=5_000, end_ms=9_000))
    assert [blocker["state"] for blocker in mapping["blocked_by"]] == ["pending", "pending"]

    snapshot = written(client, course.pk, engine="outline")

    assert client.get(f"/api/v1/mappings/{mapping['id']}").json()["validation"] == "validated"
    found = cited(snapshot, "A function is a block")
    spoken = [(name, place, quote) for name, place, quote in found if "start_ms" in place]
    assert ("lecture.mp4", 1_000) in [(name, round(place["start_ms"], -3)) for name, place, _ in spoken]
    assert all(quote in " ".join(CAPTIONS.decode().split()) for _, _, quote in spoken)


def test_what_is_only_proposed_feeds_nothing(
    client: APIClient, course: MaterialNode, slides: MaterialEntry, video: MaterialEntry
) -> None:
    guess = proposed(slides, video, slide=2, start_ms=0, end_ms=45_000)
    before = written(client, course.pk, engine="outline")
    assert list_sources(before, "A loop means") == ["deck.pdf"]

    client.post(f"/api/v1/mappings/{guess.pk}/accept")

    after = written(client, course.pk, engine="outline")
    assert list_sources(after, "A loop means") == ["deck.pdf", "talk.mp4"]


def test_what_is_not_validated_is_not_used_and_the_snapshot_says_so(
    client: APIClient, course: MaterialNode, slides: MaterialEntry, video: MaterialEntry
) -> None:
    send(client, course, *(item(slides, video, slide=slide, start_ms=0, end_ms=45_000) for slide in (2, 3)))
    MaterialEntry.objects.filter(pk=slides.pk).update(page_count=2)

    snapshot = written(client, course.pk, engine="outline")

    assert list_sources(snapshot, "A loop means") == ["deck.pdf", "talk.mp4"]
    assert list_sources(snapshot, "A function is") == ["deck.pdf"]
    assert "Accepted mappings of slides that were not used, as they are not validated: 1." in snapshot["warnings"]


def test_a_fingerprint_follows_the_mappings_that_are_used(
    client: APIClient, acme: Tenant, course: MaterialNode, slides: MaterialEntry
) -> None:
    part = create_node(tenant=acme, title="Part", parent_id=course.pk)
    other = create_node(tenant=acme, title="Other course")
    video = spoken(talk(part, duration_ms=45_000))

    def now() -> tuple[str, str]:
        return refresh_node_fingerprint(tenant=acme, node_id=course.pk), refresh_node_fingerprint(
            tenant=acme, node_id=part.pk
        )

    plain = now()
    proposed(slides, video, slide=1, start_ms=0, end_ms=1)
    assert now() == plain

    mapping = created(client, course, item(slides, video, slide=2, start_ms=0, end_ms=9_000))
    mapped = now()
    assert mapped[0] != plain[0]
    assert mapped[1] == plain[1], "the presentation stands above the part"

    address = f"/api/v1/mappings/{mapping['id']}"
    client.patch(address, {"end_ms": 10_000}, format="json")
    assert now()[0] not in {plain[0], mapped[0]}
    client.patch(address, {"end_ms": 9_000}, format="json")
    assert now() == mapped

    update_entry(tenant=acme, entry_id=video.pk, changes={}, node_id=other.pk)
    away = now()
    update_entry(tenant=acme, entry_id=video.pk, changes={}, node_id=part.pk)
    assert now() == mapped
    client.delete(address)
    assert now() == plain
    move_node(tenant=acme, node_id=part.pk, parent_id=None)
    assert away[0] not in {plain[0], mapped[0]}


def test_equal_trees_with_equal_mappings_have_equal_fingerprints(
    client: APIClient, acme: Tenant, course: MaterialNode, slides: MaterialEntry, video: MaterialEntry
) -> None:
    send(client, course, *(item(slides, video, slide=n, start_ms=n, end_ms=9_000) for n in (1, 2, 3)))

    copy = client.post(f"/api/v1/nodes/{course.pk}/copy", {"parent": None}, format="json").json()["id"]

    assert refresh_node_fingerprint(tenant=acme, node_id=UUID(copy)) == refresh_node_fingerprint(
        tenant=acme, node_id=course.pk
    )


# --- which moment -----------------------------------------------------------------------------------------------------


def chunk(text: str, kind: ChunkKind = ChunkKind.TRANSCRIPT, **place: Any) -> SourceChunk:
    return SourceChunk(id=uuid4(), kind=kind, text=text, locator=Locator(**place))


def source(format_: Format, *chunks: SourceChunk) -> SourceEntry:
    return SourceEntry(id=uuid4(), name="a", title="", format=format_, chunks=chunks)


def concept(*chunks: SourceChunk, title: str = "Loops", node_type: NodeType = NodeType.CONCEPT) -> DraftNode:
    citations = tuple(Citation(chunk_id=one.id, quote=one.text) for one in chunks)
    return DraftNode(node_type=node_type, title=title, citations=citations)


ON_4 = chunk("Loops", ChunkKind.HEADING, slide=4)
ON_5 = chunk("Other", ChunkKind.HEADING, slide=5)
TALK = (
    chunk("It begins before the slide is seen at all.", start_ms=0, end_ms=10_000),
    chunk("Yes. Here we come to something else.", start_ms=10_000, end_ms=20_000),
    chunk("Now, loops repeat the same lines. And so on.", start_ms=20_000, end_ms=30_000),
)
SLIDES, VIDEO = source(Format.PPTX, ON_4, ON_5), source(Format.VIDEO, *TALK)


def moments(*spans: tuple[int, int], video: SourceEntry = VIDEO, slide: int = 4) -> SlideMoments:
    shown = [
        SlideAppearance(presentation=SLIDES.id, slide=slide, video=video.id, start_ms=start, end_ms=end)
        for start, end in spans
    ]
    return SlideMoments({SLIDES.id: SLIDES, video.id: video}, shown)


def quotes(found: SlideMoments, node: DraftNode) -> list[str]:
    return [citation.quote for citation in found.find_citations(node)]


def test_the_first_words_that_name_the_concept_are_cited_else_the_first_there_are() -> None:
    assert quotes(moments((5_000, 30_000)), concept(ON_4)) == ["Now, loops repeat the same lines."]
    assert quotes(moments((5_000, 30_000)), concept(ON_4, title="Recursion")) == ["Here we come to something else."]
    assert quotes(moments((2_000, 9_000)), concept(ON_4)) == ["It begins before the slide is seen at all."]


@pytest.mark.parametrize("node_type", [NodeType.MODULE, NodeType.LESSON])
def test_only_concepts_and_exercises_lead_to_moments(node_type: NodeType) -> None:
    found = moments((0, 30_000))

    assert quotes(found, concept(ON_4, node_type=node_type)) == []
    assert quotes(found, concept(ON_4, node_type=NodeType.EXERCISE)) == ["Now, loops repeat the same lines."]


def test_another_slide_leads_nowhere() -> None:
    assert quotes(moments((0, 30_000)), concept(ON_5)) == []
    assert quotes(moments((0, 30_000), slide=6), concept(ON_4, ON_5)) == []


def test_a_moment_that_is_cited_already_is_not_cited_again() -> None:
    found = moments((0, 10_000), (20_000, 30_000))

    assert quotes(found, concept(ON_4, TALK[2])) == ["It begins before the slide is seen at all."]
    assert quotes(found, concept(ON_4, TALK[0], TALK[2])) == []


def test_a_slide_that_is_shown_again_and_again_adds_few_moments() -> None:
    video = source(Format.VIDEO, *(chunk(f"Words number {n} are said.", start_ms=n, end_ms=n + 1) for n in range(20)))

    assert quotes(moments(*((n, n + 1) for n in range(20)), video=video), concept(ON_4)) == [
        f"Words number {n} are said." for n in range(MAX_MOMENTS)
    ]


def test_where_nothing_is_said_what_is_seen_is_cited_and_where_nothing_is_known_nothing() -> None:
    seen = chunk("Ten.", ChunkKind.NOTES, start_ms=40_000, end_ms=50_000)
    video = source(Format.VIDEO, *TALK, seen)

    assert quotes(moments((41_000, 45_000), video=video), concept(ON_4)) == ["Ten."]
    assert quotes(moments((60_000, 70_000), video=video), concept(ON_4)) == []
