"""Run a module's `run_child` in a child process: the program `python -I child.py MODULE` of `project.processes.runner`.

The first line of the standard input holds the request and its limits as JSON; the input stays open as long as the
parent lives. Each message that `run_child(request, send_message)` sends is one line of JSON on the standard output.
Lone surrogates in it, which UTF-8 cannot encode, become question marks. What libraries print goes to standard error.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import signal
import sys
import threading
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

# An exit code that Python does not use itself (1 for an exception, 2 for wrong arguments).
OUT_OF_MEMORY = 4
# No compiled module is larger; the largest of the installed ones has 1 MB.
_MAX_COMPILED_BYTES = 2**24


def main(module: str) -> int:
    # The descriptor stays open until the process has ended, so that the parent notices the end at once.
    messages = os.fdopen(os.dup(1), "wb", buffering=0, closefd=False)
    os.dup2(2, 1)  # C libraries write to descriptor 1 as well, and would spoil the lines of JSON
    first = sys.stdin.buffer.readline()
    if not first:  # the parent died before it sent a request
        return 0
    start = json.loads(first)
    # `-I` leaves the working directory and PYTHONPATH out of the path.
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    _confine(start["sockets"])
    threading.Thread(target=_die_with_parent, daemon=True).start()
    # Before the module is imported: libraries allocate, too.
    _set_resource_limits(start["limits"])

    def send_message(message: dict[str, Any]) -> None:
        messages.write(json.dumps(message, ensure_ascii=False).encode(errors="replace") + b"\n")

    try:
        import_module(module).run_child(start["request"], send_message)
    except MemoryError:  # no traceback, which would need memory
        return OUT_OF_MEMORY
    return 0


def _confine(sockets: str) -> None:
    """Give up sockets and the sight of other processes. A thread that runs already would keep them."""
    from project.processes.confinement import Sockets, confine_process  # noqa: PLC0415  # the path is set in main

    confine_process(Sockets(sockets))


def _die_with_parent() -> None:
    # The kernel closes the other end of the pipe however the parent ends, also by SIGKILL.
    while os.read(0, 1024):
        pass
    os._exit(0)  # sys.exit would only end this thread


def _set_resource_limits(limits: Mapping[str, int | None]) -> None:
    # Python ignores this signal, and a library may ignore the failed write: the limit shall end the process.
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    # Python does not notice that the code it stores beside a module was cut short at the limit (3.11, `_write_atomic`),
    # and every later process would fail to load it.
    sys.dont_write_bytecode = limits["file_bytes"] is not None and limits["file_bytes"] < _MAX_COMPILED_BYTES
    cpu_seconds = limits["cpu_seconds"]
    for name, soft, hard in (
        ("RLIMIT_AS", limits["memory_bytes"], limits["memory_bytes"]),
        ("RLIMIT_FSIZE", limits["file_bytes"], limits["file_bytes"]),
        # The soft limit sends SIGXCPU, which tells the parent the reason; the hard one SIGKILL (setrlimit(2)).
        ("RLIMIT_CPU", cpu_seconds, None if cpu_seconds is None else cpu_seconds + 1),
        ("RLIMIT_CORE", 0, 0),
    ):
        if soft is not None and hard is not None:
            with contextlib.suppress(ValueError, OSError):  # macOS does not take every limit
                resource.setrlimit(getattr(resource, name), (soft, hard))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
