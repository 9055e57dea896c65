"""`WhisperVideoProcessor`: transcribes on this machine, in a child process, and resumes after interruptions."""

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

from llm.sandbox.guard import refuse_sandbox
from llm.video.errors import MediaUnreadable, TranscriberBroken, TranscriberMissing
from llm.video.ports import Recording, TranscriptionContext, TranscriptionOptions
from llm.video.repetition import remove_loops
from llm.video.transcript import AudioTrack, Transcript, Window, parse_segment
from llm.video.whisper_devices import Device
from llm.video.whisper_models import build_model_identity, get_model_folder, is_same_language
from llm.video.whisper_task import TranscriptionTask
from project.errors import DomainError, shorten_message
from project.processes import runner
from project.processes.confinement import Sockets

CHILD = "llm.video.children.whisper"
# To be raised when this code transcribes the same recording differently: a part of the cache key, so that windows which
# were stored before are not mixed with new ones.
PIPELINE_VERSION = 4
BROKEN_NEXT_STEP = (
    "This is a fault of the program or of the model in WHISPER_MODEL, not of the recording. Try another model, or "
    "upload captions (.vtt or .srt) beside the recording."
)
# What a child that may use a GPU needs of it: where CUDA's libraries are, and which GPU is meant.
DEVICE_VARIABLES = ("LD_LIBRARY_PATH", "CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER")
# What a child that downloads a model needs of the worker's environment: how to reach Hugging Face. Nothing else is
# passed on, so that libraries of models see no key of a provider.
DOWNLOAD_VARIABLES: tuple[str, ...] = (
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


@dataclass(frozen=True, kw_only=True)
class WhisperSettings:
    """How Whisper transcribes.

    `model` is a folder, or the name of a model that is in `cache_dir` (blank: Hugging Face's default) or, with
    `download`, is downloaded there. `device` is a value of `whisper_devices.Device`. `threads` 0: as many as there are
    processors. `batch_size` above 1: so many stretches of half a minute are decoded at once, which needs memory for
    each. `max_ms` is how much is transcribed at most, whatever the file states. `memory_bytes` limits the child's
    address space.
    """

    model: str = "small"
    device: str = Device.AUTO
    compute_type: str = "int8"
    threads: int = 0
    # The default of faster-whisper and of OpenAI's command.
    beam_size: int = 5
    batch_size: int = 1
    # What an interruption loses at most. Shorter ones cost more: the last half minute of each is padded.
    window_ms: int = 300_000
    # Longer than any lecture, so that it bounds damaged files; the factory passes MEDIA_MAX_MINUTES instead.
    max_ms: int = 12 * 3_600_000
    download: bool = False
    cache_dir: str = ""
    memory_bytes: int | None = None


@dataclass(frozen=True, kw_only=True)
class ProgressEvent:
    """The recording is transcribed up to `ms`."""

    ms: int


@dataclass(frozen=True, kw_only=True)
class WarningEvent:
    """A sentence that readers of the transcript should know."""

    warning: str


@dataclass(frozen=True, kw_only=True)
class EndEvent:
    """The transcription is complete; the audio ends at `ms`."""

    ms: int


TranscriptionEvent = ProgressEvent | WarningEvent | Window | EndEvent


class TranscribeWindows(Protocol):
    """Transcribes a file, on this machine or another.

    Yields each Window when it is finished, ProgressEvents in between, and an EndEvent last. Raises MediaUnreadable,
    TranscriberMissing, TranscriberBroken, and within a second what `checkpoint` raises. Closing the generator stops the
    transcription.
    """

    def __call__(
        self, task: TranscriptionTask, *, checkpoint: Callable[[], None]
    ) -> Generator[TranscriptionEvent, None, None]: ...


@dataclass(frozen=True, kw_only=True)
class ChildProcessTranscription:
    """Transcribes in a child process on this machine."""

    settings: WhisperSettings

    def __call__(
        self, task: TranscriptionTask, *, checkpoint: Callable[[], None]
    ) -> Generator[TranscriptionEvent, None, None]:
        limits = runner.ProcessLimits(memory_bytes=self.settings.memory_bytes)
        try:
            for line in runner.read_messages(
                CHILD,
                asdict(task),
                limits=limits,
                checkpoint=checkpoint,
                environment=self._build_environment(task),
                # For models that are fetched; drivers of GPUs talk to their own services.
                sockets=Sockets.ALL if task.download else Sockets.LOCAL,
            ):
                yield _parse_event(line)
        except runner.ChildFailed as error:
            raise _build_broken_error(error) from error

    def _build_environment(self, task: TranscriptionTask) -> Mapping[str, str]:
        # The child's HOME is a folder of its own, so that the model cache has to be named. The task limits the threads
        # of CTranslate2; OpenMP by itself would take all processors.
        home = self.settings.cache_dir or os.environ.get("HF_HOME") or str(Path.home() / ".cache" / "huggingface")
        given = {"HF_HOME": home, "HF_HUB_DISABLE_TELEMETRY": "1", "OMP_NUM_THREADS": str(task.threads)}
        # Libraries respect proxies, certificates and folders of the environment only.
        passed = DOWNLOAD_VARIABLES if task.download else ()
        if task.device != Device.CPU:
            passed += DEVICE_VARIABLES
        given |= {name: os.environ[name] for name in passed if name in os.environ}
        return given if task.download else given | {"HF_HUB_OFFLINE": "1"}


@dataclass(frozen=True, kw_only=True)
class WhisperVideoProcessor:
    """Transcribes the recording's speech track with Whisper; see `llm.video.ports.Transcriber`.

    The transcript has no segments when nothing is said. `transcribe_windows` None stands for a child process on this
    machine.
    """

    settings: WhisperSettings = field(default_factory=WhisperSettings)
    transcribe_windows: TranscribeWindows | None = None

    def transcribe(
        self, recording: Recording, options: TranscriptionOptions, context: TranscriptionContext
    ) -> Transcript:
        """Return the transcript, beginning after the windows that `context` has stored.

        Raises MediaUnreadable, TranscriberMissing, TranscriberBroken, and what the checkpoint of `context` raises.
        """
        refuse_sandbox(context.tenant)
        track = recording.media.speech_track
        if track is None:
            raise MediaUnreadable(
                "The recording has no track of sound.",
                code="no_speech_track",
                next_step="Export it with its sound, or upload captions (.vtt or .srt) beside it.",
            )
        cache_key = self._build_cache_key(track, options)
        done = list(context.list_finished_windows(cache_key))
        transcription = _TranscriptionRun(
            context=context, cache_key=cache_key, total_ms=recording.media.duration_ms, windows=done
        )
        transcribe = self.transcribe_windows or ChildProcessTranscription(settings=self.settings)
        with recording.local_copy() as path:
            task = self._build_task(path, track, options, done)
            with closing(transcribe(task, checkpoint=context.checkpoint)) as events:
                transcription.consume_events(events)
        return transcription.build_transcript(options)

    def _build_cache_key(self, track: AudioTrack, options: TranscriptionOptions) -> str:
        # Threads, memory and the download are left out: they do not change what is transcribed. The device is, too: it
        # rounds as another processor would. How many stretches are decoded at once matters only as far as they are.
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
            "batched": settings.batch_size > 1,
            "window_ms": settings.window_ms,
            "track": track.index,
            "language": options.language,
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
            device=settings.device,
            compute_type=settings.compute_type,
            threads=settings.threads or _count_processors(),
            beam_size=settings.beam_size,
            batch_size=settings.batch_size,
            window_ms=settings.window_ms,
            download=settings.download,
            language=options.language,
            first_index=len(done),
            start_ms=done[-1].end_ms if done else 0,
            # The language is detected once: windows of one recording must not disagree about it.
            found_language=done[-1].language if done else "",
        )


