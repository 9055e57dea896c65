"""Structures as tables for spreadsheets."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from structures.engines.base.drafts import NodeType
from structures.exports.base import ExportedSnapshot
from structures.exports.csv_tables import CSVFormat
from structures.exports.losses import WHOLE
from structures.models import StructureSnapshot
from tests.structures.exports.courses import HOSTILE_TITLES, build_hostile_course, build_node, build_plain_course
from tests.structures.exports.test_formats import write


def read_rows(content: bytes) -> list[dict[str, str]]:
    """Read a table as a spreadsheet would."""
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def test_a_row_a_lesson_with_what_lessons_have() -> None:
    snapshot = build_plain_course().build_snapshot()

    rows = read_rows(write(CSVFormat(), snapshot))

    assert [(row["number"], row["module"], row["title"]) for row in rows] == [
        ("1.1", "Hot", "Heat"),
        ("1.2", "Hot", "Steam"),
        ("2.1", "Cold", "Ice"),
    ]
    heat, steam, _ = rows
    assert heat["learning_goals"] == "Know heat.\nUse it."
    assert (heat["minutes"], heat["concepts"], heat["exercises"]) == ("12", "1", "1")
    assert heat["sources"] == "Part/talk.mp4, 00:00–00:15\nPart/book.pdf, p. 3\nPart/talk.mp4, 00:20–00:25"
    assert steam["prerequisites"] == "heat (Heat)"
    assert steam["minutes"] == ""


def test_a_row_a_concept_with_its_lesson_and_its_quotes() -> None:
    snapshot = build_plain_course().build_snapshot()

    rows = read_rows(write(CSVFormat(), snapshot, table="concepts"))

    assert [(row["lesson"], row["title"]) for row in rows] == [
        ("Heat", "Boiling point"),
        ("Steam", "Vapour"),
        ("Ice", "Freezing"),
    ]
    assert rows[0]["quotes"] == "What is quoted."
    assert rows[0]["lesson_key"] == str(snapshot.modules[0].children[0].row.key)


def test_no_text_is_computed_and_what_was_changed_for_that_is_said() -> None:
    snapshot = build_hostile_course().build_snapshot()

    rows = read_rows(write(CSVFormat(), snapshot))

    titles = [row["title"] for row in rows]
    escaped = [f"'{title}" if title[0] in "=+" else title for title in HOSTILE_TITLES]
    assert titles == [*escaped, "Innermost"]
    losses = [loss for loss in CSVFormat().list_losses(snapshot, {"table": "lessons"}) if "apostrophe" in loss.reason]
    assert [(loss.title, loss.field) for loss in losses] == [
        (title, field)
        for title in HOSTILE_TITLES
        if title[0] in "=+"
        for field in ("title", "learning_goals", "key_points")
    ]


def test_what_has_no_column_is_lost_and_nothing_else() -> None:
    snapshot = build_plain_course().build_snapshot()

    lost = {
        table: [(loss.title, loss.field) for loss in CSVFormat().list_losses(snapshot, {"table": table})]
        for table in ("lessons", "concepts")
    }

    course = [
        ("Water", field) for field in ("title", "description", "learning_goal", "expected_knowledge", "prerequisites")
    ]
    assert lost["lessons"][:5] == lost["concepts"][:5] == course
    assert ("Hot", "arranged_by") in lost["lessons"]
    assert ("Heat", "references") in lost["lessons"]
    assert {title for title, field in lost["lessons"] if field == WHOLE} == {
        node.row.title for node in snapshot.walk_nodes() if node.node_type in {NodeType.CONCEPT, NodeType.EXERCISE}
    }
    assert ("Heat", "learning_goal") in lost["concepts"]
    assert {title for title, field in lost["concepts"] if field == WHOLE} == {"Boil an egg"}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("Hot,Heat", "Hot,=1+1"), "begins as a formula"),
        (("Hot,Heat", "Hot"), "16 columns, and 17"),
        (("key,", "id,"), "unknown columns"),
        ((b"Ice", b"\xff"), "no CSV"),
        (("Ice", '"Ice'), "no CSV"),
    ],
)
def test_a_broken_table_is_found(tmp_path: Path, change: tuple[str, str] | tuple[bytes, bytes], said: str) -> None:
    old, new = (each.encode() if isinstance(each, str) else each for each in change)
    written = write(CSVFormat(), build_plain_course().build_snapshot())
    assert old in written
    path = tmp_path / "table.csv"
    path.write_bytes(written.replace(old, new, 1))

    report = CSVFormat().validate(path)

    assert report.exit == 1
    assert any(said in message for message in report.messages)


def test_a_cell_may_be_as_long_as_its_text(tmp_path: Path) -> None:
    lesson = build_node(NodeType.LESSON, "Long", key_points=["a word " * 2_000] * 20)
    path = tmp_path / "table.csv"
    path.write_bytes(write(CSVFormat(), ExportedSnapshot(course=StructureSnapshot(title="Long"), modules=[lesson])))

    assert CSVFormat().validate(path).exit == 0


@pytest.mark.parametrize(("table", "without"), [("lessons", ["Empty"]), ("concepts", ["Bare", "Empty", "Outside"])])
def test_what_no_row_is_about_is_in_the_losses(table: str, without: list[str]) -> None:
    whole = build_node(NodeType.LESSON, "Whole", build_node(NodeType.CONCEPT, "Inside"))
    modules = [
        build_node(NodeType.MODULE, "Full", whole, build_node(NodeType.LESSON, "Bare")),
        build_node(NodeType.MODULE, "Empty", build_node(NodeType.CONCEPT, "Outside")),
    ]
    snapshot = ExportedSnapshot(course=StructureSnapshot(title="Course"), modules=modules)

    losses = list(CSVFormat().list_losses(snapshot, {"table": table}))

    of_lessons = ["Inside", "Outside"] if table == "lessons" else []
    assert sorted(loss.title for loss in losses if loss.field == WHOLE) == sorted(without + of_lessons)


def test_the_places_of_prerequisites_are_in_the_losses_of_lessons() -> None:
    losses = CSVFormat().list_losses(build_plain_course().build_snapshot(), {"table": "lessons"})

    assert ("Steam", "prerequisites.places") in {(loss.title, loss.field) for loss in losses}
