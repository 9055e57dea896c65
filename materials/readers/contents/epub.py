"""Read the navigation of an EPUB: the nav document of version 3 and toc.ncx of version 2."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import Any

from materials.documents import Contents, ContentsItem
from materials.readers.base.outlines import build_item
from materials.readers.contents.errors import NotContents
from materials.readers.contents.xml_trees import get_attribute, get_child_text, get_name, list_children, parse_xml

# Names of characters that XHTML declares in its document type, which is not read.
_ENTITY = re.compile(r"&(?!(?:amp|lt|gt|quot|apos|#\d+|#x[0-9a-fA-F]+);)(\w+);")


def read(text: str, _name: str) -> Contents:
    """Return the table of contents. Raises NotContents."""
    root = parse_xml(_ENTITY.sub(_say_entity, text))
    if get_name(root) == "ncx":
        return _read_ncx(root)
    for nav in root.iter():
        if get_name(nav) == "nav" and "toc" in get_attribute(nav, "type").split():
            items = tuple(item for each in list_children(nav, "ol") for item in _iter_nav(each))
            if items:
                return Contents(dialect="EPUB nav", items=items)
    raise NotContents("it has no `nav` of the type `toc`.")


def _read_ncx(root: Any) -> Contents:
    items = tuple(item for each in list_children(root, "navMap") for item in _iter_points(each))
    if not items:
        raise NotContents("its `navMap` is blank.")
    title = next((get_child_text(each, "text") for each in list_children(root, "docTitle")), "")
    return Contents(dialect="toc.ncx", items=items, title=title)


def _iter_points(element: Any) -> Iterator[ContentsItem]:
    for point in list_children(element, "navPoint"):
        label = next((get_child_text(each, "text") for each in list_children(point, "navLabel")), "")
        address = next((get_attribute(each, "src") for each in list_children(point, "content")), "")
        yield build_item(label, address, children=_iter_points(point))


def _iter_nav(element: Any) -> Iterator[ContentsItem]:
    for entry in list_children(element, "li"):
        title = address = ""
        for label in (*list_children(entry, "a"), *list_children(entry, "span")):
            title = "".join(label.itertext())
            address = get_attribute(label, "href")
            break
        below = (item for each in list_children(entry, "ol") for item in _iter_nav(each))
        yield build_item(title, address, children=below)


def _say_entity(found: re.Match[str]) -> str:
    said = html.unescape(found[0])
    return said if said != found[0] else ""
