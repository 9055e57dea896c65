"""The transcriber of sandboxes: a transcript from the length of the recording alone, the same for the same length."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from llm.messages import Clip, ModelRequest
from llm.router.router import ModelRouter
from llm.video.gemini import ACTION, TranscribedClip, TranscribedLine
from llm.video.ports import Recording, TranscriptionContext, TranscriptionOptions
from llm.video.transcript import Segment, Transcript, Window

# As long as two spoken sentences are.
SEGMENT_MS = 10_000
# As long as the windows of a real transcription, so that progress comes in steps like there.
WINDOW_MS = 600_000
LANGUAGE = "en"
WARNING = "Nobody said this: in the sandbox a transcript is made of the length of the recording."
_CACHE_KEY = "sandbox-1"

_SENTENCES = (
    "A map is a flat picture of a round world, so every map distorts something.",
    "A projection is the rule by which places on the globe become places on the map.",
    "The Mercator projection keeps angles and makes lands near the poles too large.",
    "An equal-area projection keeps sizes and bends the shapes of the lands.",
    "The scale of a map is the ratio of a distance on it to the same distance outside.",
    "A legend explains what the colours and signs of a map mean.",
)


@dataclass(frozen=True, kw_only=True)
class SandboxTranscriber:
    """A `Transcriber` that hears nothing. With a router its windows are asked of it, so that they are in the costs."""

    router: ModelRouter | None = None

    def transcribe(
        self, recording: Recording, options: TranscriptionOptions, context: TranscriptionContext
    ) -> Transcript:
        """Return the transcript. Raises what the router and the checkpoint of `context` raise."""
        length = max(1, recording.media.duration_ms)
        windows = list(context.list_finished_windows(_CACHE_KEY))
        for index, start in list(enumerate(range(0, length, WINDOW_MS)))[len(windows) :]:
            context.checkpoint()
            end = min(length, start + WINDOW_MS)
            if self.router is not None:
                _ask_router(self.router, recording, context, start, end)
            segments = tuple(_write_segments(start, end))
            window = Window(index=index, start_ms=start, end_ms=end, language=LANGUAGE, segments=segments)
            context.save_window(_CACHE_KEY, window)
            windows.append(window)
            context.report_progress(end, length)
        return Transcript(
            language=LANGUAGE,
            duration_ms=recording.media.duration_ms,
            segments=tuple(segment for window in windows for segment in window.segments),
            warnings=(WARNING,),
        )


def answer_clip(request: ModelRequest) -> TranscribedClip:
    """Return what a model of a sandbox says of a clip."""
    (clip,) = request.clips
    start, end = clip.start_ms or 0, clip.end_ms or 0
    return TranscribedClip(
        language=LANGUAGE,
        segments=[
            TranscribedLine(
                start=_format_clock(segment.start_ms - start),
                end=_format_clock(segment.end_ms - start),
                text=segment.text,
                speaker="",
                seen="",
            )
            for segment in _write_segments(start, end)
        ],
    )


def _ask_router(
    router: ModelRouter, recording: Recording, context: TranscriptionContext, start_ms: int, end_ms: int
) -> None:
    """Ask for a window as for one of a recording that was uploaded. The answer says what `_write_segments` says."""
    clip = Clip(uri=f"sandbox:{recording.id}", media_type=recording.media_type, start_ms=start_ms, end_ms=end_ms)
    router.complete_object(
        ACTION,
        ModelRequest(prompt="Transcribe this clip.", clips=(clip,)),
        TranscribedClip,
        tenant=context.tenant,
        job=context.job,
        checkpoint=context.checkpoint,
    )


def _write_segments(start_ms: int, end_ms: int) -> Iterator[Segment]:
    for begin in range(start_ms, end_ms, SEGMENT_MS):
        sentence = _SENTENCES[begin // SEGMENT_MS % len(_SENTENCES)]
        yield Segment(start_ms=begin, end_ms=min(end_ms, begin + SEGMENT_MS), text=sentence)


def _format_clock(milliseconds: int) -> str:
    minutes, seconds = divmod(milliseconds // 1000, 60)
    return f"{minutes:02}:{seconds:02}"
