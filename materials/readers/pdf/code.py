"""Write lines in a monospaced font as code, with the indentation and the empty lines that their places show."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from statistics import median

from materials.readers.pdf.lines import Line

# Lines: a larger gap between two lines of code is the edge of a page or a box.
_MAX_EMPTY_LINES = 2
# In line steps: the gap above a line that is farther down than this is an empty line.
_MIN_EMPTY_STEP = 1.6


def format_code(lines: Sequence[Line]) -> str:
    """Return the text of lines of code, indented by whole characters from the leftmost one."""
    width = median((line.right - line.left) / max(1, len(line.text)) for line in lines)
    left = min(line.left for line in lines)
    step = _find_line_step(lines)
    written: list[str] = []
    for at, line in enumerate(lines):
        if at and step and line.top - lines[at - 1].top > _MIN_EMPTY_STEP * step:
            empty = round((line.top - lines[at - 1].top) / step) - 1
            written.extend([""] * min(_MAX_EMPTY_LINES, empty))
        indent = round((line.left - left) / width) if width > 0 else 0
        written.append(" " * indent + line.text)
    return "\n".join(written)


def _find_line_step(lines: Sequence[Line]) -> float:
    """Return the smallest distance between the tops of two lines that follow one another, 0 without two."""
    return min((line.top - last.top for last, line in pairwise(lines) if line.top > last.top), default=0)
