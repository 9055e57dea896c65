"""Figures as a table in plain text."""

from __future__ import annotations

from collections.abc import Mapping

from structures.quality.evaluation.figures import Figures

_COLUMN_WIDTH = 17


def format_figures(columns: Mapping[str, Figures]) -> str:
    """Return a table with a row for each figure and a column for each evaluation; a dash where there is no figure."""
    names = list(dict.fromkeys(name for figures in columns.values() for name in figures))
    first = max(map(len, names))
    lines = [" " * first + "".join(f"  {column:>{_COLUMN_WIDTH}}" for column in columns)]
    for name in names:
        cells = [figures.get(name) for figures in columns.values()]
        lines.append(
            f"{name:<{first}}" + "".join(f"  {'-' if cell is None else cell:>{_COLUMN_WIDTH}}" for cell in cells)
        )
    return "\n".join(lines)
