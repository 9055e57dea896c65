"""Plan the import of a course package: its items become nodes and entries, with the titles and in the order it says."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath

from materials.readers.base.encodings import decode_prefix
from materials.readers.formats import FORMATS
from materials.readers.packages.package import CoursePackage, PackageDamaged, PackageFile, PackageItem, SkipReason
from materials.readers.quizzes.dialects import find_xml_dialect
from materials.serializers import LANGUAGE_TAG_PATTERN
from materials.transfer.names import format_path, natural_sort_key
from materials.transfer.package_contents import FILE_NAME, ContentsLine, write_contents
from materials.transfer.package_names import PathPartNames, SiblingNames, get_suffix
from materials.transfer.packages import FoundPackage
from materials.transfer.plan import (
    SHORTCUT_SUFFIX,
    ImportPlan,
    PathParts,
    PlannedFile,
    PlannedFolder,
    SkippedItem,
    build_skipped_item,
    find_skip_reason,
)
from materials.transfer.shortcuts import build_shortcut
from materials.transfer.sources import SkipItem, SourceItem

OTHER_FILES = "Other files"

_KNOWN_SUFFIXES = {suffix for info in FORMATS.values() for suffix in info.extensions} | {SHORTCUT_SUFFIX}
# A folder that a program named: `g2a9d2b1c8e0f4b7a9c3d5e6f70819203`, a UUID. Digests in use have 32 digits or more; no
# word has 16 of them.
_DIGEST = re.compile(r"[a-z]?(?:[0-9a-f]{16,}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?:_\w*)?", re.IGNORECASE)
# Of quizzes, and of much else.
_XML_SUFFIXES = {".xml", ".qti"}
# In which the root element of an XML file begins, after the declaration and comments.
_HEAD_BYTES = 64 * 1024
# Packages hold the parts of their players beside the materials; what no format has is none.
_UNKNOWN_TYPE = SkipItem("type_unsupported", "It is a file of a type that is not read.")


def build_package_plan(
    found: FoundPackage, *, skipped: Sequence[SkippedItem], warnings: Sequence[str], levels: int
) -> ImportPlan:
    """Return the plan of a package; `skipped` is what of its archive is skipped before it is looked at.

    Below `levels` of nodes, folders give way to what is in them.
    """
    assert found.package is not None
    planner = _Planner(found=found, package=found.package, levels=levels, skipped=list(skipped))
    return planner.plan(warnings)


@dataclass(kw_only=True)
class _Folder:
    """A place in the tree: its path, the titles on the way to it, and the names that are taken in it."""

    path: PathParts = ()
    titles: tuple[str, ...] = ()
    entries: SiblingNames = field(default_factory=SiblingNames)
    nodes: SiblingNames = field(default_factory=SiblingNames)
    parts: PathPartNames = field(default_factory=PathPartNames)


@dataclass(kw_only=True)
class _Planner:
    found: FoundPackage
    package: CoursePackage
    levels: int
    skipped: list[SkippedItem]
    _folders: list[PlannedFolder] = field(default_factory=list)
    _planned: list[PlannedFile] = field(default_factory=list)
    # Where files are in the tree, by their path in the package; blank for those that are skipped.
    _places: dict[str, str] = field(default_factory=dict)

    def plan(self, warnings: Sequence[str]) -> ImportPlan:
        top = _Folder()
        contents = top.entries.choose(PurePosixPath(FILE_NAME).stem, get_suffix(FILE_NAME))
        top.parts.choose(contents)
        lines = [line for item in self.package.items for line in self._place_item(item, top)]
        self._place_other_files(top)
        if any(line.leads_somewhere for line in lines):
            data = write_contents(self.package.title, lines)
            self._planned.insert(0, _build_made_file((contents,), contents, data))
        language = self.package.language.strip().replace("_", "-")
        return ImportPlan(
            base=(),
            folders=self._folders,
            files=self._planned,
            skipped=self.skipped,
            manifest=None,
            package=self.package.kind,
            title=self.package.title,
            root_fields={"language": language} if language and re.fullmatch(LANGUAGE_TAG_PATTERN, language) else {},
            warnings=(*warnings, *self.package.warnings),
            has_own_order=True,
        )

    def _place_item(self, item: PackageItem, folder: _Folder) -> list[ContentsLine]:
        """Place an item and all below it; return its lines in the table of contents."""
        if item.skip_reason is not None and not item.files:
            self._skip_item(item, folder)
        new = [file for file in item.files if not file.path or file.path not in self._places]
        new = [file for file in new if self._can_be_taken(file)]
        own = {file.path for file in item.files}
        holds_more = any(self._brings_anything(child, own) for child in item.children)
        needs_folder = (len(new) > 1 or holds_more) and len(folder.path) < self.levels
        inner = (
            self._add_folder(folder, item.title or _get_stem(new[0].path if new else "")) if needs_folder else folder
        )
        if len(new) == 1 and item.title:
            new = [replace(new[0], title="")]
        placed = [self._place_file(file, item, inner, is_first=not at) for at, file in enumerate(new)]
        # An item may lead to what an earlier one has brought.
        known = [place for file in item.files if file.path and (place := self._places.get(file.path))]
        start = next(iter([*known, *placed]), "")
        line = ContentsLine(title=item.title, path=start, fragment=item.fragment if start else "")
        children = [child for each in item.children for child in self._place_item(each, inner)]
        line.children += children
        others = [ContentsLine(title=item.title, path=path) for path in placed if path != start]
        # One unit of several files has a line of the same title for each; other items hold theirs.
        if not holds_more:
            return [line, *others]
        line.children[:0] = others
        return [line]

    def _brings_anything(self, item: PackageItem, own: set[str]) -> bool:
        """Tell whether an item, or one below it, has files besides `own` and those with a place, or is skipped."""
        return (
            any(not file.path or (file.path not in self._places and file.path not in own) for file in item.files)
            or item.skip_reason is not None
            or any(self._brings_anything(child, own) for child in item.children)
        )

    def _can_be_taken(self, file: PackageFile) -> bool:
        """Tell whether a file becomes an entry; records why not."""
        if file.data is not None or file.address:
            return True
        found = self.found.files[file.path]
        skip = _find_skip_reason(found)
        if skip is None and not file.is_quiz and not self._may_be_quiz(file.path):
            skip = _UNKNOWN_TYPE
        # Whether a quiz is of a form that is read, its bytes tell when it is taken.
        if skip is not None and not (file.is_quiz and skip.code == _UNKNOWN_TYPE.code):
            self._places[file.path] = ""
            self.skipped.append(build_skipped_item(found, skip))
            return False
        return True

    def _may_be_quiz(self, path: str) -> bool:
        """Tell whether a file is no XML, or XML that a quiz begins with: most of it are settings of programs."""
        if get_suffix(path).lower() not in _XML_SUFFIXES:
            return True
        try:
            head = self.found.reader.read_head(path, _HEAD_BYTES)
        except PackageDamaged:
            return False
        return find_xml_dialect(decode_prefix(head)) is not None

    def _place_file(self, file: PackageFile, item: PackageItem, folder: _Folder, *, is_first: bool) -> str:
        """Plan an entry; return its path in the tree."""
        title = file.title or (item.title if is_first or item.is_whole else "") or _get_stem(file.path)
        suffix = SHORTCUT_SUFFIX if file.address else file.suffix or get_suffix(file.path)
        name = folder.entries.choose(title, suffix)
        path = (*folder.path, folder.parts.choose(name, suffix=suffix))
        if file.address:
            # An entry with an address has a name without extension.
            name = name.removesuffix(suffix)
            made = _build_made_file(path, name, build_shortcut(file.address), fields={"name": name})
            self._planned.append(made)
        elif file.data is not None:
            self._planned.append(_build_made_file(path, name, file.data))
        else:
            self._planned.append(PlannedFile(path=path, name=name, item=self.found.files[file.path]))
        place = format_path((*folder.titles, name))
        for source in (file.path, *file.also):
            if source:
                self._places[source] = place
        return place

    def _add_folder(self, folder: _Folder, title: str) -> _Folder:
        name = folder.nodes.choose(title)
        path = (*folder.path, folder.parts.choose(name.replace("/", "-")))
        self._folders.append(PlannedFolder(path=path, title=name))
        return _Folder(path=path, titles=(*folder.titles, name))

    def _skip_item(self, item: PackageItem, folder: _Folder) -> None:
        assert item.skip_reason is not None
        if item.source:
            self._places[item.source] = ""
        title = item.title or _get_stem(item.source)
        skip = _build_skip(item.skip_reason)
        self.skipped.append(SkippedItem(display_path=format_path((*folder.titles, title)), size=0, skip=skip))

    def _place_other_files(self, top: _Folder) -> None:
        """Place what the table of contents does not name below one folder, each file in the folders that it lies in."""
        titles = {file.path: item for item in self.package.unlisted for file in item.files[:1]}
        folders: dict[PathParts, _Folder] = {}
        for path in sorted(self.found.files, key=lambda path: tuple(map(natural_sort_key, path.split("/")))):
            item = titles.get(path)
            file = item.files[0] if item is not None else PackageFile(path=path)
            found = self.found.files[path]
            if path in self._places:
                continue
            if (reason := self.package.skip_reasons.get(path)) is not None:
                self.skipped.append(build_skipped_item(found, _build_skip(reason)))
                continue
            if not self._can_be_taken(file):
                continue
            # What has a title needs no folder to say what it is; one without is known by where it lies.
            folders_around = path.split("/")[:-1] if item is None or not item.title else []
            around = tuple(name for name in folders_around if not _DIGEST.fullmatch(name))
            folder = self._get_other_folder(around[: max(0, self.levels - 1)], top, folders)
            self._place_file(file, item or PackageItem(), folder, is_first=True)

    def _get_other_folder(self, around: PathParts, top: _Folder, folders: dict[PathParts, _Folder]) -> _Folder:
        if self.levels < 1:
            return top
        for depth in range(len(around) + 1):
            if around[:depth] not in folders:
                above = folders[around[: depth - 1]] if depth else top
                folders[around[:depth]] = self._add_folder(above, around[depth - 1] if depth else OTHER_FILES)
        return folders[around]


def _find_skip_reason(found: SourceItem) -> SkipItem | None:
    name = found.path[-1]
    if (skip := find_skip_reason(found, name)) is not None:
        return skip
    return None if get_suffix(name).lower() in _KNOWN_SUFFIXES else _UNKNOWN_TYPE


def _build_skip(reason: SkipReason) -> SkipItem:
    return SkipItem(reason.code, reason.reason)


def _build_made_file(
    path: PathParts, name: str, data: bytes, *, fields: Mapping[str, str] | None = None
) -> PlannedFile:
    item = SourceItem(path=path, display_path=format_path(path), size=len(data), data=data)
    return PlannedFile(path=path, name=name, item=item, manifest_fields=fields or {})


def _get_stem(path: str) -> str:
    return PurePosixPath(path).stem
