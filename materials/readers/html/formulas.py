"""Replace the formulas of a web page by their TeX source, before trafilatura, which drops MathML, sees the page."""

from __future__ import annotations

from typing import Any

from materials.readers.base.pieces import collapse_whitespace

# What these libraries show beside the source of a formula: it would be read a second time.
_RENDERED_CLASSES = (
    "katex-html",
    "MathJax_Preview",
    "MathJax_SVG",
    "mwe-math-fallback-image-inline",
    "mwe-math-fallback-image-display",
)


def replace_formulas(page: Any) -> None:
    """Replace each formula of MathML, KaTeX, MathJax or MediaWiki in the tree by a `span` with `$...$`, in place.

    MathML without TeX in an annotation or in `alttext` is replaced by its bare text.
    """
    for name in _RENDERED_CLASSES:
        for drawn in page.xpath(f"//*[contains(concat(' ', @class, ' '), ' {name} ')]"):
            drawn.drop_tree()
    for script in page.xpath("//script[starts-with(@type, 'math/tex')]"):
        _replace_element(script, script.text or "")
    for math in page.xpath("//*[local-name()='math']"):
        source = math.xpath(".//*[local-name()='annotation' and contains(@encoding, 'tex')]")
        tex = source[0].text_content() if source else math.get("alttext") or ""
        _replace_element(math, tex, plain=math.text_content())


def _replace_element(element: Any, tex: str, *, plain: str = "") -> None:
    words = f"${collapse_whitespace(tex)}$" if tex.strip() else collapse_whitespace(plain)
    # MediaWiki hides MathML by `display: none` on a box or two around it, for its picture is what browsers show.
    for above in list(element.iterancestors())[:3]:
        if "none" in (above.get("style") or ""):
            del above.attrib["style"]
    tail = element.tail
    for child in list(element):
        element.remove(child)
    element.attrib.clear()
    element.tag, element.text, element.tail = "span", words, tail
