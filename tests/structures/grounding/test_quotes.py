from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from materials.documents import ChunkKind, Locator
from structures.engines.base.drafts import Citation, Draft, DraftNode, NodeType
from structures.engines.base.sources import SourceChunk
from structures.exports.markdown import render_markdown
from structures.grounding.quotes import verify_citations
from structures.models import StructureSnapshot

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


@dataclass
class Shown:
    """A node as the renderer takes it."""

    row: DraftNode
    references: list[Evidence] = field(default_factory=list)
    children: list[Shown] = field(default_factory=list)

    @property
    def node_type(self) -> NodeType:
        return self.row.node_type


def node(node_type: NodeType, title: str, **more: Any) -> DraftNode:
    return DraftNode(node_type=node_type, title=title, **more)


@dataclass
class Evidence:
    entry_path: str
    locator: Locator
    quote: str = "quote"
    machine_written: bool = False
    id: UUID = field(default_factory=uuid4)


def test_it_renders_for_people_with_places_they_can_open() -> None:
    places = [
        Evidence("a.pdf", Locator(page=7)),
        Evidence("b.pptx", Locator(slide=4), machine_written=True),
        Evidence("c.srt", Locator(start_ms=135_000, end_ms=3_744_000)),
        Evidence("d.md", Locator(heading_path=("One", "Two"))),
    ]
    boiling = Shown(node(NodeType.CONCEPT, "Boil*ing*", description="It is <hot>."), places)
    task = Shown(node(NodeType.EXERCISE, "Boil an egg", description="Do it.\n\n- now"))
    lesson = Shown(node(NodeType.LESSON, "Heat"), children=[boiling, task])

    text = render_markdown(
        StructureSnapshot(title="Water"), [Shown(node(NodeType.MODULE, "Basics"), children=[lesson])]
    )

    assert text == (
        "# Water\n\n## 1. Basics\n\n### 1.1. Heat\n\n"
        "- **Boil\\*ing\\***: It is \\<hot\\>. "
        "(a.pdf, p. 7; b.pptx, slide 4, read by a model; c.srt, 02:15–1:02:24; d.md, § Two)\n\n"
        "**Exercise: Boil an egg** (no evidence)\n\n> Do it.\n>\n> - now\n"
    )


def test_it_renders_what_models_write_of_a_course() -> None:
    course = StructureSnapshot(
        title="Water",
        description="About <water>.",
        learning_goal="Boil it.",
        expected_knowledge=[{"summary": "Boiling", "details": "At 100 degrees."}],
        expected_skills=[{"summary": "Cooking", "details": ""}],
        prerequisites=["A pot"],
    )
    egg = node(
        NodeType.EXERCISE, "Egg", description="Do it.", difficulty=2, reference_solution="Ten minutes.",
        grading_criteria=("It is hard",),
    )  # fmt: skip
    heat = node(NodeType.CONCEPT, "Heat", description="Is hot.", examples=("A stove",))
    lesson = Shown(node(NodeType.LESSON, "Heat"), children=[Shown(heat), Shown(egg)])
    basics = node(NodeType.MODULE, "Basics", learning_goal="Know heat.", difficulty=1, estimated_minutes=45)

    text = render_markdown(course, [Shown(basics, children=[lesson])])

    assert text == (
        "# Water\n\nAbout \\<water\\>.\n\n**Goal:** Boil it.\n\n"
        "**Knowledge after the course:**\n\n- Boiling: At 100 degrees.\n\n"
        "**Skills after the course:**\n\n- Cooking\n\n**Needed before:**\n\n- A pot\n\n"
        "## 1. Basics\n\n**Goal:** Know heat.\n\n*difficulty 1 of 5, 45 minutes*\n\n### 1.1. Heat\n\n"
        "- **Heat**: Is hot. (no evidence)\n  - A stove\n\n"
        "**Exercise: Egg** (no evidence) *difficulty 2 of 5*\n\n> Do it.\n\n"
        "Solution:\n\n> Ten minutes.\n\nGraded by:\n\n- It is hard\n"
    )


def test_what_looks_like_a_list_makes_none() -> None:
    course = StructureSnapshot(title="1. Ice", description="1. is cold", prerequisites=["- 5 degrees"])
    lesson = Shown(node(NodeType.LESSON, "Cold", description="- 5 is colder"))

    text = render_markdown(course, [Shown(node(NodeType.MODULE, "Ice"), children=[lesson])])

    assert text == (
        "# 1. Ice\n\n1\\. is cold\n\n**Needed before:**\n\n- \\- 5 degrees\n\n"
        "## 1. Ice\n\n### 1.1. Cold\n\n\\- 5 is colder\n"
    )
