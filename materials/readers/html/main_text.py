"""Cut a web page down to its main text, which trafilatura chooses, and keep the markup of what is left.

trafilatura loses anchors, moves what it recovers late, and flattens definition lists. So it only chooses: each block of
a copy of the page is marked with a number; blocks whose numbers are in its result are kept in the page, the rest is
removed.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Collection, Sequence
from typing import Any

from lxml import etree
from trafilatura import bare_extraction

from materials.documents import LeftOutKind
from materials.readers.base.left_out import LeftOutCollector
from materials.readers.html.furniture import BoilerplateDetector, is_ignored
from materials.readers.html.inline import is_inline_element
from materials.readers.html.left_out import count_ignored, count_navigation
from materials.readers.html.panels import PANEL_MARK

_HEADING_TAGS = {f"h{level}" for level in range(1, 7)}
_NON_TEXT_TAGS = {"script", "style", "noscript", "template", "head", "svg", "select", "iframe"}
_SECTION_TAGS = {"article", "main", "section"}
# Kept or removed as a whole: half a table or listing is wrong. A table that holds headings or tables arranges the page.
_ATOMIC_TAGS = {"table", "pre", "dl"}
# trafilatura removes these as decoration, with the listings and the solutions of exercises that they hold.
_OVERLOOKED_XPATH = "//figure[.//pre or .//table or .//p] | //details"
# Brackets that pages do not use, and letters, so that a mark is part of the text for trafilatura.
_BLOCK_MARK = re.compile(r"⟦cw(\d+)⟧")


def cut_to_main_text(page: Any, left_out: LeftOutCollector) -> bool:
    """Remove from the page, in place, all but its main text, and count what is removed.

    Return False and change nothing when none is found.
    """
    blocks = [element for element in page.body.iter(etree.Element) if _find_text_start(element) is not None]
    kept = _find_main_block_numbers(page)
    if not kept:
        return False
    kept |= _find_panel_numbers(page, blocks)
    # Headings of kept text are kept even where trafilatura drops them: the text would stand below the one before.
    kept |= _find_headings_above(blocks, kept)
    own = {block for number, block in enumerate(blocks) if number in kept}
    _prune_element(page.body, own, {above for block in own for above in block.iterancestors()}, left_out)
    return True


def _find_main_block_numbers(page: Any) -> set[int]:
    """Return the numbers of the blocks whose beginning trafilatura keeps; it gets a marked copy of the page."""
    marked = copy.deepcopy(page)
    twins = [element for element in marked.body.iter(etree.Element) if _find_text_start(element) is not None]
    for number, twin in enumerate(twins):
        holder, attribute = _find_text_start(twin) or (twin, "text")
        setattr(holder, attribute, f"⟦cw{number}⟧ {getattr(holder, attribute).lstrip()}")
    for wrapped in marked.xpath(_OVERLOOKED_XPATH):
        wrapped.tag = "div"
    # `fast` spares its fallbacks, other extractors whose output would have no marks.
    found = bare_extraction(
        marked, fast=True, include_comments=False, include_formatting=True, output_format="xml", with_metadata=False
    )
    body = getattr(found, "body", None)
    return set() if body is None else {int(mark) for mark in _BLOCK_MARK.findall(" ".join(body.itertext()))}


def _find_panel_numbers(page: Any, blocks: Sequence[Any]) -> set[int]:
    """Return the numbers of the blocks in panels of tabs and answers behind buttons, which trafilatura drops.

    Panels of menus and of notices about cookies are not among them.
    """
    detector = BoilerplateDetector(page)
    panels = {
        panel
        for panel in page.xpath(f"//*[@{PANEL_MARK}]")
        if not any(_is_beside_content(above, detector) for above in [panel, *panel.iterancestors()])
    }
    if not panels:
        return set()
    return {
        number
        for number, block in enumerate(blocks)
        if block in panels or any(above in panels for above in block.iterancestors())
    }


def _is_beside_content(element: Any, detector: BoilerplateDetector) -> bool:
    return element.get("role") in {"dialog", "alertdialog"} or is_ignored(element) or detector.is_boilerplate(element)


def _find_text_start(element: Any) -> tuple[Any, str] | None:
    """Return the element and attribute (`text` or `tail`) where a block's own text begins; None when it has none."""
    if element.tag in _NON_TEXT_TAGS or is_inline_element(element):
        return None
    if (element.text or "").strip():
        return element, "text"
    for child in element:
        if is_inline_element(child):
            for inside in child.iter(etree.Element):
                if (inside.text or "").strip():
                    return inside, "text"
                if inside is not child and (inside.tail or "").strip():
                    return inside, "tail"
        if (child.tail or "").strip():
            return child, "tail"
    return None


def _find_headings_above(blocks: Sequence[Any], kept: Collection[int]) -> set[int]:
    """Return the numbers of the headings above a kept block, directly or with only headings in between."""
    found: set[int] = set()
    below: Any = None
    # Backwards, so that the block below a heading is known when the heading is reached.
    for number in range(len(blocks) - 1, -1, -1):
        block = blocks[number]
        if block.tag not in _HEADING_TAGS:
            below = block if number in kept else None
        elif below is not None and _is_heading_of(block, below):
            found.add(number)
    return found


def _is_heading_of(heading: Any, block: Any) -> bool:
    """Tell whether a block belongs to the part of the page that a heading before it begins."""
    above = set(block.iterancestors())
    parent = heading.getparent()
    # Some themes wrap the heading alone, in a `header` inside of the section.
    outer = parent.getparent()
    return parent in above or (outer is not None and outer.tag in _SECTION_TAGS and outer in above)


def _prune_element(element: Any, own: Collection[Any], around: Collection[Any], left_out: LeftOutCollector) -> None:
    """Remove from an element, in place, what is no text of the kept blocks `own` and not `around` one of them."""
    if element.tag in _ATOMIC_TAGS and not element.xpath(".//table | .//h1 | .//h2 | .//h3 | .//h4 | .//h5 | .//h6"):
        return
    is_own = element in own
    if not is_own:
        _count_text(element.text, left_out)
        element.text = None
    for child in list(element):
        if not is_own:
            _count_text(child.tail, left_out)
            child.tail = None
        if is_inline_element(child) or not isinstance(child.tag, str):
            stays = is_own or _is_anchor(child)
        else:
            stays = child in own or child in around
            if stays:
                _prune_element(child, own, around, left_out)
        if not stays:
            if is_ignored(child):
                count_ignored(child, left_out)
            else:
                count_navigation(child, left_out)
            child.drop_tree()


def _count_text(text: str | None, left_out: LeftOutCollector) -> None:
    if text and not text.isspace():
        left_out.add(LeftOutKind.NAVIGATION, text)


def _is_anchor(element: Any) -> bool:
    named = element.get("id") or element.get("name")
    return bool(named) and not element.text_content().strip()
