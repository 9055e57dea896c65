"""The lists of a Word document: which mark each item has, counted as Word counts."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from materials.readers.base.encodings import clean_text
from materials.readers.base.pieces import collapse_whitespace
from materials.readers.office.docx_styles import get_indent, get_property_value, get_toggle_value, parse_bounded_int
from materials.readers.office.numerals import format_numeral
from materials.readers.office.ooxml import W

_LEVEL_PLACEHOLDER = re.compile(r"%([1-9])")
_PLAIN_NUMBER = re.compile(r"%\d[.)]?")
_MAX_LEVELS = 9


@dataclass(frozen=True, kw_only=True)
class _ListLevel:
    number_format: str
    pattern: str
    start: int
    indent: int | None
    restarts: bool
    is_legal: bool
    style_id: str


@dataclass(frozen=True, kw_only=True)
class ListMarker:
    """What stands before an item: its label as the document shows it (blank for a bullet), and how far it is set in.

    `parse_bounded_int` is set where the label is a number alone.
    """

    label: str = ""
    number: int | None = None
    indent: int | None = None


@dataclass
class ListNumbering:
    """The lists of one document, with what has been counted so far."""

    _levels: dict[str, dict[int, _ListLevel]] = field(default_factory=dict)
    _abstract: dict[str, str] = field(default_factory=dict)
    _starts: dict[tuple[str, int], int] = field(default_factory=dict)
    _counts: dict[str, dict[int, int]] = field(default_factory=dict)
    _started: set[tuple[str, int]] = field(default_factory=set)

    def find_style_depth(self, list_id: str, style_id: str) -> int:
        """Return the depth of a list that belongs to a style; 0 when none does."""
        levels = self._levels.get(list_id, {})
        return next((depth for depth, level in levels.items() if style_id and level.style_id == style_id), 0)

    def number_item(self, list_id: str, depth: int) -> ListMarker:
        """Count one more item and return its mark."""
        levels = self._levels.get(list_id, {})
        level = levels.get(depth)
        if level is None:
            return ListMarker()
        if level.number_format in {"bullet", "none"}:
            return ListMarker(indent=level.indent)
        counts = self._counts.setdefault(self._abstract[list_id], {})
        start = level.start
        if (list_id, depth) in self._starts and (list_id, depth) not in self._started:
            start = self._starts[list_id, depth]
            counts.pop(depth, None)
        self._started.add((list_id, depth))
        counts[depth] = counts[depth] + 1 if depth in counts else start
        for deeper in [one for one in counts if one > depth]:
            if deeper not in levels or levels[deeper].restarts:
                del counts[deeper]
        label = clean_text(
            collapse_whitespace(
                _LEVEL_PLACEHOLDER.sub(
                    lambda place: self._format_level_number(place, level, levels, counts), level.pattern
                )
            )
        )
        is_number = level.number_format == "decimal" and _PLAIN_NUMBER.fullmatch(level.pattern.strip()) is not None
        return ListMarker(label=label, number=counts[depth] if is_number else None, indent=level.indent)

    @staticmethod
    def _format_level_number(
        placeholder: re.Match[str], level: _ListLevel, levels: dict[int, _ListLevel], counts: dict[int, int]
    ) -> str:
        depth = int(placeholder.group(1)) - 1
        of = levels.get(depth)
        if of is None:
            return ""
        return format_numeral(counts.setdefault(depth, of.start), "decimal" if level.is_legal else of.number_format)


def parse_numbering(root: Any) -> ListNumbering:
    """Read the root of the numbering part; None stands for a document without one."""
    lists = ListNumbering()
    if root is None:
        return lists
    abstracts = {one.get(f"{W}abstractNumId") or "": one for one in root.iterchildren(f"{W}abstractNum")}
    of_style = {
        get_property_value(one, "styleLink"): name
        for name, one in abstracts.items()
        if get_property_value(one, "styleLink")
    }
    levels: dict[str, dict[int, _ListLevel]] = {}
    for instance in root.iterchildren(f"{W}num"):
        list_id = instance.get(f"{W}numId") or ""
        name = get_property_value(instance, "abstractNumId")
        if name not in abstracts:
            continue
        name = of_style.get(get_property_value(abstracts[name], "numStyleLink"), name)
        if name not in levels:
            levels[name] = _parse_levels(abstracts[name])
        lists._abstract[list_id] = name
        lists._levels[list_id] = levels[name]
        for override in instance.iterchildren(f"{W}lvlOverride"):
            depth = parse_bounded_int(override.get(f"{W}ilvl"))
            if depth is None:
                continue
            if (start := parse_bounded_int(get_property_value(override, "startOverride"))) is not None:
                lists._starts[list_id, depth] = start
            if override.find(f"{W}lvl") is not None:
                lists._levels[list_id] = {**lists._levels[list_id], **_parse_levels(override)}
    return lists


def _parse_levels(element: Any) -> dict[int, _ListLevel]:
    found = {}
    for level in element.iterchildren(f"{W}lvl"):
        depth = parse_bounded_int(level.get(f"{W}ilvl"))
        if depth is None or not 0 <= depth < _MAX_LEVELS:
            continue
        start = parse_bounded_int(get_property_value(level, "start"))
        found[depth] = _ListLevel(
            number_format=get_property_value(level, "numFmt") or "decimal",
            pattern=get_property_value(level, "lvlText")[:200],
            start=1 if start is None else start,
            indent=get_indent(level.find(f"{W}pPr")),
            restarts=get_property_value(level, "lvlRestart") != "0",
            is_legal=get_toggle_value(level, "isLgl") is True,
            style_id=get_property_value(level, "pStyle"),
        )
    return found
