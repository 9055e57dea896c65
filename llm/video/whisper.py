"""`WhisperVideoProcessor`: transcribes on this machine, in a child process, and goes on where it was interrupted."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any, Protocol

from llm.video.errors import MediaUnreadable, TranscriberBroken, TranscriberMissing
from llm.video.ports import Recording, TranscriptionContext, TranscriptionOptions
from llm.video.repetition import remove_loops
from llm.video.transcript import AudioTrack, Segment, Transcript, Window
from llm.video.whisper_models import build_model_identity, get_model_folder, is_same_language
from llm.video.whisper_task import TranscriptionTask
from project.errors import DomainError
from project.processes import runner

CHILD = "llm.video.children.whisper"
PIPELINE_VERSION = 2
"""Raised when this code changes what comes out of the same recording."""
PASSED_VARIABLES = (
    "HF_ENDPOINT",
    "HF_TOKEN",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "REQUESTS_CA_BUNDLE",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
)
"""What of the worker's environment a child that downloads a model needs."""


@dataclass(frozen=True, kw_only=True)
class WhisperSettings:
    """How Whisper hears.

    `model` is a folder, or the name of a model that is in `cache_dir` or, with `download`, comes there (blank: where
    Hugging Face keeps them). `threads` 0: as many as there are processors. `window_ms` is what is lost at most when the
    work is interrupted; `max_ms` what is heard at most, whatever the file announces. `memory_bytes` limits the child's
    address space.
    """

    model: str = "small"
    compute_type: str = "int8"
    threads: int = 0
    beam_size: int = 5
    window_ms: int = 300_000
    max_ms: int = 12 * 3_600_000
    download: bool = False
    cache_dir: str = ""
    memory_bytes: int | None = None


@dataclass(frozen=True, kw_only=True)
class ProgressEvent:
    """The recording is heard up to `ms`."""

    ms: int


@dataclass(frozen=True, kw_only=True)
class WarningEvent:
    """Something that the reader of the transcript should know."""

    warning: str


@dataclass(frozen=True, kw_only=True)
class EndEvent:
    """All was heard; the sound ends at `ms`."""

    ms: int


TranscriptionEvent = ProgressEvent | WarningEvent | Window | EndEvent


class TranscribeWindows(Protocol):
    """Hears a file, on this machine or another.

    Yields each window when it is finished, in between how far it is, and Ended last. Raises MediaUnreadable,
    TranscriberMissing, TranscriberBroken, and within a second what `checkpoint` raises. Nothing runs on when the
    generator is closed.
    """

    def __call__(
        self, task: TranscriptionTask, *, checkpoint: Callable[[], None]
    ) -> Generator[TranscriptionEvent, None, None]: ...


@dataclass(frozen=True, kw_only=True)
class ChildProcessTranscription:
    """Hears in a child process on this machine."""

    settings: WhisperSettings

    def __call__(
        self, task: TranscriptionTask, *, checkpoint: Callable[[], None]
    ) -> Generator[TranscriptionEvent, None, None]:
        limits = runner.ProcessLimits(memory_bytes=self.settings.memory_bytes)
        try:
            for line in runner.read_messages(
                CHILD, asdict(task), limits=limits, checkpoint=checkpoint, environment=self._build_environment(task)
            ):
                yield _parse_event(line)
        except runner.ChildFailed as error:
            raise TranscriberBroken(f"Whisper did not come to an end: {error}.") from error

    def _build_environment(self, task: TranscriptionTask) -> Mapping[str, str]:
        home = self.settings.cache_dir or os.environ.get("HF_HOME") or str(Path.home() / ".cache" / "huggingface")
        given = {"HF_HOME": home, "HF_HUB_DISABLE_TELEMETRY": "1", "OMP_NUM_THREADS": str(task.threads)}
        if task.download:
            return given | {name: os.environ[name] for name in PASSED_VARIABLES if name in os.environ}
        return given | {"HF_HUB_OFFLINE": "1"}


