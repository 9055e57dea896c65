"""Parsing the XML of quizzes and reading its elements."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Any

from lxml import etree

from materials.readers.base.errors import UnreadableDocument
from materials.readers.base.untrusted_xml import DamagedXML, DoctypeDeclared, parse_untrusted_xml


def parse_xml(data: bytes) -> Any:
    """Return the root element, its names without namespaces. Raises UnreadableDocument."""
    try:
        root = parse_untrusted_xml(data)
    except DamagedXML as exc:
        raise UnreadableDocument("The quiz is damaged: it is no valid XML.", code="damaged") from exc
    except DoctypeDeclared:
        raise UnreadableDocument(
            "The quiz declares entities of its own, which no program does.", code="damaged"
        ) from None
    for element in root.iter():
        if isinstance(element.tag, str):
            element.tag = element.tag.rpartition("}")[2]
    return root


def iter_named(element: Any, *names: str) -> Iterator[Any]:
    """Yield the elements below one that have one of the names, in order."""
    yield from element.iter(*names)


def get_text(element: Any | None) -> str:
    """Return all text inside an element; blank without one."""
    return "".join(element.itertext()).strip() if element is not None else ""


def render_inside(element: Any, *, without: frozenset[str] = frozenset()) -> str:
    """Return what stands inside an element as HTML, without the elements with some names."""
    parts = [escape(element.text or "")]
    for child in element:
        if child.tag not in without:
            parts.append(etree.tostring(child, encoding="unicode", method="html", with_tail=False))
        parts.append(escape(child.tail or ""))
    return "".join(parts).strip()
