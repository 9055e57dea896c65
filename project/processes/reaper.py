"""Kill child processes when this process ends, however it ends.

A small process waits until the other end of a pipe is closed, which the kernel does even after `kill -9`, and then
kills the group. (Linux could do so by PR_SET_PDEATHSIG, prctl(2); macOS has nothing like it.)
"""

from __future__ import annotations

import os
import subprocess
import sys

# It ignores the signals that end the terminal's or the service's processes in order: it has to outlive its parent.
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
    """Kills the process group `group`, that of a child started in its own session, when this process ends."""

    def __init__(self, group: int) -> None:
        reader, self._pipe = os.pipe()
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-c", _REAPER_PROGRAM, str(group), str(reader)],
            pass_fds=[reader],
            start_new_session=True,
        )
        # The reaper has its own copy. The writing end is not inherited by any child (PEP 446), so only the end of this
        # process closes it.
        os.close(reader)

    @property
    def has_exited(self) -> bool:
        """Tell whether the reaper itself has ended, so that nothing would kill the group."""
        return self._process.poll() is not None

    def kill_group(self) -> None:
        """Kill what is left of the group, and wait until the reaper has ended. To be called once."""
        os.close(self._pipe)
        self._process.wait()
