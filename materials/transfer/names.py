"""Names of imported files and folders: order, hidden names, path validation, and decoding of old archives."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache

from materials.transfer.sources import SkipItem

MAX_NAME_LENGTH = 255  # the limit of common file systems
MAX_PATH_LENGTH = 1_000  # a choice between what Windows (260) and Linux (4,096 bytes) allow by default

# What macOS and Windows add to folders, disks and archives.
_SYSTEM_NAMES = {"__macosx", "thumbs.db", "desktop.ini", "$recycle.bin", "system volume information", "icon\r"}
_DRIVE_PREFIX = re.compile(r"^[A-Za-z]:")
# The letters of Russian, Ukrainian, Belarusian and the South Slavic languages. The wrong code page gives box drawings
# and signs, or capitals in the middle of words.
_CYRILLIC = re.compile(r"[\u0400-\u045f\u0490\u0491]")
_CAPITAL_INSIDE = re.compile(r"[\u0430-\u045f][\u0400-\u042f]")
_NON_ASCII_RUN = re.compile(rb"[\x80-\xff]{2,}")
# The share of bytes above ASCII that stand in runs, tried on names of lectures: 0.89 and more in Russian and Ukrainian,
# at most 0.57 in German, French, Spanish, Polish and Czech, whose accented letters mostly stand alone.
_MIN_RUN_SHARE = 0.7
# The share of Cyrillic characters in those runs: 1.0 by the right code page. Greek and Turkish names have runs as well:
# 0.75 and 0.89 in DOS code pages, but 0.92 and 1.0 in Windows ones, where they are taken for Cyrillic.
_MIN_CYRILLIC_SHARE = 0.9

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


def detect_legacy_encoding(names: Iterable[bytes]) -> str:
    """Return the encoding of an archive's names that lack the UTF-8 flag.

    UTF-8 when all names are valid UTF-8, because macOS and Unix write it without the flag. Code page 866 or 1251, which
    Windows programs write, when the names look Cyrillic. Else code page 437 (APPNOTE, appendix D).
    """
    odd = [name for name in names if not name.isascii()]
    if all(_can_decode(name, "utf-8") for name in odd):
        return "utf-8"
    runs = [run for name in odd for run in _NON_ASCII_RUN.findall(name)]
    share = sum(map(len, runs)) / sum(byte >= 0x80 for name in odd for byte in name)
    scores = {encoding: _compute_cyrillic_share(runs, encoding) for encoding in ("cp866", "cp1251")}
    best = max(scores, key=lambda encoding: scores[encoding])
    return best if share > _MIN_RUN_SHARE and scores[best] > _MIN_CYRILLIC_SHARE else "cp437"


def format_path(parts: Sequence[str]) -> str:
    """Return a path as it is stored and shown."""
    return "/".join(parts)


def _can_decode(name: bytes, encoding: str) -> bool:
    try:
        name.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _compute_cyrillic_share(words: Iterable[bytes], encoding: str) -> float:
    """Return the share of Cyrillic characters (up to 1.0) in this encoding; capitals within words count against it."""
    text = [word.decode(encoding, errors="replace") for word in words]
    odd = sum(len(_CAPITAL_INSIDE.findall(word)) for word in text)
    fits = sum(len(_CYRILLIC.findall(word)) for word in text)
    return (fits - odd) / max(1, sum(map(len, text)))
