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
from materials.transfer.names import MAX_PATH, is_hidden, natural, visible
from materials.transfer.plan import ADDRESS_SUFFIX

MOST_LETTERS = 80
"""Of a name, so that paths stay within what Windows takes. In deep trees it is fewer, so that an import takes them."""
_LEAST_LETTERS = 6
_MOST_BYTES = 200
"""Of a name in UTF-8: file systems take 255."""
_BESIDE = 8
"""What may come to a name: a number, another number, a slash."""

_FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]')
_RESERVED = re.compile(r"^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\.|$)", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Placed:
    """A node with the path of its folder (blank at the top, else ending with a slash), and its entries with theirs."""

    node: MaterialNode
    path: str
    entries: list[tuple[MaterialEntry, str]] = field(default_factory=list)


def placed(branch: Branch) -> Iterator[Placed]:
    """Yield a branch and all below it, parents first, in order."""
    yield from _placed(branch, "", _levels(branch))


def safe(name: str, suffix: str = "", *, letters: int = MOST_LETTERS) -> str:
    """Return a name of about so many letters that every system takes and none hides, with `suffix` at its end."""
    clean = _FORBIDDEN.sub("_", visible(unicodedata.normalize("NFC", name)))
    clean = (
        clean[: max(_LEAST_LETTERS, letters - len(suffix))].encode()[:_MOST_BYTES].decode(errors="ignore").rstrip(" .")
    )
    if not clean or _RESERVED.match(clean) or is_hidden(clean + suffix):
        clean = f"_{clean}"
    return clean + suffix


def _placed(branch: Branch, path: str, levels: Mapping[UUID, int]) -> Iterator[Placed]:
    taken = {manifest.NAME} if not path else set()
    room = (MAX_PATH - len(path)) // levels[branch.node.pk] - _BESIDE
    letters = min(MOST_LETTERS, max(_LEAST_LETTERS, room))
    files = _distinct([_file_name(entry, letters) for entry in branch.entries], taken)
    folders = _distinct([safe(child.node.title, letters=letters) for child in branch.children], taken)
    yield Placed(
        node=branch.node,
        path=path,
        entries=[(entry, path + name) for entry, name in zip(branch.entries, files, strict=True)],
    )
    for child, name in zip(branch.children, folders, strict=True):
        yield from _placed(child, f"{path}{name}/", levels)


def _levels(branch: Branch) -> dict[UUID, int]:
    """Return for each node how many names a path has at most from there on: those of folders and of a file."""
    levels: dict[UUID, int] = {}
    for each in reversed(list(branch.walk())):
        levels[each.node.pk] = 1 + max((levels[child.node.pk] for child in each.children), default=0)
    return levels


def _file_name(entry: MaterialEntry, letters: int) -> str:
    if not entry.object_key:
        return safe(entry.name, ADDRESS_SUFFIX, letters=letters)
    suffix = PurePosixPath(entry.name).suffix
    format_ = Format(entry.format)
    if suffix.lower() in FORMATS[format_].extensions:
        return safe(entry.name.removesuffix(suffix), suffix, letters=letters)
    return safe(entry.name, "" if format_.is_recording else FORMATS[format_].extensions[0], letters=letters)


def _distinct(names: Sequence[str], taken: set[str]) -> list[str]:
    """Make names differ whatever the case, and put numbers before them where they do not sort as they stand."""
    width = max(2, len(str(len(names))))
    if sorted(names, key=natural) != list(names) or len(set(map(str.casefold, names))) != len(names):
        names = [f"{number:0{width}} {name}" for number, name in enumerate(names, start=1)]
    found = []
    for name in names:
        stem, suffix = PurePosixPath(name).stem, PurePosixPath(name).suffix
        other, number = name, 1
        while other.casefold() in taken:
            number += 1
            other = f"{stem} ({number}){suffix}"
        taken.add(other.casefold())
        found.append(other)
    return found
