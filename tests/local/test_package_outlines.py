"""The structure of a course package is what the package says: its modules, its lessons, their order and titles."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from project.local.folder_outline import build_folder_outline
from project.local.reading_cache import ReadingCache
from tests.local.package_courses import COURSE, PACKAGES


def list_lessons(snapshot: dict[str, Any]) -> dict[str, list[str]]:
    return {
        module["title"]: [child["title"] for child in module["children"] if child["node_type"] == "lesson"]
        for module in snapshot["children"]
    }


@pytest.mark.parametrize("name", PACKAGES)
def test_modules_and_lessons_are_those_of_the_package(tmp_path: Path, name: str) -> None:
    package = tmp_path / name
    package.write_bytes(PACKAGES[name](COURSE))

    outline = build_folder_outline(package, cache=ReadingCache(folder=tmp_path / "read"))

    assert list_lessons(outline.snapshot) == {module: list(lessons) for module, lessons in COURSE.items()}
    assert {module["arranged_by"] for module in outline.snapshot["children"]} == {"SUMMARY.md"}
    assert not outline.failed


def test_what_is_no_archive_is_refused(tmp_path: Path) -> None:
    (tmp_path / "course.zip").write_bytes(b"no zip")

    with pytest.raises(CommandError, match=r"neither a zip archive, a tar\.gz nor a structure as JSON"):
        call_command("outline", str(tmp_path / "course.zip"))
    with pytest.raises(CommandError, match="is not there"):
        call_command("outline", str(tmp_path / "missing.zip"))
