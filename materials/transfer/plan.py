"""What an import is going to do: which folders become nodes, which files entries, in which order, and what is left out.

Computed from names and sizes alone, and always the same for the same source.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from materials.readers.format_problem import FormatProblem
from materials.readers.formats import promised
from materials.transfer import manifest as manifests
from materials.transfer.manifest import Manifest
from materials.transfer.names import Order, is_hidden, natural, shown
from materials.transfer.sources import Found, Skip, Source

ADDRESS_SUFFIX = ".url"
MAX_ADDRESS_BYTES = 64 * 1024
HIDDEN = "hidden"

Path = tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class PlannedFolder:
    """A folder that becomes a node, with the node's fields."""

    path: Path
    title: str
    fields: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class PlannedFile:
    """A file that becomes an entry of the node of `path[:-1]`. `said` is what a manifest says of it."""

    path: Path
    name: str
    found: Found
    said: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_address(self) -> bool:
        return PurePosixPath(self.path[-1]).suffix.lower() == ADDRESS_SUFFIX


@dataclass(frozen=True, kw_only=True)
class LeftOut:
    """What is not taken, and why. `count` files stand behind a folder that is left out as a whole."""

    shown: str
    size: int
    skip: Skip
    is_folder: bool = False
    count: int = 1


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Folders with parents before children, files in order, and what is left out. `top` says what the node itself is.

    `base` is the path that stands for the node: a single top folder, or nothing.
    """

    base: Path
    folders: Sequence[PlannedFolder]
    files: Sequence[PlannedFile]
    left_out: Sequence[LeftOut]
    manifest: Manifest | None

    @property
    def bytes(self) -> int:
        return sum(file.found.size for file in self.files)


def make_plan(source: Source, *, unwrap: bool = True, levels: int = 64) -> Plan:
    """Look at a source. A single top folder with nothing beside it stands for the node itself when `unwrap` is set.

    `levels` is how deep folders may lie below the node.
    """
    found = source.scan()
    hidden = [each for each in found if any(map(is_hidden, each.path))]
    left_out = [*_collapsed(hidden), *(_left_out(each) for each in found if not each.path)]
    seen = [each for each in found if each.path and not any(map(is_hidden, each.path))]
    base = _single_top(seen) if unwrap else ()
    files: dict[Path, Found] = {}
    for each in seen:
        if each.is_folder:
            if each.skip is not None:
                left_out.append(_left_out(each))
            continue
        if (earlier := files.get(each.path)) is not None:
            left_out.append(_left_out(earlier, Skip("path_twice", "Another file of the same path comes after it.")))
        files[each.path] = each
    manifest = _manifest(source, files, base)
    if manifest is not None:
        del files[(*base, manifests.NAME)]
    folders = _folders(seen, base=base, deepest=len(base) + levels + 1)
    too_deep = {path for path in folders if len(path) - len(base) > levels}
    planned = []
    for path in sorted(files, key=order):
        if skip := (_TOO_DEEP if len(path) - 1 - len(base) > levels else _why_not(files[path])):
            left_out.append(_left_out(files[path], skip))
        else:
            said = (manifest.entries if manifest else {}).get(path[len(base) :], {})
            planned.append(PlannedFile(path=path, name=said.get("name") or path[-1], found=files[path], said=said))
    left_out += [LeftOut(shown=shown(path) + "/", size=0, skip=_TOO_DEEP, is_folder=True, count=0) for path in too_deep]
    return Plan(
        base=base,
        folders=[_folder(path, base, manifest) for path in sorted(folders - too_deep, key=order)],
        files=planned,
        left_out=left_out,
        manifest=manifest,
    )


def order(path: Path) -> tuple[Order, ...]:
    """Return the key of a path's place in the order of its tree: parents first, siblings as people order names."""
    return tuple(map(natural, path))


_TOO_DEEP = Skip("too_deep", "Its folder lies deeper than a tree may be.")


def _single_top(seen: Iterable[Found]) -> Path:
    """Return the one folder that holds all there is, or nothing."""
    tops = set()
    for each in seen:
        if len(each.path) == 1 and not each.is_folder:
            return ()
        tops.add(each.path[0])
    return (tops.pop(),) if len(tops) == 1 else ()


def _folders(seen: Iterable[Found], *, base: Path, deepest: int) -> set[Path]:
    """Return the folders below `base`. One that lies deeper than `deepest` is not looked into."""
    folders: set[Path] = set()
    for each in seen:
        if each.skip is not None and each.is_folder:
            continue
        path = (each.path if each.is_folder else each.path[:-1])[:deepest]
        while len(path) > len(base) and path not in folders:
            folders.add(path)
            path = path[:-1]
    return folders


def _folder(path: Path, base: Path, manifest: Manifest | None) -> PlannedFolder:
    fields = dict((manifest.nodes if manifest else {}).get(path[len(base) :], {}))
    return PlannedFolder(path=path, title=fields.pop("title", "") or path[-1], fields=fields)


def _manifest(source: Source, files: Mapping[Path, Found], base: Path) -> Manifest | None:
    found = files.get((*base, manifests.NAME))
    if found is None or found.skip is not None or found.size > manifests.MAX_BYTES:
        return None
    try:
        with source.open(found) as file:
            return manifests.read(read_all(file, limit=manifests.MAX_BYTES))
    except Skip:
        return None


def read_all(file: Any, *, limit: int) -> bytes:
    """Return what a reader holds, at most `limit` bytes of it."""
    data = bytearray()
    while len(data) < limit and (piece := file.read(min(2**20, limit - len(data)))):
        data += piece
    return bytes(data)


def _why_not(found: Found) -> Skip | None:
    if found.skip is not None:
        return found.skip
    if not found.size:
        return Skip("file_empty", "It is empty.")
    if PurePosixPath(found.path[-1]).suffix.lower() == ADDRESS_SUFFIX:
        too_long = found.size > MAX_ADDRESS_BYTES
        return Skip("bad_address", "It is too long for a shortcut to an address.") if too_long else None
    try:
        promised(found.path[-1])
    except FormatProblem as exc:
        return Skip(exc.code, f"{exc} {exc.next_step}")
    return None


def _left_out(found: Found, skip: Skip | None = None) -> LeftOut:
    skip = skip or found.skip
    assert skip is not None
    return LeftOut(shown=found.shown, size=found.size, skip=skip, is_folder=found.is_folder)


def _collapsed(hidden: Iterable[Found]) -> list[LeftOut]:
    """Name each hidden folder once, whatever is in it."""
    groups: dict[tuple[Path, bool], list[Found]] = {}
    for each in hidden:
        depth = next(number for number, part in enumerate(each.path, start=1) if is_hidden(part))
        is_folder = each.is_folder or depth < len(each.path)
        groups.setdefault((each.path[:depth], is_folder), []).append(each)
    return [
        LeftOut(
            shown=shown(path) + ("/" if is_folder else ""),
            size=sum(each.size for each in inside),
            skip=Skip(HIDDEN, "It is a system's or a program's own, or hidden."),
            is_folder=is_folder,
            count=max(1, sum(not each.is_folder for each in inside)),
        )
        for (path, is_folder), inside in groups.items()
    ]
