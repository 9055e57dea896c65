from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from llm.errors import BudgetExceeded
from llm.video.errors import MediaUnreadable, TranscriberMissing, TranscriptRefused
from llm.video.ports import Recording, TranscriptionContext, TranscriptionOptions
from llm.video.processor import GeminiLimits, TranscriptionOutcome, TranscriptSource, VideoProcessor
from llm.video.transcript import AudioTrack, MediaInfo, Segment, SubtitleTrack, Transcript
from project.errors import DomainError
from project.jobs.errors import JobCancelled
from project.processes.runner import ChildKilled

MINUTE = 60_000
MEDIA = MediaInfo(container="mp4", duration_ms=10 * MINUTE, has_video=True, audio=(AudioTrack(index=1),))
WISH = TranscriptionOptions(language="en")
MISSING = TranscriberMissing("Whisper is not installed.", next_step="uv sync --extra media")


def said(text: str) -> Transcript:
    return Transcript(language="en", duration_ms=10 * MINUTE, segments=(Segment(start_ms=0, end_ms=1000, text=text),))


@dataclass
class Ear:
    """Answers with a transcript or a failure, and remembers that it was asked."""

    answer: Transcript | BaseException
    asked: list[Recording] = field(default_factory=list)

    def transcribe(self, recording: Recording, wish: TranscriptionOptions, context: TranscriptionContext) -> Transcript:
        self.asked.append(recording)
        if isinstance(self.answer, BaseException):
            raise self.answer
        return self.answer


@dataclass
class Stage:
    """A processor whose parts answer as the test says."""

    gemini: Ear | None = field(default_factory=lambda: Ear(said("by Gemini")))
    whisper: Ear = field(default_factory=lambda: Ear(said("by Whisper")))
    inside: Transcript | None = None

    def transcribe(
        self,
        media: MediaInfo = MEDIA,
        *,
        size: int = 1_000_000,
        beside: Transcript | None = None,
        captions: bool = True,
    ) -> TranscriptionOutcome:
        recording = Recording(
            id="talk", media=media, size_bytes=size, media_type="video/mp4", open=BytesIO,
            local_copy=lambda: nullcontext(Path("talk.mp4")),
        )  # fmt: skip
        processor = VideoProcessor(
            gemini=self.gemini,
            whisper=self.whisper,
            limits=GeminiLimits(most_ms=20 * MINUTE, most_bytes=50_000_000),
            read_embedded=self._read_embedded,
        )
        context: Any = _Context()
        return processor.transcribe(recording, WISH, context, sidecar_captions=beside, use_captions=captions)

    def _read_embedded(
        self, path: Path, media: MediaInfo, *, language: str, checkpoint: Callable[[], None]
    ) -> Transcript | None:
        assert (path, language) == (Path("talk.mp4"), "en")
        return self.inside


class _Context:
    def checkpoint(self) -> None:
        return


def test_captions_beside_it_are_used_and_nobody_is_asked() -> None:
    stage = Stage(inside=said("inside"))

    outcome = stage.transcribe(beside=said("beside"))

    assert (outcome.source, outcome.transcript.segments[0].text) == (TranscriptSource.SIDECAR_CAPTIONS, "beside")
    assert not stage.whisper.asked


def test_captions_inside_come_next() -> None:
    stage = Stage(inside=said("inside"))

    outcome = stage.transcribe(
        replace(MEDIA, subtitles=(SubtitleTrack(index=2),)), beside=replace(said(""), segments=())
    )

    assert (outcome.source, outcome.transcript.segments[0].text) == (TranscriptSource.EMBEDDED_CAPTIONS, "inside")


def test_captions_can_be_switched_off() -> None:
    stage = Stage(inside=said("inside"))

    outcome = stage.transcribe(
        replace(MEDIA, subtitles=(SubtitleTrack(index=2),)), beside=said("beside"), captions=False
    )

    assert outcome.source is TranscriptSource.GEMINI


