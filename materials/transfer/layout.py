"""Names and places of an export's files: safe on every system, unique, and in order."""

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

MAX_NAME_LETTERS = 80
"""Of a name, so that paths stay within what Windows takes. In deep trees it is fewer, so that an import takes them."""
_MIN_NAME_LETTERS = 6
_MAX_NAME_BYTES = 200
"""Of a name in UTF-8: file systems take 255."""
_NUMBERING_LETTERS = 8
"""What may come to a name: a number, another number, a slash."""

_FORBIDDEN_CHARACTERS = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]')
_RESERVED_NAMES = re.compile(r"^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\.|$)", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class ExportFolder:
    """A node with the path of its folder (blank at the top, else ending with a slash), and its entries with theirs."""

    node: MaterialNode
    path: str
    entries: list[tuple[MaterialEntry, str]] = field(default_factory=list)


def lay_out_folders(branch: Branch) -> Iterator[ExportFolder]:
    """Yield a branch and all below it, parents first, in order."""
    yield from _lay_out_branch(branch, "", _compute_levels(branch))


def build_safe_name(name: str, suffix: str = "", *, letters: int = MAX_NAME_LETTERS) -> str:
    """Return a name of about so many letters that every system takes and none hides, with `suffix` at its end."""
    clean = _FORBIDDEN_CHARACTERS.sub("_", strip_invisible(unicodedata.normalize("NFC", name)))
    clean = (
        clean[: max(_MIN_NAME_LETTERS, letters - len(suffix))]
        .encode()[:_MAX_NAME_BYTES]
        .decode(errors="ignore")
        .rstrip(" .")
    )
    if not clean or _RESERVED_NAMES.match(clean) or is_hidden(clean + suffix):
        clean = f"_{clean}"
    return clean + suffix


def _lay_out_branch(branch: Branch, path: str, levels_below: Mapping[UUID, int]) -> Iterator[ExportFolder]:
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
    """Return for each node how many names a path has at most from there on: those of folders and of a file."""
    levels: dict[UUID, int] = {}
    for each in reversed(list(branch.iter_branches())):
        levels[each.node.pk] = 1 + max((levels[child.node.pk] for child in each.children), default=0)
    return levels


def _build_file_name(entry: MaterialEntry, letters: int) -> str:
    if not entry.object_key:
        return build_safe_name(entry.name, SHORTCUT_SUFFIX, letters=letters)
    suffix = PurePosixPath(entry.name).suffix
    format_ = Format(entry.format)
    if suffix.lower() in FORMATS[format_].extensions:
        return build_safe_name(entry.name.removesuffix(suffix), suffix, letters=letters)
    return build_safe_name(entry.name, "" if format_.is_recording else FORMATS[format_].extensions[0], letters=letters)


def _make_distinct(names: Sequence[str], used_names: set[str]) -> list[str]:
    """Make names differ whatever the case, and put numbers before them where they do not sort as they stand."""
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
