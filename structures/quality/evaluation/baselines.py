"""Rules that make a structure of nothing but the names of files: what an engine has to be better than."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path, PurePosixPath

from structures.quality.evaluation.courses import ScoredCourse, parse_structure
from structures.quality.evaluation.figures import Figures, compute_figures
from structures.quality.evaluation.groups import build_group_structure

_NUMBERS = re.compile(r"(\d+)(?:[.\-_](\d+))?")
Groups = dict[str, dict[str, list[str]]]


def compute_baselines(gold: ScoredCourse, files: Iterable[str]) -> dict[str, Figures]:
    """Return the figures of each rule on these paths, and again those of the best one by hierarchical F1.

    Only somebody who knows the answer can choose that one.
    """
    paths = sorted(files, key=_build_sort_key)
    found = {
        name: compute_figures(gold, parse_structure(build_group_structure(rule(paths)), gold))
        for name, rule in RULES.items()
    }
    best = max(found, key=lambda name: found[name]["hierarchical F1"] or 0)
    return {**found, f"best rule ({best})": found[best]}


def list_files_below(folder: Path) -> list[str]:
    """Return the paths of all files below a folder, relative to it, without hidden ones."""
    paths = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return [path.as_posix() for path in paths if not any(part.startswith(".") for part in path.parts)]


def group_by_folder(paths: Iterable[str]) -> Groups:
    """A folder at the top is a module, each folder or file in it a lesson; loose files are lessons of one module."""
    groups: Groups = {}
    for path in paths:
        parts = path.split("/")
        module = parts[0] if len(parts) > 1 else ""
        lesson = parts[1] if len(parts) > 2 else PurePosixPath(path).stem
        groups.setdefault(module, {}).setdefault(lesson, []).append(path)
    return groups


def group_by_leaf_folder(paths: Iterable[str]) -> Groups:
    """The folder that holds a file is a lesson, or the outermost one around it that holds files, but for those at the
    top: there the folder is a module, and each of its files a lesson.
    """
    paths = list(paths)
    holding = {PurePosixPath(path).parent for path in paths}
    groups: Groups = {}
    for path in paths:
        folder = PurePosixPath(path).parent
        while len(folder.parts) > 1 and folder.parent in holding:
            folder = folder.parent
        if len(folder.parts) > 1:
            module, lesson = folder.parent.as_posix(), folder.name
        else:
            module, lesson = folder.as_posix(), PurePosixPath(path).stem
        groups.setdefault(module, {}).setdefault(lesson, []).append(path)
    return groups


def group_by_number(paths: Iterable[str]) -> Groups:
    """The first number in the name is the lesson; of "1.2", "01-02" and "12" the first part or digit is the module."""
    groups: Groups = {}
    for path in paths:
        module, lesson = _read_numbers(PurePosixPath(path).stem)
        groups.setdefault(module, {}).setdefault(lesson, []).append(path)
    return groups


def _read_numbers(stem: str) -> tuple[str, str]:
    found = _NUMBERS.search(stem)
    if found is None:
        return "other", stem
    first, second = found.groups()
    if second:
        return first, f"{first}.{second}"
    if len(first) == 4:
        return first[:2], f"{first[:2]}.{first[2:]}"
    if len(first) in {2, 3} and not first.startswith("0"):
        return first[0], f"{first[0]}.{first[1:]}"
    return first, stem


RULES: Mapping[str, Callable[[Iterable[str]], Groups]] = {
    "folder list": group_by_folder,
    "leaf folders": group_by_leaf_folder,
    "name numbers": group_by_number,
}


def _build_sort_key(path: str) -> list[list[tuple[int, int, str]]]:
    """Return a key that orders as people do: 2 before 10."""
    return [
        [(0, int(piece), "") if piece.isdecimal() else (1, 0, piece.casefold()) for piece in re.split(r"(\d+)", part)]
        for part in path.split("/")
    ]
