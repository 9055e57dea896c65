"""Number the list items of a Word document as Word does (ECMA-376 Part 1, 17.9)."""

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
_MAX_LEVELS = 9  # 17.9, `lvl`: 0 to 8
# A label is at most nine numbers with punctuation; a hostile one would be repeated before every item.
_MAX_PATTERN_LENGTH = 200


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
    """The marker of a list item.

    `label` is what the document shows, blank for a bullet. `number` is set when the label is a plain decimal number,
    with or without a dot or parenthesis. `indent` is the indent of the list level in twentieths of a point, None if not
    set.
    """

    label: str = ""
    number: int | None = None
    indent: int | None = None


@dataclass
class ListNumbering:
    """The list definitions of one document and their counters; items must be numbered in the order of the document."""

    _levels: dict[str, dict[int, _ListLevel]] = field(default_factory=dict)
    _abstract: dict[str, str] = field(default_factory=dict)
    _starts: dict[tuple[str, int], int] = field(default_factory=dict)
    _counts: dict[str, dict[int, int]] = field(default_factory=dict)
    _started: set[tuple[str, int]] = field(default_factory=set)

    def find_style_depth(self, list_id: str, style_id: str) -> int:
        """Return the depth of the list level that is linked to a paragraph style (`pStyle`); 0 without one."""
        levels = self._levels.get(list_id, {})
        return next((depth for depth, level in levels.items() if style_id and level.style_id == style_id), 0)

    def number_item(self, list_id: str, depth: int) -> ListMarker:
        """Count one more item of a list at a depth (0 for the outermost) and return its marker."""
        levels = self._levels.get(list_id, {})
        level = levels.get(depth)
        if level is None:
            return ListMarker()
        if level.number_format in {"bullet", "none"}:
            return ListMarker(indent=level.indent)
        # All `num` of one `abstractNum` share their counters: a second list with the same look continues the first one,
        # unless it has a `startOverride`, which then applies once.
        counts = self._counts.setdefault(self._abstract[list_id], {})
        start = level.start
        if (list_id, depth) in self._starts and (list_id, depth) not in self._started:
            start = self._starts[list_id, depth]
            counts.pop(depth, None)
        self._started.add((list_id, depth))
        counts[depth] = counts[depth] + 1 if depth in counts else start
        # Word restarts a level after any higher one, not only after the one above as 17.9 says ([MS-OI29500]).
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
        # A level that no item has had yet counts as begun: the first "1.1" may stand without a "1.".
        return format_numeral(counts.setdefault(depth, of.start), "decimal" if level.is_legal else of.number_format)


def parse_numbering(root: Any) -> ListNumbering:
    """Return the lists that the numbering part defines; `root` is None for a document without that part."""
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
        # A list that refers to a list style by `numStyleLink` has no levels of its own: they are in the `abstractNum`
        # whose `styleLink` names the same style.
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
            pattern=get_property_value(level, "lvlText")[:_MAX_PATTERN_LENGTH],
            start=1 if start is None else start,
            indent=get_indent(level.find(f"{W}pPr")),
            restarts=get_property_value(level, "lvlRestart") != "0",
            is_legal=get_toggle_value(level, "isLgl") is True,
            style_id=get_property_value(level, "pStyle"),
        )
    return found
