"""The time and memory of the engine grow with its input, not faster."""

from __future__ import annotations

import pytest

from tests.benchmarks.outline import build_course, measure_peak_bytes, measure_seconds

SMALL, LARGE = 20, 200


@pytest.mark.slow
@pytest.mark.parametrize("shape", ["folders", "numbered", "nameless"])
def test_ten_times_the_files_take_ten_times_as_long(shape: str) -> None:
    measure_seconds(build_course(SMALL, shape))  # what is compiled and loaded once
    small = min(measure_seconds(build_course(SMALL, shape)) for _ in range(3))

    large = measure_seconds(build_course(LARGE, shape))

    # Measured: 9 to 12. What compares every file with every other takes a hundred times as long.
    assert large < 25 * small


@pytest.mark.slow
def test_the_memory_is_bounded_by_the_files() -> None:
    course = build_course(100)
    measure_seconds(course)

    # A thousand files are to stay below 300 MiB.
    assert measure_peak_bytes(course) < 30 * 2**20
