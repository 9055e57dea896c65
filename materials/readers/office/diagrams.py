"""Read the SmartArt of Word and PowerPoint (ECMA-376 Part 1, 21.4) as a list, as its text pane shows it."""

from __future__ import annotations

from typing import Any

from materials.readers.base.encodings import clean_text
from materials.readers.base.pieces import collapse_whitespace, format_list_item
from materials.readers.office.ooxml import DGM, A

# A readable diagram has a few levels; the bound keeps a hostile chain of connections from exhausting the stack.
_MAX_DEPTH = 20


def parse_diagram(root: Any) -> str:
    """Return the text of a diagram's data part as the lines of a list; blank when no shape has text."""
    words: dict[str, str] = {}
    top = ""
    for point in root.iter(f"{DGM}pt"):
        kind = point.get("type") or "node"
        if kind == "doc":
            top = point.get("modelId") or ""
        elif kind in {"node", "asst"}:  # the other kinds are transitions and what the layout generates
            words[point.get("modelId") or ""] = _extract_shape_text(point)
    below: dict[str, list[tuple[int, str]]] = {}
    for link in root.iter(f"{DGM}cxn"):
        order = link.get("srcOrd") or ""
        if (link.get("type") or "parOf") == "parOf" and link.get("destId") in words:
            place = int(order) if order.isdecimal() and len(order) < 10 else 0
            below.setdefault(link.get("srcId") or "", []).append((place, link.get("destId") or ""))
    lines: list[str] = []
    seen: set[str] = set()

    def add_children(parent: str, depth: int, level: int = 0) -> None:
        for _, child in sorted(below.get(parent, ()), key=lambda one: one[0]):
            if child in seen or level > _MAX_DEPTH:
                continue
            seen.add(child)
            if words[child]:
                lines.append(format_list_item(words[child], depth=depth))
            # Children of an empty shape take its place, or the list would skip a level.
            add_children(child, depth + 1 if words[child] else depth, level + 1)

    add_children(top, 0)
    # Shapes without a connection to the document's root, as damaged files have them.
    lines.extend(format_list_item(text, depth=0) for name, text in words.items() if text and name not in seen)
    return "\n".join(lines)


def _extract_shape_text(point: Any) -> str:
    """Return the text of a shape with its paragraphs on one line."""
    paragraphs = ("".join(text.text or "" for text in paragraph.iter(f"{A}t")) for paragraph in point.iter(f"{A}p"))
    return clean_text(collapse_whitespace(" ".join(paragraphs)))
