"""The table of docs/quality.md: a row for each shape, a column for each course."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from project.local.folder_outline import build_folder_outline
from project.local.reading_cache import ReadingCache
from structures.quality.evaluation.baselines import compute_baselines, list_files_below
from structures.quality.evaluation.courses import parse_gold, parse_structure
from structures.quality.evaluation.figures import Figures, compute_figures
from tests.evaluation.courses import SmallCourse, load_courses
from tests.evaluation.shapes import SHAPE_NAMES, write_shape

PAGE = Path(settings.BASE_DIR) / "docs" / "quality.md"
_SAID = ("exercise recall", "exercise precision", "objective recall", "objective precision", "minutes found", "order")
_BEGIN, _END = "<!-- table: make evaluate -->\n", "<!-- end of table -->"


@dataclass(frozen=True, kw_only=True)
class Cell:
    """The figures of one course in one shape, and the hierarchical F1 of the best rule on its names."""

    course: str
    shape: str
    figures: Figures
    best_rule: float


def compute_cells(
    *,
    courses: Sequence[str] | None = None,
    shapes: Sequence[str] | None = None,
    report: Callable[[str], None] = lambda _line: None,
) -> list[Cell]:
    """Return the cells of these courses and shapes, all by default. `report` is called with a line for each."""
    cells = []
    with tempfile.TemporaryDirectory(prefix="coursewright-evaluate-") as scratch:
        cache = ReadingCache(folder=Path(settings.VAR_DIR) / "read")
        for course in load_courses():
            if courses and course.name not in courses:
                continue
            for shape in shapes or SHAPE_NAMES:
                cell = compute_cell(course, shape, Path(scratch), cache)
                report(f"{course.name} {shape}: {cell.figures['hierarchical F1']}, best rule {cell.best_rule}")
                cells.append(cell)
    return cells


def compute_cell(course: SmallCourse, shape: str, scratch: Path, cache: ReadingCache) -> Cell:
    """Return the cell of a course in a shape, which is written below `scratch`."""
    folder = scratch / f"{course.name}-{shape}"
    folder.mkdir()
    gold = parse_gold(write_shape(course, shape, folder))
    outline = build_folder_outline(folder, cache=cache)
    rules = compute_baselines(gold, list_files_below(folder))
    return Cell(
        course=course.name,
        shape=shape,
        figures=compute_figures(gold, parse_structure(outline.snapshot, gold)),
        best_rule=max(figures["hierarchical F1"] or 0.0 for figures in rules.values()),
    )


def format_table(cells: Sequence[Cell]) -> str:
    """Return two tables in Markdown.

    The first has hierarchical and strict F1 of each shape, and in brackets the best rule's hierarchical F1; the second
    what the courses say of exercises, objectives and minutes, in the first shape.
    """
    courses = list(dict.fromkeys(cell.course for cell in cells))
    by_place = {(cell.course, cell.shape): cell for cell in cells}
    lines = [
        f"| shape | {' | '.join(courses)} | mean |",
        f"| --- |{' --- |' * (len(courses) + 1)}",
    ]
    for shape in dict.fromkeys(cell.shape for cell in cells):
        row = [by_place[course, shape] for course in courses]
        mean = sum(cell.figures["hierarchical F1"] or 0.0 for cell in row) / len(row)
        lines.append(f"| `{shape}` | {' | '.join(map(_format_cell, row))} | {mean:.2f} |")
    first = cells[0].shape
    lines += ["", f"| in `{first}` | {' | '.join(_SAID)} |", f"| --- |{' --- |' * len(_SAID)}"]
    lines += [
        f"| {course} | {' | '.join(_format_figure(by_place[course, first], name) for name in _SAID)} |"
        for course in courses
    ]
    return "\n".join(lines) + "\n"


def read_table(page: str) -> str:
    """Return the table that the page holds."""
    return page.partition(_BEGIN)[2].partition(_END)[0]


def replace_table(page: str, table: str) -> str:
    """Return the page with another table."""
    before, begin, rest = page.partition(_BEGIN)
    _, end, after = rest.partition(_END)
    assert begin
    assert end
    return before + begin + table + end + after


def _format_figure(cell: Cell, name: str) -> str:
    value = cell.figures.get(name)
    return "-" if value is None else f"{value:.2f}"


def _format_cell(cell: Cell) -> str:
    return (
        f"{cell.figures['hierarchical F1'] or 0.0:.2f} / {cell.figures['strict F1'] or 0.0:.2f} ({cell.best_rule:.2f})"
    )
