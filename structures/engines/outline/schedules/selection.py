"""Deciding which rows of a document are a schedule, and that most documents hold none."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from materials.documents import Format
from structures.engines.outline.catalog import CourseFile
from structures.engines.outline.name_parts import get_stem
from structures.engines.outline.plans import Role
from structures.engines.outline.schedules.outlines import read_outline
from structures.engines.outline.schedules.rows import Row
from structures.engines.outline.schedules.vocabulary import is_other_list, is_schedule_name
from structures.engines.outline.words import count_words

# Of a longer list the first rows are read, and the number of the others is said.
MAX_ROWS = 1_000
# A schedule says little of each lesson: with more words a row on average it is the text of the course itself. A choice:
# descriptions of lessons in programmes have 20 to 50.
_MAX_WORDS_A_ROW = 60
# Fewer lessons are no arrangement.
_MIN_ROWS = 2
# What is a question in more rows than this is a test.
_MAX_QUESTIONS = 0.3
# A page with no schedule in its name is one when its lists have this share of its words.
_MIN_LIST_SHARE = 0.6
_PAGES = {"readme", "index"}
_ROLES = {Role.BODY, Role.READING, Role.ADMINISTRATION, Role.CONTENTS, Role.SLIDES, Role.TEACHER_NOTES}


@dataclass(kw_only=True)
class Schedule:
    """The rows of a document that name the lessons of a course. `cut` counts those that are not read."""

    source: CourseFile
    rows: list[Row]
    cut: int = 0


def find_schedules(file: CourseFile) -> Iterator[Schedule]:
    """Yield the ways to read a document as a schedule; none of most documents."""
    if file.role not in _ROLES or file.entry.format in {Format.CONTENTS, Format.QUIZ}:
        return
    if file.entry.format.is_captions or file.entry.format.is_recording:
        return
    called = [get_stem(file.entry.name).replace("_", " ").replace("-", " "), file.entry.title, file.title]
    is_named = any(map(is_schedule_name, called))
    if any(map(is_other_list, called)) and not is_schedule_name(called[0]):
        return
    root = read_outline(file.entry.chunks, is_named=is_named)
    _drop_other_lists(root)
    for test in (_is_in_table, _is_labelled):
        if (schedule := _build(file, root, test)) is not None:
            yield schedule
    if (whole := _find_whole(file, root, is_named=is_named)) is not None:
        yield whole


def _drop_other_lists(root: Row) -> None:
    for row in root.iter_rows():
        row.children = [
            child for child in row.children if child.is_table or child.is_said or not is_other_list(child.text)
        ]


def _is_in_table(row: Row) -> bool:
    return row.is_table


def _is_labelled(row: Row) -> bool:
    return row.is_said and not row.is_table and not row.is_clause


def _build(file: CourseFile, root: Row, test: Callable[[Row], bool]) -> Schedule | None:
    """Return the rows that pass a test with all below and the headings above them; None when they are no schedule."""
    if sum(map(test, root.iter_rows())) < _MIN_ROWS:
        return None
    return _check(file, _copy_selected(root, test, is_inside=False))


def _copy_selected(row: Row, test: Callable[[Row], bool], *, is_inside: bool) -> list[Row]:
    """Return copies of the children that are selected, or have such rows below or above them."""
    found = []
    for child in row.children:
        inside = is_inside or test(child)
        below = _copy_selected(child, test, is_inside=inside)
        if inside or below:
            found.append(_copy(child, below, is_kept=inside))
    return found


def _copy(row: Row, children: list[Row], *, is_kept: bool) -> Row:
    # The text of a heading above the rows, such as an introduction, is none of theirs.
    return Row(
        title=row.title, text=row.text, details=row.details, number=row.number, level=row.level, days=row.days,
        is_said=row.is_said, is_clause=row.is_clause, is_break=row.is_break, is_table=row.is_table,
        citation=row.citation, words=row.words if is_kept else 0, children=children,
    )  # fmt: skip


def _find_whole(file: CourseFile, root: Row, *, is_named: bool) -> Schedule | None:
    """Return the lists of a document without labels: those below a heading that announces them, or all of them."""
    announced = [
        row
        for row in root.iter_rows()
        if row.children and not row.is_table and row.citation is not None and is_schedule_name(row.text)
    ]
    # The title of the document itself is its name.
    inner = [row for row in announced if not (row in root.children and len(root.children) == 1)]
    if inner:
        return _check(file, [_copy(child, child.children, is_kept=True) for child in inner[0].children])
    if is_named or (get_stem(file.entry.name).casefold() in _PAGES and _is_mostly_lists(root)):
        return _check(file, [_copy(child, child.children, is_kept=True) for child in root.children])
    return None


def _is_mostly_lists(root: Row) -> bool:
    rows = sum(count_words(row.text) for row in root.iter_rows())
    return rows >= _MIN_LIST_SHARE * (rows + sum(row.words for row in root.iter_rows()))


def _check(file: CourseFile, rows: list[Row]) -> Schedule | None:
    # The title of the document, or of its only section, is no module.
    while len(rows) == 1 and rows[0].children and not rows[0].is_said:
        rows = rows[0].children
    top = Row(title="", children=rows)
    cut = _cut(top)
    leaves = [row for row in top.iter_rows() if row.citation is not None and not row.is_break and not row.children]
    named = [row for row in leaves if any(c.isalpha() for c in row.title) or row.days or row.number is not None]
    if len(named) < _MIN_ROWS:
        return None
    if sum("?" in row.text or "？" in row.text for row in leaves) > _MAX_QUESTIONS * len(leaves):
        return None
    if sum(row.words for row in top.iter_rows()) > _MAX_WORDS_A_ROW * len(leaves):
        return None
    return Schedule(source=file, rows=top.children, cut=cut)


def _cut(top: Row) -> int:
    """Take the rows behind the first `MAX_ROWS` away, and return their number."""
    rows = list(top.iter_rows())[1:]
    kept = set(map(id, rows[:MAX_ROWS]))
    for row in [top, *rows[:MAX_ROWS]]:
        row.children = [child for child in row.children if id(child) in kept]
    return max(0, len(rows) - MAX_ROWS)
