"""HTML to a tree that holds all of the text, however long or deeply nested the page is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from lxml import etree, html

DEEPEST = 200
"""Elements nested more deeply are emptied into the one around them: their text stays, their structure does not."""

_TAG = re.compile(r"[a-z][\w:.-]*", re.ASCII)
_NAME = re.compile(r"[a-zA-Z_][\w:.-]*", re.ASCII)
_UNSEEN = {"script", "style"}


def tree_of(text: str) -> Any | None:
    """Return the root of a page, whose depth is bounded; None when there is nothing in it."""
    if not text.strip():
        return None
    parser = html.HTMLParser(encoding="utf-8", huge_tree=False, no_network=True, remove_comments=True, remove_pis=True)
    data = text.encode(errors="replace")
    try:
        root = html.document_fromstring(data, parser)
    except (etree.ParserError, ValueError):
        return None
    if _is_whole(parser):
        return root
    target: Any = _Flat()
    patient: Any = etree.HTMLParser(target=target, encoding="utf-8", huge_tree=True, no_network=True)
    patient.feed(data)
    return patient.close()


def _is_whole(parser: Any) -> bool:
    """Tell whether the parser came to the end: it stops at 256 levels, and at 10 million characters in one piece."""
    last = parser.error_log.last_error
    return last is None or last.level_name != "FATAL"


class _Flat:
    """A target for the parser that stops nesting where it would become too deep."""

    def __init__(self) -> None:
        make: Any = html.HTMLParser().makeelement
        self._builder: Any = etree.TreeBuilder(element_factory=make)
        self._tags: list[str] = []
        self._unseen = 0

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        self._tags.append(tag if _TAG.fullmatch(tag) else "span")
        named = {name: value for name, value in attributes.items() if _NAME.fullmatch(name)}
        if len(self._tags) <= DEEPEST:
            self._builder.start(self._tags[-1], named)
        elif tag in _UNSEEN:
            self._unseen += 1
        else:
            self._builder.start(self._tags[-1], named)
            self._builder.end(self._tags[-1])

    def end(self, tag: str) -> None:
        if len(self._tags) <= DEEPEST:
            self._builder.end(self._tags[-1])
        elif tag in _UNSEEN:
            self._unseen -= 1
        self._tags.pop()

    def data(self, text: str) -> None:
        if not self._unseen:
            self._builder.data(text)

    def comment(self, text: str) -> None:
        pass

    def close(self) -> Any:
        return self._builder.close()
