"""Indent the inner lists of items with wide numbers as their authors mean them.

What belongs to an item of a list stands below the beginning of its text (CommonMark 5.2): three columns for `9. `, four
for `10. `. Authors who go on with three columns after the ninth item get one flat list, which most of them never see.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from materials.readers.markdown.directives import FENCE

# Up to three digits: longer numbers are years or the like, and no one counts so far by hand.
_NUMBERED = re.compile(r"(?P<indent> {0,12})(?P<number>\d{1,3})[.)](?P<space> +)\S")
_MARKER = re.compile(r"(?P<indent> {1,15})(?:\d{1,3}[.)]|[-*+]) +\S")


def widen_list_indents(lines: Iterable[str]) -> Iterator[str]:
    """Yield the lines of a Markdown text; lists that stand one or two columns short of their item are moved inside."""
    outer = inner = shift = 0
    fence = ""
    for line in lines:
        found_fence = FENCE.match(line)
        if fence:
            if line.strip().startswith(fence) and not line.strip().strip(fence[0]):
                fence = ""
        elif found_fence is not None:
            fence = found_fence["mark"]
        numbered = _NUMBERED.match(line) if not fence else None
        marker = _MARKER.match(line) if not fence else None
        indent = len(line) - len(line.lstrip(" "))
        if shift and line.strip() and indent <= outer:
            shift = 0
        if not shift and marker is not None and inner and outer < indent < inner and _begins_list(line, inner - indent):
            shift = inner - indent
        if shift:
            yield " " * shift + line if line.strip() else line
            continue
        yield line
        if numbered is not None:
            outer = len(numbered["indent"])
            inner = outer + len(numbered["number"]) + 1 + len(numbered["space"]) if len(numbered["number"]) > 1 else 0
        elif line.strip() and indent <= outer:
            inner = 0


def _begins_list(line: str, missing: int) -> bool:
    """Tell whether a line begins a list: with a bullet, or with the number one, which no item after the tenth has."""
    return missing <= 2 and (not line.lstrip()[0].isdigit() or line.lstrip().startswith(("1.", "1)")))
