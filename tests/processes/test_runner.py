from __future__ import annotations

import ctypes
import os
import resource
import signal
import socket
import subprocess
import sys
from importlib import import_module
from importlib.util import cache_from_source
from pathlib import Path
from typing import Any

import psutil
import pytest
from django.conf import settings

from project.jobs.checks import check_confinement
from project.processes import memory
from project.processes.confinement import Sockets
from project.processes.runner import ChildFailed, ChildKilled, ProcessLimits, read_messages
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


on_linux = pytest.mark.skipif(sys.platform != "linux", reason="confinement is Linux's")


@on_linux
@pytest.mark.parametrize(
    ("sockets", "possible"),
    [(Sockets.NONE, []), (Sockets.LOCAL, ["AF_UNIX"]), (Sockets.ALL, ["AF_INET", "AF_INET6", "AF_UNIX"])],
)
def test_a_child_sees_no_other_process_and_makes_the_named_sockets_alone(sockets: Sockets, possible: list[str]) -> None:
    (seen,) = read_messages(CHILD, {"do": "spy"}, sockets=sockets)

    assert seen["readable"] == []
    assert set(possible) <= set(seen["sockets"])
    assert sockets is Sockets.ALL or seen["sockets"] == possible


@on_linux
def test_what_a_child_starts_cannot_connect_either() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

        (refused,) = read_messages(CHILD, {"do": "connect", "port": port})
        (allowed,) = read_messages(CHILD, {"do": "connect", "port": port}, sockets=Sockets.ALL)

    assert not refused["connected"]
    assert "PermissionError" in refused["said"]
    assert allowed["connected"]


@on_linux
def test_who_starts_children_is_closed_to_others_of_its_user() -> None:
    list(read_messages(CHILD, {"do": "count", "to": 1, "with": ""}))

    # The kernel gives such files to root, so that only root may open them (prctl(2), PR_SET_DUMPABLE).
    assert ctypes.CDLL(None).prctl(3, 0, 0, 0, 0) == 0  # PR_GET_DUMPABLE


@on_linux
def test_the_check_says_nothing_where_children_are_confined() -> None:
    assert check_confinement() == []


def test_it_ends_the_child_when_the_checkpoint_says_so() -> None:
    pids: list[int] = []

    def checkpoint() -> None:
        if pids:
            raise Stopped

    lines = read_messages(CHILD, {"do": "hang"}, checkpoint=checkpoint)
    pids.append(next(lines)["pid"])

    with pytest.raises(Stopped):
        next(lines)

    assert is_gone(pids[0])


def test_it_ends_what_the_child_started_too() -> None:
    lines = read_messages(CHILD, {"do": "hang_with_helper"})
    helper = next(lines)["pid"]

    lines.close()  # type: ignore[attr-defined]

    eventually(lambda: is_gone(helper), seconds=60, what="the helper lives on")


def test_it_ends_a_child_that_takes_too_long() -> None:
    failed = failure("hang", limits=ProcessLimits(seconds=1))

    assert failed.code == "timed_out"
    assert "1 s" in str(failed)


def test_it_ends_a_child_that_takes_too_much_memory() -> None:
    assert failure("eat", limits=ProcessLimits(memory_bytes=512 * MIB)).code == "out_of_memory"


def test_it_lets_a_child_take_what_it_may() -> None:
    heard = list(read_messages(CHILD, {"do": "eat"}, limits=ProcessLimits(memory_bytes=2048 * MIB, seconds=60)))

    assert heard[-1] == {"eaten": 40}


@pytest.mark.parametrize("signal_name", ["SIGABRT", "SIGTRAP"])
def test_it_names_memory_for_a_child_that_aborts_only_when_its_limit_was_met(signal_name: str) -> None:
    limits = ProcessLimits(memory_bytes=1024 * MIB)

    assert failure("die", of=signal_name, limits=limits).code == "broke"
    assert failure("eat_and_die", of=signal_name, limits=limits).code == "out_of_memory"


