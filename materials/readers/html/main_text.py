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

from materials.readers.html.inline import is_inline_element

_HEADING_TAGS = {f"h{level}" for level in range(1, 7)}
_NON_TEXT_TAGS = {"script", "style", "noscript", "template", "head", "svg", "select", "iframe"}
_SECTION_TAGS = {"article", "main", "section"}
# Kept or removed as a whole: half a table or listing is wrong. A table that holds headings or tables arranges the page.
_ATOMIC_TAGS = {"table", "pre", "dl"}
# trafilatura removes these as decoration, with the listings and the solutions of exercises that they hold.
_OVERLOOKED_XPATH = "//figure[.//pre or .//table or .//p] | //details"
# Brackets that pages do not use, and letters, so that a mark is part of the text for trafilatura.
_BLOCK_MARK = re.compile(r"⟦cw(\d+)⟧")


def cut_to_main_text(page: Any) -> bool:
    """Remove from the page, in place, all but its main text; return False and change nothing when none is found."""
    blocks = [element for element in page.body.iter(etree.Element) if _find_text_start(element) is not None]
    kept = _find_main_block_numbers(page)
    if not kept:
        return False
    numbers = {block: number for number, block in enumerate(blocks)}
    # Headings of kept text are kept even where trafilatura drops them: the text would stand below the one before.
    kept |= _find_headings_above(blocks, kept)
    _prune_element(page.body, {block for block in blocks if numbers[block] in kept})
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


def _prune_element(element: Any, kept: Collection[Any]) -> bool:
    """Remove from an element, in place, what is not kept; return whether anything is left."""
    if element.tag in _ATOMIC_TAGS and not element.xpath(".//table | .//h1 | .//h2 | .//h3 | .//h4 | .//h5 | .//h6"):
        return any(each in kept for each in element.iter(etree.Element))
    is_own = element in kept
    is_left = is_own
    if not is_own:
        element.text = None
    for child in list(element):
        tail = child.tail if is_own else None
        if is_inline_element(child) or not isinstance(child.tag, str):
            stays = is_own or _is_anchor(child)
        else:
            stays = _prune_element(child, kept)
            is_left = is_left or stays
        child.tail = tail
        if not stays:
            child.drop_tree()
    return is_left


def _is_anchor(element: Any) -> bool:
    named = element.get("id") or element.get("name")
    return bool(named) and not element.text_content().strip()
