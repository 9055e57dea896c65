"""Numbers of files as places in a schedule, where nothing else contradicts them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import partial

from structures.engines.outline.catalog import CourseFile
from structures.engines.outline.schedules.evidence import RowWords

# Of the files whose words say where they belong, so many must have the number of that row.
_MIN_AGREEMENT = 0.8
_MIN_COMPARED = 2
# Where no words say anything, the numbers must be those of most rows.
_MIN_FILES, _MIN_SHARE = 3, 0.6


def find_numbered(
    rows: Sequence[RowWords], files: Sequence[CourseFile], placed: Mapping[int, int]
) -> dict[int, set[int]]:
    """Return the rows with the number of each file, by the places of both.

    `placed` are the rows of files about which other evidence is clear: files that are counted together (in one folder,
    with one word before the number) are placed by their numbers when these agree with it, or when nothing is placed
    and the numbers are those of the rows.
    """
    families: defaultdict[tuple[object, ...], dict[int, int]] = defaultdict(dict)
    for at, file in enumerate(files):
        for family, number in _list_numbers(file):
            families[family][at] = number
    found: dict[int, set[int]] = {}
    schemes = _build_schemes(rows)
    for members in families.values():
        if len(members) < _MIN_COMPARED:
            continue
        best = max(schemes, key=partial(_weigh, members=members, placed=placed))
        if _is_trusted(best, members, placed):
            for at, number in members.items():
                if number in best:
                    found.setdefault(at, set()).update(best[number])
    return found


def _list_numbers(file: CourseFile) -> list[tuple[tuple[object, ...], int]]:
    """Return the numbers in a file's name, each with what tells the files that are counted together."""
    name, folder = file.name, file.path[:-1]
    steps = [step for step in name.steps if step.number is not None and not step.is_date]
    found: list[tuple[tuple[object, ...], int]] = []
    if steps:
        assert steps[0].number is not None
        found.append(((folder, name.role, name.prefix, steps[0].level), steps[0].number))
    elif name.tail is not None and name.tail.number is not None:
        found.append(((folder, name.role, "tail", name.steps[0].key if name.steps else ""), name.tail.number))
    return found


def _build_schemes(rows: Sequence[RowWords]) -> list[dict[int, list[int]]]:
    """Return the ways to count rows: by what they say, those of each level apart, and by their places."""
    stated: defaultdict[object, defaultdict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
    places: dict[int, list[int]] = {}
    for at, each in enumerate(rows):
        if each.row.number is not None:
            stated[each.row.level, bool(each.row.children)][each.row.number].append(at)
        if not each.row.children and not each.row.is_clause:
            places[len(places) + 1] = [at]
    # A number that several rows have is none of them: lessons that are counted anew in each module.
    schemes = [{n: found for n, found in scheme.items() if len(found) == 1} for scheme in stated.values()]
    return [*schemes, places]


def _weigh(
    scheme: Mapping[int, Sequence[int]], members: Mapping[int, int], placed: Mapping[int, int]
) -> tuple[int, int]:
    agreed = sum(placed[at] in scheme.get(number, ()) for at, number in members.items() if at in placed)
    return agreed, sum(number in scheme for number in members.values())


def _is_trusted(scheme: Mapping[int, Sequence[int]], members: Mapping[int, int], placed: Mapping[int, int]) -> bool:
    compared = [at for at in members if at in placed]
    if compared:
        agreed = sum(placed[at] in scheme.get(members[at], ()) for at in compared)
        return len(compared) >= _MIN_COMPARED and agreed >= _MIN_AGREEMENT * len(compared)
    numbers = set(members.values())
    return (
        len(numbers) == len(members) >= _MIN_FILES
        and len(numbers & set(scheme)) >= _MIN_SHARE * len(scheme)
        and numbers <= set(scheme)
    )
