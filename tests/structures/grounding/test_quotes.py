from __future__ import annotations

from uuid import uuid4

from materials.documents import ChunkKind, Locator
from structures.engines.base.drafts import Citation, Draft, DraftNode, NodeType
from structures.engines.base.sources import SourceChunk
from structures.grounding.quotes import verify_citations

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
