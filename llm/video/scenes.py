"""Tells scenes of a video apart by samples of its pictures. Needs NumPy, so for child processes only.

Two pictures differ when enough of their surface has another brightness or colour, less when their hashes differ, too:
slides of one design differ in few words. What moves all the time, such as a speaker in a corner, does not count.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from llm.video.key_frames import compute_dhash, compute_hash_distance

# It is another scene when in 16 of the grid's 9,216 cells one colour has changed by 24 of 255: a word on a slide does
# that, also of a slide that fills half of the picture, and neither a mouse pointer nor the noise of a camera does.
CHANGED_CELLS, CHANGED_BY, GRID = 16, 24, (128, 72)
LEAST_WIDTH = 5 * GRID[0]
# Or when 10 of 64 bits of the hash differ and a hundredth of the cells have changed by 10 of 255: bits alone change by
# noise, too. In the test videos half of the latter takes noise for scenes; half and twice of the bits find the same.
CHANGED_BITS, FAINT_CELLS, FAINTLY_BY = 10, 92, 10
# Samples around a moment tell which cells move then. Where enough lie within NEAR_MS, those that change to and fro: by
# so much more, in all steps together, than they are changed in the end, which fades and new slides do not.
NEAR_MS, LEAST_NEAR, TO_AND_FRO = 2_500, 5, 30
# Elsewhere a slide may come back from one sample to another, and those cells move that change in so much of the steps.
NEIGHBOURS, MOVING_SHARE = 12, 0.6
# A standard deviation of colour values (of 255) below which a picture shows nothing: fades and black frames have noise.
BLANK = 4.0
MINUTE_MS = 60_000

Cells = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class SampledPicture:
    """A decoded picture with its time, and the grid (rows, columns, colours) and hash that it is compared by."""

    at_ms: int
    picture: Image.Image
    grid: NDArray[np.int16]
    dhash: int

    def differs_from(self, other: SampledPicture, moving: Cells) -> bool:
        """Tell whether it shows another scene, by the cells that do not move."""
        if self.count_changes(other, moving) >= CHANGED_CELLS:
            return True
        is_alike = compute_hash_distance(self.dhash, other.dhash) < CHANGED_BITS
        return not is_alike and not self.has_settled_since(other, moving)

    def has_settled_since(self, other: SampledPicture, moving: Cells) -> bool:
        """Tell whether it is the same picture, not one that is fading in."""
        return int(np.count_nonzero(self.measure_changes(other)[~moving] >= FAINTLY_BY)) < FAINT_CELLS

    def count_changes(self, other: SampledPicture, moving: Cells) -> int:
        """Return how many cells that do not move have changed by enough to be another scene's."""
        return int(np.count_nonzero(self.measure_changes(other)[~moving] >= CHANGED_BY))

    def measure_changes(self, other: SampledPicture) -> NDArray[np.int16]:
        """Return by how much each cell differs: the most of its colours, since a change of hue alone averages out."""
        changes: NDArray[np.int16] = np.abs(self.grid - other.grid).max(axis=2)
        return changes

    @property
    def is_blank(self) -> bool:
        return float(self.grid.std(axis=(0, 1)).max()) < BLANK


@dataclass(frozen=True, kw_only=True)
class Scene:
    """What a video shows from `start_ms` to `end_ms`; `changes` counts the cells that differ from the scene before.

    `sample` is of a part of that time, `shown_ms` long.
    """

    start_ms: int
    end_ms: int
    changes: int
    sample: SampledPicture
    shown_ms: int


def build_sample(at_ms: int, picture: Image.Image) -> SampledPicture:
    """Return a sample of a picture in RGB."""
    small = picture
    if picture.width < LEAST_WIDTH:  # cells of few pixels would show the noise of each
        small = picture.resize((GRID[0] // 2, GRID[1] // 2), Image.Resampling.BOX)
    grid = np.asarray(small.resize(GRID, Image.Resampling.BOX), dtype=np.int16)
    return SampledPicture(at_ms=at_ms, picture=picture, grid=grid, dhash=compute_dhash(picture))


def limit_scenes(scenes: Iterable[Scene], *, most_per_minute: int) -> Iterator[Scene]:
    """Yield the scenes that show something, joined so that at most `most_per_minute` end in any minute.

    Of a busy minute the shortest is joined to the one before or after it from which it differs less, or left out where
    none is beside it; a joined scene is shown by the sample that is shown longest.
    """
    recent: list[Scene] = []
    for scene in scenes:
        if scene.sample.is_blank:
            continue
        while recent and scene.end_ms - recent[0].end_ms >= MINUTE_MS:
            yield recent.pop(0)
        recent.append(scene)
        if len(recent) > most_per_minute:
            _join_shortest(recent)
    yield from recent


def _join_shortest(scenes: list[Scene]) -> None:
    place = min(range(len(scenes)), key=lambda place: scenes[place].end_ms - scenes[place].start_ms)
    beside = [
        later for later in (place, place + 1)
        if 0 < later < len(scenes) and scenes[later].start_ms == scenes[later - 1].end_ms
    ]  # fmt: skip
    if not beside:
        scenes.pop(place)
        return
    later = min(beside, key=lambda later: scenes[later].changes)
    before, after = scenes[later - 1], scenes.pop(later)
    longest = max(before, after, key=lambda scene: scene.shown_ms)
    scenes[later - 1] = replace(before, end_ms=after.end_ms, sample=longest.sample, shown_ms=longest.shown_ms)


def mark_moving_cells(samples: Iterable[SampledPicture]) -> Iterator[tuple[SampledPicture, Cells]]:
    """Yield each sample with the cells that move around that time."""
    around: deque[SampledPicture] = deque(maxlen=2 * NEIGHBOURS + 1)
    waiting = 0
    for sample in samples:
        around.append(sample)
        waiting += 1
        if waiting > NEIGHBOURS:
            yield around[-waiting], _find_moving_cells(around, around[-waiting].at_ms)
            waiting -= 1
    while waiting:
        yield around[-waiting], _find_moving_cells(around, around[-waiting].at_ms)
        waiting -= 1


def _find_moving_cells(samples: Sequence[SampledPicture], at_ms: int) -> Cells:
    # A whole span also at both ends: half of it shows a movement to and fro as one change.
    middle_ms = max(samples[0].at_ms + NEAR_MS, min(at_ms, samples[-1].at_ms - NEAR_MS))
    near = [sample for sample in samples if abs(sample.at_ms - middle_ms) <= NEAR_MS]
    if len(near) >= LEAST_NEAR:
        changes = _measure_steps(near)
        # Smaller changes are noise, which would add up.
        path = np.where(changes >= FAINTLY_BY, changes, 0).sum(axis=0)
        return np.asarray(path - near[-1].measure_changes(near[0]) >= TO_AND_FRO)
    if len(samples) > NEIGHBOURS:
        return np.asarray(np.mean(_measure_steps(samples) >= FAINTLY_BY, axis=0) >= MOVING_SHARE)
    return np.zeros((GRID[1], GRID[0]), np.bool_)


def _measure_steps(samples: Sequence[SampledPicture]) -> NDArray[np.int16]:
    return np.array([later.measure_changes(earlier) for earlier, later in pairwise(samples)])
