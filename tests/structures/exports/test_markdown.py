"""Structures as Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from materials.documents import Locator
from structures.engines.base.drafts import NodeType
from structures.exports import markdown_format
from structures.exports.base import ExportedSnapshot, ExportLoss
from structures.exports.markdown import render_markdown as render_with_keys
from structures.exports.markdown_format import MarkdownFormat
from structures.models import StructureNode, StructureSnapshot


def render_markdown(course: StructureSnapshot, nodes: Iterable[ExampleNode]) -> str:
    """Return the text without the keys, which are new in every test."""
    return re.sub(r" <!-- key: [0-9a-f-]{36} -->", "", render_with_keys(course, nodes))


@dataclass
class ExampleNode:
    """A node as export formats take it."""

    row: StructureNode
    references: list[Evidence] = field(default_factory=list)
    children: list[ExampleNode] = field(default_factory=list)

    @property
    def node_type(self) -> NodeType:
        return NodeType(self.row.node_type)


def node(node_type: NodeType, title: str, **more: Any) -> StructureNode:
    return StructureNode(node_type=node_type, title=title, **more)


@dataclass
class Evidence:
    entry_path: str
    locator: Locator
    quote: str = "quote"
    machine_written: bool = False
    entry_name: str = "file"
    entry_id: UUID = field(default_factory=uuid4)


def test_it_renders_for_people_with_places_they_can_open() -> None:
    places = [
        Evidence("a.pdf", Locator(page=7)),
        Evidence("b.pptx", Locator(slide=4), machine_written=True),
        Evidence("c.srt", Locator(start_ms=135_000, end_ms=3_744_000)),
        Evidence("d.md", Locator(heading_path=("One", "Two"))),
    ]
    boiling = ExampleNode(node(NodeType.CONCEPT, "Boil*ing*", description="It is <hot>."), places)
    task = ExampleNode(node(NodeType.EXERCISE, "Boil an egg", description="Do it.\n\n- now"))
    lesson = ExampleNode(node(NodeType.LESSON, "Heat"), children=[boiling, task])

    text = render_markdown(
        StructureSnapshot(title="Water"), [ExampleNode(node(NodeType.MODULE, "Basics"), children=[lesson])]
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
    lesson = ExampleNode(node(NodeType.LESSON, "Heat"), children=[ExampleNode(heat), ExampleNode(egg)])
    basics = node(NodeType.MODULE, "Basics", learning_goal="Know heat.", difficulty=1, estimated_minutes=45)

    text = render_markdown(course, [ExampleNode(basics, children=[lesson])])

    assert text == (
        "# Water\n\nAbout \\<water\\>.\n\n**Goal:** Boil it.\n\n"
        "**Knowledge after the course:**\n\n- Boiling: At 100 degrees.\n\n"
        "**Skills after the course:**\n\n- Cooking\n\n**Needed before:**\n\n- A pot\n\n"
        "## 1. Basics\n\n**Goal:** Know heat.\n\n*difficulty 1 of 5, 45 minutes*\n\n### 1.1. Heat\n\n"
        "- **Heat**: Is hot. (no evidence)\n  - A stove\n\n"
        "**Exercise: Egg** (no evidence) *difficulty 2 of 5*\n\n> Do it.\n\n"
        "Solution:\n\n> Ten minutes.\n\nGraded by:\n\n- It is hard\n"
    )


def test_it_renders_what_the_materials_state_of_a_lesson() -> None:
    evaporation = ExampleNode(node(NodeType.LESSON, "Evaporation", learning_goal="Name *it*.", minutes_basis="stated"))
    evaporation.row.estimated_minutes = 30
    boiling = node(
        NodeType.LESSON, "Boiling", learning_goal="Boil water.\nMeasure heat.", estimated_minutes=12,
        minutes_basis="computed", questions=["Why does it boil?"], topics=["Pressure", "1. Heat"],
        required_knowledge=["Fractions"], key_points=["Water boils."],
        prerequisites=[
            {"term": "vapour", "lesson": str(evaporation.row.pk),
             "definition": {"entry_path": "a_b.md"}, "use": {"entry_path": "c.md"}},
        ],
    )  # fmt: skip
    inner = ExampleNode(node(NodeType.MODULE, "Gas"), children=[evaporation, ExampleNode(boiling)])
    outer = node(NodeType.MODULE, "Water", arranged_by="SUMMARY.md", estimated_minutes=42, minutes_basis="estimated")

    text = render_markdown(StructureSnapshot(title="All"), [ExampleNode(outer, children=[inner])])

    assert text == (
        "# All\n\n## 1. Water\n\n*42 minutes (estimated), arranged by SUMMARY.md*\n\n### 1.1. Gas\n\n"
        "#### 1.1.1. Evaporation\n\n**Goal:** Name \\*it\\*.\n\n*30 minutes*\n\n"
        "#### 1.1.2. Boiling\n\n**Goals:**\n\n- Boil water.\n- Measure heat.\n\n*12 minutes (computed)*\n\n"
        "**Needed before:**\n\n- Fractions\n\n"
        "**Builds on:**\n\n- **vapour** from 1.1.1. Evaporation (defined in a\\_b.md, used in c.md)\n\n"
        "**Questions:**\n\n- Why does it boil?\n\n**Topics:**\n\n- Pressure\n- 1\\. Heat\n\n"
        "**Key points:**\n\n- Water boils.\n"
    )


def test_exercises_of_a_module_stand_before_its_lessons() -> None:
    exercise, lesson = ExampleNode(node(NodeType.EXERCISE, "Quiz")), ExampleNode(node(NodeType.LESSON, "Heat"))
    module = ExampleNode(node(NodeType.MODULE, "Water"), children=[lesson, exercise])

    text = render_markdown(StructureSnapshot(title="All"), [module])

    assert text == "# All\n\n## 1. Water\n\n**Exercise: Quiz** (no evidence)\n\n### 1.1. Heat\n"


def test_what_looks_like_a_list_makes_none() -> None:
    course = StructureSnapshot(title="1. Ice", description="1. is cold", prerequisites=["- 5 degrees"])
    lesson = ExampleNode(node(NodeType.LESSON, "Cold", description="- 5 is colder"))

    text = render_markdown(course, [ExampleNode(node(NodeType.MODULE, "Ice"), children=[lesson])])

    assert text == (
        "# 1. Ice\n\n1\\. is cold\n\n**Needed before:**\n\n- \\- 5 degrees\n\n"
        "## 1. Ice\n\n### 1.1. Cold\n\n\\- 5 is colder\n"
    )


def test_it_names_each_node_whose_quotes_it_leaves_out() -> None:
    quoted = ExampleNode(node(NodeType.CONCEPT, "Boiling"), [Evidence("a.pdf", Locator(page=7))])
    proved_by_nothing = ExampleNode(node(NodeType.CONCEPT, "Freezing"))
    module = ExampleNode(node(NodeType.MODULE, "Basics"), children=[quoted, proved_by_nothing])
    snapshot = ExportedSnapshot(course=StructureSnapshot(title="Water"), modules=[module])

    losses = list(MarkdownFormat().list_losses(snapshot, {}))

    assert losses == [
        ExportLoss(
            key=quoted.row.key,
            title="Boiling",
            field="references.quote",
            reason="Markdown names where the evidence stands, not the words that are quoted.",
        )
    ]


def test_it_says_where_lessons_come_from_and_what_is_not_proved() -> None:
    spans = [{"text": "at *once*"}]
    concept = ExampleNode(node(NodeType.CONCEPT, "Boiling", unproved=spans))
    cited = [Evidence("a.pdf", Locator(page=7)), Evidence("a.pdf", Locator(page=7))]
    lesson = ExampleNode(node(NodeType.LESSON, "Heat", topics=["Air"], unproved=spans), cited, [concept])

    text = render_markdown(StructureSnapshot(title="Water"), [lesson])

    assert text == (
        "# Water\n\n## 1. Heat\n\n**Topics:**\n\n- Air\n\n*Not proved by the cited passages:* “at \\*once\\*”\n\n"
        "- **Boiling** (no evidence)\n  - *Not proved by the cited passages:* “at \\*once\\*”\n\n"
        "**Sources:**\n\n- a.pdf, p. 7\n"
    )


def test_concepts_after_a_list_are_a_list_of_their_own() -> None:
    concept = ExampleNode(node(NodeType.CONCEPT, "Boiling"))
    lesson = ExampleNode(node(NodeType.LESSON, "Heat", topics=["Air"]), children=[concept])

    text = render_markdown(StructureSnapshot(title="Water"), [lesson])

    assert text.endswith("- Air\n\n**Concepts:**\n\n- **Boiling** (no evidence)\n")


def test_fields_that_a_type_of_node_mostly_lacks_are_lost() -> None:
    concept = ExampleNode(node(NodeType.CONCEPT, "Boiling", topics=["Air"]))
    lesson = ExampleNode(node(NodeType.LESSON, "Heat"), children=[concept])
    snapshot = ExportedSnapshot(course=StructureSnapshot(title="Water"), modules=[lesson])

    losses = [(loss.title, loss.field) for loss in MarkdownFormat().list_losses(snapshot, {})]

    assert losses == [("Boiling", "topics")]


def test_nodes_are_walked_parents_first_and_in_order() -> None:
    first = ExampleNode(node(NodeType.MODULE, "A"), children=[ExampleNode(node(NodeType.LESSON, "A1"))])
    second = ExampleNode(node(NodeType.MODULE, "B"))
    snapshot = ExportedSnapshot(course=StructureSnapshot(title="Water"), modules=[first, second])

    assert [each.row.title for each in snapshot.walk_nodes()] == ["A", "A1", "B"]


def test_it_names_the_key_of_every_node_where_readers_do_not_see_it() -> None:
    key = UUID("0192f0c1-0000-7000-8000-000000000001")
    boiling = ExampleNode(node(NodeType.CONCEPT, "Boiling", description="Hot.", examples=["Tea"], key=key))
    egg = ExampleNode(node(NodeType.EXERCISE, "Egg", key=key))
    lesson = ExampleNode(node(NodeType.LESSON, "Heat", key=key), children=[boiling, egg])

    text = render_with_keys(StructureSnapshot(title="Water"), [lesson])

    assert text == (
        f"# Water\n\n## 1. Heat <!-- key: {key} -->\n\n"
        f"- **Boiling**: Hot. (no evidence) <!-- key: {key} -->\n  - Tea\n\n"
        f"**Exercise: Egg** (no evidence) <!-- key: {key} -->\n"
    )


def test_a_file_is_checked_section_by_section(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(markdown_format, "_SECTION", 100)
    path = tmp_path / "large.md"
    lesson = "## Heat\n\nIt is\n# warm\n\n> ```\n> # <b>\n> ```\n\n"
    path.write_text(f"# Water\n\n{lesson * 50}\n\n<b>\n\n{lesson}a <i>\n")
    lines = path.read_text().splitlines()

    report = MarkdownFormat().validate(path)

    assert report.exit == 1
    assert report.messages == (f"line {lines.index('<b>') + 1}: markup '<b>\\n'", "markup '<i>'")
    path.write_text(f"# Water\n\n{lesson * 50}")
    assert MarkdownFormat().validate(path).messages == ("101 headings",)


def test_a_section_too_large_to_be_held_is_said_to_be_unchecked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(markdown_format, "_MAX_SECTION", 1000)
    path = tmp_path / "large.md"
    path.write_text(f"# Water\n\n{'a ' * 1000}\n")

    report = MarkdownFormat().validate(path)

    assert report.exit is None
    assert "at most 1000 bytes" in report.messages[0]


def test_a_file_that_is_not_utf_8_is_a_fault(tmp_path: Path) -> None:
    path = tmp_path / "latin.md"
    path.write_bytes(b"# Gr\xfc\xdfe\n")

    assert MarkdownFormat().validate(path).messages[0].startswith("no UTF-8")
