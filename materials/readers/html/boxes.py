"""Recognise boxes: parts of a page whose headings are their own and do not begin a section of the text around them."""

from __future__ import annotations

from typing import Any

from materials.readers.base.html_elements import DIRECTIVE_TAG, NOTES

# Elements whose headings do not count in the outline around them (HTML 5.1, sectioning roots); cells of tables, which
# also arrange whole pages, do not belong to them here.
_BOX_TAGS = {"aside", "blockquote", "details", "dialog", "figure", DIRECTIVE_TAG}
_BOX_ROLES = {"tabpanel", "note", "complementary", "region"}
# Boxes as generators of sites name them: Sphinx and MkDocs, Quarto and the Carpentries, Bootstrap, docsify.
_BOX_CLASSES = {"admonition", "callout", "alert", "admonitionblock", "custom-block", "tab-pane", "accordion-body"}

_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")


def is_box(element: Any) -> bool:
    """Tell whether an element is a box, such as a note, a quotation, a panel of tabs or an exercise."""
    if element.tag in _BOX_TAGS or element.get("role") in _BOX_ROLES:
        return True
    return not _BOX_CLASSES.isdisjoint((element.get("class") or "").split())


def find_box_title(element: Any) -> Any | None:
    """Return the element with the title of a box, which stands first in it; None without, and for a real heading."""
    first = next((child for child in element if isinstance(child.tag, str)), None)
    if first is None or (element.text or "").strip():
        return None
    is_title = first.tag == "summary" or any("title" in name for name in (first.get("class") or "").split())
    has_heading = first.tag in _HEADINGS or next(first.iter(*_HEADINGS), None) is not None
    return first if is_title and not has_heading else None


def is_speaker_notes(element: Any) -> bool:
    """Tell whether an element holds the notes of a speaker: of a directive, or of a slide of reveal.js."""
    if element.tag == DIRECTIVE_TAG:
        return bool(element.get("kind") == NOTES)
    if element.tag not in {"aside", "div"} or NOTES not in (element.get("class") or "").split():
        return False
    return bool(element.xpath("boolean(ancestor::section[ancestor::*[contains(@class, 'slides')]])"))
