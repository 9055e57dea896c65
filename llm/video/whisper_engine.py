"""Hearing a recording with faster-whisper, window by window. Lives in the child process only: its libraries are heavy.

The sound is cut in silences, so that memory does not grow with the recording and a finished window is finished for
good. What is heard in a window depends on that window, the language and the hot words only.
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

from llm.video.audio import PER_MS, RATE, Samples, Sound, skipped, windows
from llm.video.errors import TranscriberMissing
from llm.video.transcript import Segment, Window
from llm.video.whisper_child import Tell, Work
from llm.video.whisper_models import WHAT_TO_PUT, code_of, folder_of, lacks, tag_of

SEARCH_SECONDS = 30
"""How much of a window's end is searched for a silence to cut in, and at most half of it."""
SILENCE_MS = 300
LANGUAGE_SECONDS = 120
"""How much speech is heard at most to find out its language."""
MOST_HINT_TOKENS = 112
"""How much of the model's memory (448 tokens for half a minute, with what it says) hot words may take."""
DOUBT = 0.025
"""How much the mean log-probability of a token may fall by hot words before they are left out."""
MISSING_MS = 2000
SPEECH = VadOptions(min_silence_duration_ms=500, max_speech_duration_s=30)
TEMPERATURES = (0.0, 0.2, 0.4, 0.6)
SEED = 20

Sounds = NDArray[np.float32]
_Spoken = tuple[int, int]


