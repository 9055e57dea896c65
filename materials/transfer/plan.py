"""Plan an import: which folders become nodes, which files become entries, in which order, and what is skipped.

The plan depends on names, sizes and the manifest only, so a resumed import computes the same one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from materials.readers.format_problem import FormatProblem
from materials.readers.formats import find_format_by_name
from materials.transfer import manifest as manifests
from materials.transfer.manifest import Manifest
from materials.transfer.names import NaturalSortKey, format_path, is_hidden, natural_sort_key
from materials.transfer.sources import ImportSource, SkipItem, SourceItem

SHORTCUT_SUFFIX = ".url"
# A shortcut has a URL of at most 2,000 characters, and some programs add an icon to it.
MAX_SHORTCUT_BYTES = 64 * 1024
HIDDEN_CODE = "hidden"

PathParts = tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class PlannedFolder:
    """A folder that becomes a node, with the node's fields."""

    path: PathParts
    title: str
    fields: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class PlannedFile:
    """A file that becomes an entry in the node of the folder `path[:-1]`, with its fields from the manifest."""

    path: PathParts
    name: str
    item: SourceItem
    manifest_fields: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_url_shortcut(self) -> bool:
        return PurePosixPath(self.path[-1]).suffix.lower() == SHORTCUT_SUFFIX


@dataclass(frozen=True, kw_only=True)
class SkippedItem:
    """A file or folder that is not imported, and why. `count` is the number of files in a folder skipped whole."""

    display_path: str
    size: int
    skip: SkipItem
    is_folder: bool = False
    count: int = 1


@dataclass(frozen=True, kw_only=True)
class ImportPlan:
    """Folders with parents before children, files in order, and what is skipped.

    `base` is the path that becomes the import's node itself: that of a single top folder, or blank. `warnings` are
    sentences for people about the source and its manifest.
    """

    base: PathParts
    folders: Sequence[PlannedFolder]
    files: Sequence[PlannedFile]
    skipped: Sequence[SkippedItem]
    manifest: Manifest | None
    warnings: Sequence[str] = ()

    @property
    def total_bytes(self) -> int:
        return sum(file.item.size for file in self.files)


def build_import_plan(source: ImportSource, *, unwrap: bool = True, levels: int = 64) -> ImportPlan:
    """Return the plan for a source, whose manifest is the only file that is opened.

    With `unwrap`, a single top folder that holds everything else becomes the node itself. `levels` is how deep folders
    may be nested below the node. Raises what listing the source raises.
    """
    found = source.list_items()
    hidden = [each for each in found if any(map(is_hidden, each.path))]
    skipped = [*_collapse_hidden(hidden), *(_build_skipped_item(each) for each in found if not each.path)]
    seen = [each for each in found if each.path and not any(map(is_hidden, each.path))]
    base = _find_single_top_folder(seen) if unwrap else ()
    files: dict[PathParts, SourceItem] = {}
    for each in seen:
        if each.is_folder:
            if each.skip is not None:
                skipped.append(_build_skipped_item(each))
            continue
        # Archives may hold a path twice; programs that unpack them keep the last one.
        if (earlier := files.get(each.path)) is not None:
            skipped.append(
                _build_skipped_item(earlier, SkipItem("path_twice", "Another file of the same path comes after it."))
            )
        files[each.path] = each
    manifest = _read_manifest(source, files, base)
    if manifest is not None:
        del files[(*base, manifests.FILE_NAME)]
    # One level deeper than allowed, so that each folder that is too deep is reported once, not with all below it.
    folders = _collect_folders(seen, base=base, max_depth=len(base) + levels + 1)
    too_deep = {path for path in folders if len(path) - len(base) > levels}
    planned = []
    for path in sorted(files, key=path_sort_key):
        manifest_fields = (manifest.entries if manifest else {}).get(path[len(base) :], {})
        name = manifest_fields.get("name") or path[-1]
        if skip := (_TOO_DEEP if len(path) - 1 - len(base) > levels else _find_skip_reason(files[path], name)):
            skipped.append(_build_skipped_item(files[path], skip))
        else:
            planned.append(PlannedFile(path=path, name=name, item=files[path], manifest_fields=manifest_fields))
    skipped += [
        SkippedItem(display_path=format_path(path) + "/", size=0, skip=_TOO_DEEP, is_folder=True, count=0)
        for path in too_deep
    ]
    return ImportPlan(
        base=base,
        folders=[_plan_folder(path, base, manifest) for path in sorted(folders - too_deep, key=path_sort_key)],
        files=planned,
        skipped=skipped,
        manifest=manifest,
        warnings=(*source.warnings, *(manifest.warnings if manifest is not None else ())),
    )


