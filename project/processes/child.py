"""The inside of a child process of `project.processes.runner`: run as `python -I child.py MODULE`.

The first line of the standard input is the request; the input stays open as long as the parent lives. The module's
function `work(request, tell)` does the work; what it tells goes out as one line of JSON. Whatever a library prints
goes to the standard error.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import sys
import threading
from importlib import import_module
from pathlib import Path
from typing import Any

OUT_OF_MEMORY = 4


def main(module: str) -> int:
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    first = sys.stdin.buffer.readline()
    if not first:
        return 0
    message = json.loads(first)
    threading.Thread(target=_die_with_parent, daemon=True).start()
    _set_resource_limits(message["memory_bytes"])
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

    def send_message(told: dict[str, Any]) -> None:
        answers.write(json.dumps(told, ensure_ascii=False).encode() + b"\n")

    try:
        import_module(module).run_child(message["request"], send_message)
    except MemoryError:
        return OUT_OF_MEMORY
    return 0


def _die_with_parent() -> None:
    while os.read(0, 1024):
        pass
    os._exit(0)


def _set_resource_limits(memory: int | None) -> None:
    for name, value in (("RLIMIT_AS", memory), ("RLIMIT_CORE", 0)):
        if value is not None:
            with contextlib.suppress(ValueError, OSError):  # macOS does not take every limit
                resource.setrlimit(getattr(resource, name), (value, value))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
