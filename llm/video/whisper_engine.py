"""Transcribes a recording with faster-whisper, window by window. For the child process only: its libraries are heavy.

The audio is cut into windows at silences, so that memory does not grow with the recording and a finished window never
changes. The result of a window depends on that window and the language only.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import ctranslate2  # type: ignore[import-untyped]
import numpy as np
from faster_whisper import WhisperModel  # type: ignore[import-untyped]
from faster_whisper.transcribe import restore_speech_timestamps  # type: ignore[import-untyped]
from faster_whisper.utils import download_model  # type: ignore[import-untyped]
from faster_whisper.vad import VadOptions, get_speech_timestamps  # type: ignore[import-untyped]
from huggingface_hub.errors import HfHubHTTPError
from numpy.typing import NDArray

from llm.video.audio import PER_MS, RATE, AudioTrackReader, Samples, skip_samples, split_into_windows
from llm.video.errors import TranscriberMissing
from llm.video.transcript import Segment, Window
from llm.video.whisper_models import (
    MODEL_NEXT_STEP,
    choose_language,
    find_whisper_code,
    get_language_tag,
    get_model_folder,
    list_missing_files,
)
from llm.video.whisper_task import ReportProgress, TranscriptionTask

# How much of a window's end is searched for a silence to cut in (at most half of the window). Even fluent lecturers
# pause within half a minute; what is cut off is transcribed in the next window.
SEARCH_SECONDS = 30
# A window that ends with so much silence may be cut at its end: pauses between words are shorter.
SILENCE_MS = 300
# How much speech is used at most to detect its language: four of the half minutes that the model takes at a time, since
# the first may be a greeting or a quotation in another one.
LANGUAGE_SECONDS = 120
# A shorter difference to the stated end is rounding and padding of encoders, and no sign of a file that was cut off.
MISSING_MS = 2000
# Speech of more than 30 seconds is split, because the model takes no more at a time; faster-whisper's own 2 seconds of
# silence would leave most pauses in, and only few places to cut a window.
VAD_OPTIONS = VadOptions(min_silence_duration_ms=500, max_speech_duration_s=30)
# Whisper's own series without its last two, at which answers are mostly invented; an unsure answer is kept instead.
TEMPERATURES = (0.0, 0.2, 0.4, 0.6)
# Any number: a fixed one makes sampling at temperatures above 0 repeatable.
SEED = 20

FloatSamples = NDArray[np.float32]
_SpeechSpan = tuple[int, int]


def transcribe_task(task: TranscriptionTask, report: ReportProgress) -> None:
    """Transcribe the task's recording and report messages as described in `llm.video.children.whisper.run_child`.

    Raises MediaUnreadable, and TranscriberMissing when the model is not there or cannot be loaded.
    """
    transcriber, detector = _WindowTranscriber(task, report), _SpeechDetector()
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


def _convert_to_floats(samples: Samples) -> FloatSamples:
    return samples.astype(np.float32) / np.float32(32768)


class _SpeechDetector:
    """Detects the speech of each window once, for cutting it and for transcribing it."""

    def __init__(self) -> None:
        self._spoken: list[_SpeechSpan] | None = None

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

    def find_speech(self, samples: Samples) -> list[_SpeechSpan]:
        """Return the spans of speech in samples, from the detection by `find_cut` when the window was just cut."""
        found, self._spoken = self._spoken, None
        if found is None:
            return _detect_speech(samples)
        return [(start, min(end, samples.size)) for start, end in found if start < samples.size]


def _detect_speech(samples: Samples) -> list[_SpeechSpan]:
    return [(one["start"], one["end"]) for one in get_speech_timestamps(_convert_to_floats(samples), VAD_OPTIONS)]


class _TrackedModel(WhisperModel):  # type: ignore[misc]
    """A model that records whether it has sampled.

    At temperatures above 0 the model samples, and later results then depend on earlier ones.
    """

    has_sampled = False

    def generate_with_fallback(self, *call: Any) -> Any:
        answer = super().generate_with_fallback(*call)
        self.has_sampled = self.has_sampled or answer[2] > 0
        return answer


class _WindowTranscriber:
    """Transcribes windows with one model and in one language."""

    def __init__(self, task: TranscriptionTask, report: ReportProgress) -> None:
        self._task = task
        self._report = report
        self._folder = _find_model_folder(task)
        self._model = self._load_model()
        self._check_features()
        known = self._list_known_codes()
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
        self, samples: Samples, spoken: Sequence[_SpeechSpan], start_ms: int, end_ms: int
    ) -> Iterator[Segment]:
        """Yield the segments of a window, in times of the recording, and report progress after each."""
        if not spoken:
            return
        speech = _convert_to_floats(np.concatenate([samples[start:end] for start, end in spoken]))
        if not self._code:
            self._code = self._detect_language(speech)
        # The state of the random generator must not pass from window to window: a resumed job would get other words.
        if self._model.has_sampled:
            self._model = self._load_model()
        transcribed, _ = self._model.transcribe(
            speech,
            language=self._code,
            beam_size=self._task.beam_size,
            temperature=TEMPERATURES,
            # Windows must not depend on each other, and a loop would carry on from segment to segment.
            condition_on_previous_text=False,
            # Defaults of Whisper, named because the cache key does not follow a library that changes them.
            compression_ratio_threshold=2.4,
            log_prob_threshold=-1.0,
            no_speech_threshold=0.6,
        )
        chunks = [{"start": start, "end": end} for start, end in spoken]
        least_ms = start_ms
        for each in restore_speech_timestamps(transcribed, chunks, RATE):
            begin = min(max(start_ms + round(each.start * 1000), least_ms), end_ms)
            end = min(max(start_ms + round(each.end * 1000), begin), end_ms)
            least_ms = begin
            self._report({"heard_ms": end})
            if text := each.text.strip():
                yield Segment(start_ms=begin, end_ms=end, text=text)

    def _load_model(self) -> _TrackedModel:
        """Return a model with a fresh random generator: CTranslate2 applies the seed to new models only."""
        ctranslate2.set_random_seed(SEED)
        task = self._task
        try:
            return _TrackedModel(
                str(self._folder),
                device="cpu",
                compute_type=task.compute_type,
                cpu_threads=task.threads,
                local_files_only=True,
            )
        except (RuntimeError, ValueError) as error:
            raise TranscriberMissing(
                f"The Whisper model “{task.model}” cannot be loaded with compute type {task.compute_type} ({error}).",
                next_step="Set WHISPER_MODEL to a model in CTranslate2 format, and WHISPER_COMPUTE_TYPE to int8.",
            ) from error

    def _check_features(self) -> None:
        # large-v3 and turbo take 128 mel bands, others 80, which faster-whisper assumes without the model's
        # preprocessor_config.json. CTranslate2 would fail in the first window, with a message about shapes.
        wanted, given = self._model.model.n_mels, self._model.feature_extractor.mel_filters.shape[0]
        if wanted != given:
            raise TranscriberMissing(
                f"The Whisper model “{self._task.model}” takes {wanted} mel bands, but its folder describes {given}.",
                next_step=f"Put the model's preprocessor_config.json into {self._folder}.",
            )

    def _list_known_codes(self) -> set[str]:
        # The tokenizers of English-only models have tokens for all languages, which their weights never saw.
        if not self._model.model.is_multilingual:
            return {"en"}
        codes = self._model.supported_languages
        return {code for code in codes if self._model.hf_tokenizer.token_to_id(f"<|{code}|>") is not None}

    def _detect_language(self, speech: FloatSamples) -> str:
        """Return Whisper's code of the language that is spoken."""
        code, _, _ = self._model.detect_language(
            audio=speech[: LANGUAGE_SECONDS * RATE], language_detection_segments=LANGUAGE_SECONDS // 30
        )
        return str(code)


def _find_model_folder(task: TranscriptionTask) -> Path:
    """Return the model's folder. Raises TranscriberMissing when it or a file of it is missing."""
    folder = get_model_folder(task.model)
    if folder is None:
        folder = _find_named_model(task)
    elif not folder.is_dir():
        raise TranscriberMissing(f"There is no folder {folder} on the worker.", next_step=f"{MODEL_NEXT_STEP}.")
    if missing := list_missing_files(folder):
        raise TranscriberMissing(
            f"The Whisper model in {folder} lacks {', '.join(missing)}.",
            next_step="Put what is missing there: it belongs to the same model in CTranslate2 format.",
        )
    return folder


def _find_named_model(task: TranscriptionTask) -> Path:
    try:
        return Path(download_model(task.model, local_files_only=not task.download))
    except (OSError, ValueError, HfHubHTTPError) as error:
        why = "could not be downloaded" if task.download else "is not on this machine, and it may not be downloaded"
        raise TranscriberMissing(
            f"The Whisper model “{task.model}” {why} ({str(error).splitlines()[0][:200]}).",
            next_step=f"{MODEL_NEXT_STEP}, or allow to download with WHISPER_DOWNLOAD=1.",
        ) from error
