"""Parse HTML into a tree of bounded depth that holds all of the text, however long or deeply nested the page is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from lxml import etree, html

# Levels. Elements that are nested more deeply become empty and their text moves into the element around them. libxml2
# stops at 256; the rest is for what readers wrap around a page, and the readers recurse, a few frames of Python to a
# level.
MAX_DEPTH = 200

_TAG_NAME = re.compile(r"[a-z][\w:.-]*", re.ASCII)
_ATTRIBUTE_NAME = re.compile(r"[a-zA-Z_][\w:.-]*", re.ASCII)
_RAW_TEXT_TAGS = {"script", "style"}


def build_html_tree(text: str) -> Any | None:
    """Return the root of a page; None when it is blank or holds no element.

    The tree is at most 255 levels deep. Comments and processing instructions are left out.
    """
    if not text.strip():
        return None
    parser = html.HTMLParser(encoding="utf-8", huge_tree=False, no_network=True, remove_comments=True, remove_pis=True)
    data = text.encode(errors="replace")
    try:
        root = html.document_fromstring(data, parser)
    except (etree.ParserError, ValueError):
        return None
    if _is_complete(parser):
        return root
    # Only then, for the event parser is slower and repairs less: it gets the page with libxml2's limits lifted.
    target: Any = _DepthLimitedTarget()
    patient: Any = etree.HTMLParser(target=target, encoding="utf-8", huge_tree=True, no_network=True)
    patient.feed(data)
    return patient.close()


def _is_complete(parser: Any) -> bool:
    """Tell whether the parser reached the end.

    libxml2 stops, without an exception, at 256 levels and at 10 million characters in one text node.
    """
    last = parser.error_log.last_error
    return last is None or last.level_name != "FATAL"


class _DepthLimitedTarget:
    """A parser target that builds a tree of at most MAX_DEPTH levels."""

    def __init__(self) -> None:
        make: Any = html.HTMLParser().makeelement
        self._builder: Any = etree.TreeBuilder(element_factory=make)
        self._tags: list[str] = []
        self._raw_text_depth = 0

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        # Makers of elements refuse names that are no XML, such as `o:p<` of damaged pages; text in a span is still
        # text.
        self._tags.append(tag if _TAG_NAME.fullmatch(tag) else "span")
        named = {name: value for name, value in attributes.items() if _ATTRIBUTE_NAME.fullmatch(name)}
        if len(self._tags) <= MAX_DEPTH:
            self._builder.start(self._tags[-1], named)
        elif tag in _RAW_TEXT_TAGS:
            self._raw_text_depth += 1  # flattened, a script's source would become text of the page
        else:
            self._builder.start(self._tags[-1], named)
            self._builder.end(self._tags[-1])

    def end(self, tag: str) -> None:
        if len(self._tags) <= MAX_DEPTH:
            self._builder.end(self._tags[-1])
        elif tag in _RAW_TEXT_TAGS:
            self._raw_text_depth -= 1
        self._tags.pop()

    def data(self, text: str) -> None:
        if not self._raw_text_depth:
            self._builder.data(text)

    def comment(self, text: str) -> None:
        pass

    def close(self) -> Any:
        return self._builder.close()
