"""Find grids of rules: which rules of a page cross, and the cells between them."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from materials.readers.pdf.rules import Rule, Rules

# Points. Rules of one line of a grid are drawn cell by cell and may be off by their own width; double rules are two
# points apart.
_SNAP = 2.5
# Points by which rules may miss each other and still meet, as where borders are drawn without their corners.
_REACH = 3.0
# Rules of a direction, after joining: more are hatching and maps. The largest tables of a page have 100 rows.
_MAX_RULES = 1_000
_MAX_SLOTS = 20_000
# Lines of a grid: a box, as there are many on slides, has four.
_MIN_LINES = 5


class Box(NamedTuple):
    """A rectangle in points from the left and the top of the upright page."""

    left: float
    right: float
    top: float
    bottom: float


@dataclass
class Grid:
    """A grid: the places of its upright rules from the left and of its level rules from the top, in points.

    `owners` has, for each slot by row and column, the slot that stands for its cell: the topmost and leftmost one of
    those that no rule divides.
    """

    xs: list[float]
    ys: list[float]
    owners: dict[tuple[int, int], tuple[int, int]] = field(default_factory=dict)

    @property
    def box(self) -> Box:
        return Box(self.xs[0], self.xs[-1], self.ys[0], self.ys[-1])

    @property
    def cell_count(self) -> int:
        return len(set(self.owners.values()))

    def find_cell(self, x: float, y: float) -> tuple[int, int] | None:
        """Return row and column of the cell at a point, None outside of the grid."""
        if not (self.xs[0] <= x < self.xs[-1] and self.ys[0] <= y < self.ys[-1]):
            return None
        return self.owners.get((bisect_right(self.ys, y) - 1, bisect_right(self.xs, x) - 1))


def find_grids(rules: Rules) -> tuple[list[Grid], list[Grid]]:
    """Return the grids with at least two rows or columns, and those of level rules alone, which have one column."""
    level, upright = _join_rules(rules.level), _join_rules(rules.upright)
    if len(level) > _MAX_RULES or len(upright) > _MAX_RULES:
        return [], []
    grids, ladders = [], []
    for across, down in _group_crossing(level, upright):
        if len(across) >= 2 and len(down) >= 2 and len(across) + len(down) >= _MIN_LINES:
            grids.append(_build_grid(across, down))
        else:
            ladders += across
    return [grid for grid in grids if grid is not None], _build_ladders(ladders)


def _join_rules(rules: list[Rule]) -> list[Rule]:
    """Return rules in order of their places, with those joined that follow one another at one place."""
    groups: list[list[Rule]] = []
    for rule in sorted(rules):
        if groups and rule[0] - groups[-1][0][0] <= _SNAP:
            groups[-1].append(rule)
        else:
            groups.append([rule])
    joined: list[Rule] = []
    for group in groups:
        at = sum(rule[0] for rule in group) / len(group)
        spans = sorted(rule[1:] for rule in group)
        begin, end = spans[0]
        for next_begin, next_end in spans[1:]:
            if next_begin - end <= _REACH:
                end = max(end, next_end)
            else:
                joined.append((at, begin, end))
                begin, end = next_begin, next_end
        joined.append((at, begin, end))
    return joined


def _group_crossing(level: Sequence[Rule], upright: Sequence[Rule]) -> list[tuple[list[Rule], list[Rule]]]:
    """Return groups of level and upright rules that are connected by touching one another."""
    parents = list(range(len(level) + len(upright)))
    find = _make_find(parents)
    for number, (y, left, right) in enumerate(level):
        first = bisect_left(upright, (left - _REACH,))
        last = bisect_right(upright, (right + _REACH,))
        for other in range(first, last):
            _, top, bottom = upright[other]
            if top - _REACH <= y <= bottom + _REACH:
                parents[find(len(level) + other)] = find(number)
    groups: dict[int, tuple[list[Rule], list[Rule]]] = defaultdict(lambda: ([], []))
    for number, rule in enumerate(level):
        groups[find(number)][0].append(rule)
    for number, rule in enumerate(upright, start=len(level)):
        groups[find(number)][1].append(rule)
    return list(groups.values())


def _make_find(parents: list[int]) -> Callable[[int], int]:
    def find(number: int) -> int:
        while parents[number] != number:
            parents[number] = parents[parents[number]]
            number = parents[number]
        return number

    return find


def _build_grid(level: list[Rule], upright: list[Rule]) -> Grid | None:
    """Return the grid of crossing lines. Where they stick out, as in tables without outer rules, a border is added."""
    rights, bottoms = max(rule[2] for rule in level), max(rule[2] for rule in upright)
    xs = _find_places([rule[0] for rule in upright], min(rule[1] for rule in level), rights)
    ys = _find_places([rule[0] for rule in level], min(rule[1] for rule in upright), bottoms)
    rows, columns = len(ys) - 1, len(xs) - 1
    if rows < 1 or columns < 1 or rows * columns > _MAX_SLOTS:
        return None
    parents = list(range(rows * columns))
    find = _make_find(parents)
    divided_down = {(row, x) for row in range(rows) for x in _find_dividing(upright, (ys[row] + ys[row + 1]) / 2, xs)}
    divided_across = {
        (y, col) for col in range(columns) for y in _find_dividing(level, (xs[col] + xs[col + 1]) / 2, ys)
    }
    for row in range(rows):
        for column in range(columns):
            # The smaller number stands for the cell: its topmost and leftmost slot.
            if column + 1 < columns and (row, column + 1) not in divided_down:
                _unite(parents, find, row * columns + column, row * columns + column + 1)
            if row + 1 < rows and (row + 1, column) not in divided_across:
                _unite(parents, find, row * columns + column, (row + 1) * columns + column)
    slots = ((row, column) for row in range(rows) for column in range(columns))
    return Grid(xs, ys, {slot: divmod(find(slot[0] * columns + slot[1]), columns) for slot in slots})


def _unite(parents: list[int], find: Callable[[int], int], one: int, other: int) -> None:
    one, other = sorted((find(one), find(other)))
    parents[other] = one


def _find_dividing(rules: Sequence[Rule], across: float, places: Sequence[float]) -> set[int]:
    """Return the numbers of the places at which a rule passes a coordinate of the other axis."""
    found: set[int] = set()
    for at, begin, end in rules:
        if begin <= across <= end:
            found.update(range(bisect_left(places, at - _SNAP), bisect_right(places, at + _SNAP)))
    return found


def _find_places(places: Sequence[float], begin: float, end: float) -> list[float]:
    """Return the different places in order, with the ends of the other lines where those stick out."""
    found: list[float] = []
    for place in sorted([*places, begin, end]):
        if not found or place - found[-1] > _REACH:
            found.append(place)
    return found


def _build_ladders(level: Sequence[Rule]) -> list[Grid]:
    """Return a grid of one column for at least two level rules of the same left and right end."""
    groups: list[list[Rule]] = []
    for rule in sorted(level):
        for group in groups:
            if abs(group[0][1] - rule[1]) <= _REACH and abs(group[0][2] - rule[2]) <= _REACH:
                group.append(rule)
                break
        else:
            groups.append([rule])
    return [Grid([group[0][1], group[0][2]], [rule[0] for rule in group]) for group in groups if len(group) >= 2]
