"""The lines of a list in the making."""

from __future__ import annotations

from dataclasses import dataclass, field

from materials.readers.base.pieces import item, one_line
from materials.readers.html.inline import Inline


@dataclass
class Entry:
    """One item that is being read: `line` is what it has said since its last block."""

    depth: int
    number: int | None
    line: Inline = field(default_factory=Inline)
    _place: tuple[int, int] | None = None


@dataclass
class Items:
    """Collects the lines of a list, with nested ones, until they are taken as one text."""

    _lines: list[tuple[int, int | None, str]] = field(default_factory=list)
    _emphasised: list[str] = field(default_factory=list)
    _taken: int = 0

    def close(self, entry: Entry) -> Inline | None:
        """Make a line of what the entry has said, or add it to the entry's line; return it when neither can be.

        An entry has no line to add to once the lines have been taken: a block of its own stands between.
        """
        said, entry.line = entry.line, Inline()
        text = one_line(said.text)
        if not text:
            return None
        if entry._place is None:
            entry._place = self._taken, len(self._lines)
            self._lines.append((entry.depth, entry.number, text))
        elif entry._place[0] == self._taken:
            depth, number, before = self._lines[entry._place[1]]
            self._lines[entry._place[1]] = depth, number, f"{before} {text}"
        else:
            return said
        self._emphasised.extend(said.emphasised)
        return None

    def take(self) -> tuple[str, list[str]]:
        """Return the lines so far as one text, with what is set off in them, and begin anew."""
        least = min((depth for depth, _, _ in self._lines), default=0)
        text = "\n".join(item(said, depth=depth - least, number=number) for depth, number, said in self._lines)
        emphasised, self._lines, self._emphasised = self._emphasised, [], []
        self._taken += 1
        return text, emphasised
