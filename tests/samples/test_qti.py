"""Banks of questions of the sample courses, looked at by qti-package-maker: make test-exports."""

from __future__ import annotations

from pathlib import Path

import pytest
from qti_package_maker.common.package_integrity import check_package

from structures.exports.base import ExportedSnapshot
from structures.exports.qti.qti import QTIFormat
from tests.samples.test_exports import COURSES, load_course
from tests.structures.exports.courses import build_hostile_course, build_plain_course
from tests.structures.exports.test_cartridge import change
from tests.structures.exports.test_formats import write
from tests.structures.exports.test_qti import EXERCISES, build_snapshot

EXAMPLES = [
    build_plain_course().build_snapshot(),
    build_hostile_course().build_snapshot(),
    build_snapshot(*EXERCISES),
]


def find_violations(tmp_path: Path, content: bytes) -> list[str]:
    path = tmp_path / "bank.zip"
    path.write_bytes(content)
    violations: list[str] = check_package(str(path))
    return violations


@pytest.mark.parametrize("number", ["2.1", "1.2"])
@pytest.mark.parametrize("snapshot", EXAMPLES, ids=["plain", "hostile", "every kind"])
def test_an_example_is_in_order(tmp_path: Path, snapshot: ExportedSnapshot, number: str) -> None:
    assert find_violations(tmp_path, write(QTIFormat(), snapshot, version=number)) == []


@pytest.mark.parametrize("number", ["2.1", "1.2"])
@pytest.mark.parametrize("course", COURSES, ids=lambda each: each.name)
def test_a_sample_is_in_order(tmp_path: Path, course: Path, number: str) -> None:
    assert find_violations(tmp_path, write(QTIFormat(), load_course(course), version=number)) == []


def test_it_finds_a_fault(tmp_path: Path) -> None:
    content = write(QTIFormat(), build_snapshot(*EXERCISES))

    assert find_violations(tmp_path, change(content, "items/", "<value>choice1</value>", "<value>choice9</value>"))
