from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID, uuid4

from materials.documents import ChunkKind, Locator
from structures.drafts import Citation, Draft, DraftNode, NodeType
from structures.grounding import verify
from structures.markdown import render
from structures.sources import SourceChunk

CHUNK = SourceChunk(id=uuid4(), kind=ChunkKind.PARAGRAPH, text="Water boils\nat 100 degrees.", locator=Locator(page=7))


def concept(*citations: Citation) -> Draft:
    node = DraftNode(node_type=NodeType.CONCEPT, title="Boiling", citations=citations)
    lesson = DraftNode(node_type=NodeType.LESSON, title="L", children=(node,))
    return Draft(title="C", modules=(DraftNode(node_type=NodeType.MODULE, title="M", children=(lesson,)),))


def test_a_quote_holds_whatever_the_white_space() -> None:
    draft, grounding = verify(concept(Citation(chunk_id=CHUNK.id, quote="boils at  100")), {CHUNK.id: CHUNK})

    assert (grounding.cited, grounding.verified, grounding.dropped) == (1, 1, 0)
    assert next(iter(draft.modules[0].children[0].children)).citations


def test_it_drops_what_does_not_stand_there_and_counts_the_unproved() -> None:
    wrong = [
        Citation(chunk_id=CHUNK.id, quote="Water freezes"),
        Citation(chunk_id=uuid4(), quote="Water boils"),
        Citation(chunk_id=CHUNK.id, quote=" "),
    ]

    draft, grounding = verify(concept(*wrong), {CHUNK.id: CHUNK})

    assert (grounding.verified, grounding.dropped, grounding.concepts_without_evidence) == (0, 3, 1)
    assert draft.modules[0].children[0].children[0].title == "Boiling"


@dataclass
class Shown:
    """A node as the renderer takes it."""

    node_type: NodeType
    title: str
    description: str = ""
    references: list[Evidence] = field(default_factory=list)
    children: list[Shown] = field(default_factory=list)


@dataclass
class Evidence:
    entry_path: str
    locator: Locator
    quote: str = "quote"
    id: UUID = field(default_factory=uuid4)


def test_it_renders_for_people_with_places_they_can_open() -> None:
    places = [
        Evidence("a.pdf", Locator(page=7)),
        Evidence("b.pptx", Locator(slide=4)),
        Evidence("c.srt", Locator(start_ms=135_000, end_ms=3_744_000)),
        Evidence("d.md", Locator(heading_path=("One", "Two"))),
    ]
    boiling = Shown(NodeType.CONCEPT, "Boil*ing*", "It is <hot>.", places)
    task = Shown(NodeType.EXERCISE, "Boil an egg", "Do it.\n\n- now", [])
    lesson = Shown(NodeType.LESSON, "Heat", children=[boiling, task])

    text = render(title="Water", description="", nodes=[Shown(NodeType.MODULE, "Basics", children=[lesson])])

    assert text == (
        "# Water\n\n## 1. Basics\n\n### 1.1. Heat\n\n"
        "- **Boil\\*ing\\***: It is \\<hot\\>. (a.pdf, p. 7; b.pptx, slide 4; c.srt, 02:15–1:02:24; d.md, § Two)\n\n"
        "**Exercise: Boil an egg** (no evidence)\n\n> Do it.\n>\n> - now\n"
    )