def test_a_child_that_is_killed_has_not_failed() -> None:
    """Whoever blames the failures of a child on its file does not catch this one."""
    with pytest.raises(ChildKilled) as killed:
        failure("die", of="SIGKILL", limits=ProcessLimits(memory_bytes=512 * MIB))

    assert not isinstance(killed.value, ChildFailed)
    assert not killed.value.is_memory_exhausted
    assert "memory" not in str(killed.value)


def test_memory_is_named_when_the_kernel_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    counter = tmp_path / "memory.events"
    counter.write_text("low 0\nhigh 0\nmax 3\noom 1\noom_kill 4\noom_group_kill 0\n")
    monkeypatch.setattr(memory, "_COUNTERS", ((tmp_path / "none", "oom_kill"), (counter, "oom_kill")))
    lines = read_messages(CHILD, {"do": "hang"})
    os.kill(next(lines)["pid"], signal.SIGKILL)
    counter.write_text(counter.read_text().replace("oom_kill 4", "oom_kill 5"))

    with pytest.raises(ChildKilled) as killed:
        next(lines)

    assert killed.value.is_memory_exhausted
    assert "no memory left" in str(killed.value)


def test_it_knows_the_words_of_a_library_that_got_no_memory() -> None:
    assert failure("fail_to_allocate").code == "out_of_memory"


def test_it_ends_a_child_that_uses_too_much_processor_time() -> None:
    failed = failure("spin", limits=ProcessLimits(cpu_seconds=1))

    assert failed.code == "timed_out"
    assert "processor time" in str(failed)


def test_it_ends_a_child_that_writes_too_large_a_file() -> None:
    assert failure("write", limits=ProcessLimits(file_bytes=MIB), size=MIB + 1).code == "file_too_large"


def test_it_lets_a_child_write_what_it_may() -> None:
    heard = list(read_messages(CHILD, {"do": "write", "size": MIB}, limits=ProcessLimits(file_bytes=MIB)))

    assert heard == [{"written": MIB}]


def test_a_child_leaves_no_compiled_code_that_its_limit_cuts_short() -> None:
    # Children do not see PYTHONPYCACHEPREFIX, so theirs lies beside the module.
    module = Path(str(import_module(CHILD).__file__))
    stored = module.parent / "__pycache__" / Path(cache_from_source(str(module))).name
    stored.unlink(missing_ok=True)

    list(read_messages(CHILD, {"do": "count", "to": 1, "with": ""}, limits=ProcessLimits(file_bytes=100)))

    assert not stored.exists()


def test_it_sets_the_limits_that_it_is_given_and_allows_no_core_file() -> None:
    limits = ProcessLimits(memory_bytes=2048 * MIB, file_bytes=MIB, cpu_seconds=9)

    (limited,) = read_messages(CHILD, {"do": "report_limits"}, limits=limits)
    (unlimited,) = read_messages(CHILD, {"do": "report_limits"})

    assert limited == {
        "RLIMIT_AS": [2048 * MIB, 2048 * MIB],
        "RLIMIT_FSIZE": [MIB, MIB],
        "RLIMIT_CPU": [9, 10],
        "RLIMIT_CORE": [0, 0],
    }
    for name in ("RLIMIT_AS", "RLIMIT_FSIZE", "RLIMIT_CPU"):
        assert unlimited[name] == list(resource.getrlimit(getattr(resource, name)))
    assert unlimited["RLIMIT_CORE"] == [0, 0]


def test_it_ends_a_child_that_hangs_after_it_closed_its_output() -> None:
    failed = failure("close_output_and_hang", limits=ProcessLimits(seconds=1))

    assert failed.code == "timed_out"


def test_it_does_not_wait_for_what_a_child_left_behind() -> None:
    (heard,) = read_messages(CHILD, {"do": "leave_output_open"}, limits=ProcessLimits(seconds=30))

    assert is_gone(heard["pid"])


def test_it_says_what_broke_a_child() -> None:
    failed = failure("fail")

    assert (failed.code, failed.kind) == ("broke", "ValueError")
    assert "ValueError: the map is torn" in str(failed)


def test_it_outlives_a_child_that_crashes() -> None:
    failed = failure("die", of="SIGSEGV")

    assert (failed.code, failed.kind) == ("broke", f"exit code {-signal.SIGSEGV}")
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

    eventually(lambda: is_gone(child), seconds=60, what="the child lives on")
