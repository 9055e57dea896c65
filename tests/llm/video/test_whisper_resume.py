"""Whisper goes on where a killed process stopped, and leaves no child behind."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from tests.llm.video import whisper_parent
from tests.llm.video.whisper_parent import hear, windows_in
from tests.process_table import lives

WAIT_SECONDS = 60


def killed_after(kept: Path, *, windows: int) -> list[psutil.Process]:
    """Kill a process that transcribes the lecture after so many stored windows; return the children that it had."""
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"}
    parent = subprocess.Popen([sys.executable, "-m", whisper_parent.__name__, str(kept)], env=environment)
    end = time.monotonic() + WAIT_SECONDS
    while len(windows_in(kept)) < windows and time.monotonic() < end:
        time.sleep(0.01)
    children = psutil.Process(parent.pid).children(recursive=True)
    parent.kill()
    parent.wait()
    return children


@pytest.mark.slow
def test_nothing_is_lost_or_doubled_when_the_process_is_killed_in_the_middle(tmp_path: Path) -> None:
    undisturbed, kept = tmp_path / "undisturbed", tmp_path / "kept"
    hear(undisturbed)
    orphans = killed_after(kept, windows=2)
    before = windows_in(kept)

    hear(kept)

    after = windows_in(kept)
    assert after == windows_in(undisturbed)
    assert after[: len(before)] == before
    assert 2 <= len(before) < len(after)
    assert len(orphans) == 1
    assert not lives(orphans[0])
