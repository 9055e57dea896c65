"""Parsing XML that strangers wrote: no entities of its own, nothing from elsewhere, within the limits of libxml2."""

from __future__ import annotations

from typing import Any

from lxml import etree


class DamagedXML(ValueError):
    """The text is no valid XML. `line` is where the fault was noticed, from 1; 0 when no line has it."""

    def __init__(self, line: int) -> None:
        super().__init__(f"The text is no valid XML (line {line}).")
        self.line = line


class DoctypeDeclared(ValueError):
    """The document declares what it must not: entities can multiply (the "billion laughs") or name local files."""


def parse_untrusted_xml(data: bytes, *, is_mended: bool = False, allows_doctype: bool = False) -> Any:
    """Return the root element, without comments and processing instructions. Raises DamagedXML and DoctypeDeclared.

    With `is_mended` what is damaged is read as far as it can be. A document type is refused; where `allows_doctype`
    is set, one that declares no entities, as old programs write it, is passed over, and what it names is not loaded.
    """
    # Comments and processing instructions go because their `tag` is a function, where all callers expect a string.
    # Without huge_tree libxml2 keeps its own limits (256 levels, 10 million characters of one text).
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
        recover=is_mended,
    )
    try:
        root: Any = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as exc:
        raise DamagedXML(exc.lineno or 0) from exc
    if root is None:
        raise DamagedXML(0)
    declared: Any = root.getroottree().docinfo.internalDTD
    if declared is not None and not (allows_doctype and not any(True for _ in declared.iterentities())):
        raise DoctypeDeclared("The document declares a type or entities of its own.")
    return root