def test_captions_make_sound_unnecessary_and_without_both_it_is_refused() -> None:
    silent = replace(MEDIA, audio=())

    assert Stage().transcribe(silent, beside=said("beside")).source is TranscriptSource.SIDECAR_CAPTIONS
    with pytest.raises(MediaUnreadable) as refused:
        Stage().transcribe(silent)
    assert refused.value.code == "no_sound_and_no_captions"


CHOICES = [
    ("short and small", 20 * MINUTE, 50_000_000, TranscriptSource.GEMINI, "within GEMINI_MAX_MINUTES=20"),
    ("long", 20 * MINUTE + 1, 1_000, TranscriptSource.WHISPER, "more than GEMINI_MAX_MINUTES=20"),
    ("large", MINUTE, 50_000_001, TranscriptSource.WHISPER, "more than GEMINI_MAX_BYTES=50MB"),
]


@pytest.mark.parametrize(("length", "size", "by", "reason"), [c[1:] for c in CHOICES], ids=[c[0] for c in CHOICES])
def test_length_and_size_decide(length: int, size: int, by: TranscriptSource, reason: str) -> None:
    outcome = Stage().transcribe(replace(MEDIA, duration_ms=length), size=size)

    assert outcome.source is by
    assert reason in outcome.reason


def test_without_gemini_whisper_is_asked_and_the_reason_says_so() -> None:
    outcome = Stage(gemini=None).transcribe()

    assert outcome.source is TranscriptSource.WHISPER
    assert "No provider that takes videos is configured" in outcome.reason


@pytest.mark.parametrize(
    "failure",
    [
        TranscriptRefused("The times go backwards."),
        BudgetExceeded("Nothing is left."),
        DomainError("busy", code="models_exhausted"),
    ],
    ids=lambda failure: failure.code,
)
def test_when_gemini_fails_whisper_is_asked_and_both_are_told(failure: DomainError) -> None:
    stage = Stage(gemini=Ear(failure))

    outcome = stage.transcribe()

    assert outcome.source is TranscriptSource.WHISPER
    assert str(failure) in outcome.reason


def test_a_long_recording_goes_to_gemini_when_whisper_is_not_installed() -> None:
    stage = Stage(whisper=Ear(MISSING))

    outcome = stage.transcribe(replace(MEDIA, duration_ms=200 * MINUTE))

    assert outcome.source is TranscriptSource.GEMINI
    assert "Whisper is not installed." in outcome.reason


def test_when_nobody_can_the_error_names_the_extra_and_why_the_first_failed() -> None:
    stage = Stage(gemini=Ear(TranscriptRefused("The times go backwards.")), whisper=Ear(MISSING))

    with pytest.raises(TranscriberMissing) as missing:
        stage.transcribe()

    assert "The times go backwards." in str(missing.value)
    assert "Whisper is not installed." in str(missing.value)
    assert missing.value.next_step == "uv sync --extra media"


def test_when_gemini_is_away_and_whisper_not_installed_gemini_is_waited_for() -> None:
    busy = DomainError("busy", code="models_exhausted")
    busy.max_outage_hours = 24

    with pytest.raises(DomainError) as away:
        Stage(gemini=Ear(busy), whisper=Ear(MISSING)).transcribe()

    assert (away.value.code, away.value.max_outage_hours) == ("models_exhausted", 24)
    assert "Whisper is not installed." in str(away.value)


def test_a_killed_child_stays_one_so_that_the_job_is_tried_again() -> None:
    killed = ChildKilled(is_memory_exhausted=False)
    stage = Stage(gemini=Ear(TranscriptRefused("The times go backwards.")), whisper=Ear(killed))

    with pytest.raises(ChildKilled):
        stage.transcribe()


@pytest.mark.parametrize("stop", [MediaUnreadable("broken", code="damaged"), JobCancelled("over")], ids=["file", "job"])
def test_what_the_other_could_not_mend_is_not_tried_again(stop: Exception) -> None:
    stage = Stage(gemini=Ear(stop))

    with pytest.raises(type(stop)):
        stage.transcribe()

    assert not stage.whisper.asked
