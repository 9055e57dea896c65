"""Forks children that bring videos, so that yt-dlp is loaded once: `python -m tests.llm.video.stage_nursery`.

Each line that comes in is a request; out go the lines that its child tells, then how it ended.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from tests.llm.video import stage_child


def _say(line: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def main() -> None:
    """Serve until the input closes."""
    while line := sys.stdin.readline():
        child = os.fork()
        if child == 0:
            os.close(0)
            stage_child.run_child(json.loads(line), lambda told: _say({"told": told}))
            os._exit(0)
        _, status = os.waitpid(child, 0)
        _say({"ended": os.waitstatus_to_exitcode(status)})


if __name__ == "__main__":
    main()
