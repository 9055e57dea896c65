"""The plan of an import: which folders become nodes, which files entries, in which order, and what is skipped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from materials.readers.format_problem import FormatProblem
from materials.readers.formats import find_format_by_name
from materials.transfer.manifest import Manifest
from materials.transfer.names import NaturalSortKey, natural_sort_key
from materials.transfer.sources import SkipItem, SourceItem

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

    `base` is the path that becomes the import's node itself: that of a single top folder, or blank. `root_fields` are
    fields of that node. `manifest` is that of an export; `package` names the form of a course package, and `title` is
    what it calls the course. `warnings` are sentences for people about the source and its manifest. `has_own_order`
    tells that folders and files stand in the order of a package, not in that of their paths.
    """

    base: PathParts
    folders: Sequence[PlannedFolder]
    files: Sequence[PlannedFile]
    skipped: Sequence[SkippedItem]
    manifest: Manifest | None
    package: str = ""
    title: str = ""
    root_fields: Mapping[str, Any] = field(default_factory=dict)
    warnings: Sequence[str] = ()
    has_own_order: bool = False

    @property
    def total_bytes(self) -> int:
        return sum(file.item.size for file in self.files)


def path_sort_key(path: PathParts) -> tuple[NaturalSortKey, ...]:
    """Return a sort key for paths: parents before children, siblings in the order of `natural_sort_key`."""
    return tuple(map(natural_sort_key, path))


def read_at_most(file: Any, *, limit: int) -> bytes:
    """Return the bytes of a file, at most `limit` of them, whatever size it announces."""
    data = bytearray()
    while len(data) < limit and (piece := file.read(min(2**20, limit - len(data)))):
        data += piece
    return bytes(data)


def find_skip_reason(found: SourceItem, name: str) -> SkipItem | None:
    """Return why a file would not be taken under a name, as far as name and size tell; None when they do not."""
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


def build_skipped_item(found: SourceItem, skip: SkipItem | None = None) -> SkippedItem:
    """Return the record of a file or folder that is skipped, by default for the reason that its source gives."""
    skip = skip or found.skip
    assert skip is not None
    return SkippedItem(display_path=found.display_path, size=found.size, skip=skip, is_folder=found.is_folder)
