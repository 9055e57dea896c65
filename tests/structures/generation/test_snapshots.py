"""Storing drafts: what an engine says of a node is what the API answers."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace
from re import finditer
from uuid import UUID, uuid4

import pytest

from materials.documents import Locator
from materials.models import Chunk, MaterialEntry
from materials.word_boxes import pack_boxes
from structures.engines.base.drafts import Basis, Citation, Draft, DraftNode, NodeType, Prerequisite
from structures.engines.base.outlines import Outline, OutlineNode
from structures.engines.base.sources import SlideAppearance, SourceEntry, SourceNode
from structures.engines.registry import ENGINES, EngineName
from structures.generation.queries import GenerationSources
from structures.generation.snapshots import build_snapshot_rows, verify_draft
from structures.models import Reference, StructureNode
from tenants.models import Tenant
from tests.conftest import Api
from tests.structures.engines.numbered import entry, node
from tests.structures.generation.test_generation import generate


def build_draft(source: SourceNode) -> Draft:
    """Return two lessons, of which the second builds on the first; all they cite is the first chunk."""
    chunk = source.entries[0].chunks[0]
    quote = Citation(chunk_id=chunk.id, quote=chunk.text)
    heat = DraftNode(
        node_type=NodeType.LESSON,
        title="Heat",
        learning_goal="Measure heat.\nBoil water.",
        estimated_minutes=30,
        minutes_basis=Basis.STATED,
        key_points=("Water boils.",),
        questions=("Why?",),
        topics=("Boiling", "Freezing"),
        required_knowledge=("Fractions",),
    )
    steam = DraftNode(
        node_type=NodeType.LESSON,
        title="Steam",
        prerequisites=(Prerequisite(term="heat", lesson=0, definition=quote, use=quote),),
    )
    module = DraftNode(node_type=NodeType.MODULE, title="Water", arranged_by="folders", children=(heat, steam))
    return Draft(title="Water", modules=(module,), arrangement={"readings": ["folders"]})


def test_it_stores_what_the_materials_state(
    api: Api, acme: Tenant, lecture: MaterialEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = replace(ENGINES[EngineName.OUTLINE], build_draft=lambda request, _: build_draft(request.source))
    monkeypatch.setattr("structures.generation.services.ENGINES", {EngineName.OUTLINE: engine})

    snapshot = generate(api, acme, lecture.node)
    shown = api(acme).get(f"/api/v1/snapshots/{snapshot.pk}").json()

    (module,) = shown["children"]
    heat, steam = module["children"]
    assert (module["arranged_by"], module["minutes_basis"]) == ("folders", "")
    assert shown["provenance"] == {"arrangement": {"readings": ["folders"]}}
    assert (heat["learning_goal"], heat["estimated_minutes"]) == ("Measure heat.\nBoil water.", 30)
    assert heat["minutes_basis"] == "stated"
    assert (heat["key_points"], heat["questions"]) == (["Water boils."], ["Why?"])
    assert (heat["topics"], heat["required_knowledge"]) == (["Boiling", "Freezing"], ["Fractions"])
    (prerequisite,) = steam["prerequisites"]
    assert (prerequisite["term"], prerequisite["lesson"]) == ("heat", heat["id"])
    assert prerequisite["definition"] == prerequisite["use"]
    assert prerequisite["use"]["entry"] == str(lecture.pk)
    assert prerequisite["use"]["quote"] == "Boiling water"
    assert prerequisite["use"]["locator"] == {"heading_path": ["Boiling water"]}
    assert (heat["prerequisites"], steam["topics"], steam["arranged_by"]) == ([], [], "")
    assert StructureNode.objects.get(title="Steam").estimated_minutes is None


TALK = entry("Here a loop repeats its lines.", name="talk.mp4")
SLIDES = entry("Loops repeat lines.", name="slides.pptx")
SHOWN = SlideAppearance(presentation=SLIDES.id, slide=1, video=TALK.id, start_ms=0, end_ms=1_000)


def _locate(file: SourceEntry, locator: Locator) -> SourceEntry:
    return replace(file, chunks=tuple(replace(one, locator=locator) for one in file.chunks))


def verify_slide(*files: SourceEntry, outline: Outline | None = None, key: UUID | None = None) -> list[str]:
    """Return what a concept cites that an engine found on the slide, of these materials."""
    chunk = SLIDES.chunks[0]
    found = DraftNode(
        node_type=NodeType.CONCEPT, title="Loop", key=key, citations=(Citation(chunk_id=chunk.id, quote=chunk.text),)
    )
    places = {SLIDES.id: Locator(slide=1), TALK.id: Locator(start_ms=0, end_ms=900)}
    placed = [_locate(file, places[file.id]) for file in files]
    draft, _ = verify_draft(
        Draft(title="", modules=(found,)), ENGINES[EngineName.LLM], node("Course", *placed), [SHOWN], outline=outline
    )
    return [citation.quote for citation in draft.modules[0].citations]


def test_what_is_left_out_does_not_come_back_as_the_moment_of_a_slide() -> None:
    assert verify_slide(SLIDES, TALK) == ["Loops repeat lines.", "Here a loop repeats its lines."]
    assert verify_slide(SLIDES) == ["Loops repeat lines."]
    assert verify_slide(TALK) == []


def test_a_concept_that_people_keep_gets_no_moment_of_its_slide() -> None:
    key = uuid4()
    mine = DraftNode(node_type=NodeType.CONCEPT, title="Loop", key=key)
    known = DraftNode(node_type=NodeType.LESSON, title="Loops", children=(mine,))
    lesson = OutlineNode(key=uuid4(), node_type=NodeType.LESSON, title="Loops", known=known)
    outline = Outline(title="Course", nodes=(lesson,), explanation={})

    assert verify_slide(SLIDES, TALK, outline=outline, key=key) == ["Loops repeat lines."]
    assert len(verify_slide(SLIDES, TALK, outline=outline, key=uuid4())) == 2


def test_the_words_of_few_chunks_are_in_memory_at_a_time() -> None:
    text = " ".join(f"word{number}" for number in range(80))
    source = node("Water", entry(*[text] * 400))
    (file,) = source.entries
    boxes = pack_boxes(text, (600, 800), [(at.start(), at.end(), 300, 400, 330, 412) for at in finditer(r"\S+", text)])
    words = {chunk.id: Chunk(text=text, word_boxes=boxes) for chunk in file.chunks}
    lessons = tuple(
        DraftNode(node_type=NodeType.LESSON, title="Words", citations=(Citation(chunk_id=chunk.id, quote=text[:100]),))
        for chunk in file.chunks
    )
    draft, grounding = verify_draft(Draft(title="Water", modules=lessons), ENGINES[EngineName.OUTLINE], source)
    sources = GenerationSources(
        root=source, entries={file.id: file}, fingerprints={file.id: "f"}, paths={file.id: "a.md"}, left_out=()
    )

    def measure(words: dict[UUID, Chunk]) -> tuple[int, list[Reference]]:
        tracemalloc.start()
        rows = build_snapshot_rows(
            tenant=Tenant(), snapshot_id=uuid4(), job_id=None, options={}, key={}, draft=draft, grounding=grounding,
            sources=sources, provenance={}, words=words,
        )  # fmt: skip
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak, rows.references

    usual, _ = measure({})
    peak, references = measure(words)

    assert all(reference.locator.words is not None for reference in references)
    assert peak - usual < 5 * 2**20
