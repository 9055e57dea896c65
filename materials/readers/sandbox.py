"""Reading a file in a child process, so that a bad file kills neither the worker nor its neighbours."""

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
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from materials.documents import Document, Format
from materials.readers import child, wire
from materials.readers.base.errors import UnreadableDocument

POLL_SECONDS = 0.1
_UNHEARD_BYTES = 1 << 16
_OUT_OF_MEMORY = {child.OUT_OF_MEMORY, -signal.SIGABRT, -signal.SIGTRAP}
"""PDFium ends its process by one of these signals when it gets no memory, and says nothing."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What one file may cost: memory and result in bytes, time in seconds."""

    memory_bytes: int = 1536 * 2**20
    result_bytes: int = 200 * 2**20
    seconds: int = 300


def parse(
    path: Path, format_: Format, *, limits: Limits | None = None, checkpoint: Callable[[], None] = lambda: None
) -> Document:
    """Read a file in a child process of its own.

    Raises UnreadableDocument (also when the file needs more than the limits, or breaks the child), and soon after
    `checkpoint` raises, what it raises. The child and all it started are gone when this returns, and soon
    after this process ends, however it does.
    """
    limits = limits or Limits()
    with tempfile.TemporaryDirectory(prefix="coursewright-parse-") as folder:
        result = Path(folder) / "result.json"
        command = [
            sys.executable,
            "-I",
            str(Path(child.__file__).resolve()),
            format_.value,
            str(path),
            str(result),
            str(limits.memory_bytes),
            str(limits.seconds),
            str(limits.result_bytes),
        ]
        with (Path(folder) / "stderr").open("wb") as stderr:
            process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                cwd=folder,
                env={"PATH": os.defpath, "LC_ALL": "C.UTF-8", "HOME": folder, "TMPDIR": folder},
                start_new_session=True,
            )
        try:
            code = _wait(process, limits.seconds, checkpoint)
        finally:
            _kill(process)
        if code == child.OK and result.exists():
            return wire.load(result.read_bytes())
        if code == child.REFUSED:
            refusal = json.loads(result.read_text(encoding="utf-8"))
            raise UnreadableDocument(refusal["message"], code=refusal["code"], next_step=refusal["next_step"])
        raise _failure(code, (Path(folder) / "stderr").read_text(encoding="utf-8", errors="replace"), limits)


def _wait(process: subprocess.Popen[bytes], seconds: int, checkpoint: Callable[[], None]) -> int | None:
    """Return the child's exit code, or None when its time is over. Its end is noticed at once, for its output ends."""
    deadline = time.monotonic() + seconds
    assert process.stdout is not None
    with selectors.DefaultSelector() as output:
        output.register(process.stdout, selectors.EVENT_READ)
        while time.monotonic() <= deadline:
            is_over = bool(output.select(POLL_SECONDS)) and not os.read(process.stdout.fileno(), _UNHEARD_BYTES)
            if is_over:
                output.unregister(process.stdout)
            with contextlib.suppress(subprocess.TimeoutExpired):
                return process.wait(POLL_SECONDS if is_over else 0)
            checkpoint()
    return None


def _kill(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    for pipe in (process.stdin, process.stdout):
        assert pipe is not None
        pipe.close()


def _failure(code: int | None, trace: str, limits: Limits) -> UnreadableDocument:
    if code is None or code == -signal.SIGXCPU:
        return UnreadableDocument(
            f"Reading the file took longer than {limits.seconds} s.", code="timed_out", next_step="Split the file."
        )
    if code in _OUT_OF_MEMORY or "MemoryError" in trace or "bad_alloc" in trace:
        return UnreadableDocument(
            f"Reading the file takes more than {limits.memory_bytes // 2**20} MiB of memory.",
            code="out_of_memory",
            next_step="Split the file, or make its pictures smaller.",
        )
    if code == -signal.SIGXFSZ:
        return UnreadableDocument("The file holds more text than can be kept.", code="too_large", next_step="Split it.")
    last = trace.strip().splitlines()[-1:] or [f"exit code {code}"]
    kind = last[0].split(":")[0][:80]
    return UnreadableDocument(f"The reader broke on this file ({kind}).", code="reader_failed")
