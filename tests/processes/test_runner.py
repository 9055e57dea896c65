from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import pytest
from django.conf import settings

from project.processes.runner import ChildFailed, ProcessLimits, read_messages
from tests.process_table import eventually, lives

CHILD = "tests.processes.child_at_work"
MIB = 2**20


class Stopped(Exception):
    """What the caller's checkpoint raises."""


def failure(do: str, *, limits: ProcessLimits | None = None, **request: Any) -> ChildFailed:
    with pytest.raises(ChildFailed) as caught:
        list(read_messages(CHILD, {"do": do, **request}, limits=limits))
    return caught.value


def is_gone(pid: int) -> bool:
    return not psutil.pid_exists(pid) or not lives(psutil.Process(pid))


def test_it_hears_everything_in_order() -> None:
    request = {"do": "count", "to": 3000, "with": "ї" * 200}

    heard = list(read_messages(CHILD, request))

    assert heard == [{"number": number, "with": "ї" * 200} for number in range(3000)]


def test_it_hears_lines_that_are_longer_than_a_pipe() -> None:
    (heard,) = read_messages(CHILD, {"do": "count", "to": 1, "with": "x" * (3 * MIB)})

    assert len(heard["with"]) == 3 * MIB


def test_it_hears_each_line_while_the_child_works_on() -> None:
    lines = read_messages(CHILD, {"do": "hang"})

    pid = next(lines)["pid"]

    assert lives(psutil.Process(pid))
    lines.close()  # type: ignore[attr-defined]
    assert is_gone(pid)


def test_it_is_not_disturbed_by_what_libraries_print() -> None:
    assert list(read_messages(CHILD, {"do": "chatter"})) == [{"said": "Карти\nбрешуть"}]


def test_it_gives_the_child_no_more_than_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "not for children")

    (seen,) = read_messages(CHILD, {"do": "look_around"}, environment={"OMP_NUM_THREADS": "1"})

    given = seen["environment"]
    assert "SECRET_KEY" not in given
    assert given["OMP_NUM_THREADS"] == "1"
    assert given["HOME"] == given["TMPDIR"] == seen["folder"]
    assert seen["loaded"] == []
    assert not Path(seen["folder"]).exists()


def test_it_ends_the_child_when_the_checkpoint_says_so() -> None:
    pids: list[int] = []

    def checkpoint() -> None:
        if pids:
            raise Stopped

    lines = read_messages(CHILD, {"do": "hang"}, checkpoint=checkpoint)
    pids.append(next(lines)["pid"])
    began = time.monotonic()

    with pytest.raises(Stopped):
        next(lines)

    assert time.monotonic() - began < 5
    assert is_gone(pids[0])


def test_it_ends_what_the_child_started_too() -> None:
    lines = read_messages(CHILD, {"do": "hang_with_helper"})
    helper = next(lines)["pid"]

    lines.close()  # type: ignore[attr-defined]

    eventually(lambda: is_gone(helper), seconds=5, what="the helper lives on")


def test_it_ends_a_child_that_takes_too_long() -> None:
    failed = failure("hang", limits=ProcessLimits(seconds=1))

    assert failed.code == "timed_out"
    assert "1 s" in str(failed)


def test_it_ends_a_child_that_takes_too_much_memory() -> None:
    assert failure("eat", limits=ProcessLimits(memory_bytes=512 * MIB)).code == "out_of_memory"


def test_it_lets_a_child_take_what_it_may() -> None:
    heard = list(read_messages(CHILD, {"do": "eat"}, limits=ProcessLimits(memory_bytes=2048 * MIB, seconds=60)))

    assert heard[-1] == {"eaten": 40}


def test_it_takes_a_killed_child_for_one_without_memory() -> None:
    assert failure("die", of="SIGKILL").code == "out_of_memory"


def test_it_says_what_broke_a_child() -> None:
    failed = failure("fail")

    assert failed.code == "broke"
    assert "ValueError: the map is torn" in str(failed)


def test_it_outlives_a_child_that_crashes() -> None:
    failed = failure("die", of="SIGSEGV")

    assert failed.code == "broke"
    assert str(-signal.SIGSEGV) in str(failed)


def test_it_says_that_a_module_cannot_be_loaded() -> None:
    with pytest.raises(ChildFailed, match=r"No module named 'tests\.nowhere'") as caught:
        list(read_messages("tests.nowhere", {}))

    assert caught.value.code == "broke"


def test_the_child_dies_with_its_parent() -> None:
    code = (
        f"import sys; sys.path.insert(0, {str(settings.BASE_DIR)!r})\n"
        "from project.processes.runner import read_messages\n"
        f"for line in read_messages({CHILD!r}, {{'do': 'hang'}}): print(line['pid'], flush=True)"
    )
    parent = subprocess.Popen([sys.executable, "-I", "-c", code], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    assert lives(psutil.Process(child))

    parent.kill()
    parent.wait()
    parent.stdout.close()

    eventually(lambda: is_gone(child), seconds=5, what="the child lives on")
