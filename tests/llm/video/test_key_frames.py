from __future__ import annotations

import io
import math
import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageEnhance

from llm.video.errors import TranscriberBroken
from llm.video.key_frames import ExtractedKeyFrame, compute_dhash, compute_hash_distance, read_key_frames
from llm.video.probe import probe_file
from tests.llm.video.containers import Film, Sound, Track, media_file, slide
from tests.llm.video.recordings import LECTURE

HOUR = 3_600_000
ONE, TWO, THREE = slide("one"), slide("two"), slide("three", paper="navy", ink="white")
BLACK = Image.new("RGB", ONE.size, "black")
DECK = Film(shots=[(0, ONE), (20_000, TWO), (40_000, THREE)], ms=60_000, fps=2, key_every=2)
CLOSE = 3
"""Bits that scaling and compression may change."""

childless = pytest.mark.usefixtures("childless")
pytestmark = pytest.mark.usefixtures("probed_here")


def seen(path: Path, *, most_per_minute: int = 6) -> list[ExtractedKeyFrame]:
    return list(read_key_frames(path, probe_file(path, max_ms=HOUR), most_per_minute=most_per_minute))


def times(frames: Sequence[ExtractedKeyFrame]) -> list[tuple[int, int]]:
    return [(frame.start_ms, frame.end_ms) for frame in frames]


def picture(frame: ExtractedKeyFrame) -> Image.Image:
    return Image.open(io.BytesIO(frame.jpeg))


def made(tmp_path: Path, *tracks: Track, name: str = "talk.mp4", **options: str) -> Path:
    return media_file(tmp_path / name, *tracks, **options)


def test_it_sees_the_chapters_of_the_lecture() -> None:
    frames = seen(LECTURE)

    starts = [frame.start_ms for frame in frames]
    assert starts[0] == 0
    assert starts[1:] == pytest.approx([600, 31_250, 62_640], abs=300)
    assert [frame.end_ms for frame in frames] == [*starts[1:], 94_400]
    assert {(frame.width, frame.height) for frame in frames} == {(640, 360)}
    assert {picture(frame).size for frame in frames} == {(640, 360)}


@childless
@pytest.mark.parametrize("key_every", [2, 20, 1000], ids=["often", "every ten seconds", "once"])
def test_it_sees_slides_however_many_pictures_are_stored_whole(tmp_path: Path, key_every: int) -> None:
    frames = seen(made(tmp_path, replace(DECK, key_every=key_every)))

    assert times(frames) == [(0, 20_000), (20_000, 40_000), (40_000, 60_000)]
    for frame, shown in zip(frames, (ONE, TWO, THREE), strict=True):
        assert compute_hash_distance(compute_dhash(picture(frame)), compute_dhash(shown)) <= CLOSE


@childless
def test_it_sees_slides_of_a_variable_frame_rate(tmp_path: Path) -> None:
    film = replace(DECK, times_ms=[0, 40, 7000, 7033, 20_000, 20_500, 40_000, 59_000], key_every=1)

    assert times(seen(made(tmp_path, film, name="talk.mkv")))[:2] == [(0, 20_000), (20_000, 40_000)]


@childless
def test_it_sees_a_slide_that_differs_in_a_word(tmp_path: Path) -> None:
    other = ONE.copy()
    ImageDraw.Draw(other).text((30, 120), "and two", fill="black", font_size=30)

    frames = seen(made(tmp_path, replace(DECK, shots=[(0, ONE), (30_000, other)])))

    assert times(frames) == [(0, 30_000), (30_000, 60_000)]


@childless
def test_it_takes_noise_for_the_same_picture(tmp_path: Path) -> None:
    lots = random.Random(7)  # noqa: S311
    noisy = []
    for start in range(0, 10_000, 200):
        grain = Image.frombytes("L", (320, 180), lots.randbytes(320 * 180)).convert("RGB")
        noisy.append((start, Image.blend(ONE, grain, 0.1)))

    assert times(seen(made(tmp_path, Film(shots=noisy, ms=10_000)))) == [(0, 10_000)]


