"""Reading the arrangement from tables of contents that the authors of a course wrote."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from materials.documents import Contents, ContentsItem, Format
from structures.engines.outline.catalog import Catalog, CourseFile
from structures.engines.outline.name_parts import build_words_key, parse_name
from structures.engines.outline.plans import Role
from structures.engines.outline.tree import TreeNode, take_main

# Below these folders targets may lie, besides beside the table: where tools keep their sources by default.
_SOURCE_FOLDERS = ("", "src", "docs", "episodes", "_episodes", "content", "source")
# A page whose links lead to fewer files than this is no table of contents of a course.
_MIN_FILES = 2
# A table that is not the whole course's joins the others when this share of its files is in none of them.
_MIN_NEW = 0.5
# How deep tables that include one another are followed; a cycle ends earlier, since a table is entered once.
_MAX_DEPTH = 12
# Of an index. A choice: a line or two beside each link describe it; a text that teaches has a hundred words and more.
_MAX_WORDS_A_LINK = 30
# Tables that include one another in a circle are each read as the first. So many times the lines of all tables are read
# together: enough for each of some tables with everything below it, while a thousand pages that all list one another
# would have a million.
_MAX_TIMES_READ = 10
# The dialect of lists of links on pages that are no files of a tool for contents.
LINKS = "links"


@dataclass(kw_only=True)
class ContentsReading:
    """A tree read from one or several tables of contents.

    `sources` are the tables, `covered` the `id()` of each file in the tree, `missing` the paths that lead nowhere,
    `rivals` other tables that list the same files in another way and were not followed. `line_count` are the lines that
    were read, those of tables inside included.
    """

    root: TreeNode
    sources: list[CourseFile]
    covered: set[int] = field(default_factory=set)
    missing: list[str] = field(default_factory=list)
    rivals: list[CourseFile] = field(default_factory=list)
    line_count: int = 0

    @property
    def is_links(self) -> bool:
        """Tell whether it is read from lists of links, which lead to many things besides the parts of a course."""
        contents = self.sources[0].entry.contents
        return contents is not None and contents.dialect == LINKS


def read_contents(catalog: Catalog) -> ContentsReading | None:
    """Return the arrangement that the tables of contents of a course give together; None without one.

    The table that covers most files is followed, and others where it leads to nothing: a course may have one table for
    each of its parts.
    """
    readings, rivals = _read_tables(catalog)
    readings = [
        reading
        for reading in readings
        if len(reading.covered) >= (1 if _is_contents_file(reading.sources[0]) else _MIN_FILES)
    ]
    readings.sort(key=_rank)
    if sum(len(reading.covered) for reading in readings) < _MIN_FILES:
        return None
    chosen = [readings[0]]
    covered = set(readings[0].covered)
    folders = {readings[0].sources[0].path[:-1]}
    for reading in readings[1:]:
        # Lists of links on several pages are what folders show more plainly.
        if reading.is_links or readings[0].is_links:
            continue
        new = reading.covered - covered
        # Two tables in one folder that share files are two tables of the same.
        folder = reading.sources[0].path[:-1]
        is_rival = len(new) < len(reading.covered) and folder in folders
        if not is_rival and len(new) >= _MIN_NEW * len(reading.covered):
            chosen.append(reading)
            folders.add(folder)
            covered |= new
        else:
            rivals.append(reading.sources[0])
    if len(chosen) == 1:
        chosen[0].rivals = rivals
        return chosen[0]
    return _join_readings(chosen, catalog, rivals)


def _read_tables(catalog: Catalog) -> tuple[list[ContentsReading], list[CourseFile]]:
    """Return the readings of the tables that are no part of another, and tables of tools that were not read."""
    roots = _find_roots(catalog)
    sizes = {id(table): _count_lines(table) for table in catalog.contents}
    left = _MAX_TIMES_READ * sum(sizes.values())
    # The table of a whole course has the most lines as a rule.
    roots.sort(key=lambda table: -sizes[id(table)])
    readings: list[ContentsReading] = []
    for at, table in enumerate(roots):
        if left <= 0:
            return readings, [file for file in roots[at:] if _is_contents_file(file)]
        readings.append(_read_table(table, catalog))
        left -= readings[-1].line_count
    return readings, []


def _count_lines(table: CourseFile) -> int:
    contents = table.entry.contents
    return sum(1 for _ in iter_items(contents.items)) if contents is not None else 0


def _rank(reading: ContentsReading) -> tuple[int, bool, int, tuple[str, ...]]:
    source = reading.sources[0]
    return -len(reading.covered), not _is_contents_file(source), len(source.path), source.path


def _is_contents_file(file: CourseFile) -> bool:
    return file.entry.format is Format.CONTENTS


def _join_readings(readings: Sequence[ContentsReading], catalog: Catalog, rivals: list[CourseFile]) -> ContentsReading:
    """Return the tables of several parts as one tree, a node for each part, in the order of their folders."""
    root = TreeNode(label=catalog.title, basis=readings[0].root.basis)
    seen: set[int] = set()
    for reading in sorted(readings, key=lambda r: r.sources[0].order):
        folder = reading.sources[0].path[:-1]
        parsed = parse_name(folder[-1]) if folder else None
        step = parsed.steps[-1] if parsed is not None and parsed.steps else None
        node = TreeNode(
            title=reading.root.title,
            label=folder[-1] if folder else catalog.title,
            words=step.words if step is not None else "",
            basis=reading.root.basis,
            children=reading.root.children,
            files=[file for file in reading.root.files if id(file) not in seen],
        )
        seen |= reading.covered
        root.children.append(node)
    return ContentsReading(
        root=root,
        sources=[source for reading in readings for source in reading.sources],
        covered=set().union(*(reading.covered for reading in readings)),
        missing=[path for reading in readings for path in reading.missing],
        rivals=rivals,
    )


def _find_roots(catalog: Catalog) -> list[CourseFile]:
    """Return the tables that no other table leads to; all of them when they lead to one another in a circle."""
    tables = [file for file in catalog.contents if file.entry.contents is not None and _leads_elsewhere(file)]
    included: set[int] = set()
    for table in tables:
        assert table.entry.contents is not None
        for item in iter_items(table.entry.contents.items):
            target = _find(item, table, table.entry.contents, catalog)
            if target is not None and target is not table and target.entry.contents is not None:
                included.add(id(target))
    return [table for table in tables if id(table) not in included] or tables


def _leads_elsewhere(file: CourseFile) -> bool:
    """Tell whether a table lists other files, rather than the parts of its own."""
    assert file.entry.contents is not None
    return any(item.target and item.locator is None for item in iter_items(file.entry.contents.items))


def iter_items(items: Sequence[ContentsItem]) -> Iterator[ContentsItem]:
    """Yield items and all below them, in order."""
    for item in items:
        yield item
        yield from iter_items(item.children)


def _find(item: ContentsItem, table: CourseFile, contents: Contents, catalog: Catalog) -> CourseFile | None:
    if not item.target or item.locator is not None or "://" in item.target:
        return None
    folder = table.path[:-1]
    for below in dict.fromkeys(("", *contents.folders, *_SOURCE_FOLDERS)):
        start = (*folder, *(part for part in below.split("/") if part))
        if (found := catalog.find_target(item.target, start)) is not None:
            return found
    return catalog.find_target(f"/{item.target}", ())


def _read_table(table: CourseFile, catalog: Catalog) -> ContentsReading:
    contents = table.entry.contents
    assert contents is not None
    basis = table.entry.name
    root = TreeNode(title=contents.title, label=contents.title or catalog.title, basis=basis)
    reading = ContentsReading(root=root, sources=[table])
    builder = _TreeBuilder(catalog, reading, basis)
    builder.enter(table)
    if not _is_contents_file(table):
        root.files.append(table)
    root.children = builder.build_nodes(contents.items, table, contents, depth=0)
    return reading


class _TreeBuilder:
    """Builds the nodes of one table, entering each other table that it leads to once."""

    def __init__(self, catalog: Catalog, reading: ContentsReading, basis: str) -> None:
        self._catalog = catalog
        self._reading = reading
        self._basis = basis
        self._entered: set[int] = set()
        # What the table lists itself stands where it lists it, not where a page that it leads to does.
        self._listed: set[int] = set()

    def enter(self, table: CourseFile) -> None:
        """Take a table for the one that is being read."""
        self._entered.add(id(table))
        contents = table.entry.contents
        if contents is not None:
            found = (_find(item, table, contents, self._catalog) for item in iter_items(contents.items))
            self._listed = {id(target) for target in found if target is not None}

    def build_nodes(
        self, items: Sequence[ContentsItem], table: CourseFile, contents: Contents, *, depth: int
    ) -> list[TreeNode]:
        """Return the nodes of some items that lead anywhere. A file stands where the first item has it."""
        nodes: list[TreeNode] = []
        for item in items:
            node = self._build_item(item, table, contents, depth)
            if node is None:
                continue
            last = nodes[-1] if nodes else None
            same = build_words_key(item.title)
            # Rows of a schedule name each file of a lesson with the lesson's title.
            if last is not None and same and same == build_words_key(last.title) and not last.children:
                if node.children or not node.files:
                    nodes.append(node)
                else:
                    last.files += node.files
            else:
                nodes.append(node)
        return nodes

    def _build_item(self, item: ContentsItem, table: CourseFile, contents: Contents, depth: int) -> TreeNode | None:
        if depth > _MAX_DEPTH:
            return None
        self._reading.line_count += 1
        target = _find(item, table, contents, self._catalog)
        is_listed = item.target and item.locator is None and "://" not in item.target
        # Links in the text of a page lead to much that is no file of the course.
        if target is None and is_listed and contents.dialect != LINKS:
            self._reading.missing.append(item.target)
        parsed = parse_name(item.title)
        level = parsed.steps[0].level if parsed.steps and parsed.steps[0].number is not None else None
        is_label = bool(parsed.steps) and not any(step.words for step in parsed.steps)
        title = "" if is_label else item.title
        node = TreeNode(title=title, label=item.title, level=level, basis=self._basis)
        if target is not None:
            if depth > 0 and table is not self._reading.sources[0] and id(target) in self._listed:
                return None
            self._add_target(node, target, depth)
        node.children += self.build_nodes(item.children, table, contents, depth=depth + 1)
        take_main(node)
        return node if node.files or node.children else None

    def _add_target(self, node: TreeNode, target: CourseFile, depth: int) -> None:
        inner = target.entry.contents
        if target.role is Role.ADMINISTRATION:
            return
        if target.entry.format is not Format.CONTENTS and id(target) not in self._reading.covered:
            self._reading.covered.add(id(target))
            node.files.append(target)
        if inner is None or id(target) in self._entered or not _leads_elsewhere(target):
            return
        # Lists of links in a lesson's text lead to what it builds on, which is not inside it; and the pages of a book
        # that has a table of contents are not needed as one.
        if inner.dialect == LINKS and not (self._reading.is_links and _is_index(target)):
            return
        self._entered.add(id(target))
        node.children += self.build_nodes(inner.items, target, inner, depth=depth + 1)
        node.title = node.title or inner.title
        # A file of a package that holds nothing but one other is that other.
        if len(node.children) == 1 and not node.files:
            only = node.children[0]
            node.files, node.children, node.title = only.files, only.children, node.title or only.title


def _is_index(file: CourseFile) -> bool:
    """Tell whether a page has hardly any text besides its links: a sentence or two beside each."""
    assert file.entry.contents is not None
    links = sum(1 for item in iter_items(file.entry.contents.items) if item.target)
    return file.word_count <= _MAX_WORDS_A_LINK * links
