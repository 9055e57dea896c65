"""Count the text of a page, with and without what stands around its content."""

from __future__ import annotations

from typing import Any

from materials.readers.base.pieces import collapse_whitespace

# Left out when the content of a page is counted: code, controls, landmarks that are mostly menus, and links.
_NON_CONTENT_TAGS = {
    "script", "style", "noscript", "template", "nav", "header", "footer", "aside", "form", "button", "select", "svg",
    "iframe", "a",
}  # fmt: skip


def count_text(element: Any, *, include_all: bool = False) -> int:
    """Return the number of characters in an element, without those in links, menus and forms unless `include_all`."""
    size = 0
    waiting = [element]
    while waiting:
        each = waiting.pop()
        if each is not element:
            size += len(collapse_whitespace(each.tail or ""))
        if not isinstance(each.tag, str) or (not include_all and _is_around_content(each)):
            continue
        size += len(collapse_whitespace(each.text or ""))
        waiting.extend(each)
    return size


def _is_around_content(element: Any) -> bool:
    return element.tag in _NON_CONTENT_TAGS or "comment" in f"{element.get('id')} {element.get('class')}"