@childless
def test_it_passes_over_blank_pictures(tmp_path: Path) -> None:
    film = Film(shots=[(0, BLACK), (5000, ONE), (10_000, BLACK), (15_000, TWO)], ms=20_000)

    assert times(seen(made(tmp_path, film))) == [(5000, 10_000), (15_000, 20_000)]


@childless
def test_it_joins_the_shortest_scenes_of_a_busy_minute_to_their_like(tmp_path: Path) -> None:
    step, other = ONE.copy(), TWO.copy()
    ImageDraw.Draw(step).text((30, 120), "two", fill="black", font_size=30)
    ImageDraw.Draw(other).text((30, 120), "three, four", fill="black", font_size=40)
    shots = [(0, ONE), (4000, step), (10_000, TWO), (15_000, other), (22_000, THREE)]
    path = made(tmp_path, Film(shots=shots, ms=100_000, fps=2, key_every=1000))

    frames = seen(path, most_per_minute=3)

    assert times(frames) == [(0, 10_000), (10_000, 15_000), (15_000, 22_000), (22_000, 100_000)]
    # The joined scene is shown by the part that lasts longer.
    assert compute_hash_distance(compute_dhash(picture(frames[0])), compute_dhash(step)) <= CLOSE


@childless
def test_it_leaves_out_the_shortest_where_scenes_are_apart(tmp_path: Path) -> None:
    shots = [(0, ONE), (4000, BLACK), (8000, TWO), (11_000, BLACK), (15_000, THREE), (25_000, BLACK)]
    path = made(tmp_path, Film(shots=shots, ms=30_000, fps=2, key_every=1000))

    assert times(seen(path, most_per_minute=2)) == [(0, 4000), (15_000, 25_000)]


@childless
@pytest.mark.parametrize("key_every", [50, 1000], ids=["every ten seconds", "once"])
def test_it_takes_a_speaker_in_a_corner_for_no_change(tmp_path: Path, key_every: int) -> None:
    shots = []
    for start in range(0, 60_000, 200):
        shown = next(image for begin, image in reversed(DECK.shots) if begin <= start).copy()
        shown.paste("black", (220, 100, 320, 180))
        # A head that sways: a seventh of the picture changes all the time.
        middle = 270 + round(30 * math.sin(start / 700))
        ImageDraw.Draw(shown).ellipse([middle - 20, 110, middle + 20, 170], fill="pink")
        shots.append((start, shown))

    frames = seen(made(tmp_path, Film(shots=shots, ms=60_000, fps=5, key_every=key_every)), most_per_minute=60)

    # The head may still be seen to move where it begins to and where slides change; it moves 300 times.
    assert {0, 20_000, 40_000} <= {round(frame.start_ms, -3) for frame in frames}
    assert len(frames) <= 15


@childless
def test_it_shows_a_slide_as_it_is_when_it_has_faded_in(tmp_path: Path) -> None:
    fade = [(20_000 + 100 * step, Image.blend(ONE, TWO, step / 10)) for step in range(1, 10)]
    film = Film(shots=[(0, ONE), *fade, (21_000, TWO)], ms=40_000, fps=10, key_every=100)

    first, second = seen(made(tmp_path, film))

    assert 20_000 <= second.start_ms == first.end_ms <= 21_000
    assert compute_hash_distance(compute_dhash(picture(second)), compute_dhash(TWO)) <= CLOSE


@childless
def test_it_makes_large_pictures_small(tmp_path: Path) -> None:
    large = Film(shots=[(0, slide("large", size=(1080, 1920)))], ms=400, codec="mpeg4")

    (frame,) = seen(made(tmp_path, large))

    assert (frame.width, frame.height) == picture(frame).size == (720, 1280)


@childless
def test_it_passes_over_pictures_that_are_too_large(tmp_path: Path) -> None:
    huge = Film(shots=[(0, slide("huge", size=(8256, 64)))], ms=400, codec="mjpeg")

    assert seen(made(tmp_path, huge, name="talk.avi")) == []


