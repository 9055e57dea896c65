"""Finds speech in samples, and silences to cut in, with faster-whisper's voice detector. For child processes only."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from faster_whisper.vad import VadOptions, get_speech_timestamps  # type: ignore[import-untyped]
from numpy.typing import NDArray

from llm.video.audio import PER_MS, RATE, Samples

# How much of a window's end is searched for a silence to cut in (at most half of the window). Even fluent lecturers
# pause within half a minute; what is cut off is transcribed in the next window.
SEARCH_SECONDS = 30
# A window that ends with so much silence may be cut at its end: pauses between words are shorter.
SILENCE_MS = 300
# What Whisper takes at a time.
STRETCH_SECONDS = 30
# Speech of more than 30 seconds is split, because the model takes no more at a time; faster-whisper's own 2 seconds of
# silence would leave most pauses in, and only few places to cut a window.
VAD_OPTIONS = VadOptions(min_silence_duration_ms=500, max_speech_duration_s=STRETCH_SECONDS)

FloatSamples = NDArray[np.float32]
SpeechSpan = tuple[int, int]
"""The first sample of a span of speech, and the one after its last."""


def convert_to_floats(samples: Samples) -> FloatSamples:
    """Return the samples as numbers from -1 to 1, which models take."""
    return samples.astype(np.float32) / np.float32(32768)


class SpeechDetector:
    """Detects the speech of each window once, for cutting it and for transcribing it."""

    def __init__(self) -> None:
        self._spoken: list[SpeechSpan] | None = None

    def find_cut(self, samples: Samples) -> int:
        """Return the sample in the middle of the longest silence near the window's end; the end without any silence."""
        self._spoken = _detect_speech(samples)
        begin = samples.size - min(SEARCH_SECONDS * RATE, samples.size // 2)
        # Every end of speech with the next beginning is a silence; the first beginning has none before it.
        edges = [edge for one in self._spoken for edge in one][1:]
        if not edges or samples.size - edges[-1] >= SILENCE_MS * PER_MS:
            edges.append(samples.size)
        silences = [(end - start, (start + end) // 2) for start, end in zip(edges[::2], edges[1::2], strict=False)]
        return max((each for each in silences if each[1] > begin), default=(0, samples.size))[1]

    def find_speech(self, samples: Samples) -> list[SpeechSpan]:
        """Return the spans of speech in samples, from the detection by `find_cut` when the window was just cut."""
        found, self._spoken = self._spoken, None
        if found is None:
            return _detect_speech(samples)
        return [(start, min(end, samples.size)) for start, end in found if start < samples.size]


def _detect_speech(samples: Samples) -> list[SpeechSpan]:
    return [(one["start"], one["end"]) for one in get_speech_timestamps(convert_to_floats(samples), VAD_OPTIONS)]


def join_spans(spoken: Sequence[SpeechSpan], most: int) -> list[SpeechSpan]:
    """Return the spans joined over the pauses between them, to stretches of at most so many samples."""
    joined = [spoken[0]]
    for start, end in spoken[1:]:
        first, _ = joined[-1]
        if end - first <= most:
            joined[-1] = (first, end)
        else:
            joined.append((start, end))
    return joined
