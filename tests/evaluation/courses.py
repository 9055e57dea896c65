"""The small courses of `tests/data/courses`, as their gold says they are."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

FOLDER = Path(__file__).resolve().parents[1] / "data" / "courses"


@dataclass(frozen=True, kw_only=True)
class PlacedFile:
    """A file with the module and the lesson that it belongs to, counted from 1; lesson 0 for a module's own file.

    `rank` counts the files of one lesson from 0.
    """

    path: str
    module: int
    lesson: int
    rank: int
    module_title: str
    lesson_title: str

    @property
    def suffix(self) -> str:
        return PurePosixPath(self.path).suffix


@dataclass(frozen=True, kw_only=True)
class SmallCourse:
    """One course: its folder, and what its authors say of it."""

    name: str
    gold: dict[str, Any]

    @property
    def materials(self) -> Path:
        return FOLDER / self.name / "materials"

    @cached_property
    def files(self) -> tuple[PlacedFile, ...]:
        return tuple(self._iter_files())

    def _iter_files(self) -> Iterator[PlacedFile]:
        for number, module in enumerate(self.gold["modules"], start=1):
            lessons = [{"title": module["title"], "files": module.get("files", [])}, *module["lessons"]]
            for position, lesson in enumerate(lessons):
                for rank, path in enumerate(lesson["files"]):
                    yield PlacedFile(
                        path=path,
                        module=number,
                        lesson=position,
                        rank=rank,
                        module_title=module["title"],
                        lesson_title=lesson["title"],
                    )


def load_courses() -> list[SmallCourse]:
    """Return all courses in order of their names."""
    return [
        SmallCourse(name=file.parent.name, gold=json.loads(file.read_text(encoding="utf-8")))
        for file in sorted(FOLDER.glob("*/gold.json"))
    ]
