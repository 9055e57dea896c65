"""Memory and speed of our Whisper: `python -m tests.benchmarks.whisper [--minutes 10 30] [--rounds 3]`.

The lecture of the tests, said again and again, with the model that knows it. Memory: the peak of the child process
(VmHWM) for ten minutes and for four hours, which must be about the same. Speed: our processor and the command
`whisper-ctranslate2` take turns on the same file, so that both see the same machine, with the same model, compute type,
threads, beam, voice filter and no conditioning on what was said before; then with the command's own defaults.
Both start a new process for every file, and that counts. Printed is the median of the ratios, round by round.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import django
import psutil

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
os.environ["LOG_LEVEL"] = "CRITICAL"
django.setup()

from llm.video.ports import TranscriptionOptions  # noqa: E402  # needs settings
from llm.video.transcript import AudioTrack  # noqa: E402
from llm.video.whisper import WhisperSettings, WhisperVideoProcessor  # noqa: E402
from tests.llm.video.recordings import NANO, RATE, ListTranscriptionContext, lecture, recording, sound_file  # noqa: E402

THREADS = 2
SHORT_MINUTES, LONG_MINUTES = 10, 240
COMMAND = Path(sys.executable).with_name("whisper-ctranslate2")
SAME = ["--beam_size", "5", "--vad_filter", "True", "--condition_on_previous_text", "False"]
OURS, THEIRS, DEFAULTS = "ours", "whisper-ctranslate2, same settings", "whisper-ctranslate2, its defaults"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=int, nargs="*", default=[10, 30])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--window-ms", type=int, default=WhisperSettings().window_ms)
    parser.add_argument("--no-memory", action="store_true")
    given = parser.parse_args()
    settings = WhisperSettings(model=str(NANO), threads=THREADS, window_ms=given.window_ms)
    with tempfile.TemporaryDirectory(prefix="coursewright-whisper-") as name:
        for minutes in given.minutes:
            _speed(_looped(Path(name), minutes), minutes, settings, given.rounds)
        if not given.no_memory:
            _memory(Path(name), settings)


def _looped(folder: Path, minutes: int) -> Path:
    """Return a file of so many minutes in which the lecture is said again and again."""
    path = folder / f"{minutes}.m4a"
    each = lecture()[: lecture().size // RATE * RATE]
    times = -(-minutes * 60 * RATE // each.size)
    pieces = ((number * each.size * 1000 // RATE, each) for number in range(times))
    return path if path.exists() else sound_file(path, pieces, codec="aac")


def _speed(path: Path, minutes: int, settings: WhisperSettings, rounds: int) -> None:
    contenders: dict[str, Callable[[], None]] = {
        OURS: lambda: _ours(path, minutes, settings),
        THEIRS: lambda: _theirs(path, settings, SAME),
        DEFAULTS: lambda: _theirs(path, settings, []),
    }
    found: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, run in contenders.items():
            begun = time.perf_counter()
            run()
            found[name].append(time.perf_counter() - begun)
    for name, seconds in found.items():
        ratio = statistics.median(theirs / ours for ours, theirs in zip(found[OURS], seconds, strict=True))
        spent = statistics.median(seconds)
        sys.stdout.write(f"{minutes} min, {name:<36} {spent:6.1f} s; we are {ratio:.2f} times as fast\n")
        sys.stdout.flush()


def _ours(path: Path, minutes: int, settings: WhisperSettings) -> None:
    given = recording(path, duration_ms=minutes * 60_000, tracks=[AudioTrack(index=0)])
    transcript = WhisperVideoProcessor(settings=settings).transcribe(
        given, TranscriptionOptions(), ListTranscriptionContext()
    )
    assert transcript.language == "en"
    assert len(transcript.segments) > minutes * 14, len(transcript.segments)


def _theirs(path: Path, settings: WhisperSettings, options: list[str]) -> None:
    command = [
        str(COMMAND), str(path), "--model_directory", settings.model, "--local_files_only", "True", "--device", "cpu",
        "--compute_type", settings.compute_type, "--threads", str(settings.threads), "--output_dir", str(path.parent),
        "--output_format", "json", "--verbose", "False", *options,
    ]  # fmt: skip
    environment = {**os.environ, "HF_HUB_OFFLINE": "1"}
    subprocess.run(command, check=True, capture_output=True, env=environment)


def _memory(folder: Path, settings: WhisperSettings) -> None:
    peaks = {}
    for minutes in (SHORT_MINUTES, LONG_MINUTES):
        path = _looped(folder, minutes)
        with _watched() as peak:
            _ours(path, minutes, settings)
        peaks[minutes] = max(peak)
        sys.stdout.write(f"{minutes} min: peak of the child {peaks[minutes] / 2**20:.0f} MiB\n")
        sys.stdout.flush()
    sys.stdout.write(f"four hours take {peaks[LONG_MINUTES] / peaks[SHORT_MINUTES]:.3f} times as much as ten minutes\n")


@contextmanager
def _watched() -> Iterator[list[int]]:
    """Yield what the children of this process take, in bytes, looked at ten times a second."""
    seen = [0]
    is_over = threading.Event()

    def look() -> None:
        while not is_over.wait(0.1):
            for child in psutil.Process().children():
                try:
                    status = Path(f"/proc/{child.pid}/status").read_text(encoding="ascii")
                except OSError:
                    continue
                seen.extend(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM"))

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        yield seen
    finally:
        is_over.set()
        watcher.join()


if __name__ == "__main__":
    main()
