"""The inside of a child process of `project.processes.runner`: run as `python -I child.py MODULE`.

The first line of the standard input is the request and its limits; the input stays open as long as the parent lives.
The module's function `run_child(request, send_message)` does the work; each message that it sends goes out as one line
of JSON, in which halves of surrogate pairs, which are no characters, become question marks. Whatever a library prints
goes to the standard error.
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

OUT_OF_MEMORY = 4


def main(module: str) -> int:
    # The descriptor stays open until the process has ended, so that the parent notices the end at once.
    messages = os.fdopen(os.dup(1), "wb", buffering=0, closefd=False)
    os.dup2(2, 1)
    first = sys.stdin.buffer.readline()
    if not first:
        return 0
    start = json.loads(first)
    threading.Thread(target=_die_with_parent, daemon=True).start()
    _set_resource_limits(start["limits"])
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

    def send_message(message: dict[str, Any]) -> None:
        messages.write(json.dumps(message, ensure_ascii=False).encode(errors="replace") + b"\n")

    try:
        import_module(module).run_child(start["request"], send_message)
    except MemoryError:
        return OUT_OF_MEMORY
    return 0


def _die_with_parent() -> None:
    while os.read(0, 1024):
        pass
    os._exit(0)


def _set_resource_limits(limits: Mapping[str, int | None]) -> None:
    # Python ignores this signal, and a library may ignore the failed write: the limit shall end the process.
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    cpu_seconds = limits["cpu_seconds"]
    for name, soft, hard in (
        ("RLIMIT_AS", limits["memory_bytes"], limits["memory_bytes"]),
        ("RLIMIT_FSIZE", limits["file_bytes"], limits["file_bytes"]),
        # SIGXCPU, which says that its time is over, comes before SIGKILL.
        ("RLIMIT_CPU", cpu_seconds, None if cpu_seconds is None else cpu_seconds + 1),
        ("RLIMIT_CORE", 0, 0),
    ):
        if soft is not None and hard is not None:
            with contextlib.suppress(ValueError, OSError):  # macOS does not take every limit
                resource.setrlimit(getattr(resource, name), (soft, hard))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
