"""Names for the nodes and entries of a package: from titles, distinct among siblings, and such that paths are plain."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from materials.transfer.names import strip_invisible

# As many characters as a node's title and an entry's name have, without what is added to tell siblings apart.
_MAX_LENGTH = 480
# Of a part of the path by which the import finds a folder or file again. Titles may be longer.
_MAX_PART_LENGTH = 80
# In the name of a file a slash would end the name of a folder.
_SLASHES = re.compile(r"\s*[/\\]\s*")


@dataclass(kw_only=True)
class SiblingNames:
    """The names in one folder, which differ also where case is ignored."""

    _taken: _TakenNames = field(default_factory=lambda: _TakenNames())

    def choose(self, title: str, suffix: str = "") -> str:
        """Return the title as a name, that of a file if there is a suffix, with a number when another has it."""
        clean = strip_invisible(" ".join(title.split()))[:_MAX_LENGTH].rstrip()
        if suffix:
            clean = _SLASHES.sub("-", clean)
        # A title that is the name of its file has the extension already.
        if suffix and clean.lower().endswith(suffix.lower()):
            clean = clean[: -len(suffix)].rstrip()
        clean = clean or "Untitled"
        return self._taken.take(clean, suffix)


@dataclass(kw_only=True)
class PathPartNames:
    """The parts of paths in one folder: names, cut to a length, and distinct."""

    _taken: _TakenNames = field(default_factory=lambda: _TakenNames())

    def choose(self, name: str, *, suffix: str = "") -> str:
        """Return a part for a name that ends with a suffix, which is kept."""
        stem = name.removesuffix(suffix)[: _MAX_PART_LENGTH - len(suffix)].rstrip()
        return self._taken.take(stem, suffix)


@dataclass(kw_only=True)
class _TakenNames:
    """Names that are in use, whatever their case."""

    _used: set[str] = field(default_factory=set)
    # Where to go on counting: a package may have thousands of items of one title.
    _numbers: dict[str, int] = field(default_factory=dict)

    def take(self, stem: str, suffix: str) -> str:
        """Return the name, with a number before its suffix when it is in use, and note it as used."""
        name = stem + suffix
        number = self._numbers.get(name.casefold(), 1)
        start = name.casefold()
        while name.casefold() in self._used:
            number += 1
            name = f"{stem} ({number}){suffix}"
        self._numbers[start] = number
        self._used.add(name.casefold())
        return name


def get_suffix(path: str) -> str:
    """Return the extension of a path, with its dot; blank without one."""
    return PurePosixPath(path).suffix
