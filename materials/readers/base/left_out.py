"""Count what a reader leaves out of the text, by kind and with its places."""

from __future__ import annotations

from dataclasses import dataclass, field

from materials.documents import LeftOut, LeftOutKind, LeftOutText, Locator
from project.errors import shorten_message

# A text that is left out is shown so that a person can judge whether it should have been read; a long paragraph is
# enough for that. The number bounds what one entry stores; counts stay exact above it.
_MAX_TEXT_LENGTH = 500
_MAX_TEXTS = 200


@dataclass
class _Group:
    count: int = 0
    pages: set[int] = field(default_factory=set)
    places: dict[str, Locator] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)


@dataclass
class LeftOutCollector:
    """Collect what one document's reader leaves out. Equal texts of a kind are kept once, with their number."""

    _groups: dict[LeftOutKind, _Group] = field(default_factory=dict)

    def add(self, kind: LeftOutKind, text: str = "", locator: Locator | None = None, *, count: int = 1) -> None:
        """Note something left out. `text` may be blank where there is none to show; `count` is at least 1."""
        locator = locator or Locator()
        group = self._groups.setdefault(kind, _Group())
        group.count += count
        page = locator.page or locator.slide
        if page is not None:
            group.pages.add(page)
        text = shorten_message(text, limit=_MAX_TEXT_LENGTH)
        if text in group.counts:
            group.counts[text] += count
        elif len(group.counts) < _MAX_TEXTS:
            group.counts[text] = count
            group.places[text] = locator

    def build(self) -> tuple[LeftOut, ...]:
        """Return what was noted, one value a kind, in order of the first appearance of each kind."""
        return tuple(
            LeftOut(
                kind=kind,
                count=group.count,
                pages=tuple(sorted(group.pages)),
                texts=tuple(
                    LeftOutText(text=text, count=count, locator=group.places[text])
                    for text, count in group.counts.items()
                ),
            )
            for kind, group in self._groups.items()
        )
