"""Lay out the folders and files of an export: names that are valid on every system, unique, and sort in order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from uuid import UUID

from materials.documents import Format
from materials.models import MaterialEntry, MaterialNode
from materials.queries import Branch
from materials.readers.formats import FORMATS
from materials.transfer import manifest
from materials.transfer.names import MAX_PATH_LENGTH
from materials.transfer.plan import SHORTCUT_SUFFIX
from materials.transfer.safe_names import MAX_NAME_LETTERS, MIN_NAME_LETTERS, build_safe_name, make_distinct

# What may be added to a name: "01 " before it, " (2)" after it, and the slash.
_NUMBERING_LETTERS = 8


@dataclass(frozen=True, kw_only=True)
class ExportFolder:
    """A node, the path of its folder (blank at the top, else ending with a slash), and its entries with their paths."""

    node: MaterialNode
    path: str
    entries: list[tuple[MaterialEntry, str]] = field(default_factory=list)


def lay_out_folders(branch: Branch) -> Iterator[ExportFolder]:
    """Yield the folders of a branch, parents before children, siblings in order."""
    yield from _lay_out_branch(branch, "", _compute_levels(branch))


def _lay_out_branch(branch: Branch, path: str, levels_below: Mapping[UUID, int]) -> Iterator[ExportFolder]:
    # An entry of that name would be read as the manifest when the archive is imported.
    used_names = {manifest.FILE_NAME} if not path else set()
    available_letters = (MAX_PATH_LENGTH - len(path)) // levels_below[branch.node.pk] - _NUMBERING_LETTERS
    letters = min(MAX_NAME_LETTERS, max(MIN_NAME_LETTERS, available_letters))
    files = make_distinct([_build_file_name(entry, letters) for entry in branch.entries], used_names)
    folders = make_distinct(
        [build_safe_name(child.node.title, letters=letters) for child in branch.children], used_names
    )
    yield ExportFolder(
        node=branch.node,
        path=path,
        entries=[(entry, path + name) for entry, name in zip(branch.entries, files, strict=True)],
    )
    for child, name in zip(branch.children, folders, strict=True):
        yield from _lay_out_branch(child, f"{path}{name}/", levels_below)


def _compute_levels(branch: Branch) -> dict[UUID, int]:
    """Return for each node the most names that follow its path: those of folders, and of a file."""
    levels: dict[UUID, int] = {}
    for each in reversed(list(branch.iter_branches())):
        levels[each.node.pk] = 1 + max((levels[child.node.pk] for child in each.children), default=0)
    return levels


def _build_file_name(entry: MaterialEntry, letters: int) -> str:
    if not entry.object_key:
        return build_safe_name(entry.name, SHORTCUT_SUFFIX, letters=letters)
    suffix = PurePosixPath(entry.name).suffix
    format_ = Format(entry.format)
    if format_ is Format.CONTENTS or suffix.lower() in FORMATS[format_].extensions:
        return build_safe_name(entry.name.removesuffix(suffix), suffix, letters=letters)
    # A recording's format has several containers, so no extension can be chosen for it.
    return build_safe_name(entry.name, "" if format_.is_recording else FORMATS[format_].extensions[0], letters=letters)
