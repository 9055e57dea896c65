"""Build the items of a table of contents from lines that come in reading order, each with a level."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from urllib.parse import unquote

from materials.documents import ContentsItem, Locator

_WEB_ADDRESS = re.compile(r"(?:[a-z][a-z0-9+.-]{1,20}:(?!\\)|//)", re.IGNORECASE)


def build_item(
    title: str = "",
    address: str = "",
    *,
    locator: Locator | None = None,
    children: Iterable[ContentsItem] = (),
) -> ContentsItem:
    """Return an item that leads to `address`, a link as authors write it: a path, with query and fragment, or a URL."""
    target, fragment = split_address(address)
    return ContentsItem(
        title=" ".join(title.split()), target=target, fragment=fragment, locator=locator, children=tuple(children)
    )


def split_address(address: str) -> tuple[str, str]:
    """Return the target and the fragment of a link as `ContentsItem` has them.

    Web addresses stay as they are. Paths lose their query and a `./` at the beginning; percent signs are decoded.
    """
    address = address.strip()
    if is_web_address(address):
        return address, ""
    path, _, fragment = address.partition("#")
    path = unquote(path.partition("?")[0]).replace("\\", "/")
    while path.startswith("./"):
        path = path[2:].lstrip("/")
    return path, unquote(fragment)


def is_web_address(address: str) -> bool:
    """Tell whether a link begins with a scheme or a host: it leads to no file of the course."""
    return bool(_WEB_ADDRESS.match(address))


@dataclass(frozen=True, eq=False)
class _Line:
    level: float
    item: ContentsItem
    above: _Line | None


@dataclass
class OutlineBuilder:
    """Nests items by their levels: each lies in the last item before it that has a smaller level."""

    _lines: list[_Line] = field(default_factory=list)
    _open: list[_Line] = field(default_factory=list)

    def add(self, level: float, item: ContentsItem) -> None:
        """Add an item; its own children come before those that are added later."""
        self.close(level)
        line = _Line(level=level, item=item, above=self._open[-1] if self._open else None)
        self._lines.append(line)
        self._open.append(line)

    def close(self, level: float) -> None:
        """End the items of this level and of greater ones: nothing that comes later lies in them."""
        while self._open and self._open[-1].level >= level:
            self._open.pop()

    @property
    def is_empty(self) -> bool:
        """Tell whether nothing was added."""
        return not self._lines

    def build(self) -> tuple[ContentsItem, ...]:
        """Return the items of the top."""
        below: dict[_Line | None, list[ContentsItem]] = defaultdict(list)
        # From the last to the first, so that items are complete before those that they lie in, however deep they are.
        for line in reversed(self._lines):
            children = (*line.item.children, *reversed(below.pop(line, [])))
            below[line.above].append(replace(line.item, children=children))
        return tuple(reversed(below[None]))
