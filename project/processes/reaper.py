"""Killing child processes when this process ends, however it ends.

A small process waits for the other end of a pipe to close, which the kernel does even after `kill -9`, and then kills
the group. (Linux could do it with a signal at the parent's death; macOS could not.)
"""

from __future__ import annotations

import os
import subprocess
import sys

_REAPER_PROGRAM = """
import os, signal, sys
group, pipe = int(sys.argv[1]), int(sys.argv[2])
signal.signal(signal.SIGINT, signal.SIG_IGN)
signal.signal(signal.SIGTERM, signal.SIG_IGN)
os.read(pipe, 1)
try:
    os.killpg(group, signal.SIGKILL)
except ProcessLookupError:
    pass
"""


class Reaper:
    """Ties the process group `group` (a child started in a session of its own) to the life of this process."""

    def __init__(self, group: int) -> None:
        reader, self._pipe = os.pipe()
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-c", _REAPER_PROGRAM, str(group), str(reader)],
            pass_fds=[reader],
            start_new_session=True,
        )
        os.close(reader)

    @property
    def has_exited(self) -> bool:
        """Tell whether the process that would kill the group is gone."""
        return self._process.poll() is not None

    def kill_group(self) -> None:
        """Kill what is left of the group, and be done with it."""
        os.close(self._pipe)
        self._process.wait()