def hear(work: Work, tell: Tell) -> None:
    """Do a Work and tell of it, as `whisper_child.work` says.

    Raises MediaUnreadable, and TranscriberMissing when the model cannot be had.
    """
    ears, voice = _Ears(work, tell), _Voice()
    sound = Sound(path=Path(work.path), track=work.track, max_ms=work.max_ms)
    samples = skipped(sound.samples(), work.start_ms * PER_MS)
    start_ms = work.start_ms
    for number, part in enumerate(windows(samples, most=work.window_ms * PER_MS, cut=voice.cut), work.first_index):
        end_ms = start_ms + -(-part.size // PER_MS)
        segments = tuple(ears.segments(part, voice.spoken(part), start_ms, end_ms))
        window = Window(index=number, start_ms=start_ms, end_ms=end_ms, language=ears.language, segments=segments)
        tell({"window": asdict(window)})
        start_ms = end_ms
    for warning in _warnings(sound):
        tell({"warning": warning})
    tell({"end_ms": sound.heard_ms})


def _warnings(sound: Sound) -> Iterator[str]:
    if sound.is_capped:
        yield f"Only the first {sound.max_ms / 60_000:.0f} minutes were heard: the recording is longer than is allowed."
    elif sound.announced_ms - sound.heard_ms > MISSING_MS:
        yield (
            f"The sound ends at {sound.heard_ms // 1000} s, though the file announces {sound.announced_ms // 1000} s: "
            "it may have been cut off on its way here."
        )
    if sound.damaged:
        yield f"{sound.damaged} places of the sound are damaged and were left out."


def _floats(samples: Samples) -> Sounds:
    return samples.astype(np.float32) / np.float32(32768)


class _Voice:
    """Finds out where in a window somebody speaks, once for each window."""

    def __init__(self) -> None:
        self._spoken: list[_Spoken] | None = None

    def cut(self, samples: Samples) -> int:
        """Return the middle of the longest silence near the end; the end when there is none."""
        self._spoken = _spoken(samples)
        begin = samples.size - min(SEARCH_SECONDS * RATE, samples.size // 2)
        edges = [edge for one in self._spoken for edge in one][1:]
        if not edges or samples.size - edges[-1] >= SILENCE_MS * PER_MS:
            edges.append(samples.size)
        silences = [(end - start, (start + end) // 2) for start, end in zip(edges[::2], edges[1::2], strict=False)]
        return max((each for each in silences if each[1] > begin), default=(0, samples.size))[1]

    def spoken(self, samples: Samples) -> list[_Spoken]:
        """Return from which to which sample somebody speaks. Of a window that was cut, it knows."""
        found, self._spoken = self._spoken, None
        if found is None:
            return _spoken(samples)
        return [(start, min(end, samples.size)) for start, end in found if start < samples.size]


def _spoken(samples: Samples) -> list[_Spoken]:
    return [(one["start"], one["end"]) for one in get_speech_timestamps(_floats(samples), SPEECH)]


class _Model(WhisperModel):  # type: ignore[misc]
    """Leaves hot words out where they lead it astray, and knows whether it has drawn lots.

    Hot words come before the sound as if they had been said, and a model can go on from them instead of listening. The
    first half minute of a window is heard with them and without; the rest in the way that the model was surer of.
    Lots are drawn at a temperature above 0, and what comes next then depends on what came before.
    """

    has_drawn = False
    hints_serve: bool | None = None
    """Whether hot words are used in this window; None before it begins."""

    def generate_with_fallback(self, encoded: Any, prompt: list[int], tokenizer: Any, options: Any) -> Any:
        bare = self.get_prompt(tokenizer, [], without_timestamps=options.without_timestamps)
        if prompt == bare or self.hints_serve is not None:
            return self._answered(encoded, prompt if self.hints_serve else bare, tokenizer, options)
        hinted, plain = (self._answered(encoded, each, tokenizer, options) for each in (prompt, bare))
        self.hints_serve = plain[1] - hinted[1] <= DOUBT
        return hinted if self.hints_serve else plain

    def _answered(self, *call: Any) -> Any:
        answer = super().generate_with_fallback(*call)
        self.has_drawn = self.has_drawn or answer[2] > 0
        return answer


class _Ears:
    """A model, the language that it hears, and the words that it is told to expect."""

    def __init__(self, work: Work, tell: Tell) -> None:
        self._work = work
        self._tell = tell
        self._folder = _folder(work)
        self._model = self._loaded()
        self._check_features()
        known = self._known_codes()
        self._code = code_of(work.language or work.found_language, known)
        if work.language and not self._code:
            tell({"warning": f"Whisper does not know the language “{work.language}” and found out by itself."})
        self._hints = self._hinted()

    @property
    def language(self) -> str:
        """The BCP 47 tag of the language, blank until something was said."""
        return tag_of(self._code)

    def segments(self, samples: Samples, spoken: Sequence[_Spoken], start_ms: int, end_ms: int) -> Iterator[Segment]:
        """Yield what is said in a window, times being the recording's, and tell how far it is."""
        if not spoken:
            return
        speech = _floats(np.concatenate([samples[start:end] for start, end in spoken]))
        if not self._code:
            self._code = self._found(speech)
        if self._model.has_drawn:
            self._model = self._loaded()
        self._model.hints_serve = None
        heard, _ = self._model.transcribe(
            speech,
            language=self._code,
            beam_size=self._work.beam_size,
            temperature=TEMPERATURES,
            condition_on_previous_text=False,
            hotwords=self._hints or None,
            compression_ratio_threshold=2.4,
            log_prob_threshold=-1.0,
            no_speech_threshold=0.6,
        )
        chunks = [{"start": start, "end": end} for start, end in spoken]
        least_ms = start_ms
        for each in restore_speech_timestamps(heard, chunks, RATE):
            begin = min(max(start_ms + round(each.start * 1000), least_ms), end_ms)
            end = min(max(start_ms + round(each.end * 1000), begin), end_ms)
            least_ms = begin
            self._tell({"heard_ms": end})
            if text := each.text.strip():
                yield Segment(start_ms=begin, end_ms=end, text=text)

    def _loaded(self) -> _Model:
        """Return a model whose lots are drawn from the beginning: seeds count for new models only."""
        ctranslate2.set_random_seed(SEED)
        work = self._work
        try:
            return _Model(
                str(self._folder),
                device="cpu",
                compute_type=work.compute_type,
                cpu_threads=work.threads,
                local_files_only=True,
            )
        except (RuntimeError, ValueError) as error:
            raise TranscriberMissing(
                f"The Whisper model “{work.model}” cannot be loaded with compute type {work.compute_type} ({error}).",
                next_step="Set WHISPER_MODEL to a model in CTranslate2 format, and WHISPER_COMPUTE_TYPE to int8.",
            ) from error

    def _check_features(self) -> None:
        wanted, given = self._model.model.n_mels, self._model.feature_extractor.mel_filters.shape[0]
        if wanted != given:
            raise TranscriberMissing(
                f"The Whisper model “{self._work.model}” takes {wanted} mel bands, but its folder describes {given}.",
                next_step=f"Put the model's preprocessor_config.json into {self._folder}.",
            )

    def _known_codes(self) -> set[str]:
        codes = self._model.supported_languages
        if codes == ["en"]:
            return {"en"}
        return {code for code in codes if self._model.hf_tokenizer.token_to_id(f"<|{code}|>") is not None}

    def _hinted(self) -> str:
        """Return the hot words, as many as there is room for."""
        words: list[str] = []
        for word in self._work.hot_words:
            hints = ", ".join([*words, word])
            if len(self._model.hf_tokenizer.encode(f" {hints}", add_special_tokens=False).ids) > MOST_HINT_TOKENS:
                left = len(self._work.hot_words) - len(words)
                self._tell({"warning": f"{left} of the words that are likely to be said were too many for Whisper."})
                break
            words.append(word)
        return ", ".join(words)

    def _found(self, speech: Sounds) -> str:
        """Return the code of the language that is spoken."""
        code, _, _ = self._model.detect_language(
            audio=speech[: LANGUAGE_SECONDS * RATE], language_detection_segments=LANGUAGE_SECONDS // 30
        )
        return str(code)


def _folder(work: Work) -> Path:
    """Return the model's folder. Raises TranscriberMissing when it lacks something or cannot be had."""
    folder = folder_of(work.model)
    if folder is None:
        folder = _named(work)
    elif not folder.is_dir():
        raise TranscriberMissing(f"There is no folder {folder} on the worker.", next_step=f"{WHAT_TO_PUT}.")
    if missing := lacks(folder):
        raise TranscriberMissing(
            f"The Whisper model in {folder} lacks {', '.join(missing)}.",
            next_step="Put what is missing there: it belongs to the same model in CTranslate2 format.",
        )
    return folder


def _named(work: Work) -> Path:
    try:
        return Path(download_model(work.model, local_files_only=not work.download))
    except (OSError, ValueError, HfHubHTTPError) as error:
        why = "could not be downloaded" if work.download else "is not on this machine, and it may not be downloaded"
        raise TranscriberMissing(
            f"The Whisper model “{work.model}” {why} ({str(error).splitlines()[0][:200]}).",
            next_step=f"{WHAT_TO_PUT}, or allow to download with WHISPER_DOWNLOAD=1.",
        ) from error