@dataclass(frozen=True, kw_only=True)
class WhisperVideoProcessor:
    """Transcribes the recording's track of speech with Whisper; see `llm.video.ports.Transcriber`.

    The transcript has no segments when nothing is said. `transcribe_windows` does the hearing: None is a child process
    on this machine.
    """

    settings: WhisperSettings = field(default_factory=WhisperSettings)
    transcribe_windows: TranscribeWindows | None = None

    def transcribe(
        self, recording: Recording, options: TranscriptionOptions, context: TranscriptionContext
    ) -> Transcript:
        """Return the transcript, beginning after the windows that the desk has.

        Raises MediaUnreadable, TranscriberMissing, TranscriberBroken, and what the desk's checkpoint raises.
        """
        track = recording.media.speech_track
        if track is None:
            raise MediaUnreadable(
                "The recording has no track of sound.",
                code="no_speech_track",
                next_step="Export it with its sound, or upload captions (.vtt or .srt) beside it.",
            )
        cache_key = self._build_cache_key(track, options)
        done = list(context.list_finished_windows(cache_key))
        hearing = _TranscriptionRun(
            context=context, cache_key=cache_key, total_ms=recording.media.duration_ms, windows=done
        )
        hear = self.transcribe_windows or ChildProcessTranscription(settings=self.settings)
        with recording.local_copy() as path:
            work = self._build_task(path, track, options, done)
            with closing(hear(work, checkpoint=context.checkpoint)) as told:
                hearing.consume_events(told)
        return hearing.build_transcript(options)

    def _build_cache_key(self, track: AudioTrack, options: TranscriptionOptions) -> str:
        settings = self.settings
        parts = {
            "engine": [
                "faster-whisper",
                _get_package_version("faster-whisper"),
                _get_package_version("ctranslate2"),
                PIPELINE_VERSION,
            ],
            "model": build_model_identity(settings.model),
            "compute_type": settings.compute_type,
            "beam_size": settings.beam_size,
            "window_ms": settings.window_ms,
            "track": track.index,
            "language": options.language,
            "hot_words": options.hot_words,
        }
        return "whisper-" + hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:32]

    def _build_task(
        self, path: Path, track: AudioTrack, options: TranscriptionOptions, done: Sequence[Window]
    ) -> TranscriptionTask:
        settings = self.settings
        folder = get_model_folder(settings.model)
        return TranscriptionTask(
            path=str(path),
            track=track.index,
            max_ms=settings.max_ms,
            model=settings.model if folder is None else str(folder.absolute()),
            compute_type=settings.compute_type,
            threads=settings.threads or _count_processors(),
            beam_size=settings.beam_size,
            window_ms=settings.window_ms,
            download=settings.download,
            language=options.language,
            hot_words=options.hot_words,
            first_index=len(done),
            start_ms=done[-1].end_ms if done else 0,
            found_language=done[-1].language if done else "",
        )


@dataclass(kw_only=True)
class _TranscriptionRun:
    """What was told so far of one recording, and how far that is."""

    context: TranscriptionContext
    cache_key: str
    total_ms: int
    windows: list[Window]
    warnings: list[str] = field(default_factory=list)
    done_ms: int = 0

    def consume_events(self, events: Iterator[TranscriptionEvent]) -> None:
        """Take in what is told until the end, keep windows and tell the desk how far it is."""
        self._advance_to(self.windows[-1].end_ms if self.windows else 0)
        for each in events:
            match each:
                case ProgressEvent(ms=ms):
                    self._advance_to(ms)
                case WarningEvent(warning=warning):
                    self.warnings.append(warning)
                case Window():
                    self.context.save_window(self.cache_key, each)
                    self.windows.append(each)
                    self._advance_to(each.end_ms)
                case EndEvent(ms=ms):
                    self.total_ms = max(self.total_ms, ms)
                    self._advance_to(self.total_ms)
                    return
        raise TranscriberBroken("Whisper stopped before the end of the recording and did not say why.")

    def _advance_to(self, ms: int) -> None:
        self.done_ms = max(self.done_ms, min(ms, self.total_ms))
        self.context.report_progress(self.done_ms, self.total_ms)

    def build_transcript(self, options: TranscriptionOptions) -> Transcript:
        """Return all that was said, without what Whisper only repeated."""
        segments, cut = remove_loops(segment for window in self.windows for segment in window.segments)
        warnings = list(self.warnings)
        if cut:
            warnings.append(f"{cut} segments repeated the ones before them again and again and were cut.")
        found = self.windows[-1].language if self.windows else ""
        return Transcript(
            language=options.language if found and is_same_language(options.language, found) else found,
            duration_ms=self.total_ms,
            segments=segments,
            warnings=tuple(warnings),
        )


def _parse_event(line: Mapping[str, Any]) -> TranscriptionEvent:
    """Return what a line of the child tells. Raises the error that it tells of."""
    match line:
        case {"heard_ms": ms}:
            return ProgressEvent(ms=ms)
        case {"window": window}:
            return Window(**{**window, "segments": tuple(Segment(**segment) for segment in window["segments"])})
        case {"warning": warning}:
            return WarningEvent(warning=warning)
        case {"end_ms": ms}:
            return EndEvent(ms=ms)
        case {"refused": {"error": name, "message": message, "code": code, "next_step": next_step}}:
            raise _REFUSALS[name](message, code=code, next_step=next_step)
    raise TranscriberBroken(f"Whisper told something that is not understood ({str(line)[:200]}).")


_REFUSALS: Mapping[str, type[DomainError]] = {error.__name__: error for error in (MediaUnreadable, TranscriberMissing)}


def _count_processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _get_package_version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""
