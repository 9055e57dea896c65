"""Decodes the audio of a recording as a stream of samples, in constant memory. Needs the `media` extra.

Samples are signed 16-bit integers, 16,000 a second, one channel. Sample 0 is the beginning of the recording: the
earliest start of any of its streams. Where a track starts later or has a gap in its time stamps, zeros are inserted, so
that a sample's index is its time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import av
import numpy as np
from av.audio.fifo import AudioFifo
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import InputContainer
from numpy.typing import NDArray

from llm.video.containers import open_container
from llm.video.errors import MediaUnreadable

Samples = NDArray[np.int16]

# The sample rate that Whisper's features are defined for.
RATE = 16_000
PER_MS = RATE // 1000
# How far a time stamp may be off before it counts as a gap: containers round stamps to milliseconds and more. Times of
# a transcript may be wrong by so much; silence inserted into words would be worse.
GAP_SECONDS = 0.3
# Two channels are in opposite phase when their mean has less than so much of the power of their difference. Speech from
# one side, which one channel has alone, has as much of either.
OPPOSITE_SHARE = 0.1
# Frames last some 20 ms; resampling them one by one would spend the time on calls. Nothing depends on the exact value.
BLOCK_SECONDS = 0.5


@dataclass(kw_only=True)
class AudioTrackReader:
    """Reads one audio track of a file. `read_samples` may be called once; the other fields are valid after it.

    `read_ms` is the length of what was read; `announced_ms` the track's end as the file states it, 0 when it does not;
    `damaged_packets` counts packets that could not be decoded; `is_capped` says that the track goes on after `max_ms`.
    """

    path: Path
    track: int
    max_ms: int
    read_ms: int = field(default=0, init=False)
    announced_ms: int = field(default=0, init=False)
    damaged_packets: int = field(default=0, init=False)
    is_capped: bool = field(default=False, init=False)

    def read_samples(self) -> Iterator[Samples]:
        """Yield the samples in blocks, in order, until the end of the track or `max_ms`.

        Raises MediaUnreadable when the file cannot be opened, has no such audio track, or nothing of it can be decoded.
        """
        count, most = 0, self.max_ms * PER_MS
        for block in self._decode_blocks():
            if count == most:
                self.is_capped = True
                break
            part = block[: most - count]
            self.is_capped = part.size < block.size
            count += part.size
            self.read_ms = -(-count // PER_MS)
            yield part
            if self.is_capped:
                break
        if count == 0:
            raise _build_damaged_error("No sound could be read from it.")

    def _decode_blocks(self) -> Iterator[Samples]:
        with _open_media(self.path) as container:
            stream = self._find_stream(container)
            line = _SampleTimeline(
                origin=(container.start_time or 0) / av.time_base,
                # A second more than is announced, which is rounded; beyond that, a time stamp is taken for wrong.
                end=container.duration / av.time_base + 1 if container.duration else self.max_ms / 1000,
            )
            for frame in self._decode_frames(container, stream):
                yield from line.add_frame(frame)
            yield from line.flush()

    def _find_stream(self, container: InputContainer) -> AudioStream:
        stream = next((one for one in container.streams.audio if one.index == self.track), None)
        if stream is None or stream.codec_context is None:
            raise MediaUnreadable(
                f"The recording has no track of sound with number {self.track} that could be read.",
                code="no_speech_track",
                next_step="Export it with its sound, or upload captions (.vtt or .srt) beside it.",
            )
        if stream.duration and stream.time_base:
            start = float((stream.start_time or 0) * stream.time_base) - (container.start_time or 0) / av.time_base
            self.announced_ms = round((start + float(stream.duration * stream.time_base)) * 1000)
        elif container.duration:
            self.announced_ms = container.duration * 1000 // av.time_base
        return stream

    def _decode_frames(self, container: InputContainer, stream: AudioStream) -> Iterator[AudioFrame]:
        """Yield the frames that can be decoded; count and skip packets that cannot."""
        packets = container.demux(stream)
        while True:
            try:
                packet = next(packets, None)
            except av.error.FFmpegError:
                # The container itself is damaged here, and FFmpeg cannot find the next packet.
                self.damaged_packets += 1
                return
            if packet is None:
                return
            try:
                frames = packet.decode()
            except av.error.FFmpegError:
                self.damaged_packets += 1
                continue
            yield from frames


def mix_channels(channels: Samples) -> Samples:
    """Return one channel of the columns: their mean, or half their difference where they are in opposite phase.

    A microphone that is wired wrongly, or the sum of a balanced line, makes one channel the negative of the other: the
    mean is silence, though both are heard.
    """
    if channels.shape[1] == 1:
        return channels.reshape(-1)
    left, right = channels[:, 0].astype(np.int32), channels[:, 1].astype(np.int32)
    mean, difference = (left + right) // 2, (left - right) // 2
    is_opposite = float(np.square(mean, dtype=np.float64).sum()) < OPPOSITE_SHARE * float(
        np.square(difference, dtype=np.float64).sum()
    )
    return (difference if is_opposite else mean).astype(np.int16)


def skip_samples(blocks: Iterable[Samples], count: int) -> Iterator[Samples]:
    """Yield the samples after the first `count`."""
    for block in blocks:
        if block.size > count:
            yield block[count:]
        count = max(0, count - block.size)


def split_into_windows(
    blocks: Iterable[Samples], *, max_samples: int, find_cut: Callable[[Samples], int]
) -> Iterator[Samples]:
    """Yield the samples in windows of at most `max_samples`.

    `find_cut` returns after how many samples a full window is to end; what is cut off begins the next one. Windows from
    any window's end on are the same, whether what comes before was read or skipped. Each but the last is whole
    milliseconds long. A window is a view of a buffer, valid until the next one is requested.
    """
    buffer = np.empty(max_samples, np.int16)
    filled = 0
    for block in blocks:
        rest = block
        while rest.size:
            taken = min(rest.size, max_samples - filled)
            buffer[filled : filled + taken] = rest[:taken]
            filled, rest = filled + taken, rest[taken:]
            if filled == max_samples:
                end = find_cut(buffer)
                end = max(PER_MS, end - end % PER_MS)
                yield buffer[:end]
                filled = max_samples - end
                buffer[:filled] = buffer[end:].copy()
    if filled:
        yield buffer[:filled]


class _SampleTimeline:
    """Places frames by their time stamps. `origin` and `end` are the recording's first and last moment, in seconds."""

    def __init__(self, *, origin: float, end: float) -> None:
        self._origin = origin
        self._end = end
        self._position = 0.0
        self._count = 0
        self._form: tuple[str, str, int] | None = None
        self._fifo = AudioFifo()
        self._resampler: AudioResampler | None = None

    def add_frame(self, frame: AudioFrame) -> Iterator[Samples]:
        """Yield silence for a gap before the frame, and samples once enough frames have been collected."""
        form = (frame.format.name, frame.layout.name, frame.sample_rate)
        # Broadcast recordings change rate or channels on the way; a FIFO and a resampler take one form only.
        if form != self._form:
            yield from self.flush()
            self._form = form
        yield from self._fill_gap_before(frame)
        self._position += frame.samples / frame.sample_rate
        # The FIFO requires stamps without gaps, and gaps below the threshold are left as they are.
        frame.pts = None
        self._fifo.write(frame)
        if self._fifo.samples >= BLOCK_SECONDS * frame.sample_rate:
            yield from self._resample_frame(self._fifo.read())

    def flush(self) -> Iterator[Samples]:
        """Yield the samples that the FIFO and the resampler still hold."""
        if self._fifo.samples:
            yield from self._resample_frame(self._fifo.read())
        if self._resampler is not None:
            yield from self._resample_frame(None)
        self._fifo, self._resampler = AudioFifo(), None

    def _fill_gap_before(self, frame: AudioFrame) -> Iterator[Samples]:
        if frame.time is None:
            return
        start = frame.time - self._origin
        gap = start - self._position
        # No tolerance at the very beginning: there is no sound yet that inserted silence could break.
        if abs(gap) <= (GAP_SECONDS if self._position else 0.0):
            return
        if gap < 0 or start > self._end:
            # The recorder's clock was set back or jumped: no pause was made, so that the frame follows the one before.
            self._origin += gap
            return
        yield from self.flush()
        self._position = start
        missing = round(start * RATE) - self._count
        while missing > 0:
            # A second at a time: a wrong stamp must not allocate hours of silence at once.
            block = np.zeros(min(missing, RATE), np.int16)
            missing -= block.size
            self._count += block.size
            yield block

    def _resample_frame(self, frame: AudioFrame | None) -> Iterator[Samples]:
        if self._resampler is None:
            # Two channels are mixed here, more of them by FFmpeg, which knows what each is for.
            is_stereo = self._form is not None and self._form[1] == "stereo"
            self._resampler = AudioResampler(format="s16", layout="stereo" if is_stereo else "mono", rate=RATE)
        for resampled in self._resampler.resample(frame):
            channels = resampled.to_ndarray().reshape(-1, len(resampled.layout.channels))
            block = mix_channels(channels.astype(np.int16, copy=False))
            self._count += block.size
            yield block


def _open_media(path: Path) -> InputContainer:
    try:
        return open_container(path)
    except av.error.FFmpegError as error:
        raise _build_damaged_error(f"It cannot be opened ({error.strerror}).") from error


def _build_damaged_error(why: str) -> MediaUnreadable:
    return MediaUnreadable(f"The recording is damaged or no recording at all. {why}", code="damaged")
