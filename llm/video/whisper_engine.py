"""Transcribes a recording with faster-whisper, window by window. For the child process only: its libraries are heavy.

The audio is cut into windows at silences, so that memory does not grow with the recording and a finished window never
changes. The result of a window depends on that window and the language only.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from faster_whisper import BatchedInferencePipeline  # type: ignore[import-untyped]
from faster_whisper.transcribe import restore_speech_timestamps  # type: ignore[import-untyped]

from llm.video.audio import PER_MS, RATE, AudioTrackReader, Samples, skip_samples, split_into_windows
from llm.video.speech_detection import (
    STRETCH_SECONDS,
    FloatSamples,
    SpeechDetector,
    SpeechSpan,
    convert_to_floats,
    join_spans,
)
from llm.video.transcript import Segment, Window
from llm.video.whisper_loading import FRAMES_PER_SECOND, ModelLoader
from llm.video.whisper_models import choose_language, find_whisper_code, get_language_tag
from llm.video.whisper_task import ReportProgress, TranscriptionTask
from llm.video.whisper_words import split_at_pauses

# How much speech is used at most to detect its language: four of the half minutes that the model takes at a time, since
# the first may be a greeting or a quotation in another one.
LANGUAGE_SECONDS = 120
# A shorter difference to the stated end is rounding and padding of encoders, and no sign of a file that was cut off.
MISSING_MS = 2000
# What is left of a stretch that is shorter holds no word: one takes a third of a second and more.
MIN_REST_SECONDS = 0.3
# Whisper's own series without its last two, at which answers are mostly invented; an unsure answer is kept instead.
TEMPERATURES = (0.0, 0.2, 0.4, 0.6)


def transcribe_task(task: TranscriptionTask, report: ReportProgress) -> None:
    """Transcribe the task's recording and report messages as described in `llm.video.children.whisper.run_child`.

    Raises MediaUnreadable, and TranscriberMissing when the model is not there or cannot be loaded.
    """
    transcriber, detector = _WindowTranscriber(task, report), SpeechDetector()
    sound = AudioTrackReader(path=Path(task.path), track=task.track, max_ms=task.max_ms)
    samples = skip_samples(sound.read_samples(), task.start_ms * PER_MS)
    start_ms = task.start_ms
    for number, part in enumerate(
        split_into_windows(samples, max_samples=task.window_ms * PER_MS, find_cut=detector.find_cut), task.first_index
    ):
        end_ms = start_ms + -(-part.size // PER_MS)
        segments = tuple(transcriber.transcribe_window(part, detector.find_speech(part), start_ms, end_ms))
        window = Window(
            index=number, start_ms=start_ms, end_ms=end_ms, language=transcriber.language, segments=segments
        )
        report({"window": asdict(window)})
        start_ms = end_ms
    for warning in _list_warnings(sound):
        report({"warning": warning})
    report({"end_ms": sound.read_ms})


def _list_warnings(reader: AudioTrackReader) -> Iterator[str]:
    if reader.is_capped:
        yield (
            f"Only the first {reader.max_ms / 60_000:.0f} minutes were heard: the recording is longer than is allowed."
        )
    elif reader.announced_ms - reader.read_ms > MISSING_MS:
        yield (
            f"The sound ends at {reader.read_ms // 1000} s, though the file announces {reader.announced_ms // 1000} s: "
            "it may have been cut off on its way here."
        )
    if reader.damaged_packets:
        yield f"{reader.damaged_packets} places of the sound are damaged and were left out."


class _WindowTranscriber:
    """Transcribes windows with one model and in one language."""

    def __init__(self, task: TranscriptionTask, report: ReportProgress) -> None:
        self._task = task
        self._report = report
        self._loader = ModelLoader(task, report)
        self._model = self._loader.load_model()
        known = self._model.list_language_codes()
        choice = choose_language(task.language, known, model=Path(task.model).name)
        # Where nothing is stated, earlier windows have detected it.
        self._code = choice.code or find_whisper_code(task.found_language, known)
        if choice.warning:
            report({"warning": choice.warning})

    @property
    def language(self) -> str:
        """The BCP 47 tag of the language; blank until speech was found, when it was not given."""
        return get_language_tag(self._code)

    def transcribe_window(
        self, samples: Samples, spoken: Sequence[SpeechSpan], start_ms: int, end_ms: int
    ) -> Iterator[Segment]:
        """Yield the segments of a window, in times of the recording, and report progress after each."""
        if not spoken:
            return
        speech = convert_to_floats(np.concatenate([samples[start:end] for start, end in spoken]))
        if not self._code:
            self._code = self._detect_language(speech)
        # The state of the random generator must not pass from window to window: a resumed job would get other words.
        if self._model.has_sampled:
            self._model = self._loader.load_model()
        transcribed: Iterable[Any]
        if self._task.batch_size > 1:
            transcribed = self._transcribe_batches(samples, spoken)
        else:
            transcribed = self._transcribe_in_order(speech, spoken)
        least_ms = start_ms
        for each in transcribed:
            for segment in split_at_pauses(each, start_ms=start_ms, least_ms=least_ms, end_ms=end_ms):
                least_ms = segment.start_ms
                self._report({"heard_ms": segment.end_ms})
                if segment.text:
                    yield segment

    def _transcribe_in_order(self, speech: FloatSamples, spoken: Sequence[SpeechSpan]) -> Iterable[Any]:
        """Return the segments of the speech without its pauses, with times (seconds) of the window."""
        transcribed, _ = self._model.transcribe(
            speech,
            language=self._code,
            beam_size=self._task.beam_size,
            temperature=TEMPERATURES,
            # Windows must not depend on each other, and a loop would carry on from segment to segment.
            condition_on_previous_text=False,
            # A segment may go on after a pause of minutes, which was cut out of the speech; its words say so.
            word_timestamps=True,
            # Defaults of Whisper, named because the cache key does not follow a library that changes them.
            compression_ratio_threshold=2.4,
            log_prob_threshold=-1.0,
            no_speech_threshold=0.6,
        )
        chunks = [{"start": start, "end": end} for start, end in spoken]
        segments: Iterable[Any] = restore_speech_timestamps(transcribed, chunks, RATE)
        return segments

    def _transcribe_batches(self, samples: Samples, spoken: Sequence[SpeechSpan]) -> list[Any]:
        """Return the same for stretches of half a minute that are decoded at once, each at temperature 0 only."""
        found: list[Any] = []
        stretches = join_spans(spoken, STRETCH_SECONDS * RATE)
        while stretches:
            segments, _ = BatchedInferencePipeline(self._model).transcribe(
                convert_to_floats(samples),
                language=self._code,
                beam_size=self._task.beam_size,
                batch_size=self._task.batch_size,
                temperature=TEMPERATURES[:1],
                without_timestamps=False,
                word_timestamps=True,
                vad_filter=False,
                clip_timestamps=[{"start": start / RATE, "end": end / RATE} for start, end in stretches],
            )
            found += segments
            stretches = _list_rests(stretches, self._model.pop_decoded_frames())
        return sorted(found, key=lambda each: each.start)

    def _detect_language(self, speech: FloatSamples) -> str:
        """Return Whisper's code of the language that is spoken."""
        code, _, _ = self._model.detect_language(
            audio=speech[: LANGUAGE_SECONDS * RATE], language_detection_segments=LANGUAGE_SECONDS // STRETCH_SECONDS
        )
        return str(code)


def _list_rests(stretches: Sequence[SpeechSpan], decoded_frames: Sequence[int]) -> list[SpeechSpan]:
    """Return what is left of the stretches, of each of which so many frames of features have been transcribed.

    The model may begin a segment that does not end within a stretch. faster-whisper goes on from its beginning where it
    decodes one stretch after the other, and drops it where it decodes in batches.
    """
    rests, least = [], round(MIN_REST_SECONDS * RATE)
    for (start, end), frames in zip(stretches, decoded_frames, strict=True):
        last = start + frames * RATE // FRAMES_PER_SECOND
        if start < last < end - least:
            rests.append((max(last, start + least), end))  # so that there are few rounds, whatever the model does
    return rests
