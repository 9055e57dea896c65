"""Extract formulas from HTML once each, though pages hold several forms of one: as TeX if there is any, else linear."""

from __future__ import annotations

import re
from typing import Any

from materials.readers.base.pieces import collapse_whitespace

_CONTAINER_CLASSES = {
    "katex",
    "katex-display",
    "MathJax",
    "MathJax_Display",
    "MathJax_SVG",
    "MathJax_SVG_Display",
    "MathJax_CHTML",
    "MJXc-display",
    "mwe-math-element",
}
_DISPLAY_CLASSES = {"katex-display", "MathJax_Display", "MathJax_SVG_Display", "MJXc-display", "mwe-math-element-block"}
_TEX_SOURCE_TAGS = {"span", "div", "p"}
# Pages that leave TeX to a script delimit it as MathJax and KaTeX expect it: \( \), \[ \] or dollar signs.
_TEX_DELIMITER = re.compile(r"\s*(?:\\\(|\\\[|\$)")
# MediaWiki wraps every formula in {\displaystyle ...}, which adds nothing to a text.
_STYLE_WRAPPER = re.compile(r"\{\\(?:displaystyle|textstyle)\s+(.*)\}", re.DOTALL)
_MATH_SCRIPT_TYPE = re.compile(r"math/(?:tex|latex)", re.IGNORECASE)
# Operators that are set with space around them; others, such as brackets and primes, stand close to their operands.
_RELATIONS = frozenset("=<>≤≥≠≈≡∈⊂⊆→⇒⇔↦+−±·×÷∪∩∧∨")


def extract_formula(element: Any) -> str | None:
    """Return the formula of an element; blank when another element holds the same one; None when it is no formula."""
    tag = element.tag
    if tag == "script":
        return _extract_from_script(element)
    if tag == "math" or tag == "mjx-container":
        return _extract_from_markup(element)
    classes = set((element.get("class") or "").split()) if isinstance(tag, str) else set()
    if classes & _CONTAINER_CLASSES:
        return "" if _is_followed_by_script(element) else _extract_from_markup(element)
    if "MathJax_Preview" in classes:
        return "" if _is_followed_by_script(element) else None
    if "math" in classes and tag in _TEX_SOURCE_TAGS:
        return _extract_from_source(element)
    return None


def _extract_from_script(element: Any) -> str | None:
    kind = element.get("type") or ""
    if not _MATH_SCRIPT_TYPE.match(kind):
        return None
    return _delimit_tex("".join(element.itertext()), displayed="display" in kind)


def _is_followed_by_script(element: Any) -> bool:
    """Tell whether the TeX of a rendered formula follows in a script, where MathJax 2 leaves it."""
    after = element.getnext()
    # MathJax 2 writes the preview, the rendered formula and the script, in this order: the script is second at most.
    for _ in range(2):
        if after is None:
            return False
        if after.tag == "script" and _MATH_SCRIPT_TYPE.match(after.get("type") or ""):
            return True
        after = after.getnext()
    return False


def _extract_from_markup(element: Any) -> str:
    """Return the formula of MathML or of a container of it, by the best source: TeX, alternative text, markup."""
    displayed = (
        element.get("display") in {"block", "true"}
        or bool(_DISPLAY_CLASSES & set((element.get("class") or "").split()))
        or any(math.get("display") == "block" for math in element.iter("math"))
    )
    for annotation in element.iter("annotation"):
        if (annotation.get("encoding") or "").lower() in {"application/x-tex", "latex", "tex"}:
            return _delimit_tex("".join(annotation.itertext()), displayed=displayed)
    for script in element.iter("script"):
        if (written := _extract_from_script(script)) is not None:
            return written
    for math in element.iter("math"):
        said = math.get("alttext")
        return _delimit_tex(said, displayed=displayed) if said else collapse_whitespace(_linearise_mathml(math))
    for image in element.iter("img"):
        return _delimit_tex(image.get("alt") or "", displayed=displayed)
    said = element.get("aria-label") or element.get("alt")
    return said or collapse_whitespace("".join(map(str, element.itertext())))


def _extract_from_source(element: Any) -> str | None:
    """Return the TeX that a page holds for a script to render; None when the element is only called `math`."""
    if any(
        below.tag == "math" or set((below.get("class") or "").split()) & _CONTAINER_CLASSES
        for below in element.iter("*")
    ):
        return _extract_from_markup(element)
    text = "".join(map(str, element.itertext()))
    if _TEX_DELIMITER.match(text) or "display" in element.get("class").split():
        return text.strip()
    return None


def _delimit_tex(tex: str, *, displayed: bool) -> str:
    tex = tex.strip()
    if (wrapped := _STYLE_WRAPPER.fullmatch(tex)) is not None:
        tex = wrapped.group(1).strip()
    # In TeX a comment ends with its line: joined lines would turn the rest of the formula into one.
    tex = collapse_whitespace(tex) if "%" not in tex else tex
    mark = "$$" if displayed else "$"
    return f"{mark}{tex}{mark}" if tex else ""


def _linearise_mathml(element: Any) -> str:
    """Return MathML in one line: fractions with a slash, superscripts behind ^, subscripts behind _."""
    tag = element.tag.rpartition(":")[2] if isinstance(element.tag, str) else ""
    if tag in {"annotation", "annotation-xml", "mphantom", "mspace", ""}:
        return ""
    if tag == "mo":
        sign = collapse_whitespace(element.text or "")
        return f" {sign} " if sign in _RELATIONS else sign
    parts = [_linearise_mathml(child) + (child.tail or "").strip() for child in element]
    if not parts:
        return collapse_whitespace(element.text or "")
    if tag == "mfrac" and len(parts) == 2:
        return f"{_add_parentheses(parts[0])}/{_add_parentheses(parts[1])}"
    if tag in {"msup", "mover"} and len(parts) == 2:
        return f"{_add_parentheses(parts[0])}^{_add_parentheses(parts[1])}"
    if tag in {"msub", "munder"} and len(parts) == 2:
        return f"{parts[0]}_{_add_parentheses(parts[1])}"
    if tag in {"msubsup", "munderover"} and len(parts) == 3:
        return f"{parts[0]}_{_add_parentheses(parts[1])}^{_add_parentheses(parts[2])}"
    if tag == "msqrt":
        return f"√({collapse_whitespace(''.join(parts))})"
    if tag == "mroot" and len(parts) == 2:
        return f"root {_add_parentheses(parts[1])} of ({collapse_whitespace(parts[0])})"
    if tag == "mfenced":
        return f"({', '.join(map(collapse_whitespace, parts))})"
    if tag == "mtable":
        return "; ".join(map(collapse_whitespace, parts))
    if tag in {"mtr", "mlabeledtr"}:
        return ", ".join(map(collapse_whitespace, parts))
    return "".join(parts)


def _add_parentheses(text: str) -> str:
    text = collapse_whitespace(text)
    return text if len(text) <= 1 or text.isalnum() else f"({text})"
