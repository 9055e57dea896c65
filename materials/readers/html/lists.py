"""Build the lines of a list while its items are read."""

from __future__ import annotations

from dataclasses import dataclass, field

from materials.readers.base.pieces import collapse_whitespace, format_list_item
from materials.readers.html.inline import InlineText


@dataclass
class PendingListItem:
    """A list item that is being read: `line` holds its text since the last block inside it."""

    depth: int
    number: int | None
    line: InlineText
    _position: tuple[int, int] | None = None


@dataclass
class ListBuilder:
    """Collects the lines of a list and of the lists nested in it until they are taken as one text."""

    _lines: list[tuple[int, int | None, str]] = field(default_factory=list)
    _emphasised: list[str] = field(default_factory=list)
    _links: list[str] = field(default_factory=list)
    _times_taken: int = 0

    def close_item(self, list_item: PendingListItem) -> InlineText | None:
        """Turn the text of an item into a line, or append it to the item's line; return it when neither is possible.

        An item has no line to append to once the lines were taken because a block, such as code, stands in between.
        """
        said, list_item.line = list_item.line, InlineText(list_item.line.left_out)
        text = collapse_whitespace(said.text)
        if not text:
            self._links.extend(said.links)
            return None
        if list_item._position is None:
            list_item._position = self._times_taken, len(self._lines)
            self._lines.append((list_item.depth, list_item.number, text))
        elif list_item._position[0] == self._times_taken:
            depth, number, before = self._lines[list_item._position[1]]
            self._lines[list_item._position[1]] = depth, number, f"{before} {text}"
        else:
            return said
        self._emphasised.extend(said.emphasised)
        self._links.extend(said.links)
        return None

    def take_text(self) -> tuple[str, list[str], list[str]]:
        """Return the lines so far as one text, and the emphasised terms and links in them; start a new list."""
        least = min((depth for depth, _, _ in self._lines), default=0)
        text = "\n".join(
            format_list_item(said, depth=depth - least, number=number) for depth, number, said in self._lines
        )
        emphasised, links = self._emphasised, self._links
        self._lines, self._emphasised, self._links = [], [], []
        self._times_taken += 1
        return text, emphasised, links
