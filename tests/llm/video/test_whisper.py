"""Whisper on this machine: the real library in its child process, with a model that knows the lecture."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import psutil
import pytest

from llm.video import whisper, whisper_engine
from llm.video.errors import MediaUnreadable, TranscriberBroken
from llm.video.ports import Recording, TranscriptionOptions
from llm.video.transcript import AudioTrack, Transcript
from llm.video.whisper import WhisperSettings, WhisperVideoProcessor
from project.processes.runner import ChildKilled
from tests.llm.video.recordings import (
    LECTURE,
    NANO,
    ListTranscriptionContext,
    lecture,
    recording,
    silence,
    sound_file,
    truth,
)

SETTINGS = WhisperSettings(model=str(NANO), threads=1, beam_size=1)
TRACK = (AudioTrack(index=0),)


class Stopped(Exception):
    pass


def transcribe(
    given: Recording | None = None,
    *,
    context: ListTranscriptionContext | None = None,
    wish: TranscriptionOptions | None = None,
    window_ms: int = 300_000,
    max_ms: int = 3_600_000,
) -> Transcript:
    processor = WhisperVideoProcessor(settings=replace(SETTINGS, window_ms=window_ms, max_ms=max_ms))
    return processor.transcribe(
        given or recording(LECTURE), wish or TranscriptionOptions(), context or ListTranscriptionContext()
    )


def words(text: str) -> list[str]:
    return [word.strip(".,!?").casefold() for word in text.split()]


def error_rate(said: list[str], heard: list[str]) -> float:
    """Return how many words are wrong, missing or too many, of those that were said."""
    row = list(range(len(heard) + 1))
    for number, word in enumerate(said, 1):
        before, row[0] = row[0], number
        for at, other in enumerate(heard, 1):
            before, row[at] = row[at], min(row[at] + 1, row[at - 1] + 1, before + (word != other))
    return row[-1] / len(said)


def spoken(transcript: Transcript) -> list[str]:
    return words(" ".join(segment.text for segment in transcript.segments))


@pytest.fixture(scope="module")
def whole() -> tuple[Transcript, ListTranscriptionContext]:
    context = ListTranscriptionContext()
    return transcribe(context=context), context


@pytest.fixture(scope="module")
def in_windows() -> tuple[Transcript, ListTranscriptionContext]:
    context = ListTranscriptionContext()
    return transcribe(context=context, window_ms=30_000), context


@pytest.fixture(scope="module")
def beginning() -> tuple[Transcript, ListTranscriptionContext]:
    context = ListTranscriptionContext()
    return transcribe(context=context, max_ms=15_000), context


def test_it_hears_what_is_said_when_it_is_said(whole: tuple[Transcript, ListTranscriptionContext]) -> None:
    transcript, _ = whole
    sentences = truth()["segments"]

    assert error_rate(words(truth()["text"]), spoken(transcript)) < 0.15
    assert len(transcript.segments) == len(sentences) == 24
    for segment, sentence in zip(transcript.segments, sentences, strict=True):
        assert segment.start_ms == pytest.approx(sentence["start"] * 1000, abs=1000)
        assert segment.end_ms == pytest.approx(sentence["end"] * 1000, abs=1000)


def test_it_tells_the_language_and_the_length(whole: tuple[Transcript, ListTranscriptionContext]) -> None:
    transcript, _ = whole

    assert transcript.language == "en"
    assert transcript.duration_ms == 94_400
    assert transcript.warnings == ()


def test_it_tells_how_far_it_is_and_ends_at_the_total(whole: tuple[Transcript, ListTranscriptionContext]) -> None:
    _, context = whole

    assert [done for done, _ in context.told] == sorted(done for done, _ in context.told)
    assert len(context.told) > 24
    assert context.told[-1] == (94_400, 94_400)


def test_it_hears_the_same_in_small_windows(
    whole: tuple[Transcript, ListTranscriptionContext], in_windows: tuple[Transcript, ListTranscriptionContext]
) -> None:
    transcript, _ = whole
    found, context = in_windows

    assert spoken(found) == spoken(transcript)
    assert len(context.kept) >= 4
    assert all(window.end_ms - window.start_ms <= 30_000 for window in context.kept)
    assert [window.index for window in context.kept] == list(range(len(context.kept)))
    assert all(one.end_ms == other.start_ms for one, other in pairwise(context.kept))
    for one, other in zip(found.segments, transcript.segments, strict=True):
        assert one.start_ms == pytest.approx(other.start_ms, abs=500)


def test_it_hears_the_same_in_stretches_that_are_decoded_at_once(
    whole: tuple[Transcript, ListTranscriptionContext],
) -> None:
    transcript, _ = whole
    context = ListTranscriptionContext()
    processor = WhisperVideoProcessor(settings=replace(SETTINGS, batch_size=4))

    found = processor.transcribe(recording(LECTURE), TranscriptionOptions(), context)

    assert error_rate(spoken(transcript), spoken(found)) < 0.05
    assert len(found.segments) == len(transcript.segments)
    for one, other in zip(found.segments, transcript.segments, strict=True):
        assert one.start_ms == pytest.approx(other.start_ms, abs=500)
    assert context.told[-1] == (94_400, 94_400)


def test_it_goes_on_after_the_windows_that_are_done(in_windows: tuple[Transcript, ListTranscriptionContext]) -> None:
    expected, first = in_windows
    [(cache_key, windows)] = first.windows.items()
    again = ListTranscriptionContext(windows={cache_key: windows[:3]})

    found = transcribe(context=again, window_ms=30_000)

    assert found == expected
    assert again.windows == first.windows
    assert again.told[0][0] == windows[2].end_ms


@pytest.mark.usefixtures("childless")
def test_it_hears_the_same_again_where_the_model_draws_lots(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(whisper_engine, "TEMPERATURES", (0.8,))
    first = ListTranscriptionContext()
    transcribe(context=first, window_ms=5000, max_ms=12_000)
    [(cache_key, windows)] = first.windows.items()
    again = ListTranscriptionContext(windows={cache_key: windows[:1]})

    transcribe(context=again, window_ms=5000, max_ms=12_000)

    assert len(windows) >= 3
    assert again.kept == windows


def test_it_begins_anew_under_another_wish(beginning: tuple[Transcript, ListTranscriptionContext]) -> None:
    _, first = beginning
    context = ListTranscriptionContext(windows=dict(first.windows))

    found = transcribe(context=context, wish=TranscriptionOptions(language="en-GB"), max_ms=15_000)

    assert len(context.windows) == 2
    assert found.language == "en-GB"


def test_it_finds_out_a_language_that_it_does_not_know() -> None:
    found = transcribe(wish=TranscriptionOptions(language="tlh"), max_ms=5000)

    assert found.language == "en"
    assert "tlh" in found.warnings[0]


def test_it_hears_the_same_whatever_words_are_likely() -> None:
    """Words before the sound led this model astray: with these, two words of three were wrong."""
    without, with_words = ListTranscriptionContext(), ListTranscriptionContext()
    transcribe(context=without, max_ms=30_000)

    transcribe(
        context=with_words,
        wish=TranscriptionOptions(vocabulary=("variables", "loops", "functions")),
        max_ms=30_000,
    )

    assert with_words.windows == without.windows
    assert with_words.kept[0].segments


def test_it_hears_nothing_in_silence(tmp_path: Path) -> None:
    path = sound_file(tmp_path / "silent.wav", [(0, silence(20_000))])
    context = ListTranscriptionContext()

    found = transcribe(recording(path, duration_ms=20_000, tracks=TRACK), context=context)

    assert (found.segments, found.language, found.warnings) == ((), "", ())
    assert [(window.start_ms, window.end_ms) for window in context.kept] == [(0, 20_000)]


def test_it_hears_the_track_that_is_marked(tmp_path: Path) -> None:
    path = sound_file(tmp_path / "two.mkv", [(0, silence(35_000))], [(5000, lecture()[: 30 * 16_000])])
    tracks = [AudioTrack(index=0), AudioTrack(index=1, is_default=True)]

    found = transcribe(recording(path, duration_ms=35_000, tracks=tracks))

    assert found.segments[0].start_ms == pytest.approx(6000, abs=1000)
    assert len(found.segments) == 8


def test_it_warns_of_a_file_that_was_cut_off(tmp_path: Path) -> None:
    path = sound_file(tmp_path / "cut.mkv", [(0, lecture()[: 40 * 16_000])])
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])

    found = transcribe(recording(path, duration_ms=40_000, tracks=TRACK))

    assert len(found.segments) >= 4
    assert len(found.warnings) == 1
    assert "cut off" in found.warnings[0]


def test_it_hears_no_more_than_is_allowed(beginning: tuple[Transcript, ListTranscriptionContext]) -> None:
    found, context = beginning

    assert found.segments[-1].end_ms <= 15_000
    assert context.kept[-1].end_ms == 15_000
    assert "longer than is allowed" in found.warnings[0]


def test_it_refuses_what_is_no_recording(tmp_path: Path) -> None:
    path = tmp_path / "lesson.mp4"
    path.write_bytes(b"This is a text.\n" * 100)

    with pytest.raises(MediaUnreadable) as caught:
        transcribe(recording(path))

    assert caught.value.code == "damaged"
    assert caught.value.next_step


def test_it_refuses_a_recording_without_sound() -> None:
    with pytest.raises(MediaUnreadable) as caught:
        transcribe(recording(LECTURE, tracks=()))

    assert caught.value.code == "no_speech_track"


def test_it_ends_the_child_when_it_is_told_to_stop(tmp_path: Path) -> None:
    path = sound_file(tmp_path / "long.wav", [(95_000 * number, lecture()) for number in range(12)])

    def checkpoint() -> None:
        if (children := whisper_children()) and children[0].cpu_times().user > 1.5:
            children[0].suspend()  # it comes to no end of its own any more
            raise Stopped

    with pytest.raises(Stopped):
        transcribe(
            recording(path, duration_ms=1_140_000, tracks=TRACK),
            context=ListTranscriptionContext(checkpoint=checkpoint),
        )

    assert whisper_children() == []


def test_a_child_that_is_killed_is_no_fault_of_the_recording_or_the_model() -> None:
    with pytest.raises(ChildKilled), once(whisper_children, kill):
        transcribe()


def test_a_fault_of_the_engine_is_not_taken_for_a_lack_of_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    # A child that raises a KeyError for this task.
    monkeypatch.setattr(whisper, "CHILD", "tests.processes.child_at_work")

    with pytest.raises(TranscriberBroken) as caught:
        transcribe()

    assert "KeyError" in str(caught.value)
    assert "memory" not in caught.value.next_step
    assert "captions" in caught.value.next_step


def whisper_children() -> list[psutil.Process]:
    """Return the children of this process that transcribe."""
    found = []
    for child in psutil.Process().children():
        try:
            if "llm.video.children.whisper" in child.cmdline():
                found.append(child)
        except psutil.NoSuchProcess:
            continue
    return found


def kill(children: list[psutil.Process]) -> None:
    os.kill(children[0].pid, signal.SIGKILL)


class once:  # noqa: N801  # reads as a word
    """While in it, looks for something and does a deed with what is found, once."""

    def __init__(self, look: Callable[[], list[psutil.Process]], deed: Callable[[list[psutil.Process]], None]) -> None:
        self._look, self._deed = look, deed
        self._is_over = threading.Event()
        self._watcher = threading.Thread(target=self._watch)

    def __enter__(self) -> None:
        self._watcher.start()

    def __exit__(self, *exc: object) -> None:
        self._is_over.set()
        self._watcher.join()

    def _watch(self) -> None:
        while not self._is_over.wait(0.05):
            if found := self._look():
                self._deed(found)
                return