def path_sort_key(path: PathParts) -> tuple[NaturalSortKey, ...]:
    """Return a sort key for paths: parents before children, siblings in the order of `natural_sort_key`."""
    return tuple(map(natural_sort_key, path))


_TOO_DEEP = SkipItem("too_deep", "Its folder lies deeper than a tree may be.")


def _find_single_top_folder(seen: Iterable[SourceItem]) -> PathParts:
    """Return the path of the only folder at the top, blank when there are other files or folders beside it."""
    tops = set()
    for each in seen:
        if len(each.path) == 1 and not each.is_folder:
            return ()
        tops.add(each.path[0])
    return (tops.pop(),) if len(tops) == 1 else ()


def _collect_folders(seen: Iterable[SourceItem], *, base: PathParts, max_depth: int) -> set[PathParts]:
    """Return the folders below `base`, those deeper than `max_depth` cut to that depth."""
    folders: set[PathParts] = set()
    for each in seen:
        if each.skip is not None and each.is_folder:
            continue
        path = (each.path if each.is_folder else each.path[:-1])[:max_depth]
        while len(path) > len(base) and path not in folders:
            folders.add(path)
            path = path[:-1]
    return folders


def _plan_folder(path: PathParts, base: PathParts, manifest: Manifest | None) -> PlannedFolder:
    fields = dict((manifest.nodes if manifest else {}).get(path[len(base) :], {}))
    return PlannedFolder(path=path, title=fields.pop("title", "") or path[-1], fields=fields)


def _read_manifest(source: ImportSource, files: Mapping[PathParts, SourceItem], base: PathParts) -> Manifest | None:
    found = files.get((*base, manifests.FILE_NAME))
    if found is None or found.skip is not None or found.size > manifests.MAX_BYTES:
        return None
    try:
        with source.open(found) as file:
            return manifests.parse_manifest(read_at_most(file, limit=manifests.MAX_BYTES))
    except SkipItem:
        return None


def read_at_most(file: Any, *, limit: int) -> bytes:
    """Return the bytes of a file, at most `limit` of them, whatever size it announces."""
    data = bytearray()
    while len(data) < limit and (piece := file.read(min(2**20, limit - len(data)))):
        data += piece
    return bytes(data)


def _find_skip_reason(found: SourceItem, name: str) -> SkipItem | None:
    if found.skip is not None:
        return found.skip
    if not found.size:
        return SkipItem("file_empty", "It is empty.")
    if PurePosixPath(found.path[-1]).suffix.lower() == SHORTCUT_SUFFIX:
        too_long = found.size > MAX_SHORTCUT_BYTES
        return SkipItem("bad_address", "It is too long for a shortcut to an address.") if too_long else None
    try:
        find_format_by_name("/".join((*found.path[:-1], name)))
    except FormatProblem as exc:
        return SkipItem(exc.code, f"{exc} {exc.next_step}")
    return None


def _build_skipped_item(found: SourceItem, skip: SkipItem | None = None) -> SkippedItem:
    skip = skip or found.skip
    assert skip is not None
    return SkippedItem(display_path=found.display_path, size=found.size, skip=skip, is_folder=found.is_folder)


def _collapse_hidden(hidden: Iterable[SourceItem]) -> list[SkippedItem]:
    """Return one skipped item for each topmost hidden folder or file, with the number of files in it."""
    groups: dict[tuple[PathParts, bool], list[SourceItem]] = {}
    for each in hidden:
        depth = next(number for number, part in enumerate(each.path, start=1) if is_hidden(part))
        is_folder = each.is_folder or depth < len(each.path)
        groups.setdefault((each.path[:depth], is_folder), []).append(each)
    return [
        SkippedItem(
            display_path=format_path(path) + ("/" if is_folder else ""),
            size=sum(each.size for each in inside),
            skip=SkipItem(HIDDEN_CODE, "It is a system's or a program's own, or hidden."),
            is_folder=is_folder,
            count=max(1, sum(not each.is_folder for each in inside)),
        )
        for (path, is_folder), inside in groups.items()
    ]
