"""Lessons or concepts of a structure as a table, for spreadsheets."""

from __future__ import annotations

import csv
import io
import platform
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO
from uuid import UUID

from structures.engines.base.drafts import NodeType
from structures.exports.base import ExportedNode, ExportedSnapshot, ExportLoss, ValidationReport
from structures.exports.losses import WHOLE, build_loss, find_course_losses, find_node_losses
from structures.exports.markdown import format_reference_location
from structures.exports.options import ExportOption, OptionType

_LESSONS, _CONCEPTS = "lessons", "concepts"
_TABLE = ExportOption(
    name="table",
    type=OptionType.CHOICE,
    default=_LESSONS,
    choices=(_LESSONS, _CONCEPTS),
    description="One row a lesson, or one row a concept.",
)
_COLUMNS: Mapping[str, Sequence[str]] = {
    _LESSONS: (
        "key", "number", "module", "title", "description", "learning_goals", "minutes", "minutes_basis", "difficulty",
        "topics", "key_points", "questions", "required_knowledge", "prerequisites", "concepts", "exercises", "sources",
    ),
    _CONCEPTS: (
        "key", "lesson_key", "number", "module", "lesson", "title", "definition", "examples", "sources", "quotes",
    ),
}  # fmt: skip
_CARRIED = {
    _LESSONS: {
        NodeType.MODULE: frozenset({"minutes_basis"}),
        NodeType.LESSON: frozenset({
            "description", "learning_goal", "estimated_minutes", "minutes_basis", "difficulty", "topics", "key_points",
            "questions", "required_knowledge", "prerequisites",
        }),
    },
    _CONCEPTS: {
        NodeType.MODULE: frozenset({"minutes_basis"}),
        NodeType.LESSON: frozenset({"minutes_basis"}),
        NodeType.CONCEPT: frozenset({"description", "examples", "references"}),
    },
}  # fmt: skip
# What makes a spreadsheet take a cell for a formula (OWASP, CSV injection), also after spaces that some of them drop.
_FORMULA_STARTS = tuple("=+-@\t\r＝＋－＠")
_ESCAPE = "'"
# Excel takes a file without it for one in the encoding of the machine.
_BYTE_ORDER_MARK = "\ufeff"
_MAX_MESSAGES = 20
# Of one cell, in characters. The reader takes 131,072 by itself, which ten examples of a concept can be.
_MAX_CELL = 16 * 1024 * 1024


@dataclass(frozen=True)
class CSVFormat:
    """One table (RFC 4180, UTF-8 with a byte order mark). Several values of a cell stand on lines of their own."""

    name: str = "csv"
    title: str = "CSV of lessons or concepts"
    audience: str = "spreadsheets"
    media_type: str = "text/csv"
    extension: str = ".csv"
    version: str = "1"
    options: Sequence[ExportOption] = (_TABLE,)
    reads_materials: bool = False

    def write(self, snapshot: ExportedSnapshot, options: Mapping[str, Any], out: BinaryIO) -> None:
        out.write(_BYTE_ORDER_MARK.encode())
        table = options[_TABLE.name]
        out.write(_format_row(_COLUMNS[table]))
        for _, row in _list_rows(snapshot, table):
            out.write(_format_row([_escape_cell(cell) for cell in row]))

    def list_losses(self, snapshot: ExportedSnapshot, options: Mapping[str, Any]) -> Iterator[ExportLoss]:
        """Yield what has no column, and the cells whose text was changed so that no spreadsheet computes it."""
        table = options[_TABLE.name]
        reason = f"The table of {table} has no column for it."
        places = "The table names where the evidence of a lesson stands, not the words that are quoted."

        def describe(node: ExportedNode, field: str) -> str:
            return places if (table, node.node_type, field) == (_LESSONS, NodeType.LESSON, "references") else reason

        yield from find_course_losses(snapshot.course, carried=frozenset(), reason=reason)
        yield from find_node_losses(snapshot, _CARRIED[table], describe)
        told = _list_told(snapshot, table)
        for node in snapshot.walk_nodes():
            if node.node_type in _CARRIED[table] and node.row.key not in told:
                yield build_loss(node, WHOLE, f"No row is about it or anything in it: rows are {table} in lessons.")
            elif table == _LESSONS and node.node_type is NodeType.LESSON and node.row.prerequisites:
                yield build_loss(node, "prerequisites.places", "It names the lesson, and not the places in it.")
        for node, row in _list_rows(snapshot, table):
            for column, cell in zip(_COLUMNS[table], row, strict=True):
                if _escape_cell(cell) != cell:
                    said = "It begins as a formula does: an apostrophe stands before it, so that nothing is computed."
                    yield ExportLoss(key=node.row.key, title=node.row.title, field=column, reason=said)

    def validate(self, path: Path) -> ValidationReport:
        """Read the table: rows have the columns of the head, keys stand once, and no cell begins as a formula."""
        with path.open(encoding="utf-8-sig", newline="") as file:
            messages = list(islice(_find_faults(file), _MAX_MESSAGES))
        return ValidationReport(
            validator="csv of Python", version=platform.python_version(), exit=int(bool(messages)), messages=messages
        )


