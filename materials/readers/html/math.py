"""Formulas in HTML, each taken once however often a page holds it: as TeX where there is TeX, else in one line."""

from __future__ import annotations

import re
from typing import Any

from materials.readers.base.pieces import one_line

_CONTAINERS = {
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
_DISPLAYED = {"katex-display", "MathJax_Display", "MathJax_SVG_Display", "MJXc-display", "mwe-math-element-block"}
_SOURCES = {"span", "div", "p"}
_DELIMITED = re.compile(r"\s*(?:\\\(|\\\[|\$)")
_WRAPPED = re.compile(r"\{\\(?:displaystyle|textstyle)\s+(.*)\}", re.DOTALL)
_SCRIPT = re.compile(r"math/(?:tex|latex)", re.IGNORECASE)
_RELATIONS = frozenset("=<>≤≥≠≈≡∈⊂⊆→⇒⇔↦+−±·×÷∪∩∧∨")


def formula_of(element: Any) -> str | None:
    """Return the formula that an element shows; blank when another element has said it; None when it is none."""
    tag = element.tag
    if tag == "script":
        return _from_script(element)
    if tag == "math" or tag == "mjx-container":
        return _from_markup(element)
    classes = set((element.get("class") or "").split()) if isinstance(tag, str) else set()
    if classes & _CONTAINERS:
        return "" if _script_follows(element) else _from_markup(element)
    if "MathJax_Preview" in classes:
        return "" if _script_follows(element) else None
    if "math" in classes and tag in _SOURCES:
        return _from_source(element)
    return None


def _from_script(element: Any) -> str | None:
    kind = element.get("type") or ""
    if not _SCRIPT.match(kind):
        return None
    return _set("".join(element.itertext()), displayed="display" in kind)


def _script_follows(element: Any) -> bool:
    """Tell whether the source of a drawn formula comes right after it, as MathJax 2 leaves it."""
    after = element.getnext()
    for _ in range(2):
        if after is None:
            return False
        if after.tag == "script" and _SCRIPT.match(after.get("type") or ""):
            return True
        after = after.getnext()
    return False


def _from_markup(element: Any) -> str:
    """Return the formula in MathML or around it."""
    displayed = (
        element.get("display") in {"block", "true"}
        or bool(_DISPLAYED & set((element.get("class") or "").split()))
        or any(math.get("display") == "block" for math in element.iter("math"))
    )
    for annotation in element.iter("annotation"):
        if (annotation.get("encoding") or "").lower() in {"application/x-tex", "latex", "tex"}:
            return _set("".join(annotation.itertext()), displayed=displayed)
    for script in element.iter("script"):
        if (written := _from_script(script)) is not None:
            return written
    for math in element.iter("math"):
        said = math.get("alttext")
        return _set(said, displayed=displayed) if said else one_line(_linear(math))
    for image in element.iter("img"):
        return _set(image.get("alt") or "", displayed=displayed)
    said = element.get("aria-label") or element.get("alt")
    return said or one_line("".join(map(str, element.itertext())))


def _from_source(element: Any) -> str | None:
    """Return TeX that a page holds for a script to draw."""
    if any(below.tag == "math" or set((below.get("class") or "").split()) & _CONTAINERS for below in element.iter("*")):
        return _from_markup(element)
    text = "".join(map(str, element.itertext()))
    if _DELIMITED.match(text) or "display" in element.get("class").split():
        return text.strip()
    return None


def _set(tex: str, *, displayed: bool) -> str:
    tex = tex.strip()
    if (wrapped := _WRAPPED.fullmatch(tex)) is not None:
        tex = wrapped.group(1).strip()
    tex = one_line(tex) if "%" not in tex else tex
    mark = "$$" if displayed else "$"
    return f"{mark}{tex}{mark}" if tex else ""


def _linear(element: Any) -> str:
    """Return MathML in one line: a fraction with a slash, what is raised behind a ^, what is lowered behind a _."""
    tag = element.tag.rpartition(":")[2] if isinstance(element.tag, str) else ""
    if tag in {"annotation", "annotation-xml", "mphantom", "mspace", ""}:
        return ""
    if tag == "mo":
        sign = one_line(element.text or "")
        return f" {sign} " if sign in _RELATIONS else sign
    parts = [_linear(child) + (child.tail or "").strip() for child in element]
    if not parts:
        return one_line(element.text or "")
    if tag == "mfrac" and len(parts) == 2:
        return f"{_grouped(parts[0])}/{_grouped(parts[1])}"
    if tag in {"msup", "mover"} and len(parts) == 2:
        return f"{_grouped(parts[0])}^{_grouped(parts[1])}"
    if tag in {"msub", "munder"} and len(parts) == 2:
        return f"{parts[0]}_{_grouped(parts[1])}"
    if tag in {"msubsup", "munderover"} and len(parts) == 3:
        return f"{parts[0]}_{_grouped(parts[1])}^{_grouped(parts[2])}"
    if tag == "msqrt":
        return f"√({one_line(''.join(parts))})"
    if tag == "mroot" and len(parts) == 2:
        return f"root {_grouped(parts[1])} of ({one_line(parts[0])})"
    if tag == "mfenced":
        return f"({', '.join(map(one_line, parts))})"
    if tag == "mtable":
        return "; ".join(map(one_line, parts))
    if tag in {"mtr", "mlabeledtr"}:
        return ", ".join(map(one_line, parts))
    return "".join(parts)


def _grouped(text: str) -> str:
    text = one_line(text)
    return text if len(text) <= 1 or text.isalnum() else f"({text})"