@dataclass(kw_only=True)
class _TranscriptionRun:
    """The state of one transcription: its windows, warnings and progress so far."""

    context: TranscriptionContext
    cache_key: str
    total_ms: int
    windows: list[Window]
    warnings: list[str] = field(default_factory=list)
    done_ms: int = 0

    def consume_events(self, events: Iterator[TranscriptionEvent]) -> None:
        """Store windows and report progress until the EndEvent. Raises TranscriberBroken when it does not come."""
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
                    # The audio may be longer than the container stated.
                    self.total_ms = max(self.total_ms, ms)
                    self._advance_to(self.total_ms)
                    return
        raise TranscriberBroken("Whisper stopped before the end of the recording and did not say why.")

    def _advance_to(self, ms: int) -> None:
        self.done_ms = max(self.done_ms, min(ms, self.total_ms))
        self.context.report_progress(self.done_ms, self.total_ms)

    def build_transcript(self, options: TranscriptionOptions) -> Transcript:
        """Return the transcript of all windows without loops."""
        segments, cut = remove_loops(segment for window in self.windows for segment in window.segments)
        warnings = list(self.warnings)
        if cut:
            warnings.append(f"{cut} segments repeated the ones before them again and again and were cut.")
        found = self.windows[-1].language if self.windows else ""
        # The caller's tag says more than Whisper's code, such as a region, unless Whisper used another language.
        return Transcript(
            language=options.language if found and is_same_language(options.language, found) else found,
            duration_ms=self.total_ms,
            segments=segments,
            warnings=tuple(warnings),
        )


def _build_broken_error(error: runner.ChildFailed) -> TranscriberBroken:
    message = f"Whisper did not come to an end: {error}."
    # An exception of the engine: more memory or a smaller model would change nothing. CTranslate2 says by one, too,
    # that the memory of a GPU is used up.
    if error.code == "broke" and "out of memory" not in str(error).lower():
        return TranscriberBroken(message, next_step=BROKEN_NEXT_STEP)
    return TranscriberBroken(message)


def _parse_event(line: Mapping[str, Any]) -> TranscriptionEvent:
    """Return the event of a child's message. Raises the error that the message describes."""
    match line:
        case {"heard_ms": ms}:
            return ProgressEvent(ms=ms)
        case {"window": window}:
            return Window(**{**window, "segments": tuple(map(parse_segment, window["segments"]))})
        case {"warning": warning}:
            return WarningEvent(warning=warning)
        case {"end_ms": ms}:
            return EndEvent(ms=ms)
        case {"refused": {"error": name, "message": message, "code": code, "next_step": next_step}}:
            raise _REFUSALS[name](message, code=code, next_step=next_step)
    raise TranscriberBroken(f"Whisper sent something that is not understood ({shorten_message(str(line), limit=200)}).")


# Only these two: a child must not choose which class of the parent is raised.
_REFUSALS: Mapping[str, type[DomainError]] = {error.__name__: error for error in (MediaUnreadable, TranscriberMissing)}


def _count_processors() -> int:
    # The affinity first: `cpu_count` counts processors that a container may not use.
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _get_package_version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""
