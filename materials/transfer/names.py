"""Names of imported files and folders: order, hidden names, and path validation."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

from materials.transfer.sources import SkipItem

MAX_NAME_LENGTH = 255  # the limit of common file systems
MAX_PATH_LENGTH = 1_000  # a choice between what Windows (260) and Linux (4,096 bytes) allow by default

# What macOS and Windows add to folders, disks and archives.
_SYSTEM_NAMES = {"__macosx", "thumbs.db", "desktop.ini", "$recycle.bin", "system volume information", "icon\r"}
# A letter and a colon alone are no drive: "Q: What is steam?" is a name.
_DRIVE_PREFIX = re.compile(r"^[A-Za-z]:/")
NaturalSortKey = tuple[tuple[tuple[int, int, str], ...], str]


@lru_cache(maxsize=4096)
def natural_sort_key(name: str) -> NaturalSortKey:
    """Return a sort key that orders numbers by value (2 before 10) and ignores case; the name itself breaks ties."""
    parts = re.split(r"(\d+)", unicodedata.normalize("NFC", name).casefold())
    return tuple((0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts if part), name


def is_hidden(name: str) -> bool:
    """Tell whether a name is hidden or belongs to a system or program: `.git`, `__MACOSX`, `~$draft.docx`."""
    return name.startswith((".", "~$")) or name.casefold() in _SYSTEM_NAMES


def split_path(name: str) -> tuple[str, ...]:
    """Return the names of a relative path, in NFC and without invisible characters. Raises SkipItem for other paths.

    Backslashes separate names as well, because some Windows programs write them into archives.
    """
    if "\x00" in name:
        raise SkipItem("path_unsafe", "Its path holds a NUL character.")
    path = name.replace("\\", "/")
    if path.startswith("/") or _DRIVE_PREFIX.match(path):
        raise SkipItem("path_unsafe", "Its path is absolute.")
    parts = [part for part in path.split("/") if part not in {"", "."}]
    if ".." in parts:
        raise SkipItem("path_unsafe", "Its path leads out of the archive.")
    if len(path) > MAX_PATH_LENGTH or any(len(part) > MAX_NAME_LENGTH for part in parts):
        raise SkipItem("name_too_long", f"A name has at most {MAX_NAME_LENGTH} characters, a path {MAX_PATH_LENGTH}.")
    # Hidden names keep their characters: macOS ends the name of a folder's icon with a carriage return.
    cleaned = tuple(part if is_hidden(part) else strip_invisible(part) for part in parts)
    if not cleaned or not all(cleaned):
        raise SkipItem("name_unusable", "Its name has no characters that can be shown.")
    return cleaned


def strip_invisible(text: str) -> str:
    """Return text in NFC without control, surrogate, private-use and unassigned characters, and stripped."""
    kept = (c for c in unicodedata.normalize("NFC", text) if unicodedata.category(c) not in {"Cc", "Cs", "Co", "Cn"})
    return "".join(kept).strip()


def format_path(parts: Sequence[str]) -> str:
    """Return a path as it is stored and shown."""
    return "/".join(parts)
