"""Which quotes hold, and what is counted of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest

from materials.documents import ChunkKind, Locator
from structures.engines.base.drafts import Citation, Draft, DraftNode, NodeType, Prerequisite
from structures.engines.base.sources import SourceChunk
from structures.grounding.quotes import Grounding, verify_citations

CHUNK = SourceChunk(id=uuid4(), kind=ChunkKind.PARAGRAPH, text="Water boils\nat 100 degrees.", locator=Locator(page=7))


def concept(*citations: Citation) -> Draft:
    node = DraftNode(node_type=NodeType.CONCEPT, title="Boiling", citations=citations)
    lesson = DraftNode(node_type=NodeType.LESSON, title="L", children=(node,))
    return Draft(title="C", modules=(DraftNode(node_type=NodeType.MODULE, title="M", children=(lesson,)),))


def test_a_quote_holds_whatever_the_white_space() -> None:
    draft, grounding = verify_citations(concept(Citation(chunk_id=CHUNK.id, quote="boils at  100")), {CHUNK.id: CHUNK})

    assert (grounding.cited, grounding.verified, grounding.dropped) == (1, 1, 0)
    assert next(iter(draft.modules[0].children[0].children)).citations


def test_it_drops_what_does_not_stand_there_and_counts_the_unproved() -> None:
    wrong = [
        Citation(chunk_id=CHUNK.id, quote="Water freezes"),
        Citation(chunk_id=uuid4(), quote="Water boils"),
        Citation(chunk_id=CHUNK.id, quote=" "),
    ]

    draft, grounding = verify_citations(concept(*wrong), {CHUNK.id: CHUNK})

    assert (grounding.verified, grounding.dropped, grounding.concepts_without_evidence) == (0, 3, 1)
    assert draft.modules[0].children[0].children[0].title == "Boiling"


def found_passage(text: str, quote: str, *, letters: int = 0) -> str | None:
    """Return what is kept of a quote from a chunk with this text; None when it does not hold."""
    chunk = SourceChunk(id=uuid4(), kind=ChunkKind.PARAGRAPH, text=text, locator=Locator())
    draft, _ = verify_citations(
        concept(Citation(chunk_id=chunk.id, quote=quote)), {chunk.id: chunk}, min_quote_letters=letters
    )
    citations = draft.modules[0].children[0].children[0].citations
    return citations[0].quote if citations else None


@pytest.mark.parametrize(
    ("text", "quote", "passage"),
    [
        ("Water boils\nat 100 degrees.", "boils at 100", "boils\nat 100"),
        ("Water boils\nat 100 degrees.", "Water boils at 100 degrees.", "Water boils\nat 100 degrees."),
        (" \n Water  boils\t\tat 100.\n", "Water boils at", "Water  boils\t\tat"),
        (" \n Water  boils\t\tat 100.\n", "s at 1", "s\t\tat 1"),
        ("It is called “the boiling point”.", '"the boiling point"', "“the boiling point”"),
        ("0–100 degrees", "0-100", "0–100"),
        ("Wa\u200bter boils", "Water\u00ad boils", "Water boils"),
        ("Cafe\u0301 au lait", "Caf\u00e9 au", "Caf\u00e9 au"),
        ("x", "x", "x"),
        ("Water boils at 100 degrees.", "oils at 10", "oils at 10"),
        ("Water boils at 100 degrees.", "water boils", None),
        ("Water boils at 100 degrees.", "boils at 100 degrees. ", "boils at 100 degrees."),
        ("Water boils at 100 degrees.", "boils 100", None),
        ("Water boils at 100 degrees.", "", None),
        ("Water boils at 100 degrees.", "\u200b", None),
        ("", "Water", None),
    ],
)
def test_a_passage_is_kept_as_its_chunk_shows_it(text: str, quote: str, passage: str | None) -> None:
    assert found_passage(text, quote) == passage


@pytest.mark.parametrize(
    ("quote", "holds"),
    [
        ("Water boils", False),  # 10 letters
        ("Water boils a", True),  # 11
        ("At 100, 2.000", False),  # digits count, marks and spaces do not: 9
        ("At 100, 2.000 m", False),  # 10
        ("At 100, 2.000 m up", True),  # 12
        ("沸騰する", True),  # 4 signs of 3 letters each
        ("沸騰す", False),  # 9 letters
        ("沸騰す a", False),  # 10 letters
        ("물이 끓는", True),  # Korean syllables count as three
        ("ⴰⴱⴲⴳⴴⴵⴶⴷⴸⴹ", False),  # Tifinagh, one of the last scripts below the ideographs: 10 letters
        ("ⴰⴱⴲⴳⴴⴵⴶⴷⴸⴹⴺ", True),
    ],
)
def test_a_quote_needs_so_many_letters(quote: str, holds: bool) -> None:
    text = f"So: {quote} – and so on."

    assert found_passage(text, quote, letters=11) == (quote if holds else None)
    assert found_passage(text, quote) == quote


def test_all_that_a_chunk_says_is_quote_enough() -> None:
    assert found_passage("  F =\n m·a ", "F = m·a", letters=12) == "F =\n m·a"
    assert found_passage("F = m·a.", "F = m·a", letters=12) is None
    assert found_passage("F = m·a", "F = m·a", letters=4) == "F = m·a"


@pytest.mark.parametrize(
    ("text", "quote", "passage"),
    [
        ("Rainwater boils", "water boils", None),
        ("Water boils over", "Water boil", None),
        ("Water boils over", "ter boils ove", None),
        ("Water boils over", "Water boils", "Water boils"),
        ("Water boils over", "boils over", "boils over"),
        ("(Water boils)", "Water boils", "Water boils"),
        ("Water boils2 and", "Water boils", None),
        ("Rainwater boils, and water\nboils", "water boils", "water\nboils"),
        ("water boils2, rainwater boils, water boils", "water boils", "water boils"),
        ("Water boils over", " Water boils ", "Water boils"),
        ("Water boils over", " boils over", "boils over"),
        ("我们说水在一百度沸腾了", "水在一百度沸腾", "水在一百度沸腾"),
        ("用Water boils水", "Water boils", "Water boils"),
        ("aWater boils水", "Water boils", None),
        ("用Water boilsa", "Water boils", None),
    ],
)
def test_a_quote_of_a_model_begins_and_ends_with_words(text: str, quote: str, passage: str | None) -> None:
    assert found_passage(text, quote, letters=5) == passage


def test_the_words_of_the_first_place_that_cuts_none_are_kept() -> None:
    assert found_passage("Hot water  boils. Hot water boils.", "water boils", letters=5) == "water  boils"
    assert found_passage("Hotwater  boils. Hot water\tboils.", "water boils", letters=5) == "water\tboils"


def test_it_counts_citations_chunks_and_concepts() -> None:
    chunks = {
        chunk.id: chunk
        for chunk in (
            SourceChunk(id=uuid4(), kind=ChunkKind.PARAGRAPH, text=text, locator=Locator())
            for text in ("Water boils.", "Ice melts.", "Steam rises.")
        )
    }
    water, ice, _ = chunks
    proved = node(NodeType.CONCEPT, "Boiling", citations=(cite(water, "boils"), cite(water, "Water"), cite(ice, "no")))
    lost = node(NodeType.CONCEPT, "Melting", citations=(cite(ice, "burns"),))
    bare = node(NodeType.EXERCISE, "Boil an egg")
    lesson = node(NodeType.LESSON, "Heat", citations=(cite(water, "boils."),), children=(proved, bare, lost))
    draft = Draft(title="C", modules=(node(NodeType.MODULE, "M", children=(lesson,)), node(NodeType.MODULE, "N")))

    checked, grounding = verify_citations(draft, chunks)

    assert grounding == Grounding(
        cited=5,
        verified=3,
        dropped=2,
        chunks_cited=1,
        chunks_total=3,
        coverage=0.3333,
        concepts=2,
        concepts_without_evidence=1,
    )
    (kept,) = checked.modules[0].children
    assert [child.title for child in kept.children] == ["Boiling", "Boil an egg", "Melting"]
    assert [citation.quote for citation in kept.children[0].citations] == ["boils", "Water"]


def test_a_prerequisite_stays_with_both_its_quotes_and_as_the_chunk_shows_them() -> None:
    holds = Prerequisite(term="boils", lesson=0, definition=cite(CHUNK.id, "boils at"), use=cite(CHUNK.id, "degrees"))
    unused = replace(holds, use=cite(CHUNK.id, "freezes"))
    undefined = replace(holds, definition=cite(uuid4(), "boils"))
    lesson = replace(node(NodeType.LESSON, "Heat"), prerequisites=(unused, holds, undefined))
    draft = Draft(title="C", modules=(node(NodeType.MODULE, "M", children=(lesson,)),))

    checked, grounding = verify_citations(draft, {CHUNK.id: CHUNK})

    (kept,) = checked.modules[0].children[0].prerequisites
    assert kept == replace(holds, definition=cite(CHUNK.id, "boils\nat"))
    assert (grounding.cited, grounding.verified, grounding.dropped, grounding.chunks_cited) == (6, 4, 2, 0)


def test_without_sources_nothing_is_covered() -> None:
    _, grounding = verify_citations(Draft(title="C", modules=()), {})

    assert (grounding.chunks_total, grounding.coverage, grounding.concepts) == (0, 0.0, 0)


def test_everything_cited_is_full_coverage_and_words_may_be_cut_unless_asked() -> None:
    _, grounding = verify_citations(concept(Citation(chunk_id=CHUNK.id, quote="oils\nat 10")), {CHUNK.id: CHUNK})

    assert (grounding.chunks_cited, grounding.coverage) == (1, 1.0)


def test_what_is_cited_besides_is_asked_for_after_the_check_and_checked_too() -> None:
    asked: list[tuple[NodeType, tuple[str, ...]]] = []

    def find(node: DraftNode) -> Iterable[Citation]:
        asked.append((node.node_type, tuple(citation.quote for citation in node.citations)))
        return [cite(CHUNK.id, "degrees"), cite(CHUNK.id, "freezes")] if node.citations else []

    draft, grounding = verify_citations(
        concept(cite(CHUNK.id, "no"), cite(CHUNK.id, "boils at")), {CHUNK.id: CHUNK}, find_extra_citations=find
    )

    assert asked == [(NodeType.MODULE, ()), (NodeType.LESSON, ()), (NodeType.CONCEPT, ("boils\nat",))]
    boiling = draft.modules[0].children[0].children[0]
    assert [citation.quote for citation in boiling.citations] == ["boils\nat", "degrees"]
    assert (grounding.cited, grounding.verified, grounding.dropped) == (4, 2, 2)


def cite(chunk: UUID, quote: str) -> Citation:
    return Citation(chunk_id=chunk, quote=quote)


def node(node_type: NodeType, title: str, **more: Any) -> DraftNode:
    return DraftNode(node_type=node_type, title=title, **more)
