"""The files of a course as the readings see them: parsed names, titles, roles, sizes, and the links between them."""

from __future__ import annotations

import posixpath
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import islice
from urllib.parse import unquote

from materials.documents import ChunkKind
from structures.engines.base.sources import SourceEntry, SourceNode
from structures.engines.outline import titles
from structures.engines.outline.name_parts import ParsedName, get_stem, parse_name
from structures.engines.outline.plans import Role
from structures.engines.outline.roles import decide_role, is_outdated

_SCHEME = re.compile(r"^[a-z][a-z0-9+.-]*:", re.IGNORECASE)
# What nearly all folders have. A choice between half (a majority) and all (where one stray folder would spoil it).
_MOST = 0.8
# Of what is on a drive, hardly more was put away: a folder with more of the files is what is taught.
_MAX_OUTDATED = 0.3
# Two of a name may be chance.
_MIN_SERIES = 3
# A page with no more words than this that leads to one file of the course stands for that file.
_MAX_POINTER_WORDS = 15
# Files are looked up by so many of the last parts of their paths. With one part a course of a thousand folders has a
# thousand files `index.md` to compare for each link; with all of them a deep tree has as many keys as parts.
_END_PARTS = 4
# Pages that a site builds from its sources are linked under other names than the sources have.
_BUILT = re.compile(r"\.html?$", re.IGNORECASE)


@dataclass(eq=False, kw_only=True)
class CourseFile:
    """One entry of the course.

    `path` is the way to it: titles of nodes below the course, then its name. `order` is its place in a walk of the
    materials in their owner's order. `title` is what it calls itself, cleaned; blank where that says nothing.
    `is_outdated`: a folder above it says that it is used no more.
    """

    entry: SourceEntry
    path: tuple[str, ...]
    name: ParsedName
    role: Role
    title: str
    order: int = 0
    is_outdated: bool = False
    links: list[CourseFile] = field(default_factory=list)

    @cached_property
    def word_count(self) -> int:
        return sum(len(c.text.split()) for c in self.entry.chunks if c.kind is not ChunkKind.HEADING)

    @property
    def is_body(self) -> bool:
        return self.role is Role.BODY

    @property
    def is_material(self) -> bool:
        """Tell whether the file is there beside a text that teaches: slides, a talk, a task, its solution, notes."""
        return self.role not in {Role.BODY, Role.CONTENTS}

    def __repr__(self) -> str:
        return f"<{'/'.join(self.path)} {self.role}>"


@dataclass(kw_only=True)
class Catalog:
    """All files of a course. `administration` are those that belong to no lesson, `contents` the tables of contents."""

    title: str
    files: list[CourseFile]
    administration: list[CourseFile]
    contents: list[CourseFile]

    def find_target(self, target: str, start: Sequence[str]) -> CourseFile | None:
        """Return the file to which a relative path leads from a folder; None when there is none."""
        return self._paths.find(target, start)

    @cached_property
    def _paths(self) -> _PathIndex:
        return _PathIndex([*self.files, *self.administration, *self.contents])


def build_catalog(root: SourceNode) -> Catalog:
    """Return the catalog of a course, with the links between its files resolved."""
    found = list(_walk(root))
    for file in found:
        # Beside all folders, notes for teachers are about the whole course.
        if file.role is Role.TEACHER_NOTES and len(file.path) == 1:
            file.role = Role.ADMINISTRATION
    outdated = [file for file in found if file.is_outdated]
    # A course about archives may have a folder of that name.
    if len(outdated) <= _MAX_OUTDATED * len(found):
        for file in outdated:
            file.role = Role.ADMINISTRATION
    taught = [file for file in found if file.role not in {Role.ADMINISTRATION, Role.CONTENTS}]
    _promote_handouts(taught)
    catalog = Catalog(
        title=root.title,
        files=taught,
        administration=[file for file in found if file.role is Role.ADMINISTRATION],
        contents=[file for file in found if file.entry.contents is not None],
    )
    for order, file in enumerate(found):
        file.order = order
        file.links = _resolve_links(file, catalog)
        if file.is_body and file.word_count <= _MAX_POINTER_WORDS and _lists_files(file.entry):
            file.role = Role.CONTENTS
        elif file.is_body and len(file.links) == 1 and file.word_count <= _MAX_POINTER_WORDS:
            file.role = Role.READING if file.links[0].is_body else file.links[0].role
    return catalog