def _find_faults(lines: Iterable[str]) -> Iterator[str]:
    csv.field_size_limit(_MAX_CELL)
    try:
        rows = csv.reader(lines, strict=True)
        head = next(rows, [])
        if tuple(head) not in {tuple(columns) for columns in _COLUMNS.values()}:
            yield f"line 1: unknown columns {', '.join(head)[:100]}"
        keys = set()
        for row in rows:
            if len(row) != len(head):
                yield f"line {rows.line_num}: {len(row)} columns, and {len(head)} in the head"
            if row and row[0] in keys:
                yield f"line {rows.line_num}: the key {row[0]} a second time"
            keys.update(row[:1])
            for cell in row:
                if cell.lstrip(" ").startswith(_FORMULA_STARTS):
                    yield f"line {rows.line_num}: {cell[:20]!r} begins as a formula"
    except (csv.Error, UnicodeDecodeError) as exc:
        yield f"no CSV: {exc}"


def _format_row(cells: Sequence[str | int]) -> bytes:
    line = io.StringIO(newline="")
    csv.writer(line, lineterminator="\r\n").writerow(cells)
    return line.getvalue().encode()


def _escape_cell(cell: str | int) -> str | int:
    is_formula = isinstance(cell, str) and cell.lstrip(" ").startswith(_FORMULA_STARTS)
    return f"{_ESCAPE}{cell}" if is_formula else cell


def _list_rows(snapshot: ExportedSnapshot, table: str) -> Iterator[tuple[ExportedNode, Sequence[str | int]]]:
    """Yield the rows of a table, each with its node, before cells are escaped."""
    titles = {str(node.row.pk): node.row.title for node in snapshot.walk_nodes()}
    for lesson, number, modules in _list_lessons(snapshot):
        if table == _LESSONS:
            yield lesson, _describe_lesson(lesson, number, modules, titles)
            continue
        for concept in lesson.children:
            if concept.node_type is NodeType.CONCEPT:
                yield concept, _describe_concept(concept, lesson, number, modules)


def _list_told(snapshot: ExportedSnapshot, table: str) -> set[UUID]:
    """Return the keys of the nodes that have a row, and of those around them, whose titles stand in it."""
    told = {node.row.key for node, _ in _list_rows(snapshot, table)}
    # Children before their parents.
    for node in reversed(list(snapshot.walk_nodes())):
        if any(child.row.key in told for child in node.children):
            told.add(node.row.key)
    return told


def _list_lessons(snapshot: ExportedSnapshot) -> Iterator[tuple[ExportedNode, str, str]]:
    """Yield the lessons in order with their numbers, such as `1.2`, and the titles of the modules around them."""
    pending: list[tuple[ExportedNode, str, str]] = _number_sections(snapshot.modules, "", "")
    while pending:
        node, number, modules = pending.pop()
        if node.node_type is NodeType.LESSON:
            yield node, number, modules
        else:
            inside = f"{modules} / {node.row.title}" if modules else node.row.title
            pending.extend(_number_sections(node.children, f"{number}.", inside))


def _number_sections(nodes: Sequence[ExportedNode], prefix: str, modules: str) -> list[tuple[ExportedNode, str, str]]:
    """Return the modules and lessons among the nodes, numbered, the last one first."""
    sections = [node for node in nodes if node.node_type in {NodeType.MODULE, NodeType.LESSON}]
    return [(node, f"{prefix}{position}", modules) for position, node in enumerate(sections, start=1)][::-1]


def _describe_lesson(lesson: ExportedNode, number: str, modules: str, titles: Mapping[str, str]) -> list[str | int]:
    row = lesson.row
    types = [child.node_type for child in lesson.children]
    needed = [f"{each['term']} ({titles[str(each['lesson'])]})" for each in row.prerequisites]
    return [
        str(row.key),
        number,
        modules,
        row.title,
        row.description,
        row.learning_goal,
        "" if row.estimated_minutes is None else row.estimated_minutes,
        row.minutes_basis,
        "" if row.difficulty is None else row.difficulty,
        "\n".join(row.topics),
        "\n".join(row.key_points),
        "\n".join(row.questions),
        "\n".join(row.required_knowledge),
        "\n".join(needed),
        types.count(NodeType.CONCEPT),
        types.count(NodeType.EXERCISE),
        _list_sources(lesson, *lesson.children),
    ]


def _describe_concept(concept: ExportedNode, lesson: ExportedNode, number: str, modules: str) -> list[str | int]:
    return [
        str(concept.row.key),
        str(lesson.row.key),
        number,
        modules,
        lesson.row.title,
        concept.row.title,
        concept.row.description,
        "\n".join(concept.row.examples),
        _list_sources(concept),
        "\n".join(reference.quote for reference in concept.references),
    ]


def _list_sources(*nodes: ExportedNode) -> str:
    places = (format_reference_location(reference) for node in nodes for reference in node.references)
    return "\n".join(dict.fromkeys(places))