@childless
def test_it_turns_pictures_as_players_do(tmp_path: Path) -> None:
    path = made(tmp_path, Film(shots=[(0, ONE.rotate(-90, expand=True))], ms=400))
    upright, turned = (1 << 16, 0, 0, 0, 1 << 16), (0, 1 << 16, 0, -(1 << 16) % 2**32, 0)
    matrix, other = (b"".join(part.to_bytes(4, "big") for part in parts) for parts in (upright, turned))
    whole = path.read_bytes()
    start = whole.index(b"tkhd")
    path.write_bytes(whole[:start] + whole[start:].replace(matrix, other, 1))

    (frame,) = seen(path)

    assert (frame.width, frame.height) == ONE.size
    assert (
        min(
            compute_hash_distance(compute_dhash(picture(frame)), compute_dhash(ONE)),
            compute_hash_distance(compute_dhash(picture(frame)), compute_dhash(ONE.rotate(180))),
        )
        <= CLOSE
    )


@childless
def test_it_counts_from_the_earliest_time_stamp(tmp_path: Path) -> None:
    early = Sound(codec="flac", start_ms=-5000, ms=15_000)
    path = made(
        tmp_path, replace(DECK, shots=DECK.shots[:1], ms=10_000), early, name="talk.mkv", avoid_negative_ts="disabled"
    )

    assert times(seen(path)) == [(5000, 15_000)]


def test_it_passes_over_damaged_places(tmp_path: Path) -> None:
    path = made(tmp_path, DECK)
    whole = bytearray(path.read_bytes())
    middle = whole.index(b"moov") // 2
    whole[middle - 2000 : middle + 2000] = b"\xff" * 4000
    path.write_bytes(whole)

    frames = seen(path)

    assert frames[0].start_ms == 0
    assert compute_hash_distance(compute_dhash(picture(frames[0])), compute_dhash(ONE)) <= CLOSE
    assert compute_hash_distance(compute_dhash(picture(frames[-1])), compute_dhash(THREE)) <= CLOSE


@childless
def test_it_sees_nothing_in_a_recording_of_sound(tmp_path: Path) -> None:
    assert seen(made(tmp_path, Sound(), name="talk.m4a")) == []


def test_it_gives_each_picture_as_soon_as_it_is_found(tmp_path: Path) -> None:
    path = made(tmp_path, DECK)
    frames = read_key_frames(path, probe_file(path, max_ms=HOUR), most_per_minute=6)

    first = next(frames)
    frames.close()  # type: ignore[attr-defined]

    assert (first.start_ms, first.end_ms) == (0, 20_000)


def test_it_stops_when_the_checkpoint_says_so() -> None:
    media = probe_file(LECTURE, max_ms=HOUR)

    def stop() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        next(read_key_frames(LECTURE, media, most_per_minute=6, checkpoint=stop))


def test_it_says_that_looking_failed_when_the_file_is_gone(tmp_path: Path) -> None:
    path = made(tmp_path, DECK)
    media = probe_file(path, max_ms=HOUR)
    path.write_bytes(b"other bytes")

    with pytest.raises(TranscriberBroken):
        list(read_key_frames(path, media, most_per_minute=6))


@pytest.mark.parametrize("scale", [0.3, 2.5])
def test_it_hashes_the_same_picture_alike_whatever_its_size_and_light(scale: float) -> None:
    one = slide("Maps lie", size=(800, 450), paper="navy", ink="white")
    same = ImageEnhance.Brightness(one.resize((round(800 * scale), round(450 * scale)))).enhance(0.8)
    packed = io.BytesIO()
    same.save(packed, "JPEG", quality=60)

    assert compute_hash_distance(compute_dhash(one), compute_dhash(Image.open(packed))) <= CLOSE
    assert compute_hash_distance(compute_dhash(one), compute_dhash(slide("Globes, too", size=(800, 450)))) > 2 * CLOSE


def test_it_hashes_which_side_is_brighter() -> None:
    ramp = Image.linear_gradient("L").rotate(90)

    assert {compute_dhash(ramp), compute_dhash(ramp.rotate(180))} == {0, 2**64 - 1}
    assert compute_hash_distance(0b1011, 0b0010) == 2
