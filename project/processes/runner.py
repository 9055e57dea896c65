"""Run code of this project in a child process, within limits, and receive its messages as lines of JSON.

For work that may exhaust memory, hang in a C library or crash: only the child ends. It imports no Django. The child
also ends when its parent does, in whatever way, because it watches its standard input (docs/decisions/0042).
"""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from project.errors import DomainError, shorten_message
from project.processes import child
from project.processes.confinement import Sockets, protect_memory
from project.processes.memory import count_memory_kills, read_peak_bytes

# How soon a cancelled job or a passed deadline is noticed while the child is silent. `JobRun.checkpoint` only reads an
# attribute, so calling it often costs nothing.
CHECKPOINT_SECONDS = 0.1
# PDFium and C++ abort or trap when they get no memory within their limit, and may print nothing; they also do so when
# they find a mistake of their own. It was the memory when the child had taken this much of its limit: it is looked at
# ten times a second, in which a child that fills its memory with pages takes some hundred megabytes.
_ABORT_CODES, _MET_SHARE = {-signal.SIGABRT, -signal.SIGTRAP}, 0.5
_READ_BYTES = 2**16  # what a pipe of Linux holds (pipe(7)), so no read returns more
# Of what the child printed last: enough for the class of an exception and the beginning of its message. `kind` is
# stored and shown, the rest only logged.
_LAST_LINE_LENGTH, _KIND_LENGTH = 200, 80


@dataclass(frozen=True, kw_only=True)
class ProcessLimits:
    """Limits of a child; None is no limit.

    `memory_bytes` limits the address space, `file_bytes` the size of each file it writes, `cpu_seconds` the processor
    time of all its threads together, `seconds` the time on the clock.
    """

    memory_bytes: int | None = None
    file_bytes: int | None = None
    cpu_seconds: int | None = None
    seconds: float | None = None


