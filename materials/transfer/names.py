"""Names of files and folders from elsewhere: their order, what hides, what may be a path, and from bytes to text."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache

from materials.transfer.sources import SkipItem

MAX_NAME_LENGTH = 255
MAX_PATH_LENGTH = 1_000

_SYSTEM_NAMES = {"__macosx", "thumbs.db", "desktop.ini", "$recycle.bin", "system volume information", "icon\r"}
_DRIVE_PREFIX = re.compile(r"^[A-Za-z]:")
_CYRILLIC = re.compile(r"[\u0400-\u045f\u0490\u0491]")
_CAPITAL_INSIDE = re.compile(r"[\u0430-\u045f][\u0400-\u042f]")
_NON_ASCII_RUN = re.compile(rb"[\x80-\xff]{2,}")

NaturalSortKey = tuple[tuple[tuple[int, int, str], ...], str]


@lru_cache(maxsize=4096)
def natural_sort_key(name: str) -> NaturalSortKey:
    """Return the key by which people order names: 2 before 10, whatever the case."""
    parts = re.split(r"(\d+)", unicodedata.normalize("NFC", name).casefold())
    return tuple((0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts if part), name


def is_hidden(name: str) -> bool:
    """Tell whether an operating system or a program left this, for itself: `.git`, `__MACOSX`, `~$draft.docx`."""
    return name.startswith((".", "~$")) or name.casefold() in _SYSTEM_NAMES


def split_path(name: str) -> tuple[str, ...]:
    """Return the names on a relative path, NFC, without control characters. Raises Skip for what is not one.

    Backslashes separate too: Windows programs write them.
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
    cleaned = tuple(part if is_hidden(part) else strip_invisible(part) for part in parts)
    if not cleaned or not all(cleaned):
        raise SkipItem("name_unusable", "Its name has no characters that can be shown.")
    return cleaned


def strip_invisible(text: str) -> str:
    """Return text on one line as it can be shown and stored: NFC, without control characters."""
    kept = (c for c in unicodedata.normalize("NFC", text) if unicodedata.category(c) not in {"Cc", "Cs", "Co", "Cn"})
    return "".join(kept).strip()


def detect_legacy_encoding(names: Iterable[bytes]) -> str:
    """Return the encoding of an archive's names that are said to be in the archiver's own.

    UTF-8 where all are (macOS and Unix write it and do not say so). Else Cyrillic where its letters stand in runs and
    make sense: code page 866, as Windows writes it, or 1251. Else code page 437, which the format names.
    """
    odd = [name for name in names if not name.isascii()]
    if all(_can_decode(name, "utf-8") for name in odd):
        return "utf-8"
    runs = [run for name in odd for run in _NON_ASCII_RUN.findall(name)]
    share = sum(map(len, runs)) / sum(byte >= 0x80 for name in odd for byte in name)
    scores = {encoding: _compute_cyrillic_share(runs, encoding) for encoding in ("cp866", "cp1251")}
    best = max(scores, key=lambda encoding: scores[encoding])
    return best if share > 0.7 and scores[best] > 0.9 else "cp437"


def format_path(parts: Sequence[str]) -> str:
    """Return a path for people."""
    return "/".join(parts)


def _can_decode(name: bytes, encoding: str) -> bool:
    try:
        name.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _compute_cyrillic_share(words: Iterable[bytes], encoding: str) -> float:
    """Return which share of the characters is Cyrillic in this encoding; capitals inside words count against it."""
    text = [word.decode(encoding, errors="replace") for word in words]
    odd = sum(len(_CAPITAL_INSIDE.findall(word)) for word in text)
    fits = sum(len(_CYRILLIC.findall(word)) for word in text)
    return (fits - odd) / max(1, sum(map(len, text)))
