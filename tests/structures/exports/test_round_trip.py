"""What comes back when courses are exported for learning platforms and imported here again, and what is lost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from materials.documents import Locator
from structures.engines.base.drafts import NodeType
from structures.exports.base import ExportFormat
from structures.exports.cartridge.cartridge import CartridgeFormat
from structures.exports.losses import WHOLE, list_filled_fields
from structures.exports.olx.olx import OLXFormat
from structures.exports.options import complete_options
from tests.structures.exports.courses import (
    HOSTILE_TITLES,
    ExampleCourse,
    ExampleNode,
    ExampleReference,
    build_hostile_course,
    build_node,
    build_plain_course,
)
from tests.structures.exports.round_trips import list_quizzes, read_quizzes, reimport
from tests.structures.exports.test_formats import write

FORMATS: tuple[ExportFormat, ...] = (CartridgeFormat(), OLXFormat())
PACKAGES = pytest.mark.parametrize("export_format", FORMATS, ids=lambda each: each.name)
TASKS = {
    "one of three": ("Where?\n\n- At its source\n- At its <mouth>\n- Nowhere", "At its <mouth>\n\nIt flows down."),
    "two of three": ("What melts?\n- a) Ice & snow\n- b) Stone\n- c) Snow", "a\nC)"),
    "one of two": ("Does it melt?\n- Yes\n- No", "Yes"),
    "blocks": (
        "Read:\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```\nif a < b:\n```\n\n- one\n- two\n\n"
        "And now?\n- x_1\n- $\\frac{1}{2}$\n- *z*",
        "*z*\n\nBecause:\n\n- so\n- and so",
    ),
    "ends with a list": ("Of these:\n\n1. rain\n2. snow\n\n- first\n- second\n- third", "second"),
}


def add_quizzes(course: ExampleCourse) -> ExampleCourse:
    """Return the course with questions in a lesson, in a module, and with each title that breaks formats."""
    tasks = [
        build_node(NodeType.EXERCISE, title, description=description, reference_solution=solution)
        for title, (description, solution) in TASKS.items()
    ]
    hostile = [
        build_node(
            NodeType.EXERCISE, title, description=f"{title}?\n- {title}\n- other\n- third",
            reference_solution=f"{title}\n\nAs {title}",
        )
        for title in HOSTILE_TITLES
    ]  # fmt: skip
    lesson = build_node(NodeType.LESSON, "Asked", *tasks)
    course.modules.append(build_node(NodeType.MODULE, "Quizzes", lesson, *hostile))
    return course


@PACKAGES
@pytest.mark.parametrize("build", [build_plain_course, build_hostile_course])
def test_quizzes_come_back_with_choices_solution_and_explanation(
    tmp_path: Path, export_format: ExportFormat, build: Any
) -> None:
    snapshot = add_quizzes(build()).build_snapshot()

    found = reimport(tmp_path, write(export_format, snapshot))

    assert len(list_quizzes(snapshot)) == len(TASKS) + len(HOSTILE_TITLES)
    assert read_quizzes(tmp_path, found) == list_quizzes(snapshot)


def fill_node(kind: NodeType, number: int, *children: ExampleNode, **own: Any) -> tuple[ExampleNode, dict[str, str]]:
    """Return a node with all its fields filled, and of each field words that stand nowhere else."""
    texts = {
        name: f"{kind}{number}{name.replace('_', '')}"
        for name in ("description", "learning_goal", "reference_solution", "minutes_basis", "arranged_by")
    }
    lists = {
        name: f"{kind}{number}{name.replace('_', '')}"
        for name in ("key_points", "questions", "topics", "required_knowledge", "examples", "grading_criteria")
    }
    cited, term, claim = (f"{kind}{number}{name}" for name in ("cited", "term", "claim"))
    title = f"{kind} {number}"
    node = build_node(
        kind, title, *children, **(texts | own), **{name: [text] for name, text in lists.items()},
        difficulty=number, estimated_minutes=100 + number, unproved=[{"field": claim}],
        references=[ExampleReference(f"Part/{cited}.pdf", Locator(page=number), entry_name="a.pdf")],
    )  # fmt: skip
    place = {"entry_path": "Part/a.pdf"}
    node.row.prerequisites = [{"term": term, "lesson": str(node.row.pk), "definition": place, "use": place}]
    numbers = {"difficulty": f"difficulty {number} ", "estimated_minutes": f"{100 + number} minutes"}
    others = {"references": cited, "prerequisites": term, "unproved": claim, WHOLE: title}
    return node, {**texts, **lists, **numbers, **others}


@PACKAGES
def test_what_comes_back_is_what_is_not_lost(tmp_path: Path, export_format: ExportFormat) -> None:
    concept = fill_node(NodeType.CONCEPT, 1)
    task = fill_node(NodeType.EXERCISE, 2)
    quiz = fill_node(
        NodeType.EXERCISE, 3, description="exercise3description?\n- one\n- two\n- three",
        reference_solution="two\n\nexercise3referencesolution",
    )  # fmt: skip
    lesson = fill_node(NodeType.LESSON, 4, concept[0], task[0], quiz[0])
    alone = fill_node(NodeType.CONCEPT, 5)
    module = fill_node(NodeType.MODULE, 6, lesson[0], alone[0])
    course = build_plain_course()
    course.modules = [module[0]]
    snapshot = course.build_snapshot()

    text = reimport(tmp_path, write(export_format, snapshot, quotes=True)).collect_text()
    lost = {
        (loss.key, loss.field)
        for loss in export_format.list_losses(snapshot, complete_options(export_format.options, {"quotes": True}))
    }

    assert (alone[0].row.key, WHOLE) in lost
    for node, words in (concept, task, quiz, lesson, alone, module):
        is_gone = (node.row.key, WHOLE) in lost
        assert (words[WHOLE] in text) != is_gone
        assert len(list_filled_fields(node)) == len(words) - 1
        for field in list_filled_fields(node):
            assert (words[field] in text) != (is_gone or (node.row.key, field) in lost), (node.row.title, field)