def _promote_handouts(files: Sequence[CourseFile]) -> None:
    """Make the one reading that nearly every folder has under the same name (`handout`) the main text of its lesson.

    That is so where in most of these folders no other text is longer: then it teaches rather than accompanies a text.
    """
    folders = {file.path[:-1] for file in files if len(file.path) > 1}
    longest: defaultdict[tuple[str, ...], int] = defaultdict(int)
    for file in files:
        if file.is_body:
            longest[file.path[:-1]] = max(longest[file.path[:-1]], file.word_count)
    by_name: defaultdict[str, list[CourseFile]] = defaultdict(list)
    for file in files:
        if file.role is Role.READING and not file.name.steps and len(file.path) > 1:
            by_name[get_stem(file.path[-1]).casefold()].append(file)
    for found in by_name.values():
        main = sum(file.word_count >= longest[file.path[:-1]] for file in found)
        own = len({file.path[:-1] for file in found})
        if own >= max(_MIN_SERIES, _MOST * len(folders)) and 2 * main > len(found):
            for file in found:
                file.role = Role.BODY
                file.name = replace(file.name, is_main=True)


def _walk(root: SourceNode) -> Iterator[CourseFile]:
    # Without recursion: folders of uploads may be nested deeper than Python's calls.
    waiting: list[tuple[SourceNode, tuple[str, ...], bool]] = [(root, (), False)]
    while waiting:
        node, folder, is_old = waiting.pop()
        parsed = parse_name(folder[-1]) if folder else None
        folder_role = parsed.role if parsed is not None and not parsed.steps else None
        for entry in node.entries:
            name = parse_name(entry.name, is_file=True)
            yield CourseFile(
                entry=entry,
                path=(*folder, entry.name),
                name=name,
                role=decide_role(entry, name, folder_role),
                title=titles.find_own_title(entry),
                is_outdated=is_old,
            )
        waiting += [
            (child, (*folder, child.title), is_old or is_outdated(child.title)) for child in reversed(node.children)
        ]


def _lists_files(entry: SourceEntry) -> bool:
    """Tell whether a page holds a table of contents that leads to other files."""
    contents = entry.contents
    return contents is not None and any(item.target or item.children for item in contents.items)


def _resolve_links(file: CourseFile, catalog: Catalog) -> list[CourseFile]:
    found: dict[int, CourseFile] = {}
    for chunk in file.entry.chunks:
        for link in chunk.links:
            target = catalog.find_target(link, file.path[:-1]) if not _SCHEME.match(link) else None
            if target is not None and target is not file:
                found.setdefault(id(target), target)
    return list(found.values())


class _PathIndex:
    """Finds files by the paths that links and tables of contents write."""

    def __init__(self, files: Iterable[CourseFile]) -> None:
        self._exact: dict[str, CourseFile] = {}
        self._bare: defaultdict[str, list[CourseFile]] = defaultdict(list)
        self._by_end: defaultdict[str, list[CourseFile]] = defaultdict(list)
        for file in files:
            path = "/".join(file.path).casefold()
            self._exact.setdefault(path, file)
            bare = posixpath.splitext(path)[0]
            self._bare[bare].append(file)
            if posixpath.basename(bare) in {"index", "readme", "_index"}:
                self._bare[posixpath.dirname(bare)].append(file)
            for whole in dict.fromkeys((path, bare)):
                parts = whole.split("/")[-_END_PARTS:]
                for start in range(len(parts)):
                    self._by_end["/".join(parts[start:])].append(file)

    def find(self, target: str, start: Sequence[str]) -> CourseFile | None:
        # A table of contents gives plain paths, in which these signs are letters: `What is C#?.html`.
        paths = dict.fromkeys((target, unquote(target.split("#")[0].split("?")[0])))
        found = (self._find_path(path.strip().replace("\\", "/"), start) for path in paths)
        return next((file for file in found if file is not None), None)

    def _find_path(self, path: str, start: Sequence[str]) -> CourseFile | None:
        if not path:
            return None
        is_absolute = path.startswith("/")
        folder = "" if is_absolute else "/".join(start)
        whole = posixpath.normpath(posixpath.join(folder, path.lstrip("/"))).casefold()
        whole = "" if whole == "." else whole
        if whole.startswith("../"):
            return None
        for candidate in (whole, _BUILT.sub("", whole)):
            if candidate in self._exact:
                return self._exact[candidate]
            if len(found := self._bare.get(candidate, [])) >= 1:
                return found[0]
        return self._find_by_end(whole) if is_absolute or start == () else None

    def _find_by_end(self, path: str) -> CourseFile | None:
        """Return the only file whose path ends so: a site's root need not be the folder that was uploaded."""
        bare = _BUILT.sub("", path)
        for candidate in dict.fromkeys((path, bare)):
            known = self._by_end.get("/".join(candidate.split("/")[-_END_PARTS:]), ())
            # Two are as many as all of them: none is the only one.
            ends = list(islice((file for file in known if _ends_with(file, candidate)), 2))
            if len(ends) == 1:
                return ends[0]
        return None


def _ends_with(file: CourseFile, path: str) -> bool:
    own = "/".join(file.path).casefold()
    bare = posixpath.splitext(own)[0]
    return any(each == path or each.endswith(f"/{path}") for each in (own, bare))
