"""Find the table of contents of a page: its lists and tables of links to other files, below its headings."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from materials.documents import Contents, ContentsItem
from materials.readers.base.contents_titles import is_contents_title
from materials.readers.base.html_elements import LEFT_OUT_TAG
from materials.readers.base.link_lines import LinkLine, is_local
from materials.readers.base.outlines import OutlineBuilder, build_item
from materials.readers.html.furniture import is_ignored
from materials.readers.html.inline import is_block
from materials.readers.html.link_lines import read_link_line
from materials.readers.html.link_tables import list_table_items

_HEADING_LEVELS = {f"h{level}": level for level in range(1, 7)}
_LISTS = {"ul", "ol", "menu", "dir", "dl"}
# A link of a heading to itself, and its anchor in the syntax of Pandoc.
_PERMALINK = re.compile(r"\s*(?:\{#[^{}]*\}\s*|[¶#§🔗\s]+)$")
_NO_BLOCKS = {"pre", "code", "p", "blockquote"}
# Levels below those of headings: the captions of toctrees, then items by the depth of their list.
_CAPTION_LEVEL, _FIRST_ITEM_LEVEL = 8, 10
# Links to different files that make a table of contents. A page with fewer words of its own than this is an index of
# its links, however few they are: a heading and a sentence.
_MIN_TARGETS = 2
_MAX_INDEX_WORDS = 30


def has_links(element: Any) -> bool:
    """Tell whether an element has links to files: most pages have none, and need not be searched further."""
    return any(is_local(link.get("href") or "") for link in element.iter("a"))


@dataclass
class LinkedContentsFinder:
    """Collects the links of one page, or of the parts of one in turn, in the order of the page."""

    skip: Callable[[Any], bool] = is_ignored
    _outline: OutlineBuilder = field(default_factory=OutlineBuilder)
    _toctrees: OutlineBuilder = field(default_factory=OutlineBuilder)
    _headings: set[str] = field(default_factory=set)
    _has_toctree: bool = False
    _word_count: int = 0

    def collect(self, element: Any) -> None:
        """Add the links in an element; the tree stays as it is. Its depth must be bounded (see `build_html_tree`)."""
        for child in element:
            if not isinstance(child.tag, str):
                continue
            if child.tag == LEFT_OUT_TAG:
                self._add_toctree(child)
            elif not self.skip(child):
                self._collect_block(child)

    def build(self) -> Contents | None:
        """Return the table of contents; None for a page with no or hardly any links to files.

        Of a page with toctrees these are it, and links in lists and tables are not.
        """
        items = _prune((self._toctrees if self._has_toctree else self._outline).build())
        targets = set(_iter_targets(items))
        is_index = self._has_toctree or self._word_count <= _MAX_INDEX_WORDS
        if not targets or (len(targets) < _MIN_TARGETS and not is_index):
            return None
        items = _unwrap_generic(items)
        title = ""
        # The heading above all is the title of the page; further ones, as of "Contents", group nothing.
        while len(items) == 1 and items[0].children and not items[0].target and items[0].title in self._headings:
            title = title or items[0].title
            items = items[0].children
        return Contents(dialect="toctree" if self._has_toctree else "links", items=items, title=title)

    def _collect_block(self, element: Any) -> None:
        tag = element.tag
        if tag in _HEADING_LEVELS:
            self._add_heading(element, _HEADING_LEVELS[tag])
        elif tag == "a" and is_local(element.get("href") or "") and any(map(is_block, element)):
            # A card: all of it is the link.
            heading = next(element.iter(*_HEADING_LEVELS), element)
            self._outline.add(_FIRST_ITEM_LEVEL, build_item(read_link_line(heading).text, element.get("href")))
        elif tag in _LISTS:
            self._collect_list(element, _FIRST_ITEM_LEVEL)
        elif tag == "table":
            self._outline.close(_CAPTION_LEVEL)
            for level, item in list_table_items(element, self.skip):
                self._outline.add(_FIRST_ITEM_LEVEL + level, item)
        elif tag in _NO_BLOCKS:
            self._collect_paragraph(element)
        else:
            self._word_count += len((element.text or "").split())
            self.collect(element)

    def _collect_paragraph(self, element: Any) -> None:
        for inside in element.iter(LEFT_OUT_TAG):
            self._add_toctree(inside)
        line = read_link_line(element)
        self._word_count += line.word_count
        # One link alone is a line of a list without marks. Several are the way to the next page and the last.
        if len(line.links) == 1 and not line.word_count:
            self._outline.close(_FIRST_ITEM_LEVEL)
            self._add_line(line, _FIRST_ITEM_LEVEL)
            self._add_to_toctree(line)

    def _collect_list(self, element: Any, level: int) -> None:
        for child in element:
            if not isinstance(child.tag, str) or self.skip(child):
                continue
            if child.tag in _LISTS:
                self._collect_list(child, level + 1)
            elif child.tag in {"li", "dt", "dd"}:
                own = level + (child.tag == "dd")
                line = read_link_line(child, without=_LISTS | {"table"})
                self._word_count += line.word_count
                self._add_line(line, own)
                self._collect_nested(child, own + 1)
            else:
                self._collect_list(child, level)

    def _collect_nested(self, element: Any, level: int) -> None:
        for child in element:
            if not isinstance(child.tag, str) or self.skip(child):
                continue
            if child.tag in _LISTS:
                self._collect_list(child, level)
            elif child.tag == "table":
                for inner, item in list_table_items(child, self.skip):
                    self._outline.add(level + inner, item)
            else:
                self._collect_nested(child, level)

    def _add_heading(self, element: Any, level: int) -> None:
        line = read_link_line(element)
        text = _PERMALINK.sub("", line.text)
        item = line.build_item() if line.links else build_item(text)
        self._headings.add(item.title)
        self._outline.add(level, item)
        self._toctrees.add(level, build_item(text))

    def _add_line(self, line: LinkLine, level: float) -> None:
        item = line.build_item()
        if item.title or item.target or item.children:
            self._outline.add(level, item)

    def _add_toctree(self, element: Any) -> None:
        caption = element.get("toctree")
        if caption is None:
            return
        self._toctrees.close(_CAPTION_LEVEL)
        if caption:
            self._toctrees.add(_CAPTION_LEVEL, build_item(caption))
        for link in element.iter("a"):
            self._has_toctree = True
            self._toctrees.add(_FIRST_ITEM_LEVEL, build_item(link.get("title") or "", link.get("href") or ""))

    def _add_to_toctree(self, line: LinkLine) -> None:
        """Add a file that a page with toctrees gives to its readers in a line of its own."""
        self._toctrees.close(_CAPTION_LEVEL)
        self._toctrees.add(_FIRST_ITEM_LEVEL, line.build_item())


def _prune(items: Iterable[ContentsItem]) -> tuple[ContentsItem, ...]:
    """Return the items that lead to a file or hold one that does."""
    pruned = (replace(item, children=_prune(item.children)) for item in items)
    return tuple(item for item in pruned if item.target or item.children)


def _unwrap_generic(items: Sequence[ContentsItem]) -> tuple[ContentsItem, ...]:
    """Return the items with those of headings that say no more than "Contents" in the place of these."""
    found: list[ContentsItem] = []
    for item in items:
        item = replace(item, children=_unwrap_generic(item.children))
        found += item.children if item.children and not item.target and is_contents_title(item.title) else [item]
    return tuple(found)


def _iter_targets(items: Iterable[ContentsItem]) -> Iterable[str]:
    for item in items:
        if item.target:
            yield item.target
        yield from _iter_targets(item.children)
