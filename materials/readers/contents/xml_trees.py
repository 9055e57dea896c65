"""Reading elements of tables of contents in XML by their names without namespaces."""

from __future__ import annotations

import re
from typing import Any

from materials.readers.base.untrusted_xml import DamagedXML, DoctypeDeclared, parse_untrusted_xml
from materials.readers.contents.errors import NotContents

_DECLARATION = re.compile(r"\A\s*<\?xml[^>]*\?>")
_DOCTYPE = re.compile(r"<!DOCTYPE\s[^\[>]*>", re.IGNORECASE)


def parse_xml(text: str) -> Any:
    """Return the root element of an XML text. Raises NotContents.

    A document type without declarations, as old packages have it, is passed over.
    """
    # The text is decoded already, so that a declared encoding would contradict it.
    try:
        return parse_untrusted_xml(_DOCTYPE.sub("", _DECLARATION.sub("", text), count=1).encode())
    except DamagedXML as exc:
        raise NotContents(f"it is not valid XML (line {exc.line}).") from None
    except DoctypeDeclared:
        raise NotContents("it declares entities of its own.") from None


def get_name(element: Any) -> str:
    """Return the name of an element or attribute without its namespace, blank for an entity."""
    tag = element if isinstance(element, str) else element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def get_attribute(element: Any, name: str) -> str:
    """Return an attribute by its name without namespace, blank without one."""
    found = element.get(name)
    if found is None:
        found = next((value for key, value in element.attrib.items() if get_name(key) == name), "")
    return str(found).strip()


def list_children(element: Any, name: str) -> list[Any]:
    """Return the child elements of a name, whatever their namespace."""
    return [child for child in element if get_name(child) == name]


def get_child_text(element: Any, name: str) -> str:
    """Return all text in the first child of a name, blank without one."""
    return next((" ".join("".join(child.itertext()).split()) for child in list_children(element, name)), "")
