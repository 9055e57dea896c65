"""Move the anchors of a web page to its headings, so that text is cited by the fragment of the heading above it."""

from __future__ import annotations

from typing import Any

_HEADINGS_XPATH = "//h1|//h2|//h3|//h4|//h5|//h6"
_SECTION_TAGS = {"section", "div", "header", "hgroup", "article"}


def move_anchors_to_headings(page: Any) -> None:
    """Set each heading's `id` to the anchor that leads to it, in place, and drop the links of the heading to itself.

    Where any heading has an anchor, those of other elements (lines of code, footnotes) are removed.
    """
    headings = page.xpath(_HEADINGS_XPATH)
    anchors = [_find_heading_anchor(heading) for heading in headings]
    # MediaWiki puts the link [edit] inside of headings.
    for sign in page.xpath("//*[@class='mw-editsection']"):
        sign.drop_tree()
    for heading in headings:
        for link in heading.xpath(".//a"):
            # ¶ of Sphinx, # of mdBook and others, or an icon without text.
            if len(link.text_content().strip()) <= 1 and (link.get("href") or "").startswith("#"):
                link.drop_tree()
    if any(anchors):
        for named in page.xpath("//*[@id or @name]"):
            named.attrib.pop("id", None)
            named.attrib.pop("name", None)
    for heading, anchor in zip(headings, anchors, strict=True):
        if anchor:
            heading.set("id", anchor)


def _find_heading_anchor(heading: Any) -> str:
    """Return the heading's anchor, one inside it, one just before it, or that of the section it begins; else blank."""
    if own := heading.get("id"):
        return str(own)
    if inside := heading.xpath(".//@id | .//a/@name"):
        return str(inside[0])
    opened = heading
    while (before := opened.getprevious()) is None:
        opened = opened.getparent()
        if opened is None or opened.tag not in _SECTION_TAGS:
            return ""
        if named := opened.get("id"):
            return str(named)
    if before.tag in {"a", "span", "div"} and not before.text_content().strip() and not (before.tail or "").strip():
        return str(before.get("id") or before.get("name") or "")
    return ""
