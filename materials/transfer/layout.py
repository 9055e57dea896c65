"""Lay out the folders and files of an export: names that are valid on every system, unique, and sort in order."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from uuid import UUID

from materials.documents import Format
from materials.models import MaterialEntry, MaterialNode
from materials.queries import Branch
from materials.readers.formats import FORMATS
from materials.transfer import manifest
from materials.transfer.names import MAX_PATH_LENGTH, is_hidden, natural_sort_key, strip_invisible
from materials.transfer.plan import SHORTCUT_SUFFIX

# Windows takes paths of 260 characters by default (MAX_PATH): three such names fit. In deeper trees names are shorter,
# so that whole paths stay below the limit of an import.
MAX_NAME_LETTERS = 80
# However deep the tree, a name keeps something to recognise it by.
_MIN_NAME_LETTERS = 6
# File systems take 255 bytes in UTF-8. The rest is for an extension, a number and a leading underscore.
_MAX_NAME_BYTES = 200
# What may be added to a name: "01 " before it, " (2)" after it, and the slash.
_NUMBERING_LETTERS = 8

# What Windows forbids in names ("Naming Files, Paths, and Namespaces"); other systems forbid less.
_FORBIDDEN_CHARACTERS = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]')
_RESERVED_NAMES = re.compile(r"^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\.|$)", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class ExportFolder:
    """A node, the path of its folder (blank at the top, else ending with a slash), and its entries with their paths."""

    node: MaterialNode
    path: str
    entries: list[tuple[MaterialEntry, str]] = field(default_factory=list)


def lay_out_folders(branch: Branch) -> Iterator[ExportFolder]:
    """Yield the folders of a branch, parents before children, siblings in order."""
    yield from _lay_out_branch(branch, "", _compute_levels(branch))


def build_safe_name(name: str, suffix: str = "", *, letters: int = MAX_NAME_LETTERS) -> str:
    """Return a name of about `letters` characters, ending with `suffix`, that every system accepts and none hides."""
    clean = _FORBIDDEN_CHARACTERS.sub("_", strip_invisible(unicodedata.normalize("NFC", name)))
    clean = (
        clean[: max(_MIN_NAME_LETTERS, letters - len(suffix))]
        .encode()[:_MAX_NAME_BYTES]
        .decode(errors="ignore")
        .rstrip(" .")  # Windows drops these at the end of a name
    )
    if not clean or _RESERVED_NAMES.match(clean) or is_hidden(clean + suffix):
        clean = f"_{clean}"
    return clean + suffix


def _lay_out_branch(branch: Branch, path: str, levels_below: Mapping[UUID, int]) -> Iterator[ExportFolder]:
    # An entry of that name would be read as the manifest when the archive is imported.
    used_names = {manifest.FILE_NAME} if not path else set()
    available_letters = (MAX_PATH_LENGTH - len(path)) // levels_below[branch.node.pk] - _NUMBERING_LETTERS
    letters = min(MAX_NAME_LETTERS, max(_MIN_NAME_LETTERS, available_letters))
    files = _make_distinct([_build_file_name(entry, letters) for entry in branch.entries], used_names)
    folders = _make_distinct(
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


def _make_distinct(names: Sequence[str], used_names: set[str]) -> list[str]:
    """Return distinct names, numbered when they do not sort in their order; adds them to `used_names` in lower case.

    They differ also on file systems that ignore case.
    """
    width = max(2, len(str(len(names))))
    if sorted(names, key=natural_sort_key) != list(names) or len(set(map(str.casefold, names))) != len(names):
        names = [f"{number:0{width}} {name}" for number, name in enumerate(names, start=1)]
    found = []
    for name in names:
        stem, suffix = PurePosixPath(name).stem, PurePosixPath(name).suffix
        other, number = name, 1
        while other.casefold() in used_names:
            number += 1
            other = f"{stem} ({number}){suffix}"
        used_names.add(other.casefold())
        found.append(other)
    return found
