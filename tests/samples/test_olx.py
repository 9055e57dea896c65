"""Courses of Open edX as olxcleaner, which others wrote for it, finds them: make test-exports."""

from __future__ import annotations

import tarfile
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from olxcleaner import validate

from structures.exports.olx.olx import OLXFormat
from tests.samples.test_exports import COURSES as SAMPLES
from tests.samples.test_exports import load_course
from tests.structures.exports.broken_olx import BROKEN, NOT_APPLICABLE, break_course, build_snapshot
from tests.structures.exports.round_trips import (
    list_flat_outline,
    list_quizzes,
    read_contents,
    read_quizzes,
    reimport,
)
from tests.structures.exports.test_formats import COURSES, write


def find_errors(tmp_path: Path, content: bytes) -> list[Any]:
    """Return what olxcleaner finds in a course."""
    with tarfile.open(fileobj=BytesIO(content)) as archive:
        archive.extractall(tmp_path, filter="data")
    _, store, _ = validate(str(tmp_path / "course" / "course.xml"))
    errors: list[Any] = store.errors
    return errors


@pytest.mark.parametrize("name", COURSES)
def test_it_finds_no_fault_in_a_small_course(tmp_path: Path, name: str) -> None:
    assert not find_errors(tmp_path, write(OLXFormat(), COURSES[name]().build_snapshot()))


@pytest.mark.parametrize("address", ["https://youtu.be/abc", "https://example.org/talk.mp4?a=1&b=2"])
def test_it_finds_no_fault_in_a_course_with_videos_and_quizzes(tmp_path: Path, address: str) -> None:
    assert not find_errors(tmp_path, write(OLXFormat(), build_snapshot(address)))


@pytest.mark.parametrize("course", SAMPLES, ids=lambda each: each.name)
def test_it_finds_no_fault_in_a_sample_course_which_comes_back_with_its_quizzes(tmp_path: Path, course: Path) -> None:
    snapshot = load_course(course)
    content = write(OLXFormat(), snapshot)

    found = reimport(tmp_path, content)

    assert not [error.description for error in find_errors(tmp_path, content)]
    assert read_contents(found.plan) == list(list_flat_outline(snapshot.modules))
    assert read_quizzes(tmp_path, found) == list_quizzes(snapshot)


@pytest.mark.parametrize(("path", "old", "new", "_said", "name"), [each for each in BROKEN if each[4]])
def test_a_course_that_breaks_a_rule_of_our_own_breaks_one_of_its(
    tmp_path: Path, path: str, old: str, new: str, _said: str, name: str
) -> None:
    assert name in {type(error).__name__ for error in find_errors(tmp_path, break_course(path, old, new))}


def test_our_own_rules_find_each_kind_of_fault_that_it_finds(tmp_path: Path) -> None:
    (error, *_) = find_errors(tmp_path, break_course("course.xml", "", ""))
    kinds: list[type] = type(error).__bases__[0].__subclasses__()

    assert {kind.__name__ for kind in kinds} == {name for *_, name in BROKEN if name} | set(NOT_APPLICABLE)
