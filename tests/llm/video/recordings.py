"""Recordings that tests make, the stored lecture, and a transcription context that keeps windows in memory."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from numpy.typing import NDArray

from llm.video.ports import Recording
from llm.video.transcript import AudioTrack, MediaInfo, Window
from project.jobs.models import Job
from tenants.models import Tenant

MEDIA = Path(__file__).parents[2] / "data" / "media"
LECTURE = MEDIA / "lecture.mp4"
NANO = MEDIA / "whisper-nano"
RATE = 16_000
FRAME = 1024

Samples = NDArray[np.int16]
Pieces = Iterable[tuple[int, Samples]]
"""What is heard from which millisecond on, in order."""


def truth() -> dict[str, Any]:
    """Return what is said in the lecture, and when."""
    read: dict[str, Any] = json.loads((MEDIA / "lecture.json").read_text(encoding="utf-8"))
    return read


@cache
def lecture() -> Samples:
    """Return the lecture's sound, one channel of 16 kHz."""
    resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE)
    with av.open(str(LECTURE)) as container:
        frames = [*container.decode(container.streams.audio[0]), None]
        blocks = [part.to_ndarray().reshape(-1) for frame in frames for part in resampler.resample(frame)]
    return np.concatenate(blocks).astype(np.int16)


def tone(ms: int, *, hertz: int = 440) -> Samples:
    """Return a tone, half as loud as can be."""
    wave: Samples = (np.sin(np.arange(ms * RATE // 1000) * (2 * np.pi * hertz / RATE)) * 16_000).astype(np.int16)
    return wave


def silence(ms: int) -> Samples:
    return np.zeros(ms * RATE // 1000, np.int16)


def sound_file(path: Path, *tracks: Pieces, codec: str = "pcm_s16le", options: dict[str, str] | None = None) -> Path:
    """Write a file with a track of sound for each argument. Its name's ending is the container's."""
    with av.open(str(path), "w", options=options or {}) as container:
        streams = [container.add_stream(codec, rate=RATE, layout="mono") for _ in tracks]
        for stream, pieces in zip(streams, tracks, strict=True):
            assert isinstance(stream, AudioStream)
            for start_ms, samples in pieces:
                for frame in _frames(samples, start_ms * RATE // 1000):
                    container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
    return path


def _frames(samples: Samples, start: int) -> Iterable[AudioFrame]:
    for at in range(0, samples.size, FRAME):
        frame = AudioFrame.from_ndarray(
            np.ascontiguousarray(samples[np.newaxis, at : at + FRAME]), format="s16", layout="mono"
        )
        frame.sample_rate, frame.pts, frame.time_base = RATE, start + at, Fraction(1, RATE)
        yield frame


def recording(path: Path, *, duration_ms: int = 94_400, tracks: Sequence[AudioTrack] | None = None) -> Recording:
    """Return the file as a recording; its only track of sound has the number of the lecture's."""
    audio = (AudioTrack(index=1),) if tracks is None else tuple(tracks)
    return Recording(
        id="lecture",
        media=MediaInfo(container="mp4", duration_ms=duration_ms, has_video=True, audio=audio),
        size_bytes=path.stat().st_size,
        media_type="video/mp4",
        open=lambda: path.open("rb"),
        local_copy=lambda: nullcontext(path),
    )


@dataclass(kw_only=True)
class ListTranscriptionContext:
    """Keeps windows under their cache key, and the progress that was reported."""

    checkpoint: Callable[[], None] = lambda: None
    windows: dict[str, list[Window]] = field(default_factory=dict)
    told: list[tuple[int, int]] = field(default_factory=list)
    job: Job | None = None

    @property
    def tenant(self) -> Tenant:
        return Tenant(slug="acme")

    def report_progress(self, done_ms: int, total_ms: int) -> None:
        self.told.append((done_ms, total_ms))

    def list_finished_windows(self, cache_key: str) -> Sequence[Window]:
        return self.windows.get(cache_key, [])

    def save_window(self, cache_key: str, window: Window) -> None:
        self.windows.setdefault(cache_key, []).append(window)

    @property
    def kept(self) -> list[Window]:
        return [window for windows in self.windows.values() for window in windows]
