"""Lectures that tests make: slides that go forth and back, a speaker beside or before them, and scenes without them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from PIL import Image, ImageDraw

from llm.video.key_frames import read_key_frames
from llm.video.probe import probe_file
from materials.mappings.proposals import SlideFeatures, VideoShot, propose_mappings
from materials.mappings.slide_pictures import compare_key_frames
from tests.llm.video.containers import Film, media_file

SIZE = (640, 360)
FPS = 4
# The left, top, width and height of the slide, and of the speaker, in pixels.
LAYOUTS = {
    "full": ((0, 0, 640, 360), None),
    "corner": ((0, 0, 640, 360), (490, 255, 140, 100)),
    "beside": ((10, 50, 450, 253), (470, 100, 160, 120)),
    "scene": (None, (0, 0, 640, 360)),
}


@dataclass(frozen=True, kw_only=True)
class Shown:
    """What is seen for so many seconds: a slide (1-based) or, with the layout `scene`, only the speaker."""

    slide: int
    layout: str
    seconds: int


def film_lecture(path: Path, slides: Sequence[Image.Image], plan: Sequence[Shown], *, seed: int) -> Path:
    """Write the lecture as a video."""
    shots: list[tuple[int, Image.Image]] = []
    wall = _paint_wall(seed)
    begin = 0
    for each in plan:
        place, camera = LAYOUTS[each.layout]
        ground = Image.new("RGB", SIZE, (24, 28, 52))
        if place is not None:
            ground.paste(slides[each.slide - 1].resize(place[2:], Image.Resampling.LANCZOS), place[:2])
        for at in range(begin, begin + each.seconds * 1000, 1000 // FPS if camera else each.seconds * 1000):
            picture = ground.copy()
            if camera is not None:
                picture.paste(_film_speaker(wall, at / 1000).resize(camera[2:]), camera[:2])
            shots.append((at, picture))
        begin += each.seconds * 1000
    return media_file(path, Film(shots=shots, ms=begin, fps=FPS, key_every=5 * FPS))


def measure_proposals(video: Path, deck: Path, plan: Sequence[Shown]) -> tuple[float, float, float]:
    """Return recall and precision of the time for which slides are proposed by pictures, and the mean confidence."""
    frames = list(read_key_frames(video, probe_file(video, max_ms=3_600_000), most_per_minute=12))
    pictures = []
    for number, frame in enumerate(frames):
        pictures.append(video.with_name(f"{number}.jpg"))
        pictures[-1].write_bytes(frame.jpeg)
    seen = compare_key_frames(deck, pictures)
    assert seen is not None
    shots = [
        VideoShot(start_ms=frame.start_ms, end_ms=frame.end_ms, screen_text="", spoken_text="", slides_seen=shown)
        for frame, shown in zip(frames, seen, strict=True)
    ]
    count = max(each.slide for each in plan)
    proposals = propose_mappings([SlideFeatures(number=1 + number, text="") for number in range(count)], shots)
    truth = [each.slide if each.layout != "scene" else 0 for each in plan for _ in range(10 * each.seconds)]
    said = [0] * len(truth)
    for one in proposals:
        span = slice(one.start_ms // 100, min(len(truth), one.end_ms // 100))
        said[span] = [one.slide] * (span.stop - span.start)
    right = sum(mine == true != 0 for mine, true in zip(said, truth, strict=True))
    sure = sum(one.confidence for one in proposals) / max(1, len(proposals))
    return right / sum(map(bool, truth)), right / max(1, sum(map(bool, said))), sure


def _paint_wall(seed: int) -> Image.Image:
    random = Random(seed)  # noqa: S311
    wall = Image.new("RGB", (8, 5))
    wall.putdata([tuple(random.randrange(40, 200) for _ in range(3)) for _ in range(40)])
    return wall.resize((320, 180), Image.Resampling.BICUBIC)


def _film_speaker(wall: Image.Image, seconds: float) -> Image.Image:
    picture, x = wall.copy(), 160 + round(40 * math.sin(seconds))
    draw = ImageDraw.Draw(picture)
    draw.ellipse([x - 70, 110, x + 70, 260], fill=(60, 70, 110))
    draw.ellipse([x - 30, 50, x + 30, 125], fill=(215, 170, 140))
    draw.line([x + 30, 140, x + round(90 * math.sin(2.3 * seconds)), 70], fill=(215, 170, 140), width=9)
    return picture
