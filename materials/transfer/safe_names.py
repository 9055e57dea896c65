"""Names of files in archives: valid on every system, distinct also where case is ignored, and in their order."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from pathlib import PurePosixPath

from materials.transfer.names import is_hidden, natural_sort_key, strip_invisible

# Windows takes paths of 260 characters by default (MAX_PATH): three such names fit. In deeper trees names are shorter,
# so that whole paths stay below the limit of an import.
MAX_NAME_LETTERS = 80
# However deep the tree, a name keeps something to recognise it by.
MIN_NAME_LETTERS = 6
# File systems take 255 bytes in UTF-8. The rest is for an extension, a number and a leading underscore.
_MAX_NAME_BYTES = 200

# What Windows forbids in names ("Naming Files, Paths, and Namespaces"); other systems forbid less.
_FORBIDDEN_CHARACTERS = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]')
_RESERVED_NAMES = re.compile(r"^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\.|$)", re.IGNORECASE)


def build_safe_name(name: str, suffix: str = "", *, letters: int = MAX_NAME_LETTERS) -> str:
    """Return a name of about `letters` characters, ending with `suffix`, that every system accepts and none hides."""
    clean = _FORBIDDEN_CHARACTERS.sub("_", strip_invisible(unicodedata.normalize("NFC", name)))
    clean = (
        clean[: max(MIN_NAME_LETTERS, letters - len(suffix))]
        .encode()[:_MAX_NAME_BYTES]
        .decode(errors="ignore")
        .rstrip(" .")  # Windows drops these at the end of a name
    )
    if not clean or _RESERVED_NAMES.match(clean) or is_hidden(clean + suffix):
        clean = f"_{clean}"
    return clean + suffix


def make_distinct(names: Sequence[str], used_names: set[str]) -> list[str]:
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
