"""What the kernel says about the memory of processes, and about those that it killed for want of it."""

from __future__ import annotations

import re
from pathlib import Path

# In a container the first two are its own; the last one counts for the whole machine (Linux since 4.13).
_COUNTERS = (
    (Path("/sys/fs/cgroup/memory.events"), "oom_kill"),  # cgroup v2
    (Path("/sys/fs/cgroup/memory/memory.oom_control"), "oom_kill"),  # cgroup v1
    (Path("/proc/vmstat"), "oom_kill"),
)


def count_memory_kills() -> int:
    """Return how many processes the kernel has killed for want of memory, 0 where it does not say."""
    for file, name in _COUNTERS:
        try:
            lines = file.read_text(encoding="ascii").splitlines()
        except OSError:
            continue
        for line in lines:
            key, _, value = line.partition(" ")
            if key == name and value.isdecimal():
                return int(value)
    return 0


def read_peak_bytes(pid: int) -> int:
    """Return the largest address space that a process has had so far, 0 when it has ended or there is no /proc."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return 0
    found = re.search(r"^VmPeak:\s+(\d+) kB$", status, re.MULTILINE)
    return int(found[1]) * 1024 if found else 0
