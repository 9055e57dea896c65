"""Our own code in a child process, within limits, answering in lines of JSON.

For work that may eat memory, hang in a C library or break the process: what the child does wrong ends the child. It
imports no Django. The child dies with its parent, however that ends: its standard input closes, and it heeds that.
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
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from project.processes import child

CHECKPOINT_SECONDS = 0.1
"""How often the caller's checkpoint is called while the child is silent."""

_OUT_OF_MEMORY_CODES = {child.OUT_OF_MEMORY, -signal.SIGKILL, -signal.SIGABRT, -signal.SIGTRAP}
"""Linux kills what it has no memory for; PDFium and C++ abort or trap when they get none, and may say nothing."""


@dataclass(frozen=True, kw_only=True)
class ProcessLimits:
    """What the child may take; None: as much as it wants.

    `memory_bytes` of address space, `file_bytes` in each file that it writes, `cpu_seconds` of processor time in all
    its threads together, `seconds` on the clock.
    """

    memory_bytes: int | None = None
    file_bytes: int | None = None
    cpu_seconds: int | None = None
    seconds: float | None = None


class ChildFailed(Exception):
    """The child did not end well; the message is for a log.

    `code` is `timed_out`, `out_of_memory`, `file_too_large` or `broke`. `kind` is short and holds nothing of the
    child's data: the class of the exception that ended it, or its exit code; blank when it was stopped.
    """

    def __init__(self, message: str, *, code: str, kind: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.kind = kind


def read_messages(
    module: str,
    request: Mapping[str, Any],
    *,
    limits: ProcessLimits | None = None,
    checkpoint: Callable[[], None] = lambda: None,
    environment: Mapping[str, str] | None = None,
) -> Iterator[dict[str, Any]]:
    """Run `run_child(request, send_message)` of a module in a child and yield its messages, as it sends them.

    The child has a session and an empty folder of its own, and no variables but `environment` and what Python needs.
    Raises ChildFailed, and within a moment what `checkpoint` raises. The child and all that it started are gone when
    the generator ends or is closed.
    """
    limits = limits or ProcessLimits()
    with tempfile.TemporaryDirectory(prefix="coursewright-child-") as folder:
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
            with contextlib.suppress(BrokenPipeError):
                _send_request(process, request, limits)
            yield from _iterate_messages(process, limits.seconds, checkpoint)
            if code := process.wait():
                trace = (Path(folder) / "stderr").read_text(encoding="utf-8", errors="replace")
                raise _build_failure(code, trace)
        finally:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            for pipe in (process.stdin, process.stdout):
                assert pipe is not None
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()


def _send_request(process: subprocess.Popen[bytes], request: Mapping[str, Any], limits: ProcessLimits) -> None:
    assert process.stdin is not None
    process.stdin.write(json.dumps({"request": dict(request), "limits": asdict(limits)}).encode() + b"\n")
    process.stdin.flush()


def _iterate_messages(
    process: subprocess.Popen[bytes], seconds: float | None, checkpoint: Callable[[], None]
) -> Iterator[dict[str, Any]]:
    """Yield the messages until the process has ended, which is noticed at once, because its output ends."""
    assert process.stdout is not None
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
            has_exited = process.poll() is not None  # before the output is looked at, so that no line is missed
            if selector.select(0 if has_exited else CHECKPOINT_SECONDS):
                data = os.read(process.stdout.fileno(), 1 << 16)
                if not data:
                    break
                *lines, pending = (pending + data).split(b"\n")
                for line in lines:
                    yield json.loads(line)
            elif has_exited:  # what it started holds its output open
                break
    while process.poll() is None:  # it closed its output before its end
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(CHECKPOINT_SECONDS)
            return
        check_interruption()


def _build_failure(code: int, trace: str) -> ChildFailed:
    last = (trace.strip().splitlines() or [f"exit code {code}"])[-1][:200]
    kind = last.split(":")[0][:80]
    if code == -signal.SIGXCPU:
        return ChildFailed("the child used up its processor time", code="timed_out", kind=kind)
    if code in _OUT_OF_MEMORY_CODES or "MemoryError" in trace or "bad_alloc" in trace:
        return ChildFailed(f"the child ran out of memory ({last})", code="out_of_memory", kind=kind)
    if code == -signal.SIGXFSZ:
        return ChildFailed("the child wrote a larger file than it may", code="file_too_large", kind=kind)
    return ChildFailed(f"the child broke ({last}, exit code {code})", code="broke", kind=kind)
