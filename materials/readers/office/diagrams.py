"""SmartArt of Word and PowerPoint as a list: the words of its shapes in the order and depth of its text pane."""

from __future__ import annotations

from typing import Any

from materials.readers.base.encodings import clean
from materials.readers.base.pieces import item, one_line
from materials.readers.office.ooxml import DGM, A

_DEEPEST = 20


def diagram(root: Any) -> str:
    """Read the root of a diagram's data part as the lines of a list; blank when no shape has words."""
    words: dict[str, str] = {}
    top = ""
    for point in root.iter(f"{DGM}pt"):
        kind = point.get("type") or "node"
        if kind == "doc":
            top = point.get("modelId") or ""
        elif kind in {"node", "asst"}:
            words[point.get("modelId") or ""] = _words(point)
    below: dict[str, list[tuple[int, str]]] = {}
    for link in root.iter(f"{DGM}cxn"):
        order = link.get("srcOrd") or ""
        if (link.get("type") or "parOf") == "parOf" and link.get("destId") in words:
            place = int(order) if order.isdecimal() and len(order) < 10 else 0
            below.setdefault(link.get("srcId") or "", []).append((place, link.get("destId") or ""))
    lines: list[str] = []
    seen: set[str] = set()

    def add(parent: str, depth: int, level: int = 0) -> None:
        for _, child in sorted(below.get(parent, ()), key=lambda one: one[0]):
            if child in seen or level > _DEEPEST:
                continue
            seen.add(child)
            if words[child]:
                lines.append(item(words[child], depth=depth))
            add(child, depth + 1 if words[child] else depth, level + 1)

    add(top, 0)
    lines.extend(item(text, depth=0) for name, text in words.items() if text and name not in seen)
    return "\n".join(lines)


def _words(point: Any) -> str:
    """Return the words of a shape; its paragraphs on one line."""
    paragraphs = ("".join(text.text or "" for text in paragraph.iter(f"{A}t")) for paragraph in point.iter(f"{A}p"))
    return clean(one_line(" ".join(paragraphs)))
