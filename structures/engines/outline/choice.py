"""Choosing among the readings of a course, and placing what the chosen one leaves out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from project.counts import choose_verb, format_count, format_share
from structures.engines.outline.catalog import Catalog, CourseFile
from structures.engines.outline.levels import find_lessons
from structures.engines.outline.materials import attach_branches
from structures.engines.outline.plans import TAUGHT_ROLES
from structures.engines.outline.readings.contents import ContentsReading, read_contents
from structures.engines.outline.readings.names import NameReading, is_container, read_folders, read_names
from structures.engines.outline.readings.positions import read_positions
from structures.engines.outline.readings.schedules import ScheduleReading, give_titles, read_schedule
from structures.engines.outline.readings.texts import read_texts
from structures.engines.outline.tree import TreeNode

# What authors state is followed when it places at least this share of the files that teach: with less it is a table of
# something else, such as a list of handouts.
_MIN_STATED = 0.5
_MAX_NAMED = 5
# A plan in words that is followed against parts that names show must place nearly all: with less, what it says of the
# others is a guess. So many of the lessons of the parts must have rows of their own, too. A choice between this and
# all, where one form or list that no plan names would decide.
_MIN_OF_PARTED = 0.9
# A schedule in words that finds less than this share of the files is not worth a warning: most documents name some.
_MIN_NEAR = 0.25


@dataclass(kw_only=True)
class Reading:
    """A reading with what speaks for it. `is_stated` tells that an author wrote it down."""

    name: str
    root: TreeNode
    is_stated: bool
    coverage: float

    def build_explanation(self) -> dict[str, Any]:
        """Return the figures of the reading as JSON values."""
        return {"reading": self.name, "coverage": round(self.coverage, 3), "stated": self.is_stated}


@dataclass(kw_only=True)
class Choice:
    """The best reading, all readings that were weighed, and warnings about what the best one leaves out."""

    best: Reading
    readings: list[Reading]
    warnings: list[str] = field(default_factory=list)

    def build_explanation(self) -> dict[str, Any]:
        """Return how the choice was made, as JSON values."""
        return {"chosen": self.best.name, "readings": [reading.build_explanation() for reading in self.readings]}


def choose_reading(catalog: Catalog) -> Choice:
    """Return the reading to follow.

    That is what authors state, where it covers enough of the files; else what the texts say, where names part the
    course into no modules; else names.
    """
    named, is_parted = _read_names(catalog.files, catalog.title)
    unstated = Reading(name="folders and names", root=named, is_stated=False, coverage=_cover(named, catalog))
    readings = [unstated]
    if not _has_modules(named) and (texts := read_texts(catalog)) is not None:
        unstated = Reading(name="texts", root=texts, is_stated=False, coverage=_cover(texts, catalog))
        readings.insert(0, unstated)
    warnings: list[str] = []
    if (positions := read_positions(catalog)) is not None:
        readings.append(
            Reading(name="front matter", root=positions, is_stated=True, coverage=_cover(positions, catalog))
        )
    contents = read_contents(catalog)
    if contents is not None:
        name = ", ".join(dict.fromkeys("/".join(source.path) for source in contents.sources))
        coverage = _cover_with_links(contents.root, catalog, contents.sources)
        readings.append(Reading(name=name, root=contents.root, is_stated=True, coverage=coverage))
    stated = [reading for reading in readings if reading.is_stated and reading.coverage >= _MIN_STATED]
    # Of equals the later one: a table of contents says more than positions do.
    best = max(reversed(stated), key=lambda reading: reading.coverage) if stated else unstated
    # Lists of links are the weakest of statements: folders that part the course as well are followed instead, and the
    # page of a module says nothing of the course.
    if (
        contents is not None
        and best.root is contents.root
        and contents.is_links
        and _outweighs_links(unstated, best, named, contents)
    ):
        best = unstated
    if contents is not None and best.root is contents.root:
        _enter_only_child(best.root)
        warnings += _describe_gaps(contents)
        warnings += _place_rest(best, contents.sources, catalog, named)
    elif positions is not None and best.root is positions:
        warnings += _place_rest(best, (), catalog, named)
    if contents is not None and best.root is not contents.root and not contents.is_links:
        tables = ["/".join(source.path) for source in contents.sources]
        warnings.append(
            f"Not followed, because less of the files is listed than {best.name} arranges: {_name(tables)}."
        )
    if not best.is_stated and (schedule := read_schedule(catalog, _list_lessons(named))) is not None:
        in_words = Reading(
            name="/".join(schedule.source.path),
            root=schedule.root,
            is_stated=True,
            coverage=_cover(schedule.root, catalog, tables=[schedule.source]),
        )
        readings.append(in_words)
        # Words are the weakest statement of which files are meant. Folders or numbers that part the course are the
        # author's own, too, and leave less to guess.
        least = _MIN_OF_PARTED if is_parted else _MIN_STATED
        agrees = not is_parted or schedule.agreement >= _MIN_OF_PARTED
        if schedule.is_likely and agrees and in_words.coverage >= least:
            best = in_words
            _enter_only_child(best.root)
            warnings += _describe_unmatched(schedule)
            warnings += _place_rest(best, [schedule.source], catalog, named)
        elif schedule.is_likely and in_words.coverage >= _MIN_NEAR:
            give_titles(best.root, schedule.root)
            _take_out(best.root, schedule.source)
            warnings.append(_describe_near(schedule, catalog, best.name))
    return Choice(best=best, readings=readings, warnings=warnings)


def _outweighs_links(unstated: Reading, links: Reading, named: TreeNode, contents: ContentsReading) -> bool:
    """Tell whether a reading without statements places more of the files than lists of links do.

    As many are enough where names part the course, or where the page with the links is about a part of it.
    """
    is_of_part = any(not is_container(folder) for folder in contents.sources[0].path[:-1])
    if _has_modules(named) or is_of_part:
        return unstated.coverage >= links.coverage
    return unstated.coverage > links.coverage


def _list_lessons(named: TreeNode) -> list[list[CourseFile]]:
    """Return the files of each lesson that names show and that has several."""
    lessons = find_lessons(named)
    found = [list(node.iter_files()) for node in named.iter_nodes() if id(node) in lessons]
    return [files for files in found if len(files) > 1]


def _has_modules(named: TreeNode) -> bool:
    """Tell whether names part a course into several modules."""
    lessons = find_lessons(named)
    return sum(id(child) not in lessons for child in named.children) > 1


def _read_names(files: Iterable[CourseFile], title: str) -> tuple[TreeNode, bool]:
    """Return the tree that names give, and whether they part the course into several modules.

    A folder of one kind of files (`handouts`) whose files belong to no lesson is a module, but no part of the course.
    """
    reading: NameReading = read_names(read_folders(files, title))
    tree = reading.root
    _simplify(tree)
    _enter_only_child(tree)
    lessons = find_lessons(tree)
    is_parted = sum(id(child) not in lessons for child in tree.children) > 1
    attach_branches(tree, reading.branches, lessons)
    return tree, is_parted


def _enter_only_child(tree: TreeNode) -> None:
    """Take the only node below the root for the course itself, where it holds more than lessons."""
    while len(tree.children) == 1 and not tree.files and _get_height(tree) > 2:
        only = tree.children[0]
        tree.children, tree.files = only.children, only.files


def _take_out(root: TreeNode, file: CourseFile) -> None:
    """Move a file that is about the whole course from where it stands to the root."""
    for node in list(root.iter_nodes()):
        node.files = [other for other in node.files if other is not file]
        node.children = [child for child in node.children if child.children or child.files != [file]]
    root.files.append(file)


def _get_height(node: TreeNode) -> int:
    return 1 + max(map(_get_height, node.children)) if node.children else 0


def _simplify(node: TreeNode) -> None:
    """Join a folder with the only file in it, and with the only folder in it where that holds more than files."""
    for child in node.children:
        _simplify(child)
        while len(child.children) == 1 and not child.files and _can_join(child.children[0]):
            only = child.children[0]
            child.files, child.children = only.files, only.children
            child.words = child.words or only.words


def _can_join(only: TreeNode) -> bool:
    if only.children:
        return any(inner.children for inner in only.children)
    return only.basis != "folders" and only.number is None


def _cover_with_links(root: TreeNode, catalog: Catalog, tables: Sequence[CourseFile]) -> float:
    """Return the coverage of a tree with the files that its files link to, which will be placed with them."""
    linked = TreeNode(files=[link for child in root.children for file in child.iter_files() for link in file.links])
    return _cover(TreeNode(children=[*root.children, linked]), catalog, tables=tables)


def _cover(root: TreeNode, catalog: Catalog, *, tables: Sequence[CourseFile] = ()) -> float:
    """Return the share of the files that teach which stand below the root's children.

    `tables` are files that hold a table of contents: no table lists itself.
    """
    not_listed = set(map(id, tables))
    listed = [file for file in catalog.files if id(file) not in not_listed]
    wanted = [file for file in listed if file.role in TAUGHT_ROLES] or listed
    placed = {id(file) for child in root.children for file in child.iter_files()}
    return sum(id(file) in placed for file in wanted) / len(wanted) if wanted else 0.0


# --- what a table of contents leaves out ------------------------------------------------------------------------------


def _describe_gaps(contents: ContentsReading) -> list[str]:
    warnings = []
    source = "/".join(contents.sources[0].path)
    if contents.missing:
        missing = list(dict.fromkeys(contents.missing))
        be = choose_verb("is", "are", part=len(missing))
        warnings.append(f"{source} lists {format_count(len(missing), 'file')} that {be} not there: {_name(missing)}.")
    if contents.rivals:
        others = ["/".join(rival.path) for rival in contents.rivals]
        warnings.append(f"{source} is followed because it lists more of the files; not followed: {_name(others)}.")
    return warnings


def _describe_unmatched(schedule: ScheduleReading) -> list[str]:
    source = "/".join(schedule.source.path)
    warnings = []
    if schedule.unmatched:
        warnings.append(
            f"{source} names {format_count(schedule.row_count, 'lesson')}; no files were found for "
            f"{len(schedule.unmatched):,} of them: "
            f"{_name(schedule.unmatched)}."
        )
    if schedule.cut:
        be = choose_verb("was", "were", part=schedule.cut)
        warnings.append(f"{source} has more rows than are read; {schedule.cut:,} {be} left out.")
    return warnings


def _describe_near(schedule: ScheduleReading, catalog: Catalog, followed: str) -> str:
    source = "/".join(schedule.source.path)
    return (
        f"{source} names {format_count(schedule.row_count, 'lesson')}, with which "
        f"{format_share(len(schedule.covered), len(catalog.files), 'file')} "
        f"could be matched: {followed} are followed instead."
    )


def _name(paths: Sequence[str]) -> str:
    shown = "; ".join(paths[:_MAX_NAMED])
    return shown if len(paths) <= _MAX_NAMED else f"{shown}; and {len(paths) - _MAX_NAMED} more"


def _place_rest(best: Reading, tables: Sequence[CourseFile], catalog: Catalog, named: TreeNode) -> list[str]:
    """Place the files that a stated reading leaves out, but its tables, and return warnings that name them.

    A file goes to the node of the listed file that links to it, or that stands with it in one node by their
    names; what is left is arranged by names behind the modules that are listed.
    """
    owners = {id(file): node for node in best.root.iter_nodes() for file in node.files}
    not_placed = set(map(id, tables))
    rest = [file for file in catalog.files if id(file) not in owners and id(file) not in not_placed]
    # A page with few links says more of what belongs to it than one that links to everything.
    listed_files = sorted((f for f in catalog.files if id(f) in owners), key=lambda file: -len(file.links))
    linked = {id(link): owners[id(file)] for file in listed_files for link in file.links}
    beside: dict[int, TreeNode] = {}
    for node in named.iter_nodes():
        listed = next((owners[id(file)] for file in node.files if id(file) in owners), None)
        if listed is not None and node is not named:
            beside |= {id(file): listed for file in node.files}
    unplaced = []
    for file in rest:
        target = linked.get(id(file)) or beside.get(id(file))
        if target is not None:
            target.files.append(file)
        else:
            unplaced.append(file)
    left = [file for file in unplaced if not (len(file.path) == 1 and file.name.is_main)]
    if left:
        others, _ = _read_names(left, catalog.title)
        best.root.children += others.children
        best.root.files += others.files
    if not rest:
        return []
    source = "/".join(tables[0].path) if tables else best.name.capitalize()
    be = choose_verb("was", "were", part=len(rest))
    return [
        f"{source} does not list {format_count(len(rest), 'file')}, which {be} placed by links and names: "
        f"{_name(['/'.join(file.path) for file in rest])}."
    ]
