"""The lists of a Word document: which mark each item has, counted as Word counts."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from materials.readers.base.encodings import clean
from materials.readers.base.pieces import one_line
from materials.readers.office.docx_styles import indent_of, number, switch, value
from materials.readers.office.numerals import numeral
from materials.readers.office.ooxml import W

_PLACE = re.compile(r"%([1-9])")
_PLAIN = re.compile(r"%\d[.)]?")
_MOST = 9


@dataclass(frozen=True, kw_only=True)
class _Level:
    form: str
    pattern: str
    start: int
    indent: int | None
    restarts: bool
    is_legal: bool
    style_id: str


@dataclass(frozen=True, kw_only=True)
class Mark:
    """What stands before an item: its label as the document shows it (blank for a bullet), and how far it is set in.

    `number` is set where the label is a number alone.
    """

    label: str = ""
    number: int | None = None
    indent: int | None = None


@dataclass
class Lists:
    """The lists of one document, with what has been counted so far."""

    _levels: dict[str, dict[int, _Level]] = field(default_factory=dict)
    _abstract: dict[str, str] = field(default_factory=dict)
    _starts: dict[tuple[str, int], int] = field(default_factory=dict)
    _counts: dict[str, dict[int, int]] = field(default_factory=dict)
    _begun: set[tuple[str, int]] = field(default_factory=set)

    def depth_of(self, list_id: str, style_id: str) -> int:
        """Return the depth of a list that belongs to a style; 0 when none does."""
        levels = self._levels.get(list_id, {})
        return next((depth for depth, level in levels.items() if style_id and level.style_id == style_id), 0)

    def next(self, list_id: str, depth: int) -> Mark:
        """Count one more item and return its mark."""
        levels = self._levels.get(list_id, {})
        level = levels.get(depth)
        if level is None:
            return Mark()
        if level.form in {"bullet", "none"}:
            return Mark(indent=level.indent)
        counts = self._counts.setdefault(self._abstract[list_id], {})
        start = level.start
        if (list_id, depth) in self._starts and (list_id, depth) not in self._begun:
            start = self._starts[list_id, depth]
            counts.pop(depth, None)
        self._begun.add((list_id, depth))
        counts[depth] = counts[depth] + 1 if depth in counts else start
        for deeper in [one for one in counts if one > depth]:
            if deeper not in levels or levels[deeper].restarts:
                del counts[deeper]
        label = clean(one_line(_PLACE.sub(lambda place: self._count(place, level, levels, counts), level.pattern)))
        is_number = level.form == "decimal" and _PLAIN.fullmatch(level.pattern.strip()) is not None
        return Mark(label=label, number=counts[depth] if is_number else None, indent=level.indent)

    @staticmethod
    def _count(place: re.Match[str], level: _Level, levels: dict[int, _Level], counts: dict[int, int]) -> str:
        depth = int(place.group(1)) - 1
        of = levels.get(depth)
        if of is None:
            return ""
        return numeral(counts.setdefault(depth, of.start), "decimal" if level.is_legal else of.form)


def read_lists(root: Any) -> Lists:
    """Read the root of the numbering part; None stands for a document without one."""
    lists = Lists()
    if root is None:
        return lists
    abstracts = {one.get(f"{W}abstractNumId") or "": one for one in root.iterchildren(f"{W}abstractNum")}
    of_style = {value(one, "styleLink"): name for name, one in abstracts.items() if value(one, "styleLink")}
    levels: dict[str, dict[int, _Level]] = {}
    for instance in root.iterchildren(f"{W}num"):
        list_id = instance.get(f"{W}numId") or ""
        name = value(instance, "abstractNumId")
        if name not in abstracts:
            continue
        name = of_style.get(value(abstracts[name], "numStyleLink"), name)
        if name not in levels:
            levels[name] = _levels_of(abstracts[name])
        lists._abstract[list_id] = name
        lists._levels[list_id] = levels[name]
        for override in instance.iterchildren(f"{W}lvlOverride"):
            depth = number(override.get(f"{W}ilvl"))
            if depth is None:
                continue
            if (start := number(value(override, "startOverride"))) is not None:
                lists._starts[list_id, depth] = start
            if override.find(f"{W}lvl") is not None:
                lists._levels[list_id] = {**lists._levels[list_id], **_levels_of(override)}
    return lists


def _levels_of(element: Any) -> dict[int, _Level]:
    found = {}
    for level in element.iterchildren(f"{W}lvl"):
        depth = number(level.get(f"{W}ilvl"))
        if depth is None or not 0 <= depth < _MOST:
            continue
        start = number(value(level, "start"))
        found[depth] = _Level(
            form=value(level, "numFmt") or "decimal",
            pattern=value(level, "lvlText")[:200],
            start=1 if start is None else start,
            indent=indent_of(level.find(f"{W}pPr")),
            restarts=value(level, "lvlRestart") != "0",
            is_legal=switch(level, "isLgl") is True,
            style_id=value(level, "pStyle"),
        )
    return found
