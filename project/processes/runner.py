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
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from project.processes import child

CHECKPOINT_SECONDS = 0.1
"""How often the caller's checkpoint is called while the child is silent."""


@dataclass(frozen=True, kw_only=True)
class ProcessLimits:
    """What the child may take: bytes of address space, seconds on the clock. None: as much as it wants."""

    memory_bytes: int | None = None
    seconds: float | None = None


class ChildFailed(Exception):
    """The child did not end well: `code` is `timed_out`, `out_of_memory` or `broke`; the message is for a log."""

    def __init__(self, message: str, *, code: str) -> None:
        super().__init__(message)
        self.code = code


def read_messages(
    module: str,
    request: Mapping[str, Any],
    *,
    limits: ProcessLimits | None = None,
    checkpoint: Callable[[], None] = lambda: None,
    environment: Mapping[str, str] | None = None,
) -> Iterator[dict[str, Any]]:
    """Run `work(request, tell)` of a module in a child and yield what it tells, as it tells it.

    Raises ChildFailed, and within a moment what `checkpoint` raises. The child is gone when the generator ends or is
    closed.
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
                _write_message(process, {"request": dict(request), "memory_bytes": limits.memory_bytes})
            yield from _iterate_messages(process, limits.seconds, checkpoint)
            code = process.wait()
            if code:
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


def _write_message(process: subprocess.Popen[bytes], message: Mapping[str, Any]) -> None:
    assert process.stdin is not None
    process.stdin.write(json.dumps(message).encode() + b"\n")
    process.stdin.flush()


def _iterate_messages(
    process: subprocess.Popen[bytes], seconds: float | None, checkpoint: Callable[[], None]
) -> Iterator[dict[str, Any]]:
    assert process.stdout is not None
    end = None if seconds is None else time.monotonic() + seconds
    pending = b""
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while True:
            checkpoint()
            if end is not None and time.monotonic() > end:
                raise ChildFailed(f"the child took longer than {seconds:.0f} s", code="timed_out")
            if not selector.select(CHECKPOINT_SECONDS):
                continue
            data = _read_available(process.stdout)
            if not data:
                return
            *lines, pending = (pending + data).split(b"\n")
            for line in lines:
                yield json.loads(line)


def _read_available(pipe: IO[bytes]) -> bytes:
    return os.read(pipe.fileno(), 1 << 16)


def _build_failure(code: int, trace: str) -> ChildFailed:
    last = (trace.strip().splitlines() or [f"exit code {code}"])[-1]
    if code == child.OUT_OF_MEMORY or code == -signal.SIGKILL or "MemoryError" in trace or "bad_alloc" in trace:
        return ChildFailed(f"the child ran out of memory ({last[:200]})", code="out_of_memory")
    return ChildFailed(f"the child broke ({last[:200]}, exit code {code})", code="broke")
