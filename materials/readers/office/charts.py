"""Read the charts of Word and PowerPoint (ECMA-376 Part 1, 21.2) as a title and a table.

The values come from the caches that office programs store in the chart part; the embedded workbook is not opened.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from materials.readers.base.encodings import clean_text
from materials.readers.base.pieces import collapse_whitespace
from materials.readers.office.ooxml import A, C

# A chart that people can read has fewer of both. Charts with more plot measurements, whose values nobody learns from.
# The number of omitted rows is in the warnings.
MAX_ROWS = 50
MAX_SERIES = 12

_DATE_FORMAT = re.compile(r"y|d", re.IGNORECASE)
# Quoted text, [conditions and colours] and escaped characters of a number format (18.8) may contain any letter.
_FORMAT_LITERALS = re.compile(r"\"[^\"]*\"|\[[^\]]*\]|\\.")
# Serial dates count days from 1900-01-01 as 1, with a day too many: 1900 is taken for a leap year (18.17.4). From March
# 1900 on this epoch is right. The last number is 9999-12-31, where Python's dates end, too.
_DATE_EPOCH = date(1899, 12, 30)
_MAX_DATE_NUMBER = 2_958_465
# Significant digits of a value: binary fractions (0.1 + 0.2) differ from what people entered in the 16th or 17th.
_PRECISION = ".10g"
# Below this, every integer is exact in a float, so large numbers need no exponent.
_MAX_EXACT_NUMBER = 1e15


@dataclass(frozen=True, kw_only=True)
class Chart:
    """A chart's title, its values as rows of cells (the first row names the series), and the number of omitted rows."""

    title: str
    rows: list[list[str]]
    omitted_rows: int = 0


@dataclass(frozen=True, kw_only=True)
class _ChartSeries:
    name: str
    categories: dict[int, str]
    values: dict[int, str]


def parse_chart(root: Any) -> Chart:
    """Return the chart of a chart part with the series of all its plots side by side."""
    title = root.find(f"{C}chart/{C}title")
    words = _extract_text(title) if title is not None else ""
    series = [_parse_series(element) for element in root.iter(f"{C}ser")]
    # PowerPoint shows the name of a single series as the title.
    if not words and len(series) == 1:
        words = series[0].name
    shown = series[:MAX_SERIES]
    points = sorted({at for one in shown for at in one.values} | {at for one in shown[:1] for at in one.categories})
    rows = []
    for at in points[:MAX_ROWS]:
        category = next((one.categories[at] for one in shown if one.categories.get(at)), "")
        rows.append([category, *(one.values.get(at, "") for one in shown)])
    if not any(row[0] for row in rows):
        rows = [[str(at), *row[1:]] for at, row in enumerate(rows, start=1)]
    if rows:
        rows.insert(0, ["", *(one.name or f"Series {at}" for at, one in enumerate(shown, start=1))])
    return Chart(title=words, rows=rows, omitted_rows=max(0, len(points) - MAX_ROWS))


def _extract_text(element: Any) -> str:
    words = [text.text or "" for text in element.iter(f"{A}t")] or [text.text or "" for text in element.iter(f"{C}v")]
    return clean_text(collapse_whitespace("".join(words)))


def _parse_series(element: Any) -> _ChartSeries:
    name = element.find(f"{C}tx")
    categories = element.find(f"{C}cat")
    values = element.find(f"{C}val")
    return _ChartSeries(
        name=_extract_text(name) if name is not None else "",
        categories=_parse_points(categories if categories is not None else element.find(f"{C}xVal")),
        values=_parse_points(values if values is not None else element.find(f"{C}yVal")),
    )


def _parse_points(element: Any) -> dict[int, str]:
    """Return the cells of a series by their index; categories of several levels as `outer / inner`."""
    if element is None:
        return {}
    levels = list(element.iter(f"{C}lvl"))
    if len(levels) > 1:
        return _join_category_levels(levels)
    form = element.findtext(f".//{C}formatCode") or ""
    found = {}
    for point in element.iter(f"{C}pt"):
        at = point.get("idx") or ""
        if at.isdecimal() and len(at) < 10:
            found[int(at)] = _format_value(point.findtext(f"{C}v") or "", point.get("formatCode") or form)
    return found


def _join_category_levels(levels: list[Any]) -> dict[int, str]:
    """Return the category names of several levels by index; the innermost level comes first in the file.

    An outer name is stored once and applies until the next one.
    """
    inner = {int(point.get("idx") or 0): point.findtext(f"{C}v") or "" for point in levels[0].iter(f"{C}pt")}
    found = {at: clean_text(collapse_whitespace(word)) for at, word in inner.items()}
    for level in levels[1:]:
        words = {int(point.get("idx") or 0): point.findtext(f"{C}v") or "" for point in level.iter(f"{C}pt")}
        outer = ""
        for at in sorted(found):
            outer = words.get(at, outer)
            found[at] = f"{collapse_whitespace(outer)} / {found[at]}" if outer else found[at]
    return found


def _format_value(value: str, format_code: str) -> str:
    """Return a number about as the chart shows it: percentages and dates as such, without noise of binary fractions."""
    try:
        number = float(value)
    except ValueError:
        return clean_text(collapse_whitespace(value))
    format_code = _FORMAT_LITERALS.sub("", format_code)
    if "%" in format_code:
        return f"{number * 100:{_PRECISION}}%"
    if format_code.lower() != "general" and _DATE_FORMAT.search(format_code) and 0 < number < _MAX_DATE_NUMBER:
        return (_DATE_EPOCH + timedelta(days=int(number))).isoformat()
    short = f"{number:{_PRECISION}}"
    return f"{number:.0f}" if "e+" in short and abs(number) < _MAX_EXACT_NUMBER else short
