"""Reading the arrangement from documents that name modules and lessons in words: syllabi, programmes, plans."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from structures.engines.outline.catalog import Catalog, CourseFile
from structures.engines.outline.course_words import Level
from structures.engines.outline.name_parts import get_stem
from structures.engines.outline.plans import TAUGHT_ROLES, Role
from structures.engines.outline.readings.names import is_container
from structures.engines.outline.schedules.matching import Matches, match_files
from structures.engines.outline.schedules.rows import Row
from structures.engines.outline.schedules.selection import Schedule, find_schedules
from structures.engines.outline.schedules.vocabulary import is_schedule_name
from structures.engines.outline.tree import TreeNode

# A document whose links lead to so many files of the course says with them what it says.
_MAX_LINKED = 2
_MIN_MATCHED = 2
# Of several documents these are compared by their files, which costs as much as reading them.
_MAX_DOCUMENTS = 20
# So many of the lessons that a document names must have files: with fewer, what agrees agrees by chance.
_MIN_ROW_SHARE = 0.4
# Words that many files share heap them on one lesson, which has hardly more texts or decks than this.
_MAX_OF_KIND = 3
_MIN_SPREAD = 0.75
# A choice between half, where two parts may claim a module, and all, which one file on a wrong row would spoil.
_MOST = 0.8
# What names join may be a heap rather than a lesson when it has more files.
_MAX_OF_LESSON = 12
# Rows that hold several lessons, on average of all rows of their depth, are modules.
_MIN_LESSONS_A_MODULE = 1.2


@dataclass(kw_only=True)
class ScheduleReading:
    """A tree read from a schedule. `unmatched` are the titles of rows without files, `row_count` counts all lessons.

    `agreement` is the share of the lessons of several files, as names join them, that have a row of their own.
    """

    root: TreeNode
    source: CourseFile
    row_count: int
    cut: int = 0
    agreement: float = 1.0
    covered: set[int] = field(default_factory=set)
    unmatched: list[str] = field(default_factory=list)

    @property
    def is_likely(self) -> bool:
        """Tell whether enough of the lessons have files, and no few of them have most."""
        matched = self.row_count - len(self.unmatched)
        if matched < _MIN_MATCHED or matched < _MIN_ROW_SHARE * self.row_count:
            return False
        spread = sum(
            min(count, _MAX_OF_KIND)
            for child in self.root.children
            for node in child.iter_nodes()
            for count in Counter((file.role, file.entry.format) for file in node.files).values()
        )
        return spread >= _MIN_SPREAD * len(self.covered)


def read_schedule(catalog: Catalog, lessons: Sequence[Sequence[CourseFile]]) -> ScheduleReading | None:
    """Return the arrangement that the document gives which names lessons of most files; None when none names any.

    A document in a folder of one part speaks of that part only, unless it is called a schedule. `lessons` are the files
    that names join: all of them go to the row to which most of them belong.
    """
    every = sorted([*catalog.files, *catalog.administration], key=lambda file: file.order)
    every = [file for file in every if not file.is_outdated]
    schedules = [
        schedule
        for file in every
        if len(file.links) < _MAX_LINKED and (is_schedule_name(get_stem(file.path[-1])) or _is_at_top(file))
        for schedule in find_schedules(file)
    ]
    schedules.sort(key=lambda each: (each.source.role is not Role.ADMINISTRATION, len(each.source.path)))
    readings = [_read_plan(schedule, catalog, lessons) for schedule in schedules[:_MAX_DOCUMENTS]]
    readings = [reading for reading in readings if len(reading.covered) >= _MIN_MATCHED]
    return max(readings, key=lambda each: (each.is_likely, len(each.covered), -len(each.unmatched)), default=None)


def give_titles(root: TreeNode, schedule: TreeNode) -> None:
    """Give modules that only numbers name (`Part 2`) the title of the part of a schedule that has the same files."""
    above: dict[int, list[TreeNode]] = {}
    sizes: Counter[int] = Counter()
    _collect_ways(schedule, (), above, sizes)
    for node in root.iter_nodes():
        if node is root or node.title or node.words or not node.children:
            continue
        files = list(node.iter_files())
        shared = Counter(id(part) for file in files for part in above.get(id(file), ()))
        parts = {id(part): part for file in files for part in above.get(id(file), ())}
        # Nearly all of the part is here, and most of what is here is of the part.
        same = [key for key, count in shared.items() if count >= _MOST * sizes[key] and 2 * count > len(files)]
        if same:
            part = parts[max(same, key=lambda key: shared[key])]
            node.title, node.found_in = part.title, part.found_in


def _collect_ways(
    node: TreeNode, way: tuple[TreeNode, ...], above: dict[int, list[TreeNode]], sizes: Counter[int]
) -> None:
    for child in node.children:
        passed = (*way, child) if child.title and child.children else way
        for file in child.files:
            above[id(file)] = list(passed)
            sizes.update(map(id, passed))
        _collect_ways(child, passed, above, sizes)


def _is_at_top(file: CourseFile) -> bool:
    return all(is_container(folder) for folder in file.path[:-1])


def _read_plan(schedule: Schedule, catalog: Catalog, lessons: Sequence[Sequence[CourseFile]]) -> ScheduleReading:
    files = [file for file in catalog.files if file is not schedule.source]
    matches = match_files(schedule.rows, files)
    winners = _find_rows_of_lessons(matches, schedule, lessons)
    rows = dict(matches.rows)
    for own, row in winners:
        rows.update((id(file), row) for file in own)
    matches = Matches(rows=rows)
    builder = _TreeBuilder(files, matches, schedule)
    root = TreeNode(label=catalog.title, basis=schedule.source.entry.name)
    root.children = builder.build(schedule.rows)
    reading = ScheduleReading(
        root=root, source=schedule.source, cut=schedule.cut, row_count=builder.row_count, unmatched=builder.unmatched
    )
    if winners:
        inner = {id(file): id(node) for node in root.iter_nodes() if not node.children for file in node.files}
        reading.agreement = len({inner[id(own[0])] for own, _ in winners if id(own[0]) in inner}) / len(winners)
    reading.covered = {id(file) for child in root.children for file in child.iter_files()}
    return reading


def _find_rows_of_lessons(
    matches: Matches, schedule: Schedule, lessons: Sequence[Sequence[CourseFile]]
) -> list[tuple[Sequence[CourseFile], Row]]:
    """Return the files of each lesson, as names join them, with the row to which most of them belong."""
    winners: list[tuple[Sequence[CourseFile], Row]] = []
    for files in lessons:
        own = [file for file in files if file is not schedule.source]
        found = [row for file in own if (row := matches.rows.get(id(file))) is not None]
        if not found or len(own) > _MAX_OF_LESSON:
            continue
        best, count = Counter(map(id, found)).most_common(1)[0]
        if 2 * count > len(found):
            winners.append((own, next(row for row in found if id(row) == best)))
    return winners


class _TreeBuilder:
    """Builds the nodes of rows that have files."""

    def __init__(self, files: Sequence[CourseFile], matches: Matches, schedule: Schedule) -> None:
        self._basis = schedule.source.entry.name
        self._own: dict[int, list[CourseFile]] = {}
        for file in files:
            if (row := matches.rows.get(id(file))) is not None:
                self._own.setdefault(id(row), []).append(file)
        self.row_count = 0
        self.unmatched: list[str] = []
        self._modules = self._find_modules(schedule.rows)

    def build(self, rows: Sequence[Row]) -> list[TreeNode]:
        """Return the nodes of rows; those of lessons have the level of lessons."""
        nodes = []
        for row in rows:
            is_module = id(row) in self._modules
            if is_module:
                node = self._create_node(row, row.level if row.level is not Level.LESSON else None)
                node.files = list(self._own.get(id(row), ()))
                node.children = self.build(row.children)
            else:
                node = self._create_node(row, Level.LESSON)
                node.files = [file for each in row.iter_rows() for file in self._own.get(id(each), ())]
                # A part of a sentence may as well say something else.
                if row.is_break or (row.is_clause and not node.files):
                    continue
                self.row_count += 1
                if not node.files:
                    self.unmatched.append(row.title or row.text)
            if node.files or node.children:
                nodes.append(node)
        return nodes

    def _create_node(self, row: Row, level: Level | None) -> TreeNode:
        named = row.title if any(c.isalpha() for c in row.title) else row.text
        cited = (row.citation,) if row.citation is not None else ()
        if row.is_clause:
            return TreeNode(label=row.text, level=level, basis=self._basis)
        return TreeNode(title=named, label=row.text, level=level, basis=self._basis, found_in=cited)

    def _find_modules(self, rows: Sequence[Row]) -> set[int]:
        """Return the `id()` of the rows whose own rows are lessons, decided for all rows of a depth together.

        Rows below one lesson say what it is about: one of them has its files, or none.
        """
        modules: set[int] = set()
        depth = list(rows)
        while depth:
            parents = [row for row in depth if row.children]
            taught = [self._count_taught(row) for row in parents]
            filled = [count for count in taught if count]
            if filled and sum(filled) >= _MIN_LESSONS_A_MODULE * len(filled):
                modules |= {
                    id(row) for row, count in zip(parents, taught, strict=True) if count or not self._has_files(row)
                }
            depth = [child for row in parents for child in row.children]
        return self._drop_orphans(rows, modules)

    def _count_taught(self, row: Row) -> int:
        """Return how many of the rows directly below have files that teach."""
        return sum(
            any(file.role in TAUGHT_ROLES for each in child.iter_rows() for file in self._own.get(id(each), ()))
            for child in row.children
        )

    def _has_files(self, row: Row) -> bool:
        return any(self._own.get(id(each)) for each in row.iter_rows())

    def _drop_orphans(self, rows: Sequence[Row], modules: set[int]) -> set[int]:
        """Return the modules that stand in no lesson."""
        kept: set[int] = set()
        waiting = list(rows)
        while waiting:
            row = waiting.pop()
            if id(row) in modules:
                kept.add(id(row))
                waiting += row.children
        return kept
