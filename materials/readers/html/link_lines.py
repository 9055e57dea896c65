"""Read a line with links to files from an element, such as an item of a list."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from materials.readers.base.encodings import clean_text
from materials.readers.base.link_lines import Link, LinkLine, is_local
from materials.readers.html.furniture import is_ignored
from materials.readers.html.inline import get_alt_text

_LETTER = re.compile(r"[^\W\d_]")
# Icons in the syntax of Material for MkDocs and of GitHub, which a renderer would show as a picture.
_ICON = re.compile(r":[a-z][a-z0-9_+-]*:\s*")


def read_link_line(element: Any, *, without: Collection[str] = ()) -> LinkLine:
    """Return the line that an element holds, without what stands in elements of the tags `without`."""
    reader = _LineReader(without=without)
    reader.read(element)
    return reader.build()


@dataclass
class _LineReader:
    without: Collection[str]
    _parts: list[str] = field(default_factory=list)
    _before: list[str] | None = None
    _strong: str = ""
    _links: list[Link] = field(default_factory=list)
    _word_count: int = 0

    def read(self, element: Any) -> None:
        self._add(element.text)
        for child in element:
            if isinstance(child.tag, str) and child.tag not in self.without and not is_ignored(child):
                self._read_child(child)
            self._add(child.tail)

    def build(self) -> LinkLine:
        return LinkLine(
            text=_join_words(self._parts),
            before=_join_words(self._before or []) if self._links else "",
            strong=self._strong,
            links=self._links,
            word_count=self._word_count,
        )

    def _read_child(self, element: Any) -> None:
        if element.tag == "a" and is_local(element.get("href") or ""):
            label = _join_words(_list_texts(element))
            if self._before is None:
                self._before = list(self._parts)
            address = element.get("href")
            self._links.append(Link(label=label if label != address else "", address=address))
            self._parts.append(label)
        elif element.tag == "img":
            # Said only by lines without other words: badges and icons beside a title.
            if not self._parts and (alt := get_alt_text(element)):
                self._parts.append(alt)
        else:
            if element.tag in {"strong", "b"} and not _join_words(self._parts):
                self._strong = _join_words(_list_texts(element))
            if element.tag in {"br", "p", "div"}:
                self._parts.append(" ")
            self.read(element)

    def _add(self, text: str | None) -> None:
        if text:
            self._parts.append(text)
            self._word_count += sum(1 for word in text.split() if _LETTER.search(word))


def _list_texts(element: Any) -> list[str]:
    texts = list(element.itertext())
    if any(map(str.strip, texts)):
        return texts
    return [alt for image in element.iter("img") if (alt := get_alt_text(image))]


def _join_words(parts: list[str]) -> str:
    return " ".join(_ICON.sub("", clean_text("".join(parts))).split())
