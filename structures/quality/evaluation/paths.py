"""Finding the gold's file for a path that a structure cites."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Set


def build_path_finder(gold: Set[str], produced: Set[str]) -> Callable[[str], str | None]:
    """Return a function from a produced path to the gold's path, None for a file that the gold does not know.

    Paths are compared as they are. Only when no produced path is a gold path, a folder may have been taken off the top
    or added to it: then the end of exactly one gold path is that file, or the longest end of the produced path that is
    a gold path.
    """
    if not gold.isdisjoint(produced):
        return lambda path: path if path in gold else None
    by_end: dict[str, list[str]] = defaultdict(list)
    for path in sorted(gold):
        for end in _iter_ends(path):
            by_end[end].append(path)

    def find_path(path: str) -> str | None:
        candidates = by_end.get(path, [])
        if len(candidates) == 1:
            return candidates[0]
        return next((end for end in _iter_ends(path) if end in gold), None)

    return find_path


def _iter_ends(path: str) -> Iterator[str]:
    """Yield the path, then what is left of it without its first folder, and so on down to the name."""
    while True:
        yield path
        _, slash, path = path.partition("/")
        if not slash:
            return
