"""Counting what Python does: a measure of work that does not depend on the machine or its load."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any


def count_executed_lines(work: Callable[[], object], *, at_most: int) -> int:
    """Return how many lines of Python the work executes, each round of a loop counted; fail beyond `at_most`."""
    count = 0

    def trace(_frame: FrameType, event: str, _argument: Any) -> Any:
        nonlocal count
        count += event == "line"
        if count > at_most:
            sys.settrace(None)
            raise AssertionError(f"More than {at_most:,} lines were executed.")
        return trace

    before = sys.gettrace()
    # What earlier tests left behind is finalized now, and not while lines are counted.
    gc.collect()
    gc.disable()
    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(before)
        gc.enable()
    return count