class ChildFailed(Exception):
    """The child failed; the message is for a log.

    `code` is `timed_out`, `out_of_memory`, `file_too_large` or `broke`. `kind` is short and holds nothing of the
    child's data: the class of the exception that ended it, or its exit code; blank when it was stopped.
    """

    def __init__(self, message: str, *, code: str, kind: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.kind = kind


class ChildKilled(DomainError):
    """The child was killed from outside (SIGKILL): mostly by the kernel, which does so when the machine lacks memory.

    That says nothing about what the child worked on, so that it is no ChildFailed: whoever blames a failure on the
    material must not catch it. `is_memory_exhausted` tells whether the kernel is known to have lacked memory.
    """

    code = "process_killed"
    status = 503
    is_our_fault = True
    next_step = (
        "Try again in a moment. If it goes on, the operator should look at the log and at the memory that is left."
    )

    def __init__(self, *, is_memory_exhausted: bool) -> None:
        self.is_memory_exhausted = is_memory_exhausted
        memory = ", because the machine had no memory left" if is_memory_exhausted else ""
        self.reason = f"the process that did the work was killed{memory}"
        super().__init__(f"{self.reason[0].upper()}{self.reason[1:]}. This is no fault of the material.")


def read_messages(
    module: str,
    request: Mapping[str, Any],
    *,
    limits: ProcessLimits | None = None,
    checkpoint: Callable[[], None] = lambda: None,
    environment: Mapping[str, str] | None = None,
    sockets: Sockets = Sockets.NONE,
) -> Iterator[dict[str, Any]]:
    """Run `run_child(request, send_message)` of a module in a child process and yield each message when it is sent.

    The child has its own session, an empty working directory, and no environment variables except `environment` and
    those that Python needs. Where the platform allows it, it can make only the `sockets` that are named, and sees
    neither environment nor memory of other processes (`project.processes.confinement`).

    Raises ChildFailed, ChildKilled, and what `checkpoint` raises, which is called every CHECKPOINT_SECONDS.
    The child and the processes of its group are killed when the generator ends or is closed.
    """
    protect_memory()
    limits = limits or ProcessLimits()
    memory_kills = count_memory_kills()
    with tempfile.TemporaryDirectory(prefix="coursewright-child-") as folder:
        # Standard error goes to a file: nobody reads a pipe meanwhile, and a child that fills one would hang.
        with (Path(folder) / "stderr").open("wb") as stderr:
            process = subprocess.Popen(
                [sys.executable, "-I", str(Path(child.__file__).resolve()), module],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                cwd=folder,
                start_new_session=True,
                env={"PATH": os.defpath, "LC_ALL": "C.UTF-8", "HOME": folder, "TMPDIR": folder, **(environment or {})},
            )
        try:
            with contextlib.suppress(BrokenPipeError):  # the child has ended already; its exit code says more
                _send_request(process, request, limits, sockets)
            peak_bytes = yield from _iterate_messages(process, limits.seconds, checkpoint)
            if (code := process.wait()) == -signal.SIGKILL:
                raise ChildKilled(is_memory_exhausted=count_memory_kills() > memory_kills)
            if code:
                trace = (Path(folder) / "stderr").read_text(encoding="utf-8", errors="replace")
                is_limit_met = limits.memory_bytes is not None and peak_bytes >= _MET_SHARE * limits.memory_bytes
                raise _build_failure(code, trace, is_limit_met=is_limit_met)
        finally:
            # The group outlives the child when the child started processes. macOS raises PermissionError for a group of
            # zombies.
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            for pipe in (process.stdin, process.stdout):
                assert pipe is not None
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()


def _send_request(
    process: subprocess.Popen[bytes], request: Mapping[str, Any], limits: ProcessLimits, sockets: Sockets
) -> None:
    assert process.stdin is not None
    start = {"request": dict(request), "limits": asdict(limits), "sockets": sockets.value}
    process.stdin.write(json.dumps(start).encode() + b"\n")
    process.stdin.flush()


def _iterate_messages(
    process: subprocess.Popen[bytes], seconds: float | None, checkpoint: Callable[[], None]
) -> Generator[dict[str, Any], None, int]:
    """Yield the messages until the process has ended, and return the most memory in bytes that it was seen to have.

    Its output ends with it, so no end is waited for.
    """
    assert process.stdout is not None
    peak_bytes = 0
    deadline = None if seconds is None else time.monotonic() + seconds

    def check_interruption() -> None:
        checkpoint()
        if deadline is not None and time.monotonic() > deadline:
            raise ChildFailed(f"the child took longer than {seconds:.0f} s", code="timed_out")

    pending = b""
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while True:
            check_interruption()
            peak_bytes = max(peak_bytes, read_peak_bytes(process.pid))
            has_exited = process.poll() is not None  # before the output is read, so that no line is missed
            if selector.select(0 if has_exited else CHECKPOINT_SECONDS):
                data = os.read(process.stdout.fileno(), _READ_BYTES)
                if not data:
                    break
                *lines, pending = (pending + data).split(b"\n")
                for line in lines:
                    yield json.loads(line)
            elif has_exited:  # a process that it started keeps the output open
                break
    while process.poll() is None:  # it closed its output before it ended, and is still held to its time
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(CHECKPOINT_SECONDS)
            break
        check_interruption()
    return peak_bytes


def _build_failure(code: int, trace: str, *, is_limit_met: bool) -> ChildFailed:
    last = (trace.strip().splitlines() or [f"exit code {code}"])[-1]
    kind = shorten_message(last.split(":")[0], limit=_KIND_LENGTH)
    last = shorten_message(last, limit=_LAST_LINE_LENGTH)
    if code == -signal.SIGXCPU:
        return ChildFailed("the child used up its processor time", code="timed_out", kind=kind)
    # Libraries turn failed allocations into exceptions of their own, whose text names the cause.
    is_aborted_without_memory = code in _ABORT_CODES and is_limit_met
    if code == child.OUT_OF_MEMORY or is_aborted_without_memory or "MemoryError" in trace or "bad_alloc" in trace:
        return ChildFailed(f"the child ran out of memory ({last})", code="out_of_memory", kind=kind)
    if code == -signal.SIGXFSZ:
        return ChildFailed("the child wrote a larger file than it may", code="file_too_large", kind=kind)
    return ChildFailed(f"the child broke ({last}, exit code {code})", code="broke", kind=kind)
