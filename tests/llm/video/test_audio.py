"""The sound of recordings as one line of samples, read from real files."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from llm.video.audio import RATE, AudioTrackReader, Samples, mix_channels, skip_samples, split_into_windows
from llm.video.errors import MediaUnreadable
from tests.llm.video.recordings import LECTURE, lecture, silence, sound_file, tone

HOUR_MS = 3_600_000


def read(path: Path, *, track: int = 0, max_ms: int = HOUR_MS) -> tuple[Samples, AudioTrackReader]:
    sound = AudioTrackReader(path=path, track=track, max_ms=max_ms)
    return np.concatenate(list(sound.read_samples())), sound


def loud_from(samples: Samples) -> int:
    """Return the millisecond of the first sample that can be heard."""
    return int(np.argmax(np.abs(samples.astype(np.int32)) > 1000)) * 1000 // RATE


def test_it_reads_the_lecture_to_its_end() -> None:
    samples, sound = read(LECTURE, track=1)

    assert sound.read_ms == 94_390
    assert sound.announced_ms == pytest.approx(sound.read_ms, abs=20)
    assert np.array_equal(samples, lecture())
    assert (sound.damaged_packets, sound.is_capped) == (0, False)


def test_it_puts_a_track_that_starts_later_where_it_belongs(tmp_path: Path) -> None:
    path = sound_file(tmp_path / "late.mkv", [(0, silence(4000))], [(1500, tone(1000))])

    samples, _ = read(path, track=1)

    assert loud_from(samples) == pytest.approx(1500, abs=5)
    assert samples.size == pytest.approx(2500 * 16, abs=200)


def test_it_begins_with_the_earliest_stream_when_that_is_before_zero(tmp_path: Path) -> None:
    options = {"avoid_negative_ts": "disabled"}
    path = sound_file(tmp_path / "early.mkv", [(-500, silence(2000))], [(250, tone(1000))], options=options)
    with av.open(str(path)) as container:
        assert (container.start_time or 0) < -400_000

    samples, _ = read(path, track=1)

    assert loud_from(samples) == pytest.approx(750, abs=40)


def test_it_fills_a_gap_with_silence(tmp_path: Path) -> None:
    path = sound_file(tmp_path / "gap.mkv", [(0, tone(1000)), (3000, tone(1000))])

    samples, sound = read(path)

    assert sound.read_ms == pytest.approx(4000, abs=10)
    assert not np.any(samples[1100 * 16 : 2900 * 16])
    assert loud_from(samples[2000 * 16 :]) == pytest.approx(1000, abs=10)


def test_it_does_not_fill_a_gap_beyond_the_cap(tmp_path: Path) -> None:
    path = sound_file(tmp_path / "gap.mkv", [(0, tone(1000)), (600_000, tone(1000))])

    samples, sound = read(path, max_ms=5000)

    assert samples.size == 5000 * 16
    assert sound.is_capped


def test_it_goes_on_when_the_clock_is_set_back(tmp_path: Path) -> None:
    first, second = (sound_file(tmp_path / f"{name}.ogg", [(0, tone(1000))], codec="libopus") for name in "ab")
    both = tmp_path / "both.ogg"
    both.write_bytes(first.read_bytes() + second.read_bytes())

    _, sound = read(both)

    assert sound.read_ms == pytest.approx(2000, abs=150)


def test_it_hears_no_more_than_the_cap_whatever_the_file_announces() -> None:
    samples, sound = read(LECTURE, track=1, max_ms=10_000)

    assert samples.size == 10_000 * 16
    assert (sound.read_ms, sound.is_capped) == (10_000, True)


def test_it_reads_what_is_there_of_a_file_that_was_cut_off(tmp_path: Path) -> None:
    path = sound_file(tmp_path / "whole.mkv", [(0, tone(8000))])
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])

    _, sound = read(path)

    assert sound.read_ms == pytest.approx(4000, abs=200)
    assert sound.announced_ms == pytest.approx(8000, abs=50)


def test_it_leaves_out_what_is_damaged(tmp_path: Path) -> None:
    path = sound_file(tmp_path / "hurt.mp3", [(0, tone(8000))], codec="mp3")
    data = bytearray(path.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 3000] = b"\x00" * 3000
    path.write_bytes(data)

    _, sound = read(path)

    assert 5000 < sound.read_ms <= 8200


@pytest.mark.parametrize("content", [b"", b"This is a text.\n" * 100, b"\x00\x00\x00\x18ftypmp42" + b"\x00" * 500])
def test_it_refuses_what_is_no_recording(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "lesson.mp4"
    path.write_bytes(content)

    with pytest.raises(MediaUnreadable) as caught:
        read(path)

    assert caught.value.code == "damaged"


def test_it_refuses_a_track_that_is_no_sound() -> None:
    with pytest.raises(MediaUnreadable) as caught:
        read(LECTURE, track=0)

    assert caught.value.code == "no_speech_track"


def test_windows_are_the_same_whether_what_is_before_was_read_or_skipped() -> None:
    blocks = [tone(700, hertz=pitch) for pitch in range(200, 1200, 100)]

    def cut(samples: Samples) -> int:
        return samples.size - 5000 + int(samples[7]) % 999

    whole = [window.copy() for window in split_into_windows(blocks, max_samples=32_000, find_cut=cut)]
    rest = [
        window.copy()
        for window in split_into_windows(skip_samples(blocks, whole[0].size), max_samples=32_000, find_cut=cut)
    ]

    assert np.array_equal(np.concatenate(whole), np.concatenate(blocks))
    assert len(whole) > 3
    assert all(window.size % 16 == 0 and window.size <= 32_000 for window in whole[:-1])
    assert all(np.array_equal(one, other) for one, other in zip(whole[1:], rest, strict=True))


@pytest.mark.parametrize("side", [1, -1, 0], ids=["in phase", "in opposite phase", "on one side"])
def test_two_channels_are_mixed_so_that_they_are_heard(side: int) -> None:
    voice = tone(500)

    mixed = mix_channels(np.stack([voice, (side * voice).astype(np.int16)], axis=1))

    assert int(np.abs(mixed).max()) >= 7_900
    assert mixed.dtype == np.int16
